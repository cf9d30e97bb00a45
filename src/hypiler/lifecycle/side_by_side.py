"""Models side by side: their facts in rows, how each fact is known, and whether their vectors share a space."""

from hypiler.emit.fact_lines import is_unknown, score_over, value_text
from hypiler.schema.coverage import facts_of
from hypiler.schema.fields import FIELDS
from hypiler.schema.records import to_json
from hypiler.schema.requirements import USUAL, Requirements
from hypiler.schema.types import MapOf, Records
from hypiler.space import compare
from hypiler.stamps.outputs import output_name, outputs_of
from hypiler.stamps.stamp import stamp_of
from hypiler.stamps.stored import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hypiler.schema.field import Field
    from hypiler.schema.model import Model
    from hypiler.space import Difference

SAME = "same"
"""Every model states the same value."""
DIFFERS = "differs"
"""Every model states a value, and they are not all equal."""
PARTLY = "partly"
"""Not every model states a value."""
APART = "incomparable"
"""Scores over different data sets, or over unknown ones."""
PROSE = "prose"
"""Texts for people, which state no facts."""
STATES = (SAME, DIFFERS, PARTLY, APART, PROSE)
"""All words for how the values of a row compare."""

UNDECIDED = "undecided"
NO_VECTORS = "none"
OUTCOMES = ("same", "different", UNDECIDED, NO_VECTORS)
"""All words for how the vector spaces of two models compare. `none` is said of rerankers, which make no vectors."""

_RERANKER = "reranker"
# Facts whose values are digests, which say nothing to people.
_DIGESTS = ("weights", "tokenizer")


class FactRow:
    """One fact of several models.

    Attributes:
        path: The path of the field.
        key: Which part of the field the row is about, such as a key of a mapping; empty for the whole field.
        label: What people call the fact.
        values: The value of each model as JSON; None if the model does not state it.
        texts: The same as people read them; empty texts for None.
        evidence: How each value is known, as `hypiler.schema.coverage.WORDS`; empty for identities and for None.
        state: One of `STATES`.
    """

    __slots__ = ("evidence", "key", "label", "path", "state", "texts", "values")

    def __init__(self, field: "Field", key: str, label: str, values: "list[Any]", texts: "list[str]") -> None:
        self.path: str = field.name
        self.key: str = key
        self.label: str = label
        self.values: list[Any] = values
        self.texts: list[str] = texts
        self.evidence: list[str] = [""] * len(values)
        self.state: str = _state(values)


class SpaceVerdict:
    """Whether the vectors of two models can be searched together.

    Attributes:
        models: The ids of both models.
        outputs: The outputs that were compared; None for a model without `outputs`.
        outcome: One of `OUTCOMES`.
        sentence: The same in words.
        facts: What differs, each as (name, value of the first model, value of the second model).
    """

    __slots__ = ("facts", "models", "outcome", "outputs", "sentence")

    def __init__(
        self,
        models: "tuple[str, str]",
        outputs: "tuple[str | None, str | None]",
        outcome: str,
        sentence: str,
        facts: "Sequence[Difference]" = (),
    ) -> None:
        self.models: tuple[str, str] = models
        self.outputs: tuple[str | None, str | None] = outputs
        self.outcome: str = outcome
        self.sentence: str = sentence
        self.facts: tuple[Difference, ...] = tuple(facts)


def fact_rows(models: "Sequence[Model]", required: Requirements = USUAL) -> list[FactRow]:
    """The facts that at least one of the models states, in the order of the schema."""
    known = [facts_of(model) for model in models]
    rows: list[FactRow] = []
    for field in FIELDS:
        if field.attribute == "id" or field.apart:
            continue
        values = [_stated(field, model, required) for model in models]
        own = _rows(field, values, models)
        for row in own:
            for index, value in enumerate(row.values):
                row.evidence[index] = "" if value is None else known[index].get(field.name, "")
        rows += own
    return rows


def _stated(field: "Field", model: "Model", required: Requirements) -> "Any":
    value = getattr(model, field.attribute)
    return None if is_unknown(field, value, required.needs(field, model)) else value


def _rows(field: "Field", values: "list[Any]", models: "Sequence[Model]") -> list[FactRow]:
    if all(value is None for value in values):
        return []
    if isinstance(field.type, MapOf):
        return _rows_of_maps(field, values)
    if isinstance(field.type, Records):
        is_score = "source" in field.type.fields
        return _rows_of_scores(field, values) if is_score else _rows_of_records(field, field.type, values)
    row = FactRow(field, "", field.attribute, [to_json(value) for value in values], _texts(field, values))
    if field.prose:
        row.state = PROSE
    elif field.attribute == "beir_avg":
        sets = [model.beir_datasets for model in models]
        row.texts = [score_over(text, over) if text else "" for text, over in zip(row.texts, sets, strict=True)]
        over = {name for name, value in zip(sets, values, strict=True) if value is not None}
        if row.state in (SAME, DIFFERS) and (len(over) > 1 or None in over):
            row.state = APART
    return [row]


def _texts(field: "Field", values: "list[Any]", key: str = "") -> list[str]:
    return ["" if value is None else value_text(field, value, key) for value in values]


def _rows_of_maps(field: "Field", values: "list[Any]") -> list[FactRow]:
    """One row per key of a mapping."""
    keys = dict.fromkeys([key for value in values if value is not None for key in value])
    rows: list[FactRow] = []
    for key in keys:
        own = [None if value is None else value.get(key) for value in values]
        label = f"{field.attribute}.{key}"
        rows.append(FactRow(field, key, label, [to_json(value) for value in own], _texts(field, own, key)))
    return rows


