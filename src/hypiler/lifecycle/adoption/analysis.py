"""What the records of a file say of models: which fact is meant, whose it is, and how sure that is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from hypiler.lifecycle.adoption.python_code import BEFORE_TEXT, FIRST_ARGUMENT
from hypiler.lifecycle.adoption.records import Item, Place, Record
from hypiler.lifecycle.adoption.subjects import CERTAIN, LIKELY, Subject, Subjects
from hypiler.lifecycle.adoption.words import (
    field_of,
    is_about_embedding,
    is_about_reranking,
    is_plain_width,
    is_strong_dimension,
    names_model,
    names_thing,
    stem_of,
    words_of,
)
from hypiler.lifecycle.importing.conversion import NotCarried, convert, is_nothing
from hypiler.lifecycle.importing.shapes import is_list

_LEAST_WIDTH, _MOST_WIDTH = 8, 300_000
_KINDS = {
    "SparseTextEmbedding": "sparse",
    "SparseEncoder": "sparse",
    "LateInteractionTextEmbedding": "colbert",
    "CrossEncoder": "reranker",
    "TextCrossEncoder": "reranker",
}
_ENDS_OF_PREFIXES = (" ", ":", "\n", "\t")
_LONGEST_PREFIX = 500


@dataclass(frozen=True)
class Mention:
    """A place that names a model.

    Attributes:
        subject: The model.
        item: The item whose value names it.
        words: The words of the key of the item.
        path: The labels of the tables that the item stands in, the outermost first.
    """

    subject: Subject
    item: Item
    words: tuple[str, ...]
    path: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.item.place


@dataclass(frozen=True)
class FoundFact:
    """A fact that code states of a model.

    Attributes:
        subject: The model; None if the code does not show whose fact it is.
        path: The path of the field.
        value: The value as models.json writes it.
        written: The value as the code has it.
        key: The name that it stands under.
        place: Where it stands.
        certainty: Whether it is certain that the model is meant.
        why: What shows it, in words.
    """

    subject: Subject | None
    path: str
    value: Any
    written: Any
    key: str
    place: Place
    certainty: Literal["certain", "likely"]
    why: str


@dataclass
class FileFindings:
    """What one file says."""

    mentions: list[Mention]
    facts: list[FoundFact]


@dataclass(frozen=True)
class _Fact:
    """A fact whose model is not known yet."""

    path: str
    value: Any
    item: Item
    words: tuple[str, ...]
    table: tuple[str, ...] | None = None


def analyse(records: "Iterable[Record]", subjects: Subjects) -> FileFindings:
    """The models and facts of one file."""
    found, open_facts = FileFindings([], []), list[_Fact]()
    unclear = False
    for record in records:
        unclear |= any(item.value is None and is_about_embedding(words_of(item.key)) for item in record.items)
        mentions = [*_mentions(record, subjects)]
        found.mentions += mentions
        found.facts += _table_facts(record, subjects)
        _attach(record, mentions, found.facts, open_facts)
    _attach_rest(found, open_facts, unclear=unclear)
    found.mentions.sort(key=lambda one: one.place)
    found.facts = [one for one in _once(found.facts) if not (_is_rerankers(one) and _is_of_vectors(one.path))]
    return found


def _mentions(record: Record, subjects: Subjects) -> "Iterator[Mention]":
    """The models that a record names, by the values of its items or by the name that it stands under."""
    found = False
    context = [word for name in (*record.above, record.label) for word in words_of(name)]
    facts = [*_facts(record)]
    has_width = any(fact.path == "specs.embedding_dim" and is_plain_width(fact.words) for fact in facts)
    for item in record.items:
        words = words_of(item.key)
        for text in item.value if is_list(item.value) else [item.value]:
            if isinstance(text, str) and (subject := _subject(text, words, (context, record, has_width), subjects)):
                found = True
                yield Mention(subject, item, words, (*record.above, record.label))
    if found:
        return
    if record.kind == "mapping" and facts and (subject := subjects.known(record.label)):
        yield Mention(subject, Item(record.label, record.label, record.place), ())
    elif record.kind == "mapping" and has_width and "/" in record.label:
        named = subjects.named(record.label, _kind([*context]))
        if named is not None:
            yield Mention(named, Item(record.label, record.label, record.place), ())


def _subject(
    text: str, words: tuple[str, ...], around: tuple[list[str], Record, bool], subjects: Subjects
) -> Subject | None:
    """The model that a text means.

    Args:
        text: The value of an item.
        words: The words of its key.
        around: The words of the names around the record, the record, and whether that states a width.
        subjects: Knows the models.
    """
    context, record, has_width = around
    opens = record.label in FIRST_ARGUMENT and record.kind == "call"
    known = subjects.known(text)
    if known is not None:
        # A bare name such as `gte-base` may be something else: its key has to say that it is a model.
        sure = "/" in text or known.known is None or names_thing(words) or is_about_embedding(words) or opens
        return known if sure else None
    if not (names_thing(words) or is_about_embedding(words)):
        return None
    is_table_row = record.kind != "scope" and has_width
    about = is_about_embedding(words) and (names_model(words) or len(words) == 1)
    if opens or is_table_row or about or (is_about_embedding(context) and names_model(words)):
        kind = _KINDS.get(record.label) or _kind([*words, *context])
        return subjects.named(text, kind)
    return None


def _kind(words: list[str]) -> str:
    if is_about_reranking(words):
        return "reranker"
    if "sparse" in words or "splade" in words:
        return "sparse"
    return "colbert" if "colbert" in words or {"late", "interaction"} <= {*words} else "dense"


def _facts(record: Record) -> "Iterator[_Fact]":
    """The facts that the keys of a record state, whosever they are."""
    for item in record.items:
        words = words_of(item.key)
        path = field_of(words)
        value = None if path is None else _value(path, item.value)
        if path is not None and value is not None:
            is_widths = path == "specs.embedding_dim" and is_list(value)
            table = (*record.above, record.label) if record.kind == "mapping" else None
            yield _Fact("architecture.matryoshka_dims" if is_widths else path, value, item, words, table)


def _value(path: str, written: Any) -> Any:
    """The value as models.json writes it; None if it is none that a model can have."""
    if is_nothing(written) or isinstance(written, bool) != (path == "encoding.normalize"):
        return None
    if path.endswith("_prefix") and not _is_prefix(written):
        return None
    if is_list(written) and len(written) == 1:
        return _value(path, written[0])
    try:
        if path == "specs.embedding_dim" and is_list(written):
            return convert("architecture.matryoshka_dims", written)
        value = convert(path, written)
    except NotCarried:
        return None
    if path == "specs.embedding_dim" and not _LEAST_WIDTH <= value <= _MOST_WIDTH:
        return None
    return value


def _is_prefix(written: Any) -> bool:
    """Whether a text is put before another one: it is empty, or ends where the other one can begin."""
    return (
        isinstance(written, str)
        and len(written) <= _LONGEST_PREFIX
        and (not written or written.endswith(_ENDS_OF_PREFIXES))
    )


def _table_facts(record: Record, subjects: Subjects) -> "Iterator[FoundFact]":
    """The facts of a table by model: `MODEL_DIMENSIONS = {"org/name": 768}`."""
    path = field_of(words_of(record.label)) if record.kind == "mapping" else None
    for item in record.items if path is not None else ():
        value = _value(path, item.value) if path else None
        subject = subjects.known(item.key) or subjects.named(item.key, "dense")
        if path and value is not None and subject is not None:
            name = "architecture.matryoshka_dims" if is_list(value) and path == "specs.embedding_dim" else path
            why = f"it stands under the name of the model in `{record.label}`"
            yield FoundFact(subject, name, value, item.value, item.key, item.place, CERTAIN, why)


def _attach(record: Record, mentions: list[Mention], found: list[FoundFact], open_facts: list[_Fact]) -> None:
    """Give the facts of a record to the model that it names, if it names one."""
    models = {mention.subject.key: mention for mention in mentions}
    for fact in _facts(record):
        if not models:
            if is_strong_dimension(fact.words) or record.label == BEFORE_TEXT:
                open_facts.append(fact)
        elif record.kind == "scope":
            others = [words_of(item.key) for item in record.items if item.value is None]
            _attach_in_scope(fact, mentions, others, found, open_facts)
        elif len(models) == 1 and (record.kind == "mapping" or _opens_model(record)):
            (mention,) = models.values()
            where = f"`{record.label}(…)`" if record.kind == "call" else "one entry"
            found.append(_fact(fact, mention, CERTAIN, f"{where} states both"))


def _opens_model(record: Record) -> bool:
    """Whether a call is about a model: it opens one, or makes an entry of a table. `CharField(…)` does neither."""
    words = words_of(record.label)
    if record.label in FIRST_ARGUMENT or words[-1:] in (("field",), ("column",), ("argument",), ("option",)):
        return record.label in FIRST_ARGUMENT
    has_width = any(fact.path == "specs.embedding_dim" for fact in _facts(record))
    return has_width or is_about_embedding(words) or "model" in words


def _attach_in_scope(
    fact: _Fact,
    mentions: list[Mention],
    others: list[tuple[str, ...]],
    found: list[FoundFact],
    open_facts: list[_Fact],
) -> None:
    """Give a constant to the model beside it.

    Of several models, it is the one whose name has the same words: `SMALL_DIM` belongs to `SMALL_MODEL`.

    Args:
        fact: What the constant states.
        mentions: The models that the scope names.
        others: The names of models that the scope does not spell out.
        found: Takes the fact if its model is found.
        open_facts: Takes the fact if it is not.
    """
    stem = stem_of(fact.words)
    candidates = [one for one in mentions if is_about_reranking(one.words) == is_about_reranking(fact.words)]
    same = [one for one in candidates if stem_of(one.words) == stem]
    is_unclear = any(stem_of(words) == stem for words in others)
    is_plain = is_about_embedding(fact.words) or fact.path.endswith("_prefix") or len(fact.words) == 1
    chosen = _only(same) if not is_unclear and (is_plain or stem) else None
    if chosen is not None:
        found.append(_fact(fact, chosen, LIKELY, f"`{chosen.item.key}` beside it names the model"))
    elif is_strong_dimension(fact.words):
        open_facts.append(fact)


def _only(mentions: list[Mention]) -> Mention | None:
    """The mention of the only model; None if there are several models, or none."""
    return mentions[0] if len({mention.subject.key for mention in mentions}) == 1 else None


def _attach_rest(found: FileFindings, open_facts: list[_Fact], *, unclear: bool) -> None:
    """Give widths to the only embedding model of the file.

    They have no model if there are several models or several widths, or if some model is unclear.
    """
    several = len({fact.value for fact in open_facts if fact.path == "specs.embedding_dim"}) > 1
    chosen = None if unclear or several else _only([one for one in found.mentions if not _is_reranker(one)])
    taken = {fact.place for fact in found.facts}
    sides = {fact.path for fact in open_facts if fact.path.endswith("_prefix")}
    for fact in open_facts:
        if fact.item.place in taken or (fact.path in sides and not _is_prefix_of(fact, chosen, sides)):
            continue
        if chosen is not None and _can_own(chosen, fact):
            found.facts.append(_fact(fact, chosen, LIKELY, "the file names no other embedding model"))
        else:
            why = "no model stands near it"
            found.facts.append(
                FoundFact(None, fact.path, fact.value, fact.item.value, fact.item.key, fact.item.place, LIKELY, why)
            )


def _can_own(mention: Mention, fact: _Fact) -> bool:
    """Whether a model that a file names once can own a width elsewhere in the file.

    A model that is named inside of the table with the width is a part of something wider. So may be one whose key does
    not say that it is the model.
    """
    is_part = fact.table is not None and mention.path[: len(fact.table)] == fact.table
    return not is_part and (names_model(mention.words) or is_about_embedding(mention.words))


def _is_prefix_of(fact: _Fact, chosen: Mention | None, sides: set[str]) -> bool:
    """Whether a text is the prefix of a model: the catalogue says so, or the file has one for each side."""
    if chosen is None:
        return False
    known = chosen.subject.known
    ours = getattr(known, fact.path.partition(".")[2]) if known is not None else None
    return len(sides) == 2 or fact.value == ours


def _is_rerankers(fact: FoundFact) -> bool:
    return fact.subject is not None and fact.subject.kind == "reranker"


def _is_reranker(mention: Mention) -> bool:
    return mention.subject.kind == "reranker" or is_about_reranking(mention.words)


_OF_VECTORS = ("specs.embedding_dim", "encoding.", "architecture.matryoshka_dims")


def _is_of_vectors(path: str) -> bool:
    """Whether a fact is about vectors that are returned, of which a reranker has none."""
    return path.startswith(_OF_VECTORS) and path not in ("encoding.document_length", "encoding.query_length")


def _fact(fact: _Fact, mention: Mention, certainty: Literal["certain", "likely"], why: str) -> FoundFact:
    subject, item = mention.subject, fact.item
    return FoundFact(subject, fact.path, fact.value, item.value, item.key, item.place, certainty, why)


def _once(facts: list[FoundFact]) -> list[FoundFact]:
    """Each fact of a place once: a certain one stands before a likely one."""
    found: dict[Any, FoundFact] = {}
    for fact in sorted(facts, key=lambda one: (one.place, one.certainty)):
        found.setdefault((fact.place, fact.path, fact.subject and fact.subject.key), fact)
    owned = {(fact.place, fact.path) for fact in found.values() if fact.subject}
    return [one for one in found.values() if one.subject or (one.place, one.path) not in owned]
