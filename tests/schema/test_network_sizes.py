"""The arithmetic of networks, held against counts that were published for real models.

The counts are `n_parameters` in model_meta.json of embeddings-benchmark/results or in mteb 2.26.24, and the widths are
those of the models' config.json. tests/engines/test_transformers_counts.py counts the classes of transformers.
"""

import pytest

from hypiler.schema.architectures import same_network
from hypiler.schema.network_sizes import (
    Shape,
    counts,
    is_foreign,
    needs_positions,
    solutions,
    solutions_of_any_depth,
    variations,
)

BASE, LARGE = (768, 12), (1024, 24)
TWO_LAYERS = [(768, 3072), (3072, 768)]
_7B = {"inner": 14336, "heads": 32, "key_value_heads": 8}
PUBLISHED = {
    "bge-small-en-v1.5": ("bert", Shape(384, 12, 30522, positions=512), [], 33_360_512, "a pooler and position ids"),
    "bge-large-en-v1.5": ("bert", Shape(*LARGE, 30522, positions=512), [], 335_142_400, "a pooler and position ids"),
    "uae-large-v1": ("bert", Shape(*LARGE, 30522, positions=512), [], 335_141_888, "a pooler"),
    "snowflake-arctic-embed-l": ("bert", Shape(*LARGE, 30522, positions=512), [], 334_092_288, ""),
    "colbertv2.0": ("bert", Shape(*BASE, 30522, positions=512), [(768, 128)], 109_580_544, "a pooler and layers"),
    "splade-v3": ("bert", Shape(*BASE, 30522, positions=512), [], 109_514_298, "a language model head"),
    "opensearch-doc-v1": (
        "bert",
        Shape(*BASE, 30522, positions=512),
        [],
        132_955_194,
        "an untied language model head",
    ),
    "opensearch-multilingual-v1": (
        "bert",
        Shape(*BASE, 105879, positions=512),
        [],
        167_569_710,
        "a language model head with two biases",
    ),
    "rubert-tiny2": (
        "bert",
        Shape(312, 3, 83828, positions=2048, inner=600),
        [],
        29_376_502,
        "the heads of pre-training",
    ),
    "ms-marco-minilm-l6": (
        "bert",
        Shape(384, 6, 30522, positions=512),
        [],
        22_713_601,
        "a pooler and a head of one label",
    ),
    "granite-125m": ("roberta", Shape(*BASE, 50265, positions=514), [], 124_645_632, "a pooler"),
    "granite-30m": ("roberta", Shape(384, 6, 50265, positions=514), [], 30_295_296, "2 token types and a pooler"),
    "multilingual-e5-base": (
        "xlm-roberta",
        Shape(*BASE, 250002, positions=514),
        [],
        278_044_162,
        "a pooler and position ids",
    ),
    "bge-reranker-v2-m3": (
        "xlm-roberta",
        Shape(*LARGE, 250002, positions=8194),
        [],
        567_755_777,
        "a head of one label",
    ),
    "opensearch-v3-distill": ("distilbert", Shape(768, 6, 30522, positions=512), [], 66_362_880, ""),
    "all-mpnet-base-v2": ("mpnet", Shape(*BASE, 30527, positions=514), [], 109_486_464, "a pooler"),
    "mxbai-rerank-large-v1": (
        "deberta-v2",
        Shape(*LARGE, 128100),
        [],
        435_062_785,
        "a pooler and a head of one label",
    ),
    "nomic-embed-text-v1.5": ("nomic_bert", Shape(*BASE, 30528, positions=8192), [], 136_731_648, ""),
    "nomic-embed-text-v2-moe": ("nomic_bert", Shape(*BASE, 250048, positions=2048), [], 475_292_928, "experts"),
    "gte-base-en-v1.5": ("new", Shape(*BASE, 30528), [], 136_776_192, ""),
    "gte-multilingual-base": ("new", Shape(*BASE, 250048), [], 305_369_089, "1 token type and a head per token"),
    "stella_en_400M_v5": ("new", Shape(*LARGE, 30528), [], 435_188_736, "2 token types and a pooler"),
    "gte-modernbert-base": ("modernbert", Shape(768, 22, 50368, inner=1152), [], 149_014_272, ""),
    "gte-reranker-modernbert": (
        "modernbert",
        Shape(768, 22, 50368, inner=1152),
        [],
        149_605_633,
        "a head of one label",
    ),
    "ettin-reranker-150m": (
        "modernbert",
        Shape(768, 22, 50368, inner=1152),
        [],
        149_606_401,
        "a head of one label with a bias in its norm",
    ),
    "lateon": (
        "modernbert",
        Shape(768, 22, 50370, inner=1152),
        [(768, 1536), (1536, 768), (768, 128)],
        153_832_704,
        "layers with shortcuts",
    ),
    "e5-mistral-7b-instruct": ("mistral", Shape(4096, 32, 32000, **_7B), [], 7_110_660_096, ""),
    "stella_en_1.5B_v5": (
        "qwen2",
        Shape(1536, 28, 151646, inner=8960, heads=12, key_value_heads=2),
        [],
        1_543_268_864,
        "",
    ),
    "gte-Qwen2-1.5B-instruct": (
        "qwen2",
        Shape(1536, 28, 151646, inner=8960, heads=12, key_value_heads=2),
        [],
        1_776_197_120,
        "an untied language model head",
    ),
    "Qwen3-Embedding-0.6B": (
        "qwen3",
        Shape(1024, 28, 151669, inner=3072, heads=16, key_value_heads=8, head_width=128),
        [],
        595_776_512,
        "",
    ),
    "bge-multilingual-gemma2": (
        "gemma2",
        Shape(3584, 42, 256002, inner=14336, heads=16, key_value_heads=8, head_width=256),
        [],
        9_241_713_152,
        "",
    ),
    "embeddinggemma-300m": (
        "gemma3_text",
        Shape(768, 24, 262144, inner=1152, heads=3, key_value_heads=1, head_width=256),
        TWO_LAYERS,
        307_581_696,
        "layers",
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_count_is_that_of_the_network(name: str) -> None:
    architecture, shape, layers, count, words = PUBLISHED[name]
    assert [found for found, one in variations(architecture, shape, layers) if one == count][:1] == [words]


@pytest.mark.parametrize("name", PUBLISHED)
def test_count_gives_the_number_of_layers_back(name: str) -> None:
    architecture, shape, layers, count, _ = PUBLISHED[name]
    found = {*solutions(architecture, shape.replaced("layers", 0), "layers", count, layers)}
    assert found == {shape.layers}


@pytest.mark.parametrize("name", PUBLISHED)
def test_solutions_of_any_depth_are_those_of_each_depth(name: str) -> None:
    architecture, shape, layers, count, _ = PUBLISHED[name]
    depths = range(1, 2 * shape.layers)
    for attribute in ("vocabulary", "positions"):
        shapes = [shape.replaced("layers", depth) for depth in depths]
        each = [value for one in shapes for value in solutions(architecture, one, attribute, count, layers)]
        assert [*solutions_of_any_depth(architecture, shape, attribute, count, layers, depths=depths)] == each
        assert (getattr(shape, attribute) in each) is (getattr(shape, attribute) > 0 and needs(architecture, attribute))


def needs(architecture: str, attribute: str) -> bool:
    return attribute != "positions" or needs_positions(architecture)


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_those_of_the_variations(name: str) -> None:
    architecture, shape, layers, *_ = PUBLISHED[name]
    assert counts(architecture, shape, layers) == [count for _, count in variations(architecture, shape, layers)]


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("unheard-of", Shape(8, 1, 9)),
        ("modernbert", Shape(8, 1, 9)),
        ("llama", Shape(8, 1, 9, inner=9, heads=2)),
        ("qwen3", Shape(8, 1, 9, inner=9, heads=2, key_value_heads=1)),
        ("t5", Shape(8, 1, 9, heads=2)),
    ],
)
def test_nothing_is_counted_where_a_width_or_the_formula_is_unknown(architecture: str, shape: Shape) -> None:
    assert (variations(architecture, shape), counts(architecture, shape)) == ([], [])


def test_networks_from_a_repository_are_foreign_unless_their_code_is_known() -> None:
    known = ("bert", "nomic-bert", "NewModel", "new", "gte")
    assert [is_foreign(name, remote_code=True) for name in known] == [True, False, True, False, False]
    assert [is_foreign(name, remote_code=False) for name in ("bert", "lfm2")] == [False, True]
    assert [needs_positions(name) for name in ("XLM-RoBERTa", "nomic_bert", "new", "lfm2")] == [True] + [False] * 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gte", "new", True),
        ("xlm-roberta", "XLM_RoBERTa", True),
        ("paligemma", "colpali", True),
        ("roberta", "xlm-roberta", False),
        ("new", "bert", False),
    ],
)
def test_names_of_one_network(one: str, other: str, *, same: bool) -> None:
    assert same_network(one, other) is same
