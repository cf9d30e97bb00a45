"""The shapes of what commands print with `--json`, as JSON Schemas, and as the tables of docs/json-output.md.

A shape is described by rows: key, schema and meaning. Every key is always present, unless its row says otherwise.
"""

from hypiler.diagnostics.formats import JSON_VERSION
from hypiler.lifecycle.changes import CLASSES
from hypiler.lifecycle.side_by_side import OUTCOMES, STATES
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import CORE, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Schema = dict[str, Any]
    Rows = tuple[tuple[str, Schema, str], ...]

_TEXT: "Schema" = {"type": "string"}
_TEXT_OR_NULL: "Schema" = {"type": ["string", "null"]}
_COUNT: "Schema" = {"type": "integer", "minimum": 0}
_FLAG: "Schema" = {"type": "boolean"}
_ANY: "Schema" = {}


def _list(items: "Schema") -> "Schema":
    return {"type": "array", "items": items}


def _object(rows: "Rows", *, optional: tuple[str, ...] = (), null: bool = False) -> "Schema":
    return {
        "type": ["object", "null"] if null else "object",
        "properties": {key: {**schema, "description": meaning} for key, schema, meaning in rows},
        "required": [key for key, _, _ in rows if key not in optional],
    }


_COMPLETE = ("complete", _FLAG, "Whether every model was asked for; false after Ctrl-C.")
_ID = ("id", _TEXT, "The id of the model.")
_REPOSITORY = ("repository", _TEXT, "Its repository on the hub.")
_NOTES = ("notes", _list(_TEXT), "Sentences about what was read.")
_ERROR = (
    "error",
    _object(
        (
            ("kind", _TEXT, "The name of the error, such as `NotFoundError` or `UnreachableError`."),
            ("message", _TEXT, "What happened, in one sentence."),
        ),
        null=True,
    ),
    "Why the model could not be read.",
)
_STORE_RECORD: "Rows" = (
    ("store", _TEXT, "The store."),
    ("model", _TEXT, "The id of the model."),
    ("kind", {"enum": ["dense", "multi_vector", "sparse"]}, "The kind of vectors."),
    ("dimension", _COUNT, "The width of the vectors."),
    ("similarity", _TEXT, "How the model's vectors are compared."),
    ("name", _TEXT, "The table, collection, index or file."),
    ("field", _TEXT, "The column or field of the vectors."),
    ("dtype", {"enum": ["float32", "float16"]}, "How numbers are kept."),
    ("index", _TEXT, "The index, such as `hnsw`; `none` for exact search."),
    ("type", _TEXT, "The store's word for the type."),
    ("metric", _TEXT, "The store's word for the similarity."),
    ("create", {"type": ["array", "object"]}, "What creates it: statements, a body, or the arguments of the client."),
    ("query", {"type": ["string", "object"]}, "A search, with `$1` (sqlite-vec: `?1`) in the place of the vector."),
    (
        "score",
        _object(
            (
                ("value", _TEXT, "What number a search returns, such as `1 - cosine`."),
                ("better", {"enum": ["lower", "higher"]}, "Which number is nearer."),
            )
        ),
        "The result of a search.",
    ),
    (
        "stamp",
        _object(
            (
                ("place", _TEXT, "The place of the stamp, in words."),
                ("value", {"type": "object"}, "The stamp itself."),
                ("write", {"type": ["string", "object"]}, "What writes it there; `create` has it as well."),
                ("read", _TEXT, "What reads it: a statement, or an expression of Python."),
            )
        ),
        "The stamp of the space.",
    ),
    ("notes", _list(_TEXT), "What else there is to know."),
    ("ddl", _TEXT, "The text that the command prints without `--json`."),
)
_CORPUS: "Rows" = (
    ("output", _TEXT, "The path of the output."),
    ("rows", _COUNT, "The rows of the output."),
    ("encoded", _COUNT, "The rows that this run encoded."),
    ("resumed", _COUNT, "The rows that earlier runs had encoded."),
    ("nulls", _COUNT, "The rows without a text, whose vector is null."),
    ("truncated", _COUNT, "The texts that were longer than the limit of the model."),
    ("seconds", {"type": "number"}, "How long this run encoded, without the time to load the model."),
    ("model", _TEXT, "The id of the model."),
    ("dimension", _COUNT, "The width of the vectors."),
    ("space_id", _TEXT_OR_NULL, "The id of their space; null if it is unknown."),
)
_SNIPPET: "Rows" = (
    ("runtime", _TEXT, "The runtime."),
    ("model", _TEXT, "The id of the model."),
    ("kind", {"enum": ["dense", "static", "multi_vector", "sparse", "reranker"]}, "The kind of the model."),
    ("language", {"enum": ["python", "sh", "modelfile"]}, "The language of the text."),
    ("text", _TEXT, "The text that the command prints without `--json`."),
    (
        "arguments",
        {"type": "object"},
        "What the text spells out: a class with its arguments, or the words of a command.",
    ),
    ("lost", _list(_TEXT), "What the runtime cannot honour, or what the client must do itself."),
    ("notes", _list(_TEXT), "What the text does beyond the usual."),
)
_FINDINGS: "Rows" = (
    ("code", _TEXT, "The code, such as `M203`. `hypiler explain` explains it."),
    ("severity", {"enum": ["error", "warning", "note"]}, "How much it counts."),
    ("message", _TEXT, "What must hold, and what was found."),
    ("file", _TEXT, "The file, as it was named; empty if the finding is about none."),
    ("line", _COUNT, "The line, from 1; 0 if the finding is about no line."),
    ("column", _COUNT, "The column in characters, from 1; 0 if the finding is about no line."),
    ("path", _TEXT, "The place in the document, such as `$.models[0].license`."),
    ("model", _TEXT_OR_NULL, "The id of the model."),
    ("help", _TEXT_OR_NULL, "What to do."),
)
_GROUPS: "Rows" = (
    ("datasets", _TEXT_OR_NULL, "The data sets that the scores are means over, such as `beir-13`; null if unknown."),
    ("models", _list(_TEXT), "The ids of the models, in the order of their scores."),
)
_EVIDENCE: "Rows" = (
    ("verified", _COUNT, "Facts that agree with the model's files at the commit of its entry."),
    ("copy", _COUNT, "Facts that agree with a copy of the files, whose commit is unknown or another one."),
    ("sourced", _COUNT, "Facts that were not compared with files, and that `sources` names."),
    ("unsourced", _COUNT, "Facts that are stated without a source."),
    ("differs", _COUNT, "Facts that the files contradict."),
    ("unknown", _COUNT, "Facts that are not stated."),
)
_SPACES: "Rows" = (
    ("output", _TEXT_OR_NULL, "The name of the output; null for a model without `outputs`."),
    ("space_id", _TEXT_OR_NULL, "The id of the space of its vectors; null if registry and lock do not show it."),
    ("query_space_id", _TEXT_OR_NULL, "The id of how queries are encoded; null if the registry does not show it."),
)
_COMPARED: "Rows" = (
    ("path", _TEXT, "The path of the field in models.json."),
    ("key", _TEXT, "The part of the field, such as a key of a mapping or a benchmark; empty for the whole field."),
    (
        "state",
        {"enum": [*STATES]},
        "How the values compare; `partly`: not every model states one, `incomparable`: scores over other data sets.",
    ),
    ("values", _list(_ANY), "The value of each model; null if it is not stated."),
    (
        "evidence",
        _list(_TEXT_OR_NULL),
        "How each value is known, such as `verified`; null for identities and no value.",
    ),
)
_VERDICT: "Rows" = (
    ("models", _list(_TEXT), "The ids of both models."),
    ("outputs", _list(_TEXT_OR_NULL), "The outputs that were compared; null for a model without `outputs`."),
    ("outcome", {"enum": [*OUTCOMES]}, "How the spaces compare; `none` if one of them makes no vectors."),
    ("sentence", _TEXT, "The same in words."),
    (
        "facts",
        _list(
            _object(
                (
                    ("name", _TEXT, "The name in the stamp."),
                    ("values", _list(_ANY), "The value of each; null if unknown."),
                )
            )
        ),
        "What differs.",
    ),
)
_FACTS: "Rows" = (
    ("path", _TEXT, "The path of the fact in models.json."),
    ("state", {"enum": ["agrees", "differs", "unknown", "claimed"]}, "The verdict."),
    ("ours", _ANY, "The value of the registry."),
    ("theirs", _ANY, "The value of the files; null if they show none."),
    ("file", _TEXT, "The file that shows it; may be empty."),
    ("key", _TEXT, "The key in this file; may be empty."),
    ("note", _TEXT, "What a reader should know; may be empty."),
    ("doubtful", _FLAG, "Whether `theirs` must not be written into a registry. `note` says why."),
    ("read", {"enum": ["commit", "copy", None]}, "Where an agreeing fact was read; null for other verdicts."),
)
_ORIGIN: "Rows" = (
    ("layer", _TEXT, "The layer: `project` for one's own files, else its entry in `extends`."),
    ("file", _TEXT, "The file."),
    ("line", _COUNT, "The line, from 1."),
    ("column", _COUNT, "The column in characters, from 1."),
    ("value", _ANY, "The value; null also for a fact that the layer withdraws."),
    ("withdrawn", _FLAG, "Whether the layer withdraws the fact."),
    ("source", {"type": ["string", "object", "null"]}, "Where the value was read, as `sources` has it."),
)
_PINNED: "Rows" = (
    ("sha256", _TEXT_OR_NULL, "The checksum; null if it is unknown."),
    ("size", {"type": ["integer", "null"]}, "The size in bytes; null if it is unknown."),
    ("read", {"enum": ["commit", "copy"]}, "Where the file was read."),
    ("precision", _TEXT, "The precision of weights; only if it is known."),
    ("pins", _list(_TEXT), "Where this sha256 is published for the commit; only if it is known."),
)
_FILES: "Schema" = {
    "type": "object",
    "additionalProperties": _object(_PINNED, optional=("precision", "pins")),
}
_NOTE: "Rows" = (
    ("name", _TEXT, "The model's name in the table."),
    ("path", _TEXT_OR_NULL, "The field, or the table's word for the fact; null for the model as a whole."),
    ("value", _ANY, "The value of the table."),
    ("why", _TEXT, "The reason, in words."),
    ("place", _TEXT, "File and line."),
)
_CONTRADICTION: "Rows" = (
    ("model", _TEXT, "The id of the model in the catalogue."),
    ("path", _TEXT, "The path of the fact."),
    ("theirs", _TEXT, "The value of the table, as reports show it."),
    ("ours", _TEXT, "The value of the catalogue, as reports show it."),
    ("known", _TEXT, "How the catalogue knows it, such as `verified` or `sourced`."),
    ("place", _TEXT, "Where the table says it."),
)
_DRAFTED: "Rows" = (
    (
        "models",
        _list(
            _object(
                (
                    _ID,
                    ("name", _TEXT, "The model's name in the table."),
                    ("facts", _list(_TEXT), "The paths of the facts that the draft states."),
                )
            )
        ),
        "The drafted models.",
    ),
    ("left_out", _list(_object(_NOTE)), "The models that cannot be drafted."),
    ("not_carried", _list(_object(_NOTE)), "What else the table says and the draft does not."),
    ("completed", _list(_object(_NOTE)), "Facts that every model must state, from the catalogue."),
    ("output", _TEXT_OR_NULL, "The file that was written; null if none was."),
)
_DRAFT: "Rows" = (
    ("source", _TEXT, "What was read, such as `fastembed 0.9.1`."),
    *_DRAFTED,
    ("contradictions", _list(_object(_CONTRADICTION)), "What the catalogue states otherwise."),
)
_CERTAINTY = ("certainty", {"enum": ["certain", "likely"]}, "Whether it is certain that this model is meant.")
_FOUND: "Rows" = (
    ("path", _TEXT, "The path of the field."),
    ("value", _ANY, "The value as models.json writes it."),
    ("key", _TEXT, "The name that it stands under."),
    ("place", _TEXT, "File, line and column."),
    _CERTAINTY,
    ("why", _TEXT, "What shows whose fact it is, in words."),
)
_ADOPTION: "Rows" = (
    ("files", _COUNT, "How many files were looked at."),
    (
        "models",
        _list(
            _object(
                (
                    ("name", _TEXT, "The model's id in the catalogue, or its name in the code."),
                    ("id", _TEXT_OR_NULL, "Its id in the catalogue; null if that does not have it."),
                    ("mentions", _list(_TEXT), "The places that name it."),
                    ("facts", _list(_object(_FOUND)), "The facts that the code states of it."),
                )
            )
        ),
        "The models that the code names.",
    ),
    ("open", _list(_object(_FOUND)), "Widths that belong to no model that is known."),
    ("contradictions", _list(_object((*_CONTRADICTION, _CERTAINTY))), "What the catalogue states otherwise."),
    (
        "conflicts",
        _list(
            _object(
                (
                    ("name", _TEXT, "The name of the model."),
                    ("path", _TEXT, "The path of the field."),
                    ("first", _object(_FOUND), "The first place that states it."),
                    ("second", _object(_FOUND), "A place with another value."),
                )
            )
        ),
        "What places of the code state differently.",
    ),
    (
        "unread",
        _list(_object((("file", _TEXT, "The file."), ("why", _TEXT, "Why it was not read, in words.")))),
        "Files that were not read.",
    ),
    ("draft", _object(_DRAFTED, null=True), "The draft; null without `--write`."),
)
_BREACH: "Rows" = (
    ("rule", _TEXT, "The rule of the policy, such as `licenses`."),
    ("message", _TEXT, "What must hold, and what was found."),
    ("help", _TEXT, "What to do."),
)
_LICENSED: "Rows" = (
    _ID,
    ("name", _TEXT, "The display name of the model."),
    ("organization", _TEXT_OR_NULL, "Who publishes the model."),
    ("place", _TEXT, "Its repository, or its name at its source."),
    ("revision", _TEXT_OR_NULL, "The commit of the entry."),
    ("api", _TEXT_OR_NULL, "The provider whose API serves the model."),
    ("license", _TEXT_OR_NULL, "The licence; null if the entry states none."),
    ("class", _TEXT, "How much the licence asks, such as `permissive`."),
    ("evidence", _TEXT, "How the licence is known, such as `verified` or `sourced`."),
    ("source", _TEXT_OR_NULL, "Where the licence was read."),
    ("url", _TEXT_OR_NULL, "The address of this source, if it has one."),
    ("breaches", _list(_object(_BREACH)), "The rules of the policy that the model breaks."),
    ("excused", _list(_TEXT), "The rules that it breaks and from which an exception excuses it."),
)
_BY_LICENSE: "Rows" = (
    ("license", _TEXT_OR_NULL, "The licence; null for models that state none."),
    ("class", _TEXT, "How much it asks."),
    ("models", _list(_TEXT), "The ids of its models."),
)
_STATES = ["current", "behind", "unpinned", "gone", "renamed", "re-registered", "unreachable"]


