"""infinity. Read: the source of infinity_emb 0.0.78 (cli.py, env.py, transformer/embedder/sentence_transformer.py)."""

from hypiler.runtimes.draft import (
    Draft,
    code_warning,
    cut_by_client,
    dtype,
    length_by_files,
    prefix_by_client,
    refuse,
    require,
    served_at,
    unknown_by_files,
    unpinned,
)
from hypiler.runtimes.writing import command, comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts


def build(facts: "Facts") -> Draft:
    """The command line of the server, on its engine torch."""
    if facts.other_output or facts.variant is not None:
        raise refuse(facts, "a snippet for infinity serves the default output of the model's own weights")
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "infinity cannot tell the model a task")
    if facts.normalize is False and facts.stated("similarity") not in (None, "cosine"):
        raise refuse(facts, f"infinity always normalizes, and this model compares by `{facts.stated('similarity')}`")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    words = [
        *("infinity_emb", "v2"),
        *("--model-id", facts.name),
        *(("--revision", facts.revision) if facts.revision else ()),
        *("--served-model-name", facts.id),
        *("--engine", "torch"),
        *("--dtype", dtype(facts)),
        "--trust-remote-code" if facts.remote_code else "--no-trust-remote-code",
        *("--url-prefix", "/v1"),
        *("--port", "7997"),
    ]
    route = "/v1/rerank" if facts.kind == "reranker" else "/v1/embeddings"
    warning = comment(code_warning(facts)) + "\n" if facts.remote_code else ""
    notes = served_at(facts, route, 7997)
    if not facts.remote_code:
        notes.append("Without `--no-trust-remote-code`, the server would run code from the repository.")
    return Draft(warning + command(*words) + "\n", {"command": words, "route": route}, _lost(facts), notes)


def _lost(facts: "Facts") -> list[str]:
    lost = unpinned(facts) + prefix_by_client(facts, "The server")
    if facts.kind == "dense":
        if facts.pooling is not None:
            lost.append(
                "The engine torch takes the pooling from the files of the model, whatever `--pooling-method` says; the"
                f" registry states `{facts.pooling}`."
            )
        if facts.normalize is not True:
            what = "does not normalize" if facts.normalize is False else "may not normalize"
            lost.append(f"The server always normalizes, and this model {what} its vectors.")
        lost.append("The server removes whitespace at both ends of each text.")
    if facts.is_cut:
        lost.append(
            f"The server truncates without normalizing: ask for the full width; the client must {cut_by_client(facts)}."
        )
    return lost + length_by_files(facts, "The server") + unknown_by_files(facts)
