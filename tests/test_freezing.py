"""What PyInstaller is told to pack is complete. `tools/run_frozen.py` freezes real applications."""

import runpy
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from hypiler import _pyinstaller
from hypiler.cli.main import COMMANDS
from hypiler.emit.targets import TARGETS
from hypiler.engines.specs import SPECS
from hypiler.verification.rule_sets import all_codes

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


def test_every_module_is_packed_but_for_what_runs_while_packages_are_made() -> None:
    paths = [path.relative_to(SOURCE).with_suffix("").parts for path in (SOURCE / "hypiler").rglob("*.py")]
    names = {".".join(parts).removesuffix(".__init__") for parts in paths} - {"hypiler"}
    left = {name for name in names if name.startswith(("hypiler._pyinstaller", "hypiler.project.hooks"))}
    packed = _pyinstaller.hidden_imports()
    assert {name for name in packed if name.startswith("hypiler.")} == names - left
    assert len(packed) == len(set(packed))


def test_modules_that_are_imported_by_name_are_packed() -> None:
    """They are the reason for the hook: PyInstaller does not see such imports."""
    by_name = {spec.module for spec in SPECS} | {f"hypiler.cli.{name}" for name in COMMANDS} | {"hypiler.engines"}
    assert by_name <= set(_pyinstaller.hidden_imports())
    assert {target.emitter.partition(":")[0] for target in TARGETS.values()} <= set(_pyinstaller.hidden_imports())


def test_libraries_that_are_imported_by_name_are_packed_where_they_are_installed() -> None:
    libraries = {name for name in _pyinstaller.hidden_imports() if not name.startswith("hypiler.")}
    assert libraries >= {"huggingface_hub", "safetensors", "yaml", "tqdm"}
    for name in libraries:
        import_module(name)


def test_files_that_are_read_at_run_time_are_packed() -> None:
    files = _pyinstaller.data_files()
    packed = {f"{folder}/{Path(file).name}": Path(file) for file, folder in files}
    for name in ("models.json", "models.lock.json", "hosted.json"):
        assert packed[f"hypiler/registry/{name}"].read_bytes() == (ROOT / name).read_bytes()
    assert "hypiler/emit/python/runtime.py" in packed
    assert {f"hypiler/diagnostics/pages/{code}.md" for code in all_codes()} <= packed.keys()
    assert all(path.is_file() for path in packed.values())


def test_hook_is_found_by_its_entry_point_and_gives_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, function = project["entry-points"]["pyinstaller40"]["hook-dirs"].partition(":")
    (folder,) = getattr(import_module(module), function)()
    hooks = ModuleType("PyInstaller.utils.hooks")
    monkeypatch.setattr(
        hooks, "collect_entry_point", lambda name: ([("of", name)], ["engine_of_another"]), raising=False
    )
    monkeypatch.setattr(hooks, "copy_metadata", lambda name: [("metadata", name)], raising=False)
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    found = runpy.run_path(f"{folder}/hook-hypiler.py")
    assert found["hiddenimports"] == [*_pyinstaller.hidden_imports(), "engine_of_another"]
    assert found["datas"] == [*_pyinstaller.data_files(), ("metadata", "hypiler"), ("of", "hypiler.engines")]
