"""The cache keys of uv, which say when uv builds a project again: `cache-keys` of `[tool.uv]`.

uv keeps what it built, and by default it only looks whether pyproject.toml has changed. The keys name the sources, the
lock and the modules as well. Of all files that they name, uv compares one number: the newest time of change. On Unix,
that is the last change of content, name or permissions (`ctime`); elsewhere, the last change of the content.

uv takes the number before it builds. In a clean checkout, it is therefore the number of the sources without a module.
When the module is removed afterwards, as by `git clean`, the number is the same again, and uv would believe that there
is nothing to do. So a build leaves a trace that a clean does not remove: pyproject.toml gets a newer time, and the
modules an even newer one.
"""

import os
import time

from hypiler.project.discovery import FILE, tool_tables
from hypiler.project.files import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue
    from hypiler.project.options import Options

_IS_UNIX = os.name == "posix"
_SIGNS = "*?[{"
# A file system that counts its times in ticks has a new one after some milliseconds.
_TICKS = 200
_TICK = 0.001


def cache_keys(options: "Options") -> "list[dict[str, Any]]":
    """The keys with which uv builds a project whenever the registry or an output has changed, as TOML has them.

    The first ones are the defaults of uv, which are replaced by what `cache-keys` says.
    """
    keys: list[dict[str, Any]] = [{"file": FILE}]
    keys += [{"file": name} for name in ("setup.py", "setup.cfg") if os.path.exists(os.path.join(options.root, name))]
    keys += [{"dir": "src"}] if any(one.output.startswith("src" + os.sep) for one in options.registries) else []
    for one in options.registries:
        keys += [{"file": _pattern(name, is_pattern=name not in one.sources)} for name in one.named]
        keys.append({"file": _pattern(one.lock)})
        others = [path for path in one.inputs_in(options.root) if path not in (*one.sources, one.lock)]
        keys += [{"file": _pattern(path)} for path in others]
    # A file that is gone has no time. Of a pattern it is not missed, so the commit must tell.
    if any(name not in one.sources for one in options.registries for name in one.named):
        keys.append({"git": {"commit": True}})
    keys += [{"file": _pattern(one.output)} for one in options.registries]
    return [key for number, key in enumerate(keys) if key not in keys[:number]]


def missing_keys(options: "Options", found: "JSONValue") -> "list[dict[str, Any]]":
    """The keys that are missing where the user has written some; patterns of theirs count for what they match."""
    written = found if isinstance(found, list) else []
    patterns = [_file(key) for key in written]
    return [key for key in cache_keys(options) if key not in written and not _covers(patterns, key)]


def write_keys(keys: "list[dict[str, Any]]") -> str:
    """The setting as TOML, one key per line."""
    return "cache-keys = [\n" + "".join([f"    {_inline(key)},\n" for key in keys]) + "]\n"


def needs_mark(options: "Options") -> bool:
    """Whether a build that begins now must leave a trace for uv; see above. False without keys.

    If a module is the newest of all files, the number is gone with the module.
    """
    try:
        watched, others = _watched(options)
    except OSError:
        return False
    newest = max(map(_changed, watched), default=0)
    return any(_changed(path) >= newest for path in others)


def mark_built(options: "Options") -> None:
    """Leave the trace after a build. The content of no file changes; a tree that is read-only is left alone."""
    kept = os.path.join(options.root, FILE)
    try:
        watched, others = _watched(options)
        if kept in others and watched:
            _renew(kept, max(map(_changed, others)))
            for path in watched:
                _renew(path, _changed(kept))
    except OSError:
        return


def _watched(options: "Options") -> tuple[set[str], set[str]]:
    """The modules that the keys name and that exist, and all other files."""
    modules = {os.path.join(options.root, one.output) for one in options.registries}
    files = {os.path.join(options.root, name) for name in _files(options.root)}
    return files & modules, files - modules


def _files(root: str) -> list[str]:
    """The files that the keys of a project name and that exist, relative to its folder."""
    from glob import glob

    uv = tool_tables(read_file(os.path.join(root, FILE))).get("uv")
    keys: JSONValue = uv.get("cache-keys") if isinstance(uv, dict) else None
    names = [*map(_file, keys)] if isinstance(keys, list) else []
    found: list[str] = []
    for name in filter(None, names):
        is_pattern = any(sign in name for sign in _SIGNS)
        found += glob(name, root_dir=root or None, recursive=True, include_hidden=True) if is_pattern else [name]
    return [name for name in map(os.path.normpath, found) if os.path.isfile(os.path.join(root, name))]


def _changed(path: str) -> int:
    """The time of a file that uv compares, in nanoseconds."""
    found = os.stat(path)
    return found.st_ctime_ns if _IS_UNIX else found.st_mtime_ns


def _renew(path: str, than: int) -> None:
    """Make the time of a file newer than another time."""
    for _ in range(_TICKS):
        if _IS_UNIX:
            # Sets what is set already, which changes nothing but the time.
            os.chmod(path, os.stat(path).st_mode & 0o7777)
        else:
            os.utime(path)
        if _changed(path) > than:
            return
        time.sleep(_TICK)


def _file(key: "JSONValue") -> str:
    """The path or pattern that a key names; empty if it names none."""
    name = key.get("file") if isinstance(key, dict) else key
    return name if isinstance(name, str) else ""


def _covers(patterns: list[str], key: "dict[str, Any]") -> bool:
    from fnmatch import fnmatchcase

    name = key.get("file", "")
    return bool(name) and any(fnmatchcase(name, form) for text in patterns for form in (text, text.replace("**/", "")))


def _pattern(path: str, *, is_pattern: bool = False) -> str:
    """A path or a pattern of ours as uv writes it, which has `{a,b}` as well."""
    signs = "{" if is_pattern else _SIGNS
    return "".join([f"[{sign}]" if sign in signs else sign for sign in path.replace(os.sep, "/")])


def _inline(key: "JSONValue") -> str:
    from json import dumps

    if isinstance(key, dict):
        return "{ " + ", ".join([f"{name} = {_inline(value)}" for name, value in key.items()]) + " }"
    # A string or a boolean of JSON is one of TOML too.
    return dumps(key, ensure_ascii=False)
