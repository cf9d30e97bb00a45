"""Makes the committed files again that follow from the table of fields or from models.json.

python tools/refresh.py            write what has changed
python tools/refresh.py --check    write nothing; exit 1 and name what is not current
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from hypiler.emit.field_reference import emit_reference
from hypiler.emit.json_schema import emit_json_schema
from hypiler.emit.markdown import emit_markdown
from hypiler.emit.python.model_attributes import emit_model_attributes
from hypiler.registry import Registry

ROOT = Path(__file__).parents[1]
_BEGIN, _END = "<!-- fields: written by `hypiler schema --format markdown` -->\n", "<!-- /fields -->\n"


def reference() -> str:
    """The page about models.json with the tables of its fields."""
    before, _, rest = (ROOT / "docs/models-json.md").read_text("utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{emit_reference()}{_END}{rest.partition(_END)[2]}"


def catalogue() -> str:
    """MODELS.md of the shipped registry."""
    return emit_markdown(Registry.load(ROOT / "models.json"))


FILES: dict[str, Callable[[], str]] = {
    "src/hypiler/schema/model_attributes.pyi": emit_model_attributes,
    "models.schema.json": emit_json_schema,
    "docs/models-json.md": reference,
    "MODELS.md": catalogue,
}


def main() -> int:
    """Write or compare each file; the exit code."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not current")
    options = parser.parse_args()
    stale = {name: text for name, emit in FILES.items() if (text := emit()) != _read(ROOT / name)}
    for name, text in stale.items():
        print(f"{name}: {'not current' if options.check else 'written'}")
        if not options.check:
            (ROOT / name).write_text(text, "utf-8", newline="")
    return 1 if options.check and stale else 0


def _read(path: Path) -> str | None:
    return path.read_bytes().decode() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
