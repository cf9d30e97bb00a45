"""The comparison with other packages' tables: how they are read, when two facts agree, what a decision covers."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest

from hypiler.lifecycle.importing.comparison import FACTS
from hypiler.lifecycle.importing.packages import PACKAGES
from hypiler.lifecycle.importing.rows import Statement
from hypiler.registry import Registry

TOOLS = Path(__file__).parents[1] / "tools"


def tool(name: str) -> ModuleType:
    """A module of tools/, where the modules import each other."""
    before = list(sys.path)
    sys.path[:0] = [str(TOOLS)]
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = before


peers = tool("compare_with_peers")

METAS = "mteb/models/model_implementations/some_models.py"
META = """\
from .texts import PROMPTS

TINY = dict(license="mit", languages=["eng-Latn"] + ["deu-Latn"])
tiny = SomeModelMeta(
    loader=load_it(), loader_kwargs={"model_prompts": {**PROMPTS, PromptType.document.value: "doc: "}},
    name="Org/Tiny", embed_dim=[64, 128], max_tokens=math.inf, n_parameters=int(1.5 * 1e6),
    similarity_fn_name=ScoringFunction.COSINE, release_date=today(), revision=None, **TINY,
)
"""
TEXTS = 'PROMPTS = {"query": f"{WORD}: "}\nWORD = "query"\nPROMPTS = {"query": f"{WORD}: "}\n'
DESCRIBED = """
models = [DenseModelDescription(
    model="Org/Tiny-Q", dim=128, license="mit", description=(
        "Text embeddings, Unimodal (text), Multilingual (~50 languages), 512 input tokens truncation, "
        "Prefixes for queries/documents: not so necessary, 2024 year."))]
"""
PRICES = {
    "tiny": {"mode": "embedding", "litellm_provider": "org", "max_input_tokens": 0, "output_vector_size": 128},
    "host/org/tiny": {"mode": "embedding", "litellm_provider": "host", "max_input_tokens": 500},
    "host/tiny": {"mode": "embedding", "litellm_provider": "org"},
    "chat": {"mode": "chat", "litellm_provider": "org", "max_input_tokens": 9},
}
WHEELS = {
    "mteb": {METAS: META, "mteb/models/model_implementations/texts.py": TEXTS},
    "fastembed": {"fastembed/text/pooled_embedding.py": DESCRIBED},
    "litellm": {"litellm/model_prices_and_context_window_backup.json": json.dumps(PRICES, indent=1)},
}
MODEL: dict[str, Any] = {
    "id": "tiny",
    "type": "dense",
    "name": "Tiny",
    "huggingface_id": "org/tiny",
    "license": "MIT",
    "specs": {"embedding_dim": 128, "context_length": 512, "parameters": "1.5M"},
    "capabilities": {"languages": ["de", "en"]},
    "encoding": {"pooling": "cls", "query_prefix": "query: ", "document_prefix": "doc: "},
    "sources": {"specs.context_length": {"url": "https://example.org/card", "quote": "512 tokens|words"}},
}


class Files:
    """Texts by their paths, as a wheel has them."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def paths(self) -> list[str]:
        return list(self.texts)

    def text(self, path: str) -> str:
        return self.texts[path]


def stated(peer: str) -> dict[tuple[str, str], Any]:
    """What the tiny table of a peer states, by model and field."""
    return {(one.model, one.field): one.value for one in statements(peer, WHEELS[peer]) if one.field in FACTS}


def statements(peer: str, texts: dict[str, str]) -> list[Statement]:
    return [one for row in PACKAGES[peer](Files(texts)) for one in row.statements()]


def registry(folder: Path, **changes: Any) -> Registry:
    (folder / "models.json").write_text(json.dumps({"version": "1.0", "models": [{**MODEL, **changes}]}))
    return Registry.load(folder / "models.json", lock=False, required="core")


def result(folder: Path, decisions: str = "", **changes: Any) -> Any:
    """The judgement about the tiny registry and all three tables."""
    stated = [one for peer in PACKAGES for one in statements(peer, WHEELS[peer])]
    return peers.judge(peers.by_name(registry(folder, **changes)), stated, peers.read_decisions(decisions))


def decision(peer: str, field: str, ours: str, theirs: str) -> str:
    values = f"[decision.models]\ntiny = ['{ours}', '{theirs}']\n"
    return f"[[decision]]\npeer = '{peer}'\nfield = '{field}'\ntext = 'Ours stands.'\n{values}"


DECISIONS = decision("mteb", "specs.context_length", "512", "inf") + decision(
    "mteb", "architecture.matryoshka_dims", "128", "64, 128"
)
DECISIONS += decision("litellm", "specs.context_length", "512", "500")
DECISIONS += decision("fastembed", "encoding.pooling", "cls", "mean")


