"""Checks that an editable wheel leads to the generated modules.

Backends lead to the source tree in several ways: by lists of folders, by finders with a table of packages, by a tree
of links. And a package in the tree can hide a file in the wheel. So Python itself is asked: a process of its own finds
each module where the wheel is unpacked, and runs no code of the packages around it.
"""

import json
import os
import subprocess
import sys
import tempfile
from zipfile import ZipFile

from hypiler.diagnostics.escaping import printable
from hypiler.project.files import read_file
from hypiler.project.hooks.common import end_build
from hypiler.project.hooks.wheel_check import is_importable, unreached_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.project.build import Compiled

# The arguments: a folder of installed packages, the package `editables` or nothing, and the names of modules. Python
# is asked for each package on the way to a module, and takes a module without content for the package.
_FIND = """
import json, site, sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType
place, editables, *names = sys.argv[1:]
if editables:
    spec = spec_from_file_location("editables", editables)
    sys.modules["editables"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["editables"])
site.addsitedir(place)
def find(name):
    package, dot, rest = "", "", name
    while rest:
        part, _, rest = rest.partition(".")
        package, dot = package + dot + part, "."
        try:
            spec = find_spec(package)
        except (ImportError, ValueError):
            return None
        if spec is None or not rest:
            return spec and spec.origin
        if package not in sys.modules:
            sys.modules[package] = module = ModuleType(package)
            module.__spec__ = spec
            if spec.submodule_search_locations is not None:
                module.__path__ = spec.submodule_search_locations
print(json.dumps([find(name) for name in names]))
"""


def check_editable(wheel: str, compiled: "Compiled", places: "Mapping[str, str | None]", help: str) -> None:
    """End the build, and remove the wheel, unless an editable install finds the modules under the right names.

    Args:
        wheel: The path of the editable wheel.
        compiled: What the build has written.
        places: Where a wheel that is not editable holds each module; None for a module that it cannot hold.
        help: What to do in the settings of the backend; `{}` stands for the folder of the module.
    """
    with tempfile.TemporaryDirectory() as folder:
        with ZipFile(wheel) as archive:
            archive.extractall(folder)
        names = {path: _name(place) for path, place in places.items() if place and is_importable(place)}
        origins = dict(zip(names, _origins(folder, [*names.values()]), strict=True))
        faults = {path: _fault(compiled, path, names.get(path), origins.get(path)) for path in places}
    findings = [unreached_module(path, fault, help) for path, fault in faults.items() if fault]
    if findings:
        os.unlink(wheel)
        end_build(findings)


def _name(place: str) -> str:
    return place.removesuffix(".py").replace("/", ".")


def _origins(folder: str, names: list[str]) -> list[str | None]:
    """The file of each module, where a wheel is unpacked in this folder; None where Python finds none."""
    from importlib.util import find_spec

    editables = find_spec("editables")
    command = [sys.executable, "-I", "-S", "-c", _FIND, folder, (editables and editables.origin) or "", *names]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    found: list[str | None] = json.loads(done.stdout)
    return found


def _fault(compiled: "Compiled", path: str, name: str | None, origin: str | None) -> str | None:
    """What is wrong with the file that Python finds under a name, as the end of a sentence."""
    if name is None:
        return "the editable wheel does not lead to its folder"
    shown = f"`import {printable(name)}`"
    if origin is None:
        return f"{shown} does not find it in an editable install"
    if not _is_copy(origin, os.path.join(compiled.options.root, path)):
        return f"{shown} finds another file in an editable install"
    if not os.path.exists(origin + "i"):
        return f"{shown} finds it without its stub in an editable install"
    return None


def _is_copy(origin: str, file: str) -> bool:
    return os.path.isfile(origin) and read_file(origin) == read_file(file)
