"""The overview of a registry in `MODELS.md`: tables of models, of scores that can be compared, and of coverage."""

from hypiler.emit.markdown_text import Anchors, plain, table
from hypiler.emit.widths import widths_text
from hypiler.schema.coverage import SOURCED, UNKNOWN, UNSOURCED, Coverage, stated, strongest
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry

    Link = Callable[[Any], str]
    Scores = dict[tuple[str, str, tuple[str, ...]], list[tuple[float, Any, str]]]

MANY = 25
"""A table of more models than these is divided by their kind."""

NONE = "–"
_KINDS = {
    "dense": "Dense",
    "colbert": "Late interaction",
    "sparse": "Sparse",
    "unified": "Unified",
    "static": "Static",
    "reranker": "Rerankers",
    "vision-language": "Vision-language",
    "time-series": "Time series",
}
_HEAD = ["id", "type", "organization", "width", "context", "parameters", "licence", "BEIR nDCG@10"]
_SCORES = """
## Scores

Published results. Only scores over the same data sets can be compared, so each set of them has a table. A set is left
out here if only one model has a score.
"""
_COVERAGE = """
## Coverage

How the facts are known, by field. *Verified* facts agree with the model's own files at the commit of its entry; others
*agree with a copy* of the files, whose commit is unknown or another one. *Sourced* facts were not compared with files:
`sources` names where they were read. The others have *no source*, or they are *unknown*: the entry does not state them,
since nobody looked or since the model has no such thing.

"""
_COLUMNS = {
    VERIFIED: "verified",
    COPY: "agrees with a copy",
    SOURCED: "sourced",
    UNSOURCED: "no source",
    DIFFERS: "differs",
    UNKNOWN: "unknown",
}


def overview(registry: "CheckedRegistry", link: "Link | None" = None) -> "list[str]":
    """What stands between the introduction and the sections of the models.

    Args:
        registry: The models. Few of them are in one table.
        link: Gives the target of the link to a model; by default that of its section, which is below.
    """
    anchors = Anchors()
    anchors.take("Models")
    if len(registry) <= MANY:
        link = link or _sections(registry, anchors)
        return table(_HEAD, [_row(model, link) for model in registry])
    return _long_overview(registry, link, anchors)


def _sections(models: "Iterable[Any]", anchors: Anchors) -> "Link":
    """The links to the sections of the models, which follow the headings whose anchors are taken."""
    places = {model.id: f"#{anchors.take(model.id)}" for model in models}
    return lambda model: places[model.id]


def _long_overview(registry: "CheckedRegistry", link: "Link | None", anchors: Anchors) -> "list[str]":
    """Tables of the models by kind, of their scores by data sets, and of coverage."""
    coverage, kinds, scores = Coverage(registry), _by_kind(registry), _comparable_scores(registry)
    contents = [f"[{plain(title)}](#{anchors.take(title)}) ({len(models)})" for title, models in kinds.items()]
    contents += [f"[{title}](#{anchors.take(title)})" for title in ["Scores"] * bool(scores) + ["Coverage"]]
    link = link or _sections(registry, anchors)
    lines = [" · ".join(contents) + "\n"]
    for title, models in kinds.items():
        lines += [f"\n## {plain(title)}\n\n", *_kind_table(models, coverage, link)]
    if scores:
        lines += [_SCORES, *_score_tables(scores, link)]
    return [*lines, _COVERAGE, *_coverage_table(coverage)]


def _by_kind(models: "Iterable[Any]") -> "dict[str, list[Any]]":
    """The models by the title of their kind: the usual kinds first, then those of the registry's own."""
    kinds: dict[str, list[Any]] = {title: [] for title in _KINDS.values()}
    for model in models:
        word: str = model.model_type
        kinds.setdefault(_KINDS.get(word, word), []).append(model)
    return {title: own for title, own in kinds.items() if own}


def _kind_table(models: "list[Any]", coverage: Coverage, link: "Link") -> "list[str]":
    """The models of one kind. They are not told by their type, but by how their facts are known."""
    head = [*_HEAD, "evidence"]
    rows = [[*_row(model, link), _evidence(coverage.models[model.id])] for model in models]
    empty = {head.index("type")}
    if all(model.beir_avg is None for model in models):
        empty.add(head.index("BEIR nDCG@10"))
    return table(*_without(empty, head, rows))


def _without(columns: set[int], head: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """A table without some of its columns."""
    shown = [index for index in range(len(head)) if index not in columns]
    return [head[index] for index in shown], [[row[index] for index in shown] for row in rows]


def _row(model: "Any", link: "Link") -> list[str]:
    width = widths_text(model.dimensions)
    score = NONE if model.beir_avg is None else f"{model.beir_avg} ({model.beir_datasets or 'set not stated'})"
    facts = [model.organization, width, model.context_length, model.parameters, model.license]
    texts = [*[NONE if fact is None else str(fact) for fact in facts], score]
    return [_link(model, link) + (" (deprecated)" if model.deprecated else ""), *map(plain, [model.model_type, *texts])]


def _link(model: "Any", link: "Link") -> str:
    return f"[{model.id}]({link(model)})"


def _evidence(counts: dict[str, int]) -> str:
    """The strongest evidence of a model, and for how many of its facts it has this evidence."""
    word = strongest(counts)
    return _COLUMNS[word] if word == UNSOURCED else f"{_COLUMNS[word]}: {counts[word]} of {stated(counts)}"


def _comparable_scores(models: "Iterable[Any]") -> "Scores":
    """The scores of models by benchmark, metric and data sets, if several models have one."""
    groups: Scores = {}
    for model in models:
        if model.beir_avg is not None and model.beir_datasets:
            # A reranker sorts what another model has found.
            metric = "mean nDCG@10" + " of reranking" * (model.model_type == "reranker")
            key = ("BEIR", metric, (model.beir_datasets,))
            groups.setdefault(key, []).append((model.beir_avg, model, "the authors"))
        for one in model.scores:
            if one.datasets:
                metric = one.metric + " of reranking" * (model.model_type == "reranker")
                key = (one.benchmark, metric, tuple(sorted(one.datasets)))
                groups.setdefault(key, []).append((one.value, model, one.reporter or NONE))
    return {key: scores for key, scores in groups.items() if len({model.id for _, model, _ in scores}) > 1}


def _score_tables(groups: "Scores", link: "Link") -> "list[str]":
    """A table per group, best first."""
    lines: list[str] = []
    for (benchmark, metric, sets), scores in groups.items():
        rows = [[_link(model, link), str(value), plain(by)] for value, model, by in sorted(scores, key=_best_first)]
        lines.append(f"\n**{plain(benchmark)}, {plain(metric)}**, over {plain(', '.join(sets))}\n\n")
        lines += table(["model", "score", "reported by"], rows)
    return lines


def _best_first(score: "tuple[float, Any, str]") -> float:
    return -score[0]


def _coverage_table(coverage: Coverage) -> "list[str]":
    total = coverage.total
    words = [word for word in _COLUMNS if word != DIFFERS or total[DIFFERS]]
    rows = [[plain(path), *[str(counts[word] or "") for word in words]] for path, counts in coverage.fields.items()]
    bold = ["**all**", *[f"**{total[word]}**" if total[word] else "" for word in words]]
    return table(["field", *[_COLUMNS[word] for word in words]], [*rows, bold])
