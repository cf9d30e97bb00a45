"""Coverage-guided fuzzing of the whole way: bytes → check → emit → import.

    python -m pip install -e '.[fuzz]' && python tools/fuzz.py --minutes 60

Whatever the bytes are, they are refused with findings that stand in the file and print cleanly, or they give a module
whose records hold exactly what the JSON says. Anything else ends the run with exit code 77, and the input is saved.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the oracle reads the JSON without the compiler's help

MAX_BYTES = 1 << 14
STRINGS = [
    "",
    " ",
    '"""',
    "\\",
    'r"""\\\n',
    "'''",
    "\n",
    "\r",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\u2028",
    "\x85",
    "\x0c",
    "|",
    ";",
    "=",
    "|;=\\x22",
    ",",
    "[a,b",
    "#",
    "{}",
    "{0}",
    "%s",
    "${x}",
    "-->",
    "]]>",
    "</script>",
    "__class__",
    "+ACc-;open(1);+ACM-",
    "# -*- coding: utf-7 -*-",
    '"); import os; os.abort()  #',
    '"""\nimport os; os.abort()\n"""',
    "ﬁ",
    "ŉ",
    "\U0001f600",
    "\udfff",
    "a" * 300,
    "null",
    "True",
    "nan",
    "1e999",
]
NUMBERS = [0, -0.0, 1, -1, 0.5, 1.0, 1e-320, 2**31, 2**53, 10**17, 10**18, 10**30, 1e308, True, False, None]


def check(data: bytes) -> bool:
    """Whether the bytes are a valid registry. Raises AssertionError if hypiler does not keep its word about them."""
    from clean import assert_reported

    from hypiler.compiler.pipeline import compile_registry

    registry = compile_registry([("models.json", data)])
    assert_reported(registry)
    if registry.has_errors:
        return False
    _check_module(registry, json.loads(data)["models"])
    return True


def _check_module(registry: Any, models: list[dict[str, Any]]) -> None:
    from generated import facts, facts_of

    from hypiler.emit.markdown import emit_markdown
    from hypiler.emit.python.module import emit_python
    from hypiler.emit.python.stub import emit_stub

    module = types.ModuleType("fuzzed_registry")
    sys.modules[module.__name__] = module
    exec(compile(emit_python(registry), "fuzzed_registry.py", "exec", dont_inherit=True), module.__dict__)
    assert [facts(record) for record in module.MODEL_REGISTRY] == [facts_of(model) for model in models]
    aliases = [alias for model in models for alias in model.get("aliases", [])]
    assert list(module.MODELS) == [*[model["id"] for model in models], *aliases]
    compile(emit_stub(registry), "fuzzed_registry.pyi", "exec", dont_inherit=True)
    assert emit_markdown(registry).encode()


def seeds() -> list[bytes]:
    """Models of the shipped registry, each in a file of its own, and texts that are no registry."""
    from strategies import plain_model

    models = json.loads((ROOT / "models.json").read_text("utf-8"))["models"]
    full = plain_model(extra={"list": ["a", 1, True, None], "number": 1.5})  # every field that there is
    files = [{"version": "1.0", "models": [model]} for model in [*models[::4], full]]
    files += [{"version": "1.0", "models": models[:2]}, {"version": "1.0", "models": []}]
    texts = [
        "",
        "{}",
        "[]",
        "\ufeff{}",
        "[1e999, -0, NaN]",
        '{"a": 1, "a": "\\ud800"}',
        "[" * 120,
        "[" * 5000,
        '"\\u12',
        "[1,]",
        "//",
    ]
    return [json.dumps(file).encode() for file in files] + [text.encode() for text in texts]


