"""The rules for one model: the values are valid one by one, but they break a rule.

To add a rule, write its function here and its page in docs/diagnostics. A rule passes over a model if a value that the
rule needs is missing or wrong in itself, so that one fault gives one finding.
"""

import re

from hypiler._encoder_types import encoder_type
from hypiler.compiler.rule_set import RuleSet, Violation
from hypiler.diagnostics.codes import ERROR, NOTE, WARNING
from hypiler.diagnostics.escaping import quote_name
from hypiler.schema.architectures import reserved_positions
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.loading import CONTRACT_FACTS, DECIDES_LOADING, MARKERS, NOT_TEXT, variant_onnx
from hypiler.schema.parameter_counts import parameter_count
from hypiler.schema.types import ListOf, MapOf, Records
from hypiler.schema.vocabulary import USUAL_LICENSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.rule_set import Check, Rule

    Violations = Iterator[Violation]

rule: RuleSet = RuleSet()
"""Declares a rule for one model: the function takes an `DecodedModel`."""


def parts_of(attribute: str) -> tuple[str, ...]:
    """The names of the parts of a record, in the order of its values."""
    records = FIELDS[BY_ATTRIBUTE[attribute]].type
    return tuple(records.fields) if isinstance(records, Records) else ()


# A source may be given for a field or for a whole section.
_PATHS = frozenset(".".join(field.path[:depth]) for field in FIELDS for depth in range(1, len(field.path) + 1))
_WITH_PARTS = frozenset(field.name for field in FIELDS if isinstance(field.type, ListOf | MapOf | Records))
_VARIANT = parts_of("variants")
# A token as markers are written: [Q], [unused0], <|query|>.
_MARKER = r"\s*(?:\[[^\s\[\]]+\]|<[^\s<>]+>)\s*"
_DEPTH = max(len(field.path) for field in FIELDS)


def check_models(models: "list[DecodedModel]", rules: "list[tuple[Rule, str]]") -> None:
    """Apply these rules, each with the severity of its findings, to every model."""
    # Unpacked once, since every rule meets every model; most models do not state what half of the rules are about.
    groups: dict[int, list[tuple[Check, str, str, list[int], bool]]] = {}
    for one, severity in rules:
        needs = [BY_ATTRIBUTE[name] for name in one.needs]
        own = groups.setdefault(BY_ATTRIBUTE[one.given or "id"], [])
        own.append((one.check, one.code, severity, needs, one.absent))
    checks = list(groups.items())
    for model in models:
        for given, own in checks:
            if model[given]:
                for check, code, severity, needs, absent in own:
                    if model.sound or model.has(needs, absent=absent):
                        for violation in check(model):
                            violation.note(code, severity)


_PROJECTION = ("has_projection", "projection_dims")


@rule("M202", "projection-dims-missing", ERROR, needs=_PROJECTION, given="has_projection")
def projection_dims_missing(model: "DecodedModel") -> "Violations":
    """A projection has an output width."""
    if model.projection_dims is None:
        message = "`architecture.projection_dims` must be set, since `has_projection` is true"
        yield model.at("projection_dims", message, help="write the output width of the projection")


@rule("M203", "projection-dims-mismatch", ERROR, needs=(*_PROJECTION, "embedding_dim"), given="projection_dims")
def projection_dims_mismatch(model: "DecodedModel") -> "Violations":
    """What a projection returns are the vectors of the model."""
    dims, width = model.projection_dims, model.embedding_dim
    if model.has_projection and dims != width:
        message = f"`architecture.projection_dims` must equal `specs.embedding_dim`, got {dims} and {width}"
        yield model.at("projection_dims", message)


@rule("M204", "projection-dims-without-projection", ERROR, needs=_PROJECTION, given="projection_dims")
def projection_dims_without_projection(model: "DecodedModel") -> "Violations":
    """Only a projection has an output width."""
    if not model.has_projection:
        message = f"`architecture.projection_dims` is {model.projection_dims}, but `has_projection` is false"
        help = "set has_projection to true or leave projection_dims out"
        yield model.at("projection_dims", message, help=help)


_MATRYOSHKA = ("matryoshka", "matryoshka_dims")
_RANGE = ("matryoshka", "matryoshka_min", "matryoshka_max")


