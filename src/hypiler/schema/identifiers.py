"""Converts ids to names of the generated module."""

# Upper-case names that every generated module defines for itself, so no model may have them.
RESERVED = frozenset({"MODELS", "MODELS_BY_ID", "MODEL_REGISTRY", "TYPE_CHECKING"})


def constant_name(id: str) -> str:
    """`colbert-v2` → `COLBERT_V2`; also gives the member of `ModelType` for a type.

    An id consists of lower-case ASCII letters, digits, `-` and `.` and begins with a letter. So the result is always
    an identifier, and never a keyword: Python has no keywords in capitals.
    """
    return id.upper().replace("-", "_").replace(".", "_")
