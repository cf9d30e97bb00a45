"""Drafts a new entry of models.json from a model's files alone."""

import re

from hypiler.model_files.extract import extract_facts
from hypiler.model_files.late_interaction import SIDES
from hypiler.model_files.repository import MODULES
from hypiler.schema.fields import FIELDS
from hypiler.verification.verdict import FACTS, text_after_markers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.hub.snapshot import Snapshot
    from hypiler.model_files.facts import Evidence, FileFact


def draft(snapshot: "Snapshot", *, id: str | None = None) -> "tuple[dict[str, Any], Evidence]":
    """The entry of a model whose files were read, and the evidence for it.

    Facts that the files do not state are left out, even if models.json requires them. `hypiler check` then reports
    them, so that the user looks them up.
    """
    evidence = _evidence(snapshot)
    name = snapshot.repository.rpartition("/")[2]
    # An entry is pinned only if every file that was read is that of the commit.
    revision = snapshot.revision if all(map(snapshot.is_at_commit, snapshot.files)) else None
    values: dict[str, Any] = {
        "id": id or proposed_id(name),
        "name": name,
        "huggingface_id": snapshot.repository,
        "revision": revision,
    }
    sources: dict[str, str] = {}
    facts = _without_markers(evidence.facts)
    for field in FACTS:
        fact = facts.get(field.name)
        # A null is written only for a required field, and a hint never: the value may be another one.
        if fact is not None and not fact.hint and (fact.value is not None or field.required):
            values[field.name] = field.compare.corrected(None, fact.value)
            sources[field.name] = fact.source(snapshot.repository, revision)
    entry: dict[str, Any] = {}
    for field in FIELDS:
        if values.get(field.name) is not None or field.name in sources:
            field.set(entry, values[field.name])
    entry["sources"] = sources
    return entry, evidence


def _evidence(snapshot: "Snapshot") -> "Evidence":
    """What the files say.

    A folder with a modules.json is taken for a whole model of sentence-transformers: what is missing there has the
    library's default.
    """
    complete = snapshot.complete or MODULES in snapshot.names
    return extract_facts(snapshot.names, snapshot.files, snapshot.sizes, complete=complete)


def _without_markers(facts: "Mapping[str, FileFact]") -> "dict[str, FileFact]":
    """The facts that files show. A prefix of late interaction is the text after its marker, and none without text."""
    markers = {f"encoding.{side}_marker": f"encoding.{side}_prefix" for side in SIDES}
    encoding = {path.removeprefix("encoding."): facts[path].value for path in markers if path in facts}
    found = dict(text_after_markers({"encoding": encoding}, facts))
    for marker, prefix in markers.items():
        if marker in found and prefix in found and not found[prefix].value:
            del found[prefix]
    return found


def proposed_id(name: str) -> str:
    """An id for a repository of this name: in lower case, with hyphens for characters that an id cannot have."""
    id = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", name.lower()))
    return id if id[:1].isalpha() else f"model-{id}".removesuffix("-")
