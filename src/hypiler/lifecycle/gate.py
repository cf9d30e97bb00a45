"""What of a difference must not pass unseen: classes that a project names, and registries that shrink by accident."""

from hypiler.lifecycle.changes import BREAKS_API, BREAKS_VECTORS, CLASSES, LICENCE_TIGHTENED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from hypiler.lifecycle.changes import Change, Difference

FAIL_ON = (BREAKS_VECTORS, BREAKS_API, LICENCE_TIGHTENED)
"""The classes that fail unless others are named."""
ALL = "all"
NONE = "none"


class Gate:
    """What fails.

    Attributes:
        classes: The classes of changes that fail.
        allowed: The ids of models that may be removed; "all" stands for every model.
    """

    __slots__ = ("allowed", "classes")

    def __init__(self, classes: "Collection[str]" = FAIL_ON, allowed: "Collection[str]" = ()) -> None:
        self.classes: frozenset[str] = frozenset(classes)
        self.allowed: frozenset[str] = frozenset(allowed)

    def hits(self, difference: "Difference") -> "list[Change]":
        """The changes that fail."""
        # A type that no model has any more goes with the removed models.
        without_types = bool(difference.removed) and all(map(self._allows, difference.removed))
        return [
            one
            for one in difference
            if self.classes.intersection(one.kinds)
            and not self._is_allowed(one)
            and not (without_types and one.model is None and one.path == "type")
        ]

    def shrinks(self, difference: "Difference") -> str | None:
        """What is said of a registry that lost models by accident, whatever classes fail; None for any other one."""
        lost = [id for id in difference.removed if not self._allows(id)]
        emptied = difference.emptied and ALL not in self.allowed and (lost or not difference.removed)
        if len(lost) < 2 and not emptied:
            return None
        shown = ", ".join([f"`{id}`" for id in lost[:8]]) + (f" and {len(lost) - 8} more" if len(lost) > 8 else "")
        what = f"{shown} are gone without having been deprecated" if len(lost) > 1 else "no model is left"
        return f"{what}: if this is no accident of a merge, name each with --allow-removal, or `all`"

    def _is_allowed(self, change: "Change") -> bool:
        return change.is_of_model and change.new is None and self._allows(str(change.model))

    def _allows(self, id: str) -> bool:
        return ALL in self.allowed or id in self.allowed


def read_classes(text: str) -> "list[str]":
    """The classes in a list such as `breaks-vectors,breaks-api`; none for `none`.

    Raises ValueError for a word that is no class, with a suggestion.
    """
    words = [word.strip() for word in text.split(",")]
    if words == [NONE]:
        return []
    for word in words:
        if word not in CLASSES:
            from hypiler.diagnostics.escaping import did_you_mean, quote_name

            hint = did_you_mean(word, [*CLASSES]) or f"choose of {', '.join(CLASSES)}, or `{NONE}`"
            raise ValueError(f"no class of changes is called {quote_name(word)}; {hint}")
    return words
