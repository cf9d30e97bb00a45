"""Ollama: a Modelfile. Read: the source of 0.33.0-rc2 (convert/, server/routes.go) and docs/modelfile.mdx."""

from re import fullmatch

from hypiler.runtimes.draft import Draft, cut_by_client, prefix_by_client, refuse, require, served_at, unknown
from hypiler.runtimes.facts import HUB, OLLAMA, PATH, SIDES
from hypiler.runtimes.writing import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts

# The architectures of encoders that are converted from safetensors (convert/convert.go), by `architecture.type`.
_CONVERTED = ("bert", "nomic_bert", "gemma3_text", "qwen2", "qwen3", "mistral", "llama", "gemma2")
# The poolings that the conversion of these reads (convert/convert_bert.go, convert/convert_nomicbert.go).
_POOLINGS = {"bert": ("cls", "mean"), "nomic_bert": ("cls", "mean"), "gemma3_text": ("mean",)}


def build(facts: "Facts") -> Draft:
    """The Modelfile, with the commands around it in comments."""
    if facts.other_output:
        raise refuse(facts, f"Ollama does not give its output `{facts.other_output}`")
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "Ollama cannot tell the model a task")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    source, before, lost = _source(facts)
    if facts.normalize is False and facts.stated("similarity") not in (None, "cosine"):
        raise refuse(facts, f"Ollama always normalizes, and this model compares by `{facts.stated('similarity')}`")
    length = max([facts.length(side) or 0 for side in SIDES])
    # A command is on one line, so that it can be copied.
    commands = [*before, command("ollama", "create", facts.id, "-f", "Modelfile")]
    lines = [*[f"# $ {one}" for one in commands], f"FROM {source}"]
    if length:
        lines.append(f"PARAMETER num_ctx {length}")
    arguments = {"FROM": source, "PARAMETER": {"num_ctx": length} if length else {}, "name": facts.id}
    notes = served_at(facts, "/api/embed and /v1/embeddings", 11434)
    return Draft("\n".join(lines) + "\n", arguments, lost + _lost(facts), notes)


def _source(facts: "Facts") -> tuple[str, list[str], list[str]]:
    """What FROM names, the commands before it, and what is lost with it."""
    if facts.place == OLLAMA:
        lost = ["A tag of the library is no pin: record the digest that `ollama show` prints, since a tag can move."]
        return (
            _checked(facts, facts.name),
            [],
            [*lost, "The files of the library are others than the authors', often quantized."],
        )
    file: str | None = getattr(facts.variant, "file", None)
    if facts.variant is not None and not (file or "").endswith(".gguf"):
        raise refuse(facts, f"the variant `{facts.variant.id}` names no GGUF file")
    folder = facts.name if facts.place == PATH else f"./{facts.id}"
    before = []
    if facts.place == HUB:
        revision = ("--revision", facts.revision) if facts.revision else ()
        before = [command("hf", "download", facts.name, *((file,) if file else ()), *revision, "--local-dir", folder)]
    lost = [] if facts.revision else ["The registry pins no commit: the newest files of the repository are downloaded."]
    lost += (
        ["Ollama records no commit: the digest of the model that it creates is the only pin."] if facts.revision else []
    )
    if file:
        return _checked(facts, f"{folder}/{file}"), before, lost
    return _checked(facts, folder), before, lost + _converted(facts)


def _converted(facts: "Facts") -> list[str]:
    """What is lost when safetensors are converted. Raises RuntimeLimitError if the model would be another."""
    if facts.architecture not in _CONVERTED:
        raise refuse(
            facts, f"Ollama converts no files of the architecture `{facts.architecture}`, and no variant is a GGUF file"
        )
    known = _POOLINGS.get(facts.architecture)
    if known is None:
        raise refuse(
            facts,
            f"the conversion of Ollama records no pooling for `{facts.architecture}`, and no variant is a GGUF file",
        )
    if facts.pooling is not None and facts.pooling not in known:
        raise refuse(
            facts,
            f"the conversion of Ollama reads the poolings {', '.join(known)}, and this model has `{facts.pooling}`",
        )
    if facts.has_layers and facts.architecture != "gemma3_text":
        raise refuse(facts, "the conversion of Ollama leaves out the linear layers after the network")
    if facts.architecture == "gemma3_text":
        return []
    return [
        "The conversion reads the pooling only in the form of sentence-transformers 5 and older. If version 6 has saved"
        " the folder, the converted model has no pooling."
    ]


def _checked(facts: "Facts", source: str) -> str:
    """What FROM names, which the file holds without quotes. Raises RuntimeLimitError if it could be read otherwise."""
    if not fullmatch(r"[A-Za-z0-9._:/@+-]+", source):
        raise refuse(
            facts, "FROM of a Modelfile takes letters, digits and `. _ : / @ + -` here; rename the folder or file"
        )
    return source


def _lost(facts: "Facts") -> list[str]:
    lost = prefix_by_client(facts, "Ollama")
    if facts.normalize is not True:
        what = "does not normalize" if facts.normalize is False else "may not normalize"
        lost.append(f"Ollama always normalizes, and this model {what} its vectors.")
    if facts.is_cut and facts.order == "truncate_normalize":
        lost.append(f'Each request must ask for the width, `"dimensions": {facts.dimension}`.')
    elif facts.is_cut:
        lost.append(
            f"Ollama truncates in another order: ask for the full width; the client must {cut_by_client(facts)}."
        )
    lost.append(
        'Longer texts are cut without a message: only /api/embed with `"truncate": false` reports them. A cut text is'
        " tokenized again, so its last tokens may differ."
    )
    if len({facts.length(side) for side in SIDES} - {None}) > 1:
        lost.append("Ollama has one limit for queries and documents: the longer one is set.")
    if missing := unknown(facts):
        lost.append(f"The registry does not state {', '.join([f'`{name}`' for name in missing])}: the files decide.")
    return lost
