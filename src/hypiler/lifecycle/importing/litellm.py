"""The table of litellm: prices and limits of APIs. Zero stands for an unknown limit there."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hypiler.lifecycle.importing.files import Files
from hypiler.lifecycle.importing.rows import Row

_FILE = "litellm/model_prices_and_context_window_backup.json"
_VENDORS = {"perplexity": "perplexity-ai", "jina_ai": "jinaai"}
_TYPES = {"embedding": "dense", "rerank": "cross-encoder"}


def litellm_rows(files: Files) -> Iterator[Row]:
    """What litellm says of models that embed or rerank."""
    text = files.text(_FILE)
    for key, entry in json.loads(text).items():
        if entry.get("mode") in _TYPES:
            line = text.count("\n", 0, text.index(json.dumps(key) + ": {")) + 1
            provider = entry.get("litellm_provider", "")
            yield Row(
                "litellm",
                key,
                f"{_FILE}:{line} ({key})",
                tuple(_facts(entry)),
                tuple(sorted(_keys(key.lower(), provider))),
                {"source.api": provider, "source.model": key.removeprefix(f"{provider}/")},
            )


def _keys(key: str, provider: str) -> set[str]:
    """What the catalogue may call the model: only what its own vendor says, or a name that is the repository."""
    provider = provider.partition("-")[0]
    parts = key.split("/")
    if len(parts) > 2:
        return {"/".join(parts[-2:])}
    if len(parts) == 2 and parts[0] != provider:
        return set()
    return {f"{owner}/{parts[-1]}" for owner in (provider, _VENDORS.get(provider, provider))}


def _facts(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if entry.get("max_input_tokens"):
        yield "specs.context_length", entry["max_input_tokens"]
    if entry.get("output_vector_size"):
        yield "specs.embedding_dim", entry["output_vector_size"]
    if entry.get("supports_embedding_image_input"):
        yield "image input", True
    yield "type", [_TYPES[entry["mode"]]]
    if entry.get("deprecation_date"):
        yield "deprecated", f"litellm names {entry['deprecation_date']} as the day on which the API stops serving it"
    yield from ((name, entry[name]) for name in ("input_cost_per_token", "input_cost_per_query") if name in entry)
