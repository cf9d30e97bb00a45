"""Checks that file names of a repository are safe, by the rules of POSIX and of Windows on every system."""

import re

from hypiler.diagnostics.escaping import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath
    from typing import TypeVar

    AnyPath = TypeVar("AnyPath", bound=PurePath)

_MAX_CHARACTERS = 1024
_MAX_PART_BYTES = 255
# Not compiled here: a check of a registry imports this module, and most names need no pattern.
_COMMIT = r"[0-9a-f]{40}"
_FORBIDDEN = '<>:"|?*'
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"))
_PORTS = frozenset([f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789¹²³"])


def safe_name(name: str) -> str | None:
    """The reason why the name of a file in a repository is not safe; None if it is safe."""
    if len(name) > _MAX_CHARACTERS:
        return f"it has {len(name)} characters; at most {_MAX_CHARACTERS} are allowed"
    if not name.isprintable():
        return "it contains an unprintable character"
    if "\\" in name:
        return "it contains a backslash, which separates folders on Windows"
    if reason := _forbidden(name):
        return reason
    if "%" in name and (escaped := re.search(_ESCAPED, name)):
        return f"it contains `{escaped[0]}`, an escaped character"
    if name.startswith("/"):
        return "it is absolute"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return f"it has the part `{part}`" if part else "it has an empty part"
        if reason := _unsafe_part(part):
            return reason
    return None


def windows_obstacle(path: str) -> str | None:
    """The reason why there cannot be a file at a path, with `/`, on Windows; None if there can be one."""
    reasons = (_unsafe_part(part) for part in path.split("/") if part.strip("."))
    return _forbidden(path) or next(filter(None, reasons), None)


def _forbidden(name: str) -> str | None:
    found = [character for character in name if character in _FORBIDDEN]
    return f"it contains `{found[0]}`, which names a drive or is not allowed on Windows" if found else None


def _unsafe_part(part: str) -> str | None:
    if part[-1] in ". ":
        return f"it has a part that ends with `{part[-1]}`, which Windows drops"
    device = part.partition(".")[0].rstrip(" ").upper()
    if device in _DEVICES or device in _PORTS:
        return f"{quote_name(part)} is a device on Windows"
    if len(part.encode()) > _MAX_PART_BYTES:
        return f"it has a part of {len(part.encode())} bytes; at most {_MAX_PART_BYTES} are allowed"
    return None


def unsafe_names(names: "Iterable[str]") -> dict[str, str]:
    """The names of a repository that are not safe, by themselves or next to the others, each with the reason."""
    from bisect import bisect_left  # imported here: reading a lock does not need it

    reasons: dict[str, str] = {}
    kept: dict[str, str] = {}
    for name in sorted(names):
        reason = safe_name(name)
        if reason is None and (other := kept.setdefault(name.casefold(), name)) != name:
            reason = f"it differs from {quote_name(other)} only in case"
        if reason is not None:
            reasons[name] = reason
    ordered = sorted(kept)
    for folded, name in kept.items():
        folder = folded + "/"
        after = bisect_left(ordered, folder)
        if after < len(ordered) and ordered[after].startswith(folder):
            reasons[name] = "there is a folder of this name"
    return reasons


def blob_folders(folder: "AnyPath") -> "list[AnyPath]":
    """Where links may lead if a folder is a snapshot in the cache of huggingface_hub; empty if it is none."""
    store = folder.parent.parent
    if (
        not re.fullmatch(_COMMIT, folder.name)
        or folder.parent.name != "snapshots"
        or not store.name.startswith("models--")
    ):
        return []
    # Several repositories share the second folder.
    return [store / "blobs", store.parent / "blobs"]
