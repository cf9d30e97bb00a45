"""PyLate: late interaction. Read: the source of 1.6.0 (pylate/models/colbert.py)."""

from hypiler.runtimes.builders.common import NUMPY, PLURALS, prefixed, shortened
from hypiler.runtimes.builders.sentence_transformers import skipped, skipped_code
from hypiler.runtimes.draft import Draft, code_warning, lengths, refuse, require, unknown_by_files, unpinned
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import Name, call, function, imports, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts


def build(facts: "Facts") -> Draft:
    """The class ColBERT with all that the registry states."""
    if facts.other_output:
        raise refuse(facts, f"PyLate does not give its output `{facts.other_output}`")
    if facts.variant is not None:
        raise refuse(facts, "a snippet for PyLate runs the model's own weights, not a variant")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    _check_expansion(facts)
    words = skipped(facts)
    options: dict[str, Any] = {
        "revision": facts.revision,
        "query_prefix": facts.marker("query"),
        "document_prefix": facts.marker("document"),
        "query_length": facts.length("query"),
        "document_length": facts.length("document"),
        "do_query_expansion": facts.stated("query_expansion"),
        "attend_to_expansion_tokens": facts.stated("attend_to_expansion_tokens"),
        "skiplist_words": None if words is None else Name(skipped_code(facts)),
        "trust_remote_code": True if facts.remote_code else None,
    }
    needed = ["from pylate import models"]
    needed += ["import string"] if "string." in str(options["skiplist_words"]) else []
    needed += [NUMPY] if "np." in shortened(facts) else []
    loaded = "model = " + call(
        "models.ColBERT", facts.name, comments={"trust_remote_code": code_warning(facts)}, **options
    )
    given = {name: value for name, value in options.items() if value is not None}
    text = python(
        "\n".join([imports(*needed), "", loaded]),
        shortened(facts),
        *[_encoder(facts, side) for side in SIDES],
    )
    arguments = {
        "class": "pylate.models.ColBERT",
        "model_name_or_path": facts.name,
        **given,
        "dimension": facts.dimension,
        "max_length": lengths(facts),
        "prompts": {side: facts.text(side) or "" for side in SIDES},
        "normalize_embeddings": facts.normalize,
    }
    if words is not None:
        arguments["skiplist_words"] = words
    notes = ["PyLate needs an environment of its own: it requires another version of sentence-transformers."]
    return Draft(text, arguments, unpinned(facts) + unknown_by_files(facts), notes)


def _check_expansion(facts: "Facts") -> None:
    """Raise RuntimeLimitError for an expansion of queries that the library cannot do."""
    width = facts.stated("expansion_length")
    if facts.stated("query_expansion") and width is not None and width != facts.length("query"):
        raise refuse(facts, f"PyLate expands queries to their longest length, and not to {width} tokens")


def _encoder(facts: "Facts", side: str) -> str:
    """The function that encodes the texts of a side. The library's own default is a query."""
    normalize = None if facts.normalize is None else facts.normalize and not facts.is_cut
    made = call("model.encode", Name(prefixed(facts, side)), is_query=side == "query", normalize_embeddings=normalize)
    returned = f"[shortened(vectors) for vectors in {made}]" if facts.is_cut else made
    return function(f"encode_{PLURALS[side]}", "texts", f"return {returned}")
