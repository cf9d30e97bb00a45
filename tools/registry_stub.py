"""Makes `hypiler/registry/__init__.pyi` from the classes that the package `hypiler.registry` shows.

Type checkers read every module that a program imports, in one way or another. `hypiler` has a `Registry`, so whoever
checks a program with a `ModelConfig` would wait for the whole compiler. The stub is all that they read instead.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

_SOURCE = Path(__file__).parents[1] / "src" / "hypiler"
# Each class after those that it needs, with its file and its name in the stub. Names with `_` are not public.
_CLASSES = {
    "Finding": ("diagnostics/finding.py", "Finding"),
    "RuleSettings": ("compiler/rule_settings.py", "RuleSettings"),
    "Origin": ("compiler/checked.py", "Origin"),
    "Record": ("schema/records.py", "_Record"),
    "PinnedFile": ("schema/evidence.py", "PinnedFile"),
    "Evidence": ("schema/evidence.py", "_Evidence"),
    "Model": ("schema/model.py", "Model"),
    "Source": ("jsontext/reader.py", "_Source"),
    "Entry": ("compiler/checked.py", "_Entry"),
    "CheckedRegistry": ("compiler/checked.py", "_CheckedRegistry"),
    "Registry": ("registry/registry.py", "Registry"),
    "OptionsError": ("project/options.py", "OptionsError"),
    "OutputRefused": ("project/output.py", "OutputRefused"),
}
_OPENING = '''\
# Made from the classes themselves by tools/refresh.py.
"""What `hypiler.registry` shows, for checkers alone: without the modules that it is made of."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeAlias

from hypiler.errors import UnknownModelError as UnknownModelError
from hypiler.schema.model_attributes import ModelAttributes

_Path: TypeAlias = tuple[str | int, ...]
'''
_RENAMED = {name: own for name, (_, own) in _CLASSES.items()} | {"Path": "_Path"}
_KNOWN = {
    *("Any", "Exception", "Iterable", "Iterator", "Mapping", "ModelAttributes", "None", "Self", "Sequence", "bool"),
    *("bytes", "dict", "int", "list", "object", "os", "str", "tuple", "UnknownModelError", *_RENAMED.values()),
}


def emit_registry_stub() -> str:
    """The text of the stub."""
    public = sorted([own for _, own in _CLASSES.values() if not own.startswith("_")] + ["UnknownModelError"])
    listed = "".join([f'    "{name}",\n' for name in public])
    return "\n".join([_OPENING, f"__all__ = [\n{listed}]\n", *[_class(name, _find(name)) for name in _CLASSES]])


def _find(name: str) -> ast.ClassDef:
    tree = ast.parse((_SOURCE / _CLASSES[name][0]).read_text("utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _class(name: str, node: ast.ClassDef) -> str:
    bases = ", ".join([_annotation(base) for base in node.bases])
    lines = [f"class {_RENAMED[name]}{f'({bases})' if bases else ''}:", *_docstring(node, "    "), ""]
    lines += [f"    {attribute}: {annotation}" for attribute, annotation in _attributes(node)]
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and _is_shown(one.name):
            lines += _function(one)
    return "\n".join([*lines, ""])


def _is_shown(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name not in ("__slots__", "__reduce__"))


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The public attributes that the body and `__init__` assign, with their annotations."""
    for one in node.body:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str())) if _is_shown(name):
                yield name, "str"
            case ast.FunctionDef(name="__init__", args=arguments):
                given = {one.arg: one.annotation for one in [*arguments.args, *arguments.kwonlyargs]}
                yield from _assigned(one, given)
            case _:
                pass


def _assigned(init: ast.FunctionDef, given: dict[str, ast.expr | None]) -> Iterator[tuple[str, str]]:
    """Those that `__init__` assigns; without an annotation, an attribute has that of the argument of its name."""
    for one in init.body:
        match one:
            case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation) if _is_shown(name):
                yield name, _annotation(annotation)
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if _is_shown(name):
                # `argument or default` is never None.
                is_completed = isinstance(value, ast.BoolOp)
                yield name, _annotation(given[name]).removesuffix(" | None" * is_completed)
            case _:
                pass


def _function(node: ast.FunctionDef) -> list[str]:
    decorators = [f"    @{ast.unparse(one)}" for one in node.decorator_list]
    arguments = node.args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg]:
        if one is not None and one.annotation is not None:
            one.annotation = ast.parse(_annotation(one.annotation), mode="eval").body
    signature = f"    def {node.name}({ast.unparse(arguments)}) -> {_annotation(node.returns)}:"
    docstring = list(_docstring(node, " " * 8))
    return [*decorators, signature, *docstring] if docstring else [*decorators, signature + " ..."]


def _docstring(node: ast.ClassDef | ast.FunctionDef, indent: str) -> Iterator[str]:
    text = ast.get_docstring(node, clean=False)
    if text is not None:
        yield from f'{indent}"""{text}"""'.splitlines()


def _annotation(node: ast.expr | None) -> str:
    """An annotation without quotes, in the names of the stub. A name that the stub does not have becomes Any."""
    return "None" if node is None else ast.unparse(_Renaming().visit(node))


class _Renaming(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        name = _RENAMED.get(node.id, node.id)
        return ast.Name(name if name in _KNOWN else "Any")

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        quoted = isinstance(node.value, str)
        found: ast.expr = self.visit(ast.parse(node.value, mode="eval").body) if quoted else node
        return found
