"""Makes the committed files again that follow from a table, from models.json or from docstrings.

python tools/refresh.py            write what has changed
python tools/refresh.py --check    write nothing; exit 1 and name what is not current
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import Any

from command_page import emit_commands
from griffe import GriffeLoader, Parser
from griffe2md import default_config, render_object_docs
from registry_stub import emit_registry_stub

from hypiler.cli.output_schemas import emit_output_table
from hypiler.emit.field_reference import emit_reference
from hypiler.emit.json_schema import emit_json_schema
from hypiler.emit.markdown import emit_files
from hypiler.emit.python.model_attributes import emit_model_attributes
from hypiler.emit.targets import TARGETS
from hypiler.project.leftovers import leftovers, remove
from hypiler.registry import Registry
from hypiler.runtimes.specs import FACTS, SPECS
from hypiler.verification.rule_sets import all_codes, all_rules

ROOT = Path(__file__).parents[1]
# griffe2md formats signatures with black where it is installed. The pages must not depend on that.
sys.modules["black"] = None  # type: ignore[assignment]
_BEGIN, _END = "<!-- fields: written by `hypiler schema --format markdown` -->\n", "<!-- /fields -->\n"


def reference() -> str:
    """The page about models.json with the tables of its fields."""
    before, _, rest = (ROOT / "docs/models-json.md").read_text("utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{emit_reference()}{_END}{rest.partition(_END)[2]}"


_CODES = "docs/diagnostics/README.md"
_TABLE = re.compile(r"^\| code \|.*\n(?:\|.*\n)+", re.MULTILINE)


def codes() -> str:
    """The page that lists all codes: a table per family, in the order of the first digit of the codes."""
    families: dict[str, list[str]] = {}
    for code in all_codes():
        families.setdefault(code[1], []).append(code)
    tables = iter(families.values())
    return _TABLE.sub(lambda _: _code_table(next(tables)), (ROOT / _CODES).read_text("utf-8"))


def _code_table(codes: list[str]) -> str:
    """The codes of one family; of rules, the table also says which can be ignored."""
    names, rules = all_codes(), {rule.code: rule for rule in all_rules()}
    of_rules = codes[0] in rules
    lines = ["| code | name | severity |" + " can be ignored |" * of_rules, "|---|---|---|" + "---|" * of_rules]
    for code in codes:
        line = f"| [{code}]({code}.md) | {' | '.join(names[code])} |"
        lines.append(line + (f" {'no' if rules[code].always else 'yes'} |" if of_rules else ""))
    return "\n".join([*lines, ""])


def catalogue(name: str, path: str) -> dict[str, str]:
    """The document of a registry, which has the name of its generated module, with the pages of its models."""
    return emit_files(Registry.project(name, folder=ROOT), path)


def hosted_schema() -> str:
    """The JSON Schema of hosted.json, whose models must state less than those of models.json."""
    return emit_json_schema(required=Registry.project("hosted_registry", folder=ROOT).required)


_IDS = ("<!-- ids -->\n", "<!-- /ids -->\n")


def spaces() -> str:
    """The page about vector spaces with the ids of the shipped models. Tests write its other table."""
    before, _, rest = (ROOT / "docs/spaces.md").read_text("utf-8").partition(_IDS[0])
    lines = ["| model | `space_id` | `query_space_id` |", "|---|---|---|"]
    for model in Registry.load(ROOT / "models.json"):
        ids = [f"`{id}`" if id else "–" for id in (model.space_id, model.query_space_id)]
        lines.append(f"| `{model.id}` | {' | '.join(ids)} |")
    return "\n".join([before + _IDS[0] + lines[0], *lines[1:], _IDS[1] + rest.partition(_IDS[1])[2]])


_RUNTIMES = ("<!-- runtimes -->\n", "<!-- /runtimes -->\n")
_KINDS = {"multi_vector": "late interaction", "reranker": "rerankers"}


def runtimes() -> str:
    """The page about runtimes with the table of what each one honours."""
    before, _, rest = (ROOT / "docs/runtimes/README.md").read_text("utf-8").partition(_RUNTIMES[0])
    lines = [f"| runtime | version | models | {' | '.join(FACTS)} |", "|---" * (3 + len(FACTS)) + "|"]
    for spec in SPECS:
        kinds = ", ".join([_KINDS.get(kind, kind) for kind in spec.kinds])
        honours = " | ".join([spec.honours[fact] for fact in FACTS])
        lines.append(f"| [{spec.name}]({spec.name}.md) | {spec.version} | {kinds} | {honours} |")
    return before + _RUNTIMES[0] + "\n".join([*lines, _RUNTIMES[1] + rest.partition(_RUNTIMES[1])[2]])


_SHAPE = re.compile(r"(<!-- shape: ([a-z-]+) -->\n).*?(<!-- /shape -->\n)", re.DOTALL)


def shapes() -> str:
    """The page about JSON output with a table of each shape."""
    text = (ROOT / "docs/json-output.md").read_text("utf-8")
    return _SHAPE.sub(lambda found: f"{found[1]}{emit_output_table(found[2])}{found[3]}", text)


_GLUE = ("<!-- glue -->\n", "<!-- /glue -->\n")
_GLUE_BLOCK = re.compile(r"^```py glue\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INTEGRATIONS = {"stores": "store", "frameworks": "framework", "runtimes": "runtime"}


def integrations() -> str:
    """The page about integrations: each page of a store or framework with its lines of glue, and those of runtimes."""
    before, _, rest = (ROOT / "docs/integrations.md").read_text("utf-8").partition(_GLUE[0])
    rows = ["| | | lines |", "|---|---|---|"]
    for folder, word in _INTEGRATIONS.items():
        for path in sorted((ROOT / "docs" / folder).glob("*.md")):
            if path.stem != "README":
                text = path.read_text("utf-8")
                title = text.partition("\n")[0].removeprefix("# ")
                rows.append(f"| [{title}]({folder}/{path.name}) | {word} | {lines_of_glue(text) or '–'} |")
    return before + _GLUE[0] + "\n".join(rows) + "\n" + _GLUE[1] + rest.partition(_GLUE[1])[2]


def lines_of_glue(page: str) -> int:
    """How many lines of code the longest block of a page has that connects hypiler with something else; 0 for none."""
    blocks = [block.splitlines() for block in _GLUE_BLOCK.findall(page)]
    code = [[line for line in block if line.strip() and not line.lstrip().startswith("#")] for block in blocks]
    return max(map(len, code), default=0)


_CONFIG: Any = {
    **default_config,
    "annotations_path": "brief",
    "heading_level": 1,
    "line_length": 100,
    "members_order": "source",
    # Constants of models are listed in MODELS.md.
    "filters": ["!^_", "!^[A-Z0-9_]*[A-Z0-9]$", "MODEL_REGISTRY", "MODELS", "ENGINES"],
    "show_if_no_docstring": False,
    "show_object_full_path": False,
    "show_root_full_path": True,
    "show_root_members_full_path": False,
    "show_signature_annotations": True,
    "show_submodules": False,
    "summary": False,
}
PUBLIC = (
    "hypiler",
    "hypiler.model_registry",
    "hypiler.hosted_registry",
    "hypiler.registry",
    "hypiler.space",
    "hypiler.stores",
    "hypiler.corpus",
    "hypiler.runtimes",
    "hypiler.engines",
    "hypiler.frameworks",
    "hypiler.frameworks.langchain",
    "hypiler.frameworks.langchain_qdrant",
    "hypiler.frameworks.llama_index",
    "hypiler.frameworks.haystack",
)
"""The modules whose names are promised."""


@cache
def _loader() -> GriffeLoader:
    """All modules, read once for all pages."""
    # Without the stub of the registry, whose classes would be shown beside those that it is made from.
    with TemporaryDirectory() as folder:
        copytree(ROOT / "src/hypiler", Path(folder) / "hypiler", ignore=ignore_patterns("__init__.pyi", "__pycache__"))
        loader = GriffeLoader(search_paths=[folder], docstring_parser=Parser.google)
        loader.load("hypiler")
    for name in ("model_registry", "hosted_registry"):
        get_model = loader.modules_collection[f"hypiler.{name}.get_model"]
        # The last overload is the one for any text. Griffe would show the results of all of them as one union.
        get_model.returns = get_model.overloads[-1].returns
    loader.resolve_aliases(implicit=False)
    return loader


def page(module: str) -> str:
    """The reference of a public module, from its docstrings."""
    text = render_object_docs(_loader().modules_collection[module], _CONFIG)
    # Signatures are no programs, and names of types would be links to pages of a site.
    text = text.replace("```python\n", "```text\n")
    text = re.sub(r"\[([^\]]*)\]\(#[^)]*\)", r"\1", text)
    return f"<!-- Made from docstrings by tools/refresh.py. -->\n{text.rstrip()}\n"


FILES: dict[str, Callable[[], str]] = {
    "src/hypiler/schema/model_attributes.pyi": emit_model_attributes,
    "src/hypiler/registry/__init__.pyi": emit_registry_stub,
    "models.schema.json": emit_json_schema,
    "docs/models-json.md": reference,
    _CODES: codes,
    "hosted.schema.json": hosted_schema,
    "docs/spaces.md": spaces,
    "docs/json-output.md": shapes,
    "docs/integrations.md": integrations,
    "docs/runtimes/README.md": runtimes,
    "docs/reference/commands.md": emit_commands,
    **{f"docs/reference/{name}.md": partial(page, name) for name in PUBLIC},
}


CATALOGUES = {"model_registry": "MODELS.md", "hosted_registry": "HOSTED.md"}
"""The document of each registry of the project."""


def main() -> int:
    """Write or compare each file; the exit code."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not current")
    options = parser.parse_args()
    texts = {name: emit() for name, emit in FILES.items()}
    for module, path in CATALOGUES.items():
        texts |= catalogue(module, path)
    stale = {name: text for name, text in texts.items() if text != _read(ROOT / name)}
    folders = [str(TARGETS["docs"].own_folder(str(ROOT / path))) for path in CATALOGUES.values()]
    left = leftovers(folders, [str(ROOT / name) for name in texts])
    for name, text in stale.items():
        print(f"{name}: {'not current' if options.check else 'written'}")
        if not options.check:
            (ROOT / name).parent.mkdir(exist_ok=True)
            (ROOT / name).write_text(text, "utf-8", newline="")
    for path in left:
        print(f"{Path(path).relative_to(ROOT).as_posix()}: {'not current' if options.check else 'removed'}")
    if not options.check:
        remove(left)
    return 1 if options.check and (stale or left) else 0


def _read(path: Path) -> str | None:
    return path.read_bytes().decode() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
