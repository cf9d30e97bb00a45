"""What the shipped registry costs to start with, and what lookups and queries cost."""

from collections.abc import Iterator
from typing import Any

import synthetic
from lab import Lab, read_json
from table import Figure, Row, at_most
from timing import in_turns

_ANSWER = 20
_SMALL, _LARGE = 1_000, 10_000

_USE = "import hypiler; from hypiler.model_registry import BGE_M3; BGE_M3.embedding_dim"
# Prints what was loaded beyond the registry: what is not standard, then all.
_LOADED = f"""
import sys
before = set(sys.modules)
{_USE}
others = sorted(set(sys.modules) - before - {{"hypiler", "hypiler.model_registry"}})
standard = sys.stdlib_module_names
print(*[name for name in others if name.partition(".")[0] not in standard])
print(*others)
"""

# Both sides of a ratio in turns in one process; prints the least nanoseconds of each.
_LOOKUPS = """
import json
from timeit import Timer
import model_registry

class Plain:
    __slots__ = ("embedding_dim",)

ids = list(model_registry.MODELS)
records = {id: model_registry.get_model(id) for id in ids}
# As a caller's own text: equal to the key, but not the same object.
id = "".join(list(ids[len(ids) // 2]))
record, plain = records[id], Plain()
plain.embedding_dim = record.embedding_dim
scope = {
    "get_model": model_registry.get_model,
    "get": records.get,
    "id": id,
    "record": record,
    "plain": plain,
}
codes = ["get_model(id)", "get(id)", "record.embedding_dim", "plain.embedding_dim"]
timers = [Timer(code, globals=scope) for code in codes]
took = [[timer.timeit(50_000) for timer in timers] for _ in range(40)]
print(json.dumps([min(column) / 50_000 * 1e9 for column in zip(*took)]))
"""

# Prints how many models were found, and the nanoseconds of the first and later calls.
_QUERY = """
import json
import time
from timeit import Timer
import model_registry as r

start = time.perf_counter_ns()
answer = {code}
first = time.perf_counter_ns() - start
again = min(Timer({code!r}, globals={{"r": r}}).repeat(7, 2000)) / 2000 * 1e9
print(json.dumps([len(answer), first, again]))
"""
_QUERIES = {
    "type": "r.models_by_type('rare')",
    "organization": "r.models_by_organization('Rare')",
    "language": "r.models_by_language('eo')",
    "dimension": "r.models_by_max_embedding_dim(32)",
    "Matryoshka": "r.models_with_matryoshka()",
}
_SCAN = "[model for model in r.MODEL_REGISTRY if model.organization == 'Rare']"


def shipped_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time `import hypiler` and one constant of the shipped registry."""
    took = in_turns({"pass": lab.nothing(), "use": lab.run(_USE)}, rounds * 2)
    use, floor = took["use"].best, took["pass"].best
    note = f"{use:.2f} of {floor:.2f} ms, {use / floor:.2f} x"
    what = "`import hypiler` and one constant, over `python -c pass`"
    yield at_most(what, "shipped", Figure(use - floor, " ms", note), 2.0)
    foreign, loaded = lab.run(_LOADED).run().split("\n")[:2]
    note = f"beside the registry: {loaded or 'nothing'}"
    what = "  modules that it loads and that are not standard"
    yield at_most(what, "shipped", Figure(len(foreign.split()), "", note), 0)


def lookup_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time lookups after first use."""
    for size in sizes:
        took = read_json(lab.run(_LOOKUPS, lab.generated(size)).run())
        what = "get_model(id) after first use / dict.get"
        yield at_most(what, size, _ratio(*took[:2]), 1.7)
        what = "attribute of a record / plain slot"
        yield at_most(what, size, _ratio(*took[2:]), 1.2)


def query_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time queries with the same answer in a small and in a large registry."""
    size = f"{_SMALL // 1000}k, {_LARGE // 1000}k"
    for name, code in {**_QUERIES, "scan": _SCAN}.items():
        small, large = _query(lab, code, _SMALL), _query(lab, code, _LARGE)
        first = _ratio(large[0] / 1e3, small[0] / 1e3, "us")
        again = _ratio(large[1] / 1e3, small[1] / 1e3, "us")
        what = f"query by {name}, {_ANSWER} of {_LARGE:,} models / of {_SMALL:,}"
        # The scan is there to show what the bar means.
        yield at_most(what, size, again, None if name == "scan" else 1.2)
        yield at_most("  its first use", size, first, None)


def _ratio(ours: float, other: float, unit: str = "ns") -> Figure:
    return Figure(ours / other, " x", f"{ours:,.3g} of {other:,.3g} {unit}")


def _query(lab: Lab, code: str, size: int) -> tuple[float, float]:
    """Give the nanoseconds of the first and of later calls, each the least of a few."""
    path = lab.file(
        f"rare-{size}.json",
        lambda path: synthetic.write_registry(_with_rare(lab.models(size)), path),
    )
    folder = lab.compiled(f"rare-{size}", lambda out: lab.build(path, out))
    program = lab.run(_QUERY.format(code=code), folder)
    runs = [read_json(program.run()) for _ in range(4)]
    if runs[0][0] != _ANSWER:
        raise RuntimeError(f"{code} found {runs[0][0]} models, not {_ANSWER}")
    return min([run[1] for run in runs]), min([run[2] for run in runs])


def _with_rare(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make a few models, evenly spread, the only ones that the queries can find."""
    rare = set(range(0, len(models), len(models) // _ANSWER))
    return [_rare(m) if i in rare else _common(m) for i, m in enumerate(models)]


def _rare(model: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "bert", "variant": "tiny", "has_projection": False}
    found = {"languages": ["eo"], "matryoshka": True}
    return model | {
        "type": "rare",
        "organization": "Rare",
        "architecture": body | {"matryoshka_dims": [16, 32]},
        "specs": model["specs"] | {"embedding_dim": 32},
        "capabilities": model["capabilities"] | found,
    }


def _common(model: dict[str, Any]) -> dict[str, Any]:
    body = {k: v for k, v in model["architecture"].items() if k != "matryoshka_dims"}
    capabilities = model["capabilities"] | {"matryoshka": False}
    return model | {"architecture": body, "capabilities": capabilities}
