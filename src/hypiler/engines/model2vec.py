"""The engine model2vec: static models, whose vectors are means of a table's rows. Extra: `hypiler[model2vec]`."""

import sys
from pathlib import Path
from threading import Lock

from hypiler.engines.checks import check_agreement, check_own_weights, check_usual, check_width, library_errors
from hypiler.engines.weight_files import STATIC_LAYOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

    StaticModel: Any
else:
    import numpy as np
    from model2vec import StaticModel


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it unlike the contract."""
    if device != "cpu":
        raise ValueError(f"device must be cpu for model2vec; got {device!r}")
    check_own_weights(config, contract, "model2vec runs", "table")
    check_usual(contract, layout)
    folder = Path(layout.folder)
    with library_errors(f"the files of `{contract.id}` in {folder} cannot be loaded"):
        # In half precision the means would be rounded as well.
        model = StaticModel.from_pretrained(folder, quantize_to="float32")
    check_width(model.embedding, contract)
    # If the library normalizes, the contract must as well, since normalization cannot be undone.
    check_agreement(contract, str(folder), normalize=model.normalize or None)
    if not all((folder / name).is_file() for name in STATIC_LAYOUT):
        # This is a model of sentence-transformers, which includes unknown tokens in the mean. model2vec would not.
        model.unk_token_id = None
    # model2vec uses this length to truncate texts by letters before tokenizing. They could then have too few tokens.
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
        # The length is set on the tokenizer, which all threads share.
        with self.lock:
            vectors = self.model.encode([prefix + text for text in texts], max_length=tokens)
        return np.asarray(vectors, np.float32)
