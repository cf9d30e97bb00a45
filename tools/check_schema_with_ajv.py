"""Compares `hypiler check` with ajv, a JSON Schema validator in JavaScript, on the corpus of tests/mutants.py.

python tools/check_schema_with_ajv.py

This needs Node.js, and npm installs ajv into a temporary folder. Prints how many registries were judged and what
differs without being listed in docs/models-json.md. Exit codes: 0 nothing, 1 something differs, 3 no Node.js or ajv.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
from mutants import (  # noqa: E402 - it lies with the tests
    BLANK,
    BYTE_ORDER_MARK,
    DIFFERENCES,
    OPTIONS,
    Mutant,
    disagreement,
    mutants,
    schema,
)

_AJV = "ajv@8"
# The strict mode also refuses a schema with a mistake, such as a misspelled keyword.
_SCRIPT = """\
const Ajv = require("ajv/dist/2020");
const { readFileSync } = require("node:fs");
const { schemas, mutants } = JSON.parse(readFileSync("corpus.json", "utf-8"));
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
const validators = Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, ajv.compile(one)]));
console.log(JSON.stringify(mutants.map(([name, tree]) => validators[name](tree))));
"""


class ToolError(Exception):
    """Node.js or ajv is missing, or the validator failed."""


def verdicts(corpus: list[Mutant], folder: Path) -> list[bool]:
    """What ajv says of each registry: whether it is valid.

    `folder` gets ajv, the script and the corpus. Raises ToolError if one of them cannot run.
    """
    _run(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", _AJV)
    data = {"schemas": {name: schema(name) for name in OPTIONS}, "mutants": [[m.options, m.tree] for m in corpus]}
    (folder / "corpus.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / "validate.cjs").write_text(_SCRIPT, encoding="utf-8")
    found: list[bool] = json.loads(_run(folder, "node", "validate.cjs"))
    return found


def _run(folder: Path, command: str, *words: str) -> str:
    place = shutil.which(command)
    if place is None:
        raise ToolError(f"`{command}` is not installed")
    done = subprocess.run([place, *words], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise ToolError(f"`{command}` failed:\n{done.stderr}")
    return done.stdout


def differing(corpus: list[Mutant], valid: list[bool]) -> list[str]:
    """The registries about which `hypiler check` and ajv differ, and the listed differences that did not occur."""
    listed = DIFFERENCES | BLANK
    used: set[str] = set()
    found = [disagreement(one, is_valid, listed, used) for one, is_valid in zip(corpus, valid, strict=True)]
    lines = [line for line in found if line is not None]
    marks = [line for line in lines if line.startswith("only the schema") and line.endswith('"\\ufeff"')]
    unused = sorted(listed.keys() - used) + ([] if marks else [BYTE_ORDER_MARK])
    return [*[line for line in lines if line not in marks], *[f"does not occur: {name}" for name in unused]]


def main() -> int:
    """Compare, print, and return the exit code."""
    corpus = list(mutants())
    try:
        with TemporaryDirectory() as folder:
            valid = verdicts(corpus, Path(folder))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 3
    lines = differing(corpus, valid)
    print(*lines, f"{len(corpus)} registries, {sum(valid)} of them valid; {len(lines)} unlisted differences", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
