"""The rules for all models of a registry together: ids and types, and the names that they become in the module.

To add a rule, write its function here and its page in docs/diagnostics.
"""

from hypiler.compiler.rule_set import RuleSet, Violation
from hypiler.diagnostics.codes import ERROR, WARNING
from hypiler.diagnostics.collector import INVALID
from hypiler.schema.fields import BY_ATTRIBUTE
from hypiler.schema.identifiers import RESERVED, constant_name
from hypiler.schema.vocabulary import MODEL_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.rule_set import Rule
    from hypiler.diagnostics.finding import Path

    Models = list[DecodedModel]
    Use = tuple[str, DecodedModel, str, Path]
    Violations = Iterator[Violation]

registry_rule: RuleSet = RuleSet()
"""Declares a rule for all models: the function takes a list of them, without those whose values it cannot use."""


def check_registry(models: "Models", rules: "Iterable[tuple[Rule, str]]") -> None:
    """Apply these rules, each with the severity of its findings, to all models."""
    for one, severity in rules:
        needs = [BY_ATTRIBUTE[name] for name in one.needs]
        usable = [model for model in models if model.sound or model.has(needs, absent=one.absent)]
        for violation in one.check(usable):
            violation.note(one.code, severity)


def _uses(models: "Models") -> "Iterator[Use]":
    """Every id, alias and former id, in the order of the file, and where it stands."""
    for model in models:
        if model.id is not INVALID:
            yield model.id, model, "id", ()
        for attribute, further in (("aliases", model.aliases), ("former_ids", model.former_ids)):
            if further and further is not INVALID:
                for index, other in enumerate(further):
                    yield other, model, attribute, (index,)


def _title(use: "Use") -> str:
    """As messages call it."""
    id, _, attribute, _ = use
    return f"{_TITLES[attribute]} `{id}`"


_TITLES = {"id": "id", "aliases": "alias", "former_ids": "former id"}


def _wrong(use: "Use", message: str, help: str | None = None) -> Violation:
    """The violation of a rule by an id, an alias or a former id."""
    _, model, attribute, part = use
    return model.at(attribute, f"{_title(use)} {message}", part, help=help)


@registry_rule("M201", "duplicate-id", ERROR, always="an id must find one model")
def duplicate_id(models: "Models") -> "Violations":
    """Every model has an id of its own."""
    first: dict[str, DecodedModel] = {}
    for use in _uses(models):
        id, model, _, _ = use
        if id in first:
            message = f"is already used at `{first[id].place}`"
            yield _wrong(use, message, "every model needs an id of its own")
        else:
            first[id] = model


@registry_rule("M301", "name-collision", ERROR, always="a name of the module must stand for one model")
def name_collision(models: "Models") -> "Violations":
    """Distinct ids become distinct constants."""
    first: dict[str, str] = {}
    reported: set[str] = set()
    for use in _uses(models):
        id = use[0]
        name = constant_name(id)
        other = first.setdefault(name, id)
        # That an id is used again is a fault of its own, and so is a reserved name.
        if other != id and id not in reported and name not in RESERVED:
            reported.add(id)
            yield _wrong(use, f"becomes `{name}`, and so does `{other}`", "change one of the two ids")


@registry_rule("M302", "reserved-name", ERROR, always="the module uses the name itself")
def reserved_name(models: "Models") -> "Violations":
    """No id becomes a name that the module needs for itself."""
    reported: set[str] = set()
    for use in _uses(models):
        name = constant_name(use[0])
        if name in RESERVED and use[0] not in reported:
            reported.add(use[0])
            yield _wrong(use, f"becomes `{name}`, a name that the module uses itself")


# Forms of a source. `api` and `model` are one form together.
_FORMS = ("api", "model", "ollama", "path", "url")
_SOURCE = tuple([f"source_{key}" for key in (*_FORMS, "regions", "sha256")])
_PARTS = slice(BY_ATTRIBUTE[_SOURCE[0]], BY_ATTRIBUTE[_SOURCE[-1]] + 1)
# What each part of a source needs beside it, and what to write there.
_TOGETHER = (
    ("api", "model", 'write the name that the API takes, such as "text-embedding-3-large"'),
    ("model", "api", 'write the provider, such as "openai"'),
    ("regions", "api", 'write the provider, such as "openai"'),
    ("sha256", "url", "write the address that the file with this sum is downloaded from"),
)
_ONE_PLACE = "a model must be in one place"


def _elsewhere(models: "list[DecodedModel]") -> "list[DecodedModel]":
    """The models that state a source. One slice per model, since few of them do."""
    return [model for model in models if any(model[_PARTS])]


