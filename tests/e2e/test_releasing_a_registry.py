"""docs/releasing-a-registry.md is true: a registry is released twice as a package, and another project stands on it."""

import sysconfig
from pathlib import Path

import acme_hub
import pytest
from console import run_page
from e2e.conftest import new_environment, packages_of
from loopback_hub import LoopbackHub
from slow import slow

pytestmark = slow

PAGE = Path(__file__).parents[2] / "docs/releasing-a-registry.md"


def test_the_page_is_true(builder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of hypiler are called in this process, which sees what the page installs."""
    python = new_environment(tmp_path / "venv")
    packages = packages_of(tmp_path / "venv")
    # What pip would install: hypiler from its wheel, then the tools.
    paths = [packages_of(builder.parents[1]), sysconfig.get_path("purelib")]
    (packages / "installed.pth").write_text("".join(f"{path}\n" for path in paths))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.syspath_prepend(packages)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    with LoopbackHub() as hub:
        acme_hub.publish(hub)
        acme_hub.use(hub, tmp_path / "cache", monkeypatch)
        assert run_page(PAGE, folder, python.parent, in_process=True) > 25
