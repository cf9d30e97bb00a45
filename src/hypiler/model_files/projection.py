"""Facts about what follows a model's network: the layers, and the width of the vectors."""

from typing import NamedTuple

from hypiler.model_files.architectures import Network
from hypiler.model_files.encoder_type import FURTHER_HEAD, scoring_layer
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import positive, text, words
from hypiler.model_files.repository import MODULES, SETTINGS, STANFORD, Module, Repository
from hypiler.model_files.weights import tensors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

# Modules without a learned map from hidden states to the output.
_WITHOUT_PROJECTION = {
    "Transformer",
    "MLMTransformer",
    "StaticEmbedding",
    "SparseStaticEmbedding",
    "Pooling",
    "WeightedLayerPooling",
    "SpladePooling",
    "MultiVectorMask",
    "HierarchicalTokenPooling",
    "LayerNorm",
    "Normalize",
    "Dropout",
    "LogitScore",
}
# Modules of a static model: the table, and what may follow it.
_AFTER_A_TABLE = ("StaticEmbedding", "Dense", "Dropout", "LayerNorm", "Normalize")
# Tensors of the projection in late-interaction models without modules.json: Stanford's ColBERT, ColPali, transformers.
_PROJECTIONS = {"linear.weight", "custom_text_proj.weight", "embedding_proj_layer.weight"}
# The shape of BGE-M3. Its vocabulary is cut in some of the models that were trained from it.
_WITH_FURTHER_HEAD = {"model_type": "xlm-roberta", "hidden_size": 1024, "max_position_embeddings": 8194}
_TABLES = ("embedding.weight", "embeddings")
# Classes of transformers that project texts and images to vectors of one width.
_COMPARING = ("CLIPModel", "ChineseCLIPModel", "AltCLIPModel")
# Classes whose vectors have the width of the text's network, unless its configuration states another one.
_COMPARING_UNPROJECTED = ("SiglipModel", "Siglip2Model")
_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


# The activation that sentence-transformers uses if a layer names none.
_USUAL_ACTIVATION = "torch.nn.modules.activation.Tanh"


class Layer(NamedTuple):
    """A linear layer, and where it is described.

    Attributes:
        in_features: The width of its input.
        out_features: The width of its output.
        activation: The dotted name of a PyTorch class; None if the files do not say it.
        file: The file that describes the layer.
        key: The key in this file.
        bias: Whether the layer has a bias.
        path: The folder of its weights, without a trailing slash.
    """

    in_features: int
    out_features: int
    activation: str | None
    file: str
    key: str
    bias: bool = False
    path: str = ""


def pooling_modes(config: "dict[str, Any]") -> dict[str, str]:
    """The modes of a pooling module in the library's words, each with its key. The vectors of modes are concatenated.

    As in the library, a mode is on if its value is truthy; if no mode is on, the mode is the mean.
    """
    if "pooling_mode" in config:
        stated = config["pooling_mode"]
        return dict.fromkeys([stated] if isinstance(stated, str) else words(stated), "pooling_mode")
    found = {mode: key for key, mode in _POOLING_FLAGS.items() if config.get(key)}
    return found or ({"mean": ""} if config else {})


def find_layers(repository: Repository, encoder_type: str | None) -> list[Layer] | None:
    """The linear layers after the network, in order; None if they are unknown."""
    # The head of a reranker is a part of its network, also where modules.json lists its layers.
    if encoder_type == "reranker":
        return []
    if repository.modules is not None:
        layers = dense_layers(repository)
        all_read = len(layers) == len(repository.modules_of_type("Dense"))
        return layers if all_read and not _changes_other_vectors(repository, encoder_type) else None
    if encoder_type == "multi_vector":
        return _projection(repository)
    # Layers after the network are listed in modules.json.
    return [] if encoder_type is not None and repository.is_settled(MODULES) else None


