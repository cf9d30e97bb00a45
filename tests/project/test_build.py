"""Reading sources and compiling a project."""

import os
from pathlib import Path

import pytest
from golden import golden
from slow import slow

from hypiler.jsontext.reader import MAX_BYTES
from hypiler.project.build import build_project, compile_files, compile_project
from hypiler.project.options import Options, RegistryOptions, read_options


def options(root: Path) -> Options:
    return Options(str(root), [RegistryOptions(["models.json"], "models.lock.json", {"module": "app/registry.py"})])


def test_module_and_stub_are_written_below_the_root(models: Path) -> None:
    (registry,), made = build_project(options(models.parent))
    assert [finding.code for finding in registry.findings] == ["M221"]  # it names files and no revision
    assert made == {"app/registry.py": ["app/registry.py", "app/registry.pyi"]}
    assert sorted(os.listdir("app")) == ["registry.py", "registry.pyi"]


def test_nothing_is_written_when_a_project_is_only_compiled(models: Path) -> None:
    compiled = compile_project(options(models.parent))
    assert (compiled.has_errors, compiled.files) == (
        False,
        {"app/registry.py": ["app/registry.py", "app/registry.pyi"]},
    )
    assert os.listdir() == ["models.json"]


def test_files_that_a_build_would_change_are_told(project: Path) -> None:
    text = '[tool.hypiler]\noutput = "app/registry.py"\ntargets = ["docs", "schema"]\n'
    (project / "pyproject.toml").write_text(text)
    found = read_options(str(project))
    assert compile_project(found).outdated() == []
    build_project(found)
    assert compile_project(found).outdated() == []
    Path("MODELS.md").write_bytes(Path("MODELS.md").read_bytes().replace(b"\n", b"\r\n"))
    assert compile_project(found).outdated() == []
    Path("models.json").write_text(Path("models.json").read_text().replace('_dim": 384', '_dim": 512'))
    assert compile_project(found).outdated() == ["app/registry.py", "app/registry.pyi", "MODELS.md"]
    Path("models.schema.json").write_text("{}")
    assert compile_project(found).outdated()[3:] == ["models.schema.json"]


def test_nothing_is_written_when_there_is_an_error(models: Path) -> None:
    models.write_text("{}")
    (registry,), made = build_project(options(models.parent))
    assert (registry.ok, made) == (False, {})
    assert os.listdir() == ["models.json"]


def test_findings_name_the_file_as_it_was_given(models: Path) -> None:
    models.write_text("{")
    (finding,) = compile_files(["models.json"], str(models.parent)).findings
    assert finding.file == "models.json"


def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError) as caught:
        compile_files([str(path)])
    assert str(caught.value) == golden(f"cannot read `{path}`: not a regular file")


def test_device_is_refused_and_not_read_for_ever() -> None:
    with pytest.raises(OSError) as caught:
        compile_files(["/dev/zero"])
    assert str(caught.value) == golden("cannot read `/dev/zero`: not a regular file")


def test_link_to_itself_is_an_error_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    with pytest.raises(OSError) as caught:
        compile_files([str(path)])
    why = golden("Too many levels of symbolic links")
    assert str(caught.value) == golden(f"cannot read `{path}`: {why}")


def test_unreadable_file_is_an_error_of_the_environment(as_nobody: Path) -> None:
    path = as_nobody / "models.json"
    path.touch(0o000)
    with pytest.raises(PermissionError) as caught:
        compile_files([str(path)])
    assert str(caught.value) == golden(f"cannot read `{path}`: Permission denied")


def test_name_in_an_error_is_escaped(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        compile_files([f"{tmp_path}/a\nb\x1b[31m"])
    why = golden("No such file or directory")
    assert str(caught.value) == golden(f"cannot read `{tmp_path}/a\\nb\\x1b[31m`: {why}")


@slow
def test_file_over_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    """This one is larger than any memory, and takes no room on the disk."""
    path = tmp_path / "models.json"
    with path.open("wb") as file:
        file.truncate(1 << 43)
    (finding,) = compile_files([str(path)]).findings
    limit = MAX_BYTES
    message = golden(f"the file must have at most {limit} bytes (256 MiB); found more")
    assert (finding.code, finding.message) == ("M009", message)


def test_registry_that_breaks_the_policy_of_its_project_is_not_built(project: Path) -> None:
    """In builds and hooks alike. Findings about exceptions stand in pyproject.toml, whatever the folder is."""
    text = (
        '[tool.hypiler]\noutput = "app/registry.py"\n[tool.hypiler.policy]\norganizations = ["Nobody"]\n'
        'exceptions = [{ model = "nothing", rule = "pins", reason = "r" }]\n'
    )
    (project / "pyproject.toml").write_text(text)
    compiled = compile_project(read_options(str(project)))
    (registry,) = compiled.registries
    assert {(one.code, one.file) for one in registry.findings if one.code[:3] in ("M26", "M51")} == {
        ("M267", "models.json"),
        ("M519", str(project / "pyproject.toml")),
    }
    assert (compiled.has_errors, compiled.files) == (True, {})


def test_change_of_the_policy_makes_the_module_stale(project: Path) -> None:
    text = '[tool.hypiler]\noutput = "app/registry.py"\n'
    (project / "pyproject.toml").write_text(text)
    build_project(read_options(str(project)))
    for rules in ("remote_code = false", "remote_code = false\npickle = false"):
        (project / "pyproject.toml").write_text(f"{text}[tool.hypiler.policy]\n{rules}\n")
        found = read_options(str(project))
        assert compile_project(found).outdated() == ["app/registry.py", "app/registry.pyi"]
        build_project(found)
        assert compile_project(found).outdated() == []
