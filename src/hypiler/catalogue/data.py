"""A registry as the plain data of its page: JSON types, with texts and sources by number."""

import os
from collections import Counter

from hypiler.catalogue.packing import DIGITS, packed
from hypiler.catalogue.scores import datasets_in, scores_of
from hypiler.catalogue.texts import Texts, web_address
from hypiler.catalogue.uses import Use, own_code
from hypiler.diagnostics.escaping import printable
from hypiler.emit.fact_lines import layers_text, sections_of
from hypiler.project.shipped import SHIPPED
from hypiler.schema.coverage import EVIDENCE, facts_of, strongest
from hypiler.schema.evidence import DIFFERS
from hypiler.schema.license_terms import CLASSES, license_class
from hypiler.schema.parameter_counts import parameter_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from hypiler.catalogue.scores import Key
    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.emit.fact_lines import FactLine, Section
    from hypiler.schema.model import Model

FORMAT = 1
"""The version of the data. Bump it when a key changes its meaning."""
WORDS = (*EVIDENCE, DIFFERS)
"""How a fact is known; the data has positions in this tuple."""
_NOT_STATED = -1
_MOST_NAMES = 3
_EMPTY: "tuple[Any, ...]" = (None, "", [], {}, False)


def catalogue_data(registry: "CheckedRegistry") -> "dict[str, Any]":
    """The data of a registry's page. Keys of models whose value is empty, false or None are left out."""
    return _Catalogue(registry).data()


class _Catalogue:
    """Collects the data of all models, and the texts that they share."""

    def __init__(self, registry: "CheckedRegistry") -> None:
        self._registry = registry
        self._texts = Texts()
        self._sets = _numbered_sets(registry)
        layered = len(registry.layers) > 1
        self._layers = {entry.id: layers_text(entry.layers) for entry in registry.entries} if layered else {}

    def data(self) -> "dict[str, Any]":
        models = [self._model(model) for model in self._registry]
        return {
            "format": FORMAT,
            "title": printable(_title(self._registry)),
            "generator": "hypiler",
            "evidence": list(WORDS),
            "licenceClasses": list(CLASSES),
            "scoreSets": [_set(key) for key in self._sets],
            "digits": DIGITS,
            "strings": packed(self._texts.strings),
            "sources": self._texts.sources,
            "models": models,
        }

    def _model(self, model: "Model") -> "dict[str, Any]":
        """All that the page says of a model."""
        known = facts_of(model)
        counts = Counter(known.values())
        use = Use(model)
        found = {
            "id": model.id,
            "name": printable(model.name),
            "type": printable(model.model_type),
            **_identity(model),
            **_numbers(model),
            "layer": printable(self._layers.get(model.id, "")),
            "evidence": WORDS.index(strongest(counts)),
            "counts": [counts[word] for word in WORDS],
            "scores": self._scores(model),
            "facts": [self._section(one) for one in sections_of(model, "", self._registry.required, known)],
            "spaces": [self._texts.refs(parts) for parts in use.spaces()],
            "code": self._code(model, use),
            "stores": self._stores(use),
        }
        return {key: value for key, value in found.items() if value not in _EMPTY or key == "evidence"}

    def _scores(self, model: "Model") -> "list[list[Any]]":
        texts = self._texts
        return [
            [self._sets[key], value, None if by is None else texts.ref(printable(by)), texts.source(source)]
            for key, (value, by, source) in scores_of(model)
        ]

    def _section(self, section: "Section") -> "list[Any]":
        facts = [self._fact(fact, is_value=section.title != "sources") for fact in section.facts]
        return [self._texts.ref(section.title), self._texts.source(section.source), facts]

    def _fact(self, fact: "FactLine", *, is_value: bool) -> "list[Any]":
        """One fact. What is known only by its source, such as a fact that nobody publishes, has no lines."""
        how = WORDS.index(fact.evidence) if fact.evidence in WORDS else _NOT_STATED
        lines = self._texts.refs(fact.lines) if is_value else []
        return [self._texts.ref(fact.label), lines, self._texts.source(fact.source), how]

    def _code(self, model: "Model", use: Use) -> "list[list[Any]]":
        own = own_code(model, shipped=self._registry.layer == SHIPPED[0])
        return [
            [self._ref(name), [self._ref(text)], self._refs(lost)]
            for name, text, lost in [("hypiler", own, ()), *use.codes()]
        ]

    def _stores(self, use: Use) -> "list[list[Any]]":
        """The definitions. The third part says whether the store refuses the model, and the fourth has notes."""
        return [
            [self._ref(name), [self._ref(text)], 0, self._refs(notes)]
            if text
            else [self._ref(name), self._refs(notes), 1, []]
            for name, text, notes in use.stores()
        ]

    def _ref(self, text: str) -> int:
        """The number of a text, whose lines are kept."""
        shown = text if text.isprintable() else "\n".join([printable(line) for line in text.split("\n")])
        return self._texts.ref(shown)

    def _refs(self, texts: "Iterable[str]") -> list[int]:
        return [self._ref(text) for text in texts]


def _title(registry: "CheckedRegistry") -> str:
    """What the page is called: the names of the files, without their folders, which may be those of one machine."""
    if registry.layer == SHIPPED[0]:
        return "The models that hypiler ships"
    names = [os.path.basename(source.name) for source in registry.sources]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "") or "models"


def _identity(model: "Model") -> "dict[str, Any]":
    """What people look for first: whose the model is, under which licence, for which languages."""
    place = model.huggingface_id
    return {
        "organization": printable(model.organization or ""),
        "licence": printable(model.license or ""),
        "licenceClass": license_class(model.license) if model.license else "",
        "languages": [*map(printable, model.languages)],
        "modalities": [*map(printable, model.modalities)],
        "date": printable(model.release_date or ""),
        "deprecated": printable(model.deprecated or ""),
        "successor": model.successor,
        "url": f"https://huggingface.co/{place}" if place else web_address(model.source_url),
        "aliases": [*model.aliases],
        "hosted": model.source_api is not None,
    }


def _numbers(model: "Model") -> "dict[str, Any]":
    """What people compare and filter by."""
    return {
        "dimension": model.embedding_dim,
        "dimensions": _dimensions(model.dimensions),
        "context": model.context_length,
        "parameters": model.parameters,
        "parameterCount": None if model.parameters is None else round(parameter_count(model.parameters)),
        "matryoshka": bool(model.matryoshka),
        "multiVector": bool(model.multi_vector),
    }


def _dimensions(widths: "Sequence[int]") -> "list[int] | dict[str, int]":
    """The widths to choose from; empty if there is only one."""
    if isinstance(widths, range):
        return {"min": widths[0], "max": widths[-1]}
    return list(widths) if len(widths) > 1 else []


def _numbered_sets(models: "Iterable[Model]") -> "dict[Key, int]":
    """The number of each set of scores. The first one has the most results: models times data sets."""
    ids: dict[Key, set[str]] = {}
    for model in models:
        for key, _ in scores_of(model):
            ids.setdefault(key, set()).add(model.id)
    ordered = sorted(ids, key=lambda key: -len(ids[key]) * datasets_in(key))
    return {key: number for number, key in enumerate(ordered)}


def _set(key: "Key") -> "dict[str, str]":
    benchmark, metric, sets = key
    return {"benchmark": printable(benchmark), "metric": printable(metric), "datasets": printable(", ".join(sets))}
