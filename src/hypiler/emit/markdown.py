"""Emits `MODELS.md`: an overview of a registry, and one section or page per model with all its facts and sources."""

import os

from hypiler._digest import sha256_hex
from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.fact_lines import Section, sections_of
from hypiler.emit.header import MARKUP, with_header
from hypiler.emit.markdown_overview import overview
from hypiler.emit.markdown_text import code, counted, linked, paragraph, plain, table
from hypiler.emit.source_links import ShownSource, page_of
from hypiler.model_files.filename_safety import windows_obstacle
from hypiler.schema.model import evidence_of
from hypiler.stamps.listed_bytes import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 500_000
"""The size in bytes of the largest document with all models. GitHub shows 512 000 bytes of a file, and no more."""

_ABSENT = "none, or not published"
_OTHERS = """\
Every other fact is *claimed*: the registry says so, and the source names where it was read; where none is named, the
registry gives none."""
_VERIFIED = """\
{facts} of {models} *verified*: compared with the model's own files at the commit that its {part} names, and equal."""
_COPIES = "Where a {part} says so, facts *agree with a copy* of the files, whose commit is not known."
_NONE = "No fact was compared with the files of the model at a known commit."


def emit_files(registry: CheckedRegistry, path: str) -> dict[str, str]:
    """The target `docs`: one file; if that is too large for GitHub, an overview and a page per model."""
    whole = emit_markdown(registry)
    return {path: whole} if len(whole.encode()) <= LARGEST else _overview_and_pages(registry, path)


def emit_markdown(registry: CheckedRegistry) -> str:
    """The text of `MODELS.md` with all models, which GitHub and CommonMark show alike."""
    compared = any(model.verified_revision or model.agreeing_facts for model in registry)
    body = [_introduction(registry, "section"), *overview(registry)]
    for model in registry:
        body += [f"\n## {model.id}\n\n", *_facts(model, registry, compared=compared)]
    return with_header("".join(body), registry.sha256, MARKUP, layers=registry.layer_marks)


def _overview_and_pages(registry: CheckedRegistry, path: str) -> dict[str, str]:
    """The overview of a large registry, and a page per model in a folder beside it."""
    from urllib.parse import quote

    from hypiler.emit.targets import TARGETS

    folder, top = str(TARGETS["docs"].own_folder(path)), quote(os.path.basename(path))
    below = quote(os.path.basename(folder))
    tables = overview(registry, lambda model: f"{below}/{_file_name(model)}")
    text = with_header("".join([_introduction(registry, "page"), *tables]), registry.sha256, MARKUP)
    pages = {os.path.join(folder, _file_name(model)): _page(model, registry, f"../{top}") for model in registry}
    return {path: text, **pages}


def _file_name(model: "Any") -> str:
    """The name of the file of a page. Windows has devices of some names; no id has an underscore."""
    name = f"{model.id}.md"
    return f"{model.id}_.md" if windows_obstacle(name) else name


def _page(model: "Any", registry: CheckedRegistry, top: str) -> str:
    """The page of a model. Its header has the digest of this model: other models may change without it."""
    body = [f"# {model.id}\n\n[All models]({top})\n\n", *_facts(model, registry, compared=True)]
    evidence = evidence_of(model)
    known = (model.to_dict(), evidence.revision, sorted(evidence.facts.items()), sorted(registry.required.names))
    return with_header("".join(body), sha256_hex(repr(known).encode()), MARKUP)


def _introduction(registry: CheckedRegistry, part: str) -> str:
    """Says which facts were compared with the models' files; `part` is what tells it of a model: "section"."""
    from textwrap import fill

    verified = [model for model in registry if model.verified_revision]
    copied = any(model.agreeing_facts for model in registry)
    others = _OTHERS if verified or copied else _OTHERS.replace("other ", "")
    sentences = [f"{counted(len(registry), 'model')}."]
    if verified:
        number = sum(model.verified_facts for model in verified)
        models = f"{counted(len(verified), 'model')} {'is' if number == 1 else 'are'}"
        sentences.append(_VERIFIED.format(facts=counted(number, "fact"), models=models, part=part))
    sentences += [_COPIES.format(part=part)] * copied + [others] + [_NONE] * (not verified)
    return f"# Models\n\n{fill(' '.join(sentences), 120)}\n\n"


def _evidence(model: "Any") -> str:
    """What was verified of a model, and what is claimed."""
    parts: list[str] = []
    if model.verified_revision:
        facts = f"{counted(model.verified_facts, 'fact')}, at commit {code(model.verified_revision)}"
        parts.append(f"**Verified:** {facts}.")
    if model.agreeing_facts:
        parts.append(f"**Agrees with a copy:** {counted(model.agreeing_facts, 'fact')}.")
    if model.differing_facts:
        parts.append(f"**Differs from the files:** {counted(model.differing_facts, 'fact')}.")
    if not parts:
        return "**Claimed:** no fact was compared with the files of the model at a known commit.\n\n"
    return " ".join([*parts, f"**Claimed:** {counted(model.claimed_facts, 'fact')}."]) + "\n\n"


def _facts(model: "Any", registry: CheckedRegistry, *, compared: bool) -> list[str]:
    """All there is to know of a model; `compared` says whether to tell how many facts were compared with files."""
    lines = [f"**{plain(model.name)}** · {_place(model)}\n\n"]
    if model.deprecated:
        instead = f"; use {code(model.successor)}" if model.successor else ""
        lines.append(f"**Deprecated:** {plain(model.deprecated)}{instead}\n\n")
    if model.description:
        lines.append(f"{paragraph(model.description)}\n\n")
    if compared:
        lines.append(_evidence(model))
    rows = [row for section in sections_of(model, _ABSENT, registry.required) for row in _rows(section)]
    return [*lines, *table(["fact", "value", "source"], rows)]


def _place(model: "Any") -> str:
    """Where the model is."""
    if model.huggingface_id:
        return f"<{page_of(model)}>"
    if model.source_api:
        return f"{plain(model.source_model)}, behind the API of {plain(model.source_api)}"
    if model.source_ollama:
        return f"{plain(model.source_ollama)}, in the library of Ollama"
    return linked(ShownSource(place_of(model)))


def _rows(section: Section) -> list[list[str]]:
    if section.title == "sources":  # of facts that are not known, and of parts that have no row
        return [[plain(fact.label), "", linked(fact.source)] for fact in section.facts]
    prefix = f"{section.title}." if section.whole else ""
    rows: list[list[str]] = []
    for fact in section.facts:
        if section.title == "model" and fact.label in ("id", "name", "huggingface_id", "description", "deprecated"):
            continue  # these are above the table
        value = "<br>".join([code(line) if fact.exact else plain(line) for line in fact.lines])
        origin = linked(fact.source or section.source)
        rows.append([plain(prefix + fact.label), value, "; ".join(filter(None, (fact.compared, origin)))])
    return rows