_CHANGES: "Rows" = (
    ("kind", {"enum": [*CLASSES]}, "The class: the gravest that fits."),
    ("kinds", _list({"enum": [*CLASSES]}), "All classes that fit, the gravest first."),
    ("model", _TEXT_OR_NULL, "The id of the model, the old one if it has another now; null for the registry itself."),
    ("path", _TEXT, "The path of the fact; empty for the model as a whole; else `lock`, `order`, `version` or `text`."),
    ("message", _TEXT, "What changed, in one sentence."),
    ("old", _ANY, "The old value; null if there was none."),
    ("new", _ANY, "The new value; null if there is none."),
    ("side", {"enum": ["document", "query", None]}, "Of a change of vectors, the side that it concerns."),
    ("facts", _list(_TEXT), "Of a change of vectors, the paths of the facts that made it."),
    ("file", _TEXT, "The file with the new value, or with the old one if it is gone; may be empty."),
    ("line", _COUNT, "The line, from 1; 0 if no file states it."),
    ("column", _COUNT, "The column in characters, from 1; 0 if no file states it."),
    ("fails", _FLAG, "Whether the change is of a class that fails."),
)
_DIFFERENCE: "Rows" = (
    ("old", _TEXT, "What the old version is called."),
    ("new", _TEXT, "What the new version is called."),
    ("failed", _FLAG, "Whether something fails, so that the exit code is 1."),
    (
        "registries",
        _list(
            _object(
                (
                    ("name", _TEXT, "The path of the module; may be empty."),
                    ("step", {"enum": ["major", "minor", "patch", "none"]}, "The step of the version."),
                    ("next_version", _TEXT_OR_NULL, "The version that follows the old one by this step."),
                    ("old_version", _TEXT_OR_NULL, "The old `version`."),
                    ("new_version", _TEXT_OR_NULL, "The new `version`."),
                    ("removed", _list(_TEXT), "The models that are gone without having been deprecated."),
                    ("failed", _FLAG, "Whether this registry fails."),
                    ("shrunken", _TEXT_OR_NULL, "What is said of a registry that lost models by accident."),
                    ("changes", _list(_object(_CHANGES)), "The changes, the gravest first."),
                )
            )
        ),
        "The registries that either version has.",
    ),
)


