"""`hypiler snippet`: the code or the command line that runs a model in a runtime."""

import sys

from hypiler.cli.registries import add_registry_arguments, find_model, open_registry, registry_words, unknown_model
from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.errors import UnknownModelError
from hypiler.runtimes import RUNTIMES, snippet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.runtimes import Snippet
    from hypiler.schema.model import Model

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

Python for sentence-transformers, pylate, fastembed, onnx, model2vec and litellm; a command line for
tei, infinity and vllm; a Modelfile for ollama. Comments say what the runtime cannot honour, and what
the client must do itself. Nothing is downloaded or started: see docs/runtimes/README.md.

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
    parser.add_argument("--dim", type=int, metavar="N", help="one of the widths to which the vectors can be truncated")
    parser.add_argument("--output", metavar="NAME", help="one of the model's outputs; default: the first one")
    parser.add_argument("--variant", metavar="ID", help="one of the model's variants; default: its own weights")
    parser.add_argument("--query-prompt", metavar="NAME", help="a named prompt for queries; default: the model's own")
    parser.add_argument("--document-prompt", metavar="NAME", help="the same for documents")
    parser.add_argument("--json", action="store_true", help="print the snippet, its arguments and what is lost as JSON")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the snippet, or why the runtime cannot run the model; the exit code."""
    found = open_registry(options)
    if found is None:
        return FINDINGS
    registry, module = found
    try:
        model, _ = find_model(options.id, registry, module)
    except UnknownModelError as error:
        return usage_error(unknown_model(error, registry, registry_words(options)))
    try:
        made = _snippet(model, options)
    except ValueError as error:
        return usage_error(str(error))
    if options.json:
        from hypiler.cli.json_output import print_document

        print_document(**made.to_dict())
        return OK
    write_text(made.text.removesuffix("\n"), sys.stdout)
    return OK


def _snippet(model: "Model", options: "Namespace") -> "Snippet":
    """The snippet. A deprecated model may still run somewhere, so nothing warns of it here."""
    from warnings import catch_warnings, simplefilter

    from hypiler.config import ModelConfig

    with catch_warnings():
        simplefilter("ignore", DeprecationWarning)
        config = ModelConfig.from_model(model, options.dim, output=options.output)
    config = config.with_prompts(query=options.query_prompt, document=options.document_prompt)
    if options.variant is not None:
        config = config.with_variant(options.variant)
    return snippet(config, options.runtime)
