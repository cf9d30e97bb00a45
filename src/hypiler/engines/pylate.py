"""The engine pylate: late interaction with PyTorch. Extra: `hypiler[pylate]`, in an environment of its own.

PyLate needs an older version of Sentence Transformers than the engine `sentence-transformers`.
"""

from threading import Lock

from hypiler.engines.checks import check_agreement, check_width, marker_token
from hypiler.engines.errors import EngineError
from hypiler.engines.late_interaction import TokenPreparation
from hypiler.engines.pytorch import (
    check_choice,
    check_first_run,
    check_fork,
    check_modules,
    library_limiter,
    loaded,
    loading,
    running,
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
        tokens = contract.tokens or TokenPreparation()
        model = loaded(lambda: _load_model(contract, tokens, layout, device), contract, layout)
        check_modules(model, contract, layout)
        _check_left_out(contract, layout)
        _check_markers(model, contract, layout)
        _check_expansion(model, contract, tokens)
        check_agreement(
            contract,
            folder,
            # The library inserts its marker in front of the text.
            query_prefix=model.query_prefix + tokens.query_text,
            document_prefix=model.document_prefix + tokens.document_text,
            query_length=model.query_length,
            document_length=model.document_length,
        )
        backend = _MultiVector(model, contract)
        check_first_run(lambda: backend.run([""], query=True), contract, layout)
        return backend


def _load_model(contract: "Contract", tokens: TokenPreparation, layout: "ModelFolder", device: str) -> "Any":
    return ColBERT(
        str(layout.folder),
        **({} if layout.late_interaction.source else _stated_settings(contract, tokens, layout)),
        device=device,
        local_files_only=True,
        trust_remote_code=layout.trust_remote_code,
        model_kwargs=weights(layout),
    )


def _stated_settings(contract: "Contract", tokens: TokenPreparation, layout: "ModelFolder") -> "dict[str, Any]":
    """The arguments of the library for a folder without its settings. Otherwise it would take its own defaults."""
    tokens.check_known(contract.id, layout.folder)
    tokenizer = _tokenizer(layout)
    markers = {side: tokens.marker(side) for side in ("query", "document")}
    spelled = {side: marker_token(contract, layout, one, tokenizer) if one else "" for side, one in markers.items()}
    return {
        **{f"{side}_prefix": marker for side, marker in spelled.items()},
        "query_length": contract.query_length,
        "document_length": contract.document_length,
        "do_query_expansion": tokens.expand,
        "attend_to_expansion_tokens": tokens.attend,
        "skiplist_words": list(tokens.skiplist_words),
    }


def _tokenizer(layout: "ModelFolder") -> "Any":
    return Tokenizer.from_str(layout.files.read("tokenizer.json").decode())


def _check_expansion(model: "Any", contract: "Contract", tokens: TokenPreparation) -> None:
    """Raise EngineError for an expansion of queries that the library cannot do."""
    if not tokens.expand:
        return
    own = model.tokenizer.pad_token
    if tokens.expansion_length != contract.query_length:
        other = f"to the length of queries, {contract.query_length}; it must be {tokens.expansion_length}"
    elif tokens.expansion_token not in (None, own):
        other = f"with {own!r}; it must be {tokens.expansion_token!r}"
    else:
        return
    raise EngineError(f"PyLate expands queries of `{contract.id}` {other}: use another engine, such as `onnx`")


def _check_left_out(contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError for modules that the library silently drops. It normalizes without a module."""
    if left_out := sorted({*(layout.modules or ())} - {"Transformer", "Dense", "Normalize"}):
        raise EngineError(
            f"`{contract.id}` has modules that PyLate leaves out ({', '.join(left_out)} in"
            f" {layout.folder / 'modules.json'}): use `sentence-transformers`"
        )


def _check_markers(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise MismatchError for markers that the library has added to the vocabulary, with random vectors."""
    tokenizer = _tokenizer(layout)
    markers = filter(None, (model.query_prefix, model.document_prefix))
    if added := [marker for marker in markers if tokenizer.token_to_id(marker) is None]:
        random = [f"the vector of {marker!r}" for marker in added]
        raise uninitialized_weights_error(contract, str(layout.folder), random)


class _MultiVector:
    """A late-interaction model. Markers, expansion and skipped tokens are those of the folder, or of the registry."""

    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        self.tokens = contract.tokens or TokenPreparation()
        self.lower_case = bool(model[0].do_lower_case)
        markers = {True: model.query_prefix_id, False: model.document_prefix_id}
        self.limiters = {
            query: library_limiter(model.tokenizer, markers=int(marker is not None))
            for query, marker in markers.items()
        }

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        check_fork()
        contract = self.contract
        prompt = self.tokens.text("query" if query else "document")
        texts = [prompt + text for text in texts]
        # The library does the same before it tokenizes texts, so that the limiter sees what the tokenizer sees.
        texts = [text.strip().lower() if self.lower_case else text.strip() for text in texts]
        # The length is set on the model, which all threads share.
        with self.lock, running(contract):
            limit = contract.query_length if query else contract.document_length
            texts = self.limiters[query].limit(texts, limit)
            found = self.model.encode(
                texts,
                prompt="",
                batch_size=len(texts),
                show_progress_bar=False,
                is_query=query,
                normalize_embeddings=False,
            )
        return [check_width(np.asarray(tokens, np.float32), self.contract) for tokens in found]
