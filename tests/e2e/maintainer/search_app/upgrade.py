"""What the second version of acme-embed brings: before, the constant does not exist."""

# What pyright says twice of the same fault.
# pyright: reportUnknownVariableType=false

from acme_embed.model_registry import COLBERT_SMALL as NEW_DEFAULT

__all__ = ["NEW_DEFAULT"]
