"""What `config.load()` and `hypiler.engines.load` give to a program that has the types of the engines."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import hypiler.space
from hypiler import ModelConfig
from hypiler.engines import DenseEncoder, Encoder, MultiVectorEncoder, Server, load
from hypiler.engines.scoring import Binary, Int8


def scores(config: ModelConfig, texts: list[str]) -> NDArray[np.float32]:
    # The type of what a config loads knows nothing of NumPy, and is an encoder all the same.
    encoder = config.load("onnx", device="cpu")
    assert_type(encoder.engine, str)
    assert_type(encoder.space_id, str | None)
    assert_type(hypiler.space.check(encoder.stamp(), encoder).cosine, float | None)
    assert_type(config.space_id, str | None)
    exact: Encoder[Any] = encoder
    assert_type(exact.similarity(encoder.encode_queries(texts), encoder.encode_documents(texts)), NDArray[np.float32])
    # With the class that a program needs, the types of arrays are known, whatever is known of the config.
    assert_type(config.load(kind=DenseEncoder).encode_queries(texts), NDArray[np.float32])
    tokens = load(config, "onnx", kind=MultiVectorEncoder).encode_documents(texts)
    assert_type(tokens, list[NDArray[np.float32]])
    dense = ModelConfig.from_registry("all-minilm-l6-v2").load(kind=DenseEncoder, local="folder")
    assert_type(dense.quantizer("int8", dense.encode_documents(texts)), Binary | Int8)
    if isinstance(encoder, DenseEncoder):
        assert_type(encoder.encode_documents(texts, batch_size=8, progress=False), NDArray[np.float32])
    served = config.load("server", url=Server("http://localhost:8080/v1", concurrency=8), kind=DenseEncoder)
    assert_type(served.encode_documents(texts), NDArray[np.float32])
    assert_type(config.load(url="http://localhost:8080/v1").engine, str)
    served.close()
    loaded = load(config)
    assert_type(loaded, Encoder[Any])
    return loaded.similarity(loaded.encode_queries(texts), loaded.encode_documents(texts))
