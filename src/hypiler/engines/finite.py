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
    if isinstance(vectors, (list, tuple)):
        return next((row for row, one in enumerate(vectors) if not np.isfinite(one).all()), None)
    numbers = np.asarray(getattr(vectors, "data", vectors) if hasattr(vectors, "indptr") else vectors)
    finite = np.isfinite(numbers)
    if finite.all():
        return None
    first = int(np.argmin(finite.reshape(len(numbers), -1).all(axis=1)))
    return int(np.searchsorted(vectors.indptr, first, side="right")) - 1 if hasattr(vectors, "indptr") else first