def test_a_table_is_evaluated_without_running_it() -> None:
    assert stated("mteb") == {
        ("org/tiny", "type"): ["dense"],
        ("org/tiny", "specs.embedding_dim"): 128,
        ("org/tiny", "architecture.matryoshka_dims"): [64, 128],
        ("org/tiny", "specs.context_length"): float("inf"),
        ("org/tiny", "specs.parameters"): 1_500_000,
        ("org/tiny", "license"): "mit",
        ("org/tiny", "capabilities.languages"): ["eng-Latn", "deu-Latn"],
        ("org/tiny", "encoding.similarity"): "COSINE",
        ("org/tiny", "encoding.query_prefix"): "query: ",
        ("org/tiny", "encoding.document_prefix"): "doc: ",
    }


def test_sentences_of_fastembed_are_facts_and_its_classes_pool() -> None:
    assert stated("fastembed") == {
        ("org/tiny", "type"): ["dense"],
        ("org/tiny", "specs.embedding_dim"): 128,
        ("org/tiny", "license"): "mit",
        ("org/tiny", "encoding.pooling"): "mean",
        ("org/tiny", "specs.context_length"): 512,
        ("org/tiny", "capabilities.modalities"): ["text"],
        ("org/tiny", "capabilities.languages"): ["mul"],
        ("org/tiny", "release_date"): "2024",
        ("org/tiny", "prefixes"): True,
    }


def test_prices_are_of_the_vendor_or_name_the_repository() -> None:
    assert stated("litellm") == {
        ("org/tiny", "specs.embedding_dim"): 128,
        ("org/tiny", "specs.context_length"): 500,
        ("org/tiny", "type"): ["dense"],
    }


def test_hosted_models_have_the_names_of_their_apis() -> None:
    meta = "m = ModelMeta(name='Cohere/Cohere-embed-v4.0', embed_dim=1536)\n"
    found = [one for one in statements("mteb", {METAS: meta}) if one.field == "specs.embedding_dim"]
    assert {(one.model, one.value, one.place) for one in found} == {
        ("cohere/cohere-embed-v4.0", 1536, f"{METAS}:1"),
        ("cohere/embed-v4.0", 1536, f"{METAS}:1"),
    }


@pytest.mark.parametrize(
    ("field", "ours", "theirs", "agree"),
    [
        ("license", "MIT", "mit", True),
        ("license", "LicenseRef-Gemma", "gemma", True),
        ("license", "MIT", "apache-2.0", False),
        ("specs.parameters", "109.48M", 109_000_000, True),
        ("specs.parameters", "109M", 109_482_240, True),
        ("specs.parameters", "109M", 110_482_240, False),
        ("token table", 23_440_896, 23_446_000, False),
        ("token table", 7_559_168, 7_560_000, True),
        ("capabilities.languages", ("zh-Hans", "no"), ["zho-Hans", "nob-Latn", "python-Code"], True),
        ("capabilities.languages", ("mul",), ["eng-Latn", "deu-Latn"], True),
        ("capabilities.languages", ("mul",), ["eng-Latn"], False),
        ("release_date", "2024-01", "2024-01-30", True),
        ("release_date", "2024-01-31", "2024-01-30", False),
        ("encoding.similarity", "max_sim", "MaxSim", True),
        ("encoding.similarity", "dot", "COSINE", False),
        ("encoding.query_prefix", ("Instruct: Find it\nQuery:", None), "Instruct: {instruction}\nQuery:", True),
        ("encoding.query_prefix", ("Instruct: Find it\nQuery:", None), "Instruct: {instruction}\nQuery: ", False),
        ("encoding.query_prefix", (None, "RETRIEVAL_QUERY"), "RETRIEVAL_QUERY", True),
        ("encoding.query_prefix", ("query: ", None), "query: {text}", True),
        ("encoding.query_prefix", ("query: ", None), "query:", False),
        ("architecture.matryoshka_dims", range(1, 1025), [256, 512], True),
        ("architecture.matryoshka_dims", (256, 512), [256, 1024], False),
        ("type", {"dense", "late-interaction"}, ["dense"], True),
        ("type", {"late-interaction"}, ["dense"], False),
        ("dependencies.base_model", "org/base", "https://huggingface.co/Org/Base", True),
    ],
)
def test_facts_are_equal_if_they_say_the_same_in_other_words(field: str, ours: Any, theirs: Any, agree: bool) -> None:
    assert FACTS[field].agree(ours, theirs) is agree


