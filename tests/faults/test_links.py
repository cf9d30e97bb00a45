"""Whoever may add a link to a checkout does not see what it leads to: no file outside is read or quoted."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden
from slow import all_or

from hypiler.cli.main import main
from hypiler.project.checkout import leads_out

Command = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz"
# Everything that reads something of a project.
COMMANDS = [
    ("check",),
    ("check", "models.json"),
    ("build",),
    ("build", "--check", "--diff"),
    ("build", "models.json", "--out", "src/hatch_app", "--check", "--diff"),
    ("docs", "--check", "--diff"),
    ("schema", "--out", "models.schema.json", "--check", "--diff"),
    ("list",),
    ("show", "bge-small-en-v1.5"),
    ("compare", "bge-small-en-v1.5", "other"),
    ("verify", "--offline"),
    ("add", "org/name", "--local", "model", "--yes"),
    ("init",),
    ("diff", "models.json", "models.json"),
    ("licenses",),
    ("sbom", "--format", "cyclonedx"),
    ("adopt", "src"),
    ("import", "models.json", "--output", "drafted.json"),
    ("migrate", "models.json", "--output", "migrated.json"),
]
LINKS = [
    "models.json",
    "models.lock.json",
    "pyproject.toml",
    "hypiler.manifest.json",
    "MODELS.md",
    "models.schema.json",
    "src/hatch_app/registry.py",
    "src/hatch_app/registry.pyi",
    "model/config.json",
    "model/README.md",
    "model/model.safetensors",
]


@pytest.fixture
def secret(project: Path) -> Path:
    """A file outside of the project, which is a git repository."""
    (project / ".git").mkdir()
    (project / "model").mkdir()
    (project / "model/config.json").write_text('{"model_type": "bert", "hidden_size": 8}')
    path = project.parent / "token"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize("name", all_or(["models.json", "MODELS.md", "model/config.json"], LINKS))
def test_file_outside_is_never_quoted(
    project: Path, secret: Path, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = project / name
    path.unlink(missing_ok=True)
    path.symlink_to(secret)
    monkeypatch.chdir(project)
    for command in COMMANDS:
        # In the words of the commands, a program that reads JSON would leak as well.
        for more in ((), ("--format", "github")) if command[0] == "check" else ((),):
            code = main([*command, *more])
            shown = "".join(capfd.readouterr())
            assert SECRET[:8] not in shown, (command, shown)
            assert "Traceback" not in shown, (command, shown)
            assert code in (0, 1, 2, 3, 4)
    assert path.is_symlink()
    assert secret.read_text() == SECRET


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "models.lock.json",
            golden(
                'error[M503]: a path must stay inside the project, and "models.lock.json" leads out of it through a link'
            ),
        ),
        (
            "models.json",
            golden(
                'error[M503]: a path must stay inside the project, and "models.json" leads out of it through a link'
            ),
        ),
        (
            "pyproject.toml",
            golden("hypiler: cannot read `pyproject.toml`: it is a link that leads out of the checkout"),
        ),
    ],
)
def test_link_that_leads_out_is_named(project: Path, hypiler: Command, secret: Path, name: str, told: str) -> None:
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to(secret)
    for command in (("check",), ("build",)):
        done = hypiler(*command)
        assert done.returncode == (3 if name == "pyproject.toml" else 1)
        assert done.stderr.splitlines()[0] == told


@pytest.mark.parametrize("name", ["models.json", "models.lock.json"])
def test_file_that_is_named_on_the_command_line_is_no_way_out(
    project: Path, hypiler: Command, secret: Path, name: str
) -> None:
    """A step of CI names files that a pull request may have replaced."""
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to(secret)
    done = hypiler("check", "models.json")
    assert done.returncode == 3
    assert done.stderr == golden(f"hypiler: cannot read `{name}`: it is a link that leads out of the checkout\n")


def test_link_inside_the_checkout_is_followed(tmp_path: Path) -> None:
    for folder in ("checkout/.git", "checkout/app/registry", "checkout/shared", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("checkout/shared/models.json", "elsewhere/models.json"):
        (tmp_path / name).write_text("{}")
    links = {
        "near": "../../shared/models.json",
        "absolute": str(tmp_path / "checkout/shared/models.json"),
        "far": "../../../elsewhere/models.json",
        "chain": "far",
        "gone": "../../../nothing",
    }
    for name, target in links.items():
        (tmp_path / "checkout/app/registry" / name).symlink_to(target)
    out = {name for name in links if leads_out(str(tmp_path / "checkout/app/registry" / name))}
    assert out == {"far", "chain", "gone"}
    # The checkout itself may be reached by a link.
    (tmp_path / "link").symlink_to(tmp_path / "checkout")
    assert not leads_out(str(tmp_path / "link/app/registry/near"))
    assert not leads_out(str(tmp_path / "checkout/shared/models.json"))


def test_without_git_the_project_is_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project/app").mkdir(parents=True)
    (tmp_path / "project/pyproject.toml").touch()
    (tmp_path / "project/models.json").touch()
    (tmp_path / "project/app/models.json").symlink_to("../models.json")
    monkeypatch.chdir(tmp_path / "project/app")
    assert not leads_out("models.json")
    (tmp_path / "project/pyproject.toml").unlink()
    assert leads_out("models.json")