class Mutator:
    """Changes a registry as a tree, so that most inputs get past the reader and many past the checks."""

    def __init__(self, examples: list[bytes]) -> None:
        # What has stood at a place, by the keys that lead there: to be tried there again, and elsewhere.
        self.values: dict[tuple[str, ...], list[Any]] = {}
        for data in examples:
            try:
                tree = json.loads(data)
            except (ValueError, RecursionError):
                continue
            for path, value in _walk(tree):
                keys = tuple([key for key in path if isinstance(key, str)])
                self.values.setdefault(keys, []).append(value)

    def mutate(self, data: bytes, rng: random.Random) -> bytes:
        """A changed registry, or the bytes themselves if they hold no JSON."""
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            return data
        for _ in range(rng.choice([1, 1, 2, 4, 8])):
            self._change(tree, rng)
        return json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 2])).encode(
            "utf-8", "surrogatepass"
        )

    def _change(self, tree: Any, rng: random.Random) -> None:
        places = [(path, value) for path, value in _walk(tree) if path]
        if not places:
            return
        path, value = rng.choice(places)
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        rng.choice([self._replace, self._replace, self._fill, self._remove, self._repeat])(parent, path, value, rng)

    def _replace(self, parent: Any, path: tuple[Any, ...], value: Any, rng: random.Random) -> None:
        if isinstance(value, str):
            start, end = sorted([rng.randint(0, len(value)), rng.randint(0, len(value))])
            new: Any = value[:start] + rng.choice(STRINGS) + value[end:]
        else:
            new = rng.choice(NUMBERS)
        parent[path[-1]] = rng.choice([new, new, new, rng.choice([*NUMBERS, *STRINGS, [], {}])])

    def _fill(self, parent: Any, path: tuple[Any, ...], value: Any, rng: random.Random) -> None:
        """Put a value where one has stood before, in this or another model."""
        keys = tuple([key for key in path if isinstance(key, str)])[:-1]
        known = [place for place in self.values if place[: len(keys)] == keys and len(place) == len(keys) + 1]
        if isinstance(parent, dict) and known:
            place = rng.choice(known)
            parent[place[-1]] = json.loads(json.dumps(rng.choice(self.values[place])))

    def _remove(self, parent: Any, path: tuple[Any, ...], value: Any, rng: random.Random) -> None:
        del parent[path[-1]]

    def _repeat(self, parent: Any, path: tuple[Any, ...], value: Any, rng: random.Random) -> None:
        """Repeat an item, as another one if it has an id; or a member under another key."""
        copy = json.loads(json.dumps(value))
        if isinstance(copy, dict) and isinstance(copy.get("id"), str):
            copy["id"] += rng.choice(["-x", ".x", "", "2"])
        if isinstance(parent, list):
            parent.append(copy)
        else:
            parent[str(path[-1]) + rng.choice(["_", "x", ".", rng.choice(STRINGS)])] = copy


def _walk(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    found = [(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _walk(item, (*path, key))
    return found


class Progress:
    """Counts inputs, and says now and then how many of them were valid registries."""

    def __init__(self, every: float = 60) -> None:
        self.every = every
        self.started = self.told = time.monotonic()
        self.inputs = self.valid = 0

    def add(self, valid: bool) -> None:
        """Count one input."""
        self.inputs += 1
        self.valid += valid
        now = time.monotonic()
        if now - self.told >= self.every:
            self.told = now
            rate = self.inputs / (now - self.started)
            line = (
                f"{now - self.started:.0f} s: {self.inputs} inputs, {self.valid} valid registries, {rate:.0f} a second"
            )
            print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Fuzz for a while; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="default: 60")
    parser.add_argument("--corpus", type=Path, help="folder of inputs to go on from; default: a new one")
    parser.add_argument("--findings", type=Path, default=Path.cwd(), help="folder for inputs that fail; default: here")
    options = parser.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: python -m pip install -e '.[fuzz]'")
    with atheris.instrument_imports(include=["hypiler"]):
        check(seeds()[0])

    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="hypiler-corpus-"))
    corpus.mkdir(parents=True, exist_ok=True)
    options.findings.mkdir(parents=True, exist_ok=True)
    known = seeds()
    for number, data in enumerate(known):
        (corpus / f"seed-{number}").write_bytes(data)
    mutator, progress = Mutator(known), Progress()

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        # libFuzzer prefers what reached something new, and would leave the fields that all inputs share alone.
        data = rng.choice(known) if rng.random() < 0.2 else data
        changed = data if rng.random() < 0.3 else mutator.mutate(data, rng)
        if changed == data or rng.random() < 0.1:
            changed = atheris.Mutate(changed[:max_size], max_size)
        return changed[:max_size]

    def one_input(data: bytes) -> None:
        progress.add(check(data))

    arguments = [
        sys.argv[0],
        f"-max_total_time={int(options.minutes * 60)}",
        f"-max_len={MAX_BYTES}",
        "-timeout=30",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={options.findings}{os.sep}",
        str(corpus),
    ]
    atheris.Setup(arguments, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
