"""The probe of a stamp: the vectors of nine fixed texts, reduced to a few numbers each.

The texts, the signs and the form below are version 1, and never change. docs/spaces.md describes them byte by byte. The
vector of each text is scaled to length 1 and multiplied by a matrix of 64 rows of signs, which keeps cosines well
enough: 1 - cosine of the results is between about half and three times that of the vectors.
"""

import hashlib
from base64 import b64encode

from hypiler.stamps.stored import PROBE_VERSION, PROBE_WIDTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.floating[Any]]

_COLUMNS = b"hypiler probe 1 column "
_TOKENS = b"hypiler probe 1 token "
# How many signs are computed at once, so that memory does not grow with the vectors.
_BLOCK = 8192

SHORT = (
    "How do I change the delivery address of an order that has already been shipped?",
    "The committee approved the budget, although two members voted against it.",
    "def area(radius: float) -> float:\n    return 3.14159 * radius**2",
    "東京の春は桜が美しく、多くの人が公園で花見を楽しみます。",
    "CAFÉ Ångström, naïve Señor MÜLLER visits Łódź and São Paulo",
    "Invoice 20418: 3 items at 19.99 EUR, 7% VAT, due 2024-02-29, total 64.17",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
    'Wait... what?! (No -- "yes"; maybe: #42, @home, 50/50 & more.)',
)
"""A question, a statement, code, Japanese, capitals and accents, numbers, a long word, and punctuation."""

LONG = (
    "The library of the harbour town stands where the old customs house used to be. When it was opened, most people"
    " expected a quiet room with a few shelves, and for some years they were right. Then the fishing company moved"
    " away, the ferry stopped calling in winter, and the building became the only warm place on the quay that was open"
    " to everybody until eight in the evening. Sailors came in to read the weather, pupils did their homework at the"
    " long table below the windows, and the pensioners of the choir met every Thursday to argue about the programme of"
    " the next concert. The librarian, who had studied chemistry and never meant to stay, began to write down what"
    " people asked for. Her first list had forty entries. It contained a manual for a diesel engine, a map of the"
    " sandbanks, three novels that nobody could find any more, the timetable of a railway in another country, and a"
    " recipe for bread without yeast. She noticed that hardly anyone asked for a title. People described what they"
    " wanted, often with the wrong words, and she had to guess what they meant. A boy who wanted to know why the moon"
    " looked larger near the horizon needed a book on perception, not one on astronomy. A woman who asked for"
    " something about knots was looking for a way to repair a net that had belonged to her grandfather. From then on"
    " the lists had two columns: what was asked, and what had helped. After ten years there were more than six"
    " thousand lines. Somebody from the university heard of the lists and came to copy them. He explained that a"
    " computer could learn from such pairs which descriptions belong to which books, even if they share no word. The"
    " librarian was polite but not convinced. She asked whether the machine would also notice that a question about"
    " tides, asked in August by a child with a bucket, is a different question from the same words spoken by a pilot"
    " in November. The visitor admitted that it would not, at least not from the words alone. They agreed on an"
    " experiment. For one month every question was answered twice, first by the machine and then by her, and the"
    " readers said which answer they preferred. The machine was faster, it knew books that had been forgotten in the"
    " cellar, and it never lost its patience. It failed when a question was long and the important part came at the"
    " end, because it read only the beginning, and it failed when a name was spelled in an unusual way. She failed"
    " when she was tired, when the subject was football, and once when she had confused two brothers who wrote under"
    " the same name. At the end of the month the numbers were so close that neither side could claim to have won. What"
    " changed was something else. The readers had begun to explain themselves better, since they had seen how a"
    " question is understood and misunderstood. They wrote whole sentences, they said what they already knew, and they"
    " mentioned what they did not want. The choir found its concert programme, the grandfather's net was repaired, and"
    " the map of the sandbanks, which everybody believed to be lost, turned up behind a radiator. The two columns are"
    " still kept today. There is now a third one, in which the reader writes a week later whether the book was any"
    " good. It is the column that the librarian reads first, and the only one that has never been copied by anybody."
)
"""A longer text, which most models truncate: it shows their lengths."""
TEXTS = (*SHORT, LONG)