@rule("M205", "matryoshka-dims-unsorted", ERROR, needs=_MATRYOSHKA, given="matryoshka_dims")
def matryoshka_dims_unsorted(model: "DecodedModel") -> "Violations":
    """Widths are listed from small to large."""
    ordered = tuple(sorted(model.matryoshka_dims))
    if model.matryoshka_dims != ordered:
        message = "`architecture.matryoshka_dims` must ascend"
        yield model.at("matryoshka_dims", message, help=f"write {list(ordered)}")


@rule("M206", "matryoshka-dim-too-large", ERROR, needs=(*_MATRYOSHKA, "embedding_dim"), given="matryoshka_dims")
def matryoshka_dim_too_large(model: "DecodedModel") -> "Violations":
    """A vector can only become shorter."""
    dims, width = model.matryoshka_dims, model.embedding_dim
    if max(dims) > width:
        index = dims.index(max(dims))
        place = f"`architecture.matryoshka_dims[{index}]`"
        message = f"{place} must be at most `specs.embedding_dim` ({width}), got {max(dims)}"
        yield model.at("matryoshka_dims", message, (index,))


@rule("M207", "matryoshka-without-embedding-dim", ERROR, needs=(*_MATRYOSHKA, "embedding_dim"), given="matryoshka_dims")
def matryoshka_without_embedding_dim(model: "DecodedModel") -> "Violations":
    """The full width is one of the widths."""
    dims, width = model.matryoshka_dims, model.embedding_dim
    # A width that is too large is a fault of its own.
    if width not in dims and max(dims) < width:
        message = f"`architecture.matryoshka_dims` must contain `specs.embedding_dim` ({width})"
        yield model.at("matryoshka_dims", message, help="the full width is one of the widths to choose from")


@rule("M208", "matryoshka-contradiction", ERROR, needs=(*_RANGE, "matryoshka_dims"))
def matryoshka_contradiction(model: "DecodedModel") -> "Violations":
    """Widths to choose from are what the flag says that there are."""
    if model.matryoshka is not False:
        return
    if model.matryoshka_dims:
        message = "`capabilities.matryoshka` is false, but `architecture.matryoshka_dims` are given"
        yield model.at("matryoshka", message)
    elif model.matryoshka_min or model.matryoshka_max:
        message = "`capabilities.matryoshka` is false, but `architecture.matryoshka_range` is given"
        yield model.at("matryoshka", message)


_WIDTHS_UNKNOWN = (*_RANGE, "matryoshka_dims", "sources")


@rule("M209", "matryoshka-dims-unknown", WARNING, needs=_WIDTHS_UNKNOWN, given="matryoshka")
def matryoshka_dims_unknown(model: "DecodedModel") -> "Violations":
    """Without the widths nobody can choose one."""
    if _names_no_widths(model) and _TRUNCATION not in model.sources:
        message = "`capabilities.matryoshka` is true, but no `architecture.matryoshka_dims` are given"
        help = (
            "list the widths that the authors trained for, or write `matryoshka_range` if any width will do; if they"
            f" name none, write into `sources` where they say that vectors can be truncated, as `{_TRUNCATION}`"
        )
        yield model.at("matryoshka", message, help=help)


_TRUNCATION = "capabilities.matryoshka"


def _names_no_widths(model: "DecodedModel") -> bool:
    return not (model.matryoshka_dims or model.matryoshka_min or model.matryoshka_max)


@rule("M250", "matryoshka-widths-unnamed", NOTE, needs=_WIDTHS_UNKNOWN, given="matryoshka")
def matryoshka_widths_unnamed(model: "DecodedModel") -> "Violations":
    """The authors say that vectors can be truncated, and name no widths."""
    if _names_no_widths(model) and _TRUNCATION in model.sources:
        message = "vectors can be truncated, but the entry names no widths: only the full one can be chosen"
        yield model.at("matryoshka", message, help="list the widths once the authors name them")


_ONE_MEANING = "the widths of a model must have one meaning"


