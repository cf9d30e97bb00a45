"""Whether the exact number of parameters of an entry follows from its other facts, and which facts would fit.

Imported when an entry states such a number.
"""

from hypiler._encoder_types import ENCODER_TYPES
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.network_sizes import (
    Shape,
    counts,
    is_foreign,
    needs_positions,
    solutions,
    solutions_of_any_depth,
    variations,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypiler.compiler.decoded import DecodedModel

_MOST_LAYERS = 200
# How far from the stated value a fact is looked for that would fit, as a part of the stated value.
_NEAR = 0.25
# If the number of layers is open too, one of them makes up for thousands of tokens: the difference must be small.
_VERY_NEAR = 300
_ATTRIBUTES = {"vocabulary": "vocab_size", "positions": "max_position_embeddings", "layers": "layers"}


class _Counted:
    """What an entry says about its network.

    Attributes:
        architecture: As config.json names it.
        count: The exact number of parameters.
        shape: The widths; 0 for those that the entry does not state.
        dense: The widths of the layers after the network.
    """

    def __init__(self, model: "DecodedModel") -> None:
        self.architecture: str = model.architecture_type
        self.count: int = model.parameter_count
        self.dense: list[tuple[int, int]] = [layer[:2] for layer in model.dense_layers]
        if model.has_projection and not self.dense and model.projection_dims:
            self.dense = [(model.hidden_dim, model.projection_dims)]
        self.shape = Shape(
            model.hidden_dim,
            model.layers or 0,
            model.vocab_size,
            positions=model.max_position_embeddings if needs_positions(self.architecture) else 0,
            inner=model.intermediate_dim or 0,
            heads=model.attention_heads or 0,
            key_value_heads=model.key_value_heads or 0,
            head_width=model.head_dim or 0,
        )

    @property
    def fits(self) -> bool:
        """Whether a known form of the network has the count; with any number of layers if none is stated."""
        if self.shape.layers:
            return self.count in counts(self.architecture, self.shape, self.dense)
        return any(self.depths(self.shape))

    def depths(self, shape: Shape) -> "Iterator[int]":
        """The numbers of layers that give the count."""
        found = solutions(self.architecture, shape, "layers", self.count, self.dense)
        return (number for number in found if 0 < number <= _MOST_LAYERS)

    def nearest(self, name: str) -> int | None:
        """The value of an attribute that gives the count and is nearest to the stated one; None if none is near."""
        stated: int = getattr(self.shape, name)
        if name == "layers":
            found = [*self.depths(self.shape)]
        else:
            near = _NEAR * stated if self.shape.layers else _VERY_NEAR
            found = [value for value in self._values(name) if value > 0 and abs(value - stated) <= near]
        return min(found, key=lambda value: abs(value - stated), default=None)

    def _values(self, name: str) -> "Iterator[int]":
        """The values of an attribute that give the count; with any number of layers if none is stated."""
        if self.shape.layers:
            return solutions(self.architecture, self.shape, name, self.count, self.dense)
        depths = range(1, _MOST_LAYERS)
        return solutions_of_any_depth(self.architecture, self.shape, name, self.count, self.dense, depths=depths)


def explain(model: "DecodedModel") -> str:
    """What is wrong with a count that does not follow from the other facts of its entry.

    Empty if it does, or if that cannot be said: facts are missing, or the network is none of those with a formula.
    """
    if not _is_known(model):
        return ""
    counted = _Counted(model)
    has_formula = bool(counts(counted.architecture, counted.shape))
    return _message(counted) if has_formula and not counted.fits else ""


def _is_known(model: "DecodedModel") -> bool:
    """Whether the entry says enough about a network for text whose formula is known."""
    if ENCODER_TYPES.get(model.model_type) in (None, "static") or model.modalities != ("text",):
        return False
    architecture = model.architecture_type
    if architecture is None or is_foreign(architecture, remote_code=bool(model.remote_code)):
        return False
    positions = model.max_position_embeddings or not needs_positions(architecture)
    return bool(model.hidden_dim and model.vocab_size and positions)


def _message(counted: _Counted) -> str:
    stated = f"`specs.parameter_count` is {counted.count:,}"
    fitting: list[str] = []
    for name, attribute in _ATTRIBUTES.items():
        own: int = getattr(counted.shape, name)
        value = counted.nearest(name) if own else None
        if value is not None:
            fitting.append(f"`{FIELDS[BY_ATTRIBUTE[attribute]].name}` {value} (stated is {own})")
    if fitting:
        return f"{stated}: that is the count with {' or with '.join(fitting)}"
    return f"{stated}, but {_described(counted)}"


def _described(counted: _Counted) -> str:
    """What a network of the stated widths has instead."""
    shape = counted.shape
    network = f"`{counted.architecture}` of width {shape.hidden} with {shape.vocabulary} tokens"
    if not shape.layers:
        return f"no number of layers gives {network} so many parameters"
    words, count = min(
        variations(counted.architecture, shape, counted.dense), key=lambda part: abs(part[1] - counted.count)
    )
    return f"{network} and {shape.layers} layers has {count:,}" + (f" with {words}" if words else "")
