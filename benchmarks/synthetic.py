"""Writes a registry of made-up models: `python benchmarks/synthetic.py 1000 FILE`.

Deterministic, and model number i is the same in a registry of any size. How often each
kind occurs and how long the texts are follows real registries; the facts agree with
each other, so `hypiler check` finds nothing.
"""

import json
import sys
from pathlib import Path
from random import Random
from typing import Any, NamedTuple


class Backbone(NamedTuple):
    """The facts that models with the same body share."""

    architecture: str
    variant: str
    parameters: str
    hidden: int
    vocabulary: int
    positions: int
    context: int


BACKBONES = [
    Backbone("bert", "bert-base-uncased", "109M", 768, 30522, 512, 512),
    Backbone("bert", "bert-large-uncased", "335M", 1024, 30522, 512, 512),
    Backbone("bert", "MiniLM-L6-H384", "22.7M", 384, 30522, 512, 256),
    Backbone("distilbert", "distilbert-base", "66.4M", 768, 30522, 512, 512),
    Backbone("modernbert", "ModernBERT-base", "149M", 768, 50368, 8192, 8192),
    Backbone("xlm-roberta", "xlm-roberta-base", "278M", 768, 250002, 514, 512),
    Backbone("xlm-roberta", "xlm-roberta-large", "568M", 1024, 250002, 8194, 8192),
    Backbone("qwen2", "Qwen2-1.5B", "1.5B", 1536, 151646, 32768, 8192),
]
# Seen in real registries: three of five models are dense, and every other kind is rare.
TYPES = {
    "dense": 60,
    "colbert": 10,
    "sparse": 10,
    "reranker": 8,
    "vision-language": 6,
    "static": 4,
    "unified": 2,
}
ORGANIZATIONS = {
    "Amber Search": "amber-search",
    "Boreal AI": "borealai",
    "Cobalt Labs": "cobalt",
    "Delta Retrieval Group": "delta-retrieval",
    "Ember.AI": "ember-ai",
    "Fjord NLP": "fjord-nlp",
    "Granite Vectors": "granite-vectors",
    "Harbor Research": "harbor",
    "Iris": "iris-embeddings",
    "Juniper": "juniper",
}
LANGUAGES = """
    ar cs de en es fi fr hi id it ja ko nl pl pt ru sv th tr uk vi zh
    """.split()
WORDS = """
    a body that was pretrained on web pages and fine-tuned with pairs of questions and
    passages mined from forums encyclopedias code and scientific abstracts for search
    clustering and classification in several domains where inputs are long answers are
    short and latency matters more than the last point of accuracy
    """.split()
# The share of models that truncate, that are for English alone, that have a score.
MATRYOSHKA, ENGLISH, BEIR, MS_MARCO = 0.2, 0.5, 0.6, 0.5


def models(count: int) -> list[dict[str, Any]]:
    """Make the first `count` models."""
    return [model(number) for number in range(count)]


def model(number: int) -> dict[str, Any]:
    """Make the model of this number."""
    random = Random(number)
    kind = random.choices(list(TYPES), weights=list(TYPES.values()))[0]
    organization, account = random.choice(list(ORGANIZATIONS.items()))
    body = random.choice(BACKBONES)
    width = random.choice([64, 96, 128]) if kind == "colbert" else body.hidden
    # A sparse vector has one number per word of the vocabulary.
    width = body.vocabulary if kind == "sparse" else width
    dims = _matryoshka_dims(width) if random.random() < MATRYOSHKA else []
    id = f"{kind}-{body.variant.lower()}-{number:06}"
    return {
        "id": id,
        "type": kind,
        "name": id.replace("-", " ").title(),
        "huggingface_id": f"{account}/{id}",
        "organization": organization,
        "release_date": f"{random.randint(2020, 2026)}-{random.randint(1, 12):02}",
        "architecture": {
            "type": body.architecture,
            "variant": body.variant,
            "has_projection": kind == "colbert",
            **({"projection_dims": width} if kind == "colbert" else {}),
            **({"matryoshka_dims": dims} if dims else {}),
        },
        "specs": {
            "parameters": body.parameters,
            "embedding_dim": width,
            "hidden_dim": body.hidden,
            "context_length": body.context,
            "max_position_embeddings": body.positions,
            "vocab_size": body.vocabulary,
        },
        "files": {
            "tokenizer": "tokenizer.json",
            "config": "config.json",
            "weights": {
                "safetensors": "model.safetensors",
                "pytorch": "pytorch_model.bin",
            },
        },
        "capabilities": {
            "languages": _languages(random),
            "modalities": ["text", "image"] if kind == "vision-language" else ["text"],
            "multi_vector": kind == "colbert",
            "quantization": ["fp32", "fp16", "int8"][: random.randint(1, 3)],
            **({"matryoshka": True} if dims else {}),
        },
        "performance": _performance(random),
        "license": random.choice(["Apache-2.0", "MIT", "CC-BY-NC-4.0"]),
        "description": _sentence(random),
    }


def _matryoshka_dims(width: int) -> list[int]:
    smaller = [dim for dim in (64, 128, 256, 512) if dim < width < 10_000]
    return [*smaller, width] if smaller else []


def _languages(random: Random) -> list[str]:
    if random.random() < ENGLISH:
        return ["en"]
    return sorted(random.sample(LANGUAGES, random.randint(2, 12)))


def _performance(random: Random) -> dict[str, Any]:
    beir = _score(random, published=BEIR)
    sets = {} if beir is None else {"beir_datasets": "beir-15"}
    return {"beir_avg": beir, "ms_marco_mrr10": _score(random, published=MS_MARCO), **sets}


def _score(random: Random, *, published: float) -> float | None:
    return round(random.uniform(0.3, 0.6), 4) if random.random() < published else None


def _sentence(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=random.randint(12, 40))).capitalize() + "."


def write_registry(entries: list[dict[str, Any]], path: Path) -> None:
    """Write the models as the file that a person would keep."""
    tree = {"version": "1.0", "models": entries}
    path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_registry(models(int(sys.argv[1])), Path(sys.argv[2]))
