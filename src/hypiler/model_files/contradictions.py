"""Finds files of one model that contradict each other, and decides what comes out of its network.

The network is computed from its weights, in the shape that config.json states. What later files repeat about its width
is not used by the libraries, or makes them fail. A fact that files contradict follows the network and is doubtful.
"""

from typing import NamedTuple

from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.architectures import Network
from hypiler.model_files.encoder_type import decided_by_modules, shown_by_settings
from hypiler.model_files.encoding import stated_length
from hypiler.model_files.facts import FileFact, Problem
from hypiler.model_files.json_files import mapping, positive
from hypiler.model_files.projection import Layer, dense_layers, pooling_modes
from hypiler.model_files.repository import CARD, MODULES, STANFORD, Module, Repository
from hypiler.model_files.weights import tensors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HIDDEN, _WIDTH, _VOCABULARY = "specs.hidden_dim", "specs.embedding_dim", "specs.vocab_size"
_POSITIONS = "specs.max_position_embeddings"
# The ends of the names of the table that maps tokens to vectors.
_TABLES = ("word_embeddings.weight", "embed_tokens.weight", "tok_embeddings.weight", "wte.weight", "shared.weight")
# The same for the table of positions, where it has exactly as many rows as config.json says.
_POSITION_TABLES = (".position_embeddings.weight", ".wpe.weight")
# Networks whose token vectors have another width than their hidden states usually state it under one of these keys.
_TABLE_WIDTHS = ("embedding_size", "word_embed_proj_dim", "emb_size", "d_embed")
# Modules that keep the width of the vectors that they take.
_KEEPING = ("WeightedLayerPooling", "Dropout", "LayerNorm", "Normalize")


class Contradiction:
    """One contradiction.

    Attributes:
        file: The file that the network contradicts.
        message: What the files say.
        paths: The facts that are doubtful because of it.
        facts: The facts as they come out of the network, where the doubtful file had been believed.
    """

    __slots__ = ("facts", "file", "message", "paths")

    def __init__(
        self, file: str, message: str, paths: tuple[str, ...], facts: "dict[str, FileFact] | None" = None
    ) -> None:
        self.file: str = file
        self.message: str = message
        self.paths: tuple[str, ...] = paths
        self.facts: dict[str, FileFact] = facts or {}


def settle_contradictions(
    repository: Repository,
    network: Network,
    encoder_type: str | None,
    facts: "dict[str, FileFact | None]",
) -> list[Problem]:
    """Mark the facts that files contradict as doubtful, in place, and return what the files say."""
    warnings: list[Problem] = []
    for found in _contradictions(repository, network, encoder_type):
        warnings.append(Problem(found.file, found.message))
        facts |= {path: fact for path, fact in found.facts.items() if facts.get(path)}
        for path in found.paths:
            if fact := facts.get(path):
                facts[path] = fact.doubted(f"{found.file}: {found.message}")
    return warnings


def _contradictions(repository: Repository, network: Network, encoder_type: str | None) -> "Iterator[Contradiction]":
    yield from _types(repository)
    yield from _tables(repository, network, encoder_type)
    yield from _position_tables(repository, network)
    if encoder_type in ("dense", "multi_vector"):
        yield from _widths(repository, network)
    yield from _dense_weights(repository)
    yield from _lengths(repository, network, encoder_type)
    yield from _added_tokens(repository, network)
    yield from _licenses(repository)
    yield from _tasks(repository, encoder_type)


def _types(repository: Repository) -> "Iterator[Contradiction]":
    """The class that saved the model, against the modules that run."""
    dim = positive(repository.object(STANFORD).get("dim"))
    if dim and repository.modules_of_type("Pooling"):
        message = f"dim is {dim}, as in a ColBERT, but {MODULES} lists Pooling, which gives one vector per text"
        yield Contradiction(STANFORD, message, ("type", "capabilities.multi_vector"))
    settings, modules = shown_by_settings(repository), decided_by_modules(repository)
    if settings is None or modules is None or settings.encoder_type == modules.encoder_type:
        return
    message = f"{settings.key} is that of a {settings.encoder_type} model, but {modules.file} lists {modules.key}"
    yield Contradiction(settings.file, message, ("type", "capabilities.multi_vector"))


class _Table(NamedTuple):
    """The table of the network that maps tokens to vectors, as the header of the weights has it."""

    rows: int
    width: int
    name: str
    file: str


