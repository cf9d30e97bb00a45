"""Each recipe of CONTRIBUTING is the whole change: applied to a copy of the source, it works from end to end."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from console import run_page
from recipes import ROOT, apply_recipe, changed_files, copy_source, read_recipe

from hypiler.model_registry import MODEL_REGISTRY
from hypiler.space import describe

RECIPES = re.findall(r"^### (.*)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)

MODEL: dict[str, Any] = {
    "id": "own",
    "type": "dense",
    "name": "Own",
    "huggingface_id": "org/own",
    "organization": "Org",
    "release_date": "2026",
    "license": "MIT",
    "description": "A model.",
    "architecture": {"type": "bert", "variant": "bert-base", "has_projection": False},
    "specs": {
        "parameters": "110M",
        "embedding_dim": 768,
        "hidden_dim": 768,
        "context_length": 512,
        "max_position_embeddings": 512,
        "vocab_size": 30522,
    },
    "capabilities": {"languages": ["en"], "modalities": ["text"], "multi_vector": False, "quantization": ["fp32"]},
    "performance": {"beir_avg": None, "ms_marco_mrr10": None},
}


class Checkout:
    """A copy of the source with a recipe, and a project that uses it."""

    def __init__(self, title: str, folder: Path) -> None:
        self.recipe = read_recipe(title)
        self.root = copy_source(folder / "checkout")
        apply_recipe(self.recipe, self.root)
        self.project = folder / "project"
        self.project.mkdir()
        self.environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a fresh interpreter prints in the project."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def hypiler(self, *arguments: str, code: int = 0) -> str:
        return self.run("-m", "hypiler", *arguments, code=code)

    def write(self, options: str = "", **changes: Any) -> None:
        """The project with one model. What is changed inside a section leaves the rest of it."""
        sections = {name: MODEL.get(name, {}) | value for name, value in changes.items()}
        registry = {"version": "1.0", "models": [MODEL | sections]}
        (self.project / "models.json").write_text(json.dumps(registry, indent=1), "utf-8")
        table = f'[tool.hypiler]\noutput = "model_registry.py"\n{options}'
        (self.project / "pyproject.toml").write_text(table, "utf-8")

    def write_files(self, **files: Any) -> str:
        """A folder of a model with these JSON files."""
        folder = self.project / "folder"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
        return str(folder)


@pytest.mark.parametrize("title", [title for title in RECIPES if title != "A model"])
def test_recipe_touches_only_the_files_that_it_names(title: str, tmp_path: Path) -> None:
    checkout = Checkout(title, tmp_path)
    assert changed_files(checkout.root) == sorted(checkout.recipe.files)
    python = [name for name in checkout.recipe.files if name.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *python],
            cwd=checkout.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    # In a table, or in no more than a table and a file of its own.
    tables = [name for name in checkout.recipe.files if name not in checkout.recipe.new]
    assert len(tables) == 1 or title == "A field that files prove and that belongs to a space"


def test_every_kind_of_change_has_a_recipe() -> None:
    assert RECIPES == [
        "A field",
        "A field that files prove and that belongs to a space",
        "A rule",
        "A target",
        "An engine",
        "A store",
        "A runtime",
        "A framework",
        "A family of architectures",
        "A command",
        "A model",
    ]


def test_field_is_checked_generated_described_and_shown(tmp_path: Path) -> None:
    checkout = Checkout("A field", tmp_path)
    checkout.write(specs={"training_pairs": "many"})
    found = checkout.hypiler("check", code=1)
    assert found.startswith('error[M103]: `specs.training_pairs` must be an integer, got string "many"\n')
    checkout.write(specs={"training_pairs": 1_000})
    checkout.hypiler("build")
    code = (
        "from model_registry import MODEL_REGISTRY as M; print(M[0].training_pairs, M[0].to_dict()['training_pairs'])"
    )
    assert checkout.run("-c", code) == "1000 1000\n"
    stub = (checkout.project / "model_registry.pyi").read_text("utf-8")
    assert 'def training_pairs(self) -> int | None:\n        """Pairs of texts in its training data."""' in stub
    schema = json.loads(checkout.hypiler("schema"))
    specs = schema["properties"]["models"]["items"]["properties"]["specs"]["properties"]
    definition = (
        "Pairs of texts in its training data. The authors say it; texts that the backbone was trained on do not count."
    )
    assert specs["training_pairs"]["description"] == definition
    shown = checkout.hypiler("show", "own")
    assert [line.split() for line in shown.splitlines() if "training_pairs" in line] == [
        ["training_pairs", "1000", "pairs"]
    ]
    checkout.hypiler("docs")
    assert "\n| training_pairs | 1000 pairs |  |\n" in (checkout.project / "MODELS.md").read_text("utf-8")
    reference = checkout.hypiler("schema", "--format", "markdown")
    assert f"\n#### `specs.training_pairs`\n\n{definition}\n\n- an integer, at least 1 (pairs); optional\n" in reference


SPACES = """
from hypiler.registry import Registry
from hypiler.space import describe
import json
spaces = [(model.claimed_facts, describe(model)) for model in Registry.{}()]
print(json.dumps([[claimed, str(space["document"]), str(space["query"])] for claimed, space in spaces]))
"""


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout("A field that files prove and that belongs to a space", tmp_path_factory.mktemp("proved"))


class TestFieldThatFilesProveAndThatBelongsToASpace:
    def test_files_decide_whether_it_is_true(self, proved: Checkout) -> None:
        folder = proved.write_files(sentence_bert_config={"do_lower_case": True})
        proved.write(encoding={"lower_case": True})
        shown = proved.hypiler("verify", "own", "--local", folder, "--facts")
        assert (
            "\n  agrees  encoding.lower_case                   true  sentence_bert_config.json do_lower_case\n" in shown
        )
        # The lock holds the fact now, and nothing but the lock is needed to see that it has changed.
        proved.write(encoding={"lower_case": False})
        assert proved.hypiler("check", code=1).startswith(
            "error[M401]: `encoding.lower_case` must be what the model's files say: true (sentence_bert_config.json,"
            " `do_lower_case`); here false\n"
        )
        assert "`encoding.lower_case`" in proved.hypiler("verify", "own", "--offline", code=1)

    def test_it_changes_the_space_of_models_that_state_it(self, proved: Checkout) -> None:
        found: list[Any] = []
        (proved.project / "models.lock.json").unlink(missing_ok=True)
        for stated in ({}, {"lower_case": True}, {"lower_case": False}):
            proved.write(encoding=stated)
            found += json.loads(proved.run("-c", SPACES.format("project")))
        claimed, documents, queries = zip(*found, strict=True)
        assert [number - claimed[0] for number in claimed] == [0, 1, 1]
        assert (len({*documents}), len({*queries})) == (3, 1)
        described = "from hypiler.registry import Registry; from hypiler.space import describe;"
        described += "print(describe(Registry.project()['own'])['document']['lower_case'])"
        assert proved.run("-c", described) == "False\n"

    def test_models_that_do_not_state_it_keep_their_space(self, proved: Checkout) -> None:
        spaces = [(model.claimed_facts, describe(model)) for model in MODEL_REGISTRY]
        before = [[claimed, str(space["document"]), str(space["query"])] for claimed, space in spaces]
        assert json.loads(proved.run("-c", SPACES.format("shipped"))) == before


def test_rule_fires_is_explained_and_can_be_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = Checkout("A rule", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(checkout.root / "src"))
    page = checkout.root / "docs/diagnostics/M290.md"
    (tmp_path / "page").mkdir()
    assert run_page(page, tmp_path / "page") == 3
    assert checkout.hypiler("explain", "M290") == page.read_text("utf-8")
    checkout.write(performance_hints={"memory_mb_per_batch": 900})
    message = "[M290]: `performance_hints.batch_size_optimal` must be set, since `memory_mb_per_batch` is given\n"
    assert checkout.hypiler("check").startswith(f"warning{message}")
    assert checkout.hypiler("check", "--ignore", "M290") == "1 model, no findings\n"
    checkout.write('ignore = ["batch-size-missing"]', performance_hints={"memory_mb_per_batch": 900})
    assert checkout.hypiler("check") == "1 model, no findings\n"
    checkout.write('severity = { M290 = "error" }', performance_hints={"memory_mb_per_batch": 900})
    assert checkout.hypiler("build", code=1).startswith(f"error{message}")
    shutil.copytree(ROOT / "tools", checkout.root / "tools")
    assert ROOT.joinpath("docs/diagnostics/README.md").read_text("utf-8").count("M217") == 2
    code = f"import sys; sys.path.insert(0, {str(checkout.root / 'tools')!r}); import refresh; print(refresh.codes())"
    row = "| [M290](M290.md) | batch-size-missing | warning | yes |\n"
    assert row in checkout.run("-c", code)


def test_target_is_written_and_checked(tmp_path: Path) -> None:
    checkout = Checkout("A target", tmp_path)
    checkout.write('targets = ["csv"]')
    assert checkout.hypiler("build") == "model_registry.py: 1 model, written\nmodels.csv: 1 model, written\n"
    table = checkout.project / "models.csv"
    assert table.read_text("utf-8") == ("id,model_type,embedding_dim,context_length,license\nown,dense,768,512,MIT\n")
    assert checkout.hypiler("build", "--check").endswith("\nmodels.csv: 1 model, up to date\n")
    checkout.write('targets = ["csv"]', specs={"embedding_dim": 384})
    assert "error[M507]: `models.csv` is stale: the registry has changed since it was generated\n" in checkout.hypiler(
        "build", "--check", code=1
    )
    table.write_text("mine", "utf-8")
    assert "error[M508]: `models.csv`" in checkout.hypiler("build", "--check", code=1)
    checkout.hypiler("build", "models.json", "--out", "other", "--target", "csv")
    assert (checkout.project / "other/models.csv").exists()


def test_engine_loads_a_model(tmp_path: Path) -> None:
    checkout = Checkout("An engine", tmp_path)
    checkout.write(
        encoding={
            "pooling": "mean",
            "normalize": True,
            "similarity": "cosine",
            "query_prefix": "",
            "document_prefix": "",
        }
    )
    folder = checkout.write_files(config={"model_type": "bert", "hidden_size": 768, "vocab_size": 30522})
    (checkout.project / "folder/model.safetensors").write_bytes(b"no network")
    checkout.hypiler("build")
    code = f"""
