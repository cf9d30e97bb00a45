"""The rules of a registry's consistency: facts of one entry, or of two, that refute each other by arithmetic.

None of them needs the model's files. To add a rule, write its function here and its page in docs/diagnostics.
"""

import re

from hypiler._encoder_types import ENCODER_TYPES
from hypiler.compiler.registry_rules import registry_rule
from hypiler.compiler.rule_set import RuleSet
from hypiler.compiler.rules import parts_of
from hypiler.diagnostics.codes import NOTE, WARNING
from hypiler.diagnostics.escaping import did_you_mean, quote_name, quote_value
from hypiler.schema.architectures import same_network
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.parameter_counts import COUNT_FACTS, parameter_count, parameters_agree, parameters_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.rule_set import Violation

    Violations = Iterator[Violation]

consistency_rule: RuleSet = RuleSet()
"""Declares a rule for one model, as `hypiler.compiler.rules.rule` does."""

_WIDTHS = ("hidden_dim", "embedding_dim")


@consistency_rule("M227", "dense-layers-broken", WARNING, needs=(*_WIDTHS, "dense_layers"), given="dense_layers")
def dense_layers_broken(model: "DecodedModel") -> "Violations":
    """Each layer takes what the one before it gives, from the hidden states to the vector."""
    width, giver = model.hidden_dim, "`specs.hidden_dim`"
    for index, (taken, given, *_) in enumerate(model.dense_layers):
        place = f"encoding.dense_layers[{index}]"
        if width is not None and taken != width:
            message = f"`{place}.in_features` is {taken}, but {giver} is {width}"
            yield model.at(
                "dense_layers", message, (index, "in_features"), help="a layer is missing, or a width is wrong"
            )
        width, giver = given, f"`{place}.out_features`"
    if width != model.embedding_dim:
        message = f"{giver} is {width}, but `specs.embedding_dim` is {model.embedding_dim}"
        part = (len(model.dense_layers) - 1, "out_features")
        yield model.at("dense_layers", message, part, help="the last layer gives the vector")


_SHAPE = (*_WIDTHS, "vocab_size", "has_projection", "dense_layers", "model_type")


@consistency_rule("M228", "width-unexplained", WARNING, needs=_SHAPE)
def width_unexplained(model: "DecodedModel") -> "Violations":
    """Without further layers, a vector has the width of the hidden states, or of the vocabulary if it is sparse."""
    # A static model has no hidden states of its own.
    kind = ENCODER_TYPES.get(model.model_type)
    if model.has_projection is not False or model.dense_layers or kind in (None, "static"):
        return
    attribute = "vocab_size" if kind == "sparse" else "hidden_dim"
    width, expected = model.embedding_dim, getattr(model, attribute)
    if expected is not None and width != expected:
        message = (
            f"`specs.embedding_dim` is {width}, but `{attribute}` is {expected}, and neither `has_projection` nor"
            " `dense_layers` says why"
        )
        yield model.at("embedding_dim", message, help="state the layer between them, or correct the width")


_VECTORS = ("model_type", "multi_vector", "pooling", "similarity", "outputs")


@consistency_rule("M229", "vectors-contradiction", WARNING, needs=_VECTORS)
def vectors_contradiction(model: "DecodedModel") -> "Violations":
    """A model gives one vector per token or one per text, and its type, pooling and similarity agree about it."""
    kind = ENCODER_TYPES.get(model.model_type)
    if model.outputs or kind is None or model.model_type == "unified":
        return
    many = kind == "multi_vector"
    per = "token" if many else "text"
    if model.multi_vector is not None and model.multi_vector is not many:
        message = (
            f"`capabilities.multi_vector` is {str(model.multi_vector).lower()}, but `type` is `{model.model_type}`"
        )
        yield model.at("multi_vector", message, help=f"a model of this type gives one vector per {per}")
    # A sparse model and a reranker may say `none` or `max` about their tokens.
    if (many and model.pooling not in (None, "none")) or (kind == "dense" and model.pooling == "none"):
        message = f"`encoding.pooling` is `{model.pooling}`, but `type` is `{model.model_type}`"
        yield model.at("pooling", message, help=f"a model of this type gives one vector per {per}")
    if model.similarity is not None and kind != "reranker" and (model.similarity == "max_sim") is not many:
        message = f"`encoding.similarity` is `{model.similarity}`, but `type` is `{model.model_type}`"
        yield model.at("similarity", message, help="`max_sim` compares the vectors of tokens, and nothing else does")


