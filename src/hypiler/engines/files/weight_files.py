"""Which weights each engine runs: the files that it downloads, and the reasons why it cannot run some weights.

`names` are the paths of all files inside the repository or folder. They are None if the files were not listed; then
only the registry decides. Nothing is imported or opened here.
"""

from fnmatch import fnmatchcase

from hypiler.schema.loading import USUAL_ONNX, variant_onnx
from hypiler.stamps.files import onnx_with_data, weight_files
from hypiler.stamps.outputs import OutputView, chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from hypiler.protocols import Config

# The weights of linear layers after the network.
_LAYERS = "*_Dense*/model.safetensors"
# The usual weights of a query's tokens that are not JSON.
_TOKEN_WEIGHTS = ("query_token_weights.txt", "*_SparseStaticEmbedding/model.safetensors")
STATIC_LAYOUT = ("config.json", "model.safetensors", "tokenizer.json")
"""The files of model2vec's own layout."""
_TABLES = ("model.safetensors", "0_StaticEmbedding/model.safetensors")
_USE_ONNX = "; the engine `onnx` runs any output of an ONNX file"
UNNAMED = "the registry names no ONNX file"
"""The obstacle of a model whose files were not listed, and may hold an ONNX file nevertheless."""
PYTORCH_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.bin", "*.py", "artifact.metadata", "README.md"]
"""The files that the libraries on PyTorch read, as patterns."""
FASTEMBED_POOLINGS = ("cls", "mean", "last_token")
"""The words of `encoding.pooling` that fastembed supports."""


def onnx_places(config: "Config") -> tuple[str, ...]:
    """The possible names of the ONNX file of the chosen weights: the registry's name, or the usual names."""
    model = config.model
    if model is None:
        return ()
    if config.variant is None:
        return (model.onnx_file,) if model.onnx_file else USUAL_ONNX
    variant = next(one for one in model.variants if one.id == config.variant)
    return variant_onnx(variant.file, elsewhere=variant.huggingface_id not in (None, model.huggingface_id))


def onnx_files(config: "Config") -> list[str]:
    """The files that an engine on onnxruntime reads, as patterns."""
    places = onnx_places(config)
    # A large model has its weights next to the graph, in one or more files such as model.onnx_data or model.onnx.data.
    beside = [f"{name}?data*" for name in places]
    return [
        *places,
        *beside,
        "*.json",
        _LAYERS,
        *output_layers_file(config),
        *_query_weights(config),
        "artifact.metadata",
        "README.md",
    ]


def _query_weights(config: "Config") -> list[str]:
    """The files with the weights of a query's tokens, as patterns."""
    own: str | None = getattr(config.model, "query_weights_file", None)
    return [*([own] if own else []), *_TOKEN_WEIGHTS]


def onnx_weights(config: "Config", names: "Collection[str]") -> list[str]:
    """The weight files that an engine on onnxruntime loads: the graph, its external data, and the layers after it."""
    file = next((name for name in onnx_places(config) if name in names), None)
    if file is None:
        return []
    layers = [name for name in names if fnmatchcase(name, _LAYERS) or name in output_layers_file(config)]
    return [*onnx_with_data(file, names), *sorted(layers)]


def output_of(config: "Config") -> OutputView | None:
    """The chosen output of a model with several outputs; None for any other model."""
    view = None if config.model is None else chosen(config.model, config.output)
    return view if isinstance(view, OutputView) else None


def output_layers_file(config: "Config") -> list[str]:
    """The file with the layers that follow the ONNX graph; empty if the graph contains them, or if there are none."""
    view = output_of(config)
    return [view.weights_file] if view and view.weights_file and not view.onnx_output else []


def other_output_obstacle(config: "Config") -> str | None:
    """Why an engine that runs a model's default output cannot run the chosen one; None if it can."""
    view = output_of(config)
    if view is None or (view.is_default and not view.weights_file):
        return None
    return f"it runs only the default output of a model, without layers in a file of their own{_USE_ONNX}"


