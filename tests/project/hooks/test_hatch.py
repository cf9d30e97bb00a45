"""The hook alone; tests/e2e runs it inside real builds."""

import os
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from pathspec import GitIgnoreSpec

from hypiler.project.hooks.common import build_for_backend
from hypiler.project.hooks.hatch import RegistryBuildHook, hatch_register_build_hook

BROKEN = Path(__file__).parents[2] / "packages/broken-app/models.json"


def run(
    root: Path,
    target: str = "wheel",
    config: dict[str, Any] | None = None,
    version: str = "standard",
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the hook tells hatchling; `settings` is the table `[tool.hatch.build]`."""
    project = {"project": {"name": "app", "version": "1"}, "tool": {"hatch": {"build": settings or {}}}}
    builder: Any = {"wheel": WheelBuilder, "sdist": SdistBuilder}[target](str(root), None, project)
    hook = RegistryBuildHook(str(root), config or {}, builder.config, builder.metadata, "", target)
    data: dict[str, Any] = {"artifacts": [], "force_include": {}}
    hook.initialize(version, data)
    forced = {os.path.relpath(path, root): place for path, place in data["force_include"].items()}
    return {"artifacts": data["artifacts"], "forced": forced, "reserved": builder.config.build_reserved_paths}


def failure(capsys: pytest.CaptureFixture[str], root: Path, config: dict[str, Any] | None = None) -> str:
    """What a build says that the hook ends."""
    with pytest.raises(SystemExit) as caught:
        run(root, config=config)
    # A text as the code of an exit is printed, and 1 takes its place.
    assert caught.value.code == golden("hypiler: the model registry was not built")
    return capsys.readouterr().err


def test_hook_is_registered_under_the_name_of_its_table() -> None:
    assert hatch_register_build_hook().PLUGIN_NAME == "hypiler"


def test_wheel_takes_what_is_generated(project: Path) -> None:
    told = run(project)
    assert told["forced"] == {"app/registry.py": "app/registry.py", "app/registry.pyi": "app/registry.pyi"}
    assert told["artifacts"] == []
    assert (project / "app/registry.pyi").exists()


def test_editable_wheel_gets_no_copy(project: Path) -> None:
    told = run(project, version="editable")
    assert (told["forced"], told["artifacts"]) == ({}, ["/app/registry.py", "/app/registry.pyi"])


def test_sdist_takes_the_sources_and_generates_nothing(project: Path) -> None:
    told = run(project, "sdist")
    assert (told["forced"], told["artifacts"]) == ({"models.json": "models.json"}, [])
    assert not (project / "app").exists()


def test_sdist_leaves_out_modules_and_outdated_outputs(project: Path) -> None:
    table = '[tool.hypiler]\noutput = "app/registry.py"\ntargets = ["docs", "schema"]\n'
    (project / "pyproject.toml").write_text(table)
    build_for_backend(str(project), write=True)
    modules = {"app/registry.py", "app/registry.pyi"}
    assert run(project, "sdist")["reserved"] == modules
    text = (project / "models.json").read_text()
    (project / "models.json").write_text(text.replace('_dim": 384', '_dim": 512'))
    assert run(project, "sdist")["reserved"] == {*modules, "MODELS.md"}
    assert "384" in (project / "app/registry.py").read_text(), "nothing is written for an sdist"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["data"], "data/data/models.json"),
        ({"data": "app/data"}, "data/models.json"),
        ({"": "x"}, "data/models.json"),
        ({}, "data/models.json"),
    ],
)
def test_sources_keep_their_place_in_an_sdist_whatever_hatchling_maps(
    project: Path, sources: Any, expected: str
) -> None:
    (project / "data").mkdir()
    (project / "models.json").rename(project / "data/models.json")
    (project / "pyproject.toml").write_text(
        '[tool.hypiler]\nsources = "data/models.json"\noutput = "app/registry.py"\n'
    )
    assert run(project, "sdist", settings={"sources": sources})["forced"] == {"data/models.json": expected}


def test_sdist_takes_the_lock_and_copies_of_what_lies_above(project: Path) -> None:
    inner = project / "service"
    inner.mkdir()
    (project / ".git").mkdir()
    table = '[tool.hypiler]\nsources = ["own.json", "../models.json"]\noutput = "app/registry.py"\n'
    (inner / "pyproject.toml").write_text(table)
    text = (project / "models.json").read_text()
    (inner / "own.json").write_text(text.replace("small-encoder", "own-encoder"))
    (inner / "models.lock.json").write_text('{"version": 1, "models": {}}')
    assert run(inner, "sdist")["forced"] == {
        "own.json": "own.json",
        "../models.json": "hypiler-sources/1/models.json",
        "models.lock.json": "models.lock.json",
    }


def test_packages_of_another_name_are_for_hatchling_to_report(project: Path) -> None:
    (project / "other").mkdir()
    (project / "other/__init__.py").touch()
    with pytest.raises(ValueError, match="Unable to determine which files to ship inside the wheel"):
        run(project)


@pytest.mark.parametrize("folder", ["a*b", "a?b", "a[b]c", "a b ", " a", "#a", "!a", "a\\b"])
def test_pattern_matches_its_path_alone(project: Path, folder: str) -> None:
    table = f"[tool.hypiler]\noutput = '{folder}/m.py'\n"
    (project / "pyproject.toml").write_text(table)
    spec = GitIgnoreSpec.from_lines(run(project, version="editable")["artifacts"])
    assert spec.match_file(f"{folder}/m.py")
    assert spec.match_file(f"{folder}/m.pyi")
    assert not spec.match_file("aXb/m.py")
    assert not spec.match_file("acc/m.py")


def test_warnings_are_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = project / "models.json"
    source.write_text(source.read_text().replace('"beir_avg": null', '"beir_avg": 0'))
    assert run(project)
    assert capsys.readouterr().err.startswith("warning[M212]: ")


def test_error_ends_the_build_with_the_report(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "models.json").write_bytes(BROKEN.read_bytes())
    report = failure(capsys, project)
    assert report.startswith("error[M108]: ")
    assert report.endswith("\n2 errors\n")
    assert not (project / "app").exists()


def test_hand_written_target_ends_the_build(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "app").mkdir()
    (project / "app/registry.py").write_text("by = hand\n")
    assert failure(capsys, project).startswith("error[M504]: ")


def test_missing_source_ends_the_build(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "models.json").unlink()
    path = project / "models.json"
    message = golden(f"hypiler: cannot read `{path}`: No such file or directory\n")
    assert failure(capsys, project) == message


def test_option_in_the_table_of_the_hook_ends_the_build(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be ignored without a word, since `[tool.hypiler]` is the place."""
    assert failure(capsys, project, {"output": "x.py"}) == golden("""\
error[M501]: unknown option `output` in `tool.hatch.build.hooks.hypiler`
--> pyproject.toml
 = at: $.tool.hatch.build.hooks.hypiler.output
 = help: the table stays empty; options stand in [tool.hypiler]

1 error
""")


def test_options_that_hatchling_reads_itself_are_allowed(project: Path) -> None:
    reserved = {
        "dependencies": [],
        "enable-by-default": True,
        "path": "hatch_build.py",
        "require-runtime-dependencies": False,
        "require-runtime-features": [],
    }
    assert run(project, config=reserved)
