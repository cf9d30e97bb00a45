"""What a runtime's module writes, before comments are put around it, and sentences that several runtimes share."""

from dataclasses import dataclass, field

from hypiler.runtimes.errors import RuntimeLimitError
from hypiler.runtimes.facts import HUB, SIDES
from hypiler.runtimes.writing import literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts

_FACTS = {
    "dense": ("pooling", "normalize"),
    "static": ("normalize",),
    "multi_vector": ("normalize",),
    "sparse": ("activation",),
}


@dataclass(slots=True)
class Draft:
    """What the module of a runtime gives.

    Attributes:
        text: Code or command lines, without the comments at the beginning.
        arguments: The same facts as JSON types.
        lost: What the runtime cannot honour or decides by itself, as sentences.
        notes: What the snippet does beyond the usual, and how it is used, as sentences.
    """

    text: str
    arguments: "dict[str, Any]"
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def unknown(facts: "Facts") -> list[str]:
    """The facts of the contract that the registry does not state, by their paths in models.json."""
    names = [name for name in _FACTS.get(facts.kind, ()) if facts.stated(name) is None]
    if facts.kind != "reranker":
        names += [f"{side}_prefix" for side in SIDES if facts.prefix(side) is None]
    sides = SIDES[1:] if facts.kind == "reranker" else SIDES
    names += [f"{side}_length" for side in sides if facts.length(side) is None]
    return [f"encoding.{name}" for name in names]


def unknown_by_files(facts: "Facts") -> list[str]:
    """One sentence about the facts that a runtime takes from the files because the registry does not state them."""
    names = unknown(facts)
    if not names:
        return []
    listed = ", ".join([f"`{name}`" for name in names])
    return [f"The registry does not state {listed}: the files of the model decide, and nothing here checks them."]


def require(facts: "Facts", runtime: str, *names: str) -> None:
    """Raise RuntimeLimitError if a fact that the code must spell out is not stated."""
    missing = [name for name in names if f"encoding.{name}" in unknown(facts)]
    if missing:
        listed = ", ".join([f"`encoding.{name}`" for name in missing])
        raise RuntimeLimitError(f"{runtime} needs {listed}, which the registry does not state for `{facts.id}`")


def served_at(facts: "Facts", route: str, port: int) -> list[str]:
    """Sentences about the address of a server, and about hypiler's client of it."""
    found = [f"The server answers {route} at port {port}."]
    if facts.kind == "dense":
        found.append(f'hypiler\'s own client: config.load("server", url="http://localhost:{port}/v1")')
    return found


def dtype(facts: "Facts") -> str:
    """The precision that gives the reference's vectors: that of the published weights, or else float32."""
    published = facts.stated("quantization") or ()
    half = next((one for one in published if one in ("fp32", "bf16", "fp16")), "fp32")
    return "float32" if "fp32" in published else {"bf16": "bfloat16", "fp16": "float16"}.get(half, "float32")


def cut_by_client(facts: "Facts") -> str:
    """What a client does with vectors of full width to get the chosen dimension."""
    first = {
        "truncate_normalize": f"keep the first {facts.dimension} numbers",
        "normalize_truncate": f"keep the first {facts.dimension} numbers of the vectors of length 1",
        "layer_norm_truncate_normalize": f"apply a layer norm and keep the first {facts.dimension} numbers",
    }
    again = facts.normalize is not False and facts.order != "normalize_truncate"
    return first[facts.order] + (", then normalize again" if again else "")


def length_by_files(facts: "Facts", runtime: str) -> list[str]:
    """A sentence about lengths that a server takes from the files."""
    known = {side: facts.length(side) for side in SIDES if facts.length(side)}
    if not known:
        return []
    shown = (
        f"{known['document']} tokens"
        if len({*known.values()}) == 1 and "document" in known
        else " and ".join(
            [f"{length} tokens for {'queries' if side == 'query' else 'documents'}" for side, length in known.items()]
        )
    )
    return [f"{runtime} takes the longest input from the files of the model; the registry states {shown}."]


def unpinned(facts: "Facts") -> list[str]:
    """A sentence if no commit is pinned."""
    if facts.place != HUB or facts.revision is not None:
        return []
    return ["The registry pins no commit: the newest files of the repository are loaded, whatever they are that day."]


def refuse(facts: "Facts", problem: str) -> RuntimeLimitError:
    """The error for a model that a runtime cannot run."""
    return RuntimeLimitError(f"`{facts.id}`: {problem}")


def shown_prefixes(facts: "Facts") -> "dict[str, str]":
    """The texts that must stand before the texts of each side, where there are any."""
    prefixes = {side: facts.text(side) or "" for side in SIDES}
    return {side: text for side, text in prefixes.items() if text}


def prefix_by_client(facts: "Facts", runtime: str) -> list[str]:
    """A sentence about the prefixes that the client of a server must put before its texts."""
    words = {"query": "queries", "document": "documents"}
    pairs = [f"{literal(text)} before {words[side]}" for side, text in shown_prefixes(facts).items()]
    if not pairs:
        return []
    return [f"{runtime} adds no prefix: the client must put {' and '.join(pairs)}."]


def lengths(facts: "Facts") -> "dict[str, int | None]":
    """The longest input of each side in tokens."""
    return {side: facts.length(side) for side in SIDES}


def code_warning(facts: "Facts") -> str:
    """The warning beside the argument that switches remote code on."""
    review = "review it at this commit" if facts.revision else "no commit is pinned, so it may change after your review"
    return f"This runs code from the repository: {review}."
