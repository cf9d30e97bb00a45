"""Records of Python code, which is parsed and never imported.

Constants are followed: `EMBEDDING_DIM` in a call is the number that the module gives it, and stands where the module
writes it. The default of an environment variable or of a pydantic field is its value.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

from hypiler.lifecycle.adoption.records import Item, Place, Record, Unread
from hypiler.lifecycle.adoption.trees import Path, is_scalar, tree_records
from hypiler.lifecycle.adoption.words import names_model, words_of
from hypiler.lifecycle.importing.constants import UNKNOWN, Source, compute
from hypiler.lifecycle.importing.shapes import is_list

FIRST_ARGUMENT = frozenset(
    """
    SentenceTransformer SparseEncoder CrossEncoder TextEmbedding SparseTextEmbedding LateInteractionTextEmbedding
    TextCrossEncoder ImageEmbedding HuggingFaceEmbeddings HuggingFaceBgeEmbeddings HuggingFaceInstructEmbeddings
    HuggingFaceEmbedding FastEmbedEmbeddings FastEmbedEmbedding SentenceTransformerEmbeddings OpenAIEmbeddings
    OpenAIEmbedding SentenceTransformerEmbeddingFunction SentenceTransformersTextEmbedder
    SentenceTransformersDocumentEmbedder FastembedTextEmbedder FastembedDocumentEmbedder FlagModel BGEM3FlagModel
    """.split()
)
"""Constructors of embedding models, whose first argument is the name of the model."""
_OPENERS = frozenset({"StaticModel.from_pretrained", "ColBERT"})
_DEFAULTS = frozenset({"getenv", "get", "config", "env", "getattr", "pop", "setdefault"})
_FIELDS = frozenset({"Field", "field"})
_NUMBERS_OF_STORES = {"Vector": "vector_dim", "HALFVEC": "vector_dim", "VECTOR": "vector_dim"}
_SQL = re.compile(r"\b(?:vector|halfvec)\s*\(\s*(\d{1,5})\s*\)", re.IGNORECASE)
_SQL_WORDS = re.compile(r"\b(?:create|alter|table|column)\b", re.IGNORECASE)


class _NoFiles:
    """No other module is looked up: each file speaks for itself."""

    def paths(self) -> list[str]:
        return []

    def text(self, path: str) -> str:
        raise KeyError(path)


def python_records(text: str, file: str) -> "list[Record] | Unread":
    """The records of a module; or why it cannot be read."""
    try:
        with warnings.catch_warnings():
            # Escapes that are no escapes are the project's matter.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return [*_Reader(text, file).block(tree.body, "", 1)]
    except SyntaxError as error:
        return Unread(file, f"line {error.lineno or 1} is no Python {ast_version()}: {error.msg}")
    except (ValueError, RecursionError, MemoryError):
        return Unread(file, "it is nested too deep, or is no Python")


def ast_version() -> str:
    """The version of Python whose grammar is understood: `3.11`."""
    import sys

    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        owner = function.value.id if isinstance(function.value, ast.Name) else ""
        whole = f"{owner}.{function.attr}"
        return whole if whole in _OPENERS else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_setting(node: ast.Call) -> bool:
    """Whether a call reads a typed setting: `env.int("DIM", default=768)`."""
    function = node.func
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "env"


class _Values(Source):
    """The values of expressions, with the defaults of what is only known when the program runs."""

    def _attribute(self, node: ast.Attribute) -> Any:
        """A constant of a class; else the name of a member of an enumeration, such as `COSINE` of `Distance`."""
        if isinstance(node.value, ast.Name):
            known = self.names.get(f"{node.value.id}.{node.attr}", UNKNOWN)
            is_member = node.value.id[:1].isupper() and node.attr.isupper()
            return node.attr if known is UNKNOWN and is_member else known
        return self.value(node.value) if node.attr == "value" else UNKNOWN

    def _boolop(self, node: ast.BoolOp) -> Any:
        """`configured or 384` is 384 unless something else is configured."""
        return self.value(node.values[-1]) if isinstance(node.op, ast.Or) else UNKNOWN

    def _binop(self, node: ast.BinOp) -> Any:
        return compute(type(node.op), self.value(node.left), self.value(node.right))

    def _call(self, node: ast.Call) -> Any:
        name, arguments = _called(node), node.args
        if _is_setting(node) and any(one.arg == "default" for one in node.keywords):
            name = "env"
        if name in _DEFAULTS and len(arguments) > 1:
            return self.value(arguments[-1])
        if name in _FIELDS or name in _DEFAULTS:
            default = next((one.value for one in node.keywords if one.arg == "default"), None)
            first = arguments[0] if arguments and name in _FIELDS else None
            given = default or first
            return UNKNOWN if given is None else self.value(given)
        if name in ("int", "str", "float", "SecretStr", "Literal") and len(arguments) == 1:
            value = self.value(arguments[0])
            if name == "int" and isinstance(value, str):
                return int(value) if value.isdecimal() and len(value) < 19 else UNKNOWN
            return value
        return UNKNOWN


class _Reader:
    """Reads one module.

    Attributes:
        values: The constants that are known here, by name; those of a class as `Class.NAME`.
        places: Where they are written.
        fields: The names of the fields of classes, in order.
        opened: The first argument of constructors of models, by the variable that holds the model.
    """

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.splitlines()
        self.file = file
        self.values = _Values(_NoFiles(), file)
        self.places: dict[str, Place] = {}
        self.fields: dict[str, list[str]] = {}
        self.opened: dict[str, tuple[str, Place]] = {}

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Line and column of a node. The parser counts columns in bytes."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        column = node.col_offset if line.isascii() else len(line.encode()[: node.col_offset].decode(errors="replace"))
        return Place(self.file, node.lineno, column + 1)

    def block(self, body: list[ast.stmt], label: str, line: int) -> "Iterator[Record]":
        """The records of a block of statements: its own constants, then everything inside."""
        record = Record("scope", label, Place(self.file, line))
        for statement in body:
            yield from self._statement(statement, record, label)
        if record.items:
            yield record

    def _statement(self, statement: ast.stmt, record: Record, label: str) -> "Iterator[Record]":
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.NamedExpr) and statement.value is not None:
            yield from self._assignment(statement, statement.value, record, label)
        elif isinstance(statement, ast.ClassDef):
            yield from self._class(statement)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self._function(statement)
        else:
            yield from self._others(statement, label)

    def _others(self, statement: ast.stmt, label: str) -> "Iterator[Record]":
        """The blocks inside a statement, each for itself, since only one branch is run; and its expressions."""
        for name, value in ast.iter_fields(statement):
            if name in ("body", "orelse", "finalbody") and is_list(value) and value:
                yield from self.block(value, label, value[0].lineno)
            elif name in ("handlers", "cases") and is_list(value):
                for one in value:
                    yield from self.block(one.body, label, one.body[0].lineno)
            else:
                for node in value if is_list(value) else [value]:
                    if isinstance(node, ast.expr | ast.withitem):
                        yield from self._expressions(node, label)

    def _assignment(
        self, statement: ast.Assign | ast.AnnAssign, value: ast.expr, record: Record, label: str
    ) -> "Iterator[Record]":
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [name for target in targets if (name := _target(target))]
        yield from self._expressions(value, names[0] if names else label)
        found, place = self.values.value(value), self._written_at(value)
        self._remember_opened(names, value)
        for target in targets:
            yield from self._setting(target, found, place)
        for name in names:
            if is_scalar(found) or _is_plain_list(found):
                record.items.append(Item(name, found, place))
            elif found is UNKNOWN and names_model(words_of(name)):
                # Some model that the file does not name: facts beside it may be its.
                record.items.append(Item(name, None, place))
            known = f"{label}.{name}" if label[:1].isupper() else name
            self.values.names[known] = self.values.names[name] = found
            self.places[known] = self.places[name] = place

    def _remember_opened(self, names: list[str], value: ast.expr) -> None:
        """Remember that variables hold a model, if a constructor whose argument names it gives their value."""
        if isinstance(value, ast.Call) and _called(value) in FIRST_ARGUMENT and value.args:
            model = self.values.value(value.args[0])
            if isinstance(model, str):
                self.opened |= dict.fromkeys(names, (model, self._written_at(value.args[0])))

    def _setting(self, target: ast.expr, found: Any, place: Place) -> "Iterator[Record]":
        """The record of `model.max_seq_length = 256`, where `model` holds a model."""
        if isinstance(target, ast.Attribute) and is_scalar(found) and (holder := _target(target.value)) in self.opened:
            model, named = self.opened[holder]
            items = [Item("model_name", model, named), Item(target.attr, found, place)]
            yield Record("mapping", "embedding", place, items)

    def _written_at(self, node: ast.expr) -> Place:
        """Where a value is written: for a name, where it was given its value."""
        if isinstance(node, ast.Name) and node.id in self.places:
            return self.places[node.id]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self.places.get(f"{node.value.id}.{node.attr}", self.place(node))
        return self.place(node)

    def _class(self, node: ast.ClassDef) -> "Iterator[Record]":
        fields = [
            one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ]
        self.fields[node.name] = fields
        for decorator in node.decorator_list:
            yield from self._expressions(decorator, node.name)
        yield from self.block(node.body, node.name, node.lineno)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> "Iterator[Record]":
        """The defaults of the arguments, and the body. What a function names is not known outside of it."""
        kept, places = dict(self.values.names), dict(self.places)
        record = Record("scope", node.name, self.place(node))
        arguments = [*node.args.posonlyargs, *node.args.args]
        for argument, default in _defaults(node.args):
            found = self.values.value(default)
            if is_scalar(found):
                record.items.append(Item(argument.arg, found, self._written_at(default)))
            yield from self._expressions(default, argument.arg)
        for argument in [*arguments, *node.args.kwonlyargs]:
            self.values.names[argument.arg] = UNKNOWN
        if record.items:
            yield record
        yield from self.block(node.body, node.name, node.lineno)
        self.values.names, self.places = kept, places

    def _expressions(self, node: ast.AST, label: str) -> "Iterator[Record]":
        """The calls, mappings and statements of SQL in an expression."""
        if isinstance(node, ast.Dict):
            yield from self._dict(node, label)
        elif isinstance(node, ast.Call):
            yield from self._call(node, label)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from self._sql(node, node.value)
        else:
            yield from self._text_prefix(node)
            for inner in ast.iter_child_nodes(node):
                if not isinstance(inner, ast.expr_context | ast.operator):
                    yield from self._expressions(inner, label)

    def _text_prefix(self, node: ast.AST) -> "Iterator[Record]":
        """The text that is put before another one: `f"passage: {text}"`, or `"passage: " + text`."""
        first: ast.expr | None = None
        if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
            first = node.values[0]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            first = node.left
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            found = _TEXT_PREFIX.fullmatch(first.value)
            if found is not None:
                side = "query" if found[1] == "query" else "document"
                place = self.place(node) if isinstance(node, ast.expr) else Place(self.file, 1)
                yield Record("call", BEFORE_TEXT, place, [Item(f"{side}_prefix", first.value, place)])

    def _dict(self, node: ast.Dict, label: str) -> "Iterator[Record]":
        places: dict[Path, Place] = {}
        yield from tree_records(self._tree(node, (), places), lambda path: places[path], label)
        for inner in _calls_of(node):
            yield from self._call(inner, label)

    def _tree(self, node: ast.expr, path: Path, places: dict[Path, Place]) -> Any:
        """A mapping or a list as a tree of values, with the place of each."""
        places[path] = self._written_at(node)
        if isinstance(node, ast.Dict):
            tree: dict[str, Any] = {}
            for key, one in zip(node.keys, node.values, strict=True):
                name = self.values.value(key) if key is not None else UNKNOWN
                if isinstance(name, str):
                    tree[name] = self._tree(one, (*path, name), places)
            return tree
        if isinstance(node, ast.List | ast.Tuple):
            return [self._tree(one, (*path, index), places) for index, one in enumerate(node.elts)]
        if isinstance(node, ast.Call) and _called(node) == "dict":
            return {one.arg: self._tree(one.value, (*path, one.arg), places) for one in node.keywords if one.arg}
        value = self.values.value(node)
        return value if is_scalar(value) else None

    def _call(self, node: ast.Call, label: str) -> "Iterator[Record]":
        name = _called(node)
        if name in _LOGS or name.endswith(("Error", "Exception", "Warning")):
            # Messages look like prefixes: `f"query: {text}"`.
            return
        if name == "dict":
            places: dict[Path, Place] = {}
            yield from tree_records(self._tree(node, (), places), lambda path: places[path], label)
            return
        record = Record("call", name, self.place(node), above=(label,))
        for key, value in self._arguments(node, name):
            found = self.values.value(value)
            if is_scalar(found) or _is_plain_list(found):
                record.items.append(Item(key, found, self._written_at(value)))
        if record.items and name not in _DEFAULTS | _FIELDS:
            yield record
        for one in [*node.args, *[keyword.value for keyword in node.keywords]]:
            yield from self._expressions(one, label)
        if isinstance(node.func, ast.Attribute):
            yield from self._expressions(node.func.value, label)

    def _arguments(self, node: ast.Call, name: str) -> "Iterator[tuple[str, ast.expr]]":
        names = self.fields.get(name, [])
        if name in FIRST_ARGUMENT or name in _OPENERS:
            names = ["model_name"]
        elif name in _NUMBERS_OF_STORES:
            names = [_NUMBERS_OF_STORES[name]]
        yield from zip(names, node.args, strict=False)
        for one in node.keywords:
            if one.arg in ("prompts", "model_prompts") and isinstance(one.value, ast.Dict):
                for key, prompt in zip(one.value.keys, one.value.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in _SIDES:
                        yield f"{key.value!s}_prompt", prompt
            elif one.arg:
                yield "vector_dim" if (name, one.arg) in _STORES else one.arg, one.value

    def _sql(self, node: ast.Constant, text: str) -> "Iterator[Record]":
        if "(" not in text or not _SQL_WORDS.search(text):
            return
        for found in _SQL.finditer(text):
            before = text[: found.start(1)]
            place = self.place(node)
            if "\n" in before:
                place = Place(self.file, node.lineno + before.count("\n"), len(before.rpartition("\n")[2]) + 1)
            yield Record("call", "SQL", place, [Item("vector_dim", int(found[1]), place)])


BEFORE_TEXT = "text"
"""The label of records about text that is put before another text."""
_TEXT_PREFIX = re.compile(r"(?:search_)?(query|document|passage): ")
_LOGS = frozenset("debug info warning warn error exception critical log print echo write secho".split())
_SIDES = ("query", "passage", "document")
_STORES = frozenset({("VectorParams", "size"), ("VectorField", "dimensions"), ("SparseVectorParams", "size")})


def _target(node: ast.expr) -> str:
    """The name that is given a value: `DIM`, or `dim` of `self.dim`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _defaults(arguments: ast.arguments) -> "Iterator[tuple[ast.arg, ast.expr]]":
    """The arguments that have a default, with it."""
    plain = [*arguments.posonlyargs, *arguments.args]
    yield from zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument, default


def _is_plain_list(value: Any) -> bool:
    return is_list(value) and bool(value) and all(map(is_scalar, value))


def _calls_of(node: ast.AST) -> "Iterator[ast.Call]":
    """The outermost calls in an expression, without `dict(...)`, which is a mapping."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Call) and _called(inner) != "dict":
            yield inner
        else:
            yield from _calls_of(inner)