@rule("M225", "matryoshka-dims-and-range", ERROR, needs=(*_RANGE, "matryoshka_dims"), always=_ONE_MEANING)
def matryoshka_dims_and_range(model: "DecodedModel") -> "Violations":
    """A model can be cut to the widths of a list, or to any width in a range."""
    if model.matryoshka_dims and (model.matryoshka_min or model.matryoshka_max):
        message = "`architecture` must have `matryoshka_dims` or `matryoshka_range`, not both"
        help = "keep the range if the authors say that any width will do, else the list"
        yield model.at("matryoshka_dims", message, help=help)


@rule("M226", "matryoshka-range-wrong", ERROR, needs=(*_RANGE, "embedding_dim"), always=_ONE_MEANING)
def matryoshka_range_wrong(model: "DecodedModel") -> "Violations":
    """A range goes from its smallest width to the full one."""
    least, most, width = model.matryoshka_min, model.matryoshka_max, model.embedding_dim
    if least is None and most is None:
        return
    for name, value in (("min", least), ("max", most)):
        if value is None:
            message = f"`architecture.matryoshka_range` must have `min` and `max`, but `{name}` is missing"
            yield model.at(f"matryoshka_{name}", message, help="`max` is `specs.embedding_dim`")
    if most is not None and most != width:
        message = f"`architecture.matryoshka_range.max` must equal `specs.embedding_dim` ({width}), got {most}"
        yield model.at("matryoshka_max", message, help="the full width is the largest one to choose")
    elif least is not None and most is not None and least > most:
        message = f"`architecture.matryoshka_range.min` must be at most `max` ({most}), got {least}"
        yield model.at("matryoshka_min", message)


_PARAMETERS = ("parameters", "vocab_size", "hidden_dim")


@rule("M210", "parameters-below-vocabulary", WARNING, needs=_PARAMETERS, given="vocab_size")
def parameters_below_vocabulary(model: "DecodedModel") -> "Violations":
    """The embeddings of the vocabulary are parameters as well."""
    if model.parameters is None or model.hidden_dim is None:
        return
    least = model.vocab_size * model.hidden_dim
    # A rounded count may be below the exact one. If a tenth does not explain the difference, it is another model's.
    if parameter_count(model.parameters) < 0.9 * least:
        message = f"`specs.parameters` is {model.parameters}, but vocabulary × hidden size alone is {_rounded(least)}"
        help = "one of parameters, vocab_size and hidden_dim is another model's"
        yield model.at("parameters", message, help=help)


def _rounded(count: int) -> str:
    return f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"


_POSITIONS = ("context_length", "max_position_embeddings", "modalities", "architecture_type")


@rule("M211", "context-exceeds-positions", WARNING, needs=_POSITIONS, given="max_position_embeddings")
def context_exceeds_positions(model: "DecodedModel") -> "Violations":
    """Every token of a text has a position."""
    context, positions = model.context_length, model.max_position_embeddings
    if context is not None and context > positions and _is_of_text(model):
        message = f"`specs.context_length` is {context}, but the model has only {positions} positions"
        yield model.at("context_length", message)


@rule("M213", "positions-without-offset", WARNING, needs=_POSITIONS, given="max_position_embeddings")
def positions_without_offset(model: "DecodedModel") -> "Violations":
    """Some families have positions that no token can take."""
    context, positions = model.context_length, model.max_position_embeddings
    if context is None or model.architecture_type is None:
        return
    needed = context + reserved_positions(model.architecture_type)
    if context <= positions < needed and _is_of_text(model):
        message = f"`specs.max_position_embeddings` is {positions}, but a context of {context} needs {needed}"
        if context == positions:
            message = f"`specs.max_position_embeddings` equals the context length, {positions}"
        help = "RoBERTa-like models count positions from 2: config.json has two more than the context"
        yield model.at("max_position_embeddings", message, help=help)


def _is_of_text(model: "DecodedModel") -> bool:
    """Whether a token takes one position. In a time series or an image, one position is a patch of many values."""
    return "text" in model.modalities


@rule("M212", "zero-score", WARNING)
def zero_score(model: "DecodedModel") -> "Violations":
    """No published score is exactly 0."""
    for attribute in ("beir_avg", "ms_marco_mrr10"):
        if getattr(model, attribute) == 0:
            message = f"`performance.{attribute}` is exactly 0"
            yield model.at(attribute, message, help="a score that was never published is null")


