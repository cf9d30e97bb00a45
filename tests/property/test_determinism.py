"""The same registry gives the same bytes, whoever compiles it, where and when."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from generated import body, valid
from hypothesis import given
from hypothesis import strategies as st
from strategies import HOSTILE, Tree, plain_model, registries, registry_of, written

import hypiler
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.python.module import emit_python
from hypiler.emit.python.stub import emit_stub
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import MapOf

MAPS = {field.path for field in FIELDS if isinstance(field.type, MapOf)}
EMIT = """
import sys
from hypiler.compiler.pipeline import compile_registry
from hypiler.catalogue.html import emit_html
from hypiler.diagnostics.formats import render_json
from hypiler.diagnostics.text import render_text
from hypiler.emit.json_schema import emit_json_schema
from hypiler.emit.python.module import emit_python
from hypiler.emit.python.stub import emit_stub

good, bad = [open(path, "rb").read() for path in sys.argv[1:]]
registry = compile_registry([("good.json", good)])
faulty = compile_registry([("bad.json", bad)])
text = "\\0".join([emit_python(registry), emit_stub(registry), emit_json_schema(), emit_html(registry)])
text += render_text(faulty.findings, faulty.line) + render_json(faulty.findings)
sys.stdout.buffer.write(text.encode())
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A registry with a model for each hostile text, and one with as many faults of many kinds."""
    folder = tmp_path_factory.mktemp("determinism")
    models = [
        plain_model(id=f"m{n}", name=text, description=text, aliases=[f"a{n}"])
        | {"extra": {text: [text, 1, 2.5, None, True]}, "organization": text}
        for n, text in enumerate(HOSTILE)
    ]
    collector = [{**model, text: 1, "b": 2, "a": 3} for text, model in zip(HOSTILE, models, strict=True)]
    written = {"good.json": registry_of(*models), "bad.json": registry_of(*collector)}
    for name, tree in written.items():
        (folder / name).write_text(json.dumps(tree), encoding="utf-8")
    return [folder / name for name in written]


def _emitted(files: list[Path], cwd: Path, *options: str, **environment: str) -> bytes:
    src = str(Path(hypiler.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, *options, "-c", EMIT, *map(str, files)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": src, "PYTHONHASHSEED": "0"} | environment,
        capture_output=True,
        check=False,
    )
    assert run.stderr.decode() == ""
    return run.stdout


@pytest.fixture(scope="module")
def usual(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _emitted(files, tmp_path_factory.mktemp("usual"))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242"},
        {"TZ": "Pacific/Kiritimati"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
        {"SOURCE_DATE_EPOCH": "abc", "HOME": "/nonexistent", "COLUMNS": "20"},
    ],
    ids=str,
)
def test_no_environment_changes_a_byte(
    files: list[Path], usual: bytes, tmp_path: Path, environment: dict[str, str]
) -> None:
    assert _emitted(files, tmp_path, **environment) == usual


@pytest.mark.parametrize("options", [["-O"], ["-OO"], ["-X", "utf8=0"], ["-S"]])
def test_no_option_of_the_interpreter_changes_a_byte(
    files: list[Path], usual: bytes, tmp_path: Path, options: list[str]
) -> None:
    assert _emitted(files, tmp_path, *options) == usual


@given(
    data=registries().flatmap(written),
    names=st.lists(st.text(), min_size=2, max_size=2),
)
def test_neither_the_name_of_the_file_nor_a_second_run_changes_a_byte(data: bytes, names: list[str]) -> None:
    first, second = [compile_registry([(name, data)]) for name in names]
    assert emit_python(first) == emit_python(second) == emit_python(second)
    assert emit_stub(first) == emit_stub(second) == emit_stub(second)


def _shuffled(tree: Any, random: random.Random, path: tuple[str, ...] = ()) -> Any:
    """The same tree with the keys of every object in another order, except where the order is the user's."""
    if isinstance(tree, list):
        return [_shuffled(item, random, path) for item in tree]
    if not isinstance(tree, dict):
        return tree
    keys = list(tree)
    if path[1:] not in MAPS:
        random.shuffle(keys)
    return {key: _shuffled(tree[key], random, (*path, key)) for key in keys}


@given(tree=registries(), seed=st.integers(0, 2**32))
def test_the_order_of_keys_changes_no_more_than_the_digest_of_the_source(tree: Tree, seed: int) -> None:
    shuffled = _shuffled(tree, random.Random(seed))
    assert shuffled == tree
    assert body(emit_python(valid(shuffled))) == body(emit_python(valid(tree)))
    assert body(emit_stub(valid(shuffled))) == body(emit_stub(valid(tree)))
