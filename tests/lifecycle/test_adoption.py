"""`hypiler adopt`: which facts of which models code states, where, and what is no fact."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from lifecycle.small_catalogue import small_catalogue

from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema
from hypiler.lifecycle.adoption import listing
from hypiler.lifecycle.adoption.scan import Adoption, scan
from hypiler.lifecycle.importing.catalogue import Catalogue
from hypiler.registry import Registry

Capture = pytest.CaptureFixture[str]
Told = list[tuple[str, str, Any, str, str]]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    found: Catalogue = small_catalogue(tmp_path_factory.mktemp("catalogue"))
    return found


def scanned(folder: Path, catalogue: Catalogue, **files: str) -> Adoption:
    """What is found in files, whose names are the keywords with `__` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return scan(str(folder), catalogue)


def told(found: Adoption) -> Told:
    """Each fact in one line: model, field, value, line and column, certainty."""
    return [
        (
            fact.subject.name if fact.subject else "",
            fact.path.rpartition(".")[2],
            fact.value,
            str(fact.place).partition(":")[2],
            fact.certainty,
        )
        for fact in found.facts
    ]


PYTHON: dict[str, tuple[str, Told]] = {
    "a table by model": (
        'MODEL_DIMENSIONS = {"BAAI/bge-m3": 1024, "acme/own": 7 * 64, "text-embedding-3-small": [512, 1536]}\n',
        [
            ("bge-m3", "embedding_dim", 1024, "1:36", "certain"),
            ("acme/own", "embedding_dim", 448, "1:54", "certain"),
            ("text-embedding-3-small", "matryoshka_dims", [512, 1536], "1:88", "certain"),
        ],
    ),
    "a list of rows": (
        'MODELS = [\n    {"name": "acme/own", "dim": 96, "query_prefix": "q: ", "tags": ["x"]},\n    {"name": "other"},\n]\n',
        [
            ("acme/own", "embedding_dim", 96, "2:33", "certain"),
            ("acme/own", "query_prefix", "q: ", "2:53", "certain"),
        ],
    ),
    "rows by a name of one's own": (
        'M = {"fast": {"model": "BAAI/bge-m3", "settings": {"dimensions": 1024, "pooling": "cls"}}}\n',
        [("bge-m3", "embedding_dim", 1024, "1:66", "certain"), ("bge-m3", "pooling", "cls", "1:83", "certain")],
    ),
    "constants": (
        'EMBEDDING_MODEL = "BAAI/bge-m3"\nEMBEDDING_DIM = 1024\nQUERY_PREFIX = "q: "\nBATCH = 64\nMAX_SIZE = 768\n',
        [
            ("bge-m3", "embedding_dim", 1024, "2:17", "likely"),
            ("bge-m3", "query_prefix", "q: ", "3:16", "likely"),
        ],
    ),
    "constants beside a table": (
        'EMBEDDING_MODEL = "BAAI/bge-m3"\nEMBEDDING_DIM = 1024\nMODELS = {"a": {"model": "acme/own", "dim": 96}}\n',
        [("bge-m3", "embedding_dim", 1024, "2:17", "likely"), ("acme/own", "embedding_dim", 96, "3:45", "certain")],
    ),
    "constants of two models": (
        'SMALL_MODEL = "BAAI/bge-small-en-v1.5"\nSMALL_DIM = 384\nLARGE_MODEL = "BAAI/bge-m3"\nLARGE_DIM = 1024\nDIM = 5000\n',
        [
            ("bge-small-en-v1.5", "embedding_dim", 384, "2:13", "likely"),
            ("bge-m3", "embedding_dim", 1024, "4:13", "likely"),
        ],
    ),
    "settings with defaults": (
        "class Settings(BaseSettings):\n"
        '    embed_model: str = os.getenv("MODEL", "BAAI/bge-m3")\n'
        '    embed_dim: int = Field(default=int(os.environ.get("DIM", "1024")), gt=0)\n',
        [("bge-m3", "embedding_dim", 1024, "3:22", "likely")],
    ),
    "defaults of arguments": (
        'def embed(texts, model_name="BAAI/bge-m3", *, dimensions: int = 1024, top_k=10): ...\n',
        [("bge-m3", "embedding_dim", 1024, "1:65", "likely")],
    ),
    "an enumeration": (
        'class Name(str, Enum):\n    M3 = "BAAI/bge-m3"\n\nVECTOR_SIZES = {Name.M3: 1024, Name.OTHER: 3}\n',
        [("bge-m3", "embedding_dim", 1024, "4:26", "certain")],
    ),
    "a dataclass": (
        '@dataclass\nclass Model:\n    repo: str\n    dim: int\n\nA = Model("acme/own", 96)\nB = Model(repo="BAAI/bge-m3", dim=1024)\n',
        [("acme/own", "embedding_dim", 96, "6:23", "certain"), ("bge-m3", "embedding_dim", 1024, "7:35", "certain")],
    ),
    "prompts and settings of an opened model": (
        'm = SentenceTransformer("acme/own", prompts={"query": "q: ", "passage": "p: "})\nm.max_seq_length = 256\n',
        [
            ("acme/own", "query_prefix", "q: ", "1:55", "certain"),
            ("acme/own", "document_prefix", "p: ", "1:73", "certain"),
            ("acme/own", "document_length", 256, "2:20", "certain"),
        ],
    ),
    "text before other texts": (
        'MODEL = TextEmbedding("acme/own")\nq = "query: " + text\nd = [f"passage: {one}" for one in texts]\n',
        [
            ("acme/own", "query_prefix", "query: ", "2:5", "likely"),
            ("acme/own", "document_prefix", "passage: ", "3:6", "likely"),
        ],
    ),
    "an address": (
        'M = {"model": "https://huggingface.co/acme/own", "dim": 96}  # embedding\n',
        [("acme/own", "embedding_dim", 96, "1:57", "certain")],
    ),
    "a constructor with a constant": (
        'NAME = "acme/own"\nDIM = 96\nm = SentenceTransformer(NAME, truncate_dim=DIM)\n',
        [("acme/own", "embedding_dim", 96, "2:7", "certain")],
    ),
    "the store beside the only model": (
        'MODEL = TextEmbedding("BAAI/bge-m3")\nc.create(vectors_config=VectorParams(size=1024, distance=Distance.COSINE))\n',
        [("bge-m3", "embedding_dim", 1024, "2:43", "likely")],
    ),
    "typed settings": (
        'EMBEDDING_MODEL = env("M", default="acme/own")\nEMBEDDING_DIM = env.int("D", default=96)\n',
        [("acme/own", "embedding_dim", 96, "2:17", "likely")],
    ),
    "stores of several widths beside the only model": (
        'M = TextEmbedding("BAAI/bge-m3")\na = VectorParams(size=1024)\nb = VectorParams(size=128)\n',
        [("", "embedding_dim", 1024, "2:23", "likely"), ("", "embedding_dim", 128, "3:23", "likely")],
    ),
    "a column of SQL": (
        'from x import y\nEMBED_MODEL = "BAAI/bge-m3"\nDDL = """\nCREATE TABLE t (\n  v vector(1024)\n)"""\n',
        [("bge-m3", "embedding_dim", 1024, "5:12", "likely")],
    ),
    "a branch for each model": (
        'if fast:\n    embed_model, dim = "x", 1\n    embed_model = "BAAI/bge-m3"\n    dim = 1024\nelse:\n'
        '    embed_model = "text-embedding-3-small"\n    dim = 1536\n',
        [
            ("bge-m3", "embedding_dim", 1024, "4:11", "likely"),
            ("text-embedding-3-small", "embedding_dim", 1536, "7:11", "likely"),
        ],
    ),
    "characters of several bytes": (
        'D = {"ключ": "é", "model": "BAAI/bge-m3", "dim": 1024}\n',
        [("bge-m3", "embedding_dim", 1024, "1:50", "certain")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), PYTHON.values(), ids=PYTHON)
def test_python_states(tmp_path: Path, catalogue: Catalogue, text: str, expected: Told) -> None:
    assert told(scanned(tmp_path, catalogue, a__py=text)) == expected


DATA: dict[str, tuple[str, str, Told]] = {
    "TOML": (
        "a__toml",
        '[embedding]\nmodel = "BAAI/bge-m3"\n\n[embedding.index]\n"dimensions" = 1024\n',
        [("bge-m3", "embedding_dim", 1024, "5:16", "certain")],
    ),
    "tables of TOML": (
        "a__toml",
        '[[models]]\nname = "acme/own"\ndim = 96\n[[models]]\nname = "BAAI/bge-m3"\ndim = 1024\n',
        [("acme/own", "embedding_dim", 96, "3:7", "certain"), ("bge-m3", "embedding_dim", 1024, "6:7", "certain")],
    ),
    "tables of TOML on one line": (
        "a__toml",
        'x = 1\nembedder = { model = "BAAI/bge-m3", dim = 1024 }\n',
        [("bge-m3", "embedding_dim", 1024, "2:12", "certain")],
    ),
    "variables of a container": (
        "a__yaml",
        "env:\n- {name: EMBEDDING_MODEL, value: acme/own}\n- {name: EMBEDDING_DIM, value: '96'}\n"
        "- {name: LLM, valueFrom: x}\n- {name: RERANK_MODEL, value: acme/rerank}\n",
        [("acme/own", "embedding_dim", 96, "3:32", "likely")],
    ),
    "variables of containers of compose files": (
        "a__yml",
        "a:\n  environment: [EMBEDDING_MODEL=acme/own, EMBEDDING_DIM=96]\nb:\n  environment:\n"
        "    EMBEDDING_MODEL: BAAI/bge-m3\n    EMBEDDING_DIM: ${DIM:-1024}\n    RERANK_MODEL: acme/rerank\n",
        [("acme/own", "embedding_dim", 96, "2:43", "likely"), ("bge-m3", "embedding_dim", 1024, "6:20", "likely")],
    ),
    "YAML": (
        "a__yaml",
        "embeddings:\n  model: &m BAAI/bge-m3\n  dim: ${DIM:1024}\n---\n- {hf_id: acme/own, vector_size: 96}\n",
        [("bge-m3", "embedding_dim", 1024, "3:8", "certain"), ("acme/own", "embedding_dim", 96, "5:34", "certain")],
    ),
    "JSON": (
        "a__json",
        '{"embedder": {"model_name": "BAAI/bge-m3",\n "embedding_dim": 1024, "max_seq_length": 512}}',
        [("bge-m3", "embedding_dim", 1024, "2:19", "certain"), ("bge-m3", "document_length", 512, "2:43", "certain")],
    ),
    "settings of an entry": (
        "a__yaml",
        "hf_id: acme/own\ntasks: {encode: {dense: {dim: 96}}}\n"
        "profiles: {a: {pooling: cls, normalize: true}, b: {pooling: mean, normalize: true}}\n",
        [("acme/own", "embedding_dim", 96, "2:31", "certain"), ("acme/own", "normalize", True, "3:41", "certain")],
    ),
    "the repository of an entry by its name": (
        "a__json",
        '[{"model_name": "own",\n "dimensions": 96,\n "specs": [{"huggingface": {"model_id": "acme/own"}}]}]',
        [("acme/own", "embedding_dim", 96, "2:16", "certain")],
    ),
    "rows under names of one's own": (
        "a__json",
        '{"hf/own": {"name": "acme/own", "dimensions": 96}}',
        [("acme/own", "embedding_dim", 96, "1:47", "certain")],
    ),
    "variables of the environment": (
        "a__env",
        "# x\nexport EMBEDDING_MODEL='BAAI/bge-m3'\nEMBEDDING_DIM=1024 # as the index\n",
        [("bge-m3", "embedding_dim", 1024, "3:15", "likely")],
    ),
    "a notebook": (
        "a__ipynb",
        json.dumps(
            {"cells": [{"cell_type": "code", "source": ["%pip x\n", "EMBED_MODEL='BAAI/bge-m3'\n", "EMBED_DIM=1024"]}]},
            indent=0,
        ),
        [("bge-m3", "embedding_dim", 1024, "8:11", "likely")],
    ),
    "SQL": ("a__sql", "ALTER TABLE t ADD v vector(96); -- vector(1)\n", [("", "embedding_dim", 96, "1:28", "likely")]),
}


@pytest.mark.parametrize(("name", "text", "expected"), DATA.values(), ids=DATA)
def test_data_states(tmp_path: Path, catalogue: Catalogue, name: str, text: str, expected: Told) -> None:
    assert told(scanned(tmp_path, catalogue, **{name: text})) == expected


NOTHING = {
    "sizes of other things": 'EMBEDDING_MODEL = "BAAI/bge-m3"\nCHUNK_SIZE = 512\nHIDDEN_DIM = 768\nIMAGE_DIM = 224\n',
    "a language model": 'MODEL = "meta-llama/Llama-3-8B"\nMAX_TOKENS = 4096\nc = {"model": MODEL, "max_tokens": 512}\n',
    "columns of a database": 'n = CharField(default="BAAI/bge-m3", max_length=200)\n',
    "types of media and paths": 'EMBEDDING_MODEL = "text/plain"\nEMBED_PATH = "data/model.json"\nEMBED_DIM = compute()\n',
    "messages": 'm = TextEmbedding("acme/own")\nlog.info(f"query: {x}")\nraise ValueError(f"document: {x}")\nf"query: {x}"\n',
    "prefixes of keys": 'EMBEDDING_MODEL = "BAAI/bge-m3"\nDOC_PREFIX = "doc"\n',
    "the tokenizer of another model": 'def f(tokenizer_model="BAAI/bge-m3", dim=1024): ...\n',
    "a model that is not named here": "EMBEDDING_MODEL = other.MODEL\nOLD_EMBEDDING_MODEL = 'BAAI/bge-m3'\nDIM = 768\n",
    "a reranker's settings": 'RERANKER = CrossEncoder("BAAI/bge-reranker-base", normalize=True)\n',
    "a part of another model": 'C = {"embed_dim": 512, "vision": {"layers": 9}, "text": {"hf_model_name": "acme/embedding"}}\n',
    "a trained model that starts from another": 'EMBEDDING_DIM = 1024\nWARM = "BAAI/bge-m3"\n',
    "settings of a training": 'R = {"target_model_name": "acme/language", "emb_dim": 256}\n',
    "two models in one entry": '{"model": "BAAI/bge-m3", "embedding_model": "acme/own", "dim": 96}\n',
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_no_fact_is(tmp_path: Path, catalogue: Catalogue, text: str) -> None:
    found = scanned(tmp_path, catalogue, a__py=f"import embedding\n{text}")
    assert [fact for fact in found.facts if fact.subject] == []


def test_contradictions_are_told_and_shorter_cuts_are_not(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (
        'Z = {"model": "BAAI/bge-small-en-v1.5", "normalize_embeddings": False}\n'
        'A = {"model": "BAAI/bge-small-en-v1.5", "dim": 512, "max_tokens": 8192, "max_length": 256, "metric": "ip"}\n'
        'B = {"model": "nomic-ai/nomic-embed-text-v1.5", "dim": 256, "query_prefix": "query: "}\n'
        'C = {"model": "nomic-ai/nomic-embed-text-v1.5", "dim": 768}\n'
        'D = {"model": "text-embedding-3-small", "dim": 300}\n'
        'E = {"model": "acme/own", "dim": 96}\nF = {"model": "acme/own", "dim": 64}\n'
    )
    found = scanned(tmp_path, catalogue, a__py=f"# embedding\n{text}")
    assert [(one.model, one.title, one.theirs, one.ours, one.known, one.place) for _, one in found.contradictions] == [
        ("bge-small-en-v1.5", "dimension", "512", "384", "sourced", "a.py:3:48"),
        ("bge-small-en-v1.5", "context", "8192", "512", "without a source", "a.py:3:67"),
        ("nomic-embed-text-v1.5", "query prefix", "'query: '", "'search_query: '", "without a source", "a.py:4:77"),
    ]
    assert [(one.subject.name, one.first.value, one.second.value) for one in found.conflicts] == [("acme/own", 96, 64)]


HOSTILE = {
    "deep__py": "embedding = " + "[" * 3000 + "]" * 3000,
    "deeper__py": "embedding = " + "-" * 100_000 + "1",
    "attributes__py": "embedding = x" + ".a" * 20_000,
    "power__py": "EMBEDDING_DIM = 9 ** 9 ** 9 ** 9\nEMBEDDING_DIM = 10 ** 100_000_000\n",
    "growth__py": 'embedding = "a"\n' + "embedding = embedding + embedding\n" * 200,
    "growing__py": "embedding = [1]\n" + "embedding = [*embedding, *embedding]\n" * 200,
    "huge__py": "EMBEDDING_DIM = " + "9" * 5000,
    "null__py": "embedding = 1\0",
    "syntax__py": "embedding = = 1",
    "division__py": "EMBEDDING_DIM = 1 // 0\nEMBEDDING_SIZE = 1e308 * 10\n",
    "deep__json": '{"embedding": ' + "[" * 5000,
    "twice__json": '{"embedding": 1, "embedding": 2}',
    "huge__json": '{"embedding_model": "BAAI/bge-m3", "dim": ' + "9" * 5000 + "}",
    "deep__yaml": "embedding: " + "[" * 400,
    "bomb__yaml": "a: &a [embedding, x]\n"
    + "".join(f"{n}: &{n} [{f'*{p}, ' * 9}]\n" for p, n in zip("abcdefghi", "bcdefghij", strict=True)),
    "tag__yaml": "embedding: !!python/object/apply:os.system ['touch hacked']\n",
    "loop__yaml": "embedding: &a [*a]\n",
    "broken__toml": "embedding = ",
    "deep__toml": "embedding = " + "[" * 5000 + "]" * 5000,
    "odd__ipynb": '{"cells": [{"cell_type": "code", "source": 7}, 5, {"source": ["embedding("], "cell_type": "code"}]}',
    "odd__env": "=\nEMBEDDING_DIM=\n EMBEDDING MODEL=x\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_says_nothing_and_runs_nothing(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    found = scanned(tmp_path, catalogue, **{name: HOSTILE[name]})
    assert [fact for fact in found.facts if fact.subject] == []
    assert [path.name for path in tmp_path.iterdir()] == [name.replace("__", ".")]


def test_file_of_odd_bytes_a_link_and_a_long_file_are_named(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_BYTES", 1 << 20)
    (tmp_path / "latin.py").write_bytes(b"embedding = '\xe9'")
    (tmp_path / "long.json").write_bytes(b" " * ((1 << 20) + 1))
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    assert [(one.file, one.why) for one in scan(str(tmp_path), catalogue).unread] == [
        ("latin.py", "it is not UTF-8"),
        ("link.py", "it is a link, or no file"),
        ("long.json", "it has more than 1 MiB"),
    ]


def test_tests_ignored_files_and_other_peoples_code_are_left_out(tmp_path: Path, catalogue: Catalogue) -> None:
    text = 'D = {"model": "BAAI/bge-m3", "dim": 1024}\n'
    names = [
        "a.py",
        "tests/a.py",
        "app/test_a.py",
        "node_modules/x/a.py",
        "vendor/a.py",
        "migrations/a.py",
        "x/ignored.py",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    assert [str(fact.place) for fact in scan(str(tmp_path), catalogue).facts] == ["a.py:1:37", "x/ignored.py:1:37"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert [str(fact.place) for fact in scan(str(tmp_path), catalogue).facts] == ["a.py:1:37"]
    assert [str(fact.place) for fact in scan(str(tmp_path / "tests/a.py"), catalogue).facts] == ["a.py:1:37"]


def test_program_that_a_repository_names_is_not_started(tmp_path: Path, catalogue: Catalogue) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "config", "core.fsmonitor", "touch hacked; false"], check=True)
    (tmp_path / "a.py").write_text("EMBEDDING_DIM = 8\n")
    assert scan(str(tmp_path), catalogue).files == 1
    assert not (tmp_path / "hacked").exists()


def test_yaml_without_its_reader_is_named(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    found = scanned(tmp_path, catalogue, a__yaml="embedding: 1\n")
    assert [one.why for one in found.unread] == [
        "it is YAML, which needs PyYAML: python -m pip install 'hypiler[adopt]'"
    ]


CODE = """\
EMBEDDING_MODEL = "BAAI/bge-small-en-v1.5"
EMBEDDING_DIM = 512
OWN = {"model": "acme/own", "dim": 96, "license": "apache 2.0"}
bare = TextEmbedding("acme/unknown")
"""


@pytest.fixture
def project(tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module("hypiler.cli.adopt"), "catalogue", lambda: (catalogue, "0.1.0"))
    (tmp_path / "search").mkdir()
    (tmp_path / "search/config.py").write_text(CODE)
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (v vector(96));\n")
    return tmp_path


def test_report_and_draft(project: Path, capsys: Capture) -> None:
    assert main(["adopt", ".", "--write"]) == 1
    assert capsys.readouterr().out == golden(
        "2 files: 3 models, 3 facts\n"
        "\n"
        "bge-small-en-v1.5 (`bge-small-en-v1.5` of the catalogue)\n"
        "  specs.embedding_dim = 512  search/config.py:2:17  likely: `EMBEDDING_MODEL` beside it names the model\n"
        "\n"
        "acme/own (not in the catalogue)\n"
        "  specs.embedding_dim = 96  search/config.py:3:36  certain: one entry states both\n"
        '  license = "Apache-2.0"  search/config.py:3:51  certain: one entry states both\n'
        "\n"
        "acme/unknown (not in the catalogue)\n"
        "  named at search/config.py:4:22; no fact stands with it\n"
        "\n"
        "1 width without a model near:\n"
        "  vector_dim = 96  schema.sql:1:26\n"
        "\n"
        "1 contradiction with the catalogue:\n"
        "  search/config.py:2:17 says 512, the catalogue says 384 (sourced)\n"
        "    dimension of bge-small-en-v1.5, if that model is meant\n"
        "\n"
        "left out:\n"
        "  `specs.embedding_dim` is not stated, and every model must state it\n"
        "    1: acme/unknown; first at search/config.py:4:22\n"
        "\n"
        "completed from the catalogue:\n"
        "  type: it is not stated, and every model must state it\n"
        "    1: bge-small-en-v1.5; first at search/config.py:1:19\n"
        "\n"
        "models.json: 2 models written, with 5 facts, each with its source\n"
        "next: hypiler check models.json --required core\n"
        'next: in a project, write `required = "core"` into [tool.hypiler] of pyproject.toml\n'
    )
    registry = Registry.load("models.json", lock=False, required="core")
    assert registry.ok
    assert registry.entry("own").tree == {
        "id": "own",
        "type": "dense",
        "name": "own",
        "huggingface_id": "acme/own",
        "specs": {"embedding_dim": 96},
        "license": "Apache-2.0",
        "sources": {
            "type": "search/config.py:3:17",
            "specs.embedding_dim": "search/config.py:3:36",
            "license": "search/config.py:3:51",
        },
    }
    before = Path("models.json").read_bytes()
    assert main(["adopt", ".", "--write"]) == 3
    assert Path("models.json").read_bytes() == before


def test_report_for_programs_has_its_shape(project: Path, capsys: Capture) -> None:
    from jsonschema import Draft202012Validator

    for words, drafted in (["adopt", "."], None), (["adopt", ".", "--write", "x.json"], "x.json"):
        assert main([*words, "--json"]) == 1
        document = json.loads(capsys.readouterr().out)
        Draft202012Validator(output_schema("adopt")).validate(document)
        assert [one["name"] for one in document["models"]] == ["bge-small-en-v1.5", "acme/own", "acme/unknown"]
        assert (document["draft"] or {"output": None})["output"] == drafted


def test_folder_that_is_missing_or_too_large_is_a_sentence(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["adopt", "nowhere"]) == 3
    monkeypatch.setattr(listing, "MOST_FILES", 1)
    assert main(["adopt", "."]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: cannot read `nowhere`: No such file or directory\n"
        "hypiler: 2 files are more than the 1 that are read: name a folder in it\n"
    )


def test_registry_of_the_project_is_not_read_as_code(tmp_path: Path, catalogue: Catalogue) -> None:
    text = '{"version": "1.0", "models": [{"huggingface_id": "acme/embedding", "specs": {"embedding_dim": 8}}]}'
    found = scanned(tmp_path, catalogue, models__json=text)
    assert [one.why for one in found.unread] == ["it is a registry already"]
    assert found.mentions == []