def test_every_fact_that_differs_is_undecided_until_somebody_decides(tmp_path: Path) -> None:
    judged = result(tmp_path)
    assert [one.key for one in judged.undecided] == [
        ("mteb", "architecture.matryoshka_dims", "tiny", "128", "64, 128"),
        ("fastembed", "encoding.pooling", "tiny", "cls", "mean"),
        ("mteb", "specs.context_length", "tiny", "512", "inf"),
        ("litellm", "specs.context_length", "tiny", "512", "500"),
    ]
    assert judged.failures == judged.undecided
    assert judged.missing == {"mteb": 1, "fastembed": 2}
    judged = result(tmp_path, DECISIONS)
    assert (judged.undecided, judged.stale) == ([], [])
    assert peers.figures(judged, lambda one: "any")["all"] == [19, 15, 0, 4, 0]


def test_a_decision_is_about_both_values(tmp_path: Path) -> None:
    judged = result(tmp_path, DECISIONS, specs={**MODEL["specs"], "context_length": 500})
    assert [one.key[0::3] for one in judged.undecided] == [("mteb", "500"), ("fastembed", "500")]
    assert [key[0] for key in judged.stale] == ["mteb", "litellm"]


def test_a_disagreement_is_decided_once() -> None:
    with pytest.raises(ValueError, match="decided twice: "):
        peers.read_decisions(DECISIONS + decision("mteb", "specs.context_length", "512", "inf"))


def test_facts_that_were_read_at_the_peer_are_counted(tmp_path: Path) -> None:
    judged = result(tmp_path, sources={"license": "mteb 2.26.24 wheel: some_models.py:4"})
    assert peers.figures(judged, lambda one: one.statement.field)["license"] == [2, 2, 1, 0, 0]


def test_page_has_the_decision_and_our_source(tmp_path: Path) -> None:
    page = peers.page(result(tmp_path, DECISIONS))
    assert (
        "\n## Context\n\n**mteb**: Ours stands.\n\n| model | here | mteb | our source |\n|---|---|---|---|\n"
        "| `tiny` | `512` | `inf` (`some_models.py:4`) "
        "| [https://example.org/card](https://example.org/card): “512 tokens\\|words” |\n"
    ) in page
    assert "1 of our 1 models are in a table" in page


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wheels, the page and the decisions of the tiny registry."""
    for peer, texts in WHEELS.items():
        with ZipFile(tmp_path / f"{peer}-{peers.WHEELS[peer]}-py3-none-any.whl", "w") as wheel:
            for path, text in texts.items():
                wheel.writestr(path, text)
    shipped = registry(tmp_path)
    monkeypatch.setattr(peers.Registry, "shipped", lambda **_: shipped)
    monkeypatch.setattr(peers, "PAGE", tmp_path / "disagreements.md")
    monkeypatch.setattr(peers, "DECISIONS", tmp_path / "decisions.toml")
    (tmp_path / "decisions.toml").write_text(DECISIONS)
    return tmp_path


def test_check_fails_until_the_page_is_current(tried: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--wheels", str(tried)]
    assert peers.main([*words, "--check"]) == 1
    assert (
        "\ndocs/disagreements.md is not current: run tools/compare_with_peers.py --write\n" in capsys.readouterr().out
    )
    assert peers.main([*words, "--write"]) == 0
    assert peers.main([*words, "--check"]) == 0


def test_check_fails_for_what_must_be_decided_and_for_what_is_stale(
    tried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tried / "decisions.toml").write_text(DECISIONS.replace("'inf'", "'514'"))
    words = ["--wheels", str(tried)]
    assert peers.main([*words, "--write"]) == 1
    assert peers.main([*words, "--check"]) == 1
    place = "mteb/models/model_implementations/some_models.py:4"
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"undecided (must be decided): mteb | specs.context_length | tiny | 512 | inf  [{place}]",
        "stale: mteb | specs.context_length | tiny | 512 | 514",
    ]


def test_todo_is_completed_by_a_text(tried: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tried / "decisions.toml").write_text("")
    assert peers.main(["--wheels", str(tried), "--todo"]) == 0
    (tried / "decisions.toml").write_text(capsys.readouterr().out.replace('text = ""', 'text = "Ours stands."'))
    assert peers.main(["--wheels", str(tried), "--write"]) == 0


def test_wheels_that_cannot_be_had_are_a_reason_to_skip(
    tried: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    next(tried.glob("litellm-*")).unlink()
    monkeypatch.setattr(
        peers.subprocess, "run", lambda *_, **__: peers.subprocess.CompletedProcess([], 1, "", "offline\n")
    )
    assert peers.main(["--wheels", str(tried)]) == 3
    assert capsys.readouterr().out == f"litellm {peers.WHEELS['litellm']} cannot be downloaded: offline\n"
