"""The table of families that the reader of model files and the rules on registries share."""

import pytest

from hypiler.schema.architectures import USUAL, family_named, family_of_class, reserved_positions

# Each was looked up in transformers 5.24: the first token of these networks has position 2.
FROM_TWO = [
    "camembert",
    "data2vec-text",
    "ibert",
    "layoutlmv3",
    "lilt",
    "longformer",
    "luke",
    "markuplm",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
]


@pytest.mark.parametrize("family", FROM_TWO)
def test_families_that_count_positions_from_two(family: str) -> None:
    assert reserved_positions(family) == 2


@pytest.mark.parametrize("word", ["bert", "distilbert", "modernbert", "nomic_bert", "t5", "bart", "new", "", "-"])
def test_families_that_count_positions_from_zero(word: str) -> None:
    assert reserved_positions(word) == 0


@pytest.mark.parametrize("word", ["XLM-RoBERTa", "xlm_roberta", "XLMRoberta", "xlm-roberta-flash-implementation"])
def test_a_family_is_known_in_each_spelling(word: str) -> None:
    assert reserved_positions(word) == 2


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("XLMRobertaModel", "xlm-roberta"),
        ("RobertaPreLayerNormForMaskedLM", "roberta-prelayernorm"),
        ("MPNetForSequenceClassification", "mpnet"),
        ("Data2VecTextModel", "data2vec-text"),
        ("DistilBertModel", "distilbert"),
        ("T5EncoderModel", "t5"),
        ("GPT2LMHeadModel", "gpt2"),
    ],
)
def test_the_family_of_a_class(name: str, family: str) -> None:
    assert family_of_class(name) is family_named(family) is not None


@pytest.mark.parametrize("name", ["BertModel", "Model", "XLMRoberta", ""])
def test_a_class_of_no_such_family(name: str) -> None:
    assert family_of_class(name) is None
    assert USUAL.reserved == 0
