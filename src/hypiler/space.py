"""Vector spaces: whether the vectors of an index and the vectors of a model can be compared.

Store `encoder.stamp()` with the vectors of an index, and check it before you use the index:

    hypiler.space.check(stored, encoder)

A stamp has the facts that determine the vectors, the identity of the files that ran, and a probe, which measures
whether two encoders give the same vectors. docs/spaces.md describes stamps and the outcomes of a comparison.
"""

from hypiler._text import one_line
from hypiler.stamps.facts import USUAL
from hypiler.stamps.outputs import chosen, outputs_of
from hypiler.stamps.stamp import assemble, stamp_of, weights_key
from hypiler.stamps.stored import Probe, Stamp, UnusableError, id_problem, read_stamp, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, TypeAlias

    from hypiler.protocols import HasSpace, Model, Models

    Outcome: TypeAlias = Literal["same", "close", "different", "undecided"]
    Side: TypeAlias = Literal["document", "query"]
    Difference: TypeAlias = tuple[str, Any, Any]
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterable

    Any = HasSpace = Model = object
    Models = Iterable[Model]
    Outcome = Side = str
    Difference = tuple[str, Any, Any]

__all__ = ["Comparison", "SpaceError", "UndecidedError", "check", "compare", "describe", "identify"]

SAME = 1e-5
"""Vectors with at most this 1 - cosine are the same."""
SAME_NORMS = 0.01
"""Norms that differ by at most this part are the same."""
CLOSE_SERVED = 1e-4
"""Vectors of a served model whose bytes are unknown are close up to this 1 - cosine."""
CLOSE = 0.90
"""Vectors of two listed precisions of one model are close from this cosine on."""
_CLOSE_NORMS = 0.10
# Facts that no probe shows: a difference decides.
_DECISIVE = ("encoder", "dimension", "document_length", "truncation_side")
# Differences that only loading can judge.
_LOADING_DECIDES = ("precision", "weights", "tokenizer")
_SAME_COMMIT = (
    "the stored vectors fit if both are of the pinned commit, which is equal: what ran is unknown, so check the encoder"
    " if other files could have been loaded"
)
_SHOWN = 6
_DIGITS = 23


class Comparison:
    """The result of comparing a stored stamp with a config or an encoder.

    Attributes:
        outcome: `same`: the vectors fit. `close`: the vectors of two precisions of one model; scores change a little.
            `different`: the vectors do not fit, or queries are encoded differently. `undecided`: too little is known.
        facts: What differs, each as (name, stored value, current value). None means that a value is unknown.
        cosine: The smallest cosine between the stored and the current vectors of the probe; None if not measured.
        advice: One sentence that says what was found and what to do.
        side: The side that differs: `document`, `query`, or None if neither is known to differ.
    """

    __slots__ = ("advice", "cosine", "facts", "outcome", "side")
    outcome: "Outcome"
    side: "Side | None"

    def __init__(
        self,
        outcome: "Outcome",
        advice: str,
        facts: "Iterable[Difference]" = (),
        cosine: float | None = None,
        side: "Side | None" = None,
    ) -> None:
        self.outcome = outcome
        self.advice: str = one_line(advice)
        self.facts: tuple[Difference, ...] = tuple(facts)
        self.cosine: float | None = cosine
        self.side = side

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparison) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Comparison {self.outcome}: {self.advice}>"


class SpaceError(ValueError):
    """The stored vectors and the vectors of the config or encoder belong to different spaces.

    Attributes:
        comparison: The result of the comparison; None if the error was not raised by `check`.
    """

    def __init__(self, message: str, comparison: Comparison | None = None) -> None:
        super().__init__(message)
        self.comparison = comparison

    @property
    def differences(self) -> "tuple[Difference, ...]":
        """The facts that differ, each as (name, stored value, current value)."""
        return () if self.comparison is None else self.comparison.facts


class UndecidedError(SpaceError):
    """Too little is known to say whether the stored vectors fit. The message says what to do."""


def check(stored: object, current: "HasSpace", registry: "Models | None" = None) -> Comparison:
    """Compare as `compare` does, and return the comparison if the vectors are the same or close.

    Raises SpaceError if they are different, and UndecidedError, which is a SpaceError, if too little is known.
    """
    found = compare(stored, current, registry)
    if found.outcome == "different":
        raise SpaceError(found.advice, found)
    if found.outcome == "undecided":
        raise UndecidedError(found.advice, found)
    return found


