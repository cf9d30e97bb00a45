"""What the commands cost as whole processes, against the start of Python and against datamodel-code-generator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import Lab, tool
from table import Row, at_least, at_most, skipped
from timing import Command, in_turns

_BUILD = {100: 45.0, 1_000: 110.0, 10_000: 700.0}
_GENERATOR = {100: 8.0, 1_000: 5.0, 10_000: 1.2}
_CHECKED, _FAULTS, _CHECK = 100, 20, 40.0


def build_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """`hypiler build` into an empty folder."""
    generator = tool("datamodel-codegen")
    for size in sizes:
        registry = lab.registry(size)
        commands = {"pass": lab.nothing(), "ours": _build(lab, registry)}
        if generator:
            commands["generator"] = _generator(lab, generator, registry)
        took = in_turns(commands, rounds if size < 10_000 else min(rounds, 7))
        ours = took["ours"].middle
        note = f"min {took['ours'].best:.3g}; pass {took['pass'].middle:.3g}, so {ours / took['pass'].middle:.1f} x"
        yield at_most(
            "`hypiler build`, whole process", size, ours, _BUILD.get(size), " ms", note
        )
        what = "  times quicker than datamodel-code-generator"
        if generator:
            theirs = took["generator"].middle
            yield at_least(
                what,
                size,
                theirs / ours,
                _GENERATOR.get(size),
                " x",
                f"{theirs:.0f} ms",
            )
        else:
            yield skipped(what, "datamodel-code-generator", "pip install .[bench]")


def _build(lab: Lab, registry: Path) -> Command:
    out = lab.folder / "built"

    def remove() -> None:
        for name in ("model_registry.py", "model_registry.pyi"):
            (out / name).unlink(missing_ok=True)

    arguments = [lab.hypiler, "build", str(registry), "--out", str(out)]
    return Command(arguments, lab.folder, before=remove)


def _generator(lab: Lab, program: str, registry: Path) -> Command:
    arguments = [program, "--input", str(registry), "--input-file-type", "json"]
    return Command([*arguments, "--output", str(lab.folder / "inferred.py")], lab.folder)


def check_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """`hypiler check` of a clean file and of one with faults."""
    clean = lab.registry(_CHECKED)
    faulty = lab.file("faulty.json", lambda path: path.write_text(_faulty(lab)))
    found = Command(
        [lab.hypiler, "check", str(faulty), "--format", "json"], lab.folder, code=1
    )
    count = len(json.loads(found.run()))
    if count != _FAULTS:
        raise RuntimeError(f"hypiler check found {count} faults of {_FAULTS}")
    commands = {
        "pass": lab.nothing(),
        "clean": Command([lab.hypiler, "check", str(clean)], lab.folder),
        "with 20 faults": Command(
            [lab.hypiler, "check", str(faulty)], lab.folder, code=1
        ),
    }
    took = in_turns(commands, rounds)
    passed = took.pop("pass").middle
    for name, sample in took.items():
        note = f"min {sample.best:.3g}; pass {passed:.3g}, so {sample.middle / passed:.1f} x"
        yield at_most(
            f"`hypiler check`, {name}", _CHECKED, sample.middle, _CHECK, " ms", note
        )


def _faulty(lab: Lab) -> str:
    """A registry with one fault in each of some models, of every sort in turn."""
    models: list[dict[str, Any]] = json.loads(lab.registry(_CHECKED).read_text())[
        "models"
    ]
    for number in range(_FAULTS):
        _plant(models[number * _CHECKED // _FAULTS], number)
    return json.dumps({"version": "1.0", "models": models}, indent=2)


def _plant(model: dict[str, Any], number: int) -> None:
    match number % 5:
        case 0:
            model["specs"]["vocab_size"] = str(model["specs"]["vocab_size"])
        case 1:
            del model["license"]
        case 2:
            model["capabilities"]["languages"] = ["en", "jp"]
        case 3:
            model["performance"]["beir_average"] = 0.5
        case 4:
            model["huggingface_id"] = model["id"]
