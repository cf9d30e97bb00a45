"""Snippets for runtimes: the code or the command line that runs a model as the registry describes it.

One function takes a `ModelConfig` and the name of a runtime, and returns text to copy:

    snippet = hypiler.runtimes.snippet(config, "sentence-transformers")
    print(snippet.text)

Nothing is imported, downloaded or started. The text states the facts of the registry: the commit, the prefixes, the
pooling, normalization, the dimension and the longest input. `snippet.lost` says what the runtime cannot do, and the
comments in the text say the same. docs/runtimes/ has a page per runtime.
"""

from dataclasses import dataclass

from hypiler.runtimes.errors import RuntimeLimitError
from hypiler.runtimes.facts import Facts
from hypiler.runtimes.specs import SPECS, spec_of
from hypiler.runtimes.writing import comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.protocols import Config
    from hypiler.runtimes.draft import Draft
    from hypiler.runtimes.specs import RuntimeSpec
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping

    Any = Config = object

RUNTIMES: tuple[str, ...] = tuple(spec.name for spec in SPECS)
"""The names of the runtimes, as `snippet` and `hypiler snippet --for` take them."""

__all__ = ["RUNTIMES", "RuntimeLimitError", "Snippet", "snippet", "snippets"]


@dataclass(frozen=True, slots=True)
class Snippet:
    """The code, command lines or file that run a model in a runtime.

    Attributes:
        runtime: One of `RUNTIMES`.
        model: The id of the model.
        kind: `dense`, `static`, `multi_vector`, `sparse` or `reranker`.
        language: The language of the text: `python`, `sh` or `modelfile`.
        text: The code, the command lines or the file to copy, with comments.
        arguments: The content of the text as JSON types: a class with its arguments, or the words of a command.
        lost: Sentences that say what the runtime cannot do, or what the client must do itself.
        notes: Sentences about anything unusual in the text.
    """

    runtime: str
    model: str
    kind: str
    language: str
    text: str
    arguments: "Mapping[str, Any]"
    lost: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> "dict[str, Any]":
        """The snippet as JSON types."""
        names = ("runtime", "model", "kind", "language", "text", "arguments", "lost", "notes")
        found = {name: getattr(self, name) for name in names}
        return found | {"arguments": dict(self.arguments), "lost": list(self.lost), "notes": list(self.notes)}


def snippet(config: "Config", runtime: str) -> Snippet:
    """The snippet that runs the model of a config in a runtime.

    Args:
        config: The model with the chosen dimension, output, prompts and variant.
        runtime: One of `RUNTIMES`.

    Raises:
        RuntimeLimitError: If the runtime cannot run the model as the registry describes it. The error lists the
            runtimes that can.
        ValueError: For an unknown runtime, and for a config that was not created from a registry entry.
    """
    spec = spec_of(runtime)
    facts = Facts(config)
    try:
        draft = spec.build(facts)
    except RuntimeLimitError as error:
        raise RuntimeLimitError(error.problem, _fitting(facts)) from None
    return _made(spec, facts, draft)


def snippets(config: "Config") -> "dict[str, Snippet]":
    """The snippets of a model by runtime, of every runtime that can run the model as the registry describes it.

    Raises ValueError for a config that was not created from a registry entry.
    """
    found: dict[str, Snippet] = {}
    try:
        facts = Facts(config)
    except RuntimeLimitError:
        return found
    for spec in SPECS:
        try:
            found[spec.name] = _made(spec, facts, spec.build(facts))
        except ValueError:
            continue
    return found


def _made(spec: "RuntimeSpec", facts: Facts, draft: "Draft") -> Snippet:
    return Snippet(
        spec.name,
        facts.id,
        facts.kind,
        spec.language,
        _told(spec, facts, draft),
        draft.arguments,
        tuple(draft.lost),
        tuple(draft.notes),
    )


def _fitting(facts: Facts) -> list[str]:
    """The runtimes that have a snippet for a model."""
    found: list[str] = []
    for spec in SPECS:
        try:
            spec.build(facts)
        except ValueError:
            continue
        found.append(spec.name)
    return found


def _told(spec: "RuntimeSpec", facts: Facts, draft: "Draft") -> str:
    """The text after comments that say what it is, what is lost, and what it does."""
    lines = [comment(f"{facts.id} for {spec.title} ({spec.version})")]
    lines += [comment(sentence, "Lost: ") for sentence in draft.lost]
    lines += [comment(sentence, "Note: ") for sentence in draft.notes]
    return "\n".join([*lines, draft.text])