def make_probe(encode: "Callable[[list[str]], Any]") -> "dict[str, Any]":
    """The probe of an encoder, as JSON types. `encode` encodes texts as documents, each alone.

    Raises ValueError for vectors that are not finite.
    """
    import numpy as np

    found = encode(list(TEXTS))
    late = _is_list(found)
    if late:
        pairs = [_of_tokens(tokens) for tokens in found]
    elif hasattr(found, "indptr"):
        pairs = [_of_sparse(found, row) for row in range(found.shape[0])]
    else:
        pairs = [_of_vector(vector, np.arange(len(vector)), len(vector)) for vector in found]
    norms = np.array([norm for norm, _ in pairs], "<f4")
    numbers = np.array([row for _, row in pairs], "<f2")
    if not (np.isfinite(norms).all() and np.isfinite(numbers).all()):
        raise ValueError("the vectors of the probe's texts must be finite numbers")
    probe: dict[str, Any] = {"version": PROBE_VERSION, "norms": _base64(norms), "numbers": _base64(numbers)}
    return probe | {"tokens": [len(tokens) for tokens in found]} if late else probe


def _is_list(value: object) -> bool:
    return type(value) is list


def _base64(numbers: "Any") -> str:
    return b64encode(numbers.tobytes()).decode("ascii")


def _of_vector(values: "Any", places: "Any", width: int) -> "tuple[float, Floats]":
    """The norm of a vector of `width` numbers, and its numbers in the probe. Other numbers than `values` are zeros.

    A vector of zeros has zeros.
    """
    import numpy as np

    values = np.asarray(values, np.float64)
    norm, unit = _unit(values)
    if width <= PROBE_WIDTH:
        whole = np.zeros(width)
        whole[places] = unit
        return norm, whole
    projected = np.zeros(PROBE_WIDTH)
    for start in range(0, len(places), _BLOCK):
        part = slice(start, start + _BLOCK)
        projected += unit[part] @ signs(_COLUMNS, places[part])
    return norm, projected / np.sqrt(PROBE_WIDTH)


def _of_sparse(found: "Any", row: int) -> "tuple[float, Floats]":
    """The same for a row of a scipy CSR array. Signs are computed for its terms alone."""
    start, end = found.indptr[row], found.indptr[row + 1]
    return _of_vector(found.data[start:end], found.indices[start:end], found.shape[1])


def _of_tokens(tokens: "Floats") -> "tuple[float, Floats]":
    """The Frobenius norm of token vectors [tokens, dim], and the numbers of the matrix.

    The sign of a number is that of its token times that of its column.
    """
    import numpy as np

    matrix = np.asarray(tokens, np.float64)
    norm, unit = _unit(matrix)
    of_columns = signs(_COLUMNS, range(matrix.shape[-1] if matrix.size else 0))
    of_tokens = signs(_TOKENS, range(len(matrix)))
    projected = (of_tokens * (unit @ of_columns)).sum(axis=0) if matrix.size else np.zeros(PROBE_WIDTH)
    return norm, projected / np.sqrt(PROBE_WIDTH)


def _unit(values: "Floats") -> "tuple[float, Floats]":
    """The norm, and the values divided by it; the values themselves if the norm is 0."""
    import numpy as np

    norm = float(np.sqrt((values**2).sum()))
    # Vectors that are not finite are refused by the caller.
    with np.errstate(invalid="ignore"):
        return norm, values / norm if norm else values


def signs(label: bytes, places: "Iterable[Any]") -> "NDArray[np.int8]":
    """The signs of columns or tokens, int8 [places, 64]: the 64 bits of SHAKE-256 of the label and the place.

    The place has 8 bytes, little-endian. Bits go from the lowest of the first byte to the highest of the last; a set
    bit is -1.
    """
    import numpy as np

    digests = [hashlib.shake_256(label + int(place).to_bytes(8, "little")).digest(PROBE_WIDTH // 8) for place in places]
    data: Any = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, PROBE_WIDTH // 8)
    bits: Any = np.unpackbits(data, axis=1, bitorder="little")
    result: NDArray[np.int8] = 1 - 2 * bits.astype(np.int8)
    return result
