"""How a field's value is compared with what a model's files say.

Most compare a value with the value that files show. `FileNamed` and `Checksums` compare it with the list of files in
the repository.
"""

import re
from functools import lru_cache

from hypiler.schema.parameter_counts import parameters_agree, parameters_range, parameters_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Comparison:
    """Compares the registry's value of a fact with the value that the model's files show.

    `ours` is the value in the registry, `theirs` the value that the files show.
    """

    def agrees(self, ours: "Any", theirs: "Any") -> bool | None:
        """Whether the two values agree; None if files cannot confirm or refute `ours`."""
        return type(ours) is type(theirs) and bool(ours == theirs)

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        """The value that models.json should state instead of `ours`, which is None if it states nothing yet."""
        return theirs

    def is_evidence(self, value: object) -> bool | None:
        """Whether `value` is one that files can show; None to use the check of the field's type."""
        return None

    def parts(self, ours: "Any", theirs: "Any") -> "tuple[list[Any], list[Any]]":
        """What `ours` is missing, and what it has too many, if both are lists of plain values or mappings.

        Both are empty if the values have no such parts, as numbers and lists of records.
        """
        own, other = _plain_parts(ours), _plain_parts(theirs)
        if own is None or other is None:
            return [], []
        return [one for one in other if one not in own], [one for one in own if one not in other]

    @property
    def demand(self) -> str:
        """What a value must be so that it agrees, before the value that the files show."""
        return "be what the model's files say"


def _plain_parts(value: "Any") -> "list[Any] | None":
    """The items of a list of plain values, or the keys of a mapping; None for any other value."""
    parts: list[Any] | None = [*value] if isinstance(value, (list, dict)) else None
    return parts if parts is None or all(isinstance(one, str | int) for one in parts) else None


class SameSet(Comparison):
    """Lists in any order."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return set(ours) == set(theirs)


class Inputs(SameSet):
    """Kinds of input. A network that reads images may read the frames of videos, without a setting that says so."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        frames = {"video"} if "image" in theirs else set[str]()
        return set(ours) - frames == set(theirs) - frames

    def parts(self, ours: "Any", theirs: "Any") -> "tuple[list[Any], list[Any]]":
        missing, extra = super().parts(ours, theirs)
        return missing, [word for word in extra if word != "video" or "image" not in theirs]


class AtLeast(Comparison):
    """Lists of words, of which the files show at least some. More may be published elsewhere.

    `words` gives the order of the words.
    """

    def __init__(self, *words: str) -> None:
        self.words = words

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return set(ours) >= set(theirs)

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        return [word for word in self.words if word in (ours or ()) or word in theirs]

    def parts(self, ours: "Any", theirs: "Any") -> "tuple[list[Any], list[Any]]":
        return super().parts(ours, theirs)[0], []

    @property
    def demand(self) -> str:
        return "contain at least what the model's files show"


class AnyCase(Comparison):
    """Text whose case does not matter."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return str(ours).casefold() == str(theirs).casefold()


class AnyBlanks(Comparison):
    """Text whose blanks at both ends do not matter: PyLate writes the marker `[Q]` as `[Q] `."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return str(ours).strip() == str(theirs).strip()


class TaskNamed(Comparison):
    """The name of a task. Files show the names of all tasks.

    `usual` are the names that this side has by default, the preferred one first.
    """

    def __init__(self, *usual: str) -> None:
        self.usual = usual

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return ours in theirs

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        return next((name for name in self.usual if name in theirs), None)

    def is_evidence(self, value: object) -> bool:
        names: list[Any] = [*value] if isinstance(value, list | tuple) else []
        return all(isinstance(name, str) for name in names) and any(name in names for name in self.usual)

    @property
    def demand(self) -> str:
        return "be one of the tasks that the model's files name"


