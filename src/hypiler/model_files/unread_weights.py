"""The number of parameters of weights that cannot be read: of a Git LFS pointer, of an index, of a pickle.

The size of the weights, divided by the bytes per number, is the number of parameters and a little more, since files
begin with a header. If the formula of the architecture gives one count that fits, it is the exact one.
"""

from hypiler.model_files.architectures import Network
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive
from hypiler.model_files.projection import dense_layers
from hypiler.model_files.repository import MODULES, STANFORD, Repository
from hypiler.schema.network_sizes import Shape, is_foreign, variations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_INDEX = "model.safetensors.index.json"
_PICKLE = "pytorch_model.bin"
# What a file needs to describe one tensor, at most, and how many tensors a layer has.
_PER_TENSOR = {"safetensors": 200, "bin": 1000}
_TENSORS_PER_LAYER = 24
_MANY_LAYERS = 100
_IDS = "position ids"
_LABELS = ("head of one label", "head per token")


class _Stored:
    """The weights of a network as they are stored.

    Attributes:
        size: Their bytes.
        overhead: How many of the bytes may be no numbers.
        file: The file whose size, or whose statement, this is.
    """

    def __init__(self, size: int, overhead: int, file: str) -> None:
        self.size = size
        self.overhead = overhead
        self.file = file


def unread_counts(repository: Repository, network: Network) -> "dict[str, FileFact | None]":
    """The facts about the number of parameters that sizes show. Facts from headers are better."""
    quantized = any(mapping(repository.config.get(key)) for key in ("quantization_config", "quantization"))
    # The head of a classifier is a part of its network, so it needs no modules.json to be known whole.
    classifier = any(name.endswith("ForSequenceClassification") for name in repository.architectures)
    whole = repository.is_settled(MODULES) or (classifier and repository.modules is None)
    if quantized or not repository.config or not whole:
        return {}
    further = _further_parameters(repository)
    if further is None:
        return {}
    index = repository.backbone + _INDEX
    total = positive(mapping(repository.object(index).get("metadata")).get("total_parameters"))
    if total is not None:
        fact = FileFact(total + further, index, "metadata.total_parameters")
        return {"specs.parameters": fact, "specs.parameter_count": fact}
    stored = _stored(repository, network)
    return _counts(repository, network, stored, further) if stored else {}


def _further_parameters(repository: Repository) -> int | None:
    """The parameters of the layers after the network; None if they are unknown."""
    layers = dense_layers(repository)
    folders = {f"{layer.path}/" for layer in layers} | {repository.backbone}
    if len(layers) != len(repository.modules_of_type("Dense")) or not folders.issuperset(repository.weight_folders):
        return None
    return sum((layer.in_features + layer.bias) * layer.out_features for layer in layers)


def _stored(repository: Repository, network: Network) -> _Stored | None:
    """The size of the network's weights; None if it is unknown."""
    index = repository.backbone + _INDEX
    if size := positive(mapping(repository.object(index).get("metadata")).get("total_size")):
        return _Stored(size, 0, index)
    tensors = _TENSORS_PER_LAYER * ((network.layers.value if network.layers else _MANY_LAYERS) + 1)
    shards = repository.shards(repository.backbone)
    if shards and (sizes := [repository.pointed_size(name) for name in shards]) and all(sizes):
        return _Stored(sum(filter(None, sizes)), tensors * _PER_TENSOR["safetensors"], shards[0])
    pickle = repository.backbone + _PICKLE
    if not shards and pickle in repository.names and (size := repository.size(pickle)):
        return _Stored(size, tensors * _PER_TENSOR["bin"], pickle)
    return None


def _counts(repository: Repository, network: Network, stored: _Stored, further: int) -> "dict[str, FileFact | None]":
    stated = repository.config.get("torch_dtype", repository.config.get("dtype"))
    width = _BYTES.get(str(stated).removeprefix("torch."))
    positions = network.positions.value if network.positions and network.positions.value else 0
    for bytes in dict.fromkeys((width or 4, 4, 2)):
        fitting = {*_fitting(repository, network, stored, bytes, positions)}
        if len(fitting) == 1:
            count = further + fitting.pop()
            note = f"the file was not read: its size and {repository.config_name} show the number"
            exact = [count, count + positions] if positions else count
            return {
                "specs.parameters": FileFact(count, stored.file, "size", note),
                "specs.parameter_count": FileFact(exact, stored.file, "size", note),
            }
    if width is None or stored.size // width <= stored.overhead:
        return {}
    least, most = (stored.size - stored.overhead) // width + further, stored.size // width + further
    # The weights may have been saved with other numbers than the configuration names.
    note = f"the file was not read: its size, and {stated} in {repository.config_name}"
    if least == most:
        fact = FileFact(most, stored.file, "size", note, hint=True)
        return {"specs.parameters": fact, "specs.parameter_count": fact}
    return {"specs.parameters": FileFact([least, most], stored.file, "size", note, hint=True)}


def _fitting(repository: Repository, network: Network, stored: _Stored, bytes: int, positions: int) -> "Iterator[int]":
    """The counts of the architecture that take so many bytes, without buffers of integers."""
    name, hidden, vocabulary, layers = (
        repository.config.get("model_type"),
        network.hidden,
        network.vocabulary,
        network.layers,
    )
    remote = "auto_map" in repository.config
    if not (isinstance(name, str) and hidden and vocabulary and layers) or is_foreign(name, remote_code=remote):
        return
    numbers = (network.inner, network.heads, network.key_value_heads, network.head_width)
    inner, heads, key_value_heads, head_width = [fact.value if fact else 0 for fact in numbers]
    shape = Shape(
        hidden.value,
        layers.value,
        vocabulary.value,
        positions=positions,
        inner=inner,
        heads=heads,
        key_value_heads=key_value_heads,
        head_width=head_width,
    )
    projection = positive(repository.object(STANFORD).get("dim"))
    found = variations(name, shape, [(hidden.value, projection)] if projection else [])
    for words, count in _of_class(repository, found):
        if not words.endswith(_IDS) and 0 <= stored.size - count * bytes <= stored.overhead + 8 * positions:
            yield count


def _of_class(repository: Repository, found: "list[tuple[str, int]]") -> "list[tuple[str, int]]":
    """The counts that differ by more than the header of a file: those of the saved class and of its types of tokens."""
    classifier = any("Classification" in name for name in repository.architectures)
    types = f"{repository.config.get('type_vocab_size')} token type"
    own = [one for one in found if any(word in one[0] for word in _LABELS) is classifier]
    typed = [one for one in own if one[0].startswith(types)]
    return typed or [one for one in own if "token type" not in one[0]]