@rule("M214", "unknown-source-path", ERROR, needs=("sources",), given="sources")
def unknown_source_path(model: "DecodedModel") -> "Violations":
    """A source is that of a field, of a section or of a part of a field."""
    for path in model.sources:
        if path not in _PATHS and not _is_part_of_a_field(path):
            message = f"`sources` names {quote_name(path)}, which is no field of a model"
            help = model.collector.did_you_mean(path, sorted(_PATHS))
            yield model.at("sources", message, (path,), help=help)


def _is_part_of_a_field(path: str) -> bool:
    """Whether `path` goes on inside a field: `variants[0].sha256`, `extra.patch_size`, `encoding.prompts.query`."""
    parts = re.split(r"[.\[]", path, maxsplit=_DEPTH)
    return any(".".join(parts[:n]) in _WITH_PARTS for n in range(1, len(parts)))


@rule("M215", "duplicate-variant", ERROR, needs=("variants",), given="variants", always="an id must find one variant")
def duplicate_variant(model: "DecodedModel") -> "Violations":
    """Every variant has an id of its own."""
    seen: set[str] = set()
    for index, variant in enumerate(model.variants):
        if variant[0] in seen:
            yield model.at("variants", f"variant id `{variant[0]}` is used twice", (index, "id"))
        seen.add(variant[0])


@rule("M232", "variant-in-two-places", ERROR, needs=("variants",), given="variants")
def variant_in_two_places(model: "DecodedModel") -> "Violations":
    """A variant is a file of a repository, a model of Ollama or a download."""
    for index, variant in enumerate(model.variants):
        parts = dict(zip(_VARIANT, variant, strict=True))
        own = "file" if parts["file"] else "huggingface_id"
        places = [f"`{name}`" for name in (own, "ollama", "url") if parts[name]]
        if len(places) > 1:
            message = f"variant `{variant[0]}` must be in one place; got {' and '.join(places)}"
            yield model.at("variants", message, (index,), help="write one variant per place")


_SOURCES = ("source_api", "source_ollama", "source_url")


@rule("M218", "not-loadable", NOTE, needs=(*DECIDES_LOADING, *_SOURCES, "modalities"), absent=True)
def not_loadable(model: "DecodedModel") -> "Violations":
    """A model that `load` does not open, or only under a condition, can still be a fact in the registry."""
    if model.source_api or model.source_ollama or model.source_url:
        return  # The entry itself says so.
    if model.model_type in NOT_TEXT:
        message = f"no engine loads a model of type `{model.model_type}`: its input is more than text"
        yield model.at("model_type", message)
        return
    if model.modalities and "text" not in model.modalities:
        inputs = ", ".join(f"`{word}`" for word in model.modalities)
        yield model.at("modalities", f"no engine loads a model that embeds no text: its inputs are {inputs}")
        return
    unnamed = [index for index, variant in enumerate(model.variants) if not _onnx_of(model, variant)]
    for index in unnamed:
        if _is_for_others(model.variants[index]):
            continue
        message = f"no engine loads the variant `{model.variants[index][0]}`, which names no ONNX file"
        yield model.at("variants", message, (index,))
    if model.remote_code and not model.onnx_file and len(unnamed) == len(model.variants):
        message = "`load` needs `trust_remote_code=True`, since `dependencies.remote_code` is true"
        help = "if the repository has an ONNX file, name it in `files.weights.onnx`: it is loaded without this code"
        yield model.at("remote_code", message, help=help)
    yield from _missing_facts(model)


def _onnx_of(model: "DecodedModel", variant: "tuple[Any, ...]") -> tuple[str, ...]:
    """The possible names of a variant's ONNX file."""
    parts = dict(zip(_VARIANT, variant, strict=True))
    repository = parts["huggingface_id"]
    return variant_onnx(parts["file"], elsewhere=repository not in (None, model.huggingface_id))


def _is_for_others(variant: "tuple[Any, ...]") -> bool:
    """Whether a variant says itself that it is not for the engines: a file of another format, or one elsewhere."""
    parts = dict(zip(_VARIANT, variant, strict=True))
    return bool(parts["ollama"] or parts["url"]) or parts["format"] not in (None, "onnx")


