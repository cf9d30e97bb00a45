"""Tables of models that people keep, written as registries: see `public_tables`."""

import json
from typing import Any

import pytest
from public_tables import FOLDER, TABLES, rows

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
