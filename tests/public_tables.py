"""Public tables of models as people keep them, and what each column says in the words of a registry.

`tests/tables/NAME.rows.*` holds facts out of a published table, in the shape of that table. `tests/tables/NAME.json` is
the same table as a registry. `Table.entries` derives every entry from its row: a column that no line here explains, or
a fact that no column states, makes the two differ.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from strategies import BY_NAME

FOLDER = Path(__file__).parent / "tables"

Facts = dict[str, Any]
"""Facts by their paths, such as `specs.embedding_dim` or `extra.size_gb`."""

Says = Callable[[Any, Mapping[str, Any]], Facts]
"""What a cell says, given the row that it stands in."""


def fact(path: str, read: Callable[[Any], Any] = lambda cell: cell) -> Says:
    """The cell states one fact."""
    return lambda cell, row: {path: read(cell)}


def whole(path: str, values: Mapping[Any, Any]) -> Says:
    """The cell states one fact in words of its own."""
    return lambda cell, row: {path: values[cell]}


def together(*says: Says) -> Says:
    """The cell states several facts."""
    return lambda cell, row: {path: value for say in says for path, value in say(cell, row).items()}


def nothing(cell: Any, row: Mapping[str, Any]) -> Facts:
    """The cell is explained by another column of its row."""
    return {}


def slug(name: str) -> str:
    """An id for a name: `BAAI/bge-m3` → `baai-bge-m3`."""
    return re.sub(r"-?\.-?|[^a-z0-9.]+", lambda part: "." if "." in part[0] else "-", name.lower()).strip("-.")


def named(name: str, row: Mapping[str, Any]) -> Facts:
    """A name that stands for the model in its table."""
    return {"id": slug(name), "name": name}


def repository(name: str, row: Mapping[str, Any]) -> Facts:
    """The name of a repository."""
    return {"id": slug(name.partition("/")[2]), "name": name, "huggingface_id": name}


@dataclass(frozen=True)
class Table:
    """A table of models, and how a registry says the same.

    Attributes:
        source: Where the table is.
        shape: What a row is.
        columns: What each column says; an absent or empty cell says nothing.
        all_rows: Facts that hold for every row, by what the table is.
        required: `[tool.hypiler] required` of a project that keeps this table.
        extra: `[tool.hypiler.extra]` of that project.
    """

    source: Mapping[str, str]
    shape: str
    columns: Mapping[str, Says]
    all_rows: Mapping[str, Any] = field(default_factory=lambda: {"type": "dense"})
    required: str | tuple[str, ...] = "core"
    extra: Mapping[str, str] = field(default_factory=dict)

    def entries(self, name: str) -> list[dict[str, Any]]:
        """The models of the table, as models.json writes them."""
        return [self._entry(row) for row in rows(name)]

    def _entry(self, row: Mapping[str, Any]) -> dict[str, Any]:
        entry: dict[str, Any] = {"sources": {"specs.embedding_dim": dict(self.source)}}
        for path, value in chain(self.all_rows.items(), *[said.items() for said in self._said(row)]):
            parts = BY_NAME[path].path if path in BY_NAME else tuple(path.split(".", 1))
            here = entry
            for part in parts[:-1]:
                here = here.setdefault(part, {})
            here[parts[-1]] = here[parts[-1]] | value if path == "sources" else value
        return entry

    def _said(self, row: Mapping[str, Any]) -> Iterator[Facts]:
        for column, cell in row.items():
            if cell not in (None, "", [], {}):
                yield self.columns[column](cell, row)


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a table, by columns; the key of a mapping is the column `key`."""
    path = next(FOLDER.glob(f"{name}.rows.*"))
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".csv":
            return list(csv.DictReader(text.splitlines()))
        case ".md":
            return _markdown(text)
    found = json.loads(text)
    if isinstance(found, list):
        return found
    return [{"key": key, **(cell if isinstance(cell, dict) else {"value": cell})} for key, cell in found.items()]


def _markdown(text: str) -> list[dict[str, Any]]:
    head, _, *lines = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


