"""Ranks documents for queries with a model of the registry.

    python examples/registry_similarity.py                              colbert-small, from the hub
    python examples/registry_similarity.py MODEL_ID --local FOLDER      any model whose files lie in a folder, offline

The first needs a network and an engine; see docs/engines.md.
"""

import argparse
import sys
from pathlib import Path

from hypiler import ModelConfig, UnknownModelError
from hypiler.engines import ENGINES, EngineError

QUERIES = [
    "What is machine learning?",
    "How does deep learning work?",
    "Explain natural language processing",
]
DOCUMENTS = [
    "Machine learning is a branch of artificial intelligence that learns patterns from data",
    "Deep learning trains neural networks with many layers, each on the output of the one before",
    "Natural language processing lets computers read, understand and write human language",
    "A computer vision system recognizes objects in images and videos",
]


def main(arguments: list[str] | None = None) -> int:
    """Encode, compare, and print the matrix with the documents of each query from the nearest on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", metavar="MODEL_ID", nargs="?", default="colbert-small", help="default: colbert-small")
    parser.add_argument("--local", metavar="FOLDER", type=Path, help="the model's files; default: the hub")
    parser.add_argument("--engine", choices=["auto", *ENGINES], default="auto")
    parser.add_argument(
        "--url", metavar="ADDRESS", help="a server that runs the model, such as http://localhost:8080/v1"
    )
    parser.add_argument("--dimension", type=int, help="one of the model's Matryoshka dimensions")
    options = parser.parse_args(arguments)
    try:
        # To pyright, a name of type Any may be that of the deprecated model.
        config = ModelConfig.from_registry(options.model, dimension=options.dimension)  # pyright: ignore[reportDeprecated]
        encoder = config.load(options.engine, local=options.local, url=options.url)
    except (UnknownModelError, EngineError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    queries = encoder.encode_queries(QUERIES)
    documents = encoder.encode_documents(DOCUMENTS)
    scores = encoder.similarity(queries, documents)

    print(f"{config.repo}, {config.embedding_dim} dimensions, by {encoder.engine}; space {encoder.space_id}\n")
    print(" " * 4 + "".join(f"{f'D{number}':>10}" for number in range(1, len(DOCUMENTS) + 1)))
    for number, row in enumerate(scores, 1):
        print(f"Q{number}  " + "".join(f"{score:>10.4f}" for score in row))
    for query, row in zip(QUERIES, scores, strict=True):
        print(f"\n{query}")
        for rank, place in enumerate(sorted(range(len(row)), key=lambda place: -row[place]), 1):
            print(f"  {rank}. {row[place]:.4f}  {DOCUMENTS[place]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