_LENGTHS = ("query_length", "document_length")


@consistency_rule(
    "M243", "length-exceeds-context", WARNING, needs=(*_LENGTHS, "context_length"), given="context_length"
)
def length_exceeds_context(model: "DecodedModel") -> "Violations":
    """No text is longer than the longest input, however it is truncated."""
    for attribute in _LENGTHS:
        length = getattr(model, attribute)
        if length is not None and length > model.context_length:
            message = f"`encoding.{attribute}` is {length}, but `specs.context_length` is {model.context_length}"
            yield model.at(attribute, message, help="one of the two is another model's, or another fact")


_VARIANT = parts_of("variants")
_FULL_BITS = {"fp32": 32, "F32": 32, "fp16": 16, "bf16": 16, "F16": 16, "BF16": 16}
# A file may hold the pooler or a head that is not counted, or weights twice that the model shares; counts are rounded.
_LEAST, _MOST = 0.8, 1.4


@consistency_rule("M244", "size-contradicts-parameters", WARNING, needs=("variants", "parameters"), given="variants")
def size_contradicts_parameters(model: "DecodedModel") -> "Violations":
    """A file has as many bytes as its weights take."""
    if model.parameters is None:
        return
    count = parameter_count(model.parameters)
    for index, variant in enumerate(model.variants):
        parts = dict(zip(_VARIANT, variant, strict=True))
        size, file, quantization = parts["size_bytes"], parts["file"] or "", parts["quantization"]
        if not size or _is_in_parts(file, size):
            continue
        # Quantization leaves some weights as they are: a quantized file is only known to be no larger than fp32.
        bits = _FULL_BITS.get(quantization)
        least = count * bits / 8 * _LEAST if bits else 0
        most = count * (bits or 32) / 8 * _MOST
        if not least <= size <= most:
            message = (
                f"`variants[{index}].size_bytes` is {size}, but {model.parameters} parameters in {quantization} take"
                f" {'about' if bits else 'less than'} {count * (bits or 32) / 8:.3g} bytes"
            )
            yield model.at("variants", message, (index, "size_bytes"), help="one of the three is wrong")


def _is_in_parts(file: str, size: int) -> bool:
    """Whether a file does not hold all weights: an index, a shard, or a graph whose weights are in a file beside it."""
    return bool(re.search(r"\.json$|-\d+-of-\d+\.", file)) or (file.endswith(".onnx") and size < 10_000_000)


@registry_rule("M245", "deprecated-without-successor", NOTE, needs=("id", "huggingface_id", "aliases", "deprecated"))
def deprecated_without_successor(models: "list[DecodedModel]") -> "Violations":
    """Who reads that a model should not be used wants to know which one to use."""
    known: set[str] = set()
    for model in models if any(model.deprecated for model in models) else ():
        known.update([model.id, model.huggingface_id or model.id, *model.aliases])
    for model in models:
        if model.deprecated and model.successor is None:
            own = {model.id, model.huggingface_id, *model.aliases}
            words = set(re.findall(r"[\w./-]*\w", model.deprecated)) - own
            if not words & known and not any("/" in word for word in words):
                message = "`deprecated` names no model of this registry and no repository"
                help = "name the id of the model to use instead, or its repository if it is not in this registry"
                yield model.at("deprecated", message, help=help)


_NAMED = ("id", "huggingface_id", "aliases", "former_ids", "successor")


