"""Compiles registries in tests, imports what is generated, and says what a record must hold."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.python.module import emit_python
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.free_types import Extra
from hypiler.schema.string_types import ModelTypeName
from hypiler.schema.types import FieldType, ListOf, MapOf, Number, Records, Score

_numbers = count()


def compiled(tree: Any, name: str = "models.json") -> CheckedRegistry:
    """The tree, compiled as a file of that name."""
    return compile_registry([(name, json.dumps(tree).encode())])


def valid(tree: Any) -> CheckedRegistry:
    """The tree, compiled; it must have no errors."""
    registry = compiled(tree)
    assert not registry.has_errors, registry.findings
    return registry


def import_file(path: Path, name: str) -> ModuleType:
    """The module in a file, imported under a name as `import` would."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def imported(registry: CheckedRegistry, folder: Path) -> Iterator[ModuleType]:
    """The registry's module, written to a file of its own and imported under a name of its own."""
    name = f"generated_{os.getpid()}_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_text(emit_python(registry), encoding="utf-8", newline="")
    try:
        yield import_file(path, name)
    finally:
        sys.modules.pop(name, None)
        path.unlink()


def run_python(code: str, *options: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own that sees neither hypiler nor anything installed."""
    inherited = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT") if k in os.environ}
    return subprocess.run(
        [sys.executable, "-S", *options, "-c", code],
        cwd=cwd,
        env=inherited | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def _at(model: dict[str, Any], field: Field) -> Any:
    here: Any = model
    for key in field.path:
        if key not in here:
            return ...
        here = here[key]
    return here


# Where a fact was read has its parts in this order, whatever the order in the file.
_PARTS_OF_SOURCE = ("url", "repository", "commit", "path", "quote", "copy")


def _part(value: Any) -> Any:
    """A value as records hold it: lists as tuples."""
    if isinstance(value, dict):
        is_source = value.keys() <= set(_PARTS_OF_SOURCE) and value.keys() & {"url", "repository"}
        keys = [key for key in _PARTS_OF_SOURCE if key in value] if is_source else value
        return {key: _part(value[key]) for key in keys}
    return tuple([_part(item) for item in value]) if isinstance(value, list) else value


def _expected_records(value: list[Any], records: Records) -> tuple[Any, ...]:
    return tuple(
        [
            {name: _expected_part(item.get(name, ...), part) for name, (part, _, _) in records.fields.items()}
            for item in value
        ]
    )


def _expected_part(value: Any, part: FieldType) -> Any:
    if value is ...:
        return part.empty
    if isinstance(part, Records):
        return _expected_records(value, part)
    return float(value) if isinstance(part, Number) else _part(value)


def expected(model: dict[str, Any], field: Field) -> Any:
    """What `ModelInfo` must hold of a field, read from the JSON without the compiler's help.

    Records come as dicts of their parts, mappings as dicts, an enum's member as its value.
    """
    value = _at(model, field)
    if value is ... and field.attribute == "matryoshka":
        architecture = model["architecture"]
        return bool(architecture.get("matryoshka_dims") or architecture.get("matryoshka_range", {}).get("max"))
    match field.type:
        case ListOf() | Records() if value is ...:
            return ()
        case MapOf() if value is ...:
            return {}
        case Records() if isinstance(value, list):
            return _expected_records(value, field.type)
        case Score() if type(value) is int:
            return float(value)
    return None if value is ... else _part(value)


def held(record: Any, field: Field) -> Any:
    """What a record holds of a field, in the form of `expected`; its own types must be right."""
    value = getattr(record, field.attribute)
    match field.type:
        case ModelTypeName():
            assert type(value).__name__ == "ModelType"
            return value.value
        case Records():
            return _held_records(value, field.type)
        case MapOf():
            assert type(value) is MappingProxyType
    return _thawed(value)


def _held_records(value: Any, records: Records) -> tuple[Any, ...]:
    assert {type(part).__name__ for part in value} <= {records.record}
    return tuple(
        [
            {name: _held_part(getattr(item, name), part) for name, (part, _, _) in records.fields.items()}
            for item in value
        ]
    )


def _held_part(value: Any, part: FieldType) -> Any:
    return _held_records(value, part) if isinstance(part, Records) else _thawed(value)


def _thawed(value: Any) -> Any:
    """A value with dicts for its read-only mappings."""
    if isinstance(value, MappingProxyType):
        return {key: _thawed(item) for key, item in value.items()}
    return tuple(map(_thawed, value)) if isinstance(value, tuple) else value


def exactly(value: Any) -> Any:
    """A value that equals another only if the types are the same too, down to the last scalar."""
    if isinstance(value, dict):
        return [(key, exactly(item)) for key, item in value.items()]
    if isinstance(value, tuple):
        return ("tuple", [exactly(item) for item in value])
    return type(value).__name__, repr(value) if isinstance(value, float) else value


def facts(record: Any) -> dict[str, Any]:
    """All that a record holds, comparable with `facts_of`."""
    return {f.attribute: exactly(held(record, f)) for f in FIELDS}


def facts_of(model: dict[str, Any]) -> dict[str, Any]:
    """All that the record of a JSON model must hold."""
    return {f.attribute: exactly(expected(model, f)) for f in FIELDS}


def body(text: str) -> str:
    """A generated text without its opening comments, which hold the digest of the source."""
    return text.partition("\n\n")[2]


def blanked(text: str) -> str:
    """The syntax of a module with the text of all literals that stand alone, are assigned or say that a model is
    deprecated left out.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as constant):
                constant.value = ""
            case ast.Assign(value=ast.Constant(value=str()) as constant):
                constant.value = ""
            case ast.Call(func=ast.Name(id="deprecated"), args=[ast.Constant(value=str()) as constant]):
                constant.value = ""
    return ast.dump(tree)
