"""The constants of a Python source, evaluated without running it.

No code is imported or run: mteb and litellm import frameworks of gigabytes, and the code of a project may do anything.
An expression that is not made of literals has the value `UNKNOWN`. The source may be hostile: no result grows beyond
`LONGEST`, and no number beyond `LARGEST`.
"""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from hypiler.lifecycle.importing.files import Files
from hypiler.lifecycle.importing.shapes import is_list, is_mapping

LONGEST = 200_000
"""A longer text, list or mapping is not computed."""
LARGEST = 2**63
"""A larger number is not computed."""
_MOST_DIGITS = 18


class _Unknown:
    """The value of what is no literal."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Call:
    """A call that the source writes: the name of what is called, its keyword arguments, and its line."""

    name: str
    arguments: Mapping[str, Any]
    line: int


_NUMBERS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float}
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Pow: lambda left, right: left**right,
}


def compute(kind: type, left: Any, right: Any) -> Any:
    """The result of an operator on two values; `UNKNOWN` if it is not defined here, or would be too large."""
    kinds: set[type] = {type(left), type(right)}
    if kinds <= {int, float}:
        return _number(kind, left, right)
    if not any(kinds == {one} for one in (str, list, dict)) or len(left) + len(right) > LONGEST:
        return UNKNOWN
    if kinds == {dict}:
        return left | right if kind is ast.BitOr else UNKNOWN
    # Sets are lists here, and their union is written with `|`.
    return left + right if kind is ast.Add or (kind is ast.BitOr and kinds == {list}) else UNKNOWN


def _number(kind: type, left: float, right: float) -> Any:
    apply = _OPERATORS.get(kind)
    if apply is None or (kind is ast.Pow and not (abs(left) <= 10_000 and abs(right) <= _MOST_DIGITS)):
        return UNKNOWN
    try:
        result = apply(left, right)
    except ArithmeticError:
        return UNKNOWN
    return result if isinstance(result, int | float) and abs(result) <= LARGEST else UNKNOWN


@dataclass
class Source:
    """The constants of a module, evaluated without running it.

    Attributes:
        files: Where imported constants are looked up.
        path: The path of this module.
        names: Its constants by name, filled by `read`.
        wanted: The end of the names of the calls that are kept.
        also: Further names of calls; such a call is also the value of its expression.
        calls: Every call with such a name, in order.
    """

    files: Files
    path: str
    wanted: str = " "
    also: tuple[str, ...] = ()
    names: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def read(self) -> "Source":
        """Evaluate every assignment and import of the module's first level."""
        for statement in ast.parse(self.files.text(self.path)).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                value = self.value(statement.value)
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                self.names |= {target.id: value for target in targets if isinstance(target, ast.Name)}
            elif isinstance(statement, ast.ImportFrom):
                self._import(statement)
        return self

    def _import(self, statement: ast.ImportFrom) -> None:
        folder = PurePosixPath(self.path).parents
        parts = (statement.module or "").split(".")
        start = folder[statement.level - 1] if statement.level else PurePosixPath()
        path = str(start.joinpath(*parts)) + ".py"
        if path in _all_paths(self.files):
            found = _constants(self.files, path)
            self.names |= {one.asname or one.name: found.get(one.name, UNKNOWN) for one in statement.names}

    def value(self, node: ast.expr) -> Any:
        """The value of an expression, with `UNKNOWN` for whatever is no literal in it."""
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        return read(node) if read else UNKNOWN

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        return self.names.get(node.id, UNKNOWN)

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Any:
        found: list[Any] = []
        for one in node.elts:
            value = self.value(one.value if isinstance(one, ast.Starred) else one)
            found.extend(value if isinstance(one, ast.Starred) and is_list(value) else [value])
            if len(found) > LONGEST:
                return UNKNOWN
        return found

    _tuple = _set = _list

    def _dict(self, node: ast.Dict) -> Any:
        found: dict[Any, Any] = {}
        for key, one in zip(node.keys, node.values, strict=True):
            value = self.value(one)
            if key is None:
                found |= value if is_mapping(value) else {}
            elif isinstance(name := self.value(key), str | int):
                found[name] = value
        return found

    def _attribute(self, node: ast.Attribute) -> Any:
        """`math.inf` is a number, `PromptType.query.value` is `query`: values of enumerations have their names."""
        if node.attr == "inf":
            return math.inf
        return self.value(node.value) if node.attr == "value" else node.attr

    def _binop(self, node: ast.BinOp) -> Any:
        return compute(type(node.op), self.value(node.left), self.value(node.right))

    def _joinedstr(self, node: ast.JoinedStr) -> Any:
        parts = [self.value(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values]
        if UNKNOWN in parts or not all(isinstance(part, str | int | float) for part in parts):
            return UNKNOWN
        text = "".join(map(str, parts))
        return text if len(text) <= LONGEST else UNKNOWN

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int | float) else UNKNOWN

    def _call(self, node: ast.Call) -> Any:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        for one in node.keywords:
            given |= value if one.arg is None and is_mapping(value := self.value(one.value)) else {}
        if name == "dict":
            return given
        if name in ("set", "list", "sorted", "tuple", "frozenset") and len(node.args) == 1:
            return self.value(node.args[0])
        if name in ("int", "float") and len(node.args) == 1:
            value = self.value(node.args[0])
            return _converted(name, value) if isinstance(value, int | float) or value == "inf" else UNKNOWN
        call = Call(name, given, node.lineno)
        if name.endswith(self.wanted):
            self.calls.append(call)
        return call if name in self.also else UNKNOWN


def _converted(name: str, value: Any) -> Any:
    try:
        return _NUMBERS[name](value)
    except (ValueError, OverflowError):
        return UNKNOWN


@cache
def _all_paths(files: Files) -> frozenset[str]:
    return frozenset(files.paths())


@cache
def _constants(files: Files, path: str) -> Mapping[str, Any]:
    return Source(files, path).read().names