def _changes_other_vectors(repository: Repository, encoder_type: str | None) -> bool:
    """Whether a layer after the pooling writes something other than the text's vector, such as token vectors."""
    modules = repository.modules or []
    last = max([n for n, module in enumerate(modules) if module.known and module.name == "Pooling"], default=-1)
    if encoder_type != "dense" or last < 0:
        return False
    after = [module for module in modules[last:] if module.known and module.name == "Dense"]
    return any(written_place(repository, module) != "sentence_embedding" for module in after)


def written_place(repository: Repository, module: Module) -> "JSONValue":
    """What a layer or a normalization writes: `sentence_embedding`, unless its configuration says otherwise."""
    held = repository.object(module.config)
    return held.get("module_output_name") or held.get("module_input_name") or "sentence_embedding"


def dense_layers(repository: Repository) -> list[Layer]:
    """The linear layers that modules.json lists. Layers whose configuration cannot be read are left out."""
    return [layer for module in repository.modules_of_type("Dense") if (layer := _dense(repository, module))]


def _dense(repository: Repository, module: Module) -> Layer | None:
    config = repository.object(module.config)
    width, out = positive(config.get("in_features")), positive(config.get("out_features"))
    if width is None or out is None:
        if config:
            repository.mark_invalid(module.config, "the file must give `in_features` and `out_features`")
        return None
    # PyLate has its own layer class with another default activation.
    usual = _USUAL_ACTIVATION if module.type.startswith("sentence_transformers.") else None
    stated = text(config.get("activation_function", usual))
    activation = stated.strip() if stated and stated.rpartition(".")[2].strip() else None
    bias = bool(config.get("bias", True))
    return Layer(width, out, activation, module.config, "out_features", bias, module.folder.removesuffix("/"))


def _projection(repository: Repository) -> list[Layer] | None:
    for name, (file, tensor) in tensors_of(repository, repository.backbone).items():
        # The tensor may be nested in another module, such as `model.custom_text_proj.weight`.
        end = ".".join(name.split(".")[-2:])
        if end in _PROJECTIONS and len(tensor.shape) == 2 and all(tensor.shape):
            return [Layer(tensor.shape[1], tensor.shape[0], None, file, end)]
    return None


def head_facts(repository: Repository, network: Network, encoder_type: str | None) -> "dict[str, FileFact | None]":
    """The facts about projection, layers and widths."""
    if encoder_type == "static":
        return _static_facts(repository, network)
    layers = find_layers(repository, encoder_type)
    width = _embedding_width(repository, network, encoder_type, layers)
    projection = _projection_facts(repository, network, encoder_type, layers)
    projected = projection.get("architecture.projection_dims")
    if width and projected and projected.value not in (None, width.value):
        # Several poolings of projected token vectors are joined.
        del projection["architecture.projection_dims"]
    return {
        "specs.embedding_dim": width,
        **projection,
        **_matryoshka_facts(repository, width),
        "encoding.dense_layers": _written(layers) if layers else None,
    }


def _written(layers: list[Layer]) -> FileFact:
    """The fact `encoding.dense_layers`."""
    written = [
        {"in_features": layer.in_features, "out_features": layer.out_features}
        | ({"activation": layer.activation.rpartition(".")[2]} if layer.activation else {})
        for layer in layers
    ]
    return FileFact(written, layers[0].file, layers[0].key)


def _projection_facts(
    repository: Repository, network: Network, encoder_type: str | None, layers: list[Layer] | None
) -> "dict[str, FileFact | None]":
    width = (
        _last_layer_width(layers) or _autoencoder_width(repository) or _stated_width(repository, network, encoder_type)
    )
    if width is not None:
        return {
            "architecture.has_projection": FileFact(True, width.file, width.key),
            "architecture.projection_dims": width,
        }
    if FURTHER_HEAD in repository.names:
        note = "an additional head that gives one vector per token; its width is in a pickle"
        return {"architecture.has_projection": FileFact(True, FURTHER_HEAD, "", note)}
    modules = repository.modules
    # A reranker's layers compute its score.
    passing = {*_WITHOUT_PROJECTION, *["Dense"] * (encoder_type == "reranker")}
    if layers is None or (modules is not None and not all(one.known and one.name in passing for one in modules)):
        return {}
    if not settled_heads(repository, encoder_type):
        return {}
    file, key = (repository.config_name, "architectures") if modules is None else (MODULES, "type")
    return {
        "architecture.has_projection": FileFact(False, file, key),
        "architecture.projection_dims": FileFact(None, file, key),
    }