def _record() -> "Schema":
    """The record of a model: its keys and types follow from the table of fields."""
    properties = {}
    # A project may require no more than the core, and a model with a source is in no repository.
    least = Requirements(CORE)
    for field in FIELDS:
        schema = _stated(field.type.schema())
        nullable = least.is_optional(field, [{"source": {}}])
        properties[field.attribute] = (_or_null(schema) if nullable or field.null else schema) | {
            "description": field.doc
        }
    return {"title": "record", "type": "object", "properties": properties, "required": [*properties]}


def _stated(schema: "Schema") -> "Schema":
    """The types of a value, without what models.json demands: a record also holds what a file leaves out."""
    if schema.get("type") == "array":
        return _list(_stated(schema["items"]))
    if "properties" in schema:
        required = schema["required"]
        parts = {key: _stated(part) for key, part in schema["properties"].items()}
        known = {
            key: part if key in required or part.get("type") == "array" else _or_null(part)
            for key, part in parts.items()
        }
        return {"type": "object", "properties": known, "required": [*known]}
    if "additionalProperties" in schema:
        return {"type": "object", "additionalProperties": _stated(schema["additionalProperties"])}
    return {key: schema[key] for key in ("type", "enum", "anyOf") if key in schema}


def _or_null(schema: "Schema") -> "Schema":
    return {"anyOf": [schema, {"type": "null"}]}