from hypiler.engines import ENGINES
from model_registry import from_registry
encoder = from_registry("own").load("toy", local={folder!r})
print(encoder, "toy" in ENGINES)
vectors = encoder.encode_documents(["a b", "b a", "c"])
print(vectors.shape, encoder.similarity(vectors, vectors)[0].round(3).tolist()[:2])
try:
    from_registry("own").load("toys", local={folder!r})
except ValueError as error:
    print(error)
"""
    assert checkout.run("-c", code).splitlines() == [
        "<DenseEncoder 'own' by toy: 768 dims> True",
        "(3, 768) [1.0, 1.0]",
        "engine must be auto or one of onnx, model2vec, sentence-transformers, fastembed, toy, pylate, server; got 'toys'; did you"
        " mean 'toy'?",
    ]


def test_family_is_read_from_a_configuration_and_known_to_rules(tmp_path: Path) -> None:
    checkout = Checkout("A family of architectures", tmp_path)
    folder = checkout.write_files(config={"model_type": "toybert", "width": 96, "n_positions": 514})
    checkout.write(architecture={"type": "toybert"}, specs={"hidden_dim": 96, "max_position_embeddings": 514})
    shown = checkout.hypiler("verify", "own", "--local", folder, "--facts")
    for fact in (
        "specs.hidden_dim                      96  config.json width",
        "specs.max_position_embeddings         514  config.json n_positions",
    ):
        assert f"\n  agrees  {fact}\n" in shown
    (checkout.project / "models.lock.json").unlink()
    checkout.write(architecture={"type": "toybert"}, specs={"max_position_embeddings": 513})
    assert checkout.hypiler("check").startswith(
        "warning[M213]: `specs.max_position_embeddings` is 513, but a context of 512 needs 514\n"
    )


def test_store_has_records_and_is_offered_instead_of_others(tmp_path: Path) -> None:
    checkout = Checkout("A store", tmp_path)
    code = """
