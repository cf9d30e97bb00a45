"""A catalogue of a few models, which does not change when the shipped registry does."""

import json
from pathlib import Path
from typing import Any

from hypiler.lifecycle.importing.catalogue import Catalogue
from hypiler.registry import Registry


def _model(repository: str, width: int, **more: Any) -> dict[str, Any]:
    name = repository.partition("/")[2]
    specs = {"embedding_dim": width, **more.pop("specs", {})}
    kind = more.pop("type", "dense")
    return {"id": name.lower(), "type": kind, "name": name, "huggingface_id": repository, "specs": specs, **more}


MODELS: list[dict[str, Any]] = [
    _model(
        "BAAI/bge-small-en-v1.5",
        384,
        specs={"context_length": 512},
        license="MIT",
        encoding={"pooling": "cls", "similarity": "cosine"},
        sources={"specs.embedding_dim": "config.json", "license": "card"},
    ),
    _model("BAAI/bge-m3", 1024, type="unified", license="MIT"),
    _model(
        "nomic-ai/nomic-embed-text-v1.5",
        768,
        specs={"context_length": 8192},
        architecture={"matryoshka_dims": [64, 256, 768]},
        encoding={"query_prefix": "search_query: ", "document_prefix": "search_document: "},
    ),
    _model("BAAI/bge-reranker-base", 768, type="reranker", specs={"context_length": 512}),
    {
        "id": "text-embedding-3-small",
        "type": "dense",
        "name": "text-embedding-3-small",
        "source": {"api": "openai", "model": "text-embedding-3-small"},
        "specs": {"embedding_dim": 1536},
        "architecture": {"matryoshka_range": {"min": 256, "max": 1536}},
    },
]


def small_catalogue(folder: Path) -> Catalogue:
    """The catalogue of these models, whose file lies in the folder."""
    file = folder / "catalogue.json"
    file.write_text(json.dumps({"version": "1.0", "models": MODELS}))
    registry = Registry.load(file, lock=False, required="core")
    assert registry.ok, registry.report()
    return Catalogue([*registry])