_LICENSES = {"mit": "MIT", "apache-2.0": "Apache-2.0"}
_BOTH_LENGTHS = together(fact("encoding.query_length"), fact("encoding.document_length"))


def _count(number: int) -> str:
    """A number of parameters, to four decimals: 136731648 → 136.7316M."""
    return f"{number / 10**6:.4f}".rstrip("0").rstrip(".") + "M"


# fastembed


def _onnx(file: str, row: Mapping[str, Any]) -> Facts:
    """The ONNX file that fastembed runs: in the model's own repository, or in a copy."""
    if row["hf"].lower() == row["model"].lower():
        return {"files.weights.onnx": file}
    copies = [{"id": "onnx", "format": "onnx", "huggingface_id": row["hf"], "file": file}]
    return {"variants": copies + ([{"id": "archive", "url": row["url"]}] if "url" in row else [])}


_FASTEMBED = Table(
    {
        "repository": "qdrant/fastembed",
        "commit": "c48247f15df70acdf19f05dc08380fb37ee3661b",
        "path": "fastembed/text/onnx_embedding.py",
    },
    "a list of descriptions, each with its ONNX copy",
    {
        "model": repository,
        "dim": fact("specs.embedding_dim"),
        "language": whole("capabilities.languages", {"English": ["en"], "Chinese": ["zh"]}),
        "input_tokens": _BOTH_LENGTHS,
        "prefixes": fact("extra.prefixes"),
        "year": fact("release_date", str),
        "license": whole("license", _LICENSES),
        "size_in_GB": fact("extra.size_gb"),
        "hf": nothing,
        "url": nothing,
        "model_file": _onnx,
    },
    required=("license", "capabilities.languages", "release_date", "extra.size_gb"),
    extra={"size_gb": "float", "prefixes": "str"},
)


# litellm


def _priced(key: str, row: Mapping[str, Any]) -> Facts:
    """litellm's name, which begins with the provider for some models."""
    provider = row["litellm_provider"]
    model = key.removeprefix(f"{provider}/")
    return {"id": slug(f"{provider}-{model}"), "name": key, "source.model": model}


def _extra(name: str) -> Says:
    return fact(f"extra.{name}")


def _read_at(path: str) -> Says:
    return lambda url, row: {"sources": {path: {"url": url}}}


_PRICES = (
    *("input_cost_per_token", "output_cost_per_token", "input_cost_per_token_batches"),
    *(
        "output_cost_per_token_batches",
        "input_cost_per_character",
        "input_cost_per_image",
        "input_cost_per_image_token",
    ),
    *("input_cost_per_video_per_second", "input_cost_per_audio_per_second", "cache_creation_input_token_cost"),
    *("cache_read_input_token_cost", "input_dbu_cost_per_token", "output_dbu_cost_per_token"),
)
_INPUTS = ("supports_image_input", "supports_video_input", "supports_audio_input")
_LITELLM = Table(
    {
        "url": "https://pypi.org/project/litellm/1.110.2/",
        "path": "litellm/model_prices_and_context_window_backup.json",
    },
    "a dictionary of dictionaries: the prices of hosted models",
    {
        "key": _priced,
        "litellm_provider": fact("source.api"),
        "mode": whole("type", {"embedding": "dense"}),
        "max_input_tokens": fact("specs.context_length"),
        "output_vector_size": fact("specs.embedding_dim"),
        "supported_modalities": fact("capabilities.modalities"),
        "supports_embedding_image_input": whole("capabilities.modalities", {True: ["text", "image"]}),
        "deprecation_date": _extra("deprecation_date"),
        "deprecation_source": _read_at("extra.deprecation_date"),
        "successor_model": fact("deprecated", lambda model: f"use {model}"),
        "supported_endpoints": _extra("supported_endpoints"),
        "metadata": _extra("metadata"),
        "provider_specific_entry": _extra("provider_specific_entry"),
        "source": _read_at("extra.input_cost_per_token"),
        **{name: _extra(name) for name in (*_PRICES, *_INPUTS)},
    },
    all_rows={},
    required=("specs.context_length", "extra.input_cost_per_token"),
    extra={
        **dict.fromkeys(_PRICES, "float"),
        **dict.fromkeys(_INPUTS, "bool"),
        "deprecation_date": "str",
        "supported_endpoints": "list[str]",
        "metadata": "json",
        "provider_specific_entry": "json",
    },
)


