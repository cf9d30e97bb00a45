# pyright: basic, reportMissingImports=false
"""Creates a model's tokenizer exactly as transformers 5 does, with the tokenizers library alone.

Most classes of transformers take only the vocabulary, the added tokens and the post-processor out of a tokenizer.json.
They create the rest from tokenizer_config.json and defaults of their own. So a tokenizer.json that is used as it is may
give other tokens. `_CLASSES` contains the classes whose steps are repeated here, after the source of transformers 5.24.
For any other class, loading fails with a message.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from hypiler.engines.checks import library_errors
from hypiler.engines.errors import EngineError
from hypiler.engines.layout import truncation_side
from hypiler.model_files.tokenizer_classes import BACKEND
from hypiler.model_files.tokenizer_settings import NAMED_TOKENS, Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hypiler.engines.layout import ModelFolder
    from hypiler.model_files.tokenizer_settings import TokenizerSettings

# The words of Qwen2, as its class in transformers has them.
_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_BLANK = "▁"


def build_tokenizer(layout: "ModelFolder") -> Tokenizer:
    """The tokenizer of a folder, without truncation and padding.

    Raises EngineError if tokenizer.json is missing or invalid, or if only transformers can create the tokenizer.
    """
    settings = layout.tokenizer
    name = f"{settings.folder}tokenizer.json"
    path = Path(layout.folder) / name
    if not path.is_file():
        raise EngineError(f"no tokenizer.json for the ONNX file: {path} does not exist")
    with library_errors(f"{path} must hold a tokenizer"):
        data = layout.files.read(name)
        if truncation_side(settings, data, path.parent) != layout.truncation_side:
            raise EngineError(f"{path} was changed while the model was loaded: load it again")
        chosen = BACKEND if settings.byte_level and b'"ByteLevel"' in data else settings.tokenizer_class
        _check_supported(settings, chosen, path)
        tokenizer = _created(data, settings, chosen)
        tokenizer.no_truncation()
        tokenizer.no_padding()
    if layout.lower_case:
        _lower_case(tokenizer)
    return tokenizer


def special_ids(layout: "ModelFolder", tokenizer: Tokenizer, names: "Iterable[str]") -> set[int]:
    """The ids of special tokens by their names in transformers, such as `cls_token`. Missing tokens are left out."""
    settings = layout.tokenizer
    usual = _CLASSES[settings.tokenizer_class].tokens if settings.tokenizer_class in _CLASSES else {}
    tokens = usual | settings.tokens
    found = [tokenizer.token_to_id(text) for name in names if (text := _content(tokens.get(name))) is not None]
    return {one for one in found if one is not None}


def _check_supported(settings: "TokenizerSettings", name: str, path: Path) -> None:
    if settings.refused:
        raise EngineError(
            f"the tokenizer of {path.parent} needs transformers, because of {', '.join(settings.refused)}: use another"
            " engine, such as `sentence-transformers`"
        )
    if name != BACKEND and name not in _CLASSES:
        raise EngineError(
            f"the tokenizer of {path.parent} is a {name}, which only transformers can create from {path.name}: use"
            " another engine, such as `sentence-transformers`"
        )


def _created(data: bytes, settings: "TokenizerSettings", name: str) -> Tokenizer:
    if name == BACKEND:
        tokenizer = Tokenizer.from_buffer(data)
        _add_tokens(tokenizer, _File({}, settings))
        return tokenizer
    file, recipe = _File(json.loads(data), settings), _CLASSES[name]
    file.set_defaults(recipe)
    tokenizer = Tokenizer(recipe.model(file))
    tokenizer.normalizer = recipe.normalizer(file)
    tokenizer.pre_tokenizer = recipe.pre_tokenizer(file)
    tokenizer.post_processor = _post_processor(file.content)
    _add_tokens(tokenizer, file)
    if recipe.post_processor:
        tokenizer.post_processor = recipe.post_processor(tokenizer, file)
    return tokenizer


class _File:
    """The files of a tokenizer.

    Attributes:
        content: The content of tokenizer.json; empty if the tokenizer has been created from the file.
        arguments: The arguments of the class.
        tokens: The special tokens by name.
        further: The special tokens without a name.
        added: The added tokens by id.
    """

    def __init__(self, content: "dict[str, Any]", settings: "TokenizerSettings") -> None:
        self.content = content
        self.arguments = dict(settings.arguments)
        self.further: list[Token | str] = list(settings.further_tokens)
        self.added = dict(settings.added)
        known = {token.content: token for token in self.added.values()}
        if not settings.complete:
            for one in self.content.get("added_tokens", ()):
                flags = {key: value for key, value in one.items() if key != "id"}
                self.added[one["id"]] = known[one["content"]] = Token(**flags)
        self.tokens: dict[str, Token | str | None] = {
            name: known.get(_content(value) or "", value) if name in NAMED_TOKENS else value
            for name, value in settings.tokens.items()
        }

    def set_defaults(self, recipe: "_Class") -> None:
        """Complete the special tokens by those of a class."""
        for name, token in recipe.tokens.items():
            self.tokens.setdefault(name, token)
        if recipe.strings:
            made = {name: recipe.strings(name, value) for name, value in self.tokens.items() if isinstance(value, str)}
            self.tokens |= made
        if recipe.further and "extra_special_tokens" not in self.arguments:
            self.further += recipe.further(self)

    def option(self, name: str, default: "Any" = None) -> "Any":
        """An argument of the class."""
        return self.arguments.get(name, default)

    def token(self, name: str) -> str:
        """The text of a special token. Raises EngineError if the files exclude it."""
        value = _content(self.tokens.get(name))
        if value is None:
            raise EngineError(f"its special token `{name}` must be set")
        return value

    @property
    def vocabulary(self) -> dict[str, int]:
        """The vocabulary as ids by token."""
        held = self.content["model"]["vocab"]
        if isinstance(held, dict):
            return held
        return {token[0] if isinstance(token, list) else token: number for number, token in enumerate(held)}

    @property
    def pieces(self) -> list[tuple[str, float]]:
        """The vocabulary as tokens with scores."""
        return [(token, score) for token, score in self.content["model"]["vocab"]]

    @property
    def merges(self) -> list[tuple[str, str]]:
        """The merges of a BPE model."""
        held = self.content["model"].get("merges") or []
        pairs = [one.split(" ") if isinstance(one, str) else one for one in held]
        return [(first, second) for first, second in pairs]

    @property
    def characters(self) -> "Any":
        """The normalizer with the characters of SentencePiece; None if there is none."""
        held = self.content.get("normalizer") or {}
        for one in held["normalizers"] if held.get("type") == "Sequence" else [held]:
            if one.get("type") == "Precompiled" and "precompiled_charsmap" in one:
                return normalizers.Precompiled(base64.b64decode(one["precompiled_charsmap"]))
        return None


def _content(token: Token | str | None) -> str | None:
    return token.content if isinstance(token, Token) else token


def _added_token(token: Token | str, *, special: bool = False) -> AddedToken:
    if isinstance(token, str):
        return AddedToken(token, special=True)
    flags = token._asdict()
    is_special = bool(flags.pop("special"))
    if flags["normalized"] is None:
        flags["normalized"] = not is_special
    found = AddedToken(**flags, special=is_special)
    if special:
        found.special = True
    return found


def _add_tokens(tokenizer: Tokenizer, file: _File) -> None:
    """Add the added tokens, and then the special tokens that are not among them."""
    adding: list[Token | str] = [file.added[number] for number in sorted(file.added)]
    there = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    there |= {_content(token) or "" for token in adding}
    # The names of the library come first.
    names = dict.fromkeys([*NAMED_TOKENS, *file.tokens])
    named = [token for name in names if (token := file.tokens.get(name)) is not None]
    adding += [token for token in [*named, *file.further] if _content(token) not in there and token not in adding]
    special = {_content(token) for token in named}
    # A token may follow twice, as text and as an object; the later one decides.
    tokenizer.add_tokens([_added_token(token, special=_content(token) in special) for token in adding])
    if tokenizer.post_processor is None:
        tokenizer.post_processor = processors.TemplateProcessing(single="$A:0", pair="$A:0 $B:1", special_tokens=[])
    tokenizer.encode_special_tokens = bool(file.option("split_special_tokens"))


def _post_processor(content: "dict[str, Any]") -> "Any":
    """The post-processor in a tokenizer.json, read with a vocabulary of one word."""
    model = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}
    parts: dict[str, Any] = {
        "normalizer": None,
        "pre_tokenizer": None,
        "truncation": None,
        "padding": None,
        "added_tokens": [],
    }
    return Tokenizer.from_str(json.dumps(content | parts | {"model": model})).post_processor


def _lower_case(tokenizer: Tokenizer) -> None:
    """Lower-case texts first, as sentence-transformers does, unless a normalizer does it already."""
    own: Any = tokenizer.normalizer
    # The type information of a sequence does not say that it can be iterated.
    inner: Any = own
    several = list(inner) if isinstance(own, normalizers.Sequence) else [own] if own else []
    if not any(isinstance(one, normalizers.Lowercase) for one in several):
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *several])


@dataclass(frozen=True, slots=True)
class _Class:
    """How a class of transformers creates its tokenizer.

    Attributes:
        tokens: Its special tokens by name.
        model: Makes the model.
        normalizer: Makes the normalizer.
        pre_tokenizer: Makes the pre-tokenizer.
        post_processor: Makes the post-processor after all tokens were added; None to use the one of the file.
        strings: Makes tokens of special tokens that are text.
        further: Its special tokens without a name.
    """

    tokens: dict[str, Token | str | None]
    model: "Callable[[_File], Any]"
    normalizer: "Callable[[_File], Any]"
    pre_tokenizer: "Callable[[_File], Any]"
    post_processor: "Callable[[Tokenizer, _File], Any] | None" = None
    strings: "Callable[[str, str], Token] | None" = None
    further: "Callable[[_File], Iterable[str]] | None" = None


def _word_piece(file: _File) -> "Any":
    return models.WordPiece(file.vocabulary, unk_token=file.token("unk_token"))


def _bert_normalizer(file: _File) -> "Any":
    return normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=file.option("tokenize_chinese_chars", True),
        strip_accents=file.option("strip_accents"),
        lowercase=file.option("do_lower_case", True),
    )


def _bert_pre_tokenizer(_: _File) -> "Any":
    return pre_tokenizers.BertPreTokenizer()


def _numbered(tokenizer: Tokenizer, file: _File, name: str) -> tuple[str, int]:
    """A special token with its id."""
    token = file.token(name)
    number = tokenizer.token_to_id(token)
    if number is None:
        raise EngineError(f"its special token {token!r} must be in the vocabulary")
    return token, number


def _cls_sep(tokenizer: Tokenizer, file: _File) -> "Any":
    cls, sep = _numbered(tokenizer, file, "cls_token"), _numbered(tokenizer, file, "sep_token")
    return processors.TemplateProcessing(
        single=f"{cls[0]}:0 $A:0 {sep[0]}:0",
        pair=f"{cls[0]}:0 $A:0 {sep[0]}:0 $B:1 {sep[0]}:1",
        special_tokens=[cls, sep],
    )


def _roberta_post_processor(tokenizer: Tokenizer, file: _File) -> "Any":
    return processors.RobertaProcessing(
        _numbered(tokenizer, file, "sep_token"), _numbered(tokenizer, file, "cls_token")
    )


def _bos_eos(tokenizer: Tokenizer, file: _File) -> "Any":
    bos, eos = _numbered(tokenizer, file, "bos_token"), _numbered(tokenizer, file, "eos_token")
    return processors.TemplateProcessing(
        single=[bos[0], "$A", eos[0]],
        pair=[bos[0], "$A", eos[0], eos[0], "$B", eos[0]],
        special_tokens=[bos, eos],
    )


def _bpe(**options: "Any") -> "Callable[[_File], Any]":
    def make(file: _File) -> "Any":
        texts = {name: file.token(name) for name in options.get("tokens", ())}
        further = {name: value for name, value in options.items() if name != "tokens"}
        return models.BPE(vocab=file.vocabulary, merges=file.merges, **texts, **further)

    return make


def _unigram(unknown: int) -> "Callable[[_File], Any]":
    return lambda file: models.Unigram(file.pieces, unk_id=unknown, byte_fallback=False)


def _unigram_at_token(default: int, *, by_score: bool) -> "Callable[[_File], Any]":
    """A model whose unknown token is the entry of the vocabulary with its text, and in DeBERTa its score of 0."""

    def make(file: _File) -> "Any":
        wanted = file.token("unk_token")
        found = [
            number
            for number, (token, score) in enumerate(file.pieces)
            if token == wanted and (score == 0 or not by_score)
        ]
        return models.Unigram(file.pieces, unk_id=found[0] if found else default, byte_fallback=False)

    return make


def _nothing(_: _File) -> "Any":
    return None


def _bytes(file: _File) -> "Any":
    return pre_tokenizers.ByteLevel(add_prefix_space=bool(file.option("add_prefix_space", False)))


def _words_with_blank(file: _File) -> "Any":
    scheme = "always" if file.option("add_prefix_space", True) else "never"
    blank = pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme=scheme)
    return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), blank])


def _t5_words(_: _File) -> "Any":
    blank = pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme="always", split=True)
    return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), blank])


def _t5_end(tokenizer: Tokenizer, file: _File) -> "Any":
    number = _numbered(tokenizer, file, "eos_token")[1]
    return processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", number)]
    )


def _t5_further(file: _File) -> "Iterable[str]":
    if any("<extra_id_" in (_content(token) or "") for token in file.further):
        return ()
    return [f"<extra_id_{number}>" for number in range(file.option("extra_ids", 100))]


def _qwen_words(file: _File) -> "Any":
    split = pre_tokenizers.Split(Regex(_QWEN), behavior="isolated", invert=False)
    blank = bool(file.option("add_prefix_space"))
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=blank, use_regex=False)])


def _qwen_tokens(tokenizer: Tokenizer, file: _File) -> "Any":
    """The class adds its special tokens again, as plain text."""
    named = [_content(file.tokens.get(name)) for name in dict.fromkeys([*NAMED_TOKENS, *file.tokens])]
    texts = [text for text in [*named, *map(_content, file.further)] if text]
    tokenizer.add_tokens([AddedToken(text, special=True) for text in dict.fromkeys(texts)])
    return tokenizer.post_processor


def _llama_words(file: _File) -> "Any":
    blank = file.option("add_prefix_space")
    scheme = "never"
    if blank or blank is None:
        scheme = "always" if file.option("legacy", False) else "first"
    return pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme=scheme, split=False)


def _gemma_words(_: _File) -> "Any":
    return pre_tokenizers.Split(pattern=" ", behavior="merged_with_previous", invert=False)


def _deberta_normalizer(file: _File) -> "Any":
    parts: list[Any] = [normalizers.Lowercase()] if file.option("do_lower_case", False) else []
    parts += [normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC()]
    return normalizers.Sequence([*parts, normalizers.Strip(left=False, right=True)])


def _deberta_words(file: _File) -> "Any":
    parts: list[Any] = [pre_tokenizers.Punctuation(behavior="isolated")] if file.option("split_by_punct") else []
    scheme = "always" if file.option("add_prefix_space", True) else "first"
    return pre_tokenizers.Sequence([*parts, pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme=scheme)])


def _albert_normalizer(file: _File) -> "Any":
    parts: list[Any] = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    if not file.option("keep_accents", False):
        parts += [normalizers.NFKD(), normalizers.StripAccents()]
    if file.option("do_lower_case", True):
        parts.append(normalizers.Lowercase())
    if (characters := file.characters) is not None:
        parts.append(characters)
    return normalizers.Sequence(parts)


def _plain_text(_: Tokenizer, __: _File) -> "Any":
    return processors.TemplateProcessing(single="$A:0", pair="$A:0 $B:1", special_tokens=[])


def _mpnet_token(name: str, text: str) -> Token:
    # A mask contains the blanks before it.
    return Token(text, lstrip=name == "mask_token") if name in NAMED_TOKENS else Token(text, special=True)


def _camembert_token(name: str, text: str) -> Token:
    return Token(text, lstrip=name == "mask_token", special=True)


_ROBERTA: dict[str, Token | str | None] = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "cls_token": "<s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
_BERT = _Class(
    {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    },
    _word_piece,
    _bert_normalizer,
    _bert_pre_tokenizer,
    _cls_sep,
)
_END = "<|endoftext|>"
_WHOLE_BYTES = {"continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False}

_CLASSES: dict[str, _Class] = {
    "BertTokenizer": _BERT,
    "DistilBertTokenizer": _BERT,
    "MPNetTokenizer": _Class(
        _ROBERTA | {"unk_token": "[UNK]"},
        _word_piece,
        _bert_normalizer,
        _bert_pre_tokenizer,
        _roberta_post_processor,
        strings=_mpnet_token,
    ),
    "RobertaTokenizer": _Class(_ROBERTA, _bpe(**_WHOLE_BYTES), _nothing, _bytes, _roberta_post_processor),
    "XLMRobertaTokenizer": _Class(_ROBERTA, _unigram(3), lambda file: file.characters, _words_with_blank, _bos_eos),
    "CamembertTokenizer": _Class(
        _ROBERTA,
        _unigram_at_token(0, by_score=False),
        lambda file: file.characters,
        _words_with_blank,
        _bos_eos,
        strings=_camembert_token,
        further=lambda file: () if file.further else ("<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"),
    ),
    "AlbertTokenizer": _Class(
        {
            "bos_token": "[CLS]",
            "eos_token": "[SEP]",
            "unk_token": "<unk>",
            "sep_token": "[SEP]",
            "pad_token": "<pad>",
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
        },
        _unigram(1),
        _albert_normalizer,
        _words_with_blank,
        lambda tokenizer, file: _post_processor(file.content) or _cls_sep(tokenizer, file),
    ),
    "DebertaV2Tokenizer": _Class(
        {
            "bos_token": "[CLS]",
            "eos_token": "[SEP]",
            "unk_token": "[UNK]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
        },
        lambda file: _unigram_at_token(file.option("unk_id", 1), by_score=True)(file),
        _deberta_normalizer,
        _deberta_words,
        _cls_sep,
    ),
    "T5Tokenizer": _Class(
        {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
        _unigram(2),
        lambda file: file.characters,
        _t5_words,
        _t5_end,
        further=_t5_further,
    ),
    "GPT2Tokenizer": _Class(
        {"unk_token": _END, "bos_token": _END, "eos_token": _END}, _bpe(**_WHOLE_BYTES), _nothing, _bytes
    ),
    "GPTNeoXTokenizer": _Class(
        {"unk_token": _END, "bos_token": _END, "eos_token": _END, "pad_token": "<|padding|>"},
        _bpe(**_WHOLE_BYTES),
        lambda _: normalizers.NFC(),
        _bytes,
        _plain_text,
    ),
    "Qwen2Tokenizer": _Class(
        {"unk_token": _END, "eos_token": _END, "pad_token": _END},
        _bpe(**_WHOLE_BYTES, byte_fallback=False),
        lambda _: normalizers.NFC(),
        _qwen_words,
        _qwen_tokens,
    ),
    "LlamaTokenizer": _Class(
        {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
        _bpe(fuse_unk=True, byte_fallback=True),
        _nothing,
        _llama_words,
    ),
    "GemmaTokenizer": _Class(
        {
            "unk_token": "<unk>",
            "bos_token": "<bos>",
            "eos_token": "<eos>",
            "pad_token": "<pad>",
            "mask_token": "<mask>",
        },
        _bpe(fuse_unk=True, byte_fallback=True, tokens=("unk_token",)),
        lambda _: normalizers.Replace(" ", _BLANK),
        _gemma_words,
    ),
}
