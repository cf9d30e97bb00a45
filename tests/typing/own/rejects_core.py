"""What every checker must reject of a registry that requires the core alone."""

from .model_registry import HERE

HERE.license.lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
HERE.context_length.bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
