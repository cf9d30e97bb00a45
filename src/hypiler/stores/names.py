"""Names of tables, collections, indexes and files: which ones a store allows, and how SQL and Python quote them."""

import re

from hypiler._text import one_line

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TAKEN = ("id", "text")
# Of an identifier of PostgreSQL, later bytes are cut off without an error.
_MOST_SQL = 63


def check_field(name: str) -> str:
    """The name of the field with the vectors, which every store must allow. Raises ValueError for any other one."""
    if not _FIELD.fullmatch(name) or name.lower() in _TAKEN:
        raise _refused(
            "field", name, "have only ASCII letters, digits and `_`, not begin with a digit, and not be `id` or `text`"
        )
    return name


def sql_table(name: str) -> str:
    """A table for SQL, quoted: `documents`, or with its schema `app.documents`. Raises ValueError for any other one."""
    parts = name.split(".")
    fits = all(part and part.isprintable() and len(part.encode()) <= _MOST_SQL for part in parts)
    if len(parts) > 2 or not fits:
        raise _refused(
            "table", name, f"have 1 to {_MOST_SQL} printable bytes, alone or after the name of a schema and a dot"
        )
    return ".".join([quoted(part) for part in parts])


def sqlite_table(name: str) -> str:
    """A table for SQLite, quoted. Raises ValueError for an unprintable name and for the names of its own tables."""
    if not name or not name.isprintable() or name.lower().startswith("sqlite_"):
        raise _refused("table", name, "have only printable characters, and not begin with `sqlite_`")
    return quoted(name)


def index_name(table: str, field: str) -> str:
    """The name of the index of a table for SQL, quoted. Raises ValueError if PostgreSQL would cut it."""
    name = f"{table.rpartition('.')[2]}_{field}_idx"
    if len(name.encode()) > _MOST_SQL:
        raise ValueError(f"the name of the index, {one_line(repr(name))}, must have at most {_MOST_SQL} bytes")
    return quoted(name)


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL as the standard has it, where a backslash is a character as any other."""
    return "'" + text.replace("'", "''") + "'"


def postgres_literal(text: str) -> str:
    """A text for PostgreSQL, whatever `standard_conforming_strings` is."""
    return literal(text) if "\\" not in text else "E" + literal(text.replace("\\", "\\\\"))


def qdrant_collection(name: str) -> str:
    """A collection of Qdrant. Raises ValueError for a name that its server refuses."""
    if not re.fullmatch(r'[^<>:"/\\|?*\x00-\x1f]{1,255}', name) or not name.isprintable():
        raise _refused("collection", name, 'have 1 to 255 characters without `< > : " / \\ | ? *`')
    return name


def milvus_collection(name: str) -> str:
    """A collection of Milvus. Raises ValueError for a name that its server refuses, also where Milvus Lite does not."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,254}", name):
        raise _refused("collection", name, "have 1 to 255 ASCII letters, digits and `_`, and not begin with a digit")
    return name


def chroma_collection(name: str) -> str:
    """A collection of Chroma. Raises ValueError for a name that it refuses."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]", name):
        raise _refused(
            "collection",
            name,
            "have 3 to 512 of the characters `a-z A-Z 0-9 . _ -`, with a letter or digit at both ends",
        )
    return name


def lancedb_table(name: str) -> str:
    """A table of LanceDB. Raises ValueError for a name that it refuses."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", name):
        raise _refused("table", name, "have 1 to 200 of the characters `a-z A-Z 0-9 . _ -`")
    return name


def search_index(name: str) -> str:
    """An index of Elasticsearch or OpenSearch. Raises ValueError for a name that one of them refuses."""
    fits = re.fullmatch(r'[^-_+.\\/*?"<>|\s,#:][^\\/*?"<>|\s,#:]*', name)
    if not fits or name != name.lower() or not name.isprintable() or len(name.encode()) > 255:
        rule = 'be lower case, have no blanks and none of `\\ / * ? " < > | , # :`, and not begin with one of `- _ + .`'
        raise _refused("index", name, rule)
    return name


def file_path(name: str) -> str:
    """A path for a file. Raises ValueError if it does not print."""
    if not name or not name.isprintable():
        raise _refused("file", name, "have only printable characters")
    return name


def _refused(what: str, name: object, rule: str) -> ValueError:
    return ValueError(f"the name of the {what} must {rule}; got {one_line(repr(name), 200)}")
