"""Registries as values: what a tool of your own can ask of them.

Run it with `python examples/registry_as_a_library.py`. It needs nothing but hypiler, and writes to a temporary folder.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypiler.registry import Model, Registry, UnknownModelError

TEXT = """\
{
  "version": "1.0",
  "models": [
    {
      "id": "search", "type": "dense", "name": "Search", "huggingface_id": "acme/search",
      "organization": "Acme", "release_date": "2026-05", "license": "Apache-2.0",
      "description": "Short English texts.",
      "architecture": {
        "type": "bert", "variant": "MiniLM-L6", "has_projection": false,
        "matryoshka_dims": [96, 192, 384]
      },
      "specs": {
        "parameters": "22.7M", "embedding_dim": 384, "hidden_dim": 384, "context_length": 512,
        "max_position_embeddings": 512, "vocab_size": 30522
      },
      "capabilities": {
        "languages": ["en"], "modalities": ["text"], "multi_vector": false, "quantization": ["fp32"]
      },
      "performance": { "beir_avg": null, "ms_marco_mrr10": null },
      "sources": { "specs": "config.json of acme/search", "license": "the contract of 2026-04-01" }
    },
    {
      "id": "colbert", "type": "colbert", "name": "ColBERT", "huggingface_id": "colbert-ir/colbertv2.0",
      "organization": "Stanford", "release_date": "2023", "license": "MIT",
      "description": "The model of the wiki's search.",
      "architecture": { "type": "bert", "variant": "bert-base", "has_projection": true, "projection_dims": 128 },
      "specs": {
        "parameters": "110M", "embedding_dim": 128, "hidden_dim": 768, "context_length": 180,
        "max_position_embeddings": 512, "vocab_size": 30522
      },
      "capabilities": {
        "languages": ["en"], "modalities": ["text"], "multi_vector": true, "quantization": ["fp32"]
      },
      "performance": { "beir_avg": null, "ms_marco_mrr10": 0.397 }
    }
  ]
}
"""
FAULTY = TEXT.replace("[96, 192, 384]", "[96, 192]").replace("Apache-2.0", "apache-2.0")


def heading(text: str) -> None:
    """A title above the next lines."""
    print(f"\n{text}\n{'-' * len(text)}")


def findings(file: Path) -> None:
    """Everything that is wrong with a file. Loading never raises for what stands in it."""
    heading("A file with two faults")
    registry = Registry.load(file)
    for finding in registry.findings:
        print(f"{Path(finding.file).name}:{finding.line}:{finding.column}: {finding.severity}[{finding.code}]")
        print(f"  {finding.message}")
        print(f"  help: {finding.help}")
    print(f"ok: {registry.ok}, models: {len(registry)}")
    for path in ("specs.embedding_dim", "license", "revision"):
        origin = registry.origin("search", path)
        if origin is None:
            print(f"{path}: not stated")
        else:
            print(f"{path}: {Path(origin.file).name}:{origin.line}:{origin.column}, from {origin.source}")


def lookups(registry: Registry) -> None:
    """A model by its id, alias or repository."""
    heading("A clean file")
    print(f"ok: {registry.ok}, version {registry.version}, models: {', '.join(registry.ids)}")
    model = registry["acme/search"]
    print(f"acme/search is {model.id}: {model.embedding_dim} dimensions, or {model.matryoshka_dims[:-1]}")
    try:
        registry["acme/serach"]
    except UnknownModelError as error:
        print(f"suggestion: {error.suggestion}")


def outputs(registry: Registry, folder: Path) -> None:
    """Files of a registry: as texts, or written to a folder, all of them or none."""
    heading("Files")
    (path, text), *_ = registry.emit("docs").items()
    print(f"{path}: {text.count('## ')} sections")
    for written in registry.write(folder, "module", "docs"):
        print(f"written: {Path(written).name}")
    print(f"written the second time: {registry.write(folder, 'module', 'docs')}")


def comparison(ours: Registry, theirs: Registry) -> None:
    """The facts of models that two registries share, by repository."""
    heading("Ours and the shipped one")
    for model in ours:
        other = theirs.get(model.huggingface_id or model.id)
        if other is None:
            print(f"{model.id}: only in ours")
            continue
        print(f"{model.id} is {other.id} there")
        for name, mine, its in differences(model, other):
            print(f"  {name}: {mine!r} here, {its!r} there")


def differences(ours: Model, theirs: Model) -> list[tuple[str, object, object]]:
    """The facts that both registries state, and state differently."""
    mine, its = ours.to_dict(), theirs.to_dict()
    about_registry = ("id", "name", "organization", "description", "sources")
    return [
        (name, mine[name], its[name])
        for name in mine
        if name not in about_registry and mine[name] and its[name] and mine[name] != its[name]
    ]


def main() -> None:
    """Run every part in a temporary folder."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "faulty.json").write_text(FAULTY, "utf-8")
        (folder / "models.json").write_text(TEXT, "utf-8")
        findings(folder / "faulty.json")
        registry = Registry.load(folder / "models.json")
        lookups(registry)
        outputs(registry, folder / "generated")
        comparison(registry, Registry.shipped())


if __name__ == "__main__":
    main()
