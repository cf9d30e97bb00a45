"""README and docs are true: every block is run, compared or checked."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from console import run_page
from slow import slow

from hypiler import ModelConfig, Registry, engines
from hypiler.cli.main import main
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.finding import without_notes
from hypiler.emit.field_reference import emit_reference
from hypiler.emit.json_schema import emit_json_schema
from hypiler.engines.contract import make_contract
from hypiler.engines.layout import read_layout
from hypiler.schema.own_facts import OwnFacts
from hypiler.schema.requirements import Requirements

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONSOLE = [
    ROOT / "docs" / f"{name}.md"
    for name in (
        *(
            "adopting",
            "catalogue",
            "comparing",
            "guide",
            "how-it-works",
            "json-output",
            "layers",
            "library",
            "migrating",
            "policy",
            "stores/README",
            "troubleshooting",
        ),
        "verifying",
    )
]
CONSOLE += sorted((ROOT / "docs/runtimes").glob("*.md"))
FIELDS = re.compile(r"(<!-- fields: .*? -->\n)(.*?)(<!-- /fields -->)", re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language on a page, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$",
        page.read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )


def registry() -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = json.loads((ROOT / "models.json").read_text("utf-8"))["models"]
    return models


def contains(whole: Any, part: Any) -> bool:
    """Whether every fact of `part` stands in `whole` with the same value."""
    if isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return bool(whole == part)


def test_readme_entry_is_an_excerpt_of_the_shipped_registry() -> None:
    excerpt = json.loads(blocks(ROOT / "README.md", "json")[0])
    entry = next(model for model in registry() if model["id"] == excerpt["id"])
    assert contains(entry, excerpt)


def test_readme_error_is_what_check_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "models.json").read_text("utf-8")
    assert text.count("[64, 96, 128]") == 1
    (tmp_path / "models.json").write_text(text.replace("[64, 96, 128]", "[64, 96]"), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "models.json"]) == 1
    shown = next(block for block in blocks(ROOT / "README.md", "text") if block.startswith("error[M207]"))
    out = capsys.readouterr().out
    # Notes on other entries may stand before it.
    assert out.count("error[") == 1
    assert _without_place(shown) in _without_place(out)


def test_readme_diff_is_what_diff_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = json.loads((ROOT / "models.json").read_text("utf-8"))
    for name, prefix in (("old.json", "passage: "), ("models.json", "document: ")):
        (tree["models"],) = [[model for model in registry() if model["id"] == "e5-base-v2"]]
        tree["models"][0]["encoding"]["document_prefix"] = prefix
        (tmp_path / name).write_text(json.dumps(tree), "utf-8")
    assert main(["diff", str(tmp_path / "old.json"), str(tmp_path / "models.json")]) == 1
    shown = next(block for block in blocks(ROOT / "README.md", "text") if block.startswith("e5-base-v2"))
    assert shown in capsys.readouterr().out.replace(f"{tmp_path}{os.sep}", "")


def test_readme_layer_changes_and_hides_a_shipped_model(tmp_path: Path) -> None:
    (text,) = blocks(ROOT / "README.md", "json team.json")
    (tmp_path / "team.json").write_text(text, "utf-8")
    layered = Registry.load(tmp_path / "team.json")
    assert (layered.report(), layered["jina-colbert-v2"].license) == ("no findings", "LicenseRef-Jina-Contract-12")
    assert set(Registry.shipped().ids) - set(layered.ids) == {"nv-embed-v2"}


def _without_place(report: str) -> str:
    """A report without its line number and index, which move whenever a model is added."""
    return re.sub(
        r"models\[\d+\]",
        "models[N]",
        re.sub(
            r"^ *\d* +(\||-->|=)",
            r"\1",
            re.sub(r":\d+:", ":N:", report),
            flags=re.MULTILINE,
        ),
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page: Path) -> None:
    for block in blocks(page, "python"):
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (result.stderr, result.returncode) == ("", 0)


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/engines.md"], ids=lambda page: page.name)
def test_blocks_that_load_a_model_give_what_their_comments_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is one that gives numbers by chance."""
    random = np.random.default_rng(0)

    def load(config: ModelConfig, engine: str, **options: Any) -> Any:
        contract = make_contract(config, read_layout(tmp_path), {})

        def run(texts: list[str], *, query: bool) -> Any:
            return random.normal(size=(len(texts), contract.embedding_dim)).astype(np.float32)

        backend: Any = SimpleNamespace(run=run)
        return engines.DenseEncoder(contract, backend, engine)

    monkeypatch.setattr(engines, "load", load)
    names: dict[str, Any] = {"ModelConfig": ModelConfig}
    for block in blocks(page, "py"):
        exec(compile(block, page.name, "exec"), names)
        told = re.findall(r"^(\w+) = .*# (\w+) \[(\d+), (\d+)\]", block, re.MULTILINE)
        assert len(told) > 1
        assert told == [(name, str(names[name].dtype), *map(str, names[name].shape)) for name, *_ in told]


