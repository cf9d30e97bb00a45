"""What `config.load()` and `hypiler.engines.load` give to a program that has the types of the engines."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import hypiler.space
from hypiler import ModelConfig
from hypiler.engines import DenseEncoder, Encoder, load


def scores(config: ModelConfig, texts: list[str]) -> NDArray[np.float32]:
    # The type of what a config loads knows nothing of NumPy, and is an encoder all the same.
    encoder = config.load("onnx", device="cpu")
    assert_type(encoder.engine, str)
    assert_type(encoder.space_id, str | None)
    assert_type(hypiler.space.check(encoder.stamp(), encoder).cosine, float | None)
    assert_type(config.space_id, str | None)
    exact: Encoder[Any] = encoder
    assert_type(exact.similarity(encoder.encode_queries(texts), encoder.encode_documents(texts)), NDArray[np.float32])
    if isinstance(encoder, DenseEncoder):
        assert_type(encoder.encode_documents(texts, batch_size=8, progress=False), NDArray[np.float32])
    loaded = load(config)
    assert_type(loaded, Encoder[Any])
    return loaded.similarity(loaded.encode_queries(texts), loaded.encode_documents(texts))
