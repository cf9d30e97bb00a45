"""Every part of the registry's API, on the models that hypiler ships.

Run it with `python examples/model_registry_demo.py`. It needs no network: the facts were compiled into the package.
"""

from hypiler import ModelConfig, UnknownModelError
from hypiler.model_registry import (
    COLBERT_V2,
    JINA_COLBERT_V2,
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


def heading(text: str) -> None:
    """A title above the next lines."""
    print(f"\n{text}\n{'-' * len(text)}")


def ids(models: tuple[ModelInfo, ...]) -> str:
    """The ids of some models, on one line."""
    shown = ", ".join(model.id for model in models[:5])
    return f"{len(models)}: {shown}" + (", …" if len(models) > 5 else "")


def constants() -> None:
    """A constant a model: completed by the editor, checked by mypy and pyright."""
    heading("A model by its constant")
    print(f"Model:      {COLBERT_V2.name} ({COLBERT_V2.huggingface_id})")
    print(f"Type:       {COLBERT_V2.model_type}")
    print(f"Dimensions: {COLBERT_V2.embedding_dim}")
    print(f"Context:    {COLBERT_V2.context_length} tokens, queries {COLBERT_V2.query_length}")
    print(f"BEIR:       {COLBERT_V2.beir_avg} nDCG@10 over {COLBERT_V2.beir_datasets}")
    print(f"Licence:    {COLBERT_V2.license}")
    print(f"Source:     {COLBERT_V2.sources['performance.beir_avg']}")


def lookups() -> None:
    """By id: known when you write it, or only when the program runs."""
    heading("A model by its id")
    small = get_model("colbert-small")  # a known id: ModelInfo, no None to handle
    print(f"get_model:  {small.name}, {small.embedding_dim} dimensions")
    print(f"MODELS[…]:  {MODELS['bge-m3'].name}, {MODELS['bge-m3'].context_length} tokens")

    for name in ("bge-m3", "bge-m4"):  # known at run time only: ask before you use it
        found = get_model(name)
        print(f"{name}:     {'unknown' if found is None else found.organization}")
        if is_model_id(name):
            print(f"            {ModelConfig.from_registry(name)}")


def queries() -> None:
    """Answers come from indexes made at build time, in the order of the file."""
    heading("Queries")
    print(f"ColBERT models      {ids(models_by_type(ModelType.COLBERT))}")
    print(f"from Jina AI        {ids(models_by_organization('Jina AI'))}")
    print(f"for German          {ids(models_by_language('de'))}")
    print(f"up to 128 wide      {ids(models_by_max_embedding_dim(128))}")
    print(f"with Matryoshka     {ids(models_with_matryoshka())}")
    print(f"types               {', '.join(ModelType)}")


def configs() -> None:
    """A model together with your choices: all that is needed to load it."""
    heading("ModelConfig")
    print(ModelConfig.colbert_v2())
    print(ModelConfig.colbert_small())
    print(ModelConfig.jina_colbert_v2())
    print(ModelConfig.from_registry("jina-colbert-v2", dimension=64))
    print(ModelConfig.from_model(JINA_COLBERT_V2, dimension=96))
    print(ModelConfig("my-org/my-model", 768, 512))

    # What no checker can see, since it comes from outside the program, is refused when it runs.
    try:
        models_with_matryoshka()[0].resolve_dimension(int("100"))
    except ValueError as error:
        print(f"refused: {error}")
    asked = "colbert-v3"
    try:
        print(ModelConfig.from_registry(asked) if is_model_id(asked) else f"unknown: {asked}")
    except UnknownModelError as error:
        print(f"unknown: {error}")


def everything() -> None:
    """All models, in the order of the file."""
    heading(f"All {len(MODEL_REGISTRY)} models")
    for model in MODEL_REGISTRY:
        dims = model.dimensions
        widths = f"{dims[0]}..{dims[-1]}" if isinstance(dims, range) else "/".join(map(str, dims))
        print(f"{model.id:34} {model.model_type:16} {model.parameters:>7} {widths:>28}  {model.license}")


def main() -> None:
    """Run every part."""
    constants()
    lookups()
    queries()
    configs()
    everything()


if __name__ == "__main__":
    main()