def _of_models(*rows: "tuple[str, Schema, str]") -> "Rows":
    return (_COMPLETE, ("models", _list(_object(rows)), "The models, in the order of the registry."))


def _shapes() -> "dict[str, Rows]":
    record = _record()
    commit = ("revision", _TEXT_OR_NULL, "The commit; null if it is unknown.")
    names = _list(_TEXT)
    return {
        "list": (
            ("models", _list(record), "The records of the models that pass the filters."),
            (
                "groups",
                _list(_object(_GROUPS)),
                "With `--sort beir`, the models whose scores can be compared; else empty.",
            ),
            ("evidence", _list(_object((_ID, *_EVIDENCE))), "How the facts of these models are known."),
        ),
        "show": (
            ("model", record, "The record of the model."),
            (
                "page",
                _TEXT_OR_NULL,
                "The address of its page: its repository on the hub, or the address of its source.",
            ),
            ("spaces", _list(_object(_SPACES)), "The vector spaces of the model, one per output."),
            ("not_stated", _list(_TEXT), "The paths of facts that are not stated and that `sources` does not name."),
        ),
        "compare": (
            ("models", _list(_TEXT), "The ids of the models, in the order of the arguments."),
            ("facts", _list(_object(_COMPARED)), "The facts that at least one of the models states."),
            ("spaces", _list(_object(_VERDICT)), "Whether each two of the models share a vector space."),
        ),
        "explain": (
            ("model", _TEXT, "The model, as it was named."),
            ("path", _TEXT, "The path of the fact; empty for the model itself."),
            (
                "hidden",
                _object(_ORIGIN, null=True),
                "Who hides the model; null for a visible one.",
            ),
            (
                "evidence",
                _TEXT_OR_NULL,
                "How the value that counts is known, in words; null if no layer states the fact.",
            ),
            ("chain", _list(_object(_ORIGIN)), "Every layer that states the fact; the one that counts first."),
        ),
        "diff": _DIFFERENCE,
        "coverage": (
            ("total", _object(_EVIDENCE), "The sums over `fields`."),
            (
                "fields",
                _list(_object((("path", _TEXT, "The path of the field in models.json."), *_EVIDENCE))),
                "The fields that at least one model states, each with its numbers of models.",
            ),
            ("models", _list(_object((_ID, *_EVIDENCE))), "The models, each with its numbers of facts."),
        ),
        "licenses": (
            ("models", _list(_object(_LICENSED)), "The models, in the order of the registry."),
            ("licenses", _list(_object(_BY_LICENSE)), "The licences, the most frequent one first."),
            ("policy", {"type": ["object", "null"]}, "The rules of the policy that are set; null without a policy."),
        ),
        "ddl": _STORE_RECORD,
        "snippet": _SNIPPET,
        "encode": _CORPUS,
        "check": (("findings", _list(_object(_FINDINGS)), "All findings, sorted by file and position."),),
        "verify": _of_models(
            _ID,
            _REPOSITORY,
            ("revision", _TEXT_OR_NULL, "The commit of the files; null if it is unknown."),
            ("date", _TEXT_OR_NULL, "The day of the reading, such as `2026-01-31`."),
            _ERROR,
            _NOTES,
            ("facts", _list(_object(_FACTS)), "The verdict on each fact; empty if the model could not be read."),
        ),
        "verify-bytes": _of_models(
            _ID,
            commit,
            ("folder", _TEXT_OR_NULL, "The folder of the files; null if they could not be read."),
            _ERROR,
            ("right", names, "The files with the recorded sums."),
            ("wrong", names, "The files with other sums."),
            ("missing", names, "Recorded files that decide vectors and are not in the folder."),
            ("unlisted", names, "Files that decide vectors and have no recorded sum."),
        ),
        "pin": _of_models(
            _ID,
            _REPOSITORY,
            ("revision", _TEXT_OR_NULL, "The commit of the entry, also if `--write` wrote it."),
            ("head", _TEXT_OR_NULL, "The commit that was read."),
            _ERROR,
            _NOTES,
            ("files", _FILES, "The files by name."),
        ),
        "outdated": _of_models(
            _ID,
            _REPOSITORY,
            ("state", {"enum": _STATES}, "The state of the pin."),
            ("pinned", _TEXT_OR_NULL, "The commit of the entry."),
            ("head", _TEXT_OR_NULL, "The commit of `main` now; null if it is unknown."),
            ("changed", names, "The files that differ between the two, if facts or vectors come from them."),
            (
                "vectors_could_change",
                {"type": ["boolean", "null"]},
                "False if vectors stay the same; null if that was not compared.",
            ),
            ("message", _TEXT_OR_NULL, "A sentence about any other state than current and behind."),
        ),
        "import": _DRAFT,
        "adopt": _ADOPTION,
        "migrate": _DRAFT,
    }


