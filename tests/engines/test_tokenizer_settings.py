"""Tokens are those that transformers makes of the same files: of every class, and of every setting that changes them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from odd_texts import SPECIAL, TEXTS, added, write_tokenizer

pytest.importorskip("tokenizers")

from hypiler.engines.errors import EngineError
from hypiler.engines.layout import ModelFolder, read_layout, truncation_in
from hypiler.engines.texts.tokenizers_setup import build_tokenizer
from hypiler.model_files.tokenizer_classes import DISTRUSTED, OF_TYPE

# A kind of tokenizer.json, the `model_type`, and the class in tokenizer_config.json for each class that is supported.
CLASSES: dict[str, tuple[str, str, str | None]] = {
    "BERT": ("word pieces", "bert", "BertTokenizer"),
    "BERT that declares no class": ("word pieces", "bert", None),
    "BERT of the fast class": ("word pieces", "bert", "PreTrainedTokenizerFast"),
    "DistilBERT": ("word pieces", "distilbert", "DistilBertTokenizer"),
    "ELECTRA": ("word pieces", "electra", "ElectraTokenizerFast"),
    "MPNet": ("words", "mpnet", "MPNetTokenizer"),
    "RoBERTa": ("bytes", "roberta", "RobertaTokenizer"),
    "Longformer": ("bytes", "longformer", "LongformerTokenizerFast"),
    "XLM-RoBERTa": ("pieces", "xlm-roberta", "XLMRobertaTokenizer"),
    "BERT with pieces": ("pieces", "bert", "XLMRobertaTokenizerFast"),
    "CamemBERT": ("pieces", "camembert", "CamembertTokenizer"),
    "ALBERT": ("deberta pieces", "albert", "AlbertTokenizer"),
    "DeBERTa": ("deberta pieces", "deberta-v2", "DebertaV2Tokenizer"),
    "T5": ("t5 pieces", "t5", "T5Tokenizer"),
    "ModernBERT": ("bytes", "modernbert", "PreTrainedTokenizerFast"),
    "ModernBERT of another class": ("word pieces", "modernbert", "BertTokenizer"),
    "GPT-2": ("bytes", "gpt2", "GPT2Tokenizer"),
    "GPT-NeoX": ("bytes", "gpt_neox", "GPTNeoXTokenizer"),
    "Qwen2": ("bytes", "qwen2", "Qwen2Tokenizer"),
    "Qwen3": ("bytes", "qwen3", "Qwen2Tokenizer"),
    "Qwen2 of another class": ("bytes", "qwen2", "GPT2Tokenizer"),
    "Llama": ("blanks", "llama", "LlamaTokenizer"),
    "Llama of bytes": ("bytes", "llama", "LlamaTokenizerFast"),
    "Mistral": ("blanks", "mistral", "LlamaTokenizer"),
    "Gemma": ("blanks", "gemma3_text", "GemmaTokenizer"),
    "unknown network": ("word pieces", "new", "BertTokenizer"),
    "unknown class": ("word pieces", "bert", "MyOwnTokenizer"),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "cased": {"do_lower_case": False},
    "lower case": {"do_lower_case": True},
    "accents kept": {"do_lower_case": True, "strip_accents": False, "keep_accents": True},
    "accents dropped": {"do_lower_case": False, "strip_accents": True},
    "Chinese not split": {"tokenize_chinese_chars": False},
    "blank before": {"add_prefix_space": True},
    "no blank before": {"add_prefix_space": False},
    "legacy": {"legacy": True},
    "punctuation split": {"split_by_punct": True},
    "special tokens split": {"split_special_tokens": True},
    "bos and eos": {"add_bos_token": True, "add_eos_token": True},
    "left": {"truncation_side": "left", "padding_side": "left"},
    "further tokens": {"additional_special_tokens": ["ABBR", "<left>"]},
    "new further tokens": {
        "extra_special_tokens": ["ABBR", {"__type": "AddedToken", "content": "<left>", "lstrip": True}]
    },
    "named further tokens": {"extra_special_tokens": {"image_token": "ABBR"}, "video_token": "NewTok"},
    "inputs": {"model_input_names": ["input_ids", "attention_mask"]},
    "inputs with type ids": {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]},
    "unknown": {"do_basic_tokenize": True, "never_split": None, "some_key": 1, "clean_up_tokenization_spaces": True},
}


def written(
    folder: Path, case: str, settings: dict[str, Any] | None, files: dict[str, Any] | None = None, **changes: Any
) -> Path:
    kind, model_type, name = CLASSES[case]
    own = {"tokenizer_class": name} if name else {}
    write_tokenizer(folder, kind, None if settings is None else own | settings, **changes)
    for file, content in ({"config.json": {"model_type": model_type}} | (files or {})).items():
        (folder / file).write_text(json.dumps(content), encoding="utf-8")
    return folder


@dataclass
class Reference:
    """transformers' own tokenizer."""

    tokenizer: Any

    def ids(self, texts: list[Any], length: int) -> list[tuple[list[int], list[int]]]:
        pairs = [list(side) for side in zip(*texts, strict=True)] if isinstance(texts[0], tuple) else [texts]
        held = self.tokenizer(*pairs, truncation="longest_first", max_length=length)
        types = held.get("token_type_ids") or [[0] * len(ids) for ids in held["input_ids"]]
        return list(zip(held["input_ids"], types, strict=True))