from hypiler import ModelConfig, stores
record = stores.record("memory", ModelConfig.from_registry("all-minilm-l6-v2"), name="rows")
print(record["create"]["width"], record["stamp"]["place"], stores.read_stamp(record["create"])["model"])
try:
    stores.sqlite_vec(ModelConfig.from_registry("contriever-msmarco"))
except stores.StoreLimitError as error:
    print([value for _, value, _ in error.alternatives])
store = {}
stores.create(record, store)
print(stores.check(record, store, ModelConfig.from_registry("all-minilm-l6-v2")).outcome)
try:
    stores.create(record, store)
except stores.AlreadyExistsError as error:
    print(error)
"""
    assert checkout.run("-c", code).splitlines() == [
        "384 a key of rows all-minilm-l6-v2",
        "['pgvector', 'qdrant', 'lancedb', 'milvus', 'opensearch', 'elasticsearch', 'chroma', 'faiss', 'duckdb', 'memory']",
        "same",
        "memory: the table `rows` exists already and was not changed; use it after `stores.check`, or choose another name",
    ]
    assert '"width": 384' in checkout.hypiler("ddl", "all-minilm-l6-v2", "--shipped", "--for", "memory")


def test_runtime_has_snippets_and_is_offered_instead_of_others(tmp_path: Path) -> None:
    checkout = Checkout("A runtime", tmp_path)
    code = """