# Tables of widths


def _hosted(api: str) -> Says:
    """The name of a model at one provider."""
    return lambda name, row: {**named(name, row), "source.api": api, "source.model": name}


def _widths(accepted: str, row: Mapping[str, Any]) -> Facts:
    widths = [int(width) for width in accepted.split(",")]
    return {"architecture.matryoshka_dims": [*widths, int(row["dimension"])]}


_OPENAI = Table(
    {
        "repository": "langchain4j/langchain4j",
        "commit": "b8b809ed57e4b65ec9b87a27c25564bdd4a80e4b",
        "path": "langchain4j-open-ai/src/main/java/dev/langchain4j/model/openai/OpenAiEmbeddingModelName.java",
    },
    "a dictionary of widths, of one provider",
    {"key": _hosted("openai"), "value": fact("specs.embedding_dim")},
)
_VERTEX = Table(
    {
        "repository": "langchain4j/langchain4j",
        "commit": "b8b809ed57e4b65ec9b87a27c25564bdd4a80e4b",
        "path": "langchain4j-vertex-ai/src/main/java/dev/langchain4j/model/vertexai/VertexAiEmbeddingModelName.java",
    },
    "an enumeration: a constant, a name at the provider, a width, and further widths that can be asked for",
    {
        "constant": _extra("java_constant"),
        "name": _hosted("vertex-ai"),
        "dimension": fact("specs.embedding_dim", int),
        "accepts": _widths,
    },
    extra={"java_constant": "str"},
)


# Ollama


def _tag(name: str, row: Mapping[str, Any]) -> Facts:
    if row["supported_provider"] == "ollama":
        return {**named(name, row), "source.ollama": name}
    return _hosted(row["supported_provider"])(name, row)


_OLLAMA = Table(
    {
        "repository": "Eigen-DB/eigen-db",
        "commit": "32033f2156530eb823be0b527c6dbf7acb1cd7d1",
        "path": "libs/eigen-py/src/eigen_client/supported_models.py",
    },
    "tags of Ollama beside hosted models",
    {
        "name": _tag,
        "supported_provider": nothing,
        "dimensions": fact("specs.embedding_dim"),
        "metric": fact("encoding.similarity"),
        "metadata": fact("specs.context_length", lambda metadata: metadata["token_limit"]),
    },
    required=("encoding.similarity",),
)


# mteb

_TAGS = {"eng-Latn": "en"}


def _of_mteb(name: str, row: Mapping[str, Any]) -> Facts:
    organization, _, model = name.partition("/")
    place = {"huggingface_id": name} if row["open_weights"] else {"source.api": organization, "source.model": model}
    return {"id": slug(model), "name": name, "organization": organization, **place}


_MTEB = Table(
    {"url": "https://pypi.org/project/mteb/2.26.24/", "path": "mteb/models/model_implementations"},
    "records of a class: open weights and hosted models, some facts unknown",
    {
        "name": _of_mteb,
        "model_type": fact("type", lambda types: types[0]),
        "revision": lambda cell, row: {"revision" if row["open_weights"] else "extra.api_revision": cell},
        "release_date": fact("release_date"),
        "languages": fact("capabilities.languages", lambda tags: [_TAGS[tag] for tag in tags]),
        "open_weights": nothing,
        "framework": _extra("framework"),
        "n_parameters": together(fact("specs.parameters", _count), _extra("n_parameters")),
        "n_embedding_parameters": _extra("n_embedding_parameters"),
        "memory_usage_mb": _extra("memory_usage_mb"),
        "max_tokens": fact("specs.context_length"),
        "embed_dim": fact("specs.embedding_dim"),
        "license": whole("license", _LICENSES),
        "similarity_fn_name": fact("encoding.similarity"),
        "use_instructions": _extra("use_instructions"),
        "adapted_from": fact("dependencies.base_model"),
        "superseded_by": fact("deprecated", lambda model: f"use {model}"),
        "reference": _read_at("name"),
    },
    all_rows={},
    required=("organization", "release_date", "specs.context_length", "extra.use_instructions"),
    extra={
        "api_revision": "str",
        "framework": "list[str]",
        "n_parameters": "int",
        "n_embedding_parameters": "int",
        "memory_usage_mb": "float",
        "use_instructions": "bool",
    },
)