def ours(layout: ModelFolder, texts: list[Any], length: int) -> list[tuple[list[int], list[int]]]:
    tokenizer = build_tokenizer(layout)
    tokenizer.enable_truncation(length, direction=layout.truncation_side)
    found = tokenizer.encode_batch_fast(texts)
    return [(one.ids, one.type_ids if layout.tokenizer.type_ids else [0] * len(one)) for one in found]


def compare(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    reference = Reference(transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True))
    layout = read_layout(folder)
    assert layout.truncation_side == reference.tokenizer.truncation_side
    # A long text tells nothing more about tokens, and takes long.
    texts = [text for name, text in TEXTS.items() if name != "5000 words"]
    pairs = list(zip(texts, reversed(texts), strict=True))
    for length, inputs in ((10, pairs), (64, texts)):
        expected, found = reference.ids(inputs, length), ours(layout, inputs, length)
        assert [one for one, other in zip(expected, found, strict=True) if one != other] == []


# Every class without further settings, and every setting with the classes that read it in different ways.
VARIED = ("BERT", "BERT of the fast class", "MPNet", "RoBERTa", "XLM-RoBERTa", "DeBERTa", "ALBERT", "Qwen3", "Llama")
COMBINED = [(case, name) for case in CLASSES for name in SETTINGS if name == "nothing" or case in VARIED]


@pytest.mark.parametrize(("case", "settings"), COMBINED)
def test_tokens_are_those_of_transformers(case: str, settings: str, tmp_path: Path) -> None:
    compare(written(tmp_path / "model", case, SETTINGS[settings]))


# As word pieces, the vocabulary of SentencePiece has no unknown token, so that transformers fails.
@pytest.mark.parametrize("case", [case for case in CLASSES if case != "BERT with pieces"])
def test_tokens_without_a_configuration_are_those_of_transformers(case: str, tmp_path: Path) -> None:
    compare(written(tmp_path / "model", case, None))


def listed(kind: str, *tokens: dict[str, Any]) -> dict[str, Any]:
    """The special tokens of a kind, and further tokens, as `added_tokens_decoder`."""
    all_tokens = [added(token, number, special=True) for number, token in enumerate(SPECIAL[kind])] + list(tokens)
    return {str(one["id"]): {key: value for key, value in one.items() if key != "id"} for one in all_tokens}


@pytest.mark.parametrize("place", ["tokenizer_config", "tokenizer", "added_tokens", "both"])
@pytest.mark.parametrize("case", CLASSES)
def test_added_tokens_are_those_of_transformers(case: str, place: str, tmp_path: Path) -> None:
    kind = CLASSES[case][0]
    size = write_tokenizer(tmp_path / "other", kind, None)
    tokens = [
        added("ABBR", size, normalized=False),
        added("NewTok", size + 1, normalized=True, single_word=True),
        added("<left>", size + 2, lstrip=True, special=True),
        added("<right>", size + 3, rstrip=True, normalized=False),
    ]
    own = [added(token, number, special=True) for number, token in enumerate(SPECIAL[kind])]
    if place == "tokenizer_config":
        compare(written(tmp_path / "model", case, {"added_tokens_decoder": listed(kind, *tokens)}))
    elif place == "tokenizer":
        compare(written(tmp_path / "model", case, {}, added_tokens=own + tokens))
    elif place == "both":
        # The flags differ: those of tokenizer_config.json decide.
        mask = own[-1] | {"lstrip": True, "normalized": True}
        decoder = {"added_tokens_decoder": listed(kind, mask, tokens[0] | {"normalized": True})}
        compare(written(tmp_path / "model", case, decoder, added_tokens=own + tokens))
    else:
        files = {"added_tokens.json": {one["content"]: one["id"] for one in tokens}}
        compare(written(tmp_path / "model", case, {}, files))


@pytest.mark.parametrize("case", CLASSES)
def test_special_tokens_are_those_of_transformers(case: str, tmp_path: Path) -> None:
    kind = CLASSES[case][0]
    last = SPECIAL[kind][-1]
    swapped = {"cls_token": last, "mask_token": {"__type": "AddedToken", "content": last, "lstrip": True}}
    compare(written(tmp_path / "named", case, swapped))
    map_of_tokens = {
        "mask_token": {"content": last, "lstrip": True, "rstrip": False, "single_word": False, "normalized": True},
        "sep_token": SPECIAL[kind][1],
        "additional_special_tokens": ["ABBR", "<left>"],
    }
    compare(written(tmp_path / "map", case, {}, {"special_tokens_map.json": map_of_tokens}))
    # With `added_tokens_decoder`, transformers does not read the map.
    decoder = {"added_tokens_decoder": listed(kind)}
    compare(written(tmp_path / "ignored", case, decoder, {"special_tokens_map.json": map_of_tokens}))


