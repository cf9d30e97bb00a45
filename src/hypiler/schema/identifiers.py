"""Ids to names of the generated module."""

# Upper-case names that every generated module defines for itself; no constant may take them.
RESERVED = frozenset({"MODELS", "MODELS_BY_ID", "MODEL_REGISTRY", "TYPE_CHECKING"})


def constant_name(id: str) -> str:
    """`colbert-v2` → `COLBERT_V2`; also the name of a type's member in `ModelType`.

    An id consists of lower-case ASCII letters, digits, `-` and `.` and begins with a letter, so the result is always
    an identifier, and never a keyword: Python has none in capitals.
    """
    return id.upper().replace("-", "_").replace(".", "_")
