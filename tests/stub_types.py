"""Whether values have the types that a generated stub declares, as a type checker reads them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SCALARS: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (float, int), "bool": bool}


class StubTypes:
    """The attributes of the classes of a stub, and the types that it names."""

    def __init__(self, stub: str) -> None:
        self.classes: dict[str, dict[str, ast.expr]] = {}
        self.aliases: dict[str, ast.expr] = {}
        for node in ast.parse(stub).body:
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = dict(_attributes(node))
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self.aliases[ast.unparse(node.target)] = node.value
            elif isinstance(node, ast.Assign):
                self.aliases[ast.unparse(node.targets[0])] = node.value

    def wrong(self, record: Any, class_name: str = "ModelInfo") -> list[str]:
        """The attributes of a record whose values do not have their types."""
        declared = self.classes[class_name].items()
        return [name for name, type_ in declared if not self._fits(getattr(record, name), type_)]

    def _fits(self, value: Any, declared: ast.expr) -> bool:
        match declared:
            case ast.BinOp(left=left, right=right):
                return self._fits(value, left) or self._fits(value, right)
            case ast.Constant(value=None):
                return value is None
            case ast.Subscript(value=ast.Name(id=outer), slice=inner):
                return self._fits_generic(value, outer, inner)
            case ast.Name(id=name) if name in _SCALARS:
                is_flag = isinstance(value, bool)
                return isinstance(value, _SCALARS[name]) and (not is_flag or name == "bool")
            case ast.Name(id=name) if name in self.aliases:
                return self._fits(value, self.aliases[name])
            case ast.Name(id="ModelType"):
                return isinstance(value, str)
            case ast.Name(id=name) if name in self.classes:
                return type(value).__name__ == name and not self.wrong(value, name)
        raise AssertionError(f"no test for the type {ast.unparse(declared)}")

    def _fits_generic(self, value: Any, outer: str, inner: ast.expr) -> bool:
        if outer == "Literal":
            return value in _words(inner)
        if outer == "Mapping":
            assert isinstance(inner, ast.Tuple)
            return isinstance(value, Mapping) and all(
                isinstance(key, str) and self._fits(item, inner.elts[1]) for key, item in value.items()
            )
        item = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
        # All items of a range are of one type, and there may be billions of them.
        items = value[:1] if isinstance(value, range) else value
        return isinstance(value, tuple if outer == "tuple" else Sequence) and all(
            self._fits(one, item) for one in items
        )


def _words(inner: ast.expr) -> Sequence[Any]:
    words = ast.literal_eval(inner)
    return words if isinstance(words, tuple) else (words,)


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.returns is not None and _is_property(part):
            yield part.name, part.returns
        elif isinstance(part, ast.AnnAssign):
            yield ast.unparse(part.target), part.annotation


def _is_property(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(one) == "property" for one in function.decorator_list)
