"""Emits `model_registry.py`: constants that hold the models as text, then the runtime, the same for every registry."""

import os

# The C part of `ast`: the package costs as much again as reading and checking a hundred models.
from _ast import AnnAssign, Constant, Name, PyCF_ONLY_AST

from hypiler.compiler.pipeline import Registry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import EmitError, block
from hypiler.emit.python.row_codec import encode_rows, index_text
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.types import Records
from hypiler.space import document_side, query_side

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _ast import stmt
    from typing import Any

_CUT = "# ---- cut here ----\n"
_OPENING = '''
"""The models of a registry, as typed constants and lookups. Runs without hypiler."""

TYPE_CHECKING = False

'''


def emit_python(registry: Registry) -> str:
    """The text of `model_registry.py`."""
    constants = _constants(registry)
    text = "".join([f"{name}: str = {block(lines)}\n" for name, lines in constants.items()])
    _verify(text, constants)
    return with_header(_OPENING + text + runtime_source(), registry.sha256)


def runtime_source() -> str:
    """What `runtime.py` has below its cut line."""
    loader = __spec__.loader if __spec__ else None
    path = os.path.join(os.path.dirname(__file__), "runtime.py")
    if loader is not None and hasattr(loader, "get_data"):
        data: bytes = loader.get_data(path)
    else:
        with open(path, "rb") as file:
            data = file.read()
    return data.decode().replace("\r\n", "\n").partition(_CUT)[2]


def _constants(registry: Registry) -> dict[str, list[str]]:
    """The lines of every constant; the runtime defines the same names for its own tests."""
    rows = registry.rows
    aliases = BY_ATTRIBUTE["aliases"]
    ids = [id for row in rows for id in (row[0], *row[aliases])]
    spoken = [row[BY_ATTRIBUTE["languages"]] for row in rows]
    languages = {tags: _languages(tags) for tags in set(spoken)}
    return {
        "_FIELDS": [f"{field.attribute}:{field.type.codec}" for field in FIELDS],
        "_VARIANT_FIELDS": _part_fields("variants"),
        "_LAYER_FIELDS": _part_fields("dense_layers"),
        "_ROWS": encode_rows(rows, [field.type.codec for field in FIELDS]),
        "_SPACES": [_space_ids(row) for row in rows],
        "_VERIFIED": [f"{id}|{revision} {count}" for id, (revision, count) in registry.verified.items()],
        "_ALIASES": [f"{alias}|{row[0]}" for row in rows for alias in row[aliases]],
        "_DOTTED": [f"{constant_name(id)}|{id}" for id in ids if "." in id],
        "_BY_TYPE": _index([(row[BY_ATTRIBUTE["model_type"]],) for row in rows]),
        "_BY_ORGANIZATION": _index([(row[BY_ATTRIBUTE["organization"]],) for row in rows]),
        "_BY_LANGUAGE": _index([languages[tags] for tags in spoken]),
        "_BY_DIMENSION": _index([(row[BY_ATTRIBUTE["embedding_dim"]],) for row in rows]),
        "_WITH_MATRYOSHKA": _index([("",) if row[BY_ATTRIBUTE["matryoshka"]] else () for row in rows]),
    }


def _space_ids(row: "tuple[Any, ...]") -> str:
    """The ids of a model's own space: its own weights, at full width."""
    value = dict(zip(BY_ATTRIBUTE, row, strict=True))
    documents = document_side(
        repository=value["huggingface_id"],
        revision=value["revision"],
        weights=None,
        pooling=value["pooling"],
        normalize=value["normalize"],
        layers=value["dense_layers"],
        matryoshka_order=None,
        dimension=value["embedding_dim"],
        document_prefix=value["document_prefix"],
        document_length=value["document_length"] or value["context_length"],
    )
    queries = query_side(
        query_prefix=value["query_prefix"],
        query_length=value["query_length"] or value["context_length"],
        similarity=value["similarity"],
    )
    return f"{documents['space_id']} {queries['query_space_id']}"


def _part_fields(attribute: str) -> list[str]:
    field_type = FIELDS[BY_ATTRIBUTE[attribute]].type
    return (
        [f"{name}:{part.codec}" for name, (part, _, _) in field_type.fields.items()]
        if isinstance(field_type, Records)
        else []
    )


def _languages(tags: "tuple[str, ...]") -> "tuple[str, ...]":
    """The tags and the bare languages of those with a script or region, so that `zh` finds `zh-Hans`."""
    return tuple(dict.fromkeys([key for tag in tags for key in (tag, tag.partition("-")[0])]))


def _index(keys: "list[tuple[Any, ...]]") -> "list[str]":
    """`key|1 5 9` for each key, in order of first use; the numbers are those of the rows."""
    numbers: dict[Any, list[str]] = {}
    for number, own in enumerate(keys, 1):
        text = str(number)
        for key in own:
            numbers.setdefault(key, []).append(text)
    return [f"{index_text(str(key)) if key != '' else ''}|{' '.join(own)}" for key, own in numbers.items()]


def _verify(text: str, expected: dict[str, list[str]]) -> None:
    """Parse what was written: only these assignments may stand there, and each literal must be the value meant."""
    found: dict[str, object] = {}
    tree: Any = compile(text, "model_registry.py", "exec", PyCF_ONLY_AST)
    body: list[stmt] = tree.body
    for node in body:
        match node:
            case AnnAssign(
                target=Name(id=name),
                annotation=Name(id="str"),
                value=Constant(value=value),
            ):
                found[name] = value
            case _:
                raise EmitError(f"unexpected statement in the generated module: {type(node).__name__}")
    if found != {name: "\n".join(["", *lines, ""]) for name, lines in expected.items()}:
        raise EmitError("the constants of the generated module do not hold what they should")