# A server's configuration

_POOLINGS = {"cls": "cls", "mean": "mean", "last": "last_token"}
_KINDS = {"dense": "dense", "sparse": "sparse", "multivector": "multi-vector"}


def _encode(widths: Mapping[str, int], row: Mapping[str, Any]) -> Facts:
    """The kinds of vectors that a model gives, with their widths."""
    kinds = list(widths)
    type_word = "unified" if len(kinds) > 1 else {"multivector": "colbert"}.get(kinds[0], kinds[0])
    found: Facts = {"type": type_word, "specs.embedding_dim": widths[kinds[0]]}
    if "multivector" in widths:
        found["capabilities.multi_vector"] = True
    if len(kinds) > 1:
        outputs = [{"name": _KINDS[kind], "type": _KINDS[kind], "embedding_dim": widths[kind]} for kind in kinds]
        found["outputs"] = [
            outputs[0] | {"pooling": _POOLINGS[row["pooling"]], "normalize": row["normalize"]},
            *outputs[1:],
        ]
    return found


def _prefix(path: str) -> Says:
    def says(template: str, row: Mapping[str, Any]) -> Facts:
        return {path: template.format(text="", instruction=row.get("default_instruction"))}

    return says


_SIE = Table(
    {
        "repository": "superlinked/sie",
        "commit": "8634c1b7bf8088f6c242f309f7f472df74b9d026",
        "path": "packages/sie_server/models",
    },
    "the configuration of a server: several kinds of vectors, templates of texts, and settings of its own",
    {
        "hf_id": repository,
        "max_sequence_length": fact("encoding.document_length"),
        "encode": _encode,
        "pooling": whole("encoding.pooling", _POOLINGS),
        "normalize": fact("encoding.normalize"),
        "query_template": _prefix("encoding.query_prefix"),
        "doc_template": _prefix("encoding.document_prefix"),
        "default_instruction": nothing,
        "query_prefix": fact("encoding.query_prefix"),
        "doc_prefix": fact("encoding.document_prefix"),
        "query_max_length": fact("encoding.query_length"),
        "query_expansion": fact("encoding.query_expansion"),
        "token_dim": fact("specs.embedding_dim"),
        "max_batch_tokens": _extra("max_batch_tokens"),
        "compute_precision": _extra("compute_precision"),
        "adapter": _extra("adapter"),
        "causal": _extra("causal"),
        "skip_special_tokens": _extra("skip_special_tokens"),
        "muvera_config": _extra("muvera"),
    },
    all_rows={},
    required=("encoding.document_length",),
    extra={
        "max_batch_tokens": "int",
        "compute_precision": "str",
        "adapter": "str",
        "causal": "bool",
        "skip_special_tokens": "bool",
        "muvera": "json",
    },
)


# OpenSearch


def _packed(name: str, row: Mapping[str, Any]) -> Facts:
    return {"id": slug(name.rpartition("/")[2]), "name": name, "huggingface_id": name.removeprefix("huggingface/")}


def _archives(url: str, row: Mapping[str, Any]) -> Facts:
    """Both archives of a row."""
    archives = {"torchscript": url, "onnx": row["ONNX model_url"]}
    return {"variants": [{"id": name, "format": name, "url": one} for name, one in archives.items() if one]}


