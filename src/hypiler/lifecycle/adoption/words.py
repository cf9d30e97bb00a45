"""What a key or a variable is about, by the words of its name."""

import re
from collections.abc import Sequence
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_EMBED = frozenset({"embed", "embeds", "embedding", "embeddings", "embedder", "encoder", "vector", "vectors"})
_ABOUT = _EMBED | {"rerank", "reranker", "reranking", "retriever", "sentence", "sbert", "semantic", "crossencoder"}
_DIMENSION = frozenset({"dim", "dims", "dimension", "dimensions", "ndim", "ndims", "dimensionality"})
_SIZE = frozenset({"size", "sizes", "width", "widths", "length", "lengths"})
# Words of widths that are not those of the vectors that a model returns, and of limits.
_OTHER_WIDTHS = frozenset(
    "hidden intermediate image head heads batch chunk projection proj inner ff ffn mlp max maximum min minimum reduced "
    "target multivector token tokens cache queue index time step block page dense sparse colbert supported supports "
    "lora rope rotary attn attention patch vocab input text test dummy fake mock default_dimensions".split()
)
_MODEL = frozenset({"model", "models", "repo", "repository", "checkpoint", "encoder", "embedder", "reranker"})
# The name of another model stands under a name with one of these words.
_OTHER_MODELS = frozenset("tokenizer tokenizers llm chat generator completion vision speech whisper tts image".split())
_NAME = frozenset({"name", "id", "path", "slug", "key"})
_LENGTHS = {
    "specs.context_length": """
    max_tokens max_input_tokens max_token context_length context_window context_size max_context_length max_context
    token_limit max_input_length input_max_tokens sequence_length
    """.split(),
    "encoding.document_length": "max_seq_length max_sequence_length max_seq_len max_length maximum_length".split(),
}
_LENGTH_OF = {word: path for path, words in _LENGTHS.items() for word in words}
_PLAIN_WIDTH = _DIMENSION | _SIZE | _EMBED | frozenset("output model n num base default actual configured".split())
_QUERY = frozenset({"query", "queries", "question"})
_DOCUMENT = frozenset({"passage", "document", "documents", "doc", "docs", "corpus", "text"})
_PREFIX = frozenset({"prefix", "instruction", "prompt"})
_NORMALIZE = frozenset({"normalize", "normalized", "normalize_embeddings", "normalize_embedding", "do_normalize"})
_METRIC = frozenset({"metric", "distance", "similarity"})
_METRIC_ENDS = _METRIC | {"function", "fn", "type", "name", "func"}
_PLAIN = {
    "license": "license",
    "licence": "license",
    "revision": "revision",
    "languages": "capabilities.languages",
    "language": "capabilities.languages",
}


@lru_cache(maxsize=10_000)
def words_of(key: str) -> tuple[str, ...]:
    """The words of a name: `EMBEDDING_DIM`, `embeddingDim` and `embedding-dim` are the same two."""
    return tuple(part.lower() for part in _PARTS.findall(key))


def is_about_embedding(words: "Sequence[str]") -> bool:
    """Whether a name says that it is about a model that embeds or reranks."""
    return not _ABOUT.isdisjoint(words) and _OTHER_MODELS.isdisjoint(words)


def is_about_reranking(words: "Sequence[str]") -> bool:
    """Whether a name says that it is about a reranker."""
    return any(word.startswith("rerank") or word == "crossencoder" for word in words) or {"cross", "encoder"} <= {
        *words
    }


def names_model(words: "Sequence[str]") -> bool:
    """Whether the value under a name can be the name of a model: `embedding_model`, `model_name`, `repo_id`."""
    if not _OTHER_MODELS.isdisjoint(words):
        return False
    end = words[-1] if words else ""
    return end in _MODEL or (end in _NAME and not _MODEL.isdisjoint(words[:-1])) or words[-2:] == ("hf", "id")


def names_thing(words: "Sequence[str]") -> bool:
    """Whether a key of a table can hold the name of what its row is about."""
    return names_model(words) or words in (("name",), ("id",), ("key",), ("huggingface", "id"), ("hf", "id"))


def is_strong_dimension(words: tuple[str, ...]) -> bool:
    """Whether a name says by itself that its value is the width of embeddings."""
    return field_of(words) == "specs.embedding_dim" and not _EMBED.isdisjoint(words)


def is_plain_width(words: "Sequence[str]") -> bool:
    """Whether a name says nothing but that its value is a width, so that a row with it is about a model that embeds."""
    return set(words) <= _PLAIN_WIDTH


@lru_cache(maxsize=10_000)
def field_of(words: tuple[str, ...]) -> str | None:
    """The path of the field that the value under a name states; None for another name."""
    found, joined = frozenset(words), "_".join(words)
    end = next(reversed(words), "")
    short = "_".join(word for word in words if word not in _EMBED and word != "model")
    if _ends_in_width(words):
        return "specs.embedding_dim" if _OTHER_WIDTHS.isdisjoint(found) else None
    if short in _LENGTH_OF:
        return _LENGTH_OF[short]
    if end in _PREFIX and len(words) <= 4 and (side := _side(found)):
        return f"encoding.{side}_prefix"
    if "pooling" in found and end in ("pooling", "mode", "strategy", "type", "method"):
        return "encoding.pooling"
    if not _NORMALIZE.isdisjoint((joined, short)):
        return "encoding.normalize"
    if end in _METRIC_ENDS and not _METRIC.isdisjoint(found) and len(words) <= 3:
        return "encoding.similarity"
    return _PLAIN.get(joined)


def _ends_in_width(words: tuple[str, ...]) -> bool:
    """Whether a name ends in a word for a width: `dim`, or `size` after a word for vectors."""
    *before, end = words or ("",)
    return end in _DIMENSION or (end in _SIZE and not _EMBED.isdisjoint(before[-1:]))


def _side(words: frozenset[str]) -> str:
    """The side that a name is about: "query" or "document"; empty for none, or both."""
    is_query, is_document = not _QUERY.isdisjoint(words), not _DOCUMENT.isdisjoint(words)
    return "" if is_query == is_document else "query" if is_query else "document"


# What is left of a name without these words says which of several models is meant.
_PLAIN_WORDS = _DIMENSION | _SIZE | _MODEL | _NAME | _PREFIX | _EMBED | _QUERY | _DOCUMENT
_NEUTRAL = frozenset(
    "default max tokens token length hf asym my the local app pooling normalize metric distance".split()
)


def stem_of(words: "Sequence[str]") -> frozenset[str]:
    """The words of a name that say which model is meant: `SMALL_MODEL_NAME` and `SMALL_DIM` agree."""
    return frozenset(words) - _PLAIN_WORDS - _NEUTRAL
