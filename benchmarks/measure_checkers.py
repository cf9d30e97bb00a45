"""What a registry of a thousand models costs the type checkers, against one of ten."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import Lab, tool
from table import Row, at_most, skipped
from timing import Command, in_turns

_FEW, _MANY, _ROUNDS = 10, 1_000, 4
_BAR = 1.3


def checker_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """mypy and pyright without any cache, on the same program over a large and a small registry."""
    yield from _rows(lab, "mypy", _mypy)
    yield from _rows(lab, "pyright" if tool("pyright") else "basedpyright", _pyright)


def _rows(
    lab: Lab, name: str, arguments: Callable[[str, Path], list[str]]
) -> Iterator[Row]:
    what = f"{name}, cold, program over {_MANY:,} models / over {_FEW}"
    program = tool(name)
    if program is None:
        yield skipped(what, name, "pip install .[test]")
        return
    commands = {}
    for size in (_FEW, _MANY):
        folder = lab.generated(size)
        (folder / "program.py").write_text(_program(lab), encoding="utf-8")
        commands[str(size)] = Command(arguments(program, folder), folder)
    took = in_turns(commands, min(rounds, _ROUNDS))
    many, few = took[str(_MANY)].middle, took[str(_FEW)].middle
    yield at_most(
        what, "1k/10", many / few, _BAR, " x", f"{many / 1e3:.2f} of {few / 1e3:.2f} s"
    )


def _mypy(program: str, folder: Path) -> list[str]:
    return [
        program,
        "--strict",
        "--no-incremental",
        "--cache-dir=/dev/null",
        "program.py",
    ]


def _pyright(program: str, folder: Path) -> list[str]:
    config = folder / "pyrightconfig.json"
    config.write_text(
        json.dumps({"typeCheckingMode": "strict", "include": ["program.py"]})
    )
    return [program, "--project", str(config)]


def _program(lab: Lab) -> str:
    """A program that uses models that both registries have, in every way there is."""
    ids = [model["id"] for model in lab.models(_FEW)]
    names = [id.upper().replace("-", "_").replace(".", "_") for id in ids]
    reads = "".join(
        [f"print({name}.embedding_dim, {name}.languages)\n" for name in names]
    )
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
print(found.id if found else "", [model.name for model in models_by_language("de")])
"""
