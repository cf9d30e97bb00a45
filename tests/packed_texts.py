"""Reads the packed texts of a catalogue, as its page does."""

import re

from hypiler.catalogue.packing import DIGITS


def unpacked(texts: list[str]) -> list[str]:
    """The texts as a reader in JavaScript finds them: see docs/catalogue.md."""
    found: list[bytes] = []

    def value(digits: str) -> int:
        total = 0
        for digit in digits:
            total = total * len(DIGITS) + DIGITS.index(digit)
        return total

    def copied(match: re.Match[str]) -> str:
        code = match[1]
        if code == "~":
            return code
        start, length = 2 * value(code[3:5]), 2 * value(code[5:])
        return found[value(code[:3])][start : start + length].decode("utf-16-le")

    for text in texts:
        whole = re.sub("~(~|.{7})", copied, text, flags=re.DOTALL)
        found.append(whole.encode("utf-16-le", "surrogatepass"))
    return [one.decode("utf-16-le", "surrogatepass") for one in found]
