"""A model that the second version of acme-embed deprecates."""

from acme_embed import get_model

SPARSE = get_model("splade-pp-en-v1")
