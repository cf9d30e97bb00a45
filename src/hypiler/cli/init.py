"""`hypiler init`: start a registry in a project, new or old."""

import os
import sys

from hypiler.cli.report import print_findings, usage_error
from hypiler.cli.streams import FINDINGS, OK, USAGE
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

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
        help=f"a model of the shipped registry to start with; default: {_FIRST}",
    )
    parser.add_argument("--output", metavar="PATH", help="the module to generate; default: in the project's package")


def run(options: "Namespace") -> int:
    """Plan, write, and say what was written; nothing that exists is overwritten."""
    from hypiler.emit.json_schema import emit_json_schema
    from hypiler.emit.models_json import emit_models
    from hypiler.project.scaffold import ScaffoldError, plan_project

    try:
        models = _models(options.model or [_FIRST])
        registry = emit_models(models, "./models.schema.json")
        plan = plan_project(options.folder, options.output, registry, emit_json_schema())
    except (ScaffoldError, LookupError) as error:
        usage_error(str(error.args[0]))
        return USAGE
    except OptionsError as error:
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    plan.write()
    for path in plan.modified:
        print(f"{_shown(path)}: [tool.hypiler] added")
    for path in plan.new:
        print(f"{_shown(path)}: created")
    if not plan.modified and not plan.new:
        print("nothing to do: the project has its tables and its registry")
    for note in plan.notes:
        print(f"next: {note}")
    print("next: hypiler build")
    return OK


def _models(ids: list[str]) -> "list[Any]":
    """Records of the shipped registry. Raises LookupError for an id that it does not have."""
    from hypiler.model_registry import MODELS, get_model

    models: list[Any] = []
    for id in ids:
        model = get_model(id)
        if model is None:
            hint = did_you_mean(id, list(MODELS)) or "`hypiler list` shows all"
            raise LookupError(f"no model {quote_name(id)}; {hint}")
        if model not in models:
            models.append(model)
    return models


def _shown(path: str) -> str:
    return printable(os.path.normpath(path))
