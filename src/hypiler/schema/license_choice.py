"""Whether licences that somebody allows permit the use of something under a licence expression of SPDX.

An expression joins licences by WITH, AND and OR, of which WITH binds most tightly. Parentheses group.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_BINDS = {"OR": 1, "AND": 2}


def is_allowed(expression: str, allowed: "Collection[str]") -> bool:
    """Whether one branch of each OR, and both branches of each AND, are allowed. Case does not matter.

    A licence with an exception (`WITH`) must be allowed as a whole, since an exception can also take rights away. An
    expression that is allowed as a whole is allowed. What is no expression is not.
    """
    known = {_folded(one) for one in allowed}
    return _folded(expression) in known or _value(_parts(expression), known)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _parts(expression: str) -> list[str]:
    """The parentheses, the operators, and the licences, each with its exception."""
    words = expression.replace("(", " ( ").replace(")", " ) ").split()
    parts: list[str] = []
    for word in words:
        if parts and (word == "WITH" or parts[-1].endswith(" WITH")):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _value(parts: list[str], known: set[str]) -> bool:
    """What the parts come to. Two stacks, so that no depth of parentheses is too much."""
    values: list[bool] = []
    operators: list[str] = []
    expects_license = True
    for part in parts:
        if part == "(" and expects_license:
            operators.append(part)
        elif part == ")" and not expects_license:
            _reduce(values, operators, 0)
            if not operators:
                return False
            operators.pop()
        elif part in _BINDS and not expects_license:
            _reduce(values, operators, _BINDS[part])
            operators.append(part)
            expects_license = True
        elif part not in ("(", ")", *_BINDS) and expects_license:
            values.append(_is_one_allowed(part, known))
            expects_license = False
        else:
            return False
    if expects_license:
        return False
    _reduce(values, operators, 0)
    return not operators and values == [True]


def _reduce(values: list[bool], operators: list[str], strength: int) -> None:
    """Apply the operators back to the last parenthesis that bind at least so tightly."""
    while operators and operators[-1] != "(" and _BINDS[operators[-1]] >= strength:
        right, left = values.pop(), values.pop()
        values.append((left and right) if operators.pop() == "AND" else (left or right))


def _is_one_allowed(license: str, known: set[str]) -> bool:
    return any(name in known for name in _choices(license.casefold()))


def _choices(license: str) -> list[str]:
    """The names of a licence that its users may choose from: "or any later version" includes the version itself.

    `GPL-3.0` is what SPDX called `GPL-3.0-only` before.
    """
    if "licenseref-" in license:
        return [license]
    base = license.removesuffix("+").removesuffix("-or-later").removesuffix("-only")
    return [license, base, f"{base}-only"]
