"""`hypiler explain`: the page of a code, the definition of a field, or where a fact of a model comes from."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.checked import Origin
    from hypiler.registry.registry import Registry

EXAMPLES = """examples:
  hypiler explain M207                   what the code means, why it matters, how to fix it
  hypiler explain duplicate-key          the same by name
  hypiler explain specs.context_length   what a field of models.json means, and what proves it
  hypiler explain bge-m3.license --shipped    where a fact of a model comes from
  hypiler explain bge-m3 license --shipped    the same in two words
  hypiler explain                        all codes
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    from hypiler.cli.registries import add_registry_arguments

    about = "a code, its name, a field, or ID.FIELD for a fact of a model; default: list all codes"
    parser.add_argument("code", metavar="CODE", nargs="?", help=about)
    parser.add_argument("field", metavar="FIELD", nargs="?", help="a field; CODE is then the id of a model")
    parser.add_argument("--json", action="store_true", help="of a fact: print every layer that states it as JSON")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print a page, a definition, the layers of a fact, or the list of codes."""
    from hypiler.cli.streams import OK
    from hypiler.diagnostics.pages import read_page
    from hypiler.emit.field_reference import emit_definition
    from hypiler.schema.fields import FIELDS
    from hypiler.verification.rule_sets import all_codes

    codes = all_codes()
    if options.code is None:
        for code, (name, severity) in codes.items():
            print(f"{code}  {severity:7}  {name}")
        return OK
    by_name = {name: code for code, (name, _) in codes.items()}
    fields = {word: field for field in FIELDS for word in (field.attribute, field.name)}
    code = by_name.get(options.code.lower(), options.code.upper())
    if options.field is None and code in codes:
        print(read_page(code), end="")
        return OK
    if options.field is None and options.code in fields:
        print(emit_definition(fields[options.code]), end="")
        return OK
    return _explain_fact(options, [*codes, *by_name, *fields])


def _explain_fact(options: "Namespace", known: "list[str]") -> int:
    """Print the layers that state a fact. `known` are the words that could have been meant instead."""
    from hypiler.cli.registries import open_registry, registry_words, unknown_model
    from hypiler.cli.streams import FINDINGS, OK, usage_error
    from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
    from hypiler.errors import UnknownModelError

    near = did_you_mean(options.code, known)
    unknown = f"no code or field {quote_name(options.code)}; {near or '`hypiler explain` lists all codes'}"
    if options.field is None and _is_no_model(options.code, near):
        return usage_error(unknown)
    found = open_registry(options, hosted=True)
    if found is None:
        return FINDINGS
    registry, _ = found
    id, path = _parts(registry, options.code) if options.field is None else (options.code, _path(options.field))
    if id is None:
        return usage_error(unknown)
    try:
        chain = () if id in registry.hidden else registry.chain(id, path)
    except UnknownModelError as error:
        return usage_error(unknown_model(error, registry, registry_words(options)))
    except ValueError as error:
        return usage_error(printable(str(error)))
    if options.json:
        from hypiler.cli.json_output import print_document

        hidden = registry.hidden.get(id)
        known_by = _known_by(registry, id, path) if chain else None
        layers = [_record(origin) for origin in chain]
        print_document(model=id, path=path, hidden=hidden and _record(hidden), evidence=known_by, chain=layers)
        return OK
    from hypiler.cli.terminal import write_lines

    write_lines([*_lines(registry, id, path, chain)])
    return OK


def _is_no_model(word: str, near: str | None) -> bool:
    """Whether a word is rather a mistyped code or field than a model with a field."""
    from hypiler.schema.fields import FIELDS

    first, dot, _ = word.partition(".")
    if dot:
        return first in {field.path[0] for field in FIELDS}
    return near is not None or not word.replace("-", "").isalnum()


def _parts(registry: "Registry", text: str) -> "tuple[str | None, str]":
    """The id and the path in `ID.FIELD`; both may hold dots. The longest id that is known counts."""
    places = [place for place, sign in enumerate(text) if sign == "."]
    for place in reversed(places):
        id = text[:place]
        if id in registry or id in registry.hidden:
            return id, _path(text[place + 1 :])
    return (text, "") if text in registry or text in registry.hidden else (None, "")


def _path(word: str) -> str:
    """The path of a field that is named by its path or its attribute."""
    from hypiler.schema.fields import FIELDS

    return next((field.name for field in FIELDS if word == field.attribute), word)


def _lines(registry: "Registry", id: str, path: str, chain: "tuple[Origin, ...]") -> "Iterator[str]":
    from hypiler.diagnostics.escaping import printable

    if id in registry.hidden:
        hidden = registry.hidden[id]
        yield f"`{printable(id)}` is hidden by layer `{printable(hidden.layer)}`, {_place(hidden)}"
        return
    subject = f"`{path}` of `{registry[id].id}`" if path else f"`{registry[id].id}`"
    if not chain:
        yield printable(f"no layer states {subject}")
        return
    yield printable(subject)
    for number, origin in enumerate(chain, 1):
        yield ""
        yield printable(f"{number}. layer {origin.layer}, {_place(origin)}") + (", overridden" if number > 1 else "")
        if not path:
            continue
        yield "   " + ("withdrawn" if origin.withdrawn else f"value: {_json(origin.value)}")
        if not origin.withdrawn:
            yield f"   source: {_source(origin)}"
        if number == 1 and not origin.withdrawn:
            yield f"   known: {_known_by(registry, id, path)}"


def _place(origin: "Origin") -> str:
    from hypiler.diagnostics.escaping import printable

    return f"{printable(origin.file)}:{origin.line}:{origin.column}"


def _source(origin: "Origin") -> str:
    from hypiler.emit.source_links import shown_source

    return shown_source(origin.source).whole if origin.source else "none"


def _known_by(registry: "Registry", id: str, path: str) -> str:
    """How the value that counts is known."""
    from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED
    from hypiler.schema.model import evidence_of

    evidence = evidence_of(registry[id])
    words = {
        VERIFIED: f"verified, by the files at {str(evidence.revision)[:12]}",
        COPY: "agrees with a copy of the files",
        DIFFERS: "differs from the files",
    }
    if path in evidence.facts:
        return words[evidence.facts[path]]
    origin = registry.origin(id, path)
    return "claimed by its source" if origin is not None and origin.source else "stated without a source"


def _json(value: object) -> str:
    from json import dumps

    from hypiler.diagnostics.escaping import printable

    return printable(dumps(value, ensure_ascii=False))


def _record(origin: "Origin") -> "dict[str, Any]":
    names = ("layer", "file", "line", "column", "value", "withdrawn", "source")
    return {name: getattr(origin, name) for name in names}