_OPENSEARCH = Table(
    {
        "repository": "opensearch-project/documentation-website",
        "commit": "cf95a341c9b617c96ca8773b258512a18b93ab6b",
        "path": "_ml-commons-plugin/pretrained-models.md",
    },
    "archives of models by their addresses: what a cluster downloads",
    {
        "Model name": _packed,
        "Version": _extra("artifact_version"),
        "Vector dimensions": fact("specs.embedding_dim", lambda cell: int(cell.removesuffix("-dimensional"))),
        "Auto-truncation": whole("extra.auto_truncation", {"Yes": True, "No": False}),
        "TorchScript model_url": _archives,
        "TorchScript config_url": _extra("config_url"),
        "ONNX model_url": nothing,
        "ONNX config_url": _extra("onnx_config_url"),
    },
    required=("extra.artifact_version",),
    extra={
        "artifact_version": "str",
        "auto_truncation": "bool",
        "config_url": "str",
        "onnx_config_url": "str",
    },
)


# Cohere


def _one_of(cell: str, row: Mapping[str, Any]) -> Facts:
    """`1024`, or `One of '[256, 512, 1024, 1536 (default)]'`."""
    widths = sorted([int(width) for width in re.findall(r"\d+", cell)])
    default = re.search(r"(\d+) \(default\)", cell)
    found: Facts = {"specs.embedding_dim": int(default[1]) if default else widths[0]}
    return found | ({"architecture.matryoshka_dims": widths} if len(widths) > 1 else {})


def _listed(cell: str) -> list[str]:
    return cell.split(", ")


_MODALITIES = {
    "Text, Images": ["text", "image"],
    "Text, Images, Mixed texts/images (i.e. PDFs)": ["text", "image"],
}
_COHERE = Table(
    {
        "repository": "cohere-ai/cohere-developer-experience",
        "commit": "e814c8a1822f3b144b3708fdff14c3df0281e961",
        "path": "fern/pages/models/cohere-embed.mdx",
    },
    "a table of the provider's documentation: widths that can be asked for, limits, metrics",
    {
        "Latest Model": _hosted("cohere"),
        "Language": whole("capabilities.languages", {"English only": ["en"], "multiple languages": ["mul"]}),
        "Modality": whole("capabilities.modalities", _MODALITIES),
        "Dimensions": _one_of,
        "Max Tokens (Context Length)": fact("specs.context_length", lambda cell: int(cell.replace("k", "000"))),
        "Similarity Metric": fact("extra.metrics", _listed),
        "Endpoints": fact("extra.endpoints", _listed),
    },
    required=("specs.context_length", "capabilities.modalities"),
    extra={"metrics": "list[str]", "endpoints": "list[str]"},
)


# Sentence Transformers


def _score(benchmark: str) -> Callable[[float], dict[str, Any]]:
    def score(value: float) -> dict[str, Any]:
        return {"benchmark": benchmark, "metric": "average performance", "value": round(value / 100, 4)}

    return score


def _scores(value: float, row: Mapping[str, Any]) -> Facts:
    """Both columns of scores, which are percentages."""
    sentences, search = _score("Sentence Embeddings (14 Datasets)"), _score("Semantic Search (6 Datasets)")
    return {"performance.scores": [sentences(value), search(row["semantic_search"])]}


def _only_metric(functions: list[str], row: Mapping[str, Any]) -> Facts:
    found: Facts = {"extra.score_functions": functions}
    return found | ({"encoding.similarity": "dot"} if functions == ["dot"] else {})


_SBERT = Table(
    {
        "repository": "huggingface/sentence-transformers",
        "commit": "cad211983f36ce458e9b3360f3e11b29fc54cbd8",
        "path": "docs/_static/html/models_en_sentence_embeddings.html",
    },
    "rows of a page with measured scores, speed and size",
    {
        "name": repository,
        "base_model": fact("dependencies.base_model"),
        "pooling": whole("encoding.pooling", {"Mean Pooling": "mean", "CLS Pooling": "cls"}),
        "sentence_performance": _scores,
        "semantic_search": nothing,
        "speed": _extra("sentences_per_second"),
        "size": _extra("size_mb"),
        "dim": fact("specs.embedding_dim"),
        "max_seq_length": _BOTH_LENGTHS,
        "normalized_embeddings": fact("encoding.normalize"),
        "score_functions": _only_metric,
        "recommended_model": _extra("recommended"),
    },
    required=("encoding.pooling", "encoding.normalize", "performance.scores", "extra.size_mb"),
    extra={
        "sentences_per_second": "int",
        "size_mb": "int",
        "score_functions": "list[str]",
        "recommended": "bool",
    },
)


