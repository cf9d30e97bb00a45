"""Turns the table of acme-embed into models.json, once. The names on the right are those of the format."""

import json
from typing import Any

from acme_embed._models import ROWS

FACTS = {
    "id": "id",
    "kind": "type",
    "title": "name",
    "repo": "huggingface_id",
    "commit": "revision",
    "publisher": "organization",
    "released": "release_date",
    "license": "license",
    "about": "description",
    "family": "architecture.type",
    "backbone": "architecture.variant",
    "projection": "architecture.projection_dims",
    "mrl": "architecture.matryoshka_dims",
    "params": "specs.parameters",
    "dim": "specs.embedding_dim",
    "hidden": "specs.hidden_dim",
    "max_tokens": "specs.context_length",
    "positions": "specs.max_position_embeddings",
    "vocab": "specs.vocab_size",
    "langs": "capabilities.languages",
    "weights": "capabilities.quantization",
    "ndcg10": "performance.beir_avg",
    "beir_sets": "performance.beir_datasets",
    "mrr10": "performance.ms_marco_mrr10",
    "pooling": "encoding.pooling",
    "normalize": "encoding.normalize",
    "similarity": "encoding.similarity",
    "query_prefix": "encoding.query_prefix",
    "passage_prefix": "encoding.document_prefix",
}


def put(entry: dict[str, Any], path: str, value: object) -> None:
    """Set the value at a path such as `specs.embedding_dim`."""
    *sections, key = path.split(".")
    for section in sections:
        entry = entry.setdefault(section, {})
    entry[key] = value


def converted(row: dict[str, Any]) -> dict[str, Any]:
    """A row as an entry. A key that the table above does not name stays, so that `hypiler check` names it."""
    entry: dict[str, Any] = {}
    for key, value in row.items():
        put(entry, FACTS.get(key, key), f"beir-{value}" if key == "beir_sets" else value)
    put(entry, "architecture.has_projection", "projection" in row)
    put(entry, "capabilities.modalities", ["text"])
    put(entry, "capabilities.multi_vector", row["kind"] in ("colbert", "unified"))
    return entry


def main() -> None:
    """Write models.json."""
    tree = {"$schema": "./models.schema.json", "version": "2.0", "models": [converted(row) for row in ROWS]}
    with open("models.json", "w", encoding="utf-8") as file:
        json.dump(tree, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
