"""What encoders return, in the forms that frameworks take."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def rank(reranker: "Any", query: str, texts: "list[str]") -> "list[tuple[int, float]]":
    """The places of the texts with their scores, the most relevant first. Equal scores keep the order of the texts."""
    if not texts:
        return []
    scores: list[float] = reranker.similarity(
        reranker.encode_queries([query]), reranker.encode_documents(texts)
    ).tolist()[0]
    order = sorted(range(len(texts)), key=lambda place: -scores[place])
    return [(place, scores[place]) for place in order]


def sparse_rows(matrix: "Any") -> "list[tuple[list[int], list[float]]]":
    """The tokens and weights of each row of a CSR array [texts, vocabulary], without weights of 0."""
    found: list[tuple[list[int], list[float]]] = []
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        values = matrix.data[start:end]
        kept = values != 0
        found.append((matrix.indices[start:end][kept].tolist(), values[kept].tolist()))
    return found
