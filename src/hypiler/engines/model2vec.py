"""model2vec: static models, the mean of a table's rows, by numpy. Extra: `hypiler[model2vec]`."""

import sys
from pathlib import Path
from threading import Lock

from hypiler.engines.contract import check_agreement, check_width
from hypiler.engines.errors import EngineError, MissingEngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.config import ModelConfig
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder

    StaticModel: Any
else:
    try:
        import numpy as np
        from model2vec import StaticModel
    except ImportError as error:
        raise MissingEngineError(f"{error.name} is missing: python -m pip install 'hypiler[model2vec]'") from None

KINDS = ("static",)
RUNS_REMOTE_CODE = False
# Its own layout, and where a table of sentence-transformers may lie besides.
_OWN = ("config.json", "model.safetensors", "tokenizer.json")
_TABLES = ("model.safetensors", "0_StaticEmbedding/model.safetensors")


def wanted(config: "ModelConfig") -> list[str]:
    """The files that this engine reads, as patterns."""
    return ["*.json", *_TABLES]


def available(config: "ModelConfig", folder: "Path | None") -> bool:
    """Whether the model's own table is wanted, and lies in the folder."""
    if config.variant is not None:
        return False
    return folder is None or any((folder / name).is_file() for name in _TABLES)


def open_model(config: "ModelConfig", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it otherwise than as agreed."""
    if device != "cpu":
        raise ValueError(f"device must be cpu for model2vec; got {device!r}")
    if config.variant is not None:
        raise EngineError(
            f"`{config.variant}` of `{contract.id}` is a variant, and model2vec runs a model's own table: use another"
            " engine"
        )
    folder = Path(layout.folder)
    if layout.unusual:
        raise EngineError(
            f"`{contract.id}` has what this engine does not know: {', '.join(layout.unusual)} in {folder}; use another"
            " engine, such as `sentence-transformers`"
        )
    try:
        # In half precision the means would be rounded as well.
        model = StaticModel.from_pretrained(folder, quantize_to="float32")
    except Exception as error:
        raise EngineError(f"the files of `{contract.id}` in {folder} cannot be loaded: {error}") from error
    check_width(model.embedding, contract)
    # A vector that the library has normalized is right only if it should be: nothing undoes that.
    check_agreement(contract, str(folder), normalize=model.normalize or None)
    if not all((folder / name).is_file() for name in _OWN):
        # model2vec leaves unknown tokens out of the mean; sentence-transformers, whose model this is, does not.
        model.unk_token_id = None
    # By it texts are cut to letters before they are cut to tokens, and then may have fewer tokens than were asked for.
    model.median_token_length = sys.maxsize
    return _Static(model, contract)


class _Static:
    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        # The length is set on the tokenizer, which threads share.
        with self.lock:
            vectors = self.model.encode([prefix + text for text in texts], max_length=tokens)
        return np.asarray(vectors, np.float32)