@registry_rule("M230", "two-places", ERROR, needs=("huggingface_id", *_SOURCE), absent=True, always=_ONE_PLACE)
def two_places(models: "list[DecodedModel]") -> "Violations":
    """A model is in a repository or has a source, of one form."""
    for model in _elsewhere(models):
        # `api` and `model` are one form; what is missing of it is a fault of its own.
        forms = [key for key in _FORMS if getattr(model, f"source_{key}") and (key != "model" or not model.source_api)]
        if model.huggingface_id is not None:
            message = "`source` must not be given, since `huggingface_id` says where the model is"
            help = "remove one of the two; other weights of the model are `variants`"
            yield model.at(f"source_{(forms or ['sha256'])[0]}", message, help=help)
        elif len(forms) > 1:
            named = " and ".join([f"`{key}`" for key in forms])
            message = f"`source` must be one of `api` with `model`, `ollama`, `path` and `url`; got {named}"
            yield model.at(f"source_{forms[1]}", message, help="the same model elsewhere is a model of its own")


@registry_rule("M231", "incomplete-source", ERROR, needs=_SOURCE, absent=True, always="a model must be in some place")
def incomplete_source(models: "list[DecodedModel]") -> "Violations":
    """A provider without a name, or a sum without an address, leads to no model."""
    for model in _elsewhere(models):
        for given, missing, help in _TOGETHER:
            if getattr(model, f"source_{given}") and not getattr(model, f"source_{missing}"):
                message = f"`source.{missing}` must be set, since `source.{given}` is given"
                yield model.at(f"source_{given}", message, help=help)


_TYPE_COLLISION = "a member of `ModelType` must stand for one type"


@registry_rule("M303", "type-name-collision", ERROR, needs=("model_type",), always=_TYPE_COLLISION)
def type_name_collision(models: "Models") -> "Violations":
    """Distinct types become distinct members of `ModelType`."""
    first: dict[str, str] = {}
    # There are few types and many models.
    for word in dict.fromkeys([model.model_type for model in models]):
        first.setdefault(constant_name(word), word)
    known = set(first.values())
    for model in models:
        word = model.model_type
        if word not in known:
            name = constant_name(word)
            message = f"`type` `{word}` becomes `ModelType.{name}`, and so does `{first[name]}`"
            yield model.at("model_type", message, help="write the same type in the same way")


@registry_rule("M217", "similar-type", WARNING, needs=("model_type",))
def similar_type(models: "Models") -> "Violations":
    """A typing error must not become a member of `ModelType` unnoticed, as every new word does."""
    meant = _meant_types([model.model_type for model in models])
    for model in models if meant else ():
        word = model.model_type
        if word in meant:
            message = f"`type` `{word}` is almost `{meant[word]}`, and becomes a category of its own"
            yield model.at("model_type", message, help=f"did you mean `{meant[word]}`?")


def _meant_types(used: list[str]) -> dict[str, str]:
    """The words that are probably typing errors, each with the word that was meant."""
    counts: dict[str, int] = {}
    for word in used:
        if word not in MODEL_TYPES:
            counts[word] = counts.get(word, 0) + 1
    known = _Words()
    for word in MODEL_TYPES:
        known.add(word)
    meant: dict[str, str] = {}
    # Of two new words, the one that is used more often is right.
    for word in sorted(counts, key=lambda word: -counts[word]):
        near = known.one_slip_from(word)
        if near is None:
            known.add(word)
        else:
            meant[word] = near
    return meant


class _Words:
    """Words in which those one slip apart are found without a comparison of all pairs.

    Two words that are one slip apart become equal after at most one letter is left out of each. So each word is filed
    under all words that it becomes in this way. No real type is longer than `_LONGEST`, and few share a key.
    """

    def __init__(self) -> None:
        # By what is left of a word, and by its form.
        self._places: dict[str, dict[str, list[str]]] = {}
        self._ranks: dict[str, int] = {}

    def add(self, word: str) -> None:
        self._ranks[word] = len(self._ranks)
        form = _form(word)
        for key in _shortened(word):
            filed = self._places.setdefault(key, {}).setdefault(form, [])
            if len(filed) < _MOST_FILED:
                filed.append(word)

    def one_slip_from(self, word: str) -> str | None:
        """The first word that was added and that is one slip from `word`."""
        own = _form(word)
        filed = [one for key in _shortened(word) if (one := self._places.get(key))]
        # Words of one form differ by digits alone, which is no slip.
        shared = {other for forms in filed for form, words in forms.items() if form != own for other in words}
        near = [other for other in shared if _one_slip_apart(word, other)]
        return min(near, key=self._ranks.__getitem__, default=None)


_DIGITS = str.maketrans("123456789", "000000000")
_LONGEST = 64
_MOST_FILED = 100


def _form(word: str) -> str:
    """The word with the same digit in the place of each."""
    return word.translate(_DIGITS)


def _shortened(word: str) -> set[str]:
    """The word, and all words that it becomes if one letter is left out."""
    if len(word) > _LONGEST:
        return set()
    return {word, *[word[:place] + word[place + 1 :] for place in range(len(word))]}


def _one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter was left out, doubled, mistyped or swapped with the next; another digit is another name."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if (a[:1] + b[:1]).isdigit():
        return False
    if a[1:] != b[1:] and a[1:] != b and a != b[1:] and a[1:2] + a[:1] + a[2:] != b:
        return False
    # Two words for one member are an error of their own.
    return constant_name(one) != constant_name(other)
