"""Corpora for the tests, and an encoder of a few numbers. Nothing here runs without pyarrow."""

import random
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import tiny
from model_weights import weights_of

from hypiler import ModelConfig
from hypiler.registry import Registry

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_spec("pyarrow") is None:
        skip = pytest.mark.skip(reason="pyarrow is missing: install hypiler[test-cluster]")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the tiny model."""
    return tiny.write_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def encoder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tiny model, loaded."""
    return tiny.config_of(tmp_path_factory.mktemp("registry")).load("onnx", local=folder)


class Corpus:
    """Texts that the tiny model knows, as columns of a table."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def texts(self, rows: int, seed: int = 0) -> list[str]:
        chance = random.Random(seed)
        return [" ".join(chance.choices("abcdef", k=chance.randint(1, 12))) for _ in range(rows)]

    def write(self, name: str = "in.parquet", rows: int = 1000, *, groups: int = 103, **columns: Any) -> Path:
        """A file with an id and a text per row, in row groups of an odd size; `columns` replaces or adds columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        table = pa.table({"id": pa.array(range(rows), pa.int64()), "text": self.texts(rows), **columns})
        # Plain pages, so that tests can change a text in place.
        pq.write_table(table, path, row_group_size=groups, compression="none", use_dictionary=False)
        return path

    def read(self, path: Path) -> Any:
        import pyarrow.parquet as pq

        return pq.read_table(path)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


MINILM = "all-minilm-l6-v2"
TOPICS = ("a cat sleeps", "rain falls", "bread is baked", "a ship sails", "stars shine", "a violin plays", "code runs")


class Real:
    """MiniLM with its genuine weights, and a corpus of 300 texts."""

    def __init__(self, place: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq
        from bert_onnx import export_bert

        self.folder = Path(shutil.copytree(weights_of("minilm"), place / "model"))
        (self.folder / "onnx").mkdir()
        export_bert(self.folder, self.folder / "onnx/model.onnx")
        # Without the lock: the ONNX file of the tests is not that of the repository.
        self.registry = Path(shutil.copy(HERE.parents[1] / "models.json", place))
        self.config = ModelConfig.from_model(Registry.load(self.registry)[MINILM])
        self.encoder = self.config.load("onnx", local=self.folder)
        self.texts = [f"{TOPICS[row % 7]} {'and again ' * (row % 5)}{row}" for row in range(300)]
        self.source = place / "in.parquet"
        pq.write_table(pa.table({"id": range(300), "text": self.texts}), self.source, row_group_size=90)
        self.arguments = {"model": MINILM, "registry": str(self.registry), "engine": "onnx", "local": str(self.folder)}


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    return Real(tmp_path_factory.mktemp("minilm"))
