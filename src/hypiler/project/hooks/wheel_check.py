"""Checks that a built wheel holds the generated modules where `import` finds them, and that its sdist gives the same.

Backends decide by their own settings what they pack. A module that they leave out is missed only by the users of the
wheel, so what was really packed is looked at before the build ends.
"""

import os
import tarfile
from zipfile import ZipFile

from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.project.build import Compiled
from hypiler.project.files import read_file
from hypiler.project.hooks.common import end_build, modules, portable
from hypiler.project.output import same_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA = (".data/purelib/", ".data/platlib/")


def wheel_place(mapped: str, root: str) -> str:
    """The place of a module in a wheel, given the place where the settings of the backend put it.

    `src` is the root of a layout and no package, unless it has an `__init__.py`.
    """
    is_package = os.path.exists(os.path.join(root, "src", "__init__.py"))
    return mapped if is_package else mapped.removeprefix("src/")


def is_importable(place: str) -> bool:
    """Whether Python can import a module at this place in a wheel."""
    return all(part.isidentifier() for part in place.removesuffix(".py").split("/"))


def check_wheel(wheel: str, compiled: Compiled, help: str) -> None:
    """End the build, and remove the wheel, unless it holds every module and stub where Python finds them.

    Args:
        wheel: The path of the wheel.
        compiled: What the build has written.
        help: What to do in the settings of the backend; `{}` stands for the folder of the module.
    """
    with ZipFile(wheel) as archive:
        faults = [(path, _fault(archive, compiled, path)) for path in modules(compiled)]
    findings = [unreached_module(path, fault, help) for path, fault in faults if fault]
    if findings:
        os.unlink(wheel)
        end_build(findings)


def check_sdist(sdist: str, compiled: Compiled, places: "Mapping[str, str]", help: str) -> None:
    """End the build, and remove the sdist, if a wheel that is made from it would not be as it must be.

    The sdist must not hold a generated module that is out of date: hooks keep modules out of it, but where settings of
    people insist, an old version of hatchling packs them. And it must hold the packages around the modules.

    Args:
        sdist: The path of the sdist.
        compiled: What the build has found.
        places: Where the sdist would hold each module.
        help: What to do in the settings of the backend; `{}` stands for the folder of a module.
    """
    files = [path + end for path in modules(compiled) for end in ("", "i")]
    texts = {portable(path): compiled.outputs.texts[path] for path in files}
    with tarfile.open(sdist) as archive:
        data = dict(_members(archive))
    found = [path for path in data if path in texts and not same_text(data[path], texts[path].encode())]
    findings = [_finding_of_sdist(path) for path in found] + left_out_packages(set(data), compiled, places, help)
    if findings:
        os.unlink(sdist)
        end_build(findings)


def left_out_packages(names: set[str], compiled: Compiled, places: "Mapping[str, str]", help: str) -> list[Finding]:
    """What to report of an sdist with these files, if it is without the packages around the modules.

    A wheel that is made from it would hold a module that is alone in its folder, and nobody would notice. `places` and
    `help` are as above.
    """
    missing = {path: _missing_package(names, compiled, path, place, place) for path, place in places.items()}
    return [
        unreached_module(path, f"the sdist is without the package around it (`{printable(file)}`)", help)
        for path, file in missing.items()
        if file
    ]


def _members(archive: tarfile.TarFile) -> "Iterator[tuple[str, bytes]]":
    """The files of an sdist, which has one folder at the top."""
    for member in archive:
        if file := archive.extractfile(member):
            yield member.name.partition("/")[2], file.read()


def _finding_of_sdist(path: str) -> Finding:
    message = "must be up to date, since the settings of hatchling put it into the sdist; it is stale"
    return Finding("M507", f"`{printable(path)}` {message}", file=path, help="run `hypiler build`")


def unreached_module(path: str, fault: str, help: str) -> Finding:
    """The finding of a module that the users of a distribution cannot import; `fault` is the end of its sentence."""
    folder = portable(os.path.dirname(path)) or "."
    message = f"`{printable(portable(path))}` must be in the wheel where Python finds it; {fault}"
    return Finding("M510", message, file=path, help=help.format(f"`{printable(folder)}`"))


def _fault(archive: ZipFile, compiled: Compiled, path: str) -> str | None:
    """What is wrong with how a module is packed, as the end of a sentence."""
    places = _places(archive, read_file(os.path.join(compiled.options.root, path)), ".py")
    if not places:
        return "the wheel does not hold it"
    faults = [_fault_of_place(archive, compiled, path, place) for place in places]
    return None if None in faults else faults[0]


def _places(archive: ZipFile, data: bytes, suffix: str) -> list[str]:
    """Where a wheel holds a file with this content."""
    same = [one.filename for one in archive.infolist() if one.file_size == len(data) and one.filename.endswith(suffix)]
    return [name for name in same if archive.read(name) == data]


def _fault_of_place(archive: ZipFile, compiled: Compiled, path: str, place: str) -> str | None:
    root, names = compiled.options.root, set(archive.namelist())
    shown = f"`{printable(place)}`"
    imported = _without_data(place)
    if not is_importable(imported):
        return f"it is packed as {shown}, which is no path of a module"
    if wheel_place(imported, root) != imported:
        return f"it is packed as {shown}, and `src` is not a package"
    stub = place + "i"
    if stub not in names or archive.read(stub) != read_file(os.path.join(root, path + "i")):
        return f"it is packed as {shown} without its stub"
    missing = _missing_package(names, compiled, path, imported, place)
    if missing:
        return f"it is packed as {shown} without the package around it (`{printable(missing)}`)"
    return None


def _without_data(place: str) -> str:
    for folder in _DATA:
        _, found, rest = place.partition(folder)
        if found:
            return rest
    return place


def _missing_package(names: set[str], compiled: Compiled, path: str, imported: str, place: str) -> str | None:
    """A file of the packages around a module that the wheel does not hold beside it, or None.

    An `__init__.py` must be there. A folder without one is a namespace: then one of its modules must be there, unless
    the settings have put the module into a package of another name.
    """
    inside = place[: len(place) - len(imported)]
    folder, packed = os.path.dirname(path), os.path.dirname(imported)
    while folder and packed:
        beside = _modules_in(compiled, folder)
        if "__init__.py" in beside:
            beside = ["__init__.py"]
        elif folder != os.path.dirname(path) or os.path.basename(folder) != os.path.basename(packed):
            beside = []
        if beside and not any(f"{inside}{packed}/{name}" in names for name in beside):
            return portable(os.path.join(folder, beside[0]))
        folder, packed = os.path.dirname(folder), os.path.dirname(packed)
    return None


def _modules_in(compiled: Compiled, folder: str) -> list[str]:
    """The Python files in a folder of the project that people wrote."""
    generated = {os.path.basename(path) for path in modules(compiled) if os.path.dirname(path) == folder}
    place = os.path.join(compiled.options.root, folder)
    found = os.listdir(place) if os.path.isdir(place) else []  # only the build of a wheel makes the folder
    return sorted([name for name in found if name.endswith(".py") and name not in generated])
