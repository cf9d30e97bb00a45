"""Calls the functions and methods of hypiler's public modules, and prints what they return."""

from typing import Any

import hypiler
import hypiler.engines
import hypiler.hosted_registry
import hypiler.model_registry
import hypiler.registry
import hypiler.space

# For checkers it would be a fault.
unknown: Any = "bge-m33"
config = hypiler.ModelConfig.from_registry("bge-m3")
narrow = hypiler.ModelConfig.from_model(hypiler.MODELS["jina-colbert-v2"], dimension=96)
made = hypiler.ModelConfig("org/name", 768, 512, revision="main")
print(config, narrow, made, made.with_variant(None), config == narrow, hash(config) == hash(narrow))
print(hypiler.ModelConfig.colbert_v2(), hypiler.ModelConfig.colbert_small(), hypiler.ModelConfig.jina_colbert_v2())
print(config.space(), config.space_id, config.query_space_id)
print(hypiler.get_model("bge-m3"), hypiler.model_registry.from_registry("bge-m3"), hypiler.is_model_id("bge-m3"))
hosted = hypiler.hosted_registry.from_registry("text-embedding-3-small", dimension=256)
print(hosted, hypiler.hosted_registry.get_model("voyage-4"), hypiler.hosted_registry.models_by_type("dense"))
print(hypiler.models_by_language("de", include_multilingual=True), hypiler.models_by_type("colbert"))
print(hypiler.models_by_organization("Jina AI"), hypiler.models_by_max_embedding_dim(64))

registry = hypiler.Registry.shipped()
print(registry, registry.ok, registry.version, registry.sha256, len(registry), registry.ids)
print(hypiler.Registry.shipped(hosted=True)["text-embedding-3-small"])
model = registry["bge-m3"]
print(model, registry.get("bge-m3") is model, registry.suggest("bge-m"), "bge-m3" in registry, next(iter(registry)))
print(registry.origin("bge-m3", "specs.embedding_dim"), registry.report()[:200])
print(model.to_dict(), model.dimensions, model.resolve_dimension(None), model.pinned_files, model.space_id)
print(sorted(registry.emit()), hypiler.registry.RuleSettings(ignore=["M2"]).ignore)

found = hypiler.space.compare(None, config)
print(found, hypiler.space.compare(config.space(), config), found.outcome, found.side, found.facts)
print(hypiler.space.describe(model), hypiler.space.identify("s2-unknown"))
print([spec.name for spec in hypiler.engines.engine_specs()])
for call in (
    lambda: config.load("no such engine"),
    lambda: hypiler.space.check(None, config),
    lambda: hypiler.ModelConfig.from_registry(unknown),
    lambda: registry[unknown],
):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
