# pyright: basic, reportMissingImports=false
"""Checks that vectors and scores are numbers that can be compared."""

import numpy as np

from hypiler.engines.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check_finite(vectors: "Any", model_id: str) -> "Any":
    """What an engine gives for a batch, unchanged.

    Raises RowError for the first text with a number that is NaN or infinite. Such a vector has no similarity to others,
    and sorting by it puts the text anywhere.

    Args:
        vectors: An array with one row or one number per text, a list with one array per text, or a scipy CSR array.
        model_id: The id of the model, for the message.
    """
    row = _first_not_finite(vectors)
    if row is None:
        return vectors
    raise RowError(
        row,
        f"the files of `{model_id}` give numbers that are NaN or infinite: the weights are damaged, or their"
        " precision is too low for this text",
    )


def _first_not_finite(vectors: "Any") -> int | None:
    starts: Any = getattr(vectors, "indptr", None)
    if starts is not None:
        bad = np.flatnonzero(~np.isfinite(vectors.data))
        return int(np.searchsorted(starts, bad[0], side="right")) - 1 if len(bad) else None
    # The vectors of a late-interaction model have different numbers of tokens, so they are no array.
    rows: list[Any] = vectors if type(vectors) is list else [vectors]
    if all(bool(np.isfinite(row).all()) for row in rows):
        return None
    return next(row for row in range(len(vectors)) if not np.isfinite(vectors[row]).all())
