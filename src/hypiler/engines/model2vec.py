"""The engine model2vec: static models, whose vectors are means of a table's rows. Extra: `hypiler[model2vec]`."""

import sys
from pathlib import Path
from threading import Lock

from hypiler.engines.checks import check_agreement, check_own_weights, check_usual, check_width, library_errors
from hypiler.engines.files.weight_files import STATIC_LAYOUT
from hypiler.engines.texts.counting import count_truncated
from hypiler.engines.texts.finite import check_finite
from hypiler.engines.texts.shortening import Shortener

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
    backend = _Static(model, contract)
    # Encode one text now, to find errors while loading.
    check_finite(backend.run(["a"], query=True), contract.id)
    return backend


class _Static:
    # From so many characters on, a batch may take longer than Ctrl-C should wait.
    long_call = 100_000
    # Nothing is padded, and a call of the library costs as much as some texts. It is the library's own default.
    least_batch = 1024

    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        self.shortener = Shortener(model.tokenizer)
        self.tokenizer = model.tokenizer = _Tokenizer(model.tokenizer)

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        # The length is set on the tokenizer, which all threads share.
        with self.lock, library_errors(f"model2vec cannot encode a text with `{contract.id}`"):
            texts = [prefix + text for text in texts] if prefix else texts
            parts = self.shortener.shorten_long(texts, tokens)
            # The library would use threads for many texts, and set an environment variable for all libraries.
            vectors = self.model.encode(
                [parts[place].text if place in parts else text for place, text in enumerate(texts)] if parts else texts,
                max_length=tokens,
                use_multiprocessing=False,
            )
            truncated = self.tokenizer.taken_lengths()
        cut = {place: part.tokens for place, part in parts.items() if part.tokens is not None}
        count_truncated([(cut.get(place, length), place not in cut) for place, length in truncated.items()], tokens)
        return np.asarray(vectors, np.float32)


class _Tokenizer:
    """The tokenizer that the library uses. Notes how long the texts were before they were truncated.

    Tokenizing is most of what a static model does, so texts are not tokenized again to count the truncated ones.
    """

    def __init__(self, tokenizer: "Any") -> None:
        self._tokenizer = tokenizer
        self._lengths: dict[int, int] = {}
        self._seen = self._limit = 0

    def enable_truncation(self, limit: int) -> None:
        self._tokenizer.enable_truncation(limit)
        self._limit = limit

    def encode_batch_fast(self, texts: "Any", **options: "Any") -> "Any":
        found = self._tokenizer.encode_batch_fast(texts, **options)
        for place, one in enumerate(found, self._seen):
            if len(one) == self._limit and one.overflowing:
                self._lengths[place] = len(one) + sum(map(len, one.overflowing))
        self._seen += len(found)
        return found

    def taken_lengths(self) -> dict[int, int]:
        """The tokens of the texts since the last call that were truncated, by the places of the texts."""
        lengths, self._lengths, self._seen = self._lengths, {}, 0
        return lengths

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._tokenizer, name)
