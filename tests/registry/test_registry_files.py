"""`Registry` of a project, and what becomes of a registry."""

import json
import os
from pathlib import Path

import pytest
from golden import golden
from strategies import plain_model, registry_of

from hypiler.registry import OptionsError, OutputRefused, Registry

ENTRY = '[[tool.hypiler.registry]]\nsources = "{0}.json"\noutput = "app/{0}_models.py"\n'


def write_models(path: Path, id: str, **changes: object) -> None:
    path.write_text(json.dumps(registry_of(plain_model(id=id, aliases=[], **changes)), indent=1))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project of one registry, and a folder in it; the current folder."""
    root = tmp_path / "repository"
    (root / "src/app").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "pyproject.toml").write_text('[tool.hypiler]\nsources = "open.json"\noutput = "app/m.py"\n')
    for name in ("open", "hosted"):
        write_models(root / f"{name}.json", f"{name}-model")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def registry(project: Path) -> Registry:
    return Registry.project()


class TestProject:
    def test_it_is_found_upward_and_files_are_named_from_here(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Registry.project().ids == ("open-model",)
        assert list(Registry.project().files) == ["open.json"]
        assert list(Registry.project(folder=project / "src").files) == [str(project / "open.json")]
        monkeypatch.chdir("src/app")
        assert list(Registry.project().files) == ["../../open.json"]

    def test_no_project_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            Registry.project(folder=tmp_path)
        assert str(caught.value) == golden(f"no pyproject.toml with [tool.hypiler] in `{tmp_path}` or above it")

    def test_wrong_options_are_an_error_with_findings(self, project: Path) -> None:
        (project / "pyproject.toml").write_text("[tool.hypiler]\n")
        with pytest.raises(OptionsError) as caught:
            Registry.project()
        assert [finding.code for finding in caught.value.findings] == ["M502"]

    def test_one_of_several_is_named_by_output_or_module(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(ENTRY.format("open") + ENTRY.format("hosted"))
        assert Registry.project("hosted_models").ids == ("hosted-model",)
        assert Registry.project("app/open_models.py").ids == ("open-model",)
        listed = golden("`app/open_models.py`, `app/hosted_models.py`")
        with pytest.raises(LookupError) as caught:
            Registry.project()
        assert str(caught.value) == golden(f"the project has several registries: name one of {listed}")
        with pytest.raises(LookupError) as caught:
            Registry.project("hosted")
        assert str(caught.value) == golden("no registry is called `hosted`; did you mean `hosted_models`?")

    def test_its_lock_is_the_one_that_the_options_name(self, project: Path) -> None:
        with (project / "pyproject.toml").open("a") as file:
            file.write('lock = "mine.json"\n')
        assert Registry.project().ok
        (project / "mine.json").write_text("{")
        assert [finding.file for finding in Registry.project().findings] == ["mine.json"]


class TestEmit:
    def test_it_gives_texts_by_path_and_writes_nothing(self, registry: Registry) -> None:
        before = sorted(os.listdir())
        assert list(registry.emit()) == ["model_registry.py", "model_registry.pyi"]
        assert list(registry.emit("module", "a/b.py")) == ["a/b.py", "a/b.pyi"]
        assert "open-model" in registry.emit("docs")["MODELS.md"]
        assert json.loads(registry.emit("schema", "s.json")["s.json"])["type"] == "object"
        assert sorted(os.listdir()) == before

    def test_an_unknown_target_is_an_error(self, registry: Registry) -> None:
        with pytest.raises(ValueError) as caught:
            registry.emit("doc")
        assert str(caught.value) == golden("no target `doc`; choose one of: module, docs, html, schema")


class TestWrite:
    def test_it_writes_the_module_or_the_targets_that_are_named(self, registry: Registry) -> None:
        assert registry.write("out") == ["out/model_registry.py", "out/model_registry.pyi"]
        assert registry.write("out") == []
        assert registry.write(Path("out"), "docs", "schema") == ["out/MODELS.md", "out/models.schema.json"]
        assert Path("out/model_registry.py").read_text() == registry.emit()["model_registry.py"]
        assert registry.write("out", "docs", "schema", "module") == []

    def test_a_hand_written_file_is_kept_and_nothing_is_written(self, registry: Registry) -> None:
        Path("out").mkdir()
        Path("out/MODELS.md").write_text("# Models\n")
        with pytest.raises(OutputRefused) as caught:
            registry.write("out", "module", "docs")
        assert str(caught.value) == golden("`out/MODELS.md` was not generated by hypiler, and is not overwritten")
        assert os.listdir("out") == ["MODELS.md"]

    def test_the_source_is_kept(self, project: Path) -> None:
        write_models(project / "models.schema.json", "a-model")
        before = (project / "models.schema.json").read_bytes()
        with pytest.raises(OutputRefused, match="is the registry itself, and is not overwritten"):
            Registry.load("models.schema.json").write("", "schema")
        assert (project / "models.schema.json").read_bytes() == before

    def test_a_registry_with_errors_becomes_nothing(self, project: Path) -> None:
        write_models(project / "open.json", "Open")
        registry = Registry.project()
        for act in (registry.emit, lambda: registry.write("out")):
            with pytest.raises(ValueError) as caught:
                act()
            assert str(caught.value) == golden(f"a registry with errors becomes nothing:\n{registry.report()}")
        assert not Path("out").exists()


def test_the_report_is_the_findings_with_their_lines(project: Path) -> None:
    assert Registry.project().report() == golden("no findings")
    write_models(project / "open.json", "open-model", release_date="yesterday")
    report = Registry.project().report()
    assert report.startswith("error[M")
    assert "--> open.json:" in report
    assert '"release_date": "yesterday"' in report
    assert report.endswith("\n1 error")
    colored = Registry.project().report(color=True)
    assert "\x1b[" in colored
    assert "\x1b[" not in report