def _table(repository: Repository, ends: tuple[str, ...] = _TABLES) -> _Table | None:
    """The only table of token vectors; None if there is none, or several of different shapes."""
    found = {
        (*tensor.shape,): _Table(tensor.shape[0], tensor.shape[1], name, file)
        for name, (file, tensor) in tensors_of(repository, repository.backbone).items()
        if name.endswith(ends) and len(tensor.shape) == 2 and tensor.dtype.startswith(("F", "BF"))
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _hidden_by_table(network: Network, table: _Table | None) -> FileFact | None:
    """The width of the hidden states by the table; None if the network's tables have a width of their own."""
    if table is None or network.number(*_TABLE_WIDTHS) is not None:
        return None
    if any(_states_a_width(part, table.width) for _, part in network.parts):
        return None
    return FileFact(table.width, table.file, table.name)


def _states_a_width(part: "dict[str, Any]", width: int) -> bool:
    """Whether a configuration states this width for token vectors, under a key such as `input_embedding_size`."""
    keys = [key for key in part if "emb" in key and "position" not in key]
    return any(part[key] == width for key in keys)


def _tables(repository: Repository, network: Network, encoder_type: str | None) -> "Iterator[Contradiction]":
    """The shape of the table of token vectors in the weights, against config.json."""
    table, vocabulary, hidden = _table(repository), network.vocabulary, network.hidden
    if table is None or vocabulary is None or hidden is None:
        return
    rows, width = FileFact(table.rows, table.file, table.name), _hidden_by_table(network, table)
    if table.rows not in (vocabulary.value, _padded(repository, vocabulary.value)):
        message = f"{quote_name(table.name)} has {table.rows} rows, but {_stated(vocabulary)}"
        facts = {_VOCABULARY: rows} | ({_WIDTH: rows} if encoder_type == "sparse" else {})
        yield Contradiction(table.file, message, tuple(facts), facts)
    if width is not None and width.value != hidden.value:
        message = f"{quote_name(table.name)} is {table.width} wide, but {_stated(hidden)}"
        facts = {_HIDDEN: width} | ({_WIDTH: width} if encoder_type == "reranker" else {})
        yield Contradiction(table.file, message, (_HIDDEN, _WIDTH), facts)


def _position_tables(repository: Repository, network: Network) -> "Iterator[Contradiction]":
    """The number of positions in the weights, against config.json."""
    table, stated = _table(repository, _POSITION_TABLES), network.positions
    if table is not None and stated is not None and stated.value not in (None, table.rows):
        message = f"{quote_name(table.name)} has {table.rows} rows, but {_stated(stated)}"
        facts = {_POSITIONS: FileFact(table.rows, table.file, table.name)}
        yield Contradiction(table.file, message, (_POSITIONS, "specs.context_length"), facts)


def _padded(repository: Repository, vocabulary: int) -> int:
    """The rows of a table that is padded to a multiple, as the code of some repositories does."""
    multiple = positive(repository.config.get("pad_vocab_size_multiple")) or 1
    return -(-vocabulary // multiple) * multiple


def _stated(fact: FileFact) -> str:
    return f"{fact.key} in {fact.file} is {fact.value}"


def _widths(repository: Repository, network: Network) -> "Iterator[Contradiction]":
    """The widths that modules state, against the width of the vectors that reach them."""
    reaching = _network_width(repository, network)
    wrong: list[tuple[str, str]] = []
    for module in (repository.modules or [])[1:]:
        if reaching is None or not module.known:
            return
        stated, key, leaving = _module_widths(repository, module, reaching)
        if stated is not None and stated != reaching.value:
            message = f"{key} is {stated}, but vectors of width {reaching.value} reach the module: {_stated(reaching)}"
            wrong.append((module.config, message))
        reaching = leaving
    facts = {_WIDTH: reaching} if reaching else {}
    for file, message in wrong:
        yield Contradiction(file, message, (_WIDTH, _HIDDEN), facts)
        facts = {}


def _network_width(repository: Repository, network: Network) -> FileFact | None:
    """The width of the token vectors of the network; None if it is not a plain network with text as its input."""
    settings = repository.network_settings
    if not repository.modules or repository.modules[0].name != "Transformer":
        return None
    if settings.get("transformer_task", "feature-extraction") != "feature-extraction":
        return None
    for method in map(mapping, mapping(settings.get("modality_config")).values()):
        if (method.get("method"), method.get("method_output_name")) != ("forward", "last_hidden_state"):
            return None
    by_table = _hidden_by_table(network, _table(repository))
    return network.number("word_embed_proj_dim") or by_table or network.hidden


def _module_widths(
    repository: Repository, module: Module, reaching: FileFact
) -> "tuple[int | None, str, FileFact | None]":
    """The width that a module states for its input with the key, and the vectors that leave it; None if unknown."""
    config: dict[str, Any] = repository.object(module.config)
    if module.name == "Pooling":
        key = next((key for key in ("embedding_dimension", "word_embedding_dimension") if key in config), "")
        modes = max(1, len(pooling_modes(config)))
        return positive(config.get(key)), key, FileFact(reaching.value * modes, reaching.file, reaching.key)
    if module.name == "Dense":
        out = positive(config.get("out_features"))
        leaving = FileFact(out, module.config, "out_features") if out else None
        return positive(config.get("in_features")), "in_features", leaving
    if module.name == "LayerNorm":
        return positive(config.get("dimension")), "dimension", reaching
    return None, "", reaching if module.name in _KEEPING else None


def _dense_weights(repository: Repository) -> "Iterator[Contradiction]":
    """The shape of a layer's weights, against its configuration."""
    for layer in dense_layers(repository):
        folder = f"{layer.path}/" if layer.path else ""
        shapes = [(file, tensor) for name, (file, tensor) in tensors_of(repository, folder).items() if _is_linear(name)]
        if len(shapes) == 1 and folder and shapes[0][1].shape != [layer.out_features, layer.in_features]:
            file, tensor = shapes[0]
            yield _wrong_layer(layer, file, tensor.shape)


def _is_linear(name: str) -> bool:
    return name == "linear.weight"


def _wrong_layer(layer: Layer, file: str, shape: list[int]) -> Contradiction:
    message = f"the weights have the shape {shape}, but {layer.file} states {[layer.out_features, layer.in_features]}"
    return Contradiction(file, message, (_WIDTH, "architecture.projection_dims", "encoding.dense_layers"))


def _lengths(repository: Repository, network: Network, encoder_type: str | None) -> "Iterator[Contradiction]":
    """A length of texts for which the network has no positions."""
    found = stated_length(repository, network, encoder_type)
    if found is not None and found.doubtful:
        yield Contradiction(found.file, found.note, ())


def _added_tokens(repository: Repository, network: Network) -> "Iterator[Contradiction]":
    """Tokens of the tokenizer that the network has no vector for."""
    added = mapping(repository.object(repository.tokenizer_name).get("added_tokens_decoder"))
    ids = [int(id) for id in added if id.isdecimal() and len(id) < 10]
    vocabulary = network.vocabulary
    if vocabulary is None or not ids or max(ids) < vocabulary.value:
        return
    token = mapping(added.get(str(max(ids)))).get("content")
    shown = f"{quote_name(token)} " if isinstance(token, str) else ""
    message = f"the token {shown}has the id {max(ids)}, but {vocabulary.key} in {vocabulary.file} is {vocabulary.value}"
    yield Contradiction(repository.tokenizer_name, message, (_VOCABULARY,))


def _licenses(repository: Repository) -> "Iterator[Contradiction]":
    """A licence and a name of another licence in the same card."""
    card = repository.front_matter.card
    license, name = card.get("license"), card.get("license_name")
    if not isinstance(license, str) or not isinstance(name, str) or license.strip().lower() in ("", "other"):
        return
    if _letters(license) != _letters(name):
        message = f"license is {quote_name(license)}, but license_name is {quote_name(name)}"
        yield Contradiction(CARD, message, ("license",))


# Tasks of the hub that a model of this type cannot do.
_OTHER_TASKS = {"dense": "text-ranking", "static": "text-ranking", "reranker": "sentence-similarity"}


def _tasks(repository: Repository, encoder_type: str | None) -> "Iterator[Contradiction]":
    """The task in the card, against the type that the network or its modules show."""
    task = repository.front_matter.card.get("pipeline_tag")
    if encoder_type in _OTHER_TASKS and task == _OTHER_TASKS[encoder_type]:
        message = f"pipeline_tag is {task}, but the files are those of a {encoder_type} model"
        yield Contradiction(CARD, message, ("type",))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
