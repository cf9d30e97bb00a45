"""What may stand where a registry is expected."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden
from slow import slow

from hypiler.cli.main import main
from hypiler.emit.header import read_header

Command = Callable[..., subprocess.CompletedProcess[str]]

CHANGED = """
import os, sys

opened = []

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith("models.json"):
        opened.append(arguments[0])
        if len(opened) > 1:
            os._exit(99)

sys.addaudithook(watch)
from hypiler.cli.main import main
code = main(["build"])
assert len(opened) == 1
sys.exit(code)
"""


def test_pipe_is_not_waited_for(project: Path, hypiler: Command) -> None:
    (project / "models.json").unlink()
    os.mkfifo(project / "models.json")
    for command in (["check"], ["build"], ["build", "--check"], ["docs"]):
        done = hypiler(*command, timeout=20)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == golden("hypiler: cannot read `models.json`: not a regular file\n")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/dev/zero", golden("not a regular file")),
        ("/dev/null", golden("not a regular file")),
        ("folder", golden("it is a folder")),
        ("loop", "Too many levels of symbolic links"),
        ("missing", "No such file or directory"),
        ("x" * 300, "File name too long"),
        ("models.json/x", "Not a directory"),
    ],
)
def test_what_is_no_file_is_one_line(project: Path, hypiler: Command, name: str, why: str) -> None:
    (project / "folder").mkdir()
    (project / "loop").symlink_to("loop")
    done = hypiler("check", name, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", golden(f"hypiler: cannot read `{name}`: {why}\n"))


def test_name_with_a_null_byte_in_pyproject_is_refused(project: Path, hypiler: Command) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace("[tool.hypiler]", '[tool.hypiler]\nsources = ["a\\u0000b"]'))
    done = hypiler("check")
    assert done.returncode == 1
    assert "error[M502]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["a\nb.json", "# coding: utf-7.json", "\x1b[31m.json", '"""\nimport os\n.json'])
def test_name_of_a_source_never_reaches_the_output(project: Path, hypiler: Command, name: str) -> None:
    (project / "models.json").rename(project / name)
    assert main(["build", name, "--out", "plain"]) == 0
    done = hypiler("build", name, "--out", "named")
    assert (done.returncode, done.stderr) == (0, "")
    (project / name).rename(project / "models.json")
    hypiler("build", "models.json", "--out", "usual")
    for file in ("model_registry.py", "model_registry.pyi"):
        assert (project / "named" / file).read_bytes() == (project / "usual" / file).read_bytes()


def test_name_that_is_no_text_is_shown_escaped(project: Path, hypiler: Command) -> None:
    name = os.fsdecode(b"models-\xff.json")
    (project / name).write_text("{")
    done = hypiler("check", name)
    assert done.returncode == 1
    assert "models-\\udcff.json:1:2" in done.stdout


def test_each_source_is_read_once(project: Path) -> None:
    """So a file that changes meanwhile is read as it was at one moment, or fails as JSON."""
    done = subprocess.run([sys.executable, "-c", CHANGED], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_link_is_read_unless_it_leads_out_of_the_project(project: Path, hypiler: Command) -> None:
    (project / "models.json").rename(project / "real.json")
    (project / "models.json").symlink_to("real.json")
    assert hypiler("build").returncode == 0
    (project / "real.json").rename(project.parent / "real.json")
    (project / "models.json").unlink()
    (project / "models.json").symlink_to("../real.json")
    done = hypiler("build")
    message = golden(
        'error[M503]: a path must stay inside the project, and "models.json" leads out of it through a link'
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, message)


@pytest.mark.parametrize("output", ["../registry.py", "/tmp/registry.py", "out/registry.py", "models.json"])
def test_output_stays_in_the_project_and_off_the_input(project: Path, hypiler: Command, output: str) -> None:
    (project / "out").symlink_to(project.parent)
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace("src/hatch_app/registry.py", output))
    before = (project / "models.json").read_bytes()
    done = hypiler("build")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[M50" in done.stderr
    assert (project / "models.json").read_bytes() == before
    assert not (project.parent / "registry.py").exists()


@slow
def test_string_of_fifty_megabytes_is_compiled(project: Path, hypiler: Command) -> None:
    text = (project / "models.json").read_text("utf-8")
    long = "x" * 50_000_000
    (project / "models.json").write_text(text.replace('"MIT"', f'"MIT", "extra": {{"long": "{long}"}}'), "utf-8")
    assert hypiler("build").returncode == 0
    code = "import registry; print(len(registry.SMALL_ENCODER.extra['long']))"
    done = subprocess.check_output([sys.executable, "-c", code], cwd=project / "src/hatch_app", text=True)
    assert done == "50000000\n"


@pytest.mark.parametrize(("change", "code"), [(("# format: 1", "# format: 0"), "M509"), (("512", "513"), "M508")])
def test_output_of_another_time_still_works_and_is_told(
    project: Path, hypiler: Command, change: tuple[str, str], code: str
) -> None:
    hypiler("build")
    module = project / "src/hatch_app/registry.py"
    text = module.read_text("utf-8")
    assert read_header(text) is not None
    module.write_text(text.replace(*change), "utf-8")
    done = hypiler("build", "--check")
    assert done.returncode == 1
    question = "import sys, registry; assert 'hypiler' not in sys.modules; print(registry.SMALL_ENCODER.id)"
    told = subprocess.check_output([sys.executable, "-S", "-c", question], cwd=module.parent, text=True)
    assert told == "small-encoder\n"
    assert f"error[{code}]" in done.stderr