# GGUF


def _size(sizes: list[dict[str, Any]], row: Mapping[str, Any]) -> Facts:
    """The one size of a family, with its builds."""
    (size,) = sizes
    builds = size["builds"]
    return {
        "id": slug(f"{row['name']} {size['name']}"),
        "name": f"{row['name']} {size['name']}",
        "huggingface_id": builds[0]["hfRepo"],
        "specs.parameters": _count(size["parameterCount"]),
        "specs.context_length": size["ctxWindow"],
        "specs.embedding_dim": size["embedDim"],
        "encoding.pooling": size["pooling"],
        "extra.context_bytes_per_1k_tokens": size["ctxBytesPer1kTokens"],
        "extra.full_precision": [slug(build["quantization"]) for build in builds if build["isFullPrecision"]],
        "variants": [_build(build) for build in builds],
    }


def _build(build: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": slug(build["quantization"]),
        "quantization": build["quantization"],
        "format": "gguf",
        "huggingface_id": build["hfRepo"],
        "file": build["hfFile"],
        "size_bytes": build["fileSize"],
    }


_GGUF = Table(
    {
        "repository": "perminder-klair/locca",
        "commit": "0769d32ee5d4311e97f5356db2d6d31c05e58e13",
        "path": "src/catalog.ts",
    },
    "families with sizes, and each size with its quantized builds",
    {
        "name": nothing,
        "series": _extra("series"),
        "kind": whole("type", {"embedding": "dense"}),
        "overheadMultiplier": _extra("overhead_multiplier"),
        "sizes": _size,
    },
    all_rows={},
    required=("variants", "encoding.pooling"),
    extra={
        "series": "str",
        "overhead_multiplier": "float",
        "context_bytes_per_1k_tokens": "int",
        "full_precision": "list[str]",
    },
)


# Lantern


def _served(name: str, row: Mapping[str, Any]) -> Facts:
    """A name of the database; of another provider's model, the name there follows the provider's."""
    provider, _, model = name.partition("/")
    is_hosted = row["Runtime"] == provider
    return {
        **named(name, row),
        "source.api": provider if is_hosted else "lantern",
        "source.model": model if is_hosted else name,
    }


def _range(cell: str, row: Mapping[str, Any]) -> Facts:
    """`768`, or `256 - 3072`: any width between the two."""
    least, _, most = cell.partition(" - ")
    found: Facts = {"specs.embedding_dim": int(most or least)}
    if most:
        found |= {"architecture.matryoshka_range.min": int(least), "architecture.matryoshka_range.max": int(most)}
    return found


_LANTERN = Table(
    {
        "repository": "lanterndata/docs",
        "commit": "4cab21c0e26dade6823d5a9a59f5a53569563321",
        "path": "00-variables/models.md",
    },
    "what a database can call: names of its own, ranges of widths, a runtime",
    {
        "Model Name": _served,
        "Dimensions": _range,
        "Max Tokens": fact("specs.context_length", int),
        "Data Type": whole("capabilities.modalities", {"Text": ["text"], "Image": ["image"]}),
        "Runtime": _extra("runtime"),
    },
    required=("specs.context_length", "capabilities.modalities", "extra.runtime"),
    extra={"runtime": "str"},
)

TABLES = {
    "fastembed": _FASTEMBED,
    "litellm": _LITELLM,
    "openai": _OPENAI,
    "vertex": _VERTEX,
    "ollama": _OLLAMA,
    "mteb": _MTEB,
    "sie": _SIE,
    "opensearch": _OPENSEARCH,
    "cohere": _COHERE,
    "sbert": _SBERT,
    "gguf": _GGUF,
    "lantern": _LANTERN,
}
