"""How a terminal shows text: the columns that characters take, and styles."""

STYLES = {
    "bold": "1",
    "dim": "2",
    "error": "1;31",
    "frame": "1;34",
    "heading": "1;34",
    "name": "36",
    "note": "1;36",
    "warning": "1;33",
}


def paint(style: str, text: str) -> str:
    """The text in one of the styles, as ANSI escape sequences."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def columns_of(text: str) -> int:
    """How many columns a terminal gives to a text."""
    return len(text) if text.isascii() else sum([columns_of_character(character) for character in text])


def columns_of_character(character: str) -> int:
    """2 for a wide character, 0 for a mark upon the character before it, else 1."""
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
