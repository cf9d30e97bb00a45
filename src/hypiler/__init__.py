"""Typed facts about embedding and retrieval models.

`from hypiler.model_registry import BGE_M3` gives a model of the shipped registry. `ModelConfig` is a model together
with your choices. Importing this package loads nothing else: each name is loaded when it is first used.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.config import ModelConfig
    from hypiler.errors import UnknownModelError
    from hypiler.model_registry import (
        MODEL_REGISTRY,
        MODELS,
        ModelInfo,
        ModelType,
        get_model,
        is_model_id,
        models_by_language,
        models_by_max_embedding_dim,
        models_by_organization,
        models_by_type,
        models_with_matryoshka,
    )
    from hypiler.registry import Registry

__version__ = "0.2.0rc1"
__all__ = [
    "MODELS",
    "MODEL_REGISTRY",
    "ModelConfig",
    "ModelInfo",
    "ModelType",
    "Registry",
    "UnknownModelError",
    "__version__",
    "get_model",
    "is_model_id",
    "models_by_language",
    "models_by_max_embedding_dim",
    "models_by_organization",
    "models_by_type",
    "models_with_matryoshka",
]


def _limit_import_hooks() -> None:
    if "beartype.claw" in sys.modules or "typeguard" in sys.modules:
        from hypiler._import_hooks import limit

        limit()


if not TYPE_CHECKING:
    # Hidden from type checkers: they would accept any name.
    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        _limit_import_hooks()
        if name == "ModelConfig":
            from hypiler import config as home
        elif name == "UnknownModelError":
            from hypiler import errors as home
        elif name == "Registry":
            from hypiler import registry as home
        else:
            from hypiler import model_registry as home
        globals()[name] = value = getattr(home, name)
        return value


def __dir__() -> list[str]:
    return __all__


_limit_import_hooks()
