"""`hypiler init`: start a registry in a project, new or old."""

import os
import sys

from hypiler.cli.registries import unknown_model
from hypiler.cli.report import not_text, print_findings
from hypiler.cli.streams import FINDINGS, OK, usage_error
from hypiler.diagnostics.escaping import printable
from hypiler.errors import UnknownModelError
from hypiler.project.options import OptionsError
from hypiler.project.scaffold import MARKER, SCHEMA, ScaffoldError, plan_project
from hypiler.registry.registry import Registry
from hypiler.schema.field import ABSENT
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import USUAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.project.scaffold import Plan

EXAMPLES = """examples:
  hypiler init                           in a project or an empty folder: table, models.json, schema
  hypiler init --model colbert-v2 --model bge-m3   start with these shipped models
  hypiler init --output src/app/model_registry.py
"""
_FIRST = "all-minilm-l6-v2"


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the project; default: this folder")
    parser.add_argument(
        "--model",
        metavar="ID",
        action="append",
        help=f"id or repository of a shipped model to start with; default: {_FIRST}",
    )
    parser.add_argument("--output", metavar="PATH", help="the module to generate; default: in the project's package")


def run(options: "Namespace") -> int:
    """Plan, write, and report what was written. No existing file is overwritten."""
    from hypiler import __version__
    from hypiler.emit.json_schema import emit_json_schema
    from hypiler.emit.models_json import emit_models

    if fault := not_text(options.output):
        return usage_error(fault)
    shipped = Registry.shipped(hosted=True)
    try:
        models = list(dict.fromkeys([shipped[id] for id in options.model or [_FIRST]]))
        for model in models:
            if absent := _absent(shipped.entry(model.id).tree):
                return usage_error(f"`{model.id}` cannot be the start of a project: it does not state `{absent}`")
        # A short file to begin with: the shipped registry names the source of each single fact.
        registry = emit_models(models, f"./{SCHEMA}", f"the shipped registry of hypiler {__version__}")
        plan = plan_project(options.folder, options.output, registry, emit_json_schema())
    except UnknownModelError as error:
        return usage_error(unknown_model(error, shipped))
    except ScaffoldError as error:
        return usage_error(str(error))
    except OptionsError as error:
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    plan.write()
    for line in _report(plan, options):
        print(line)
    return OK


def _absent(entry: "Mapping[str, Any]") -> str | None:
    """A field that an entry does not state, although a new project requires it; None for a complete entry."""
    return next((one.name for one in FIELDS if USUAL.needs(one, entry) and one.get(entry) is ABSENT), None)


def _report(plan: "Plan", options: "Namespace") -> "Iterator[str]":
    """Everything that was written, what was asked for and not done, and what is left to do."""
    for path, added in plan.added.items():
        yield f"{_shown(path)}: {' and '.join(added)} added"
    for path in plan.new:
        why = ", so that type checkers read the stub of the installed package" if path.endswith(MARKER) else ""
        yield f"{_shown(path)}: created{why}"
    changed = bool(plan.modified or plan.new)
    ignored = {path: option for path, option in plan.kept.items() if getattr(options, option.removeprefix("--"))}
    for path, option in plan.kept.items():
        if path in ignored:
            yield f"{_shown(path)}: kept as it is; {option} is for a new one"
        elif changed:
            yield f"{_shown(path)}: kept as it is"
    if not changed and not ignored:
        yield "nothing to do: the project has its tables and its registry"
    for note in plan.notes:
        yield f"next: {note}"
    yield "next: hypiler build"


def _shown(path: str) -> str:
    return printable(os.path.normpath(path))
