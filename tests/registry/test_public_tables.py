"""Tables of models that people keep, written as registries: see `public_tables`."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from generated import import_file
from public_tables import FOLDER, TABLES, rows
from strategies import BY_NAME

from hypiler import Registry
from hypiler.schema.field import ABSENT
from hypiler.schema.fields import FIELDS

NAMES = sorted(TABLES)


def registry_of(name: str) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["models"]
    return models


@pytest.mark.parametrize("name", NAMES)
def test_a_registry_says_what_its_table_says_and_nothing_else(name: str) -> None:
    assert registry_of(name) == TABLES[name].entries(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_a_table_is_carried(name: str) -> None:
    assert {column for row in rows(name) for column in row} == set(TABLES[name].columns)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(list(value) if isinstance(value, tuple) else value)


@pytest.fixture(scope="module", params=NAMES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A project that keeps one of the tables, with what it requires and its own columns."""
    name: str = request.param
    table = TABLES[name]
    folder = tmp_path_factory.mktemp(name)
    options = ["[tool.hypiler]", 'sources = ["models.json"]', 'output = "model_registry.py"']
    options += [f"required = {toml(table.required)}", f"extra = {toml(dict(table.extra))}"]
    (folder / "pyproject.toml").write_text("\n".join(options) + "\n", encoding="utf-8")
    (folder / "models.json").write_bytes((FOLDER / f"{name}.json").read_bytes())
    return name, folder


CORE = ("id", "type", "name", "specs.embedding_dim")


# Records of these fields have every part, the absent ones as null.
PARTIAL = ("outputs", "variants", "performance.scores")


def test_a_project_can_keep_the_table(project: tuple[str, Path]) -> None:
    name, folder = project
    registry = Registry.project(folder=folder)
    assert registry.ok, registry.report()
    registry.write(folder)
    module = import_file(folder / "model_registry.py", f"table_{name}")
    for entry, record, model in zip(registry_of(name), module.MODEL_REGISTRY, registry, strict=True):
        assert record.to_dict() == model.to_dict()
        for field in FIELDS:
            stated = field.get(entry)
            if stated is not ABSENT and field.name not in PARTIAL:
                assert record.to_dict()[field.attribute] == stated, field.name
        for column in TABLES[name].extra:
            assert (
                getattr(record, column)
                == getattr(model, column)
                == plain(entry.get("extra", {}).get(column), model, column)
            )


def plain(value: Any, model: Any, column: str) -> Any:
    """A value as a record holds it."""
    return tuple(value) if isinstance(value, list) else () if value is None and getattr(model, column) == () else value


def test_what_a_project_does_not_require_is_optional_in_its_stub(project: tuple[str, Path]) -> None:
    name, folder = project
    table = TABLES[name]
    stub = Registry.project(folder=folder).emit()["model_registry.pyi"]
    types = dict(annotations(stub, "ModelInfo"))
    required = CORE if table.required == "core" else (*CORE, *table.required)
    for path in required:
        attribute = BY_NAME[path].attribute if path in BY_NAME else path.removeprefix("extra.")
        assert "None" not in types[attribute], path
    for path in ("license", "specs.hidden_dim", "specs.context_length", "architecture.type"):
        assert types[BY_NAME[path].attribute].endswith("| None") == (path not in required), path
    has_repositories = all("huggingface_id" in model for model in registry_of(name))
    assert types["huggingface_id"] == ("str" if has_repositories else "str | None")
    for column, kind in table.extra.items():
        if not kind.startswith("list") and kind != "json":
            assert types[column].endswith("| None") == (f"extra.{column}" not in required), column


def annotations(stub: str, class_name: str) -> Iterator[tuple[str, str]]:
    """The attributes of a class of a stub, with their annotations."""
    for node in ast.walk(ast.parse(stub)):
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.returns is not None:
                    yield part.name, ast.unparse(part.returns)
                elif isinstance(part, ast.AnnAssign):
                    yield ast.unparse(part.target), ast.unparse(part.annotation)
