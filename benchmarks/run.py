"""Measures the speed of hypiler against its bars: `python benchmarks/run.py`.

Everything is made in a temporary folder, from the source tree beside this file, and
measured in one run: what is compared runs in turns. Imports and lookups are quoted by
their least disturbed run, commands by the median. F is the import of a module that
holds the same values as one constant tuple.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import Lab
from measure_checkers import checker_rows
from measure_commands import build_rows, check_rows
from measure_corpus import corpus_rows
from measure_engines import engine_rows
from measure_loading import loading_rows
from measure_module import (
    import_rows,
    instruction_rows,
    pydantic_rows,
    size_rows,
    source_rows,
)
from measure_page import page_rows
from measure_stamps import stamp_rows
from measure_use import lookup_rows, query_rows, shipped_rows
from measure_verify import verify_rows
from table import Row, heading

MEASURES: dict[str, Callable[[Lab, list[int], int], Iterator[Row]]] = {
    "import": import_rows,
    "source": source_rows,
    "instructions": instruction_rows,
    "shipped": shipped_rows,
    "lookup": lookup_rows,
    "queries": query_rows,
    "build": build_rows,
    "check": check_rows,
    "pydantic": pydantic_rows,
    "checkers": checker_rows,
    "size": size_rows,
    "verify": verify_rows,
    "engines": engine_rows,
    "loading": loading_rows,
    "stamps": stamp_rows,
    "corpus": corpus_rows,
    "page": page_rows,
}


def main() -> int:
    """Print the table; 1 if a bar was missed."""
    options = _options()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    print(f"{python}, {machine}, load {os.getloadavg()[0]:.2f}\n")
    print(heading(), flush=True)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        for name in options.rows:
            measure = MEASURES[name]
            for row in measure(lab, options.sizes, options.rounds):
                print(row, flush=True)
                missed += row.met is False
    print(f"\n{missed} bars missed" if missed else "\nno bar missed")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[100, 1_000, 10_000],
        help="numbers of models (default: 100,1000,10000)",
    )
    parser.add_argument(
        "--rows",
        type=lambda text: text.split(","),
        default=list(MEASURES),
        help=f"what to measure (default: {','.join(MEASURES)})",
    )
    parser.add_argument("--rounds", type=int, default=15, help="runs of each process (default: 15)")
    options = parser.parse_args()
    for name in options.rows:
        if name not in MEASURES:
            parser.error(f"--rows takes {', '.join(MEASURES)}; not {name!r}")
    return options


if __name__ == "__main__":
    sys.exit(main())
