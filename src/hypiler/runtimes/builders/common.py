"""Lines of Python that several snippets share."""

from hypiler.runtimes.writing import function, literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts

PLURALS = {"query": "queries", "document": "documents"}
"""The end of the name of the function of each side."""
UNIT = "vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)"
"""The expression for vectors of length 1. A vector of zeros is kept."""
NUMPY = "import numpy as np"


def prefixed(facts: "Facts", side: str) -> str:
    """The expression for the texts of a side with their prefix."""
    prefix = facts.text(side)
    return f"[{literal(prefix)} + text for text in texts]" if prefix else "texts"


def cut_lines(facts: "Facts") -> list[str]:
    """The last lines of a function: vectors are truncated and normalized in the model's own order."""
    cut = f"vectors[:, :{facts.dimension}]"
    if facts.is_cut and facts.order == "normalize_truncate":
        return [f"vectors = {UNIT}", f"return {cut}"]
    lines: list[str] = []
    if facts.is_cut and facts.order == "layer_norm_truncate_normalize":
        lines += ["vectors = vectors - vectors.mean(axis=1, keepdims=True)"]
        lines += ["vectors = vectors / np.sqrt((vectors**2).mean(axis=1, keepdims=True) + 1e-5)"]
    if not facts.normalize:
        return [*lines, f"return {cut if facts.is_cut else 'vectors'}"]
    return [*lines, *([f"vectors = {cut}"] if facts.is_cut else []), f"return {UNIT}"]


def shortened(facts: "Facts") -> str:
    """The function that truncates vectors; empty if they keep their full width."""
    return function("shortened", "vectors", *cut_lines(facts)) if facts.is_cut else ""


def encoder(facts: "Facts", side: str, made: str, *before: str) -> str:
    """The function that encodes the texts of a side by the expression `made`, which may have to be truncated."""
    return function(
        f"encode_{PLURALS[side]}", "texts", *before, f"return {f'shortened({made})' if facts.is_cut else made}"
    )