def settled_heads(repository: Repository, encoder_type: str | None) -> bool:
    """Whether it is known if the model has a further head.

    Only BGE-M3 is known to have one, and what was trained from it: dense models of its shape.
    """
    config = repository.config
    shape = [config.get(key, value) for key, value in _WITH_FURTHER_HEAD.items()]
    can_have_one = encoder_type == "dense" and shape == [*_WITH_FURTHER_HEAD.values()]
    return not can_have_one or repository.is_settled(FURTHER_HEAD)


def _last_layer_width(layers: list[Layer] | None) -> FileFact | None:
    return FileFact(layers[-1].out_features, layers[-1].file, layers[-1].key) if layers else None


def _autoencoder_width(repository: Repository) -> FileFact | None:
    """The output width of a sparse autoencoder."""
    for module in repository.modules_of_type("SparseAutoEncoder"):
        width = positive(repository.object(module.config).get("hidden_dim"))
        return None if width is None else FileFact(width, module.config, "hidden_dim")
    return None


def _stated_width(repository: Repository, network: Network, encoder_type: str | None) -> FileFact | None:
    """The width of token vectors in the settings of Stanford's ColBERT or the configuration of ColPali."""
    if encoder_type != "multi_vector" or repository.modules is not None:
        return None
    width = positive(repository.object(STANFORD).get("dim"))
    return FileFact(width, STANFORD, "dim") if width else network.number("embedding_dim")


def _embedding_width(
    repository: Repository, network: Network, encoder_type: str | None, layers: list[Layer] | None
) -> FileFact | None:
    if encoder_type == "reranker":
        return _scored_width(repository) or network.hidden
    if encoder_type == "sparse":
        return _autoencoder_width(repository) if repository.modules_of_type("SparseAutoEncoder") else network.vocabulary
    if encoder_type == "multi_vector":
        own = network.hidden if layers is not None else None
        return _last_layer_width(layers) or _stated_width(repository, network, encoder_type) or own
    if encoder_type is None:
        return _joint_width(repository, network)
    if (
        encoder_type == "dense"
        and layers is not None
        and not repository.is_routed
        and all(module.known for module in (repository.modules or [])[1:])
    ):
        joint = network.number("projection_dim") if repository.modules_of_type("CLIPModel") else None
        pooled, names = _pooling_width(repository), [module.name for module in repository.modules or ()]
        # A pooling after the layers pools their vectors.
        last = (
            None if names and "Dense" in names and "Dense" not in _after_pooling(names) else _last_layer_width(layers)
        )
        return _with_truncation_note(repository, last or joint or pooled)
    return None


def _after_pooling(names: list[str]) -> list[str]:
    """The names of the modules after the last pooling; all of them if there is none."""
    return names[len(names) - names[::-1].index("Pooling") :] if "Pooling" in names else names


def _joint_width(repository: Repository, network: Network) -> FileFact | None:
    """The width of the vectors of texts and images in the models of transformers that compare both."""
    for name in repository.architectures:
        if name in _COMPARING:
            joint = positive(repository.config.get("projection_dim"))
            return FileFact(joint, repository.config_name, "projection_dim") if joint else None
        if name in _COMPARING_UNPROJECTED:
            return network.number("projection_size") or network.hidden
    return None


