# Values of any type are walked here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportArgumentType=false
"""The part of a generated module that is the same for every registry: records, decoder, lookups.

`module` beside it copies everything below the cut line into each `model_registry.py`, after the constants that hold the
models. Importing such a module must cost next to nothing. So all of it is inside one function that runs when a name is
first asked for, it imports nothing that an interpreter has not loaded anyway (`enum` alone costs half as much as
starting one), and nothing is decoded before it is needed. The row format that is decoded here is written by
`hypiler.emit.python.row_codec`.

Annotations in quotes are for hypiler's own checkers and are not copied: they name what only checkers know, and import
hooks such as those of beartype and typeguard would look these names up. Annotations without quotes are copied: those of
public functions, made of builtins and of the module's own classes.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, NoReturn, TypeVar

    _T = TypeVar("_T")
    _Decoder = Callable[[str], Any]
    _Find = Callable[[str], Any]
    _Loaded = tuple[_Find, Callable[[], list[str]], _Find, _Find]

_FIELDS: str = "id:str model_type:type embedding_dim:int matryoshka_dims:int; matryoshka_min:int matryoshka_max:int"
_NO_FACTS: str = "\n"
_SPACE_FIELDS: str = "\n"
_ROWS: str = "\n"
_SPACES: str = "\n"
_VERIFIED: str = "\n"
_PINNED: str = "\n"
_ALIASES: str = "\n"
_DOTTED: str = "\n"
_BY_TYPE: str = "\n"
_BY_ORGANIZATION: str = "\n"
_BY_LANGUAGE: str = "\n"
_LANGUAGES: str = "\n"
_BY_DIMENSION: str = "\n"
_WITH_MATRYOSHKA: str = "\n"
_APART_FIELDS: str = "\n"
_APART: str = "\n"
_PHRASES: str = "\n"
_OWN_FACTS: str = "\n"

# ---- cut here ----
# A reload runs this file again in the same namespace: what was made there has to go.
for _name in globals().get("_made", ()):
    globals().pop(_name, None)
_made: "dict[str, Any]" = {}
_loaded: "list[_Loaded]" = []
_records: "dict[str, Any]" = {}


def _parts() -> "_Loaded":
    if not _loaded:
        # Threads that come here together all go on with the first of the results.
        _loaded.append(_load())
    return _loaded[0]


def __getattr__(name: "str") -> "Any":
    if name == "__all__":
        return __dir__()
    made = None if name[:1] == "_" else _parts()[0](name)
    if made is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if type(getattr(made, "deprecated", None)) is str or getattr(made, "former_ids", None):
        # Not kept, since each use of it, or of its former name, warns.
        return made
    # Threads that make the same name at once all get the first of the results.
    globals()[name] = made = _made.setdefault(name, made)
    return made


def __dir__() -> "list[str]":
    return _parts()[1]()


def get_model(id: str) -> "Any":
    """The model with this id, alias or repository, or None. Compared exactly."""
    try:
        return _records[id]
    except KeyError:
        pass  # What follows may warn, and a filter may make the warning an error.
    return _parts()[3](id)


def _load() -> "_Loaded":
    # All that this module gives, but for what its makers defer further.
    frozen: "Any" = type(type.__dict__)  # types.MappingProxyType, without its import

    def once(make: "Callable[[], _T]") -> "Callable[[], _T]":
        made: "list[_T]" = []

        def get() -> "_T":
            if not made:
                made.append(make())
            return made[0]

        return get

    class Record:
        # Immutable values; compared by value, copied by reference, pickled by value.
        __slots__: "tuple[str, ...]" = ("__weakref__",)

        def __init__(self) -> "None":
            raise TypeError("records are made by their registry: use get_model(id)")

        def __setattr__(self, name: "str", value: "object" = None) -> "NoReturn":
            raise AttributeError(f"{type(self).__name__}.{name} is read-only")

        __delattr__ = __setattr__

        def __deepcopy__(self, memo: "object" = None) -> "Record":
            return self

        __copy__ = __deepcopy__

        def to_dict(self) -> "dict[str, Any]":
            """Every fact by attribute, as JSON has it."""
            names = ";".join(self.__slots__).replace(";_type", ";model_type")
            values = (*self._values().values(),)
            return dict(zip(names.split(";"), copied(values, dict, list)))

        @classmethod
        def __get_pydantic_core_schema__(cls, *_: "object") -> "dict[str, Any]":
            # For pydantic and FastAPI: only an instance is valid, and its JSON is its to_dict().
            # The step `any` gives the instance a JSON Schema.
            steps = [{"type": "any"}, {"type": "is-instance", "cls": cls}]
            form = {
                "type": "function-plain",
                "function": cls.to_dict,
                "return_schema": {"type": "dict"},
            }
            return {"type": "chain", "steps": steps, "serialization": form}

        def _values(self) -> "dict[str, Any]":
            slots = self.__slots__
            return dict(zip(slots, map(self.__getattribute__, slots)))

        @classmethod
        def _of(cls, values: "dict[str, Any]") -> "Any":
            record = object.__new__(cls)
            for slot in cls.__slots__:
                # Past the refusal above.
                object.__setattr__(
                    record, slot, copied(values.get(slot), frozen, tuple)
                )
            return record

        def __reduce__(self) -> "tuple[Any, ...]":
            return self._of, (copied(self._values(), dict, tuple),)

        def __eq__(self, other: "object") -> "bool":
            if type(self) is not type(other):
                return NotImplemented
            same: "Any" = other
            return self is same or self._values() == same._values()

        def __hash__(self) -> "int":
            return hash(getattr(self, self.__slots__[0]))

        def __repr__(self) -> "str":
            stated: "list[str]" = []
            for name, value in self._values().items():
                if value is not None:
                    stated.append(f"{name}={value!r}")
            return f"{type(self).__name__}({', '.join(stated)})"

    def plain(value: "object") -> "str":
        # Of a member of somebody's enum of texts, the text: its `str` is its name.
        return value[:] if isinstance(value, str) else str(value)

    def copied(value: "Any", mapping: "Any", items: "Any") -> "Any":
        # The value with its mappings and its lists as these types: pickles hold no
        # read-only mappings, and JSON has no tuples and no records.
        if type(value) in (dict, frozen):
            return mapping(dict(zip(value, copied((*value.values(),), mapping, items))))
        if isinstance(value, tuple):
            parts: "list[Any]" = []
            for part in value:
                parts.append(copied(part, mapping, items))
            return items(parts)
        if items is list and isinstance(value, Record):
            return value.to_dict()
        return value

    # The attributes and their codecs in turn. The type is kept as text, so that reading a
    # record does not need the enum.
    fields = _FIELDS.replace("model_type", "_type").replace(":", " ").split()
    # The rows by number; the first is 1, its line in the literal.
    rows = once(_ROWS.splitlines)
    spaces = once(_SPACES.splitlines)
    phrases = once(_PHRASES.splitlines)

    def evidence(id: "str") -> "list[Any]":
        # The ids of both sides of the space, the commit, then how many facts are verified,
        # agree with a copy, and differ.
        counted = index(_VERIFIED).get(id) or "- 0 0 0"
        words = f"{spaces()[numbers()[id]]} {counted}".split(" ")
        return [*words[:3], *map(int, words[3:])]

    pinned: "dict[str, tuple[Any, bool]]" = {}

    def pins(id: "str") -> "tuple[Any, bool]":
        # A model's pinned files by name, and whether they are all of them.
        known = pinned.get(id)
        if known is None:
            complete, _, files = (index(_PINNED).get(id) or "0").partition(";")
            own = decode("{PinnedFile}", files) if files else frozen({})
            known = pinned.setdefault(id, (own, complete == "1"))
        return known

    def part(source: "Callable[[str], Any]", number: "int", doc: "str") -> "property":
        # A hyphen stands for an id or a commit that is unknown.
        def get(model: "ModelInfo") -> "Any":
            value = source(model.id)[number]
            return None if value == "-" else value

        return property(get, doc=doc)

    class ModelInfo(Record):
        """The facts about one model."""

        __slots__ = tuple(fields[::2])
        # The attributes that vectors depend on, each with its side of the space.
        _space_fields = _SPACE_FIELDS
        id: "str"
        embedding_dim: "int"
        matryoshka_dims: "tuple[int, ...]"
        matryoshka_min: "int | None"
        matryoshka_max: "int | None"
        deprecated: "str | None"
        successor: "str | None"
        former_ids: "tuple[str, ...]"
        _type: "str"

        @property
        def model_type(self) -> "Any":
            """The model's category, a member of ModelType."""
            try:
                return members[self._type]
            except KeyError:
                # The word may be none of them, in the pickle of another version.
                members.update(zip(index(_BY_TYPE), model_type()))
                return model_type()(self._type)

        @property
        def dimensions(self) -> "Any":
            """The vector widths to choose from: Matryoshka dims or range, or embedding_dim."""
            widths = range(self.matryoshka_min or 1, (self.matryoshka_max or 0) + 1)
            return widths or self.matryoshka_dims or (self.embedding_dim,)

        def resolve_dimension(self, dimension: int | None = None) -> int:
            """The width of the vectors for this choice; embedding_dim by default.

            Raises ValueError for a width that the model does not have.
            """
            if dimension is None:
                return self.embedding_dim
            try:
                # An integer of NumPy is one, too.
                width = 0 if type(dimension) is bool else dimension.__index__()
            except (AttributeError, TypeError):
                width = 0
            if width not in self.dimensions:
                widths = self.dimensions
                choices = f"of: {', '.join(map(str, widths))}"
                if type(widths) is range:
                    choices = f"in {widths[0]}..{widths[-1]}"
                raise ValueError(
                    f"{self.id!r} has no vectors of dimension {dimension!r}; choose one {choices}"
                )
            return width

        space_id = part(
            evidence,
            0,
            "The `space_id` of the model's own vectors of full width, or None.",
        )
        query_space_id = part(
            evidence, 1, "The `query_space_id` of the model, or None."
        )
        verified_revision = part(
            evidence, 2, "The commit whose files the facts were compared with, or None."
        )
        verified_facts = part(evidence, 3, "How many facts agree with those files.")
        agreeing_facts = part(evidence, 4, "How many further facts agree with a copy.")
        differing_facts = part(evidence, 5, "How many facts the files contradict.")
        pinned_files = part(pins, 0, "The files that decide vectors, by name.")
        pins_all_files = part(pins, 1, "Whether these are all such files.")

        @property
        def claimed_facts(self) -> "int":
            """How many facts rest on their sources alone."""
            # The others say how the model is called and where facts are read, or follow from facts.
            others = _NO_FACTS.split()
            known = -int(sum(evidence(self.id)[3:]))
            for name, value in self._values().items():
                known += name not in others and value not in (None, (), {})
            return known

        def __repr__(self) -> "str":
            return f"<ModelInfo {self.id!r}: {self._type}, {self.embedding_dim} dims>"

        # types.GenericAlias, without its import
        __class_getitem__: "Any" = classmethod(type(list[int]))

    for line in _APART_FIELDS.split():
        name, _, codec = line.partition(":")
        slot = ModelInfo.__dict__[name]

        # Long texts that few programs read are decoded when they are asked for. Until then
        # the slot holds None.
        def apart(
            model: "Any", slot: "Any" = slot, name: "str" = name, codec: "str" = codec
        ) -> "Any":
            value = slot.__get__(model)
            if value is None:
                line = index(_APART).get(f"{model.id}.{name}", "")
                while "^" in line:
                    # Each second part is the number of a phrase, and phrases have others inside.
                    parts = line.split("^")
                    parts[1::2] = map(phrases().__getitem__, map(int, parts[1::2]))
                    line = "".join(parts)
                value = decode(codec, line) if line else frozen({})
                slot.__set__(model, value)
            return value

        setattr(ModelInfo, name, property(apart, slot.__set__))
    for line in _OWN_FACTS.split():
        name, _, word = line.partition(":")
        empty = () if word[-1] == "]" else None

        def own(model: "Any", name: "str" = name, empty: "object" = empty) -> "Any":
            return model.extra.get(name, empty)

        setattr(ModelInfo, name, property(own))

    def text(field: "str") -> "str":
        if "\\" in field:
            import codecs

            return "" if field == "\\" else codecs.unicode_escape_decode(field)[0]
        return field

    def anything(field: "str") -> "Any":
        # A value of any type: tokens of a tag and a text, or of a tag and a length. From the
        # last one on, so that what is inside a value was read before it.
        values: "list[Any]" = []
        for token in reversed(field.split(",")):
            value, rest = None, token[1:]
            if token[0] in "[{":
                items = values[len(values) - int(rest) :]
                del values[len(values) - len(items) :]
                items.reverse()
                pairs = zip(items[::2], items[1::2])
                value = tuple(items) if token[0] == "[" else frozen(dict(pairs))
            elif rest:
                value = scalars[token[0]](rest)
            values.append(value)
        return values[0]

    scalars: "dict[str, _Decoder]" = {
        "str": text,
        "int": int,
        "float": float,
        "bool": "1".__eq__,
        "type": str,
        "any": anything,
        "'": text,
        "i": int,
        "f": float,
        "b": "1".__eq__,
    }
    public: "dict[str, Any]" = {}
    # The parts of the records inside a model, by the name of their class, which is made when
    # it is first used, and then what makes such a record of its row.
    records = {"PinnedFile": "sha256=str;size=int;precision=str"}
    own_codecs = fields[1::2]
    for codec in {*own_codecs}:
        name, _, parts = codec[:-1].partition("(")
        if parts:
            records[name] = parts
    forms: "dict[str, Any]" = {}

    def form(name: "str") -> "Any":
        # How rows become records, by the name of their class: the class, what is between two
        # parts of a row, and for each part the setter of its slot, past the class's own
        # refusal, its decoder if it is a simple one, its codec, and the value of an empty part.
        if name in forms:
            return forms[name]
        owner: "Any" = ModelInfo
        separator, codecs = "|", own_codecs
        if name in records:
            parts = records[name].replace("=", ";").split(";")
            separator, codecs = "=", parts[1::2]
            members = {
                "__slots__": (*parts[::2],),
                "__doc__": "A record inside ModelInfo.",
            }
            # Threads that make the same class all go on with the first of them.
            owner = public.setdefault(name, type(name, (Record,), members))
        empty: "dict[str, Any]" = {}
        for codec in {*codecs}:
            if codec[-1] in ";,)*}":
                empty[codec] = () if codec[-1] != "}" else frozen({})
        slots = map(owner.__dict__.get, owner.__slots__)
        setters = [*map(getattr, slots, ["__set__"] * len(codecs))]
        readers, values = [*map(scalars.get, codecs)], [*map(empty.get, codecs)]
        forms[name] = owner, separator, setters, readers, codecs, values
        return forms[name]

    def filled(name: "str", row: "str") -> "Any":
        owner, separator, *steps = form(name)
        record = object.__new__(owner)
        parts = row.split(separator)
        parts += [""] * (len(steps[0]) - len(parts))
        for put, read, codec, empty, part in zip(*steps, parts):
            if not part:
                put(record, empty)
            elif read:
                put(record, read(part))
            else:
                put(record, decode(codec, part))
        return record

    def decode(codec: "str", field: "str") -> "Any":
        # By name, or by structure: `int;` and `int,` are lists, `{int}` is a mapping,
        # `Name(part=int;other=str,)` a list of records, `Name*` such a list in another record.
        last, name = codec[-1], codec[:-1].partition("(")[0]
        if last == "}":
            values: "dict[str, Any]" = {}
            for one in field.split(";"):
                key, _, value = one.partition("=")
                values[text(key)] = decode(name[1:], value)
            return frozen(values)
        if last not in ";,)*":
            return scalars[codec](field) if codec in scalars else filled(codec, field)
        if last == "*":
            field = text(field)
        parts = field.split("," if last == "," else ";")
        if name in scalars:
            return (*map(scalars[name], parts),)
        return (*map(filled, [name] * len(parts), parts),)

    # Deprecated models, apart from the records that are given without a look at them.
    retired: "dict[str, Any]" = {}

    def decoded(row: "str") -> "ModelInfo":
        id = row[: row.index("|")]
        known: "Any" = _records.get(id) or retired.get(id)
        if known is None:
            known = filled("ModelInfo", row)
            # setdefault is atomic: threads that decode the same row get one record.
            known = (retired if known.deprecated else _records).setdefault(id, known)
        model: "ModelInfo" = known
        return model

    columns: "dict[str, dict[str, int]]" = {}

    def numbers(column: "str" = "id") -> "dict[str, int]":
        # The number of the first row with each value of a column, in file order; of an id also
        # by its aliases.
        if column in columns:
            return columns[column]
        place = fields.index(column) // 2
        values: "dict[str, int]" = {}
        for number, row in enumerate(rows()[1:], 1):
            values.setdefault(row.split("|", place + 1)[place], number)
        values.pop("", None)
        for line in _ALIASES.splitlines()[1:] if column == "id" else ():
            name, _, id = line.partition("|")
            values[name] = values[id]
        return columns.setdefault(column, values)

    few = iter(range(4))

    def found(id: "str") -> "ModelInfo | None":
        known: "ModelInfo | None" = _records.get(id)
        if known:
            return known
        # No id has a slash, and every repository has one.
        is_id = "/" not in plain(id)
        if is_id and next(few, None) is not None:
            # For the first few models, searching the text is cheaper than the tables.
            start = _ROWS.find(f"\n{id}|") + 1
            row = _ROWS[start : _ROWS.find("\n", start)] if start else ""
            if start and row.partition("|")[0] == id:
                return decoded(row)
        number = numbers("id" if is_id else "huggingface_id").get(id)
        if number is None:
            return None
        model: "ModelInfo" = decoded(rows()[number])
        warns = model.deprecated or id in model.former_ids
        return model if warns else _records.setdefault(id, model)

    same: "dict[str, str]" = {}

    def asked(id: "str", by_key: "bool" = False) -> "ModelInfo | None":
        # A model that is asked for by name. A deprecated one or a former id warns at the line
        # outside of this module, unless the name is one of the keys themselves: whoever iterates
        # names no model.
        model = found(id)
        if model is None or not (model.deprecated or id in model.former_ids):
            return model
        if by_key:
            if not same:
                same.update(zip(numbers(), numbers()))
            if same.get(id, id) is id:
                return model
        import sys
        from warnings import warn

        frame, level = vars(sys)["_getframe"](1), 2
        while frame is not None and frame.f_globals is globals():
            frame, level = frame.f_back, level + 1
        text = f"{id!r} is a former id of {model.id!r}: use the new one"
        if model.deprecated:
            text = f"{model.id!r} is deprecated: {model.deprecated}"
            text += f"; use {model.successor!r}" if model.successor else ""
        text = text if text.isprintable() else ascii(text)[1:-1]
        warn(text, DeprecationWarning, stacklevel=level)
        return model

    def is_model_id(value: object) -> bool:
        """Whether `value` is the id or an alias of a model of this registry."""
        return isinstance(value, str) and value in numbers()

    def own_part(name: "str") -> "str":
        # Many repositories share an owner, which makes no two of them alike.
        return name[-200:].rpartition("/")[2].casefold()

    def nearest(name: "object", names: "Iterable[str]") -> "str | None":
        from difflib import get_close_matches

        wanted = own_part(plain(name))
        known = dict(zip(map(own_part, names), names))
        pairs = {*zip(wanted, wanted[1:])}

        def distance(other: "str") -> "float":
            return -len(pairs.intersection(zip(other, other[1:]))) / (
                len(wanted) + len(other)
            )

        # A comparison takes long: only what shares many pairs of letters is compared.
        near = get_close_matches(wanted, sorted(known, key=distance)[:50], 1)
        return known[near[0]] if near else None

    def unknown(what: "str", name: "object", names: "Iterable[str]") -> "str":
        near = nearest(name, names)
        hint = f"; did you mean {near!r}?" if near else ""
        return f"no {what} {name!r:.99} in this registry{hint}"

    def from_registry(
        id: str, *, dimension: int | None = None, output: str | None = None
    ) -> "Any":
        """The hypiler.ModelConfig of a model, by id, alias or repository.

        `dimension` truncates its vectors, and `output` chooses one of its outputs. Raises
        hypiler.UnknownModelError for an unknown id, ValueError for a dimension or an
        output that the model does not have, ImportError where hypiler is not installed.
        """
        hypiler: "Any" = None
        if not TYPE_CHECKING:
            try:
                import hypiler
            except ModuleNotFoundError as error:
                if error.name != "hypiler":
                    raise
                message = "from_registry needs hypiler: pip install hypiler"
                raise ImportError(message, name="hypiler") from None
        # from_model warns of a deprecated one, and does not know of a former id.
        model = found(id)
        if model and not model.deprecated:
            asked(id)
        if model is None:
            near = nearest(id, numbers("huggingface_id" if "/" in plain(id) else "id"))
            raise hypiler.UnknownModelError(id, near, __name__)
        return hypiler.ModelConfig.from_model(model, dimension=dimension, output=output)

    indexes: "dict[str, dict[str, Any]]" = {}

    def index(table: "str") -> "dict[str, Any]":
        # A table made at build time: key to its models, as row numbers until asked for.
        found = indexes.get(table)
        if found is None:
            found = {}
            for line in table.split("\n")[1:-1]:
                key, _, numbers = line.rpartition("|")
                found[text(key)] = numbers
            indexes[table] = found
        return found

    def answers(table: "str", *keys: "str") -> "tuple[ModelInfo, ...]":
        # The models of one key, or of several, each once, in file order.
        found: "dict[int, ModelInfo]" = {}
        models: "Any" = ()
        for key in keys:
            models = index(table).get(key, ())
            if type(models) is str:
                own = map(rows().__getitem__, map(int, models.split()))
                models = index(table)[key] = (*map(decoded, own),)
            if len(keys) > 1:
                for model in models:
                    found[numbers()[model.id]] = model
        return (*map(found.__getitem__, sorted(found)),) if len(keys) > 1 else models

    def models_by_type(model_type: str) -> tuple[ModelInfo, ...]:
        """The models of one type, in file order; takes a ModelType or its value.

        Raises ValueError for a type that no model of this registry has.
        """
        if plain(model_type) not in index(_BY_TYPE):
            message = unknown("model type", model_type, index(_BY_TYPE))
            if index(_BY_TYPE) and message[-1] != "?":
                message += f"; choose one of: {', '.join(index(_BY_TYPE))}"
            raise ValueError(message)
        return answers(_BY_TYPE, plain(model_type))

    def models_by_organization(organization: str) -> tuple[ModelInfo, ...]:
        """The models of one organization, in file order; compared exactly."""
        return answers(_BY_ORGANIZATION, organization)

    def language_keys(language: "object") -> "list[str]":
        # The keys of a tag and of the more general ones, as hypiler.schema.language_tags
        # explains. The key `zh=` is there if `zh` also finds models of longer tags.
        from re import fullmatch

        tag = plain(language).lower().replace("_", "-")
        tag = index(_LANGUAGES).get(tag, tag)
        found = fullmatch(
            "([a-z]{2,3})(?:-([a-z]{3})){0,3}(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?"
            "(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-z0-9](?:-[a-z0-9]{1,8})+)*"
            "|[ix](?:-[a-z0-9]{1,8})+|en-gb-oed|sgn-be-fr|sgn-be-nl|sgn-ch-de",
            tag,
        )
        groups: "Any" = found.groups() if found else [None] * 4
        code, extended, script, region = groups
        code = extended or code or tag.partition("-")[0]
        code = index(_LANGUAGES).get(code, code)
        if not found or code[0] == "?":
            hint = f"; did you mean {code[1:]!r}?" if code[:1] == "?" else ""
            raise ValueError(
                f"a language must be a tag such as 'en' or 'zh-Hans', got {language!r:.99}{hint}"
            )
        keys = ["-".join(filter(None, (code, script, region)))]
        # A macrolanguage is more general than its language.
        macro = index(_LANGUAGES).get(code.upper(), code)
        for one in {code, macro}:
            for more in {keys[0][len(code) + 1 :], script, region, None}:
                key = f"{one}-{more}" if more else one
                if key != keys[0]:
                    keys.append(key + "=" if key + "=" in index(_BY_LANGUAGE) else key)
        return keys

    def models_by_language(
        language: str, *, include_multilingual: bool = False
    ) -> tuple[ModelInfo, ...]:
        """The models for a language, in file order.

        A tag finds the models that list it, a more general tag or a more specific one.
        `include_multilingual` adds the models that list `mul` instead of their languages.
        Raises ValueError for what is no language tag.
        """
        keys = language_keys(language)
        return answers(
            _BY_LANGUAGE, *keys, *["mul"][: 1 if include_multilingual else 0]
        )

    def models_by_max_embedding_dim(max_dim: int) -> tuple[ModelInfo, ...]:
        """The models with vectors of at most max_dim dimensions, in file order."""
        widths: "list[str]" = []
        for width in index(_BY_DIMENSION):
            if int(width) <= max_dim:
                widths.append(width)
        return answers(_BY_DIMENSION, *widths)

    def models_with_matryoshka() -> tuple[ModelInfo, ...]:
        """The models whose vectors can be truncated to smaller widths, in file order."""
        return answers(_WITH_MATRYOSHKA, "")

    def upper(text: "str") -> "str":
        return text.upper().replace("-", "_").replace(".", "_")

    @once
    def model_type() -> "Any":
        from enum import StrEnum

        words = list(index(_BY_TYPE))
        make_enum: "Any" = StrEnum
        return make_enum("ModelType", [*zip(map(upper, words), words)], module=__name__)

    members: "dict[str, Any]" = {}

    @once
    def models() -> "object":
        # What collections.abc gives; the package collections would be loaded with it.
        from _collections_abc import Mapping

        class Models(Mapping[str, ModelInfo]):
            """Every model, by its id in file order, then by its aliases."""

            __slots__ = ()

            def __getitem__(self, id: "str") -> "ModelInfo":
                model = asked(id, True)
                # A repository is no key: two models can have the same one.
                if model is None or "/" in id:
                    raise KeyError(
                        unknown("model", id, [model.id] if model else numbers())
                    )
                return model

            # What is inherited would look for a near id each time that there is none.
            def __contains__(self, id: "object") -> "bool":
                return is_model_id(id)

            def get(self, id: "Any", default: "Any" = None) -> "Any":
                """The model with this id or alias, or `default`."""
                return default if "/" in plain(id) else asked(id, True) or default

            def __iter__(self) -> "Iterator[str]":
                return iter(numbers())

            def __len__(self) -> "int":
                return len(numbers())

            def __reduce__(self) -> "str":
                return "MODELS"

            def __repr__(self) -> "str":
                count = len(rows()) - 1
                return f"<MODELS models={count} aliases={len(self) - count}>"

            _ipython_key_completions_ = Mapping.keys

        Models.__module__ = __name__
        return Models()

    for made in (
        ModelInfo,
        from_registry,
        is_model_id,
        models_by_type,
        models_by_organization,
        models_by_language,
        models_by_max_embedding_dim,
        models_with_matryoshka,
    ):
        public[made.__name__] = made
        made.__qualname__ = made.__name__
    makers: "dict[str, Callable[[], object]]" = {
        "MODELS": models,
        "MODELS_BY_ID": models,
        "ModelType": model_type,
    }
    columns_of = {"ModelId": "id", "Repository": "huggingface_id"}

    def make(name: "str") -> "Any":
        if name in records:
            form(name)
        if name in public:
            return public[name]
        if name in makers:
            return makers[name]()
        if name == "MODEL_REGISTRY":
            return (*map(decoded, rows()[1:]),)
        if name in columns_of:
            from typing import Literal

            # To checkers, what stands in the brackets has to be written out.
            union: "Any" = Literal
            return union[tuple(numbers(columns_of[name]))]
        if not (name.isupper() and name.isidentifier()):
            return None
        # A name does not tell where its id has a dot; those ids have a table.
        known = index(_DOTTED).get(name) if f"\n{name}|" in _DOTTED else None
        return asked(known or name.lower().replace("_", "-"))

    def names() -> "list[str]":
        own = (*public, *records, *makers, *columns_of, *map(upper, numbers()))
        return sorted({"MODEL_REGISTRY", "get_model", *own})

    return make, names, found, asked