SIDES = [(None, "Left", "left"), ("right", "Left", "right"), ("left", "Right", "left"), (None, "Right", "right")]


@pytest.mark.parametrize(("stated", "saved", "expected"), SIDES)
@pytest.mark.parametrize("case", ["BERT", "ModernBERT", "Qwen3", "XLM-RoBERTa"])
def test_side_of_truncation_is_that_of_transformers(
    case: str, stated: str | None, saved: str, expected: str, tmp_path: Path
) -> None:
    truncation = {"max_length": 5, "stride": 1, "strategy": "OnlyFirst", "direction": saved}
    folder = written(tmp_path / "model", case, {"truncation_side": stated} if stated else {}, truncation=truncation)
    assert read_layout(folder).truncation_side == expected
    compare(folder)


def test_table_of_classes_is_that_of_transformers() -> None:
    auto = pytest.importorskip("transformers.models.auto.tokenization_auto")
    if (
        not hasattr(auto, "MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS")
        or "qwen4_exp" not in auto.TOKENIZER_MAPPING_NAMES
    ):
        pytest.skip("the table follows a newer version of transformers")
    registered = auto.TOKENIZER_MAPPING_NAMES
    assert {word: registered.get(word) for word in OF_TYPE} == OF_TYPE
    assert auto.MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS == DISTRUSTED


def test_class_that_only_transformers_creates_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", "unknown class", {"tokenizer_class": "XLNetTokenizer"})
    with pytest.raises(EngineError) as caught:
        build_tokenizer(read_layout(folder))
    assert str(caught.value) == golden(
        f"the tokenizer of {folder} is a XLNetTokenizer, which only transformers can create from tokenizer.json: use"
        " another engine, such as `sentence-transformers`"
    )


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"init_inputs": [1]}, "init_inputs"),
    ({"fix_mistral_regex": True}, "fix_mistral_regex"),
    ({"mask_token": 5}, "mask_token"),
    ({"fast_tokenizer_files": ["tokenizer.4.0.0.json"]}, "'tokenizer.4.0.0.json'"),
    ({"tokenizer_object": {}, "post_processor": {"type": "ByteLevel"}}, "post_processor"),
]


@pytest.mark.parametrize(("settings", "named"), REFUSED)
def test_settings_that_only_transformers_follows_are_refused(
    settings: dict[str, Any], named: str, tmp_path: Path
) -> None:
    folder = written(tmp_path / "model", "BERT", settings)
    with pytest.raises(EngineError) as caught:
        build_tokenizer(read_layout(folder))
    assert str(caught.value) == golden(
        f"the tokenizer of {folder} needs transformers, because of {named} of tokenizer_config.json: use another engine,"
        " such as `sentence-transformers`"
    )


def test_class_of_the_repository_is_refused(tmp_path: Path) -> None:
    settings = {"auto_map": {"AutoTokenizer": [None, "own.OwnTokenizer"]}, "tokenizer_class": "OwnTokenizer"}
    folder = written(tmp_path / "model", "unknown network", settings)
    with pytest.raises(EngineError, match=r"because of the tokenizer class in auto_map of tokenizer_config\.json: "):
        build_tokenizer(read_layout(folder))
    # With a class of the library, the repository's is not needed.
    again = written(tmp_path / "again", "unknown network", settings | {"tokenizer_class": "BertTokenizer"})
    assert build_tokenizer(read_layout(again)).token_to_id("[CLS]") == 2


def test_special_token_that_is_excluded_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", "BERT", {"cls_token": None})
    with pytest.raises(EngineError, match=r"its special token `cls_token` must be set$"):
        build_tokenizer(read_layout(folder))


@pytest.mark.parametrize("padding", [0, 1 << 17])
def test_truncation_is_found_wherever_it_stands(padding: int) -> None:
    content = {"version": "é" * padding, "padding": None, "truncation": {"direction": "Left"}}
    assert truncation_in(json.dumps(content).encode()) == {"direction": "Left"}
    for other in ('{"truncation": null}', '{"a": 1}', '{"truncation": "x"}'):
        assert truncation_in(other.encode()) == {}
    for cut in ("", "{", "[1]", "{]", '{"truncation": {"direction"'):
        assert truncation_in(cut.encode()) is None


def test_tokenizer_that_changes_while_it_is_loaded_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", "BERT", {})
    layout = read_layout(folder)
    written(folder, "BERT", {}, truncation={"max_length": 5, "stride": 0, "strategy": "OnlyFirst", "direction": "Left"})
    with pytest.raises(EngineError) as caught:
        build_tokenizer(layout)
    assert str(caught.value) == golden(
        f"{folder / 'tokenizer.json'} was changed while the model was loaded: load it again"
    )


def test_side_that_is_none_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", "BERT", {"truncation_side": "middle"})
    with pytest.raises(EngineError) as caught:
        read_layout(folder)
    assert str(caught.value) == golden(f"the side of truncation of {folder} must be left or right; got 'middle'")