def compare(stored: object, current: "HasSpace", registry: "Models | None" = None) -> Comparison:
    """Whether stored vectors fit a config or an encoder. This never raises, whatever `stored` is.

    An encoder encodes the texts of the probe, once. A config is compared by facts and files alone.

    Args:
        stored: What was stored with the vectors: a stamp, which may have been through JSON, or only a `space_id`. None
            for an index without a stamp.
        current: The encoder or the ModelConfig to use with the vectors.
        registry: The models in which a stored id is looked up, so that the advice can name the model: a Registry, the
            MODEL_REGISTRY of a generated module, or any other models. By default, the model of `current` and the
            shipped registry.
    """
    try:
        if stored is None:
            raise UnusableError(
                "the index has no stamp, so what made its vectors is unknown; store encoder.stamp() with the vectors"
                " when you index again"
            )
        if isinstance(stored, str):
            return _compare_id(str(stored), current, registry)
        return _compare_stamps(read_stamp(stored), current)
    except UnusableError as error:
        return Comparison("undecided", str(error))
    except Exception as error:
        return Comparison("undecided", f"the stored stamp cannot be compared ({type(error).__name__})")


def describe(
    model: "Model", dimension: int | None = None, variant: str | None = None, output: str | None = None
) -> "dict[str, Any]":
    """The stamp of a model of a registry, without a probe: see `ModelConfig.space`.

    Args:
        model: The registry's record.
        dimension: The width of the vectors; None for embedding_dim.
        variant: The id of a variant; None for the model's own weights.
        output: The name of an output; None for the default output.

    Raises ValueError for a dimension, a variant or an output that the model does not have.
    """
    return stamp_of(model, dimension, variant, output)


def identify(space_id: str, registry: "Models | None" = None) -> "tuple[str, int, str | None] | None":
    """The model whose vectors have this space: its id, dimension and variant; None if there is no such model.

    The vectors may be those of any output of the model. `registry` is a Registry, the MODEL_REGISTRY of a generated
    module, or any other models; by default, the shipped registry.
    """
    for model in _shipped() if registry is None else registry:
        for output in _outputs(model):
            for variant in (None, *[variant.id for variant in model.variants]):
                for dimension, found in _ids_by_width(model, variant, output):
                    if found == space_id:
                        return model.id, dimension, variant
    return None


def _ids_by_width(model: "Model", variant: str | None, output: str | None) -> "list[tuple[int, str | None]]":
    """Each width of an output, with the id of its space. Widths of a range are left out if their ids are unknown."""
    widths = chosen(model, output).dimensions
    if not isinstance(widths, range):
        return [(width, stamp_of(model, width, variant, output)["space_id"]) for width in widths]
    whole: str | None = stamp_of(model, widths[-1], variant, output)["space_id"]
    if whole is None:
        return []
    # Stamps of truncated vectors differ in the width alone, and a range can have thousands of widths.
    cut = stamp_of(model, widths[0], variant, output)
    weights, tokenizer = cut["bytes"]["weights"], cut["bytes"]["tokenizer"]
    return [
        (widths[-1], whole),
        *[
            (width, assemble({}, {**cut["document"], "dimension": width}, {}, weights, tokenizer)["space_id"])
            for width in widths[:-1]
        ],
    ]


def _outputs(model: "Model") -> "list[str | None]":
    """The names of the model's outputs; one None if it has no `outputs`."""
    return [one.name for one in outputs_of(model)] or [None]


def _shipped() -> "Models":
    from importlib import import_module

    # By name: the shipped module imports hypiler, which would lead back here.
    shipped: Models = import_module("hypiler.model_registry").MODEL_REGISTRY
    return shipped


# ---- a stored stamp ----


def _compare_stamps(theirs: Stamp, current: "HasSpace") -> Comparison:
    """Compare the vectors first, then the queries."""
    mine = _current(current)
    vectors = _compare_vectors(theirs, mine, current)
    queries = _differing(theirs.query, mine.query)
    decisive = [one for one in queries if _is_known(one)]
    facts = (*vectors.facts, *queries)
    if vectors.outcome == "different" or not decisive:
        unknown = vectors.outcome == "same" and vectors.cosine is None and queries
        if unknown:
            return Comparison("undecided", _undecided(queries, theirs, mine, current), facts)
        return Comparison(vectors.outcome, vectors.advice, facts, vectors.cosine, vectors.side)
    fits = {"same": "the stored vectors fit", "close": "the stored vectors are close"}.get(
        vectors.outcome, "whether the stored vectors fit is undecided"
    )
    advice = f"{fits}, but queries are encoded differently: {_listed(decisive)}"
    return Comparison("different", advice, facts, vectors.cosine, "query")


