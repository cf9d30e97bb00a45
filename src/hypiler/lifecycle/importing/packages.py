"""The packages whose tables of models can be read, without importing any of them."""

from collections.abc import Callable, Iterator

from hypiler.lifecycle.importing.fastembed import fastembed_rows
from hypiler.lifecycle.importing.files import Files
from hypiler.lifecycle.importing.litellm import litellm_rows
from hypiler.lifecycle.importing.mteb import mteb_rows
from hypiler.lifecycle.importing.rows import Row

PACKAGES: dict[str, Callable[[Files], Iterator[Row]]] = {
    "mteb": mteb_rows,
    "fastembed": fastembed_rows,
    "litellm": litellm_rows,
}
"""How the table of each package is read."""
