"""What transformers 5 makes of the small files beside a tokenizer.json.

tokenizer_config.json decides more than the padding token: lower case, accents, the side of truncation, added tokens
with their blanks, and which inputs the network gets. The reader follows `PreTrainedTokenizerBase._from_pretrained` of
transformers 5.24. `hypiler.engines.texts.tokenizers_setup` creates the tokenizer from the result.
"""

from typing import NamedTuple

from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import mapping, text, words
from hypiler.model_files.tokenizer_classes import DISTRUSTED, choose_class, class_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from hypiler.jsontext.json_types import JSONValue
    from hypiler.model_files.repository import Repository

NAMED_TOKENS: "Final[tuple[str, ...]]" = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)
"""The names of the special tokens that every tokenizer may have, in the order in which transformers adds them."""

# By default, the library passes type ids to the network only for these classes.
_WITH_TYPE_IDS = ("BertTokenizer", "DebertaV2Tokenizer")
# Arguments of the classes that are objects of the library, and so never stand in a file that the library wrote.
_FOREIGN = (
    "_json_truncation",
    "_spm_precompiled_charsmap",
    "gguf_file",
    "init_inputs",
    "model_specific_special_tokens",
    "post_processor",
    "tokenizer_object",
    "tokenizer_truncation",
)


class Token(NamedTuple):
    """An added token, as the class `AddedToken` of the tokenizers library.

    Attributes:
        content: Its text.
        single_word: Whether it is found only where it is a whole word.
        lstrip: Whether blanks before it belong to it.
        rstrip: Whether blanks after it belong to it.
        normalized: Whether it is looked for in normalized text. None: only if it is not special.
        special: Whether it is special.
    """

    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool | None = None
    special: bool = False


class TokenizerSettings(NamedTuple):
    """The arguments that transformers passes to a tokenizer's class, as far as they decide tokens.

    Attributes:
        folder: The folder with the tokenizer's files, with a trailing slash; empty for the model's own folder.
        tokenizer_class: The name of the class, without `Fast`.
        byte_level: Whether another class is used if the tokenizer.json is of bytes: TokenizersBackend.
        arguments: The other arguments by name.
        tokens: The special tokens by name. None for a token that the files exclude.
        further_tokens: Special tokens without a name.
        added: The added tokens by id.
        complete: Whether `added` are all added tokens. If not, those of the tokenizer.json precede.
        truncation_side: The side at which long texts are cut, `left` or `right`; None if these files do not say it.
        type_ids: Whether the network gets the type ids that the tokenizer makes. Otherwise they are 0.
        refused: The settings that only the library itself can follow.
    """

    folder: str
    tokenizer_class: str
    byte_level: bool
    arguments: "dict[str, Any]"
    tokens: dict[str, Token | str | None]
    further_tokens: tuple[Token | str, ...]
    added: dict[int, Token]
    complete: bool
    truncation_side: str | None
    type_ids: bool
    refused: tuple[str, ...]


def read_tokenizer_settings(repository: "Repository") -> TokenizerSettings:
    """The settings of a model's tokenizer. A file with an invalid value is marked in the repository."""
    folder = tokenizer_folder(repository)
    name = f"{folder}tokenizer_config.json"
    held = dict(repository.object(name))
    refused = [f"{key} of {name}" for key in _FOREIGN if held.pop(key, None)]
    if held.pop("fix_mistral_regex", None):
        refused.append(f"fix_mistral_regex of {name}")
    if versions := [one for one in words(held.pop("fast_tokenizer_files", None)) if one != "tokenizer.json"]:
        refused.append(f"{', '.join(map(ascii, versions))} of {name}")
    declared = text(held.pop("tokenizer_class", None)) or text(repository.config.get("tokenizer_class"))
    model_type = text(repository.config.get("model_type")) or ""
    remote = bool(_remote_class(held.get("auto_map")))
    if remote and model_type not in DISTRUSTED and class_named(declared or "") is None:
        refused.append(f"the tokenizer class in auto_map of {name}")
    chosen = choose_class(model_type, declared, remote=remote)
    try:
        arguments = _Arguments(held, repository, folder)
    except ModelFileError as error:
        repository.mark_invalid(name, str(error))
        arguments = _Arguments({}, repository, folder)
    tokens = arguments.tokens()
    refused += [f"{key} of {name}" for key in arguments.strange]
    return TokenizerSettings(
        folder=folder,
        tokenizer_class=chosen,
        byte_level=(declared or "").removesuffix("Fast") == "LlamaTokenizer"
        and not remote
        and model_type not in DISTRUSTED,
        arguments=arguments.values,
        tokens=tokens,
        further_tokens=arguments.further_tokens(),
        added=arguments.added,
        complete=arguments.complete,
        truncation_side=text(held.get("truncation_side")),
        type_ids=_type_ids(held.get("model_input_names"), chosen),
        refused=tuple(refused),
    )


def tokenizer_folder(repository: "Repository") -> str:
    """The folder of the tokenizer's files: that of the network, or the model's own if there are none."""
    place = repository.backbone
    there = any(place + name in repository.names for name in ("tokenizer.json", "tokenizer_config.json"))
    return place if there else ""


