"""How many parameters a network has, by its architecture and its widths: the arithmetic of transformers' classes.

The numbers of the families below are counted term by term: tables, layers, and what follows the last layer. Files of
one network can hold more or less than the network itself, such as a pooler, a head or a buffer. Each combination that
libraries are known to save is one `Variation`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Final

    Part = tuple[str, int]


class Shape:
    """The numbers that decide how many parameters a network has.

    Attributes:
        hidden: The width of the hidden states.
        layers: The number of layers.
        vocabulary: The rows of the table of tokens.
        positions: The rows of the table of positions; 0 if there is none.
        inner: The width inside a feed-forward block; 0 if unknown.
        heads: The number of attention heads; 0 if unknown.
        key_value_heads: The number of heads of keys and values; 0 if unknown.
        head_width: The width of one head; 0 if unknown.
    """

    __slots__ = ("head_width", "heads", "hidden", "inner", "key_value_heads", "layers", "positions", "vocabulary")

    def __init__(
        self,
        hidden: int,
        layers: int,
        vocabulary: int,
        *,
        positions: int = 0,
        inner: int = 0,
        heads: int = 0,
        key_value_heads: int = 0,
        head_width: int = 0,
    ) -> None:
        self.hidden: int = hidden
        self.layers: int = layers
        self.vocabulary: int = vocabulary
        self.positions: int = positions
        self.inner: int = inner
        self.heads: int = heads
        self.key_value_heads: int = key_value_heads
        self.head_width: int = head_width

    def replaced(self, name: str, value: int) -> "Shape":
        """The same shape with another value of one attribute."""
        values = {key: getattr(self, key) for key in self.__slots__}
        return Shape(**values | {name: value})


class Network:
    """What a family's formula gives: the parameters of the network itself, and what its files may hold beside them.

    Attributes:
        count: The parameters of the embeddings and the layers.
        groups: Parts that files hold beside them. Of each group, files hold at most one part.
    """

    __slots__ = ("count", "groups")

    def __init__(self, count: int, *groups: "Sequence[Part]") -> None:
        self.count: int = count
        self.groups: tuple[Sequence[Part], ...] = groups


def _linear(width: int, out: int, *, bias: bool = True) -> int:
    return width * out + (out if bias else 0)


def _square(shape: Shape) -> int:
    """A layer from hidden states to hidden states, such as a pooler."""
    return _linear(shape.hidden, shape.hidden)


def _language_model(shape: Shape, bias: int = 1) -> "list[Part]":
    """The head of a masked language model: a layer, a norm, and a bias per token. The table of tokens may be tied."""
    tied = _linear(shape.hidden, shape.hidden, bias=bool(bias)) + (1 + bias) * shape.hidden + shape.vocabulary
    untied = tied + shape.vocabulary * shape.hidden
    return [
        ("a language model head", tied),
        ("an untied language model head", untied),
        # Some versions of transformers save the bias twice.
        ("a language model head with two biases", tied + shape.vocabulary),
        ("an untied language model head with two biases", untied + shape.vocabulary),
    ]


def _encoder_layer(shape: Shape) -> int:
    """A layer of BERT: four projections, two layers of the feed-forward block, two norms."""
    inner = shape.inner or 4 * shape.hidden
    block = _linear(shape.hidden, inner) + _linear(inner, shape.hidden)
    return 4 * _square(shape) + block + 4 * shape.hidden


def _position_ids(shape: Shape) -> "list[Part]":
    """A buffer of integers that older versions of transformers saved, and that counts show."""
    return [("position ids", shape.positions)]


def _label(shape: Shape) -> int:
    """A head of one label on a vector, as rerankers have it."""
    return shape.hidden + 1


def _bert(shape: Shape) -> Network:
    pooler = _square(shape)
    tables = (shape.vocabulary + shape.positions + 2 + 2) * shape.hidden
    language = _language_model(shape)
    heads = [("a pooler", pooler), ("a pooler and a head of one label", pooler + _label(shape)), *language]
    heads += [("the heads of pre-training", pooler + language[0][1] + 2 * shape.hidden + 2)]
    return Network(tables + shape.layers * _encoder_layer(shape), heads, _position_ids(shape))


def _roberta(shape: Shape) -> Network:
    tables = (shape.vocabulary + shape.positions + 1 + 2) * shape.hidden
    heads = [("a pooler", _square(shape)), ("a head of one label", _square(shape) + _label(shape))]
    heads += _language_model(shape)
    # A second type of tokens, as Granite has it.
    types = [("2 token types", shape.hidden)]
    return Network(tables + shape.layers * _encoder_layer(shape), types, heads, _position_ids(shape))


def _distilbert(shape: Shape) -> Network:
    tables = (shape.vocabulary + shape.positions + 2) * shape.hidden
    heads = [("a head of one label", _square(shape) + _label(shape)), *_language_model(shape)]
    return Network(tables + shape.layers * _encoder_layer(shape), heads, _position_ids(shape))


def _mpnet(shape: Shape) -> Network:
    # All layers share a table of 32 distances for each head.
    tables = (shape.vocabulary + shape.positions + 2) * shape.hidden + 32 * (shape.heads or shape.hidden // 64)
    heads = [("a pooler", _square(shape)), ("a head of one label", _square(shape) + _label(shape))]
    heads += _language_model(shape)
    return Network(tables + shape.layers * _encoder_layer(shape), heads, _position_ids(shape))


def _deberta_v2(shape: Shape) -> Network:
    # There are 256 buckets of distances in each direction, and a norm of their vectors.
    tables = (shape.vocabulary + 2 + 2 * 256 + 2) * shape.hidden
    pooler = _square(shape)
    heads = [("a pooler and a head of one label", pooler + _label(shape)), *_language_model(shape)]
    return Network(tables + shape.layers * _encoder_layer(shape), heads)


def _nomic_bert(shape: Shape) -> Network:
    """No bias and a gated block in the first versions; a bias and eight experts in every second layer later."""
    width, inner = shape.hidden, shape.inner or 4 * shape.hidden
    gated = 4 * width * width + 3 * width * inner + 4 * width
    experts = 4 * _square(shape) + 4 * width + 8 * width + 8 * 2 * width * inner + width
    mixed = shape.layers * (_encoder_layer(shape) + experts) // 2 - shape.layers * gated - width
    tables = (shape.vocabulary + 2 + 2) * width
    heads = [("a head of one label", _square(shape) + _label(shape)), *_language_model(shape)]
    return Network(tables + shape.layers * gated, [("experts", mixed)], heads, _position_ids(shape))


def _new(shape: Shape) -> Network:
    """Alibaba's GTE: BERT with a gated block and without a table of positions."""
    width, inner = shape.hidden, shape.inner or 4 * shape.hidden
    layer = 4 * _square(shape) + _linear(width, 2 * inner, bias=False) + _linear(inner, width) + 4 * width
    pooler = _square(shape)
    heads = [
        ("a pooler", pooler),
        ("a head per token", _label(shape)),
        ("a pooler and a head of one label", pooler + _label(shape)),
        *_language_model(shape),
    ]
    types = [("1 token type", width), ("2 token types", 2 * width)]
    return Network((shape.vocabulary + 2) * width + shape.layers * layer, types, heads)


