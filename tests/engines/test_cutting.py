"""Texts that are cut for servers: what is left has the tokens that the model's own library would keep."""

import json
from typing import Any

import pytest
from odd_texts import SPECIAL, TEXTS, parts_of
from tokenizers import Tokenizer

from hypiler.engines.texts.counting import Truncated
from hypiler.engines.texts.cutting import Cutter

LIMITS = (6, 17, 40)
# A character may be several tokens, and is not cut.
MOST_LOST = 4


def tokenizer_of(kind: str) -> Any:
    return Tokenizer.from_str(json.dumps(parts_of(kind)))


@pytest.mark.parametrize("kind", SPECIAL)
def test_tokens_of_a_cut_text_are_the_first_of_the_whole(kind: str) -> None:
    tokenizer = tokenizer_of(kind)
    cutter = Cutter(tokenizer)
    for text in TEXTS.values():
        whole = tokenizer.encode(text, add_special_tokens=False).ids
        for limit in LIMITS:
            (cut,), (tokens,) = cutter.cut([text], limit)
            found, room = tokenizer.encode(cut, add_special_tokens=False).ids, limit - cutter.specials
            assert found == whole[: len(found)]
            assert min(len(whole), room) - MOST_LOST <= len(found) <= room
            assert tokens in (0, len(found))
            assert text.startswith(cut)


def test_whole_words_are_cut_at_the_limit_exactly() -> None:
    cutter = Cutter(tokenizer_of("word pieces"))
    counted = Truncated()
    with counted.collecting():
        found = cutter.cut(["eating food and food and food", "a"], 6)
    assert found == (["eating food and food", "a"], [4, 0])
    assert (counted.count, counted.limit, counted.longest, counted.exact) == (1, 6, 8, True)


def test_text_can_be_cut_on_the_left() -> None:
    cutter = Cutter(tokenizer_of("word pieces"), "left")
    assert cutter.cut(["eating food and food and meal"], 5) == (["food and meal"], [3])


def test_text_of_which_no_character_fits_is_empty() -> None:
    assert Cutter(tokenizer_of("bytes")).cut(["𓀀𓀀"], 3) == ([""], [0])


def test_settings_of_the_tokenizer_are_kept() -> None:
    tokenizer = tokenizer_of("word pieces")
    tokenizer.enable_truncation(3)
    Cutter(tokenizer).cut(["eating food and food and food"], 6)
    assert tokenizer.truncation["max_length"] == 3
