"""The stamp of a space as stores hold it: under the key `hypiler`, as JSON."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping

    Any = object

KEY = "hypiler"
"""The key of the stamp in the metadata of a store."""


def stamp_json(stamp: "Mapping[str, Any]") -> str:
    """A stamp as one line of ASCII."""
    from json import dumps

    return dumps(stamp, separators=(",", ":"))


def read_stamp(held: object) -> "Any":
    """The stamp in what a store holds; None if it holds none.

    Args:
        held: The comment, properties, metadata or file that `record["stamp"]["read"]` gives: a text, bytes, a mapping
            with the key `hypiler`, or None. A text that is not JSON is an ordinary comment, without a stamp.

    Pass the result to `hypiler.space.check`, which refuses an index without a stamp, and a stamp that is damaged.
    """
    tree = _parsed(held)
    if not _is_mapping(tree):
        return None
    for key in (KEY, KEY.encode()):
        if key in tree:
            inner = tree[key]
            found = _parsed(inner)
            if found is None:
                # Not JSON: `hypiler.space.check` says so of a text.
                return inner.decode("utf-8", "replace") if isinstance(inner, bytes) else inner
            return found
    return tree if "space_id" in tree else None


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _parsed(held: object) -> "Any":
    """What a text of JSON holds; other values as they are."""
    from json import loads

    if not isinstance(held, str | bytes | bytearray):
        return held
    try:
        return loads(held)
    except (ValueError, RecursionError):
        return None
