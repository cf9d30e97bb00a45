"""Type checkers know that the adapters are the frameworks' own classes, and refuse wrong arguments."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from golden import golden

PROGRAM = """\
from haystack import Pipeline
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import VectorStoreIndex

from hypiler import ModelConfig
from hypiler.frameworks.haystack import HypilerTextEmbedder
from hypiler.frameworks.langchain import HypilerEmbeddings
from hypiler.frameworks.llama_index import HypilerEmbedding

config = ModelConfig.from_registry("all-minilm-l6-v2")
retriever: BaseRetriever = InMemoryVectorStore(HypilerEmbeddings(config.load())).as_retriever()
index = VectorStoreIndex([], embed_model=HypilerEmbedding(config, load={"engine": "onnx"}, batch_size=4))
pipeline = Pipeline()
pipeline.add_component("embedder", HypilerTextEmbedder({"model": "bge-m3"}))
HypilerEmbeddings(3)
HypilerTextEmbedder(config, laod={})
outcome: int = HypilerEmbeddings("bge-m3").check(None)
"""


@pytest.mark.skipif(
    not all(map(find_spec, ("haystack", "langchain_core", "llama_index", "mypy"))),
    reason="install hypiler[test-frameworks]",
)
def test_program_of_a_user_is_checked(tmp_path: Path) -> None:
    """A minute: mypy reads the frameworks."""
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "program.py"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == golden(
        'program.py:16: error: Argument 1 to "HypilerEmbeddings" has incompatible type "int"; expected "Encoder | Config |'
        ' str | Mapping[str, Any]"  [arg-type]\n'
        'program.py:17: error: Unexpected keyword argument "laod" for "HypilerTextEmbedder"  [call-arg]\n'
        'program.py:17: note: "HypilerTextEmbedder" defined in "hypiler.frameworks.haystack"\n'
        'program.py:18: error: Incompatible types in assignment (expression has type "Comparison", variable has type'
        ' "int")  [assignment]\n'
    )