def onnx_output_obstacle(config: "Config") -> str | None:
    """Why onnxruntime cannot run the chosen output of a model; None if it can."""
    for file in output_layers_file(config):
        if not file.endswith(".safetensors"):
            return (
                f"the layers of this output are in {file}, which is a pickle; choose an ONNX file that contains them,"
                " and name its output in `onnx_output`"
            )
    return None


def pytorch_output_obstacle(config: "Config") -> str | None:
    """Why sentence-transformers cannot run the chosen output of a model; None if it can.

    The library runs what modules.json describes, which is a dense model if one of several outputs is dense.
    """
    view = output_of(config)
    if view is not None and view.kind == "dense" and view.is_first and not view.weights_file:
        return None
    return other_output_obstacle(config)


def fastembed_output_obstacle(config: "Config") -> str | None:
    """Why fastembed cannot run the chosen output of a model; None if it can."""
    view = output_of(config)
    if view is not None and view.onnx_output:
        return f"it does not choose among the outputs of an ONNX file{_USE_ONNX}"
    return other_output_obstacle(config)


def onnx_obstacle(config: "Config", names: "Collection[str] | None") -> str | None:
    """Why onnxruntime cannot run the chosen weights; None if it can."""
    places = onnx_places(config)
    if not places:
        return f"the variant {config.variant!r} is not an ONNX file"
    if names is None:
        return UNNAMED if places == USUAL_ONNX else None
    if not any(place in names for place in places):
        return f"there is no ONNX file {' or '.join(places)}"
    if not any(name.rpartition("/")[2] == "tokenizer.json" for name in names):
        return "there is no tokenizer.json"
    return None


def fastembed_obstacle(config: "Config", names: "Collection[str] | None") -> str | None:
    """Why fastembed cannot run the chosen weights; None if nothing is known to prevent it. Loading checks the rest."""
    model = config.model
    if model is not None and not model.multi_vector and model.pooling not in (None, "none", *FASTEMBED_POOLINGS):
        return f"it has no {model.pooling} pooling"
    if model is not None and model.multi_vector and model.normalize is False:
        return "it normalizes every vector, and this model does not"
    return onnx_obstacle(config, names)


def server_files(config: "Config") -> list[str]:
    """The files that are read of a served model, as patterns: settings and the tokenizer."""
    return ["*.json", "README.md"]


def static_files(config: "Config") -> list[str]:
    """The files that model2vec reads, as patterns."""
    return ["*.json", *_TABLES]


def static_weights(config: "Config", names: "Collection[str]") -> list[str]:
    """The weight file that model2vec loads."""
    return [name for name in _TABLES if name in names][:1]


def static_obstacle(config: "Config", names: "Collection[str] | None") -> str | None:
    """Why model2vec cannot run the chosen weights; None if it can."""
    if config.variant is not None:
        return "it runs no variants"
    if names is not None and not any(table in names for table in _TABLES):
        return f"there is no table {' or '.join(_TABLES)}"
    return None


def pytorch_files(config: "Config") -> list[str]:
    """The files that the libraries on PyTorch read, as patterns."""
    return PYTORCH_FILES


def pytorch_weights(config: "Config", names: "Collection[str]") -> list[str]:
    """The weight files that the libraries on PyTorch load: safetensors in one file or in shards, else pickles."""
    return weight_files(names)


def pytorch_obstacle(config: "Config", names: "Collection[str] | None") -> str | None:
    """Why an engine on PyTorch cannot run the chosen weights; None if it can."""
    if config.variant is not None:
        return "it runs no variants"
    if names is None:
        return None
    if "adapter_config.json" in names:
        return "the files are those of an adapter"
    if not any(name.endswith((".safetensors", ".bin")) for name in names):
        return "there are no weights as safetensors or PyTorch"
    return None
