"""What PyInstaller must pack besides the imports that it sees: modules that are imported by name, and data files.

PyInstaller finds the folder of the hook by the entry point `hook-dirs` of the group `pyinstaller40`. Other tools that
freeze applications can be given the same lists.
"""

import os
from importlib.util import find_spec
from pkgutil import walk_packages

import hypiler
from hypiler import catalogue
from hypiler.diagnostics.pages import page_folders
from hypiler.emit import python
from hypiler.project.shipped import shipped_files

# Imported by name where an engine or the client of the hub needs them.
_LIBRARIES = ("httpx", "httpx2", "huggingface_hub", "safetensors", "scipy.sparse", "tqdm", "yaml")
# What runs only while a package is built, or while an application is frozen.
_LEFT_OUT = ("hypiler._pyinstaller", "hypiler.project.hooks")


def get_hook_dirs() -> list[str]:
    """The folder of the hook, as PyInstaller asks for it."""
    return [os.path.dirname(__file__)]


def hidden_imports() -> list[str]:
    """All modules of hypiler, and those libraries that are imported by name, as far as they are installed."""
    found = [one.name for one in walk_packages(hypiler.__path__, "hypiler.", onerror=_ignored)]
    own = [name for name in found if not name.startswith(_LEFT_OUT)]
    return [*own, *[name for name in _LIBRARIES if find_spec(name.partition(".")[0]) is not None]]


def data_files() -> list[tuple[str, str]]:
    """Each file that is read at run time, with its folder in the application.

    These are the registries that hypiler ships, the pages of the codes, the source that generated modules begin
    with, and the parts of the catalogue. In an editable installation, the first two are not inside the package.
    """
    sources, lock = shipped_files(hosted=True)
    registry = [*sources, *([lock] if isinstance(lock, str) else [])]
    pages = next(str(folder) for folder in page_folders() if folder.is_dir())
    runtime = os.path.join(os.path.dirname(str(python.__file__)), "runtime.py")
    return [
        *[(file, "hypiler/registry") for file in registry],
        *[(os.path.join(pages, name), "hypiler/diagnostics/pages") for name in sorted(os.listdir(pages))],
        (runtime, "hypiler/emit/python"),
        *_assets(),
    ]


def _assets() -> list[tuple[str, str]]:
    """The parts of the page that `hypiler docs --html` writes, with the licences of what is in them."""
    package = os.path.dirname(str(catalogue.__file__))
    found: list[tuple[str, str]] = []
    for folder, _, names in sorted(os.walk(os.path.join(package, "assets"))):
        place = os.path.relpath(folder, package).replace(os.sep, "/")
        found += [(os.path.join(folder, name), f"hypiler/catalogue/{place}") for name in sorted(names)]
    return found


def _ignored(name: str) -> None:
    """A package that cannot be imported needs a library that is not installed."""
