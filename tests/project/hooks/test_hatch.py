"""The hook alone; tests/e2e runs it inside real builds."""

from pathlib import Path
from typing import Any

import pytest
from golden import golden
from pathspec import GitIgnoreSpec

from hypiler.project.hooks.hatch import RegistryBuildHook, hatch_register_build_hook

BROKEN = Path(__file__).parents[2] / "packages/broken-app/models.json"


def run(
    root: Path, target: str = "wheel", config: dict[str, Any] | None = None, included: dict[str, str] | None = None
) -> list[str]:
    """The patterns that the hook adds to what is packed; it adds the copies to `included`."""
    hook = RegistryBuildHook(
        str(root),
        config or {},
        None,
        None,  # type: ignore[arg-type]
        "",
        target,
    )
    data: dict[str, Any] = {"artifacts": [], "force_include": {} if included is None else included}
    hook.initialize("standard", data)
    patterns: list[str] = data["artifacts"]
    return patterns


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
    assert run(project) == ["/app/registry.py", "/app/registry.pyi"]
    assert (project / "app/registry.pyi").exists()


def test_sdist_takes_the_sources_and_generates_nothing(project: Path) -> None:
    assert run(project, "sdist") == ["/models.json"]
    assert not (project / "app").exists()


def test_sdist_takes_the_lock_and_copies_of_what_lies_above(project: Path) -> None:
    inner = project / "service"
    inner.mkdir()
    (project / ".git").mkdir()
    table = '[tool.hypiler]\nsources = ["own.json", "../models.json"]\noutput = "app/registry.py"\n'
    (inner / "pyproject.toml").write_text(table)
    text = (project / "models.json").read_text()
    (inner / "own.json").write_text(text.replace("small-encoder", "own-encoder"))
    (inner / "models.lock.json").write_text('{"version": 1, "models": {}}')
    included: dict[str, str] = {}
    assert run(inner, "sdist", included=included) == ["/own.json", "/models.lock.json"]
    assert included == {f"{inner}/../models.json": "hypiler-sources/1/models.json"}


@pytest.mark.parametrize("folder", ["a*b", "a?b", "a[b]c", "a b ", " a", "#a", "!a", "a\\b"])
def test_pattern_matches_its_path_alone(project: Path, folder: str) -> None:
    table = f"[tool.hypiler]\noutput = '{folder}/m.py'\n"
    (project / "pyproject.toml").write_text(table)
    spec = GitIgnoreSpec.from_lines(run(project))
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
