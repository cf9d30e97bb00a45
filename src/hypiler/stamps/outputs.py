"""One output of a model: the view of its record that stamps, contracts and engines read.

A model with several outputs, such as dense and sparse vectors, describes each one in `outputs`. The first is the
default output, which the flat fields of the record describe as well. A model without `outputs` has one output: its
record.
"""

from hypiler._encoder_types import encoder_type
from hypiler._integers import as_integer
from hypiler._nearest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hypiler._encoder_types import EncoderType
    from hypiler.protocols import Model

_KINDS: "dict[str, EncoderType]" = {"dense": "dense", "multi-vector": "multi_vector", "sparse": "sparse"}
# What an output may leave to the record, whatever its kind.
_OF_TEXTS = ("query_prefix", "document_prefix", "query_length", "document_length")
# What it may leave to the record if it is of the kind of the default output, which the record describes.
_OF_VECTORS = ("pooling", "normalize", "similarity")


def chosen(model: "Model", output: str | None = None) -> "Model":
    """The record as one of its outputs; by default the first one. A model without `outputs` is its own record.

    Raises ValueError for an output that the model does not have.
    """
    outputs = outputs_of(model)
    if not outputs and output is None:
        return model
    name = outputs[0].name if output is None else output
    found = next((one for one in outputs if one.name == name), None)
    if found is None:
        raise ValueError(_unknown(model, output))
    view: Any = OutputView(model, found, outputs)
    as_model: Model = view
    return as_model


def outputs_of(model: "Model") -> "Sequence[Any]":
    """The records of the outputs; none for a module that an older version generated."""
    outputs: Sequence[Any] = getattr(model, "outputs", ())
    return outputs


def output_name(model: "Model", output: str | None = None) -> str | None:
    """The name of an output, which is the default one if it is None; None for a model without `outputs`.

    Raises ValueError for an output that the model does not have.
    """
    view = chosen(model, output)
    return view.name_of_output if isinstance(view, OutputView) else None


def output_kind(model: "Model") -> "EncoderType":
    """The encoder type of a record or of a view. A record with `outputs` has that of its default output."""
    if isinstance(model, OutputView):
        return model.kind
    if outputs_of(model):
        return output_kind(chosen(model))
    return encoder_type(str(model.model_type), multi_vector=model.multi_vector)


class OutputView:
    """A record with the facts of one output in place of those of the default output. The rest is the record's.

    Attributes:
        record: The record.
        name_of_output: The name of the output.
        kind: Its encoder type.
        is_default: Whether it is the default output.
        is_first: Whether it is the first output of its kind, which the files of a folder of this kind describe.
        stated: The names of the facts about texts that the output itself states.
        onnx_output: The name of the output in the ONNX file; None if it is not stated.
        weights_file: The file with the layers of this output; None if it is not stated.
    """

    def __init__(self, record: "Any", own: "Any", outputs: "Sequence[Any]") -> None:
        self.record = record
        self.name_of_output: str = own.name
        self.is_default: bool = own.name == outputs[0].name
        self.kind: EncoderType = _kind(record, own.type)
        self.is_first: bool = own.name == next(one.name for one in outputs if one.type == own.type)
        self.onnx_output: str | None = own.onnx_output
        self.weights_file: str | None = own.weights_file
        self.stated: frozenset[str] = frozenset([name for name in _OF_TEXTS if getattr(own, name) is not None])
        self.multi_vector: bool = self.kind == "multi_vector"
        self.embedding_dim: int = own.embedding_dim
        for name in _OF_TEXTS:
            self._fill(name, getattr(own, name), record)
        like_default = own.type == outputs[0].type
        for name in _OF_VECTORS:
            self._fill(name, getattr(own, name), record if like_default else None)
        self.dense_layers: tuple[Any, ...] = own.dense_layers or (record.dense_layers if self.is_default else ())
        self.has_projection: bool | None = True if self.dense_layers else self._unstated_projection()
        if not self.is_default:
            self.matryoshka_dims: tuple[int, ...] = ()
            self.matryoshka_order: str | None = None
            self.matryoshka_min: int | None = None
            self.matryoshka_max: int | None = None

    def _fill(self, name: str, stated: object, record: "Any") -> None:
        setattr(self, name, getattr(record, name, None) if stated is None else stated)

    def _unstated_projection(self) -> bool | None:
        """Whether layers follow that the output does not state. None if this is unknown."""
        if self.is_default:
            stated: bool | None = getattr(self.record, "has_projection", None)
            return stated
        return None if self.weights_file else False

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.record, name)

    @property
    def dimensions(self) -> "Sequence[int]":
        """The widths to choose from. Only vectors of the default output can be truncated."""
        widths: Sequence[int] = self.record.dimensions if self.is_default else (self.embedding_dim,)
        return widths

    def resolve_dimension(self, dimension: "Any" = None) -> int:
        """The width of the vectors for a choice. Raises ValueError for a width that the output does not have."""
        if self.is_default:
            width: int = self.record.resolve_dimension(dimension)
            return width
        if dimension is not None and as_integer(dimension) != self.embedding_dim:
            raise ValueError(
                f"the output {self.name_of_output!r} of {self.record.id!r} has no vectors of dimension {dimension!r};"
                f" it has: {self.embedding_dim}"
            )
        return self.embedding_dim


def _kind(record: "Any", word: str) -> "EncoderType":
    """The encoder type of a word of `outputs[].type`. The dense output of a static model is static."""
    kind = _KINDS[word]
    own = encoder_type(str(record.model_type), multi_vector=record.multi_vector)
    return own if kind == "dense" and own == "static" else kind


def _unknown(model: "Model", output: object) -> str:
    names = [one.name for one in outputs_of(model)]
    near = nearest(output, names) if isinstance(output, str) else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{model.id!r} has no output {output!r}; it has: {', '.join(names) or 'none'}{hint}"