def _scored_width(repository: Repository) -> FileFact | None:
    """The width of the vector that a layer with scores reads."""
    head = scoring_layer(repository)
    width = positive(repository.object(head.config).get("in_features")) if head else None
    return FileFact(width, head.config, "in_features") if head and width else None


def _pooling_width(repository: Repository) -> FileFact | None:
    for module in repository.modules_of_type("Pooling"):
        config = repository.object(module.config)
        for key in ("embedding_dimension", "word_embedding_dimension"):
            width = positive(config.get(key))
            if width is not None:
                return FileFact(width * max(1, len(pooling_modes(config))), module.config, key)
    return None


def _with_truncation_note(repository: Repository, width: FileFact | None) -> FileFact | None:
    """The width, with a note if the library would truncate vectors to another width."""
    cut = positive(repository.object(SETTINGS).get("truncate_dim"))
    if width is None or cut is None:
        return width
    return FileFact(width.value, width.file, width.key, f"truncate_dim in {SETTINGS} is {cut}")


def _matryoshka_facts(repository: Repository, width: FileFact | None) -> "dict[str, FileFact | None]":
    """The facts about Matryoshka widths. The full width is added if the configuration leaves it out."""
    config, file = repository.config, repository.config_name
    listed: JSONValue = config.get("matryoshka_dimensions")
    widths = {found for one in listed if (found := positive(one))} if isinstance(listed, list) else set[int]()
    if not widths:
        return (
            {"capabilities.matryoshka": FileFact(True, file, "is_matryoshka")}
            if config.get("is_matryoshka") is True
            else {}
        )
    key = "matryoshka_dimensions"
    dims = None
    if width is not None and max(widths) <= width.value:
        dims = FileFact(
            sorted({*widths, width.value}), file, key, "" if width.value in widths else "plus the full width"
        )
    return {"capabilities.matryoshka": FileFact(True, file, key), "architecture.matryoshka_dims": dims}


def _static_facts(repository: Repository, network: Network) -> "dict[str, FileFact | None]":
    """The facts of a static model, which is a table of vectors. Layers may follow it."""
    file, key = (MODULES, "type") if repository.modules is not None else (repository.config_name, "architectures")
    table = _table_facts(repository)
    none = FileFact(None, file, key)
    facts: dict[str, FileFact | None] = {"specs.max_position_embeddings": none, **table}
    layers = [] if repository.modules is None else find_layers(repository, "static")
    strange = [one for one in repository.modules or () if not one.known or one.name not in _AFTER_A_TABLE]
    if layers is None or strange:
        return facts
    if layers:
        width = _last_layer_width(layers)
        return facts | {
            "architecture.has_projection": FileFact(True, layers[-1].file, layers[-1].key),
            "architecture.projection_dims": width,
            "specs.embedding_dim": width,
            "encoding.dense_layers": _written(layers),
        }
    return facts | {
        "architecture.has_projection": FileFact(False, file, key),
        "architecture.projection_dims": none,
        "specs.embedding_dim": table.get("specs.hidden_dim") or network.hidden,
    }


def _table_facts(repository: Repository) -> "dict[str, FileFact | None]":
    """The width and the vocabulary of a static model, by its table."""
    tensors = tensors_of(repository, repository.backbone)
    for name in _TABLES:
        held = tensors.get(name)
        if held is None or len(held[1].shape) != 2 or not all(held[1].shape):
            continue
        place, (rows, width) = held[0], held[1].shape
        facts: dict[str, FileFact | None] = {"specs.hidden_dim": FileFact(width, place, name)}
        facts["specs.vocab_size"] = FileFact(rows, place, name)
        # With a mapping, several tokens share a row, so the vocabulary is as long as the mapping.
        if (mapped := tensors.get("mapping")) is not None and len(mapped[1].shape) == 1 and mapped[1].elements:
            facts["specs.vocab_size"] = FileFact(mapped[1].elements, place, "mapping")
        return facts
    return {}
