"""The constants of a Python source, evaluated without running it.

Nothing of a peer is imported, since mteb and litellm import frameworks of gigabytes. What no literal says is `UNKNOWN`.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Protocol
from zipfile import ZipFile


class Files(Protocol):
    """Texts by their paths: a wheel."""

    def __hash__(self) -> int: ...

    def paths(self) -> list[str]:
        """All paths."""

    def text(self, path: str) -> str:
        """The text of one file. Raises KeyError if there is none."""


class Wheel:
    """The texts of a wheel."""

    def __init__(self, path: str) -> None:
        self._zip = ZipFile(path)

    def paths(self) -> list[str]:
        """All paths."""
        return self._zip.namelist()

    def text(self, path: str) -> str:
        """The text of one file. Raises KeyError if there is none."""
        return self._zip.read(path).decode("utf-8")


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
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
}


@dataclass
class Source:
    """The constants of a module, evaluated without running it.

    Attributes:
        files: Where imported constants are looked up.
        path: The path of this module.
        names: Its constants by name, filled by `read`.
        wanted: The end of the names of the calls that are kept.
        calls: Every call with such a name, in order.
    """

    files: Files
    path: str
    wanted: str = " "
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
            found.extend(value if isinstance(one, ast.Starred) and isinstance(value, list) else [value])
        return found

    _tuple = _set = _list

    def _dict(self, node: ast.Dict) -> Any:
        found: dict[Any, Any] = {}
        for key, one in zip(node.keys, node.values, strict=True):
            value = self.value(one)
            if key is None:
                found |= value if isinstance(value, dict) else {}
            elif isinstance(name := self.value(key), str | int):
                found[name] = value
        return found

    def _attribute(self, node: ast.Attribute) -> Any:
        """`math.inf` is a number, `PromptType.query.value` is `query`: values of enumerations have their names."""
        if node.attr == "inf":
            return math.inf
        return self.value(node.value) if node.attr == "value" else node.attr

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        kinds = {type(left), type(right)}
        compute = _OPERATORS.get(type(node.op))
        if compute is operator.or_ and kinds == {list}:
            return left + right
        allowed = (operator.add, operator.or_) if kinds <= {str} or kinds <= {list} or kinds <= {dict} else ()
        return compute(left, right) if compute and (kinds <= {int, float} or compute in allowed) else UNKNOWN

    def _joinedstr(self, node: ast.JoinedStr) -> Any:
        parts = [self.value(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values]
        return UNKNOWN if UNKNOWN in parts else "".join(map(str, parts))

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int | float) else UNKNOWN

    def _call(self, node: ast.Call) -> Any:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        for one in node.keywords:
            given |= value if one.arg is None and isinstance(value := self.value(one.value), dict) else {}
        if name == "dict":
            return given
        if name in ("set", "list", "sorted", "tuple", "frozenset") and len(node.args) == 1:
            return self.value(node.args[0])
        if name in ("int", "float") and len(node.args) == 1:
            value = self.value(node.args[0])
            return _NUMBERS[name](value) if isinstance(value, int | float) or value == "inf" else UNKNOWN
        if name.endswith(self.wanted):
            self.calls.append(Call(name, given, node.lineno))
        return UNKNOWN


@cache
def _all_paths(files: Files) -> frozenset[str]:
    return frozenset(files.paths())


@cache
def _constants(files: Files, path: str) -> Mapping[str, Any]:
    return Source(files, path).read().names