from hypiler import ModelConfig, runtimes
config = ModelConfig.from_registry("e5-small-v2")
made = runtimes.snippet(config, "toy")
print(made.arguments["command"][:3], made.lost)
try:
    runtimes.snippet(ModelConfig.from_registry("mxbai-embed-xsmall-v1"), "pylate")
except runtimes.RuntimeLimitError as error:
    print(error.alternatives[-1])
"""
    assert checkout.run("-c", code).splitlines() == [
        "['toy-server', '--model', 'intfloat/e5-small-v2'] ('The server adds no prefix: the client must put"
        ' "query: " before queries and "passage: " before documents.\',)',
        "toy",
    ]
    assert "\ntoy-server --model " in checkout.hypiler("snippet", "e5-small-v2", "--shipped", "--for", "toy")


def test_adapter_of_a_framework_keeps_the_sides_apart_and_checks_an_index(tmp_path: Path) -> None:
    checkout = Checkout("A framework", tmp_path)
    code = """
import sys
try:
    import hypiler.frameworks.toy
except ImportError as error:
    print(error)
sys.modules["toy"] = type(sys)("toy")
sys.modules["toy"].Vectors = type("Vectors", (), {})
from types import SimpleNamespace as Record
import numpy as np
from hypiler import ModelConfig
from hypiler.frameworks.toy import HypilerVectors
class Encoder:
    contract = Record(encoder_type="dense", id="mine")
    space = ModelConfig.from_registry("all-minilm-l6-v2").space
    encode_queries = lambda self, texts: np.ones((len(texts), 2))
    encode_documents = lambda self, texts: np.zeros((len(texts), 2))
adapter = HypilerVectors(Encoder())
print(adapter.index(["a", "b"]), adapter.ask("a"))
try:
    HypilerVectors("bge-small-en-v1.5").check(Encoder().space())
except ValueError as error:
    print(type(error).__name__)
try:
    HypilerVectors("splade-v3")
except TypeError as error:
    print(error)
"""
    assert checkout.run("-c", code).splitlines() == [
        "toy-framework is missing: python -m pip install 'hypiler[toy]'",
        "[[0.0, 0.0], [0.0, 0.0]] [1.0, 1.0]",
        "SpaceError",
        "HypilerVectors takes a dense model, and `splade-v3` is a sparse one. Use the adapter for sparse vectors.",
    ]


def test_command_runs_and_is_in_the_help(tmp_path: Path) -> None:
    checkout = Checkout("A command", tmp_path)
    # The width of the column differs between Pythons.
    assert re.search(r"\n    count +count the models of each type\n", checkout.hypiler("--help"))
    assert "Count the models of each type." in checkout.hypiler("count", "--help")
    checkout.write()
    assert checkout.hypiler("count") == "   1 dense\n"
    dense = [model.id for model in MODEL_REGISTRY if model.model_type == "dense"]
    assert f"{len(dense):>4} dense\n" in checkout.hypiler("count", "--shipped")
    assert checkout.hypiler("cuont", code=2) == "hypiler: no command `cuont`; did you mean `count`?\n"