def _compare_vectors(theirs: Stamp, mine: Stamp, current: "HasSpace") -> Comparison:
    """Compare the document sides of two stamps, by the first rule that decides."""
    facts = _differing(theirs.document, mine.document)
    facts += _differing_bytes(theirs, mine)
    decisive = [one for one in facts if one[0] in _DECISIVE and _is_known(one)]
    if decisive:
        return Comparison("different", _re_index(decisive), facts, side="document")
    probe = _probe_of(current) if theirs.probe is not None and mine.document["encoder"] != "reranker" else None
    if theirs.probe is not None and probe is not None and probe.version == theirs.probe.version:
        return _compare_probes(theirs, mine, facts, *theirs.probe.distance(probe))
    return _compare_without_probe(theirs, mine, facts, current)


def _compare_without_probe(theirs: Stamp, mine: Stamp, facts: "list[Difference]", current: "HasSpace") -> Comparison:
    """Compare by facts and files alone."""
    pairs = mine.document["encoder"] == "reranker"
    decisive = [one for one in facts if _is_known(one) and (pairs or one[0] not in _LOADING_DECIDES)]
    if decisive and pairs:
        return Comparison("different", f"the reranker is another one: {_listed(decisive)}", facts, side="document")
    if decisive:
        return Comparison("different", _re_index(decisive), facts, side="document")
    if not facts and _has_bytes(theirs):
        return Comparison("same", "the stored vectors fit: facts and files are equal")
    if not facts and weights_key(theirs.weights) is not None:
        return Comparison("same", _SAME_COMMIT)
    return Comparison("undecided", _undecided(facts, theirs, mine, current), facts)


def _compare_probes(theirs: Stamp, mine: Stamp, facts: "list[Difference]", distance: float, norms: float) -> Comparison:
    """Compare by what was measured: the largest 1 - cosine, and the largest relative difference of norms."""
    cosine = 1 - distance
    if distance <= SAME and norms <= SAME_NORMS:
        return Comparison("same", f"the stored vectors fit: {_measured(distance, norms)}", facts, cosine)
    known = [one for one in facts if _is_known(one)]
    other = [one for one in known if one[0] not in ("precision", "weights")]
    if not other and _are_precisions_of_one_model(theirs, mine) and cosine >= CLOSE and norms <= _CLOSE_NORMS:
        advice = (
            f"the stored vectors are close, not equal: {shown(theirs.precision)} there and {shown(mine.precision)}"
            f" here, {_measured(distance, norms)}; scores change a little, so re-index if they must be exact"
        )
        return Comparison("close", advice, facts, cosine)
    unseen = not (_has_bytes(theirs) and _has_bytes(mine))
    if not other and unseen and distance <= CLOSE_SERVED and norms <= SAME_NORMS:
        advice = (
            f"the stored vectors are close, not equal: {_measured(distance, norms)}; the bytes of the model are unknown"
        )
        return Comparison("close", advice, facts, cosine)
    why = _measured(distance, norms)
    if not known and _has_bytes(theirs) and _has_bytes(mine):
        why += "; this comes from something that neither facts nor files name, such as a library"
    return Comparison("different", _re_index(known, why), facts, cosine, "document")


def _are_precisions_of_one_model(theirs: Stamp, mine: Stamp) -> bool:
    """Whether both files are listed for the same model, at different precisions."""
    one, other = theirs.weights or {}, mine.weights or {}
    listed = one.get("listed") is True and other.get("listed") is True
    precisions = {one.get("precision"), other.get("precision")}
    if not listed or len(precisions) < 2 or None in precisions:
        return False
    if one.get("model") is None and other.get("model") is None:
        place = (theirs.repository, theirs.revision)
        return place == (mine.repository, mine.revision) and None not in place
    return one.get("model") == other.get("model")


def _has_bytes(stamp: Stamp) -> bool:
    return stamp.weights is not None and "commit" not in stamp.weights and weights_key(stamp.weights) is not None


def _differing_bytes(theirs: Stamp, mine: Stamp) -> "list[Difference]":
    keys = (weights_key(theirs.weights), weights_key(mine.weights))
    # A file that is listed by one side only stands for the model there, and for itself here.
    sums = {(stamp.weights or {}).get("sha256") for stamp in (theirs, mine)}
    equal = keys[0] == keys[1] or (len(sums) == 1 and None not in sums)
    facts: list[Difference] = [] if equal else [("weights", *keys)]
    return facts + ([("tokenizer", theirs.tokenizer, mine.tokenizer)] if theirs.tokenizer != mine.tokenizer else [])


