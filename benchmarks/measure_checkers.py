"""What a registry costs the type checkers, and whether they check names by literal where the registry is large."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import Lab, constant_of, tool
from table import Figure, Row, at_least, at_most, skipped
from timing import Command, in_turns

_FEW, _MANY, _ROUNDS = 10, 1_000, 4
# As many names as checkers take for literals.
_LITERALS = 256


def checker_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time the checkers without caches on one program over either registry, and count the mistakes that they refuse."""
    for name, arguments in _CHECKERS.items():
        program = tool(name)
        if program is None:
            yield skipped(f"{name}, cold", name, f"pip install {name}")
        else:
            yield _cost(lab, name, arguments, program)
            if name in _PYTHONS:
                yield _beside_hypiler(lab, name, arguments, program)
            yield _refused(lab, name, arguments, program)


def _cost(lab: Lab, name: str, arguments: "Callable[[str, Path], list[str]]", program: str) -> Row:
    commands = {}
    for size in (_FEW, _MANY):
        folder = lab.generated(size)
        (folder / "program.py").write_text(_program(lab), encoding="utf-8")
        commands[str(size)] = Command([*arguments(program, folder), *_interpreter(name, lab.python)], folder)
    took = in_turns(commands, _ROUNDS)
    many, few = took[str(_MANY)].middle, took[str(_FEW)].middle
    figure = Figure(many / few, " x", f"{many / 1e3:.2f} of {few / 1e3:.2f} s")
    what = f"{name}, cold, program over {_MANY:,} models / over {_FEW}"
    return at_most(what, f"{_FEW}, {_MANY // 1000}k", figure, _BARS.get(name))


def _beside_hypiler(lab: Lab, name: str, arguments: "Callable[[str, Path], list[str]]", program: str) -> Row:
    """Compare with an environment that has neither hypiler nor NumPy: a generated module names a type of hypiler's."""
    folder = lab.generated(_FEW)
    (folder / "program.py").write_text(_program(lab, loads=False), encoding="utf-8")
    given = arguments(program, folder)
    pythons = (sys.executable, lab.bare)
    commands = {python: Command([*given, *_interpreter(name, python)], folder) for python in pythons}
    took = in_turns(commands, _ROUNDS)
    beside, alone = took[sys.executable].middle, took[lab.bare].middle
    figure = Figure(beside / alone, " x", f"{beside / 1e3:.2f} of {alone / 1e3:.2f} s")
    return at_most(f"{name}, cold, where hypiler is installed / where it is not", _FEW, figure, _BESIDE)


def _refused(lab: Lab, name: str, arguments: "Callable[[str, Path], list[str]]", program: str) -> Row:
    folder = lab.generated(_LITERALS)
    text = _mistakes(lab)
    (folder / "program.py").write_text(text, encoding="utf-8")
    given = [*arguments(program, folder), *_interpreter(name, lab.python)]
    done = subprocess.run(given, cwd=folder, capture_output=True, text=True, check=False)
    wrong = {number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# wrong")}
    found = {int(number) for number in re.findall(r"program\.py:(\d+)", done.stdout)}
    # A line that is right and refused counts as a mistake of the checker's.
    figure = Figure(len(wrong & found) - len(found - wrong), f" of {len(wrong)}")
    return at_least(f"{name}, mistakes in names and dims that it refuses", _LITERALS, figure, len(wrong))


def _interpreter(name: str, python: str) -> list[str]:
    """The arguments that name the interpreter; without them, a checker takes one that the caller's shell finds."""
    return [_PYTHONS[name], python] if name in _PYTHONS else []


def _mypy(program: str, folder: Path) -> list[str]:
    without_cache = ["--no-incremental", "--cache-dir=/dev/null"]
    return [program, "--strict", *without_cache, "program.py"]


def _pyright(program: str, folder: Path) -> list[str]:
    options = {"typeCheckingMode": "strict", "include": ["program.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(options))
    return [program, "--project", str(folder)]


def _ty(program: str, folder: Path) -> list[str]:
    return [program, "check", "--output-format", "concise", "program.py"]


def _pyrefly(program: str, folder: Path) -> list[str]:
    return [program, "check", "--output-format", "min-text", "program.py"]


def _zuban(program: str, folder: Path) -> list[str]:
    return [program, "mypy", "--strict", "program.py"]


_CHECKERS: "dict[str, Callable[[str, Path], list[str]]]" = {
    "mypy": _mypy,
    "pyright": _pyright,
    "basedpyright": _pyright,
    "ty": _ty,
    "pyrefly": _pyrefly,
    "zuban": _zuban,
}
# The option that names the interpreter whose packages a checker sees.
_PYTHONS = {"mypy": "--python-executable", "pyright": "--pythonpath", "basedpyright": "--pythonpath"}
_BESIDE = 1.4
_BARS = {"mypy": 1.3, "pyright": 1.3, "basedpyright": 1.3}


def _program(lab: Lab, *, loads: bool = True) -> str:
    """Use the models that both registries have, in every way there is; loading them needs hypiler."""
    ids = [model["id"] for model in lab.models(_FEW)]
    names = [constant_of(id) for id in ids]
    reads = "".join([f"print({name}.embedding_dim, {name}.languages)\n" for name in names])
    keys = "".join([f'print(MODELS["{id}"].resolve_dimension())\n' for id in ids])
    encoders = "".join([f'print(from_registry("{id}").load().engine)\n' for id in ids]) if loads else ""
    return f"""from model_registry import (
    MODELS,
    ModelInfo,
    {"from_registry," if loads else ""}
    get_model,
    models_by_language,
    {", ".join(names)},
)

{reads}{keys}{encoders}
for name, model in MODELS.items():
    print(name, model.embedding_dim)
found: ModelInfo | None = get_model(input())
print(found.id if found else "", [m.name for m in models_by_language("de")])
"""


def _mistakes(lab: Lab) -> str:
    """What is right, and what is wrong, about the first and the last model."""
    models = lab.models(_LITERALS)
    lines = [
        "from model_registry import MODELS, ModelId, Repository, from_registry, get_model, models_by_type",
        "",
        'repository: Repository = "nobody/nothing"  # wrong',
        'id: ModelId = "nothing"  # wrong',
        'get_model("nobody/nothing").name  # wrong',
        'get_model("nothing").name  # wrong',
        'from_registry("nobody/nothing")  # wrong',
        'from_registry("nothing")  # wrong',
        'MODELS["nothing"]  # wrong',
        'models_by_type("nothing")  # wrong',
    ]
    for model in (models[0], models[-1]):
        width = model["specs"]["embedding_dim"]
        lines.append(f'print(MODELS["{model["id"]}"].name)')
        lines.append(f'MODELS["{model["huggingface_id"]}"]  # wrong')
        for name in (model["id"], model["huggingface_id"]):
            lines.append(f'print(get_model("{name}").resolve_dimension({width}))')
            lines.append(f'print(from_registry("{name}", dimension={width}))')
            lines.append(f'get_model("{name}").resolve_dimension({width + 1})  # wrong')
            lines.append(f'from_registry("{name}", dimension={width + 1})  # wrong')
            lines.append(f'get_model("{name}").nothing  # wrong')
    return "\n".join([*lines, ""])
