"""What the shipped registry costs to start with, and what lookups and queries cost once a module is loaded."""

from collections.abc import Iterator
from typing import Any

import synthetic
from lab import Lab, read_json
from table import Row, at_most
from timing import Command, in_turns

_ANSWER = 20
_SMALL, _LARGE = 1_000, 10_000

_STARTED = """
import sys
before = set(sys.modules)
import hypiler
from hypiler.model_registry import BGE_M3
BGE_M3.embedding_dim
loaded = set(sys.modules) - before
own = {"hypiler", "hypiler.model_registry"}
print(*sorted(loaded - own - sys.stdlib_module_names))
print(*sorted(loaded - own))
"""

# Both sides of a ratio in turns within one process, with what they need made before.
_LOOKUPS = """
import json
from statistics import median
from timeit import Timer
import model_registry

class Plain:
    __slots__ = ("embedding_dim",)

ids = list(model_registry.MODELS)
id = ids[len(ids) // 2]
record = model_registry.get_model(id)
plain = Plain()
plain.embedding_dim = record.embedding_dim
records = {id: model_registry.get_model(id) for id in ids}
scope = {"get_model": model_registry.get_model, "get": records.get, "id": id, "record": record, "plain": plain}
timers = [
    Timer(code, globals=scope)
    for code in ("get_model(id)", "get(id)", "record.embedding_dim", "plain.embedding_dim")
]
took = [[timer.timeit(100_000) for timer in timers] for _ in range(15)]
print(json.dumps([median(column) * 1e4 for column in zip(*took)]))
"""

_QUERIES = """
import json
import time
from timeit import Timer
import model_registry as r

found = []
for code in json.loads('''{codes}'''):
    start = time.perf_counter_ns()
    answer = eval(code)
    first = time.perf_counter_ns() - start
    timer = Timer(code, globals={"r": r})
    again = min(timer.repeat(7, 2000)) / 2000 * 1e9
    found.append([len(answer), first, again])
start = time.perf_counter_ns()
r.MODEL_REGISTRY
found.append([len(r.MODEL_REGISTRY), time.perf_counter_ns() - start, 0])
print(json.dumps(found))
"""
QUERIES = {
    "type": "r.models_by_type('rare')",
    "organization": "r.models_by_organization('Rare')",
    "language": "r.models_by_language('eo')",
    "dimension": "r.models_by_max_embedding_dim(32)",
    "Matryoshka": "r.models_with_matryoshka()",
}


def shipped_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """`import hypiler` and one constant of the shipped registry."""
    use = "import hypiler; from hypiler.model_registry import BGE_M3; BGE_M3.embedding_dim"
    took = in_turns({"pass": lab.nothing(), "use": lab.run(use)}, rounds * 2)
    over = took["use"].best - took["pass"].best
    note = f"{took['use'].best:.2f} of {took['pass'].best:.2f} ms, {took['use'].best / took['pass'].best:.2f} x"
    what = "`import hypiler` and one constant, over `python -c pass`"
    yield at_most(what, "shipped", over, 2.0, " ms", note)
    foreign, loaded = lab.run(_STARTED).run().split("\n")[:2]
    what = "  modules loaded that are neither the registry nor standard"
    yield at_most(
        what, "shipped", len(foreign.split()), 0, "", f"also: {loaded or 'none'}"
    )


def lookup_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Lookups after first use."""
    for size in sizes:
        command = lab.run(_LOOKUPS, lab.generated(size))
        get, plain_get, attribute, slot = read_json(command.run())
        note = f"{get:.1f} of {plain_get:.1f} ns"
        yield at_most(
            "get_model(id) after first use / dict.get",
            size,
            get / plain_get,
            1.7,
            " x",
            note,
        )
        note = f"{attribute:.2f} of {slot:.2f} ns"
        yield at_most(
            "attribute of a record / plain slot",
            size,
            attribute / slot,
            1.2,
            " x",
            note,
        )


def query_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Queries with the same answer in a small and in a large registry."""
    small, large = _query_costs(lab, _SMALL), _query_costs(lab, _LARGE)
    size = f"{_SMALL // 1000}k/{_LARGE // 1000}k"
    for name, (count, first, again) in large.items():
        if name == "scan":
            note = f"{first / 1e6:.3g} ms for {count:,} models"
            yield at_most(
                "  all models decoded, for comparison",
                size,
                first / small[name][1],
                None,
                " x",
                note,
            )
            continue
        if count != _ANSWER:
            raise RuntimeError(
                f"the query by {name} found {count} models, not {_ANSWER}"
            )
        note = f"{again / 1e3:.3g} of {small[name][2] / 1e3:.3g} us"
        what = f"query by {name}, {count} of 10,000 models / of 1,000"
        yield at_most(what, size, again / small[name][2], 1.2, " x", note)
        note = f"{first / 1e3:,.0f} of {small[name][1] / 1e3:,.0f} us"
        yield at_most("  its first use", size, first / small[name][1], None, " x", note)


def _query_costs(lab: Lab, size: int) -> dict[str, list[float]]:
    """For each query the size of the answer and the nanoseconds of its first use, in a process of its own, and of later ones."""
    path = lab.file(
        f"rare-{size}.json",
        lambda path: synthetic.write_registry(_with_rare(lab.models(size)), path),
    )
    folder = lab.compiled(f"rare-{size}", lambda out: lab.build(path, out))
    costs: dict[str, list[float]] = {}
    for name, code in QUERIES.items():
        program = _QUERIES.replace("{codes}", f'["{code}"]')
        found = [read_json(lab.run(program, folder).run()) for _ in range(5)]
        costs[name] = [
            found[0][0][0],
            *[min(run[0][i] for run in found) for i in (1, 2)],
        ]
        costs["scan"] = found[0][1]
    return costs


def _with_rare(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The models, of which some, evenly spread, are alone in all that can be asked for."""
    rare = set(range(0, len(models), len(models) // _ANSWER))
    return [
        _rare(model) if i in rare else _common(model) for i, model in enumerate(models)
    ]


def _rare(model: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "bert", "variant": "tiny", "has_projection": False}
    return model | {
        "type": "rare",
        "organization": "Rare",
        "architecture": body | {"matryoshka_dims": [16, 32]},
        "specs": model["specs"] | {"embedding_dim": 32},
        "capabilities": model["capabilities"]
        | {"languages": ["eo"], "matryoshka": True},
    }


def _common(model: dict[str, Any]) -> dict[str, Any]:
    without = {k: v for k, v in model["architecture"].items() if k != "matryoshka_dims"}
    capabilities = model["capabilities"] | {"matryoshka": False}
    return model | {"architecture": without, "capabilities": capabilities}
