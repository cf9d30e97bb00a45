"""The published scores of a registry, by sets that can be compared: one benchmark, one metric, the same data sets."""

import re

from hypiler.emit.fact_lines import source_path
from hypiler.emit.source_links import ShownSource, shown_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.schema.model import Model

    Key = tuple[str, str, tuple[str, ...]]
    Score = tuple[float, str | None, ShownSource]

_AUTHORS = "the authors"


def scores_of(model: "Model") -> "Iterator[tuple[Key, Score]]":
    """The scores of a model, each with its set.

    A score is its value, who reports it, which is None if the registry does not say it, and where it was read. A score
    whose data sets the registry does not state can be compared with nothing, so it is left out. A reranker sorts what
    another model has found, so its scores are sets of their own.
    """
    reranked = " of reranking" * (model.model_type == "reranker")
    if model.beir_avg is not None and model.beir_datasets:
        source = _source(model, "performance", "beir_avg")
        yield ("BEIR", f"mean nDCG@10{reranked}", (model.beir_datasets,)), (model.beir_avg, _AUTHORS, source)
    if model.ms_marco_mrr10 is not None:
        source = _source(model, "performance", "ms_marco_mrr10")
        yield ("MS MARCO", f"MRR@10{reranked}", ("development set",)), (model.ms_marco_mrr10, _AUTHORS, source)
    for one in model.scores:
        if one.datasets:
            source = shown_source(one.source, model) if one.source else _source(model, "performance", "scores")
            key = one.benchmark, one.metric + reranked, tuple(sorted(one.datasets))
            yield key, (one.value, one.reporter, source)


def _source(model: "Any", *path: str) -> ShownSource:
    """Where the registry has a fact from; empty if it does not say."""
    found = source_path(path, model.sources)
    return shown_source(model.sources[found], model) if found else ShownSource()


def datasets_in(key: "Key") -> int:
    """The number of data sets behind a set of scores. The set `beir-15` is the mean of 15."""
    named = re.fullmatch("beir-([0-9]{1,2})", " ".join(key[2]))
    return int(named[1]) if named else len(key[2])
