"""`hypiler snippet`: the code or the command line that runs a model in a runtime."""

import sys

from hypiler.cli.chosen_model import add_choice_arguments, add_prompt_arguments, chosen_config, open_model
from hypiler.cli.registries import add_registry_arguments
from hypiler.cli.streams import OK, usage_error, write_text
from hypiler.runtimes import RUNTIMES, snippet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler snippet all-minilm-l6-v2 --shipped --for sentence-transformers    Python
  hypiler snippet nomic-embed-v1.5 --shipped --for onnx --dim 256    truncated vectors
  hypiler snippet bge-small-en-v1.5 --shipped --for tei              a server's command
  hypiler snippet e5-small-v2 --shipped --for ollama > Modelfile
  hypiler snippet text-embedding-3-small --shipped --for litellm     a model behind an API
  hypiler snippet bge-m3 --shipped --for vllm --json | jq .arguments
"""
_DESCRIPTION = """\
Print what runs a model in a runtime as the registry describes it: the class or the command with its
commit, prefixes, pooling, normalization, dimension and longest input.

Python for sentence-transformers, pylate, fastembed, onnx, model2vec and litellm; a command line
for tei, infinity and vllm; a Modelfile for ollama. Comments say what the runtime cannot honour,
and what the client must do itself. Nothing is downloaded or started: see docs/runtimes/README.md.

Exit code 2: the runtime cannot run the model. The message lists the runtimes that can.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("id", metavar="ID", help="id, alias or repository of a model")
    names = ", ".join(RUNTIMES)
    parser.add_argument(
        "--for", dest="runtime", metavar="RUNTIME", choices=RUNTIMES, required=True, help=f"the runtime: {names}"
    )
    add_choice_arguments(parser)
    add_prompt_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the snippet, its arguments and what is lost as JSON")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the snippet, or why the runtime cannot run the model; the exit code."""
    model = open_model(options.id, options)
    try:
        # A deprecated model may still run somewhere, so nothing warns of it here.
        made = snippet(chosen_config(model, options), options.runtime)
    except ValueError as error:
        return usage_error(str(error))
    if options.json:
        from hypiler.cli.json_output import print_document

        print_document(**made.to_dict())
        return OK
    write_text(made.text.removesuffix("\n"), sys.stdout)
    return OK