@registry_rule("M280", "successor-unknown", WARNING, needs=_NAMED)
def successor_unknown(models: "list[DecodedModel]") -> "Violations":
    """Who follows the warning of a deprecated model must find another one."""
    known: dict[str, DecodedModel] = {}
    for model in models if any(model.successor for model in models) else ():
        known |= dict.fromkeys([model.id, model.huggingface_id or model.id, *model.aliases], model)
    for model in models:
        if model.successor is None:
            continue
        found = known.get(model.successor)
        if found is model:
            yield model.at("successor", "`successor` must be another model, and names the model itself")
        elif found is None and "/" not in model.successor:
            what = quote_value(model.successor)
            message = f"`successor` must name a model of this registry or a repository, got {what}"
            now = next((one.id for one in models if model.successor in one.former_ids), None)
            hint = did_you_mean(model.successor, [name for name, one in known.items() if one is not model])
            hint = f"write `{now}`, which is its id now" if now else hint
            yield model.at("successor", message, help=hint or "write its repository if it is not in this registry")
        elif found is not None and found.deprecated:
            message = f"`successor` must not be deprecated itself, and {quote_name(found.id)} is"
            yield model.at("successor", message, help=found.successor and f"name `{found.successor}`, its successor")


@consistency_rule(
    "M281", "successor-without-deprecation", WARNING, needs=("deprecated", "successor"), given="successor"
)
def successor_without_deprecation(model: "DecodedModel") -> "Violations":
    """A successor takes the place of a model that should not be used any more."""
    if model.deprecated is None:
        message = "`deprecated` must say why the model should no longer be used, since `successor` is given"
        yield model.at("successor", message, help="add `deprecated`, or remove `successor`")


_BODY = ("hidden_dim", "architecture_type")
_BASE = ("base_model", "huggingface_id", "model_type", "remote_code", *_BODY)


@registry_rule("M246", "base-model-differs", WARNING, needs=_BASE)
def base_model_differs(models: "list[DecodedModel]") -> "Violations":
    """Training changes weights, not the network: a model has the hidden size of the one that it was trained from."""
    by_repository = {model.huggingface_id: model for model in models if model.base_model or model.huggingface_id}
    for model in models:
        base = by_repository.get(model.base_model) if model.base_model else None
        if base is None or base is model or "static" in (model.model_type, base.model_type):
            continue
        for attribute in _BODY:
            own, theirs = getattr(model, attribute), getattr(base, attribute)
            if own is not None and theirs is not None and not _is_same(attribute, model, base):
                field = FIELDS[BY_ATTRIBUTE[attribute]].name
                message = (
                    f"`{field}` is {quote_name(str(own))}, but {quote_name(str(theirs))} for its base model `{base.id}`"
                )
                yield model.at(attribute, message, help="correct one of the two, or `dependencies.base_model`")


def _is_same(attribute: str, model: "DecodedModel", base: "DecodedModel") -> bool:
    """Whether a model can have been trained from another one, as far as an attribute of both says."""
    own, theirs = getattr(model, attribute), getattr(base, attribute)
    if attribute != "architecture_type":
        return bool(own == theirs)
    # Code from a repository gives the network a name of its own.
    return bool(model.remote_code or base.remote_code) or same_network(own, theirs)


@consistency_rule(
    "M247", "parameters-contradict-count", WARNING, needs=("parameters", "parameter_count"), given="parameter_count"
)
def parameters_contradict_count(model: "DecodedModel") -> "Violations":
    """A rounded number is the exact one, rounded."""
    count = model.parameter_count
    if model.parameters is not None and not parameters_agree(model.parameters, count):
        message = f"`specs.parameters` is {model.parameters}, but `specs.parameter_count` is {count:,}"
        help = f"write `{parameters_text(count)}`, or correct the exact number"
        yield model.at("parameters", message, help=help)


@consistency_rule(
    "M248", "count-unexplained", WARNING, needs=("parameter_count", *COUNT_FACTS), given="parameter_count", absent=True
)
def count_unexplained(model: "DecodedModel") -> "Violations":
    """The exact number of parameters follows from the width, the depth and the vocabulary of a known architecture."""
    # Imported here: only entries with an exact count need it.
    from hypiler.compiler.parameter_arithmetic import explain

    if message := explain(model):
        help = "one of these numbers is wrong, or another model's"
        if model.intermediate_dim is None:
            help += "; `architecture.intermediate_dim` must be stated if it is not 4 times the width"
        yield model.at("parameter_count", message, help=help)