def _modernbert(shape: Shape) -> Network | None:
    width, inner = shape.hidden, shape.inner
    if not inner:
        return None
    layer = 4 * width * width + 3 * width * inner + 2 * width
    square = width * width
    heads = [
        ("a head of one label", square + width + _label(shape)),
        ("a head of one label with a bias in its norm", square + 2 * width + _label(shape)),
        *_language_model(shape, 0),
    ]
    # The first layer has no norm before it; instead, the embeddings have one, and so has the last layer behind it.
    return Network(shape.vocabulary * width + width + shape.layers * layer, heads)


def _decoder(shape: Shape, *, bias: bool = False, norms: int = 2, head_norms: bool = False) -> Network | None:
    """Llama and its descendants: grouped keys and values, a gated block, and norms without a bias."""
    width, head = shape.hidden, shape.head_width or shape.hidden // (shape.heads or 1)
    if not (shape.inner and shape.heads and shape.key_value_heads):
        return None
    queries, keys = shape.heads * head, shape.key_value_heads * head
    attention = 2 * width * queries + 2 * width * keys + (queries + 2 * keys if bias else 0)
    layer = attention + 3 * width * shape.inner + norms * width + (2 * head if head_norms else 0)
    table = shape.vocabulary * width
    heads = [("an untied language model head", table), ("a head of one label", width)]
    return Network(table + shape.layers * layer + width, heads)


def _qwen2(shape: Shape) -> Network | None:
    return _decoder(shape, bias=True)


def _with_stated_heads(shape: Shape, *, norms: int = 2, head_norms: bool = False) -> Network | None:
    """A decoder whose heads are as wide as its configuration says, whatever the hidden width is."""
    return _decoder(shape, norms=norms, head_norms=head_norms) if shape.head_width else None


def _qwen3(shape: Shape) -> Network | None:
    return _with_stated_heads(shape, head_norms=True)


def _gemma2(shape: Shape) -> Network | None:
    return _with_stated_heads(shape, norms=4)


def _gemma3(shape: Shape) -> Network | None:
    return _with_stated_heads(shape, norms=4, head_norms=True)


def _t5(shape: Shape) -> Network | None:
    """The encoder alone: its first layer has a table of 32 distances for each head."""
    if not (shape.heads and shape.head_width):
        return None
    width, inner = shape.hidden, shape.inner or 4 * shape.hidden
    layer = 4 * width * shape.heads * shape.head_width + 2 * width * inner + 2 * width
    gates = [("gated blocks", shape.layers * width * inner)]
    return Network(shape.vocabulary * width + 32 * shape.heads + shape.layers * layer + width, gates)