def _differing(theirs: "dict[str, Any]", mine: "dict[str, Any]") -> "list[Difference]":
    """The facts with another value, also those that only one side knows.

    A usual value is as good as an unknown one, as in the ids: no registry states it.
    """
    pairs = [(name, theirs.get(name), mine.get(name)) for name in dict.fromkeys([*theirs, *mine])]
    return [one for one in pairs if not _is_equal(*one)]


def _is_equal(name: str, one: object, other: object) -> bool:
    if name in USUAL:
        one, other = (USUAL[name] if value is None else value for value in (one, other))
    return type(one) is type(other) and one == other


def _is_known(fact: "Difference") -> bool:
    return fact[1] is not None and fact[2] is not None


def _current(current: "HasSpace") -> Stamp:
    try:
        return read_stamp(current.space())
    except Exception as error:
        # For example, a config that was created by hand has no space.
        raise UnusableError(f"the config or encoder has no stamp to compare with: {error}") from error


def _probe_of(current: "HasSpace") -> "Probe | None":
    """The probe of an encoder; None for a config."""
    make: Any = getattr(current, "stamp", None)
    if make is None:
        return None
    try:
        return read_stamp(make()).probe
    except Exception as error:
        raise UnusableError(f"the texts of the probe cannot be encoded: {error}") from error


# ---- a stored id ----


def _compare_id(stored: str, current: "HasSpace", registry: "Models | None") -> Comparison:
    problem = id_problem(stored)
    if problem:
        raise UnusableError(problem)
    mine = _current(current)
    if stored == mine.space_id:
        return Comparison("same", "the stored vectors fit: the ids are equal")
    here = f"this is {mine.model} with {mine.document['dimension']} dimensions"
    own = mine.space_id or "its id is unknown until it is loaded"
    advice = (
        f"{_named(stored, current, registry)}, and {here} ({own});"
        " an id alone does not show what differs: store encoder.stamp() when you index again"
    )
    return Comparison("undecided", advice, [("space_id", stored, mine.space_id)])


def _named(space_id: str, current: "HasSpace", registry: "Models | None") -> str:
    """Which model's vectors the stored vectors are, as a sentence."""
    own: Model | None = getattr(current, "model", None)
    searched = registry
    if registry is None:
        searched = [*([own] if own is not None else ()), *_shipped()]
    found = identify(space_id, searched)
    if found is None:
        where = "no model of the registry" if registry is not None else "neither this model nor the shipped registry"
        return f"the stored vectors are of a space that {where} has ({space_id})"
    id, dimension, variant = found
    weights = f", variant {variant}" if variant else ""
    return f"the stored vectors are of {id} with {dimension} dimensions{weights} ({space_id})"


# ---- sentences ----


def _re_index(facts: "list[Difference]", why: str = "") -> str:
    reasons = "; ".join([text for text in (why, _listed(facts)) if text])
    return f"the stored vectors are of another space: {reasons}; re-index"


def _undecided(facts: "list[Difference]", theirs: Stamp, mine: Stamp, current: "HasSpace") -> str:
    """What is unknown or only loading can judge, and what to do."""
    reasons = [
        f"`{name}` is unknown {'there' if one is None else 'here'}" if None in (one, other) else f"`{name}` differs"
        for name, one, other in facts
    ]
    what = ", ".join(reasons[:_SHOWN]) or "`weights` is unknown"
    if not hasattr(current, "stamp"):
        return f"whether the stored vectors fit is undecided: {what}; load the model, and check the encoder"
    if mine.document["encoder"] == "reranker":
        return f"whether the reranker is the same is undecided: {what}"
    probe = "no probe" if theirs.probe is None else "a probe of another version"
    return (
        f"whether the stored vectors fit is undecided: {what}, and the stored stamp has {probe}; encode some of the"
        " indexed texts and compare the vectors, or re-index"
    )


def _listed(facts: "list[Difference]") -> str:
    parts = [
        f"`{name}` is {_fact(name, one)} there and {_fact(name, other)} here" for name, one, other in facts[:_SHOWN]
    ]
    return "; ".join(parts) + (f"; and {len(facts) - _SHOWN} more" if len(facts) > _SHOWN else "")


def _fact(name: str, value: object) -> str:
    """A value for a message. Of a digest, the first digits are enough."""
    return shown(value[:_DIGITS]) if name in ("weights", "tokenizer") and isinstance(value, str) else shown(value)


def _measured(distance: float, norms: float) -> str:
    cosine = f"1 - cosine is at most {distance:.1e}" if distance < 0.1 else f"the smallest cosine is {1 - distance:.2f}"
    return cosine if norms <= SAME_NORMS else f"{cosine}, and norms differ by up to {norms:.0%}"
