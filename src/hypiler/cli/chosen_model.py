"""What commands about one model share: the model and the choices that make a config of it."""

from hypiler.cli.registries import find_model, open_registry, registry_words, unknown_model
from hypiler.cli.streams import FINDINGS, usage_error
from hypiler.errors import UnknownModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.config import ModelConfig
    from hypiler.schema.model import Model


def add_choice_arguments(parser: "ArgumentParser") -> None:
    """Which vectors of the model are meant."""
    parser.add_argument("--dim", type=int, metavar="N", help="one of the widths to which the vectors can be truncated")
    parser.add_argument("--output", metavar="NAME", help="one of the model's outputs; default: the first one")
    parser.add_argument("--variant", metavar="ID", help="one of the model's variants; default: its own weights")


def add_prompt_arguments(parser: "ArgumentParser") -> None:
    """Which named prompts are put before texts."""
    parser.add_argument("--query-prompt", metavar="NAME", help="a named prompt for queries; default: the model's own")
    parser.add_argument("--document-prompt", metavar="NAME", help="the same for documents")


def open_model(id: str, options: "Namespace", *, policy: bool = False) -> "Model":
    """A model of the registry that the options choose. Ends the command without one, and if the registry has errors.

    With `policy`, the policy of the project counts, as where models are loaded.
    """
    found = open_registry(options, policy=policy)
    if found is None:
        raise SystemExit(FINDINGS)
    registry, module = found
    try:
        return find_model(id, registry, module)[0]
    except UnknownModelError as error:
        raise SystemExit(usage_error(unknown_model(error, registry, registry_words(options)))) from None


def chosen_config(model: "Model", options: "Namespace") -> "ModelConfig":
    """The config of a model with the choices of the options; a deprecated model gives no warning.

    Raises ValueError for a choice that the model does not have.
    """
    from warnings import catch_warnings, simplefilter

    from hypiler.config import ModelConfig

    with catch_warnings():
        simplefilter("ignore", DeprecationWarning)
        config = ModelConfig.from_model(model, options.dim, output=options.output)
    if options.variant is not None:
        config = config.with_variant(options.variant)
    # `hypiler encode` has the prompt of one side.
    if "query_prompt" in options:
        config = config.with_prompts(query=options.query_prompt, document=options.document_prompt)
    return config
