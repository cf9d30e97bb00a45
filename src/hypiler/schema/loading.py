"""What `load` needs of an entry. The engines follow these tables, and a rule of `check` reads them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler._encoder_types import EncoderType

NOT_TEXT = ("vision-language", "time-series")
"""The words of `type` for models whose input is more than text, or none. No engine loads them."""
_PREFIXES = ("query_prefix", "document_prefix")
CONTRACT_FACTS: "dict[EncoderType, tuple[str, ...]]" = {
    "dense": ("pooling", "normalize", "similarity", *_PREFIXES),
    "static": ("normalize", "similarity", *_PREFIXES),
    "multi_vector": ("normalize", *_PREFIXES),
    "sparse": _PREFIXES,
    "reranker": (),
}
"""By encoder type, the attributes that an entry or the model's files must state: nobody assumes a value for them."""
SHOWN_BY_FILES = ("pooling", "normalize")
"""Those of them that a model's files always show. The others may be on the model's card alone."""
MARKERS = {"query_prefix": "query_marker", "document_prefix": "document_marker"}
"""The marker of the same side by prefix. An entry of a late-interaction model with a marker needs no prefix."""
LATE_INTERACTION = (
    "query_marker",
    "document_marker",
    "query_expansion",
    "expansion_token",
    "expansion_length",
    "attend_to_expansion_tokens",
    "skip_punctuation",
    "skiplist",
)
"""The facts about how late interaction prepares tokens."""
_LENGTHS = ("query_length", "document_length")
ASSUMABLE = (*CONTRACT_FACTS["dense"], *_LENGTHS, *LATE_INTERACTION, "inference_free_queries", "activation")
"""The facts that the caller of `load` may give."""
DECIDES_LOADING = (
    *("model_type", "multi_vector", "huggingface_id", "onnx_file", "variants", "remote_code"),
    *(*CONTRACT_FACTS["dense"], *_LENGTHS, *MARKERS.values()),
)
"""The attributes of an entry that decide whether `load` can open the model."""
USUAL_ONNX = ("onnx/model.onnx", "model.onnx")
"""The usual names of exports, for models whose file the registry does not name."""


def variant_onnx(file: str | None, *, elsewhere: bool) -> tuple[str, ...]:
    """The possible names of a variant's ONNX file; empty if it has none, so that no engine loads it.

    Args:
        file: The file that the registry names.
        elsewhere: Whether the variant is in a repository of its own. In the model's own repository, files with the
            usual names are the model's weights, not the variant's.
    """
    if file:
        return (file,) if file.endswith(".onnx") else ()
    return USUAL_ONNX if elsewhere else ()
