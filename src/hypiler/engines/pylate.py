"""PyLate: late interaction, by PyTorch. Extra: `hypiler[pylate]`, in an environment of its own.

It needs an older Sentence Transformers than the engine of that name.
"""

import json
from pathlib import Path
from threading import Lock

from hypiler.engines.contract import check_agreement, check_width
from hypiler.engines.errors import EngineError, MissingEngineError
from hypiler.engines.pytorch import (
    FILES,
    check_choice,
    check_modules,
    holds_weights,
    loading,
    uninitialized_weights_error,
    weights,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.config import ModelConfig
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder

    # PyTorch is not there where types are checked.
    ColBERT: Any
    Tokenizer: Any
else:
    try:
        import numpy as np
        from pylate.models import ColBERT
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingEngineError(f"{error.name} is missing: python -m pip install 'hypiler[pylate]'") from None

KINDS = ("multi_vector",)
RUNS_REMOTE_CODE = True


def wanted(config: "ModelConfig") -> list[str]:
    """The files that this engine reads, as patterns."""
    return FILES


def available(config: "ModelConfig", folder: "Path | None") -> bool:
    """Whether the model's own weights are wanted, and lie in the folder."""
    return holds_weights(config, folder)


def open_model(config: "ModelConfig", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it otherwise than as agreed."""
    check_choice(config, contract, layout, device)
    folder = str(layout.folder)
    with loading(contract, layout):
        model = ColBERT(
            folder,
            device=device,
            local_files_only=True,
            trust_remote_code=layout.trust_remote_code,
            model_kwargs=weights(layout),
        )
        check_modules(model, contract, folder)
        _check_left_out(contract, layout)
        _check_markers(model, contract, folder)
        check_agreement(
            contract,
            folder,
            query_prefix=model.query_prefix,
            document_prefix=model.document_prefix,
            query_length=model.query_length,
            document_length=model.document_length,
        )
        backend = _MultiVector(model, contract)
        # What does not fit is found by a first text, before there is a second.
        backend.run([""], query=True)
        return backend


def _check_left_out(contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError for modules that the library drops without a word; it normalizes by itself."""
    modules = layout.folder / "modules.json"
    entries: list[dict[str, str]] = json.loads(modules.read_bytes()) if modules.is_file() else []
    types = {entry["type"].rpartition(".")[2] for entry in entries}
    if left_out := sorted(types - {"Transformer", "Dense", "Normalize"}):
        raise EngineError(
            f"`{contract.id}` has modules that PyLate leaves out ({', '.join(left_out)} in {modules}): use"
            " `sentence-transformers`"
        )


def _check_markers(model: "Any", contract: "Contract", folder: str) -> None:
    """Raise MismatchError for markers that the library has added to the vocabulary, with vectors by chance."""
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    markers = filter(None, (model.query_prefix, model.document_prefix))
    if added := [marker for marker in markers if tokenizer.token_to_id(marker) is None]:
        raise uninitialized_weights_error(contract, folder, [f"the vector of {marker!r}" for marker in added])


class _MultiVector:
    """Markers, expansion and skipped tokens are the folder's own."""

    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        # The length is set on the model, which threads share.
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
