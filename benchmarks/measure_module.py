"""What importing a generated module costs, against F and what a user would write."""

from collections.abc import Iterator
from importlib.util import find_spec

import rivals
from lab import Lab, pyc_of
from table import Figure, Row, at_least, at_most, skipped
from timing import Command, Sample, has_valgrind, in_turns, instructions

_IMPORT = "import model_registry"
# Bars by number of models.
_F = {100: 1.2, 1_000: 0.5, 10_000: 0.45}
_F_WITHOUT_PYC = {100: 0.5, 1_000: 0.35, 10_000: 0.35}
_DATACLASSES = {100: 30.0, 1_000: 15.0, 10_000: 10.0}
_INSTRUCTIONS = {100: 1.10, 1_000: 1.20}
# What takes seconds is run less often.
_LARGE, _FEW_ROUNDS = 10_000, 4

_READ_A_FACT = {
    "constant": "from model_registry import {0}; {0}.embedding_dim",
    "id": "from model_registry import get_model; get_model({0!r}).embedding_dim",
}
# Print the bytes that objects hold after the import, and what the process grew by.
_HELD = """
import gc, tracemalloc
tracemalloc.start()
import model_registry
gc.collect()
print(tracemalloc.get_traced_memory()[0])
"""
_RESIDENT = """
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
before = resident()
import model_registry
print(resident() - before)
"""


def import_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time the import alone in a fresh process; the least disturbed run counts."""
    for size in sizes:
        path = str(lab.registry(size))
        commands = {
            "ours": lab.timed(_IMPORT, lab.generated(size)),
            "F": lab.timed(_IMPORT, lab.floor(size)),
            "json": lab.timed(rivals.JSON_LOAD, None, path),
            "dataclasses": lab.timed(_IMPORT, lab.dataclasses(size)),
        }
        took = in_turns(commands, rounds, Command.printed_milliseconds)
        ours = took["ours"].best
        what = "import of the generated module / F, with .pyc"
        yield at_most(what, size, _against(took["ours"], took["F"]), _F.get(size))
        what = "  times quicker than `import json` and json.load of the file"
        yield at_least(what, size, _quicker(ours, took["json"].best), 10.0)
        what = "  times quicker than the same registry as dataclasses"
        figure = _quicker(ours, took["dataclasses"].best)
        yield at_least(what, size, figure, _DATACLASSES.get(size))


def source_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time the import where there is no .pyc."""
    for size in sizes:
        commands = {
            "ours": lab.timed_source(_IMPORT, lab.source_only(lab.generated(size))),
            "F": lab.timed_source(_IMPORT, lab.source_only(lab.floor(size))),
        }
        runs = rounds if size < _LARGE else min(rounds, _FEW_ROUNDS)
        took = in_turns(commands, runs, Command.printed_milliseconds)
        what = "import without .pyc / F without .pyc"
        yield at_most(what, size, _against(took["ours"], took["F"]), _F_WITHOUT_PYC.get(size))


def _against(ours: Sample, other: Sample) -> Figure:
    note = f"{ours.best:.3g} of {other.best:.3g} ms"
    return Figure(ours.best / other.best, " x", note)


def _quicker(ours: float, other: float) -> Figure:
    return Figure(other / ours, " x", f"{other:.3g} ms")


def instruction_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Count the instructions of a process that reads one fact: they do not vary."""
    if not has_valgrind():
        what = "process that reads a fact, instructions / `python -c pass`"
        yield skipped(what, "valgrind", "apt-get install valgrind")
        return
    floor = instructions(lab.nothing())
    for size in sizes:
        names = {"constant": lab.constant(size), "id": lab.id(size)}
        for way, code in _READ_A_FACT.items():
            program = lab.run(code.format(names[way]), lab.generated(size))
            used = instructions(program)
            note = f"{used / 1e6:.1f} of {floor / 1e6:.1f} M"
            figure = Figure(used / floor, " x", note)
            what = f"process that reads a fact by {way}, instructions / pass"
            yield at_most(what, size, figure, _INSTRUCTIONS.get(size))


def size_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Measure bytes on disk and in memory a model, the module's fixed part included."""
    for size in sizes:
        folder = lab.generated(size)
        pyc = pyc_of(folder).stat().st_size / size / 1000
        yield at_most(".pyc a model", size, Figure(pyc, " KB"), 0.8)
        held = int(lab.run(_HELD, folder).run()) / size / 1024
        grown = int(lab.run(_RESIDENT, folder).run()) / size / 1024
        figure = Figure(held, " KiB", f"the process grew by {grown:.2f} KiB")
        yield at_most("memory a model before first use", size, figure, 1.0)


def pydantic_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time reading the same file at start with pydantic, into the same dataclasses."""
    what = "times quicker to start than with a pydantic TypeAdapter"
    if find_spec("pydantic") is None:
        yield skipped(what, "pydantic", "pip install .[bench]")
        return
    program = lab.file("load.py", lambda path: path.write_text(rivals.PYDANTIC_LOAD))
    for size in sizes:
        commands = {
            "ours": lab.timed(_IMPORT, lab.generated(size)),
            "pydantic": lab.caller(str(program), str(lab.registry(size))),
        }
        runs = min(rounds, _FEW_ROUNDS)
        took = in_turns(commands, runs, Command.printed_milliseconds)
        figure = _quicker(took["ours"].best, took["pydantic"].best)
        yield at_least(what, size, figure, None)
