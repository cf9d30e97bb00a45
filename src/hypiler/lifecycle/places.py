"""Where the changes between two registries stand: in the new files, or in the old ones if the value is gone."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypiler.compiler.checked import CheckedRegistry, Entry
    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.reader import Source
    from hypiler.lifecycle.changes import Change


def locate(
    changes: "Sequence[Change]", old: "CheckedRegistry", new: "CheckedRegistry", renamed: "Mapping[str, str]"
) -> None:
    """Set file, line and column of each change.

    `renamed` is the id in the new registry of each model of the old one that is still there. What a file does not state
    is placed at the nearest object around it.
    """
    entries = _by_id(old), _by_id(new)
    wanted: dict[int, tuple[Source, list[tuple[Change, Path]]]] = {}
    for change in changes:
        source, path = _place(change, *entries, new, renamed)
        if source is not None:
            wanted.setdefault(id(source), (source, []))[1].append((change, path))
    for source, own in wanted.values():
        _locate(source, own)


def _by_id(registry: "CheckedRegistry") -> "dict[str, Entry]":
    return {entry.id: entry for entry in registry.entries}


def _place(
    change: "Change",
    before: "dict[str, Entry]",
    after: "dict[str, Entry]",
    new: "CheckedRegistry",
    renamed: "Mapping[str, str]",
) -> "tuple[Source | None, Path]":
    keys = tuple(change.path.split(".")) if change.path else ()
    if change.model is None:
        return (new.sources[0] if new.sources else None), keys
    entry = after.get(renamed.get(change.model, change.model))
    if entry is None or (change.is_of_model and change.new is None):
        entry = before.get(change.model)
    # In a registry that stands on layers, another file can state the fact.
    return (None, ()) if entry is None else entry.place(keys)


def _locate(source: "Source", changes: "Sequence[tuple[Change, Path]]") -> None:
    # Each path with those of the objects around it: a path may not exist.
    around = [[path[:length] for length in range(len(path), -1, -1)] for _, path in changes]
    spans = source.spans({path for paths in around for path in paths})
    for (change, _), paths in zip(changes, around, strict=True):
        span = next(spans[path] for path in paths if path in spans)
        change.file = source.name
        change.line, change.column = source.lines.place(span[2])
