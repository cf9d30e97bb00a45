"""The engine pylate: late interaction with PyTorch. Extra: `hypiler[pylate]`, in an environment of its own.

PyLate needs an older version of Sentence Transformers than the engine `sentence-transformers`.
"""

from threading import Lock

from hypiler.engines.checks import check_agreement, check_width
from hypiler.engines.errors import EngineError
from hypiler.engines.pytorch import (
    check_choice,
    check_modules,
    loaded,
    loading,
    uninitialized_weights_error,
    weights,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

    # Types are checked without PyTorch.
    ColBERT: Any
    Tokenizer: Any
else:
    import numpy as np
    from pylate.models import ColBERT
    from tokenizers import Tokenizer


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it unlike the contract."""
    check_choice(config, contract, layout, device)
    folder = str(layout.folder)
    with loading(contract, layout):
        model = loaded(lambda: _load_model(layout, device), contract, layout)
        check_modules(model, contract, layout)
        _check_left_out(contract, layout)
        _check_markers(model, contract, layout)
        check_agreement(
            contract,
            folder,
            query_prefix=model.query_prefix,
            document_prefix=model.document_prefix,
            query_length=model.query_length,
            document_length=model.document_length,
        )
        backend = _MultiVector(model, contract)
        # Encode one text now, to find errors while loading.
        backend.run([""], query=True)
        return backend


def _load_model(layout: "ModelFolder", device: str) -> "Any":
    return ColBERT(
        str(layout.folder),
        device=device,
        local_files_only=True,
        trust_remote_code=layout.trust_remote_code,
        model_kwargs=weights(layout),
    )


def _check_left_out(contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError for modules that the library silently drops. It normalizes without a module."""
    if left_out := sorted({*(layout.modules or ())} - {"Transformer", "Dense", "Normalize"}):
        raise EngineError(
            f"`{contract.id}` has modules that PyLate leaves out ({', '.join(left_out)} in"
            f" {layout.folder / 'modules.json'}): use `sentence-transformers`"
        )


def _check_markers(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise MismatchError for markers that the library has added to the vocabulary, with random vectors."""
    tokenizer = Tokenizer.from_str(layout.files.read("tokenizer.json").decode())
    markers = filter(None, (model.query_prefix, model.document_prefix))
    if added := [marker for marker in markers if tokenizer.token_to_id(marker) is None]:
        random = [f"the vector of {marker!r}" for marker in added]
        raise uninitialized_weights_error(contract, str(layout.folder), random)


class _MultiVector:
    """A late-interaction model. Markers, expansion and skipped tokens are those of the folder."""

    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        # The length is set on the model, which all threads share.
        with self.lock:
            found = self.model.encode(
                texts,
                prompt="",
                batch_size=len(texts),
                show_progress_bar=False,
                is_query=query,
                normalize_embeddings=False,
            )
        return [check_width(np.asarray(tokens, np.float32), self.contract) for tokens in found]
