"""A sample of the shipped models, for tests that take long with each of them."""

from hypiler.model_registry import MODEL_REGISTRY, ModelInfo
from hypiler.schema.fields import FIELDS


def _sample() -> list[ModelInfo]:
    """The models that are the first of their type or the first to state a fact, and the one with the longest texts."""
    seen: set[object] = set()
    chosen: dict[str, ModelInfo] = {}
    for model in MODEL_REGISTRY:
        stated = [
            field.attribute for field in FIELDS if getattr(model, field.attribute, None) not in (None, "", (), {})
        ]
        new = {model.model_type, model.deprecated is None, *stated} - seen
        if new:
            seen |= new
            chosen[model.id] = model
    longest = max(MODEL_REGISTRY, key=lambda model: len(repr(model.to_dict())))
    return list((chosen | {longest.id: longest}).values())


SAMPLE = _sample()
