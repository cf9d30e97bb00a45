"""The table of texts of a page: a text that occurs many times is written once, and a number stands for it elsewhere."""

from hypiler.emit.source_links import ShownSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Texts:
    """Texts and sources by number, in the order of their first use.

    Attributes:
        strings: The texts.
        sources: Each source as the number of its text and the number of its address, which is None without one.
    """

    __slots__ = ("_numbers", "_source_numbers", "sources", "strings")

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.sources: list[list[int | None]] = []
        self._numbers: dict[str, int] = {}
        self._source_numbers: dict[tuple[str, str], int] = {}

    def ref(self, text: str) -> int:
        """The number of a text."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.strings)
            self.strings.append(text)
        return number

    def refs(self, texts: "Iterable[str]") -> list[int]:
        """The numbers of several texts."""
        return [self.ref(text) for text in texts]

    def source(self, source: ShownSource) -> int | None:
        """The number of a source; None for an empty one."""
        if not source:
            return None
        key = source.text, web_address(source.address)
        number = self._source_numbers.get(key)
        if number is None:
            number = self._source_numbers[key] = len(self.sources)
            self.sources.append([self.ref(key[0]), self.ref(key[1]) if key[1] else None])
        return number


def web_address(address: "str | None") -> str:
    """An address that a link may have; empty for none, and for one of another scheme, such as `javascript:`."""
    return address if address and address.startswith(("https://", "http://")) and address.isprintable() else ""
