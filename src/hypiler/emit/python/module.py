"""Emits `model_registry.py`: constants with the models as text, then the runtime, which is the same in every module."""

import os
import re

# The C part of `ast`. The Python part takes as long to load as reading and checking a hundred models.
from _ast import Assign, Constant, Name, PyCF_ONLY_AST

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import EmitError, block
from hypiler.emit.python.pragmas import CHECKERS, FORMATTERS_AND_LINTERS
from hypiler.emit.python.row_codec import encode_apart, encode_rows, field_words, index_text, verify_rows
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.language_tags import broader_tags, language_aliases
from hypiler.schema.row_text import escape_part
from hypiler.schema.types import Records
from hypiler.stamps.stamp import stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _ast import stmt
    from typing import Any

    from hypiler.schema.model import Model

_CUT = "# ---- cut here ----\n"
# A quoted annotation in `runtime.py`: of a result, of a name without a value (the whole line goes), of anything else.
_ANNOTATION = r"""(?m) -> "[^"\n]+"(?=:$)|^ +\w+: "[^"\n]+"\n|(?<=\w): "[^"\n]+"(?=[,)]| = )"""
_OPENING = f'''{FORMATTERS_AND_LINTERS}{CHECKERS}
"""The models of a registry, as typed constants and lookups."""

TYPE_CHECKING = False

'''

# What every module has besides its models and the records of lists.
_NAMES = (
    *("MODELS", "MODELS_BY_ID", "MODEL_REGISTRY", "ModelId", "ModelInfo", "ModelType", "PinnedFile", "Repository"),
    *("from_registry", "is_model_id", "models_by_language", "models_by_max_embedding_dim", "models_by_organization"),
    *("models_by_type", "models_with_matryoshka"),
)
_DECLARED = """

if 0:  # for tools that read the names of a module and do not run it

    def _declare(value):
"""


def emit_python(registry: CheckedRegistry) -> str:
    """The text of `model_registry.py`."""
    constants = _constants(registry)
    text = "".join([f"{name} = {block(lines)}\n" for name, lines in constants.items()])
    _verify(text, constants)
    verify_rows(constants, registry.models)
    return with_header(
        _OPENING + text + plain_runtime() + _declared(registry), registry.sha256, layers=registry.layer_marks
    )


def plain_runtime() -> str:
    """The part of `runtime.py` that is emitted, without the annotations that are only for hypiler's own checkers.

    They name what only checkers know. Import hooks such as those of beartype and typeguard would look it up.
    """
    return re.sub(_ANNOTATION, "", runtime_source())


def _declared(registry: CheckedRegistry) -> str:
    """A branch that is never taken, in which every name is assigned.

    pylint and other tools that neither run the module nor read its stub find the names there. Python compiles nothing
    of it: the code of a function that is never defined is left out of the bytecode.
    """
    ids = [id for model in registry.models for id in (model.id, *model.aliases, *model.former_ids)]
    names = [*_NAMES, *_record_names(), *[constant_name(id) for id in ids]]
    rows = [names[start : start + 8] for start in range(0, len(names), 8)]
    declared = "".join([f"        global {', '.join(row)}\n" for row in rows])
    return _DECLARED + declared + "".join([f"        {' = '.join(row)} = value\n" for row in rows])


def _record_names() -> list[str]:
    return [field.type.record for field in FIELDS if isinstance(field.type, Records)]


def runtime_source() -> str:
    """The part of `runtime.py` below its cut line."""
    loader = __spec__.loader if __spec__ else None
    path = os.path.join(os.path.dirname(__file__), "runtime.py")
    if loader is not None and hasattr(loader, "get_data"):
        data: bytes = loader.get_data(path)
    else:
        with open(path, "rb") as file:
            data = file.read()
    return data.decode().replace("\r\n", "\n").partition(_CUT)[2]