_FORMULAS: "dict[str, Callable[[Shape], Network | None]]" = {
    "bert": _bert,
    "camembert": _roberta,
    "roberta": _roberta,
    "xlmroberta": _roberta,
    "distilbert": _distilbert,
    "mpnet": _mpnet,
    "debertav2": _deberta_v2,
    "nomicbert": _nomic_bert,
    "new": _new,
    "gte": _new,
    "modernbert": _modernbert,
    "llama": _decoder,
    "mistral": _decoder,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "gemma": _with_stated_heads,
    "gemma2": _gemma2,
    "gemma3text": _gemma3,
    "t5": _t5,
}
_WITH_POSITIONS: "Final" = frozenset((_bert, _roberta, _distilbert, _mpnet))
OWN_CODE: "Final" = frozenset((_nomic_bert, _new))
"""Formulas of networks whose code lies in repositories: see `is_foreign`."""


def _formula(architecture: str) -> "Callable[[Shape], Network | None] | None":
    return _FORMULAS.get("".join(filter(str.isalnum, architecture.lower())))


def needs_positions(architecture: str) -> bool:
    """Whether the network has a table of positions, so that their number must be known."""
    return _formula(architecture) in _WITH_POSITIONS


def is_foreign(architecture: str, *, remote_code: bool) -> bool:
    """Whether the network is one that the formulas do not know.

    Code from a repository may be any network, whatever its configuration calls it: JinaBERT says `bert`.
    """
    formula = _formula(architecture)
    return formula is None or (remote_code and formula not in OWN_CODE)


def _further(layers: "Sequence[tuple[int, int]]") -> "list[Part]":
    """Linear layers after the network. PyLate can add a shortcut to a layer: a second one from input to output."""
    if not layers:
        return []
    sizes = [width * out for width, out in layers]
    found = [("layers", sum(sizes)), ("layers with a bias", sum(sizes) + sum(out for _, out in layers))]
    if len(layers) > 1:
        found.append(("layers with shortcuts", 2 * sum(sizes) - sizes[-1]))
    return found


def variations(architecture: str, shape: Shape, layers: "Sequence[tuple[int, int]]" = ()) -> "list[Part]":
    """The counts that files of such a network can have, each after what they hold beside the network itself.

    Args:
        architecture: As config.json names it. There are no counts for one without a formula.
        shape: Its widths. There are no counts if one that the formula needs is 0.
        layers: The widths of the linear layers that follow the network, which files may hold as well.

    The order is the same for all shapes of an architecture.
    """
    network = _network(architecture, shape)
    if network is None:
        return []
    found: list[Part] = [("", network.count)]
    for group in (*network.groups, _further(layers)):
        found += [
            (" and ".join(filter(None, (words, more))), one + count) for words, one in found for more, count in group
        ]
    return found


def counts(architecture: str, shape: Shape, layers: "Sequence[tuple[int, int]]" = ()) -> list[int]:
    """The counts of `variations` alone, in the same order."""
    network = _network(architecture, shape)
    if network is None:
        return []
    found = [network.count]
    for group in (*network.groups, _further(layers)):
        found += [one + count for one in found for _, count in group]
    return found


def _network(architecture: str, shape: Shape) -> Network | None:
    formula = _formula(architecture)
    return formula(shape) if formula else None


def solutions(
    architecture: str, shape: Shape, name: str, count: int, layers: "Sequence[tuple[int, int]]" = ()
) -> "Iterator[int]":
    """The values of one attribute of a shape with which a variation has exactly `count` parameters.

    Works for `layers`, `vocabulary` and `positions`, since counts are linear in them.
    """
    for without, step in _lines(architecture, shape, name, layers):
        if step > 0 and (count - without) % step == 0 and count > without:
            yield (count - without) // step


def solutions_of_any_depth(
    architecture: str, shape: Shape, name: str, count: int, layers: "Sequence[tuple[int, int]]" = (), *, depths: range
) -> "Iterator[int]":
    """The `solutions` for each number of layers of `depths` in turn, which the formulas are evaluated once for."""
    flat = _lines(architecture, shape.replaced("layers", 0), name, layers)
    deep = _lines(architecture, shape.replaced("layers", 1), name, layers)
    # No attribute counts once per layer, so that the step is the same for all depths.
    lines = [(without, more - without, step) for (without, step), (more, _) in zip(flat, deep, strict=True) if step > 0]
    for depth in depths:
        for without, layer, step in lines:
            rest = count - without - depth * layer
            if rest > 0 and rest % step == 0:
                yield rest // step


def _lines(
    architecture: str, shape: Shape, name: str, layers: "Sequence[tuple[int, int]]"
) -> "Iterator[tuple[int, int]]":
    """For each variation, its count if an attribute is 0, and how many parameters each one more of it has."""
    none = counts(architecture, shape.replaced(name, 0), layers)
    one = counts(architecture, shape.replaced(name, 1), layers)
    return ((without, with_one - without) for without, with_one in zip(none, one, strict=True))