def _missing_facts(model: "DecodedModel") -> "Violations":
    """Facts that `load` does not assume. An entry that states nothing of the kind is not meant to be loaded."""
    if all(getattr(model, name) is None for name in CONTRACT_FACTS["dense"]):
        return
    kind = encoder_type(model.model_type, multi_vector=model.multi_vector)
    marked = [name for name, marker in MARKERS.items() if kind == "multi_vector" and getattr(model, marker) is not None]
    missing = [name for name in CONTRACT_FACTS[kind] if getattr(model, name) is None and name not in marked]
    if missing:
        names = ", ".join(f"`encoding.{name}`" for name in missing)
        message = f"`load` needs {names}, unless the model's files state {'it' if len(missing) == 1 else 'them'}"
        yield model.at(missing[0], message, help="look it up in the model card, and write it down")


@rule("M216", "license-spelling", WARNING, needs=("license",), given="license")
def license_spelling(model: "DecodedModel") -> "Violations":
    """Licences are spelled as SPDX does, so that they can be compared."""
    if model.license in USUAL_LICENSES:
        return
    from hypiler.schema.license_expressions import respelled  # imported here: its table is long

    spelling = respelled(model.license)
    if spelling != model.license:
        message = f"`license` is {quote_name(model.license)}, which SPDX spells `{spelling}`"
        yield model.at("license", message, help=f"write `{spelling}`")


@rule("M219", "license-not-spdx", WARNING, needs=("license",), given="license")
def license_not_spdx(model: "DecodedModel") -> "Violations":
    """Policies compare licences by the identifiers of SPDX."""
    if model.license in USUAL_LICENSES:
        return
    from hypiler.schema.license_expressions import advice, exception_advice, unknown_words  # the table is long

    for word, exception in unknown_words(model.license):
        wanted = "exception that may stand after WITH" if exception else "licence"
        message = f"`license` names {quote_name(word)}, but SPDX lists no such {wanted}"
        yield model.at("license", message, help=exception_advice(word) if exception else advice(word))


@rule("M236", "marker-as-prefix", NOTE, needs=("model_type", "multi_vector", *MARKERS, *MARKERS.values()))
def marker_as_prefix(model: "DecodedModel") -> "Violations":
    """A marker of late interaction is a token that is inserted by its id, and a prefix is text."""
    if encoder_type(model.model_type, multi_vector=model.multi_vector) != "multi_vector":
        return
    for prefix, marker in MARKERS.items():
        text: str = getattr(model, prefix) or ""
        if getattr(model, marker) is None and re.fullmatch(_MARKER, text):
            message = f"`encoding.{prefix}` is {quote_name(text)}, which looks like a marker: a token, not text"
            help = f"if it is inserted by its id, state it in `encoding.{marker}` instead; the vectors stay the same"
            yield model.at(prefix, message, help=help)


@rule("M237", "task-without-prompt", WARNING, needs=("prompts", "tasks"), given="tasks")
def task_without_prompt(model: "DecodedModel") -> "Violations":
    """A further task is chosen by the name of a prompt."""
    for name in model.tasks:
        if name not in model.prompts:
            message = f"`encoding.tasks` names {quote_name(name)}, which is no prompt of `encoding.prompts`"
            help = model.collector.did_you_mean(name, list(model.prompts)) or f'add `"{name}": ""` to the prompts'
            yield model.at("tasks", message, (name,), help=help)


@rule(
    "M238",
    "inference-free-queries",
    WARNING,
    needs=("model_type", "multi_vector", "query_weights_file"),
    given="inference_free_queries",
)
def inference_free_queries(model: "DecodedModel") -> "Violations":
    """Queries without inference need a weight for each token, and only sparse models have them."""
    kind = encoder_type(model.model_type, multi_vector=model.multi_vector)
    if kind != "sparse":
        message = (
            f"`encoding.inference_free_queries` is for sparse models, and this one is of type `{model.model_type}`"
        )
        yield model.at("inference_free_queries", message, help="remove it, or correct `type`")
    elif model.query_weights_file is None:
        message = (
            "`files.query_weights` must name the file with the weight of each token, since queries need no inference"
        )
        yield model.at("inference_free_queries", message, help="name the file, such as `idf.json`")