def _constants(registry: CheckedRegistry) -> dict[str, list[str]]:
    """The lines of every constant. The runtime defines the same names, for its own tests."""
    models = registry.models
    ids = [id for model in models for id in (model.id, *model.aliases, *model.former_ids)]
    policy = {"_POLICY": registry.policy.lines()} if registry.policy else {}
    listed = [tuple([tag.lower() for tag in model.languages]) for model in models]
    apart, phrases = encode_apart(models)
    return {
        "_FIELDS": field_words(apart=False),
        "_NO_FACTS": [field.attribute for field in FIELDS if not field.is_fact],
        "_SPACE_FIELDS": [f"{field.attribute}:{field.space}" for field in FIELDS if field.space],
        "_ROWS": encode_rows(models, [None if field.apart else field.type for field in FIELDS]),
        "_SPACES": [_space_ids(model) for model in models],
        "_VERIFIED": [line for model in models if (line := _verified(model))],
        "_PINNED": [_pinned(model) for model in models if model.pinned_files or model.pins_all_files],
        "_ALIASES": [
            f"{other}|{model.id}"
            for further in ([model.aliases for model in models], [model.former_ids for model in models])
            for model, ids_of_model in zip(models, further, strict=True)
            for other in ids_of_model
        ],
        "_DOTTED": [f"{constant_name(id)}|{id}" for id in ids if "." in id],
        "_BY_TYPE": _index([(model.model_type,) for model in models]),
        "_BY_ORGANIZATION": _index([(model.organization,) if model.organization else () for model in models]),
        "_BY_LANGUAGE": _language_index(listed),
        "_LANGUAGES": _language_names(listed),
        "_BY_DIMENSION": _index([(model.embedding_dim,) for model in models]),
        "_WITH_MATRYOSHKA": _index([("",) if model.matryoshka else () for model in models]),
        "_APART_FIELDS": field_words(apart=True),
        "_APART": apart,
        "_PHRASES": phrases,
        "_OWN_FACTS": [f"{name}:{word}" for name, word in registry.own_facts.words.items()],
        **policy,
    }


def _verified(model: "Model") -> str:
    """One line `id|commit verified agreeing differing`; empty if no fact was compared with files."""
    counts = (model.verified_facts, model.agreeing_facts, model.differing_facts)
    if model.verified_revision is None and not any(counts):
        return ""
    return f"{model.id}|{model.verified_revision or '-'} {' '.join([str(count) for count in counts])}"


def _pinned(model: "Model") -> str:
    """One line per model: whether its files are complete, then each file with its sha256, size and precision."""
    files = [
        "=".join([escape_part(name), one.sha256, str("" if one.size is None else one.size), one.precision or ""])
        for name, one in model.pinned_files.items()
    ]
    return f"{model.id}|{';'.join(['1' if model.pins_all_files else '0', *files])}"


def _space_ids(model: "Any") -> str:
    """The ids of a model's space with its own weights at full width; a hyphen stands for an unknown id."""
    space = stamp_of(model)
    return f"{space['space_id'] or '-'} {space['query_space_id'] or '-'}"


def _language_index(listed: "list[tuple[str, ...]]") -> list[str]:
    """The models that a tag finds, and under `zh=` those that list `zh` itself, if `zh` also finds longer tags.

    So `zh` finds a model that lists `zh-Hans`, but `zh-TW` does not.
    """
    broader = {tags: dict.fromkeys([key for tag in tags for key in broader_tags(tag)]) for tags in set(listed)}
    partial = {key for tags, keys in broader.items() for key in keys if key not in tags}
    exact = _index([tuple([tag for tag in tags if tag in partial]) for tags in listed])
    lines = [line.replace("|", "=|", 1) for line in exact]
    lines += [f"{key}=|" for key in sorted(partial.difference(*listed))]
    return [*_index([tuple(broader[tags]) for tags in listed]), *lines]


def _language_names(listed: "list[tuple[str, ...]]") -> list[str]:
    codes = {tag.partition("-")[0] for tags in listed for tag in tags}
    return [f"{name}|{code}" for name, code in language_aliases(codes).items()]


def _index(keys: "list[tuple[Any, ...]]") -> "list[str]":
    """One line `key|1 5 9` per key, in order of first use; the numbers are row numbers, from 1."""
    numbers: dict[Any, list[str]] = {}
    for number, own in enumerate(keys, 1):
        text = str(number)
        for key in own:
            numbers.setdefault(key, []).append(text)
    return [f"{index_text(str(key)) if key != '' else ''}|{' '.join(own)}" for key, own in numbers.items()]


def _verify(text: str, expected: dict[str, list[str]]) -> None:
    """Parse the emitted text. Raises EmitError unless it consists of these assignments with the intended values."""
    found: dict[str, object] = {}
    tree: Any = compile(text, "model_registry.py", "exec", PyCF_ONLY_AST)
    body: list[stmt] = tree.body
    for node in body:
        match node:
            case Assign(targets=[Name(id=name)], value=Constant(value=value)):
                found[name] = value
            case _:
                raise EmitError(f"unexpected statement in the generated module: {type(node).__name__}")
    if found != {name: "\n".join(["", *lines, ""]) for name, lines in expected.items()}:
        raise EmitError("the constants of the generated module do not hold what they should")