def further_names(repository: "Repository") -> list[str]:
    """The small files of the tokenizer that `Repository.needed` does not name."""
    folder = tokenizer_folder(repository)
    names = [f"{folder}{name}" for name in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")]
    return [name for name in names if name in repository.names]


def _type_ids(names: "JSONValue", tokenizer_class: str) -> bool:
    return "token_type_ids" in words(names) if isinstance(names, list) else tokenizer_class in _WITH_TYPE_IDS


def _remote_class(value: "JSONValue") -> "JSONValue":
    return value if isinstance(value, list) else mapping(value).get("AutoTokenizer")


class _Arguments:
    """The arguments of a tokenizer's class, out of three files.

    Attributes:
        values: The arguments by name. Tokens that are objects in the file are instances of Token.
        named: The names of the special tokens.
        added: The added tokens by id.
        complete: Whether tokenizer_config.json lists the added tokens.
        strange: The names of special tokens whose values are no tokens.
    """

    def __init__(self, held: "dict[str, Any]", repository: "Repository", folder: str) -> None:
        # With a tokenizer.json, the library ignores these two.
        ignored = ("add_bos_token", "add_eos_token", "added_tokens_decoder")
        self.values = {key: _named_token(key, value) for key, value in held.items() if key not in ignored}
        self.named = list(NAMED_TOKENS)
        self.strange: list[str] = []
        self.complete = "added_tokens_decoder" in held
        self.added = {
            _token_id(number): _token(value) for number, value in mapping(held.get("added_tokens_decoder")).items()
        }
        if self.values.get("additional_special_tokens") is not None and not self.values.get("extra_special_tokens"):
            self.values["extra_special_tokens"] = self.values.pop("additional_special_tokens")
        self._name_tokens()
        if not self.complete:
            self._read_map(repository.object(f"{folder}special_tokens_map.json"))
            self._read_added(repository.object(f"{folder}added_tokens.json"))

    def _name_tokens(self) -> None:
        """Collect the special tokens with names of their own."""
        own = [key for key in self.values if key.endswith("_token") and key not in NAMED_TOKENS]
        self.named += [key for key in own if isinstance(self.values[key], str | Token)]
        self._add_named(mapping(self.values.get("extra_special_tokens")))

    def _add_named(self, tokens: "dict[str, Any]") -> None:
        if tokens:
            self.values.pop("extra_special_tokens", None)
            self.values |= tokens
            self.named += [name for name in tokens if name not in self.named]

    def _read_map(self, held: "dict[str, Any]") -> None:
        """special_tokens_map.json takes precedence over tokenizer_config.json."""
        for key, value in held.items():
            if key == "extra_special_tokens":
                known = _items(self.values.get(key))
                new = [one for one in map(_special, _items(value)) if one not in known]
                self.values |= {key: [*known, *new]} if new else {}
                self._add_named(mapping(value))
            else:
                self.values[key] = _special(value)
                if key.endswith("_token") and key not in self.named:
                    self.named.append(key)

    def _read_added(self, held: "dict[str, Any]") -> None:
        named = [self.values.get(name) for name in NAMED_TOKENS]
        special = {_content(one) for one in [*named, *self.further_tokens()] if isinstance(one, str | Token)}
        for content, number in held.items():
            is_special = content in special
            self.added[_token_id(number)] = Token(content, normalized=not is_special, special=is_special)

    def tokens(self) -> dict[str, Token | str | None]:
        """The special tokens by name."""
        found: dict[str, Token | str | None] = {}
        for name in self.named:
            value = self.values.pop(name, "") if name in NAMED_TOKENS else self.values.get(name, "")
            if value is None or (isinstance(value, str | Token) and value != ""):
                found[name] = value
            elif not isinstance(value, str):
                self.strange.append(name)
        return found

    def further_tokens(self) -> tuple[Token | str, ...]:
        """The special tokens without a name."""
        value: list[Any] = _items(self.values.get("extra_special_tokens", self.values.get("additional_special_tokens")))
        return tuple([one for one in value if isinstance(one, str | Token)])


def _content(value: "Any") -> "Any":
    return value.content if isinstance(value, Token) else value


def _token_id(value: "Any") -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ModelFileError("`added_tokens_decoder` must have the ids of tokens as keys") from None


def _token(value: "Any") -> Token:
    held = {key: one for key, one in mapping(value).items() if key != "__type"}
    content = held.get("content")
    if not isinstance(content, str) or not held.keys() <= set(Token._fields):
        raise ModelFileError("an added token must have `content`, and may have its flags")
    return Token(**held)


def _token_or_value(value: "Any") -> "Any":
    """The value with a Token for each object that the library wrote for one."""
    if items := _items(value):
        return [_token_or_value(one) for one in items]
    held = mapping(value)
    if held.get("__type") == "AddedToken":
        return _token(held)
    return {key: _token_or_value(one) for key, one in held.items()} if held else value


def _items(value: "JSONValue") -> "list[Any]":
    """The items of a list; none for anything else."""
    return value if isinstance(value, list) else []


def _named_token(name: str, value: "Any") -> "Any":
    """An argument. transformers would not load a special token that is an object without `__type`."""
    is_object = name in NAMED_TOKENS and isinstance(mapping(value).get("content"), str)
    return _token(value) if is_object else _token_or_value(value)


def _special(value: "Any") -> "Any":
    return _token(value)._replace(special=True) if isinstance(value, dict) else _token_or_value(value)
