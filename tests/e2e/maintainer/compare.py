"""Says where the table differs from the registry that replaces it, before the table is deleted."""

from acme_embed._models import ROWS
from acme_embed.model_registry import MODELS_BY_ID

NAMES = {"dim": "embedding_dim", "max_tokens": "context_length", "query_prefix": "query_prefix", "license": "license"}

for row in ROWS:
    model = MODELS_BY_ID[row["id"]]
    for old, new in NAMES.items():
        if old in row and row[old] != getattr(model, new):
            print(f"{model.id}: {old} was {row[old]!r}, {new} is {getattr(model, new)!r}")
