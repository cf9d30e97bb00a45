"""What a registry of a thousand models costs the type checkers, against one of ten."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import Lab, constant_of, tool
from table import Figure, Row, at_most, skipped
from timing import Command, in_turns

_FEW, _MANY, _ROUNDS = 10, 1_000, 4


def checker_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time mypy and pyright without caches on one program over either registry."""
    yield _row(lab, "mypy", _mypy)
    yield _row(lab, "pyright" if tool("pyright") else "basedpyright", _pyright)


def _row(lab: Lab, name: str, arguments: Callable[[str, Path], list[str]]) -> Row:
    what = f"{name}, cold, program over {_MANY:,} models / over {_FEW}"
    program = tool(name)
    if program is None:
        return skipped(what, name, "pip install .[test]")
    commands = {}
    for size in (_FEW, _MANY):
        folder = lab.generated(size)
        (folder / "program.py").write_text(_program(lab), encoding="utf-8")
        commands[str(size)] = Command(arguments(program, folder), folder)
    took = in_turns(commands, _ROUNDS)
    many, few = took[str(_MANY)].middle, took[str(_FEW)].middle
    figure = Figure(many / few, " x", f"{many / 1e3:.2f} of {few / 1e3:.2f} s")
    return at_most(what, f"{_FEW}, {_MANY // 1000}k", figure, 1.3)


def _mypy(program: str, folder: Path) -> list[str]:
    without_cache = ["--no-incremental", "--cache-dir=/dev/null"]
    return [program, "--strict", *without_cache, "program.py"]


def _pyright(program: str, folder: Path) -> list[str]:
    options = {"typeCheckingMode": "strict", "include": ["program.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(options))
    return [program, "--project", str(folder)]


def _program(lab: Lab) -> str:
    """Use the models that both registries have, in every way there is."""
    ids = [model["id"] for model in lab.models(_FEW)]
    names = [constant_of(id) for id in ids]
    reads = "".join([f"print({name}.embedding_dim, {name}.languages)\n" for name in names])
    keys = "".join([f'print(MODELS["{id}"].resolve_dimension())\n' for id in ids])
    return f"""from model_registry import (
    MODELS,
    ModelInfo,
    get_model,
    models_by_language,
    {", ".join(names)},
)

{reads}{keys}
found: ModelInfo | None = get_model(input())
print(found.id if found else "", [m.name for m in models_by_language("de")])
"""