@pytest.mark.parametrize("page", CONSOLE, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_console_blocks_show_what_is_printed(page: Path, tmp_path: Path) -> None:
    """Those of the codes have a test of their own, and so has the page that installs packages."""
    assert run_page(page, tmp_path, in_process=True) > 0


def test_readme_commands_are_two_sh_blocks_of_one_line() -> None:
    commands = blocks(ROOT / "README.md", "sh")
    assert [len(command.splitlines()) for command in commands] == [1, 1]
    assert commands[1].strip() in (ROOT / ".ci" / "run").read_text("utf-8")


def test_readme_shell_examples_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src/app").mkdir(parents=True)
    (tmp_path / "src/app/__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    lines = [
        line
        for block in blocks(ROOT / "README.md", "text")
        for line in block.splitlines()
        if line.startswith("hypiler ")
    ]
    assert len(lines) == 9
    for line in lines:
        assert main(line.split()[1:]) == 0, line
    written = {"model_registry.py", "model_registry.pyi", "py.typed"}
    assert set(os.listdir(tmp_path / "src/app")) - {"__init__.py"} == written
    assert (tmp_path / "MODELS.md").exists()
    (shown,) = blocks(ROOT / "README.md", "toml")
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8")) == tomllib.loads(shown)
    (program,) = blocks(ROOT / "README.md", "python search.py")
    paths = os.pathsep.join([str(tmp_path / "src"), *sys.path])
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("384 256\n", "")


@pytest.mark.parametrize(
    ("app", "section"),
    [("hatch-app", "hatch"), ("setuptools-app", "setuptools"), ("pdm-app", "PDM"), ("flit-app", "flit")],
)
def test_tables_for_build_backends_are_those_of_the_samples(app: str, section: str) -> None:
    """The samples are built by other tests, and the examples of the page by a tool."""
    text = (ROOT / "docs/building.md").read_text("utf-8").partition(f"\n## {section}\n")[2]
    page = tomllib.loads(text.partition("```toml pyproject.toml\n")[2].partition("```")[0])
    sample = tomllib.loads((ROOT / "tests/packages" / app / "pyproject.toml").read_text("utf-8"))
    assert sample["build-system"] == page["build-system"]
    hooks = [table["tool"].get("hatch", {}).get("build") for table in (sample, page)]
    assert hooks[0] == hooks[1]


def _whole_registry() -> str:
    entry = json.loads(blocks(ROOT / "docs" / "models-json.md", "json")[0])
    return json.dumps({"version": "1.0", "models": [entry]})


def test_example_entry_has_no_findings() -> None:
    assert without_notes(compile_registry([("models.json", _whole_registry().encode())]).findings) == []


@slow
def test_committed_files_that_follow_from_others_are_current() -> None:
    """Refresh them with: python tools/refresh.py."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools/refresh.py", "--check"], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    text = re.sub(r"^ *(```+).*?^ *\1$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).strip().replace(" ", "-")
        found.add(next(name for number in range(100) if (name := f"{slug}-{number}" if number else slug) not in found))
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("page", sorted({*PAGES, *ROOT.glob("*.md")}), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"(?<!\\)\]\(<?([^)#>]*)(?:#([^)>]*))?", page.read_text("utf-8")):
        if not target.startswith(("https://", "http://")):
            path = page.parent / target if target else page
            assert path.exists(), target
            assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_first_page_counts_the_models() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    open_models, hosted = len(Registry.shipped()), len(Registry.shipped(hosted=True))
    assert f"the facts of {open_models} open models and {hosted - open_models} hosted ones" in text


def test_demo_shows_the_whole_api() -> None:
    demo = ROOT / "examples" / "model_registry_demo.py"
    result = subprocess.run(
        [sys.executable, str(demo)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    from hypiler import model_registry

    for model in model_registry.MODEL_REGISTRY:
        assert model.id in result.stdout
    functions = [name for name in dir(model_registry) if name.islower()]
    source = demo.read_text("utf-8")
    assert [name for name in functions if f"{name}(" not in source] == []
