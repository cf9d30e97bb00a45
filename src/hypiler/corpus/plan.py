"""What is done to each table: which column has the texts, and what the vectors become. Plain data."""

from dataclasses import dataclass

from hypiler.corpus.errors import CorpusError
from hypiler.diagnostics.escaping import did_you_mean, quote_name
from hypiler.stores.stamps import KEY

SIDES = ("document", "query")
"""As what texts are encoded."""
DTYPES = ("float32", "float16")
"""The types of the numbers in vectors."""
NULLS = ("error", "keep")
"""What is done with a row without a text: raise an error, or keep the row with a null vector."""


@dataclass(frozen=True)
class Plan:
    """How a table of texts becomes a table of texts and vectors.

    Attributes:
        text_column: The column with the texts.
        vector_column: The new column.
        side: One of SIDES.
        dtype: One of DTYPES.
        nulls: One of NULLS.
        batch_size: How many texts the network gets at once.
    """

    text_column: str = "text"
    vector_column: str = "embedding"
    side: str = "document"
    dtype: str = "float32"
    nulls: str = "error"
    batch_size: int = 32

    def __post_init__(self) -> None:
        for name, known in (("side", SIDES), ("dtype", DTYPES), ("nulls", NULLS)):
            value = getattr(self, name)
            if value not in known:
                raise CorpusError(f"{name} must be one of {', '.join(known)}; got {value!r}")
        for name in ("text_column", "vector_column"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise CorpusError(f"{name} must be the name of a column, got {value!r}")
        if type(self.batch_size) is not int or self.batch_size < 1:
            raise CorpusError(f"batch_size must be a positive integer, got {self.batch_size!r}")

    @property
    def stamp_key(self) -> str:
        """The key of the stamp in the metadata of the output.

        A stamp describes the vectors of documents, so that of queries has another key: no check takes it for an index.
        """
        return KEY if self.side == "document" else f"{KEY}.queries"


def check_columns(names: "list[str]", plan: Plan, where: str) -> None:
    """Raise CorpusError unless a table with these columns has the texts once, and room for the vectors.

    `where` is what messages call the table.
    """
    if plan.text_column not in names:
        hint = did_you_mean(plan.text_column, names) or f"it has {_listed(names)}"
        raise CorpusError(f"{where} has no column {quote_name(plan.text_column)}; {hint}")
    if names.count(plan.text_column) > 1:
        raise CorpusError(f"{where} has several columns {quote_name(plan.text_column)}: rename all but one")


def check_room(kept: "list[str]", plan: Plan, where: str, remedy: str) -> None:
    """Raise CorpusError if the vectors would be a second column of their name, or if two kept columns share a name."""
    if plan.vector_column in kept:
        raise CorpusError(f"{where} already has a column {quote_name(plan.vector_column)}: {remedy}")
    twice = next((name for name in kept if kept.count(name) > 1), None)
    if twice is not None:
        raise CorpusError(f"{where} has several columns {quote_name(twice)}: rename all but one")


def _listed(names: "list[str]") -> str:
    shown = [quote_name(name) for name in names[:10]]
    return ", ".join(shown) + (", …" if names[10:] else "") if names else "no columns"
