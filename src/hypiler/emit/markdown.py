"""Emits `MODELS.md`: an overview of a registry, and one section per model with all its facts and their sources."""

import re

from hypiler.compiler.checked import CheckedRegistry
from hypiler.diagnostics.escaping import printable
from hypiler.emit.fact_lines import Section, sections_of
from hypiler.emit.header import MARKUP, with_header
from hypiler.emit.source_links import ShownSource
from hypiler.emit.widths import widths_text
from hypiler.stamps.listed_bytes import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ABSENT = "none, or not published"
_CLAIMED = """\
# Models

{count}. Every fact is *claimed*: the registry says so, and the source names where it was read; where none is named, the
registry gives none. No fact was compared with the files of the model at a known commit.

"""
_VERIFIED = """\
# Models

{count}. {facts} of {models} *verified*: compared with the model's own files at the commit that its section names, and
equal. {copies}Every other fact is *claimed*: the registry says so, and the source names where it was read; where none
is named, the registry gives none.

"""
_COPIED = """\
# Models

{count}. {copies}Every other fact is *claimed*: the registry says so, and the source names where it was read; where none
is named, the registry gives none. No fact was compared with the files of the model at a known commit.

"""
_COPIES = "Where a section says so, facts *agree with a copy* of the files, whose commit is not known. "
_OVERVIEW = ["id", "type", "organization", "width", "context", "parameters", "licence", "BEIR nDCG@10"]
# A word of a text that is an address and nothing more may become a link.
_address = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*[A-Za-z0-9/_~=-]").fullmatch
# What would begin markup inside a line: code, emphasis, a link, HTML, an entity, a cell, an address.
_special = re.compile(
    r"[\\`*\[\]<|~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.", re.IGNORECASE
).sub
# What would begin a list, a quote, a heading or a rule at the beginning of a paragraph.
_opening = re.compile(r"[-+>#=]|(?<=[0-9])[.)]").sub


def emit_files(registry: CheckedRegistry, path: str) -> dict[str, str]:
    """The target `docs`: one file."""
    return {path: emit_markdown(registry)}


def emit_markdown(registry: CheckedRegistry) -> str:
    """The text of `MODELS.md`, which GitHub and CommonMark show alike."""
    models = registry.models
    anchors = _anchors([model.id for model in models])
    overview = _table(_OVERVIEW, [_summary(model, anchor) for model, anchor in zip(models, anchors, strict=True)])
    body = [_introduction(registry), *overview, *[line for model in models for line in _section(model, registry)]]
    return with_header("".join(body), registry.sha256, MARKUP)


def _introduction(registry: CheckedRegistry) -> str:
    """Says which facts were compared with the models' files."""
    count = _counted(len(registry), "model")
    verified = [model for model in registry if model.verified_revision]
    copied = any(model.agreeing_facts for model in registry)
    if not verified and not copied:
        return _CLAIMED.format(count=count)
    if not verified:
        return _COPIED.format(count=count, copies=_COPIES)
    number = sum(model.verified_facts for model in verified)
    models = f"{_counted(len(verified), 'model')} {'is' if number == 1 else 'are'}"
    copies = _COPIES if copied else ""
    return _VERIFIED.format(count=count, facts=_counted(number, "fact"), models=models, copies=copies)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _evidence(model: "Any") -> str:
    """What was verified of a model, and what is claimed."""
    parts: list[str] = []
    if model.verified_revision:
        facts = f"{_counted(model.verified_facts, 'fact')}, at commit {_code(model.verified_revision)}"
        parts.append(f"**Verified:** {facts}.")
    if model.agreeing_facts:
        parts.append(f"**Agrees with a copy:** {_counted(model.agreeing_facts, 'fact')}.")
    if model.differing_facts:
        parts.append(f"**Differs from the files:** {_counted(model.differing_facts, 'fact')}.")
    if not parts:
        return "**Claimed:** no fact was compared with the files of the model at a known commit.\n\n"
    return " ".join([*parts, f"**Claimed:** {_counted(model.claimed_facts, 'fact')}."]) + "\n\n"


