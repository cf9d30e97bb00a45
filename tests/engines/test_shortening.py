"""Long texts are cut before they are tokenized, and the tokens that are kept are those of the whole text."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slow import all_or
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from hypiler.engines.texts.counting import Truncated
from hypiler.engines.texts.locality import reach_of_expression
from hypiler.engines.texts.shortening import Limiter, PairShortener, Part, Shortener, count_tokens, pieces

CORPUS = (
    "The quick brown fox jumps over the lazy dog, 1234567 times; naïve café résumé ÀÉ über HelloWorld fooBarBaz don't"
    " we'll they're Straße 東京都は大きい都市です。 人工智能改变世界 Привет мир ελληνικά ΣΊΣΥΦΟΣ क्षत्रिय \n\nnew line\t tab  two"
).split(" ")
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def trained(model: Any, trainer: Any, pre: Any, normalizer: Any = None) -> Tokenizer:
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator([" ".join(CORPUS), *CORPUS], trainer)
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True)])
    tokenizer.add_tokens([AddedToken("brown fox", normalized=True), "[unused 1]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[MASK] $A [MASK]",
        pair="[MASK] $A [MASK] $B:1 [MASK]:1",
        special_tokens=[("[MASK]", tokenizer.token_to_id("[MASK]"))],
    )
    return tokenizer


def bpe(pre: Any, normalizer: Any = None, size: int = 400, **options: Any) -> Tokenizer:
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, special_tokens=["<unk>"])
    return trained(models.BPE(unk_token="<unk>", fuse_unk=True, **options), trainer, pre, normalizer)


def unigram(pre: Any, normalizer: Any = None) -> Tokenizer:
    trainer = trainers.UnigramTrainer(vocab_size=300, show_progress=False, special_tokens=["<unk>"], unk_token="<unk>")
    return trained(models.Unigram(), trainer, pre, normalizer)


def word_piece(pre: Any, normalizer: Any = None) -> Tokenizer:
    trainer = trainers.WordPieceTrainer(vocab_size=300, show_progress=False, special_tokens=["[UNK]"])
    return trained(models.WordPiece(unk_token="[UNK]"), trainer, pre, normalizer)


def split(expression: str, behavior: str = "isolated", **options: Any) -> Any:
    return pre_tokenizers.Split(Regex(expression), behavior, **options)


BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "BERT": lambda: word_piece(pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer()),
    "WordPiece by blanks": lambda: word_piece(pre_tokenizers.WhitespaceSplit(), normalizers.NFKC()),
    "GPT-2": lambda: bpe(pre_tokenizers.ByteLevel(add_prefix_space=True)),
    "Qwen": lambda: bpe(pre_tokenizers.Sequence([split(QWEN), BYTES]), normalizers.NFC()),
    "CLIP": lambda: bpe(
        pre_tokenizers.Sequence([split(r"'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", "removed", invert=True), BYTES]),
        normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
    ),
    "T5": lambda: unigram(pre_tokenizers.Metaspace(), normalizers.Replace(Regex(" {2,}"), " ")),
    "Unigram without words": lambda: unigram(pre_tokenizers.Metaspace(split=False)),
    "Llama": lambda: bpe(
        None, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), size=600
    ),
    "Metaspace first": lambda: bpe(pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    "digits and punctuation": lambda: word_piece(
        pre_tokenizers.Sequence(
            [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True), pre_tokenizers.Punctuation("contiguous")]
        )
    ),
    "pieces of a fixed length": lambda: word_piece(pre_tokenizers.FixedLength(5)),
    "by scripts": lambda: unigram(pre_tokenizers.UnicodeScripts()),
}
QUICK = ["WordPiece by blanks", "GPT-2", "T5"]
# These may look ahead as far as the text goes, so nothing is cut.
FAR: dict[str, Callable[[], Tokenizer]] = {
    "to the end": lambda: word_piece(split(r"\w+(?=.*zzz)|.")),
    "to a letter": lambda: word_piece(split(r"[^q]*q|\w+|.")),
    "replaced at the end": lambda: word_piece(
        pre_tokenizers.Whitespace(), normalizers.Replace(Regex(r"The([\s\S]*)zzz$"), "fox")
    ),
    "runs that are joined": lambda: bpe(split(QWEN), normalizers.Replace(" ", "a")),
    "a long pattern": lambda: word_piece(pre_tokenizers.Split("a" * 33, "isolated")),
    "words without a limit": lambda: trained(
        models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=10**9),
        trainers.WordPieceTrainer(vocab_size=300, show_progress=False, special_tokens=["[UNK]"]),
        None,
    ),
}


@pytest.fixture(scope="module")
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return TOKENIZERS[request.param]()


def texts(seed: int) -> Iterator[str]:
    """Long texts of many kinds: words, none, blanks, one word, marks, added tokens that a cut could split."""
    numbers = random.Random(seed)
    yield " ".join(numbers.choices(CORPUS, k=900))
    yield "".join(numbers.choices(CORPUS, k=900))
    yield " " * 2000 + " ".join(numbers.choices(CORPUS, k=900)) + " " * 2000
    yield "".join(
        numbers.choice(["a", "b", " ", "  ", "\n", "1", ".", "é", "東", "[MASK]", "👍🏽"]) for _ in range(9000)
    )
    yield "".join(numbers.choices(["[unused 1]", "brown fox", " ", "brown", "[MASK]", "[un"], k=900))
    yield numbers.choice(["a", "1", "東", "́", ".", "ab", "\n"]) * 3000
    yield "e" + "́" * 1500 + " the quick" * 300 + "zzz"
    yield "".join(numbers.choices("abcdefgh", k=3000)) + "\ud7ff"


def kept(tokenizer: Tokenizer, text: Any, limit: int, side: str = "right") -> tuple[list[int], list[int]]:
    tokenizer.enable_truncation(limit, direction=side)
    found = tokenizer.encode_batch_fast([text])[0]
    return found.ids, found.type_ids


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("tokenizer", all_or(QUICK, TOKENIZERS), indirect=True)
def test_tokens_that_are_kept_are_those_of_the_whole_text(tokenizer: Tokenizer, side: str) -> None:
    shortener = Shortener(tokenizer, side)
    # Some of these tokenizers take long for long texts.
    for seed in range(2):
        for text in [text[:4000] for text in texts(seed)]:
            for limit in (3, 40):
                part = shortener.shorten(text, limit - 2)
                assert kept(tokenizer, part.text, limit, side) == kept(tokenizer, text, limit, side)
                assert part.whole == (part.text == text)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, indirect=True)
def test_only_the_beginning_of_a_long_text_is_tokenized(tokenizer: Tokenizer) -> None:
    part = Shortener(tokenizer).shorten(" ".join(random.Random(0).choices(CORPUS, k=40_000)), 62)
    assert len(part.text) < 10_000


@pytest.mark.parametrize("name", FAR)
def test_text_is_whole_where_its_end_may_decide_its_first_tokens(name: str) -> None:
    tokenizer = FAR[name]()
    text = "The " + "a" * 3000 + "zzz"
    part = Shortener(tokenizer).shorten(text, 20)
    assert part == Part(text, None, whole=True)


def test_end_of_a_text_really_decides_the_first_tokens() -> None:
    """What would be wrong if such texts were cut."""
    tokenizer = FAR["replaced at the end"]()
    whole = "The " + "quick " * 600 + "zzz"
    assert kept(tokenizer, whole, 20) != kept(tokenizer, whole[:2000], 20)


@pytest.mark.parametrize(
    ("expression", "reach"),
    [
        (r"\w+|[^\w\s]+", "near"),
        (r" {2,}", "near"),
        (r"\s{2,}|[\n\r\t]", "near"),
        (r" ?[^\s\p{L}\p{N}]+[\r\n/]*", "near"),
        (r"<\|end\|>|'s|[\p{L}]+|[\p{N}]", "near"),
        (r"\p{N}{1,3}", "near"),
        (r"a{2}", "near"),
        ("", "near"),
        (QWEN, "runs"),
        (r"\s+(?!\S)", "runs"),
        (r"^a", "far"),
        (r"a$", "far"),
        (r"a*b", "far"),
        (r"a{40,}|a", "far"),
        (r"a{0,40}b", "far"),
        (r"a{2}+b", "far"),
        (r".+", "far"),
        (r"(ab)+", "far"),
        (r"a(?=b)", "far"),
        (r"(a)\1", "far"),
        (r"\bfoo", "far"),
        (r"[a&&[b]]", "far"),
        (r"[a", "far"),
    ],
)
def test_expression_that_looks_ahead_is_recognized(expression: str, reach: str) -> None:
    assert reach_of_expression(expression) == reach


@pytest.mark.parametrize("tokenizer", all_or(QUICK, TOKENIZERS), indirect=True)
def test_pairs_are_cut_as_the_library_cuts_them(tokenizer: Tokenizer) -> None:
    """`longest_first`: the odd token goes to the longer side, or to the second one."""
    numbers = random.Random(1)

    def text(words: int) -> str:
        return " ".join(numbers.choices(CORPUS, k=words))

    # The library makes all combinations of the parts that it cuts off, so it cannot be asked about longer texts.
    for limit, lengths in ((26, [0, 1, 5, 12, 13]), (25, [0, 5, 12, 150, 151]), (62, [30, 300]), (63, [30, 300, 301])):
        for first in lengths:
            for second in lengths:
                pair = text(first), text(second)
                (found,) = PairShortener(Shortener(tokenizer), limit).shorten([pair])
                assert kept(tokenizer, found, limit) == kept(tokenizer, pair, limit)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, indirect=True)
def test_tokens_are_counted_piece_by_piece(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypiler.engines.texts.shortening._PIECE", 300)
    for text in [text[:3000] for text in texts(0)]:
        tokenizer.no_truncation()
        whole = len(tokenizer.encode(text, add_special_tokens=False))
        assert count_tokens(text, Shortener(tokenizer)) == whole
        assert (count_tokens(text, Shortener(tokenizer), 50) > 50) == (whole > 50)


def test_settings_of_the_tokenizer_stay_as_they_were() -> None:
    tokenizer = TOKENIZERS["BERT"]()
    tokenizer.enable_truncation(9, stride=1, strategy="only_first", direction="left")
    tokenizer.enable_padding(direction="left", length=12)
    before = tokenizer.truncation, tokenizer.padding
    Limiter(tokenizer).limit(["the quick " * 2000], 64)
    Limiter(tokenizer).limit_pairs([("the quick " * 2000, "fox " * 3000)], 63)
    assert (tokenizer.truncation, tokenizer.padding) == before


def counted(call: Callable[[], Any]) -> tuple[int, int, int, bool]:
    found = Truncated()
    with found.collecting():
        call()
    return found.count, found.limit, found.longest, found.exact


def test_truncated_texts_are_counted() -> None:
    limiter = Limiter(TOKENIZERS["BERT"]())
    texts = ["the " * words for words in (0, 1, 5, 6, 7, 50)]
    assert counted(lambda: limiter.limit(texts, 8)) == (2, 8, 52, True)
    assert counted(lambda: limiter.limit(["the " * 5], 8, "fox fox ")) == (1, 8, 9, True)
    assert counted(lambda: limiter.limit(["the " * 6], 8)) == (0, 0, 0, True)
    count, _, longest, exact = counted(lambda: limiter.limit(["the " * 90_000], 8))
    assert (count, exact) == (1, False)
    assert 8 < longest < 90_000


def test_truncated_pairs_are_counted() -> None:
    limiter = Limiter(TOKENIZERS["BERT"]())
    pairs = [("the " * first, "fox " * second) for first, second in ((2, 3), (2, 4), (3, 3), (0, 6), (0, 5), (9, 9))]
    assert counted(lambda: limiter.limit_pairs(pairs, 8)) == (4, 8, 21, True)
    count, _, _, exact = counted(lambda: limiter.limit_pairs([("the " * 90_000, "fox")], 8))
    assert (count, exact) == (1, False)


def test_prefix_is_left_to_the_library() -> None:
    limiter = Limiter(TOKENIZERS["BERT"]())
    (text,) = limiter.limit(["the quick " * 2000], 64, "query: ")
    assert len(text) < 2000
    assert ("the quick " * 2000).startswith(text)


def test_pieces_are_of_a_limited_size() -> None:
    assert [list(group) for group in pieces([1 << 17, 1 << 17, 1, 1 << 30, 1], int)] == [
        [1 << 17, 1 << 17],
        [1],
        [1 << 30],
        [1],
    ]
    assert list(pieces([], int)) == []