def _rows_of_records(field: "Field", field_type: Records, values: "list[Any]") -> list[FactRow]:
    """One row per record. Records of different models with the same id or name stand in one row."""
    name = next((key for key in ("id", "name") if key in field_type.fields), "")
    named: list[dict[str, Any]] = [
        {str(getattr(record, name) if name else number): record for number, record in enumerate(value or (), 1)}
        for value in values
    ]
    rows: list[FactRow] = []
    for key in dict.fromkeys([key for records in named for key in records]):
        own = [records.get(key) for records in named]
        label = f"{field.attribute}.{key}"
        rows.append(FactRow(field, key, label, [to_json(record) for record in own], _texts(field, own, key)))
    return rows


def _rows_of_scores(field: "Field", values: "list[Any]") -> list[FactRow]:
    """One row per benchmark, metric and data sets. Scores over different data sets are never in one row."""
    groups: dict[Any, list[list[Any]]] = {}
    for index, value in enumerate(values):
        for one in value or ():
            kind = (one.benchmark, one.metric, one.datasets)
            groups.setdefault(kind, [[] for _ in values])[index].append(one)
    rows: list[FactRow] = []
    for (benchmark, metric, datasets), own in groups.items():
        over = f"over {', '.join(datasets)}" if datasets else "data sets not stated"
        key = f"{benchmark} {metric}, {over}"
        found = [[one.value for one in ones] or None for ones in own]
        texts = [", ".join([f"{v:g}" for v in ones]) if ones else "" for ones in found]
        scores: list[Any] = [ones[0] if ones and len(ones) == 1 else ones for ones in found]
        row = FactRow(field, key, key, scores, texts)
        if row.state in (SAME, DIFFERS) and not datasets:
            row.state = APART
        rows.append(row)
    return rows


def _state(values: "list[Any]") -> str:
    if any(value is None for value in values):
        return PARTLY
    first, *others = values
    return SAME if all(type(value) is type(first) and value == first for value in others) else DIFFERS


# ---- vector spaces ----


class _Stamped:
    """A model as `hypiler.space` compares a config."""

    def __init__(self, stamp: "dict[str, Any]") -> None:
        self.stamped = stamp

    def space(self) -> "dict[str, Any]":
        return self.stamped


def space_verdicts(models: "Sequence[Model]") -> list[SpaceVerdict]:
    """The verdict about each two of the models: about their default outputs, and about other outputs of one name."""
    return [
        _verdict(one, other, *outputs)
        for index, one in enumerate(models)
        for other in models[index + 1 :]
        for outputs in _pairs(one, other)
    ]


def _pairs(one: "Model", other: "Model") -> "list[tuple[str | None, str | None]]":
    """The outputs to compare."""
    default = (output_name(one), output_name(other))
    names = [{output.name for output in outputs_of(model)} for model in (one, other)]
    return [default, *[(name, name) for name in sorted(names[0] & names[1]) if (name, name) != default]]


def _verdict(one: "Model", other: "Model", output: "str | None", of_other: "str | None") -> SpaceVerdict:
    mine, theirs = stamp_of(one, output=output), stamp_of(other, output=of_other)
    ids, outputs = (one.id, other.id), (output, of_other)
    names = [f"`{id}`" + (f" ({name})" if name else "") for id, name in zip(ids, outputs, strict=True)]
    rerankers = [n for n, stamp in zip(names, (mine, theirs), strict=True) if stamp["document"]["encoder"] == _RERANKER]
    if rerankers:
        verb = "is a reranker, which makes" if len(rerankers) == 1 else "are rerankers, which make"
        return SpaceVerdict(ids, outputs, NO_VECTORS, f"{' and '.join(rerankers)} {verb} no vectors")
    found = compare(mine, _Stamped(theirs))
    both = " and ".join(names)
    reasons = _reasons([fact for fact in found.facts if None not in fact[1:]])
    if found.outcome == "same":
        return SpaceVerdict(ids, outputs, "same", f"{both} share one vector space", found.facts)
    if found.outcome == "different" and found.side == "query":
        sentence = f"{both} encode queries differently: {reasons}"
    elif found.outcome == "different":
        sentence = f"{both} have different vector spaces, by registry and lock: {reasons}"
    else:
        sentence = f"whether {both} share a vector space is undecided: {_open(found.facts, mine, theirs)}"
    return SpaceVerdict(ids, outputs, found.outcome, sentence, found.facts)


def _reasons(facts: "Sequence[Difference]") -> str:
    return ", ".join(
        [f"`{name}` differs" if name in _DIGESTS else f"`{name}` {shown(a)} and {shown(b)}" for name, a, b in facts]
    )


def _open(facts: "Sequence[Difference]", *stamps: "dict[str, Any]") -> str:
    """What leaves a comparison open: facts that only one model states or that no fact decides, and unknown bytes."""
    parts = [
        f"`{name}` differs" if None not in (a, b) else f"`{name}` is stated for one of them" for name, a, b in facts
    ]
    named = {name for name, _, _ in facts}
    parts += [
        f"`{name}` is unknown"
        for name in _DIGESTS
        if name not in named and any(stamp["bytes"][name] is None for stamp in stamps)
    ]
    return ", ".join(parts) or "too little is stated"
