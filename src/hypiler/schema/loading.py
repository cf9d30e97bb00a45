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
ASSUMABLE = (*CONTRACT_FACTS["dense"], "query_length", "document_length")
"""The facts that the caller of `load` may give."""
DECIDES_LOADING = ("model_type", "multi_vector", "huggingface_id", "onnx_file", "variants", "remote_code", *ASSUMABLE)
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