class LongestInput(Comparison):
    """The longest input that authors state. The files of a model set limits, which the authors may not have meant.

    Another limit in the files is no difference. Only a number of tokens for which there are no positions is wrong.
    """

    positions = "specs.max_position_embeddings"
    """The path of the fact with the size of the position table."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool | None:
        return True if ours == theirs else None

    def most(self, facts: "Mapping[str, Any]") -> int | None:
        """The most tokens for which the network has positions, given what files show; None if that is unknown.

        Code from a repository may compute positions in a network that usually has a table.
        """
        from hypiler.schema.architectures import has_position_table, reserved_positions

        shown = [facts.get(path) for path in (self.positions, "architecture.type", "dependencies.remote_code")]
        size, family, code = [None if fact is None else fact.value for fact in shown]
        if not isinstance(size, int) or not isinstance(family, str) or code or not has_position_table(family):
            return None
        return size - reserved_positions(family)

    @property
    def demand(self) -> str:
        return "be at most what the network has positions for"


class ParameterCount(Comparison):
    """A rounded count such as `22.7M`. Files show the exact number, or the least and the most that it can be.

    Both are known from the size of the weights and a type of numbers that their configuration names. The file may
    have another type, so a count that fits twice or half as many bytes per number is neither confirmed nor refuted.
    """

    def agrees(self, ours: "Any", theirs: "Any") -> bool | None:
        counts = _counts(theirs)
        if all(parameters_agree(ours, count) for count in counts):
            return True
        least, most = parameters_range(ours)
        overlap = any(counts[0] * factor < most and least <= counts[-1] * factor for factor in (0.5, 1, 2))
        return None if len(counts) > 1 and overlap else False

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        return parameters_text(_counts(theirs)[-1])

    def is_evidence(self, value: object) -> bool:
        return _are_counts(value)


class ExactCount(Comparison):
    """An exact number of parameters. Files show one number, or two: without and with buffers of integers."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return ours in _counts(theirs)

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        return _counts(theirs)[0]

    def is_evidence(self, value: object) -> bool:
        return _are_counts(value)


def _counts(value: "Any") -> "list[Any]":
    """One count or two as a list."""
    found: list[Any] = [*value] if isinstance(value, list | tuple) else [value]
    return found


def _are_counts(value: object) -> bool:
    counts = _counts(value)
    return 0 < len(counts) <= 2 and all(type(one) is int and one > 0 for one in counts)


class SameEncoder(Comparison):
    """Types of models, equal if they are the same type of encoder. A type that is no encoder cannot be compared."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool | None:
        from hypiler.schema.encoder_types import ENCODER_TYPES

        return ENCODER_TYPES[ours] == ENCODER_TYPES[theirs] if ours in ENCODER_TYPES else None


class SameLayers(Comparison):
    """Dense layers of the same widths. Activations are compared where both sides state one."""

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        return len(ours) == len(theirs) and all(
            (one["in_features"], one["out_features"]) == (other["in_features"], other["out_features"])
            and one.get("activation", other.get("activation")) == other.get("activation", one.get("activation"))
            for one, other in zip(ours, theirs, strict=True)
        )

    def corrected(self, ours: "Any", theirs: "Any") -> "Any":
        if ours is None or len(ours) != len(theirs):
            return theirs
        # Keep an activation that the files do not show.
        return [one | other for one, other in zip(ours, theirs, strict=True)]


class FileNamed(Comparison):
    """The name of a file, which must exist, and must match `pattern` without its folders.

    A model may have several tokenizers and weights. If the file is the `only` one of its kind, such as the
    configuration of the network, its name must be the one that the files show.
    """

    def __init__(self, pattern: str, *, only: bool = False) -> None:
        self.pattern = pattern
        self.only = only

    def agrees(self, ours: "Any", theirs: "Any") -> bool:
        """Whether `ours` is acceptable as a name; `theirs` is None if the files show no name."""
        if self.only and theirs is not None:
            return bool(ours == theirs)
        return _is_name(self.pattern, ours.rpartition("/")[2])


@lru_cache(1024)
def _is_name(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, name) is not None


class Checksums(Comparison):
    """Files by name with their sha256. The files must exist and have these checksums."""

    partly = True
    """Whether some of the files prove something without the others."""

    def files(self, value: "Any") -> "Mapping[str, str | None]":
        """The files that a value names, each with its sha256 or None. In another repository: `org/name:file`."""
        found: Mapping[str, str | None] = value
        return found

    def repositories(self, value: "Any") -> "list[str]":
        """The other repositories that a value names."""
        return []


class VariantFiles(Checksums):
    """The weights of variants, in the model's own repository or in another one."""

    partly = False

    def files(self, value: "Any") -> "Mapping[str, str | None]":
        return {
            f"{one['huggingface_id']}:{one['file']}" if "huggingface_id" in one else one["file"]: one.get("sha256")
            for one in value
            if "file" in one
        }

    def repositories(self, value: "Any") -> "list[str]":
        return [one["huggingface_id"] for one in value if "huggingface_id" in one]


EQUAL = Comparison()