OUTPUTS = (
    "list",
    "show",
    "compare",
    "explain",
    "diff",
    "coverage",
    "licenses",
    "ddl",
    "snippet",
    "encode",
    "check",
    "verify",
    "verify-bytes",
    "pin",
    "outdated",
    "import",
    "adopt",
    "migrate",
)
"""The names of the shapes: those of the commands, and `verify-bytes` for `hypiler verify --bytes`."""


def output_schema(name: str) -> "Schema":
    """The JSON Schema (draft 2020-12) of one of `OUTPUTS`. Keys that it does not name may be added at any time."""
    version = ("version", {"const": JSON_VERSION}, "The version of this shape.")
    command = "verify --bytes" if name == "verify-bytes" else name
    option = "--format json" if name in ("check", "diff") else "--json"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hypiler {command} {option}",
        **_object((version, *_shapes()[name])),
    }


def emit_output_schema(name: str) -> str:
    """The text of the schema."""
    from json import dumps

    return dumps(output_schema(name), indent=2, ensure_ascii=False) + "\n"


def emit_output_table(name: str) -> str:
    """The same as a table in Markdown. The keys of records are not listed: they are those of `ModelInfo`."""
    rows = [f"| `{path}` | {_words(schema)} | {schema['description']} |" for path, schema in _walk(output_schema(name))]
    return "\n".join(["| key | value | meaning |", "|---|---|---|", *rows, ""])


def _walk(schema: "Schema", before: str = "") -> "Iterator[tuple[str, Schema]]":
    """All keys with their schemas, each by its path, such as `models[].error.kind`."""
    for key, part in schema["properties"].items():
        path = before + key
        yield path, part
        inner = part
        if "items" in inner:
            path, inner = f"{path}[]", inner["items"]
        if isinstance(inner.get("additionalProperties"), dict):
            path, inner = f"{path}.NAME", inner["additionalProperties"]
        if "properties" in inner and inner.get("title") != "record":
            yield from _walk(inner, f"{path}.")


def _words(schema: "Schema") -> str:
    """The type of a value in a few words."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        words = [f"`{word}`" for word in schema["enum"] if word]
        return ", ".join(words) + (" or null" if None in schema["enum"] else "")
    if schema.get("type") == "array":
        return f"list: {_words(schema['items'])}"
    types: str | list[str] = schema.get("type", "any value")
    return types if isinstance(types, str) else " or ".join(types)
