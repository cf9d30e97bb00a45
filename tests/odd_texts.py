"""Texts at which libraries differ, and small tokenizers that were trained on a few sentences."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

_SENTENCES = [
    "A man is eating food, and someone is having a meal.",
    "The stock market fell sharply today; shares of ten banks lost 12.5 %.",
    "How do I reset my password? Steps to recover a forgotten account.",
    "query: what is a vector passage: a list of numbers represent this text for search",
    "Ärger über naïve cafés, façade, Ångström, Straße, İstanbul",
    "東京は日本の首都です。 北京是中国的首都。 서울은 한국의 수도",
    "Здравствуй мир שלום עולם مرحبا بالعالم नमस्ते दुनिया",
    "def f(x): return x + 1  # 🙂 👩‍👩‍👧 e\u0301",
]
_GENERATOR = random.Random(5)
_WORDS = " ".join(_SENTENCES[:4]).split()

TEXTS: dict[str, str] = {
    "plain": _SENTENCES[0],
    "empty": "",
    "blanks": "  \t \n ",
    "one token": "a",
    "one letter": "Z",
    "prefix in the text": "query: what is a vector",
    "newlines": "\nfirst line\r\n\r\nsecond\tline\n",
    "upper case": "THE STOCK MARKET FELL Sharply",
    "accents": _SENTENCES[4],
    "loose accents": "\u0301 e\u0301\u0302 \u0327a",
    "dotted capital": "İIıi ẞß ﬁ Ⅷ ℌ",
    "wide letters": "ＦＵＬＬ ｗｉｄｔｈ ｶﾀｶﾅ",
    "Chinese": "北京是中国的首都。東京",
    "Korean": "서울은 한국의 수도",
    "emoji": "🙂 👩‍👩‍👧 🇩🇪 👍🏽",
    "right to left": "שלום עולם مرحبا بالعالم",
    "combining": "नमस्ते दुनिया",
    "control characters": "a\x00b \x01 \x1b[31m \x7f \x85 c",
    "invisible": "\u200b\ufeffa\u00adb\u2060 \u2028 \u00a0c",
    "no character": "\ufffd \ufffe",
    "special tokens": "[CLS] a [SEP] b [MASK] [PAD] [UNK] <s> c </s> <mask> <pad> <unk> <|endoftext|>",
    "special tokens without blanks": "a[SEP]b</s>c<mask>d [MASK].",
    "other case of special tokens": "[sep] [Mask] <S> </S> <MASK>",
    "added tokens": "the ABBR and  NewTok end, newtok, xNewToky  <left>  <right>  .",
    "long word": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten" * 4,
    "punctuation": "...!?--''``\"\"«»—– 12.5% $3,000 a/b a_b",
    "code": "def f(x):\n    return x + 1  # done",
    "many blanks": "a    b  c",
    "leading blank": " a b",
    "trailing blank": "a b ",
    "long": " ".join(_GENERATOR.choices(_WORDS, k=300)),
    "5000 words": " ".join(_GENERATOR.choices(_WORDS, k=5000)),
}
"""Texts by name."""

SPECIAL = {
    "word pieces": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused1]"],
    "words": ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"],
    "bytes": ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"],
    "pieces": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    "t5 pieces": ["<pad>", "</s>", "<unk>"],
    "deberta pieces": ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
    "blanks": ["<unk>", "<s>", "</s>", "<pad>", "<bos>", "<eos>", "<mask>"],
}
"""The special tokens of each kind of tokenizer, which come first in its vocabulary."""


@cache
def _trained(kind: str) -> str:
    special = SPECIAL[kind]
    trainer: Any
    if kind in ("word pieces", "words"):
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    elif kind == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=400, special_tokens=special, show_progress=False, initial_alphabet=alphabet
        )
    elif kind == "blanks":
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        trainer = trainers.BpeTrainer(
            vocab_size=500,
            special_tokens=[*special, *[f"<0x{number:02X}>" for number in range(256)]],
            show_progress=False,
        )
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        unknown = next(token for token in special if token.lower() in ("<unk>", "[unk]"))
        trainer = trainers.UnigramTrainer(
            vocab_size=300, special_tokens=special, unk_token=unknown, show_progress=False
        )
    tokenizer.train_from_iterator([*_SENTENCES, *[one.lower() for one in _SENTENCES]] * 3, trainer)
    first, last = special_ends(kind)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}" if first else f"$A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1" if first else f"$A {last} $B:1 {last}:1",
        special_tokens=[(token, special.index(token)) for token in {first, last} if token],
    )
    return str(tokenizer.to_str())


def special_ends(kind: str) -> tuple[str, str]:
    """The special tokens before and after a text; the first may be empty."""
    special = SPECIAL[kind]
    if "[CLS]" in special:
        return "[CLS]", "[SEP]"
    return ("", "</s>") if kind == "t5 pieces" else ("<s>", "</s>")


def parts_of(kind: str) -> dict[str, Any]:
    """The parts of the tokenizer.json of a kind."""
    parts: dict[str, Any] = json.loads(_trained(kind))
    return parts


def write_tokenizer(folder: Path, kind: str, config: dict[str, Any] | None, **changes: Any) -> int:
    """Write tokenizer.json with `changes` of its parts, and tokenizer_config.json; the size of the vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    content = parts_of(kind) | changes
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    if config is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return int(Tokenizer.from_str(json.dumps(content)).get_vocab_size())


def added(content: str, number: int, **flags: bool) -> dict[str, Any]:
    """An added token, as tokenizer.json has it."""
    token = AddedToken(content, **flags)
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"id": number, "content": content} | {name: getattr(token, name) for name in names}
