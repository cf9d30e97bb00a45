"""What importing a generated module costs, against F and against what a user would write instead."""

from collections.abc import Iterator

import rivals
from lab import Lab, pyc_of
from table import Row, at_least, at_most, skipped
from timing import Command, Sample, has_valgrind, in_turns, instructions

_IMPORT = "import model_registry"
# Bars by number of models.
_F = {100: 1.0, 1_000: 0.5, 10_000: 0.45}
_DATACLASSES = {100: 30.0, 1_000: 15.0, 10_000: 10.0}
_INSTRUCTIONS = {100: 1.10, 1_000: 1.20}
_FEW_ROUNDS = 4  # for what takes seconds

_MEMORY = """
import gc, tracemalloc, sys
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
if len(sys.argv) > 1:
    before = resident()
    import model_registry
    print(resident() - before)
else:
    tracemalloc.start()
    import model_registry
    gc.collect()
    print(tracemalloc.get_traced_memory()[0])
"""


def import_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """The import alone, in a fresh process, with .pyc; the least disturbed run of each counts."""
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
        yield at_most(
            "import of the generated module / F, with .pyc",
            size,
            ours / took["F"].best,
            _F.get(size),
            " x",
            _against(took["ours"], took["F"]),
        )
        yield at_least(
            "  times quicker than `import json` and json.load of the file",
            size,
            took["json"].best / ours,
            10.0,
            " x",
            f"{took['json'].best:.3g} ms",
        )
        yield at_least(
            "  times quicker than the same registry as dataclasses",
            size,
            took["dataclasses"].best / ours,
            _DATACLASSES.get(size),
            " x",
            f"{took['dataclasses'].best:.3g} ms",
        )


def source_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """The same where there is no .pyc."""
    for size in sizes:
        commands = {
            "ours": lab.timed_source(_IMPORT, lab.source_only(lab.generated(size))),
            "F": lab.timed_source(_IMPORT, lab.source_only(lab.floor(size))),
        }
        few = min(rounds, _FEW_ROUNDS)
        took = in_turns(commands, few, Command.printed_milliseconds)
        yield at_most(
            "import without .pyc / F without .pyc",
            size,
            took["ours"].best / took["F"].best,
            0.35,
            " x",
            _against(took["ours"], took["F"]),
        )


def _against(ours: Sample, other: Sample) -> str:
    return f"{ours.best:.3g} of {other.best:.3g} ms"


def instruction_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """The whole process that imports the module and reads one fact, in instructions, which do not vary."""
    ways = {
        "from model_registry import {}; {}.embedding_dim": "reads a fact of a constant",
        "import model_registry as r; r.get_model({!r}).embedding_dim": "reads a fact by id",
    }
    if not has_valgrind():
        yield skipped(
            "whole process, instructions / `python -c pass`",
            "valgrind",
            "apt-get install valgrind",
        )
        return
    floor = instructions(lab.nothing())
    for size in sizes:
        names = [lab.constant(size), lab.models(size)[size // 2]["id"]]
        for (code, what), name in zip(ways.items(), names, strict=True):
            used = instructions(lab.run(code.format(name, name), lab.generated(size)))
            yield at_most(
                f"process that {what}, instructions / pass",
                size,
                used / floor,
                _INSTRUCTIONS.get(size),
                " x",
                f"{used / 1e6:.1f} of {floor / 1e6:.1f} M",
            )


def size_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Bytes on disk and in memory a model, the module's fixed part included."""
    for size in sizes:
        folder = lab.generated(size)
        pyc = pyc_of(folder).stat().st_size / size / 1000
        yield at_most(".pyc a model", size, pyc, 0.8, " KB")
        traced = int(lab.run(_MEMORY, folder).run()) / size / 1024
        resident = lab.run(_MEMORY, folder)
        resident.arguments.append("resident")
        grown = in_turns({"ours": resident}, 3, lambda command: int(command.run()))
        yield at_most(
            "memory a model before first use",
            size,
            traced,
            1.0,
            " KiB",
            f"resident {grown['ours'].middle / size / 1024:.2f} KiB",
        )


def pydantic_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Reading the same file at start with pydantic, into the same dataclasses."""
    what = "times quicker than a pydantic TypeAdapter over the file"
    try:
        import pydantic  # noqa: F401, PLC0415  (only whether it is there)
    except ImportError:
        yield skipped(what, "pydantic", "pip install .[bench]")
        return
    program = lab.file(
        "load.py", lambda path: path.write_text(rivals.PYDANTIC_LOAD, encoding="utf-8")
    )
    for size in sizes:
        # The whole process on both sides, less the start of its interpreter: pydantic needs the one that has it.
        commands = {
            "ours": lab.run(_IMPORT, lab.generated(size)),
            "pass": lab.nothing(),
            "pydantic": lab.caller(str(program), str(lab.registry(size))),
            "pydantic pass": lab.caller("-c", "pass"),
        }
        took = in_turns(commands, min(rounds, 10))
        ours = max(took["ours"].best - took["pass"].best, 0.05)
        theirs = took["pydantic"].best - took["pydantic pass"].best
        note = f"{theirs:.0f} ms over pass"
        yield at_least(what, size, theirs / ours, None, " x", note)