def _anchors(ids: list[str]) -> list[str]:
    """The anchors of the sections, as GitHub makes them from headings: without dots, and equal names are numbered."""
    taken = {"models": 1}
    anchors: list[str] = []
    for id in ids:
        name = id.replace(".", "")
        number = taken.get(name, 0)
        taken[name] = number + 1
        anchors.append(f"{name}-{number}" if number else name)
    return anchors


def _summary(model: "Any", anchor: str) -> list[str]:
    width = widths_text(model.dimensions)
    score = "–" if model.beir_avg is None else f"{model.beir_avg} ({model.beir_datasets or 'set not stated'})"
    facts = [model.organization, width, model.context_length, model.parameters, model.license]
    texts = [*["–" if fact is None else str(fact) for fact in facts], score]
    link = f"[{model.id}](#{anchor})" + (" (deprecated)" if model.deprecated else "")
    return [link, *map(_text, [model.model_type, *texts])]


def _section(model: "Any", registry: CheckedRegistry) -> list[str]:
    lines = [f"\n## {model.id}\n\n", f"**{_text(model.name)}** · {_place(model)}\n\n"]
    if model.deprecated:
        lines.append(f"**Deprecated:** {_text(model.deprecated)}\n\n")
    if model.description:
        lines.append(f"{_paragraph(model.description)}\n\n")
    if any(other.verified_revision or other.agreeing_facts for other in registry):
        lines.append(_evidence(model))
    rows = [row for section in sections_of(model, _ABSENT, registry.required) for row in _rows(section)]
    return [*lines, *_table(["fact", "value", "source"], rows)]


def _place(model: "Any") -> str:
    """Where the model is."""
    if model.huggingface_id:
        return f"<https://huggingface.co/{model.huggingface_id}>"
    if model.source_api:
        return f"{_text(model.source_model)}, behind the API of {_text(model.source_api)}"
    if model.source_ollama:
        return f"{_text(model.source_ollama)}, in the library of Ollama"
    return _linked(ShownSource(place_of(model)))


def _rows(section: Section) -> list[list[str]]:
    if section.title == "sources":  # of facts that are not known, and of parts that have no row
        return [[_text(fact.label), "", _linked(fact.source)] for fact in section.facts]
    prefix = f"{section.title}." if section.whole else ""
    rows: list[list[str]] = []
    for fact in section.facts:
        if section.title == "model" and fact.label in ("id", "name", "huggingface_id", "description", "deprecated"):
            continue  # these are above the table
        value = "<br>".join([_code(line) if fact.exact else _text(line) for line in fact.lines])
        rows.append([_text(prefix + fact.label), value, _linked(fact.source or section.source)])
    return rows


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows)]


def _text(text: str) -> str:
    """Text without markup inside a line. All text of the registry goes through here or through `_code`."""
    return _special(r"\\\g<0>", printable(text).strip())


def _paragraph(text: str) -> str:
    """Text without markup at the beginning of a paragraph."""
    text = _text(text)
    word, blank, rest = text.partition(" ")
    return _opening(r"\\\g<0>", word) + blank + rest


def _linked(source: ShownSource) -> str:
    """A source as a link to its place; in plain text, addresses are links."""
    if source.address:
        # An entity in the target of a link would be decoded.
        target = source.address.replace("&", "&amp;")
        return f"[{_text(source.place)}](<{target}>){_text(source.rest + '.')[:-1]}"
    text = source.text
    return " ".join([f"<{word}>" if _address(word) else _text(word) for word in printable(text).split(" ")]).strip()


def _code(text: str) -> str:
    """Text whose spaces must be kept, as a code span inside a cell."""
    text = printable(text)
    runs = re.findall("`+", text)
    fence = "`" * (max([len(run) for run in runs], default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
