"""onnxruntime and tokenizers: real weights without PyTorch, and graphs of a few nodes that tell what they are given."""

import json
import re
import shutil
import string
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import erf, sqrt
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from bert_onnx import export_bert
from golden import golden
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from slow import slow
from tiny import TABLE, WHOLE, WIDTH, WORDS, config_of, ids_of, write_tiny

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError, UnknownFactError
from hypiler.engines import onnx as engine
from hypiler.engines.layout import read_layout
from hypiler.engines.specs import SPECS
from hypiler.schema.loading import LATE_INTERACTION

QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]
# What an entry says of the real models.
MINILM = {"embedding_dim": 384, "hidden_dim": 384, "context_length": 256, "vocab_size": 30522}
SPLADE = {"embedding_dim": 30522, "hidden_dim": 128, "context_length": 512, "vocab_size": 30522}
LATE = {"pooling": "none", "similarity": "max_sim"}


def real(place: Path, type: str, specs: dict[str, int] = MINILM, **encoding: Any) -> ModelConfig:
    """A config of one of the real models, as a type of model."""
    width = specs["embedding_dim"]
    facts = {"colbert": LATE, "sparse": {"pooling": "max", "similarity": "dot"}}.get(type, {})
    return config_of(
        place,
        type=type,
        specs=specs,
        architecture={"matryoshka_dims": [2, width]},
        capabilities={"multi_vector": type == "colbert"},
        encoding=facts | encoding,
    )


def scores(encoder: Any) -> Any:
    """The three pairs whose scores are known."""
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    return [found[0, 0], found[0, 1], found[1, 2]]


def words(count: int) -> str:
    """A text of so many words that are one token each."""
    return " ".join((["house", "river", "apple", "stone", "green", "seven", "paper"] * 60)[:count])


class TestRealWeights:
    def test_dense_model_scores_as_with_pytorch(self, minilm_onnx: Path, minilm_config: Any) -> None:
        encoder = minilm_config.load("onnx", local=minilm_onnx)
        np.testing.assert_allclose(scores(encoder), [0.6888, 0.0037, 0.7053], atol=1e-4)

    def test_sparse_model_scores_as_with_pytorch(self, splade_onnx: Path, tmp_path: Path) -> None:
        encoder: Any = real(tmp_path, "sparse", SPLADE).load("onnx", local=splade_onnx)
        np.testing.assert_allclose(scores(encoder), [11.4339, 0.0628, 9.4537], atol=1e-4)
        queries = encoder.encode_queries(QUERIES)
        assert queries.shape == (2, 30522)
        assert 0 < queries.nnz < 100
        assert encoder.provenance()["contract"]["encoder_type"] == "sparse"

    def test_late_interaction_scores_as_with_pytorch(self, multi_vector_onnx: Path, tmp_path: Path) -> None:
        encoder: Any = real(tmp_path, "colbert").load("onnx", local=multi_vector_onnx)
        np.testing.assert_allclose(scores(encoder), [5.5845, 1.1733, 6.3127], atol=1e-4)
        assert encoder.provenance()["contract"]["encoder_type"] == "multi_vector"
        # With the first and the last token; not the 128 that the tokenizer was saved with.
        assert [len(tokens) for tokens in encoder.encode_documents([words(3), words(200)])] == [5, 202]

    def test_export_in_eight_bits_is_a_variant(self, minilm_onnx: Path, minilm_int8: Path, tmp_path: Path) -> None:
        without = shutil.ignore_patterns("*.onnx", "*.safetensors")
        folder = Path(shutil.copytree(minilm_onnx, tmp_path / "folder", ignore=without))
        (folder / "model.onnx").symlink_to(minilm_int8 / "model.onnx")
        variant = {"id": "int8", "quantization": "int8", "file": "model.onnx"}
        config = config_of(
            tmp_path, specs=MINILM, architecture={"matryoshka_dims": [384]}, variants=[variant]
        ).with_variant("int8")
        np.testing.assert_allclose(scores(config.load("onnx", local=folder)), [0.6853, 0.0077, 0.7071], atol=2e-3)

    def test_length_is_the_contracts_and_not_the_tokenizers(self, minilm_onnx: Path, minilm_config: Any) -> None:
        saved = json.loads((minilm_onnx / "tokenizer.json").read_bytes())
        assert (saved["truncation"]["max_length"], saved["padding"]["strategy"]) == (128, {"Fixed": 128})
        encoder: Any = minilm_config.load("onnx", local=minilm_onnx)
        cut, whole, longer, longest = encoder.encode_documents([words(126), words(200), words(254), words(300)])
        assert np.abs(whole - cut).max() > 0.001
        np.testing.assert_allclose(longest, longer, atol=1e-6)

    @slow
    def test_vectors_do_not_depend_on_the_texts_beside_them(self, minilm_onnx: Path, minilm_config: Any) -> None:
        encoder: Any = minilm_config.load("onnx", local=minilm_onnx)
        texts = [*DOCUMENTS, "", words(150), "a"]
        together = encoder.encode_documents(texts)
        for batch_size in (1, 4):
            np.testing.assert_allclose(encoder.encode_documents(texts, batch_size=batch_size), together, atol=1e-5)
        np.testing.assert_allclose(encoder.encode_documents(texts[::-1])[::-1], together, atol=1e-5)

    def test_cut_vectors_are_the_first_numbers_with_unit_length(self, minilm_onnx: Path, tmp_path: Path) -> None:
        whole: Any = real(tmp_path, "dense").load("onnx", local=minilm_onnx)
        config = config_of(tmp_path, 96, specs=MINILM, architecture={"matryoshka_dims": [96, 384]})
        found = config.load("onnx", local=minilm_onnx).encode_queries(QUERIES)
        first = whole.encode_queries(QUERIES)[:, :96]
        np.testing.assert_allclose(found, first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-6)

    def test_prefix_stands_before_the_texts_of_its_side(self, minilm_onnx: Path, tmp_path: Path) -> None:
        prefixes = {"query_prefix": "query: ", "document_prefix": "passage: "}
        encoder: Any = real(tmp_path, "dense", **prefixes).load("onnx", local=minilm_onnx)
        plain: Any = real(tmp_path, "dense").load("onnx", local=minilm_onnx)
        by_hand = [plain.encode_queries([prefix + text for text in QUERIES]) for prefix in prefixes.values()]
        np.testing.assert_allclose(encoder.encode_queries(QUERIES), by_hand[0], atol=1e-6)
        np.testing.assert_allclose(encoder.encode_documents(QUERIES), by_hand[1], atol=1e-6)
        assert np.abs(by_hand[0] - by_hand[1]).max() > 0.01


@pytest.mark.parametrize(
    ("name", "head"),
    [("BertModel", "none"), ("BertForMaskedLM", "mlm"), ("BertForSequenceClassification", "classifier")],
)
def test_graph_of_the_tests_gives_what_the_network_gives(name: str, head: Any, tmp_path: Path) -> None:
    """The real weights above run in it: where PyTorch is installed, it is held against transformers."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    network = getattr(transformers, name)(transformers.BertConfig(vocab_size=50, num_labels=3, **sizes)).eval()
    network.save_pretrained(tmp_path)
    export_bert(tmp_path, tmp_path / "model.onnx", head)
    ids, types = np.random.default_rng(0).integers(0, 50, (3, 7)), np.array([[0] * 4 + [1] * 3] * 3)
    mask = np.array([[1] * 7, [1] * 5 + [0] * 2, [1] * 2 + [0] * 5])
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    (found,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, feed)
    with torch.no_grad():
        expected = network(**{key: torch.tensor(value) for key, value in feed.items()})[0].numpy()
    kept = mask > 0 if found.ndim == 3 else slice(None)
    np.testing.assert_allclose(found[kept], expected[kept], atol=1e-5)


HELD = {
    "minilm": ("dense", "modules.json: Pooling"),
    "splade": ("sparse", "config.json: BertForMaskedLM"),
    "multi_vector": ("multi-vector", "config_sentence_transformers.json: model_type MultiVectorEncoder"),
}
KINDS = {"dense": "dense", "unified": "dense", "sparse": "sparse", "colbert": "multi-vector", "reranker": "reranker"}
WRONG = [(name, type) for name, (held, _) in HELD.items() for type, kind in KINDS.items() if kind != held]


class TestAnotherModel:
    @pytest.mark.parametrize(("name", "type"), WRONG)
    def test_files_of_another_kind_are_refused(
        self, name: str, type: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        held, evidence = HELD[name]
        folder = request.getfixturevalue(f"{name}_onnx")
        with pytest.raises(MismatchError) as caught:
            real(tmp_path, type, SPLADE if name == "splade" else MINILM).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`tiny` is of type `{type}` in the registry, which is a {KINDS[type]} model, and the files in {folder} hold"
            f" a {held} one ({evidence})"
        )

    def test_static_model_is_left_to_another_engine(self, minilm_onnx: Path, tmp_path: Path) -> None:
        with pytest.raises(EngineError) as caught:
            real(tmp_path, "static").load("onnx", local=minilm_onnx)
        assert str(caught.value) == golden(
            "`onnx` runs dense, multi-vector, sparse, reranker models, and `tiny` is a static one: use `model2vec`"
        )

    @pytest.mark.parametrize(("fact", "held"), [("hidden_dim", 384), ("vocab_size", 30522)])
    def test_configuration_of_another_model_is_refused(
        self, minilm_onnx: Path, tmp_path: Path, fact: str, held: int
    ) -> None:
        with pytest.raises(MismatchError) as caught:
            real(tmp_path, "dense", MINILM | {fact: 1024}).load("onnx", local=minilm_onnx)
        assert str(caught.value) == golden(
            f"`specs.{fact}` of `tiny` is 1024 in the registry and {held} in config.json of {minilm_onnx}: these are the"
            " files of another model, or the registry is wrong"
        )

    @pytest.mark.parametrize(
        ("name", "type", "specs", "held"),
        [
            ("minilm", "dense", MINILM | {"embedding_dim": 256}, 384),
            ("splade", "sparse", SPLADE | {"embedding_dim": 30000}, 30522),
            ("multi_vector", "colbert", MINILM | {"embedding_dim": 128}, 384),
        ],
    )
    def test_vectors_of_another_width_are_refused_before_the_first_text(
        self, name: str, type: str, specs: dict[str, int], held: int, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        with pytest.raises(MismatchError) as caught:
            real(tmp_path, type, specs).load("onnx", local=request.getfixturevalue(f"{name}_onnx"))
        assert str(caught.value) == golden(
            f"`specs.embedding_dim` of `tiny` is {specs['embedding_dim']} in the registry, and its files give vectors of"
            f" {held}: the files are those of another model, or the registry is wrong"
        )


Nodes = list[tuple[str, list[str], list[str], dict[str, Any]]]
INTS = ("input_ids", "attention_mask", "token_type_ids")
# Each token's vector is what the network was told of it, twice: its id, whether it is attended to, type and position.
TOLD: Nodes = [
    *[("Cast", [name], [f"{name}.float"], {"to": TensorProto.FLOAT}) for name in (*INTS, "position_ids")],
    *[("Unsqueeze", [f"{name}.float", "last"], [f"{name}.one"], {}) for name in (*INTS, "position_ids")],
    ("Concat", [f"{name}.one" for name in (*INTS, "position_ids")] * 2, ["last_hidden_state"], {"axis": -1}),
]


def write_graph(
    path: Path,
    nodes: Nodes,
    outputs: dict[str, list[Any]],
    inputs: tuple[str, ...] = INTS,
    dtype: int = TensorProto.FLOAT,
) -> None:
    """A graph over `table`, `last` (the axis after the others) and constants that are written as they are called."""
    constants = {"table": TABLE, "last": np.array([-1]), "1": np.array([1]), "wide": np.ones((WIDTH, 3), np.float32)}
    graph = helper.make_graph(
        [helper.make_node(type, names, results, **attributes) for type, names, results, attributes in nodes],
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def telling(folder: Path, **files: Any) -> Path:
    """A model whose vectors are what the network was told of each token."""
    write_tiny(folder, **files)
    write_graph(
        folder / "model.onnx",
        TOLD,
        {"last_hidden_state": ["batch", "tokens", WIDTH]},
        (*INTS, "position_ids"),
    )
    return folder


def late(place: Path, **encoding: Any) -> ModelConfig:
    """A late-interaction model whose vectors are left as they are."""
    facts = {"query_prefix": None, "document_prefix": None, "normalize": False} | LATE | encoding
    return config_of(place, type="colbert", capabilities={"multi_vector": True}, encoding=facts)


def stating(place: Path, words: set[str], **encoding: Any) -> ModelConfig:
    """The same with everything about late interaction, and with these words left out of documents."""
    skip = words == set(string.punctuation)
    facts: dict[str, Any] = {
        "query_marker": "[Q]",
        "document_marker": "[D]",
        "query_expansion": True,
        "attend_to_expansion_tokens": False,
        "skip_punctuation": skip,
        "skiplist": None if skip or not words else sorted(words),
        "query_length": 8,
        "document_length": 7,
    }
    return late(place, **(facts | encoding))


def told(vectors: list[Any], what: int) -> list[list[str]] | list[list[int]]:
    """Of each text's tokens 0: the words, 1: whether they are attended to, 2: the types, 3: the positions."""
    found = [[int(token[what]) for token in tokens] for tokens in vectors]
    return [[WORDS[id] for id in ids] for ids in found] if what == 0 else found


def spaced(texts: str) -> list[list[str]]:
    return [text.split() for text in texts.split("|")]


NETWORK = "sentence_transformers.base.modules.transformer.Transformer"
MASK = "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
PYLATE = {
    "model_type": "ColBERT",
    "query_prefix": "[Q]",
    "document_prefix": "[D]",
    "query_length": 8,
    "document_length": 7,
    "do_query_expansion": True,
    "attend_to_expansion_tokens": False,
    "skiplist_words": [".", ","],
}
STANFORD = {
    "query_token_id": "[Q]",
    "doc_token_id": "[D]",
    "query_maxlen": 8,
    "doc_maxlen": 7,
    "attend_to_mask_tokens": False,
    "mask_punctuation": True,
}


def of_pylate(folder: Path, **changes: Any) -> Path:
    modules = [{"type": NETWORK, "path": ""}]
    return telling(folder, config_sentence_transformers=PYLATE | changes, modules=modules)


def of_stanford(folder: Path, **changes: Any) -> Path:
    telling(folder, config={"architectures": ["HF_ColBERT"], "hidden_size": WIDTH, "vocab_size": len(WORDS)})
    (folder / "artifact.metadata").write_text(json.dumps(STANFORD | changes))
    return folder


def of_sentence_transformers(folder: Path, mask: Any = None, prompts: Any = None, **network: Any) -> Path:
    return telling(
        folder,
        modules=[{"type": NETWORK, "path": ""}, {"type": MASK, "path": "1_MultiVectorMask"}],
        config_sentence_transformers={
            "model_type": "MultiVectorEncoder",
            "prompts": prompts or {"query": "[Q] ", "document": "[D] "},
        },
        sentence_bert_config={
            "query_expansion": {"strategy": "fixed", "length": 8, "attend": False, "token": None},
            "document_length": 7,
        }
        | network,
        **{"1_MultiVectorMask/config": {"skiplist_words": [".", ","], "skiplist_tasks": ["document"]} | (mask or {})},
    )


LAYOUTS: list[Callable[..., Path]] = [of_pylate, of_stanford, of_sentence_transformers]


class TestLateInteraction:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_tokens_are_marked_filled_up_skipped_and_cut(self, layout: Callable[..., Path], tmp_path: Path) -> None:
        encoder: Any = late(tmp_path).load("onnx", local=layout(tmp_path / "model"))
        queries = encoder.encode_queries(["a , b", "", "a b c d e f . ,"])
        assert told(queries, 0) == spaced(
            "[CLS] [Q] a , b [SEP] [MASK] [MASK]|[CLS] [Q] [SEP] [MASK] [MASK] [MASK] [MASK] [MASK]"
            "|[CLS] [Q] a b c d e [SEP]"
        )
        assert told(queries, 1) == [[1] * 6 + [0] * 2, [1] * 3 + [0] * 5, [1] * 8]
        assert told(queries, 3) == [list(range(8))] * 3
        documents = encoder.encode_documents(["a , b .", "c", "a b c d e f"])
        assert told(documents, 0) == spaced("[CLS] [D] a b [SEP]|[CLS] [D] c [SEP]|[CLS] [D] a b c d [SEP]")
        assert told(documents, 3) == [[0, 1, 2, 4, 6], [0, 1, 2, 3], [*range(7)]]
        assert {attended for text in told(documents, 1) for attended in text} == {1}

    @pytest.mark.parametrize(
        ("layout", "changes"),
        [
            (of_pylate, {"attend_to_expansion_tokens": True}),
            (of_stanford, {"attend_to_mask_tokens": True}),
            (of_sentence_transformers, {"query_expansion": {"strategy": "fixed", "length": 8, "attend": True}}),
        ],
    )
    def test_what_fills_queries_up_is_attended_to_if_the_files_say_so(
        self, layout: Callable[..., Path], changes: Any, tmp_path: Path
    ) -> None:
        encoder: Any = late(tmp_path).load("onnx", local=layout(tmp_path / "model", **changes))
        assert told(encoder.encode_queries(["a", "a b c"]), 1) == [[1] * 8] * 2

    @pytest.mark.parametrize(
        ("layout", "changes"),
        [
            (of_pylate, {"do_query_expansion": False}),
            (of_sentence_transformers, {"query_expansion": None, "query_length": 8}),
        ],
    )
    def test_queries_may_be_left_as_short_as_they_are(
        self, layout: Callable[..., Path], changes: Any, tmp_path: Path
    ) -> None:
        encoder: Any = late(tmp_path).load("onnx", local=layout(tmp_path / "model", **changes))
        found = told(encoder.encode_queries(["a", "a . b", "a b c d e f"]), 0)
        assert found == spaced("[CLS] [Q] a [SEP]|[CLS] [Q] a . b [SEP]|[CLS] [Q] a b c d e [SEP]")

    def test_queries_may_be_filled_up_and_not_cut(self, tmp_path: Path) -> None:
        expansion = {"strategy": "min", "length": 5, "attend": False, "token": "[PAD]"}
        folder = of_sentence_transformers(tmp_path / "model", query_expansion=expansion, query_length=9)
        encoder: Any = late(tmp_path).load("onnx", local=folder)
        queries = encoder.encode_queries(["a", "a b c d", "a b c d e f . ,"])
        assert told(queries, 0) == spaced("[CLS] [Q] a [SEP] [PAD]|[CLS] [Q] a b c d [SEP]|[CLS] [Q] a b c d e f [SEP]")
        assert told(queries, 1) == [[1, 1, 1, 1, 0], [1] * 7, [1] * 9]

    def test_words_are_skipped_on_the_sides_that_the_files_name(self, tmp_path: Path) -> None:
        mask = {"skiplist_words": [".", "a"], "skiplist_tasks": ["query"]}
        encoder: Any = late(tmp_path).load("onnx", local=of_sentence_transformers(tmp_path / "model", mask))
        assert told(encoder.encode_queries(["a , ."]), 0) == spaced("[CLS] [Q] , [SEP] [MASK] [MASK]")
        assert told(encoder.encode_documents(["a , ."]), 0) == spaced("[CLS] [D] a , . [SEP]")

    def test_punctuation_is_skipped_where_no_words_are_named(self, tmp_path: Path) -> None:
        encoder: Any = late(tmp_path).load("onnx", local=of_pylate(tmp_path / "model", skiplist_words=None))
        assert told(encoder.encode_documents(["a , ."]), 0) == spaced("[CLS] [D] a [SEP]")
        kept = of_stanford(tmp_path / "kept", mask_punctuation=False)
        encoder = late(tmp_path).load("onnx", local=kept)
        assert told(encoder.encode_documents(["a , ."]), 0) == spaced("[CLS] [D] a , . [SEP]")

    def test_prompt_that_is_text_is_read_as_text(self, tmp_path: Path) -> None:
        prompts = {"query": "q: a ", "document": ""}
        encoder: Any = late(tmp_path).load("onnx", local=of_sentence_transformers(tmp_path / "model", prompts=prompts))
        assert told(encoder.encode_queries(["b"]), 0) == spaced("[CLS] q: a b [SEP] [MASK] [MASK] [MASK]")
        assert told(encoder.encode_documents(["b"]), 0) == spaced("[CLS] b [SEP]")

    def test_marker_with_a_space_is_found_however_the_registry_writes_it(self, tmp_path: Path) -> None:
        folder = of_pylate(tmp_path / "model", query_prefix="[M] ")
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        tokenizer["model"]["vocab"]["[M] "] = tokenizer["model"]["vocab"].pop("[Q]")
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        for prefix in ("[M]", "[M] ", None):
            encoder: Any = late(tmp_path, query_prefix=prefix).load("onnx", local=folder)
            assert told(encoder.encode_queries(["a"]), 0) == spaced("[CLS] [Q] a [SEP] [MASK] [MASK] [MASK] [MASK]")

    def test_marker_that_is_no_token_is_refused(self, tmp_path: Path) -> None:
        folder = of_pylate(tmp_path / "model", document_prefix="[unused1]")
        with pytest.raises(MismatchError) as caught:
            late(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`tiny` marks texts with '[unused1]', and the tokenizer in {folder} has no such token"
        )

    @pytest.mark.parametrize("named", ["e", {"content": "e", "lstrip": False}])
    def test_mask_token_is_the_one_that_the_tokenizer_names(self, tmp_path: Path, named: Any) -> None:
        folder = of_pylate(tmp_path / "model")
        (folder / "tokenizer_config.json").write_text(json.dumps(WHOLE | {"mask_token": named, "eos_token": "f"}))
        encoder: Any = late(tmp_path).load("onnx", local=folder)
        assert told(encoder.encode_queries(["a b c"]), 0) == spaced("[CLS] [Q] a b c [SEP] e e")

    def test_last_token_fills_up_where_there_is_no_mask_token(self, tmp_path: Path) -> None:
        folder = of_pylate(tmp_path / "model")
        (folder / "tokenizer_config.json").write_text(json.dumps(WHOLE | {"mask_token": None, "eos_token": "f"}))
        encoder: Any = late(tmp_path).load("onnx", local=folder)
        assert told(encoder.encode_queries(["a b c"]), 0) == spaced("[CLS] [Q] a b c [SEP] f f")

    def test_queries_cannot_be_filled_up_with_no_token(self, tmp_path: Path) -> None:
        folder = of_pylate(tmp_path / "model")
        text = (folder / "tokenizer.json").read_text()
        (folder / "tokenizer.json").write_text(text.replace('"[MASK]"', '"[NONE]"'))
        with pytest.raises(MismatchError) as caught:
            late(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`tiny` expands queries, but the tokenizer in {folder} has no expansion token"
        )

    def test_how_tokens_are_made_is_not_guessed(self, tmp_path: Path) -> None:
        folder = telling(tmp_path / "model")
        with pytest.raises(UnknownFactError) as caught:
            late(tmp_path, query_prefix="", document_prefix="").load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"how `tiny` prepares tokens is unknown: neither the registry nor the files in {folder} state"
            " `encoding.query_marker`, `encoding.document_marker`, `encoding.query_expansion`,"
            " `encoding.skip_punctuation`; look them up and write them into models.json, or pass"
            " assume={'query_marker': …, 'document_marker': …, 'query_expansion': …, 'skip_punctuation': …}"
        )

    @pytest.mark.parametrize("layout", [telling, *LAYOUTS])
    def test_registry_alone_is_enough_and_agrees_with_every_layout(
        self, layout: Callable[..., Path], tmp_path: Path
    ) -> None:
        config = stating(tmp_path, {".", ","} if layout is not of_stanford else set(string.punctuation))
        encoder: Any = config.load("onnx", local=layout(tmp_path / "model"))
        queries = encoder.encode_queries(["a , b", "a b c d e f . ,"])
        assert told(queries, 0) == spaced("[CLS] [Q] a , b [SEP] [MASK] [MASK]|[CLS] [Q] a b c d e [SEP]")
        assert told(queries, 1) == [[1] * 6 + [0] * 2, [1] * 8]
        assert told(encoder.encode_documents(["a , b ."]), 0) == spaced("[CLS] [D] a b [SEP]")

    def test_each_fact_about_tokens_can_be_assumed(self, tmp_path: Path) -> None:
        stated = stating(tmp_path, {".", ","})
        assume = {name: getattr(stated.model, name) for name in LATE_INTERACTION if getattr(stated.model, name) != ()}
        folder = telling(tmp_path / "model")
        bare = late(tmp_path, query_length=8, document_length=7)
        one, other = bare.load("onnx", local=folder, assume=assume), stated.load("onnx", local=folder)
        assert one.space() | {"engine": ""} == other.space() | {"engine": ""}
        assert told(one.encode_documents(["a , b ."]), 0) == spaced("[CLS] [D] a b [SEP]")

    def test_text_may_follow_a_marker(self, tmp_path: Path) -> None:
        config = stating(tmp_path, set(), query_prefix="q: ", document_prefix="[D] d: ")
        encoder: Any = config.load("onnx", local=telling(tmp_path / "model"))
        assert told(encoder.encode_queries(["a"]), 0) == spaced("[CLS] [Q] q: a [SEP] [MASK] [MASK] [MASK]")
        assert told(encoder.encode_documents(["a"]), 0) == spaced("[CLS] [D] d: a [SEP]")

    @pytest.mark.parametrize(
        ("fact", "stated", "held"),
        [
            ("query_marker", "[D]", "[Q]"),
            ("document_marker", "", "[D]"),
            ("query_expansion", False, True),
            ("attend_to_expansion_tokens", True, False),
            ("expansion_token", "[PAD]", "[MASK]"),
            ("expansion_length", 9, 8),
            ("skip_punctuation", True, False),
            ("skiplist", ["a"], [",", "."]),
        ],
    )
    def test_fact_about_tokens_that_the_files_contradict_is_refused(
        self, fact: str, stated: object, held: object, tmp_path: Path
    ) -> None:
        folder = of_pylate(tmp_path / "model")
        (folder / "tokenizer_config.json").write_text(json.dumps(WHOLE | {"mask_token": "[MASK]"}))
        with pytest.raises(MismatchError) as caught:
            stating(tmp_path, set(), **{fact: stated}).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`encoding.{fact}` of `tiny` is {stated!r} in the registry and {held!r} in the model's files ({folder}): one"
            " of them is wrong"
        )

    @pytest.mark.parametrize("layout", [of_pylate, of_stanford])
    def test_marker_in_a_prefix_and_as_a_marker_are_one_space(
        self, layout: Callable[..., Path], tmp_path: Path
    ) -> None:
        folder = layout(tmp_path / "model")
        (folder / "tokenizer_config.json").write_text(json.dumps(WHOLE | {"mask_token": "[MASK]"}))
        older = late(tmp_path, query_prefix="[Q]", document_prefix="[D]").load("onnx", local=folder)
        words = {".", ","} if layout is of_pylate else set(string.punctuation)
        newer = stating(tmp_path, words).load("onnx", local=folder)
        assert (older.space_id, older.query_space_id) == (newer.space_id, newer.query_space_id)
        config = stating(tmp_path, words, expansion_token="[MASK]")
        facts = {**config.space()["query"], **config.space()["document"], "precision": "fp32"}
        ran = newer.space()
        assert facts == {**ran["query"], **ran["document"], "truncation_side": None, "lower_case": None, "lower": None}

    def test_marker_that_is_the_prompt_of_the_folder_stays_text(self, tmp_path: Path) -> None:
        folder = of_sentence_transformers(tmp_path / "model", prompts={"query": "[Q] ", "document": "[D] d: "})
        plain: Any = late(tmp_path).load("onnx", local=folder)
        facts = {"query_marker": "[Q]", "document_marker": "[D]", "document_prefix": "d: "}
        marked: Any = late(tmp_path, **facts).load("onnx", local=folder)
        assert (marked.space_id, marked.query_space_id) == (plain.space_id, plain.query_space_id)
        for encoder in (plain, marked):
            assert told(encoder.encode_queries(["a"]), 0) == spaced("[CLS] [Q] a [SEP] [MASK] [MASK] [MASK] [MASK]")
            assert told(encoder.encode_documents(["a"]), 0) == spaced("[CLS] [D] d: a [SEP]")

    def test_config_leaves_a_marker_open_that_may_be_a_prompt(self, tmp_path: Path) -> None:
        facts = {"query_marker": "[Q]", "document_marker": "[D]", "document_prefix": "d: ", "document_task": None}
        sums = {"1_MultiVectorMask/config.json": "0f" * 32}
        config = config_of(
            tmp_path, type="colbert", capabilities={"multi_vector": True}, encoding=facts, files={"sha256": sums}
        )
        document, query = config.space()["document"], config.space()["query"]
        assert (document["document_marker"], document["document_prefix"]) == (None, None)
        assert (query["query_marker"], query["query_prefix"]) == (None, "[Q]")

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_stating_the_token_that_expands_queries_changes_no_id(
        self, layout: Callable[..., Path], tmp_path: Path
    ) -> None:
        folder = layout(tmp_path / "model")
        ids = [
            late(tmp_path, expansion_token=one).load("onnx", local=folder).query_space_id for one in (None, "[MASK]")
        ]
        assert ids[0] == ids[1]

    def test_lengths_of_the_registry_come_first(self, tmp_path: Path) -> None:
        folder = of_pylate(tmp_path / "model")
        encoder: Any = late(tmp_path, query_length=6, document_length=4).load("onnx", local=folder)
        assert told(encoder.encode_queries(["a"]), 0) == spaced("[CLS] [Q] a [SEP] [MASK] [MASK]")
        assert told(encoder.encode_documents(["a b c"]), 0) == spaced("[CLS] [D] a [SEP]")


ADAPTERS = ["retrieval.query", "retrieval.passage", "separation"]


def with_tasks(folder: Path, shape: list[int]) -> Path:
    """A model whose vectors are the number of the task that the network is told, as the export of Jina v3 takes it."""
    config = {"model_type": "bert", "hidden_size": WIDTH, "vocab_size": len(WORDS), "lora_adaptations": ADAPTERS}
    write_tiny(folder, config=config)
    nodes = [
        helper.make_node("Cast", ["task_id"], ["task"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Mul", ["rows", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "task"], ["last_hidden_state"]),
    ]
    ints = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INTS[:2]]
    task = helper.make_tensor_value_info("task_id", TensorProto.INT64, shape)
    out = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])
    constants = [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.float32(0), "zero")]
    graph = helper.make_graph(nodes, "tasks", [*ints, task], [out], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder


def told_tasks(place: Path, **encoding: Any) -> ModelConfig:
    tasks = {"query_task": ADAPTERS[0], "document_task": ADAPTERS[1]}
    prompts = {"prompts": {"clustering": "q: ", "other": ""}, "tasks": {"clustering": "separation"}}
    return config_of(place, encoding={"normalize": False, **tasks, **prompts, **encoding})


class TestTasks:
    @pytest.mark.parametrize("shape", [[], [1]])
    def test_each_side_tells_the_network_its_task(self, tmp_path: Path, shape: list[int]) -> None:
        encoder: Any = told_tasks(tmp_path).load("onnx", local=with_tasks(tmp_path / "model", shape))
        assert np.unique(encoder.encode_queries(["a", "b c"])).tolist() == [0]
        assert np.unique(encoder.encode_documents(["a", "b c"])).tolist() == [1]

    def test_named_prompts_choose_text_task_and_space(self, tmp_path: Path) -> None:
        folder, config = with_tasks(tmp_path / "model", []), told_tasks(tmp_path)
        chosen = config.with_prompts(query="other", document="clustering")
        encoder: Any = chosen.load("onnx", local=folder)
        assert np.unique(encoder.encode_queries(["a"])).tolist() == [0]  # the prompt has no task of its own
        assert np.unique(encoder.encode_documents(["a"])).tolist() == [2]
        assert encoder.contract.document_prefix == "q: "
        own: Any = config.load("onnx", local=folder)
        assert (encoder.space_id != own.space_id, encoder.query_space_id == own.query_space_id) == (True, True)
        ran = encoder.space()["document"]
        assert (ran["document_prefix"], ran["document_task"]) == ("q: ", "separation")
        assert {**chosen.space()["document"], **ran} == ran

    def test_task_that_the_network_does_not_have_is_refused(self, tmp_path: Path) -> None:
        folder = with_tasks(tmp_path / "model", [])
        with pytest.raises(MismatchError) as caught:
            told_tasks(tmp_path, query_task="search").load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`encoding.query_task` of `tiny` is 'search', and the files in {folder} have the adapters 'retrieval.query',"
            " 'retrieval.passage', 'separation': one of them is wrong"
        )

    def test_network_that_wants_a_task_is_not_run_without(self, tmp_path: Path) -> None:
        folder = with_tasks(tmp_path / "model", [])
        with pytest.raises(UnknownFactError) as caught:
            told_tasks(tmp_path, document_task=None).load("onnx", local=folder)
        assert str(caught.value) == golden(
            "`encoding.document_task` of `tiny` must be one of the tasks in config.json (lora_adaptations:"
            f" 'retrieval.query', 'retrieval.passage', 'separation'), since {folder / 'model.onnx'} takes a task_id; it"
            " is ''"
        )

    def test_graph_that_takes_no_task_is_not_run_with_one(self, tmp_path: Path) -> None:
        folder = write_tiny(tmp_path / "model")
        with pytest.raises(EngineError) as caught:
            told_tasks(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"`tiny` is told the task 'retrieval.query', and {folder / 'model.onnx'} takes no task_id: use another engine,"
            " such as `sentence-transformers`"
        )


def weighing(place: Path, activation: str | None = None, weights: str | None = None) -> ModelConfig:
    """A sparse model over the words, with fixed weights of queries if their file is named."""
    return config_of(
        place,
        type="sparse",
        specs={"embedding_dim": len(WORDS)},
        architecture={"matryoshka_dims": [len(WORDS)]},
        encoding={
            "pooling": None,
            "normalize": None,
            "similarity": "dot",
            "activation": activation,
            "inference_free_queries": True if weights else None,
        },
        files={"query_weights": weights} if weights else None,
    )


def logits(folder: Path) -> Path:
    """A network whose logits are 3 for the word itself, and else 0."""
    write_tiny(folder)
    rows = numpy_helper.from_array(3 * np.eye(len(WORDS), dtype=np.float32), "rows")
    ints = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INTS[:2]]
    out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "tokens", len(WORDS)])
    graph = helper.make_graph([helper.make_node("Gather", ["rows", "input_ids"], ["logits"])], "g", ints, [out], [rows])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder


class TestSparse:
    @pytest.mark.parametrize(
        ("activation", "weight"),
        [(None, np.log1p(3)), ("log1p_relu", np.log1p(3)), ("log1p_log1p_relu", np.log1p(np.log1p(3))), ("relu", 3)],
    )
    def test_logits_become_weights_by_the_stated_activation(
        self, tmp_path: Path, activation: str | None, weight: float
    ) -> None:
        encoder: Any = weighing(tmp_path, activation).load("onnx", local=logits(tmp_path / "model"))
        found = encoder.encode_documents(["a a b"]).toarray()[0]
        assert found[WORDS.index("a")] == pytest.approx(weight)
        assert found.nonzero()[0].tolist() == sorted({WORDS.index(word) for word in ("[CLS]", "a", "b", "[SEP]")})

    @pytest.mark.parametrize(
        ("file", "content"),
        [
            ("idf.json", '{"a": 2, "c": 0.5, "of another vocabulary": 7}'),
            ("query_token_weights.txt", "a\t2\nc\t0.5\n\n"),
        ],
    )
    def test_queries_have_fixed_weights(self, tmp_path: Path, file: str, content: str) -> None:
        folder = logits(tmp_path / "model")
        (folder / file).write_text(content)
        encoder: Any = weighing(tmp_path, None, file).load("onnx", local=folder)
        found = encoder.encode_queries(["a a b c", "", "d"]).toarray()
        expected = np.zeros((3, len(WORDS)))
        expected[0, [WORDS.index("a"), WORDS.index("c")]] = [2, 0.5]
        np.testing.assert_array_equal(found, expected)
        (folder / file).write_text(content.replace("2", "3"))
        other = weighing(tmp_path, None, file).load("onnx", local=folder)
        assert other.query_space_id != encoder.query_space_id
        assert other.space_id == encoder.space_id

    @pytest.mark.parametrize(("content", "reason"), [("[1]", "'list' object has no attribute 'items'"), ("{", None)])
    def test_weights_that_cannot_be_read_are_named(self, tmp_path: Path, content: str, reason: str | None) -> None:
        folder = logits(tmp_path / "model")
        (folder / "idf.json").write_text(content)
        told = f"{folder / 'idf.json'} cannot be used as weights of the tokens of queries: {reason or ''}"
        with pytest.raises(EngineError, match=f"^{re.escape(told)}"):
            weighing(tmp_path, None, "idf.json").load("onnx", local=folder)

    def test_weights_must_be_there(self, tmp_path: Path) -> None:
        folder = logits(tmp_path / "model")
        with pytest.raises(EngineError) as caught:
            weighing(tmp_path, None, "idf.json").load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"the weights of the tokens of queries of `tiny` are missing: {folder / 'idf.json'}"
        )


POOLING = "sentence_transformers.models.Pooling"
DENSE = "sentence_transformers.models.Dense"
NORMALIZE = "sentence_transformers.models.Normalize"
RANDOM = np.random.default_rng(1)


def write_dense(folder: Path, out: int, activation: str = "torch.nn.modules.linear.Identity", **changes: Any) -> Any:
    """The files of a linear layer from WIDTH to `out`; gives its matrix and what it adds."""
    folder.mkdir(exist_ok=True)
    config = {"in_features": WIDTH, "out_features": out, "bias": True, "activation_function": activation} | changes
    (folder / "config.json").write_text(json.dumps(config))
    matrix, bias = RANDOM.normal(size=(out, WIDTH)), RANDOM.normal(size=out)
    weights = {"linear.weight": matrix.astype(np.float32), "linear.bias": bias.astype(np.float32)}
    save_file(weights if config["bias"] else {"linear.weight": weights["linear.weight"]}, folder / "model.safetensors")
    return matrix, bias if config["bias"] else 0


def with_dense(folder: Path) -> Path:
    modules = [
        {"type": NETWORK, "path": ""},
        {"type": POOLING, "path": "1_Pooling"},
        {"type": DENSE, "path": "2_Dense"},
    ]
    return write_tiny(folder, modules=modules, **{"1_Pooling/config": {"pooling_mode": "mean"}})


def with_head(folder: Path) -> Path:
    modules = [{"type": NETWORK, "path": ""}, {"type": DENSE, "path": "1_Dense"}]
    return write_tiny(folder, modules=modules, config_sentence_transformers=PYLATE | {"do_query_expansion": False})


def narrow(place: Path, **changes: Any) -> ModelConfig:
    """A model with vectors of 4 numbers, made of the network's 8."""
    facts = {"specs": {"embedding_dim": 4}, "architecture": {"matryoshka_dims": [2, 4]}}
    return config_of(place, **facts | {"encoding": {"normalize": False, "similarity": "dot"}} | changes)


ACTIVATIONS = {
    "torch.nn.modules.linear.Identity": lambda x: x,
    "torch.nn.modules.activation.Tanh": np.tanh,
    "torch.nn.modules.activation.ReLU": lambda x: np.where(x > 0, x, 0),
    "torch.nn.modules.activation.GELU": np.vectorize(lambda x: x / 2 * (1 + erf(x / sqrt(2)))),
}


class TestLinearLayers:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("bias", [True, False])
    def test_layer_follows_pooling(self, activation: str, bias: bool, tmp_path: Path) -> None:
        folder = with_dense(tmp_path / "model")
        matrix, added = write_dense(folder / "2_Dense", 4, activation, bias=bias)
        found = narrow(tmp_path).load("onnx", local=folder).encode_documents(["a b", "c"])
        pooled = [TABLE[ids_of(text)].mean(axis=0) for text in ("a b", "c")]
        expected = [ACTIVATIONS[activation](matrix @ vector + added) for vector in pooled]
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_head_of_late_interaction_is_applied_to_each_token(self, tmp_path: Path) -> None:
        folder = with_head(tmp_path / "model")
        matrix, added = write_dense(folder / "1_Dense", 4)
        config = narrow(
            tmp_path,
            type="colbert",
            capabilities={"multi_vector": True},
            encoding={"query_prefix": None, "document_prefix": None, "normalize": False} | LATE,
        )
        (found,) = config.load("onnx", local=folder).encode_documents(["a b"])
        ids = [WORDS.index(word) for word in "[CLS] [D] a b [SEP]".split()]
        np.testing.assert_allclose(found, TABLE[ids] @ matrix.T + added, atol=1e-5)

    def test_head_that_the_graph_has_in_it_is_not_applied_again(self, tmp_path: Path) -> None:
        folder = with_head(tmp_path / "model")
        write_dense(folder / "1_Dense", 3)
        # Nobody needs the weights then.
        (folder / "1_Dense/model.safetensors").unlink()
        nodes: Nodes = [
            ("Gather", ["table", "input_ids"], ["tokens"], {}),
            ("MatMul", ["tokens", "wide"], ["last_hidden_state"], {}),
        ]
        write_graph(folder / "model.onnx", nodes, {"last_hidden_state": ["batch", "tokens", 3]})
        config = narrow(
            tmp_path,
            type="colbert",
            specs={"embedding_dim": 3},
            architecture={"matryoshka_dims": [2, 3]},
            capabilities={"multi_vector": True},
            encoding={"query_prefix": None, "document_prefix": None, "normalize": False} | LATE,
        )
        (found,) = config.load("onnx", local=folder).encode_documents(["a"])
        ids = [WORDS.index(word) for word in "[CLS] [D] a [SEP]".split()]
        np.testing.assert_allclose(found, TABLE[ids] @ np.ones((WIDTH, 3)), atol=1e-5)

    def test_head_of_which_nobody_can_tell_whether_it_was_applied_is_refused(self, tmp_path: Path) -> None:
        folder = with_head(tmp_path / "model")
        write_dense(folder / "1_Dense", WIDTH)
        with pytest.raises(EngineError) as caught:
            late(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"{folder / 'model.onnx'} may have the layers of {folder} in it or not: both give vectors of 8. Use another"
            " engine, such as `sentence-transformers`"
        )

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"in_features": 6}, "`linear.weight` in {path} must be of shape (4, 6); got (4, 8)"),
            ({"out_features": 5}, "`linear.weight` in {path} must be of shape (5, 8); got (4, 8)"),
            (
                {"activation_function": "torch.nn.modules.activation.SiLU"},
                "the activation of {folder} must be one of Identity, Tanh, ReLU, GELU; got"
                " 'torch.nn.modules.activation.SiLU'",
            ),
        ],
    )
    def test_layer_that_is_not_what_its_configuration_says_is_refused(
        self, changes: Any, message: str, tmp_path: Path
    ) -> None:
        folder = with_dense(tmp_path / "model")
        layer = folder / "2_Dense"
        write_dense(layer, 4)
        config = json.loads((layer / "config.json").read_bytes())
        (layer / "config.json").write_text(json.dumps(config | changes))
        with pytest.raises(EngineError) as caught:
            narrow(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == message.format(path=layer / "model.safetensors", folder=layer)

    def test_layer_without_the_numbers_that_it_adds_is_refused(self, tmp_path: Path) -> None:
        folder = with_dense(tmp_path / "model")
        path = folder / "2_Dense/model.safetensors"
        write_dense(path.parent, 4)
        save_file({"linear.weight": np.zeros((4, WIDTH), np.float32)}, path)
        with pytest.raises(EngineError) as caught:
            narrow(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(f"`linear.bias` in {path} must be of shape (4,); got None")

    @pytest.mark.parametrize("content", [None, b"no weights"])
    def test_weights_that_cannot_be_read_are_named(self, content: bytes | None, tmp_path: Path) -> None:
        folder = with_dense(tmp_path / "model")
        path = folder / "2_Dense/model.safetensors"
        write_dense(path.parent, 4)
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(EngineError) as caught:
            narrow(tmp_path).load("onnx", local=folder)
        told = f"{path} cannot be read: " if content is None else f"the weights of a layer cannot be read from {path}: "
        assert str(caught.value).startswith(told)

    def test_layer_for_vectors_of_another_width_is_refused(self, tmp_path: Path) -> None:
        folder = with_dense(tmp_path / "model")
        layer = folder / "2_Dense"
        write_dense(layer, 4, in_features=6)
        save_file(
            {"linear.weight": np.ones((4, 6), np.float32), "linear.bias": np.ones(4, np.float32)},
            layer / "model.safetensors",
        )
        with pytest.raises(EngineError) as caught:
            narrow(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(f"the layer {layer} takes vectors of 6; got 8")


@pytest.mark.parametrize(
    ("modules", "files", "told_of"),
    [
        ([NETWORK, DENSE, POOLING], {}, golden("the modules 'Transformer', 'Dense', 'Pooling'")),
        (
            [NETWORK, POOLING, "custom.LayerNorm"],
            {},
            golden("the modules 'Transformer', 'Pooling', 'custom.LayerNorm'"),
        ),
        (
            [NETWORK, POOLING, NORMALIZE, DENSE],
            {},
            golden("the modules 'Transformer', 'Pooling', 'Normalize', 'Dense'"),
        ),
        (
            [NETWORK, POOLING],
            {"1/config": {"pooling_mode": "mean", "include_prompt": False}},
            golden("include_prompt False of 1"),
        ),
        ([NETWORK, POOLING, DENSE], {"2/config": {"use_residual": True}}, golden("use_residual True of 2")),
    ],
)
def test_what_only_the_library_does_is_refused(modules: list[str], files: Any, told_of: str, tmp_path: Path) -> None:
    layer = {"in_features": WIDTH, "out_features": WIDTH, "activation_function": "torch.nn.modules.linear.Identity"}
    layers = {f"{n}/config": layer for n, type in enumerate(modules) if type == DENSE}
    listed = [{"type": type, "path": str(n) if n else ""} for n, type in enumerate(modules)]
    files = {name: layers.get(name, {}) | files.get(name, {}) for name in layers | files}
    folder = write_tiny(tmp_path / "model", modules=listed, **files)
    config = config_of(tmp_path, encoding={"normalize": modules[-1] == NORMALIZE})
    with pytest.raises(EngineError) as caught:
        config.load("onnx", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` uses features that this engine does not support: {told_of} in {folder}; use another engine, such as"
        " `sentence-transformers`"
    )


# The score of a pair is the sum over its tokens of (type + 1) times the id, the tokens of padding aside.
SCORING: Nodes = [
    ("Mul", ["input_ids", "token_type_ids"], ["typed"], {}),
    ("Add", ["input_ids", "typed"], ["tokens"], {}),
    ("Mul", ["tokens", "attention_mask"], ["masked"], {}),
    ("Cast", ["masked"], ["floats"], {"to": TensorProto.FLOAT}),
    ("ReduceSum", ["floats", "1"], ["logits"], {"keepdims": 1}),
]


class TestReranker:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        inputs = ["input_ids", "token_type_ids", "attention_mask"]
        folder = write_tiny(tmp_path / "model", tokenizer_config={"model_input_names": inputs})
        write_graph(folder / "model.onnx", SCORING, {"logits": ["batch", 1]})
        return folder

    def test_score_is_the_logit_of_the_pair(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, type="reranker", encoding={"pooling": None}).load("onnx", local=folder)
        queries, documents = ["a b", "c"], ["d", "", "a , b . e"] * 20
        expected = [[sum(ids_of(query)) + 2 * sum(ids_of(text)[1:]) for text in documents] for query in queries]
        found = encoder.similarity(encoder.encode_queries(queries), encoder.encode_documents(documents))
        np.testing.assert_array_equal(found, expected)
        assert encoder.similarity([], documents).shape == (0, 60)
        assert [one["name"] for one in encoder.provenance()["files"]][1] == "model.onnx"

    def test_longest_text_of_a_pair_is_cut_first(self, folder: Path, tmp_path: Path) -> None:
        config = config_of(tmp_path, type="reranker", encoding={"pooling": None, "document_length": 7})
        encoder: Any = config.load("onnx", local=folder)
        assert encoder.similarity(["a"], ["b c d e f"]) == sum(ids_of("a")) + 2 * sum(ids_of("b c d")[1:])

    def test_prefixes_of_the_registry_stand_before_the_texts(self, folder: Path, tmp_path: Path) -> None:
        facts = {"pooling": None, "query_prefix": "q: ", "document_prefix": "d: "}
        encoder: Any = config_of(tmp_path, type="reranker", encoding=facts).load("onnx", local=folder)
        found = encoder.similarity(encoder.encode_queries(["a"]), encoder.encode_documents(["b"]))
        assert found == sum(ids_of("q: a")) + 2 * sum(ids_of("d: b")[1:])

    def test_head_of_several_classes_gives_no_score(self, folder: Path, tmp_path: Path) -> None:
        nodes: Nodes = [
            ("Gather", ["table", "input_ids"], ["tokens"], {}),
            ("ReduceMean", ["tokens"], ["text"], {"axes": [1], "keepdims": 0}),
            ("MatMul", ["text", "wide"], ["logits"], {}),
        ]
        write_graph(folder / "model.onnx", nodes, {"logits": ["batch", 3]})
        with pytest.raises(MismatchError) as caught:
            config_of(tmp_path, type="reranker", encoding={"pooling": None}).load("onnx", local=folder)
        assert str(caught.value) == golden(f"{folder / 'model.onnx'} must give one score per pair; it gives 3")


class TestRuns:
    """Texts of about one length go through the network together, a few at a time."""

    TEXTS = ("a b c d . e f", "", "c", "a b", "d e f a", "b , c d e f a b")

    @pytest.mark.parametrize("tokens", [1, 8, 12])
    def test_vectors_are_the_same_in_the_order_of_the_texts(
        self, tokens: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dense, config = write_tiny(tmp_path / "dense"), config_of(tmp_path)
        folder, of_tokens = of_pylate(tmp_path / "late"), late(tmp_path)
        expected = config.load("onnx", local=dense).encode_documents(self.TEXTS)
        whole: Any = of_tokens.load("onnx", local=folder)
        monkeypatch.setattr(engine, "_TOKENS", tokens)
        np.testing.assert_allclose(config.load("onnx", local=dense).encode_documents(self.TEXTS), expected, atol=1e-6)
        few: Any = of_tokens.load("onnx", local=folder)
        for encode, again in (
            (whole.encode_queries, few.encode_queries),
            (whole.encode_documents, few.encode_documents),
        ):
            for found, right in zip(again(self.TEXTS), encode(self.TEXTS), strict=True):
                np.testing.assert_array_equal(found, right)

    def test_short_texts_are_not_filled_up_to_long_ones(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "_TOKENS", 12)
        encoder: Any = config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model"))
        network, shapes = encoder.backend.network, []
        run = network.run
        monkeypatch.setattr(
            network, "run", lambda *arrays, **side: shapes.append(arrays[0].shape) or run(*arrays, **side)
        )
        encoder.encode_documents(self.TEXTS)
        assert shapes == [(1, 10), (1, 9), (2, 6), (2, 3)]


HIDDEN: dict[str, list[Any]] = {"last_hidden_state": ["batch", "tokens", WIDTH]}
LOOK_UP: Nodes = [("Gather", ["table", "input_ids"], ["last_hidden_state"], {})]
MEAN: Nodes = [("ReduceMean", ["last_hidden_state"], ["sentence_embedding"], {"axes": [1], "keepdims": 0})]
TWICE: Nodes = [("Add", ["last_hidden_state", "last_hidden_state"], ["other"], {})]


def plain(text: str) -> Any:
    """The mean of a text's vectors, of unit length."""
    vector = TABLE[ids_of(text)].mean(axis=0)
    return vector / np.linalg.norm(vector)


class TestGraphs:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return write_tiny(tmp_path / "model")

    @pytest.mark.parametrize("inputs", [INTS[:2], INTS, (*INTS[:2], "position_ids")])
    def test_graph_gets_the_inputs_that_it_names(self, folder: Path, inputs: tuple[str, ...], tmp_path: Path) -> None:
        write_graph(folder / "model.onnx", LOOK_UP, HIDDEN, inputs)
        found = config_of(tmp_path).load("onnx", local=folder).encode_queries(["a b", "c"])
        np.testing.assert_allclose(found, [plain("a b"), plain("c")], atol=1e-6)

    @pytest.mark.parametrize(
        "inputs", [("input_ids",), (*INTS, "pixel_values"), (*INTS[:2], "past_key_values.0.key", "position_ids")]
    )
    def test_graph_with_other_inputs_is_refused(self, folder: Path, inputs: tuple[str, ...], tmp_path: Path) -> None:
        write_graph(folder / "model.onnx", LOOK_UP, HIDDEN, inputs)
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"{folder / 'model.onnx'} must take attention_mask and input_ids, and may take position_ids,"
            f" task_id and token_type_ids; it takes {', '.join(sorted(inputs))}"
        )

    def test_output_in_half_precision_is_widened(self, folder: Path, tmp_path: Path) -> None:
        nodes: Nodes = [
            ("Gather", ["table", "input_ids"], ["tokens"], {}),
            ("Cast", ["tokens"], ["last_hidden_state"], {"to": TensorProto.FLOAT16}),
        ]
        write_graph(folder / "model.onnx", nodes, HIDDEN, dtype=TensorProto.FLOAT16)
        found: Any = config_of(tmp_path).load("onnx", local=folder).encode_queries(["a b", "c"])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [plain("a b"), plain("c")], atol=2e-3)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)

    @pytest.mark.parametrize(
        ("nodes", "outputs"),
        [
            (MEAN, {"sentence_embedding": ["batch", WIDTH]} | HIDDEN),
            (TWICE, {"other": ["batch", "tokens", WIDTH]} | HIDDEN),
        ],
    )
    def test_tokens_are_read_beside_other_outputs(
        self, folder: Path, nodes: Nodes, outputs: dict[str, list[Any]], tmp_path: Path
    ) -> None:
        write_graph(folder / "model.onnx", LOOK_UP + nodes, outputs)
        found = config_of(tmp_path).load("onnx", local=folder).encode_queries(["a b", "c"])
        np.testing.assert_allclose(found, [plain("a b"), plain("c")], atol=1e-6)

    @pytest.mark.parametrize(
        ("type", "nodes", "outputs", "wanted"),
        [
            (
                "dense",
                MEAN,
                {"sentence_embedding": ["batch", WIDTH]},
                golden("one output of 3 dimensions for a dense model"),
            ),
            (
                "dense",
                [("Add", ["other", "other"], ["more"], {}), *TWICE],
                {"other": ["batch", "tokens", WIDTH], "more": ["batch", "tokens", WIDTH]},
                golden("one output of 3 dimensions for a dense model"),
            ),
            ("reranker", [], HIDDEN, golden("one output of 2 dimensions for a reranker model")),
        ],
    )
    def test_output_that_is_not_there_is_not_guessed(
        self, folder: Path, type: str, nodes: Nodes, outputs: dict[str, list[Any]], wanted: str, tmp_path: Path
    ) -> None:
        write_graph(folder / "model.onnx", [*LOOK_UP, *nodes[::-1]], outputs)
        encoding = {"pooling": None} if type == "reranker" else {}
        with pytest.raises(MismatchError) as caught:
            config_of(tmp_path, type=type, encoding=encoding).load("onnx", local=folder)
        names = "logits" if type == "reranker" else golden("last_hidden_state or token_embeddings")
        shapes = ", ".join(f"{name} {shape}" for name, shape in outputs.items())
        assert str(caught.value) == golden(
            f"{folder / 'model.onnx'} must have {wanted}, or call it {names}; it has {shapes}"
        )

    def test_corrupt_graph_is_no_fault_of_onnxruntimes_own_type(self, folder: Path, tmp_path: Path) -> None:
        (folder / "model.onnx").write_bytes(b"no graph")
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value).startswith(f"onnxruntime cannot run {folder / 'model.onnx'}: ")
        assert "\n" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_text_that_the_network_does_not_take_is_no_fault_of_its_own_type(
        self, folder: Path, tmp_path: Path
    ) -> None:
        # Ids of words behind the end of the table.
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        tokenizer["model"]["vocab"]["beyond"] = len(WORDS)
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        encoder: Any = config_of(tmp_path).load("onnx", local=folder)
        with pytest.raises(EngineError) as caught:
            encoder.encode_queries(["a beyond b"])
        assert f"onnxruntime cannot run {folder / 'model.onnx'}: " in str(caught.value)


VARIANTS = [
    {"id": "small", "quantization": "int8", "file": "small.onnx"},
    {"id": "half", "quantization": "fp16", "file": "half.safetensors"},
    {"id": "elsewhere", "quantization": "fp16", "huggingface_id": "org/elsewhere"},
    {"id": "unnamed", "quantization": "q4"},
    {"id": "here", "quantization": "q4", "huggingface_id": "org/tiny"},
]


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return write_tiny(tmp_path / "model")

    @pytest.mark.parametrize(
        ("stated", "told_of"),
        [({}, golden("onnx/model.onnx and model.onnx")), ({"weights": {"onnx": "onnx/q.onnx"}}, "onnx/q.onnx")],
    )
    def test_file_that_is_missing_is_named(self, folder: Path, stated: Any, told_of: str, tmp_path: Path) -> None:
        contract: Any = config_of(tmp_path).load("onnx", local=folder).contract
        (folder / "model.onnx").rename(folder / "other.onnx")
        config = config_of(tmp_path, files=stated)
        with pytest.raises(EngineError) as caught:
            engine.open_model(config, contract, read_layout(folder), "cpu")
        assert str(caught.value) == golden(
            f"no ONNX file of `tiny` in {folder}: looked for {told_of}; name it in `files.weights.onnx`, choose a"
            " variant, or use another engine"
        )

    @pytest.mark.parametrize(
        ("variant", "places"),
        [
            (None, ("onnx/model.onnx", "model.onnx")),
            ("small", ("small.onnx",)),
            ("half", ()),
            ("elsewhere", ("onnx/model.onnx", "model.onnx")),
            ("unnamed", ()),
            ("here", ()),
        ],
    )
    def test_weights_of_a_variant_are_never_those_of_another(
        self, folder: Path, variant: str | None, places: tuple[str, ...], tmp_path: Path
    ) -> None:
        config = config_of(tmp_path, variants=VARIANTS).with_variant(variant)
        spec = SPECS[0]
        assert (spec.why_not(config, folder) is None) is ("model.onnx" in places)
        assert [pattern for pattern in spec.files(config) if pattern.endswith(".onnx")] == list(places)
        # From the hub, a file has to be known of by name.
        assert (spec.why_not(config) is None) is (variant == "small")

    def test_missing_tokenizer_is_named(self, folder: Path, tmp_path: Path) -> None:
        (folder / "tokenizer.json").unlink()
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        path = folder / "tokenizer.json"
        assert str(caught.value) == golden(f"no tokenizer.json for the ONNX file: {path} does not exist")

    def test_corrupt_tokenizer_is_named(self, folder: Path, tmp_path: Path) -> None:
        (folder / "tokenizer.json").write_text("{}")
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value).startswith(f"{folder / 'tokenizer.json'} must hold a tokenizer: ")

    @pytest.mark.parametrize("device", ["abacus", "cuda"])
    def test_device_that_is_not_there_is_refused(self, folder: Path, device: str, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("onnx", local=folder, device=device)
        assert str(caught.value) == golden(f"device must be cpu, or cuda where onnxruntime has it; got {device!r}")

    def test_device_that_does_not_start_is_refused(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # onnxruntime says that it has it, and then goes on without.
        monkeypatch.setattr(engine.onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
        with warnings.catch_warnings(), pytest.raises(ValueError) as caught:
            warnings.simplefilter("ignore")
            config_of(tmp_path).load("onnx", local=folder, device="cuda")
        assert str(caught.value) == golden("device must be one that onnxruntime can start here; 'cuda' did not")

    def test_length_that_the_special_tokens_alone_exceed_is_refused(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(MismatchError) as caught:
            config_of(tmp_path, encoding={"query_length": 1}).load("onnx", local=folder)
        assert str(caught.value) == golden(
            "texts of `tiny` are truncated to 1 tokens, but the special tokens of its tokenizer alone are 2"
        )

    def test_texts_are_put_into_lower_case_if_the_files_say_so(self, tmp_path: Path) -> None:
        folder = write_tiny(tmp_path / "lower", sentence_bert_config={"do_lower_case": True})
        found: Any = config_of(tmp_path).load("onnx", local=folder).encode_queries(["A B", "c"])
        np.testing.assert_allclose(found, [plain("a b"), plain("c")], atol=1e-6)

    @pytest.mark.parametrize("pooling", ["cls", "mean", "max", "last_token", "mean_sqrt_len", "weighted_mean"])
    def test_text_of_no_tokens_gives_zeros(self, folder: Path, pooling: str, tmp_path: Path) -> None:
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes()) | {"post_processor": None}
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        encoder: Any = config_of(tmp_path, encoding={"pooling": pooling}).load("onnx", local=folder)
        empty, other = encoder.encode_queries(["", "a"])
        assert not empty.any()
        np.testing.assert_allclose(other, TABLE[WORDS.index("a")] / np.linalg.norm(TABLE[WORDS.index("a")]), atol=1e-6)
        assert not encoder.encode_queries([""]).any()

    def test_sides_of_different_lengths_can_be_encoded_at_once(self, folder: Path, tmp_path: Path) -> None:
        config = config_of(tmp_path, encoding={"query_length": 4, "document_length": 20})
        encoder: Any = config.load("onnx", local=folder)
        texts = ["a b c d e f a b c d"]
        expected = encoder.encode_queries(texts), encoder.encode_documents(texts)
        tokenizer = encoder.backend.network.tokenizer

        class Slow:
            """Leaves the other thread all the time that it needs."""

            def enable_truncation(self, tokens: int, **options: Any) -> None:
                tokenizer.enable_truncation(tokens, **options)
                sleep(0.01)

            def __getattr__(self, name: str) -> Any:
                return getattr(tokenizer, name)

        encoder.backend.network.tokenizer = Slow()
        with ThreadPoolExecutor(2) as threads:
            sides = [encoder.encode_queries, encoder.encode_documents] * 4
            found = list(threads.map(lambda encode: encode(texts), sides))
        for place, vectors in enumerate(found):
            np.testing.assert_array_equal(vectors, expected[place % 2])


class TestTokenizerThatFails:
    """The tokenizers library panics, which is no Exception for Python, or raises a bare Exception."""

    def loaded(self, tmp_path: Path, **parts: Any) -> Any:
        folder = write_tiny(tmp_path / "model")
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes()) | parts
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        return config_of(tmp_path, type=(parts and "dense") or "dense").load("onnx", local=folder)

    def test_pattern_that_backtracks_is_an_error_that_names_the_text(self, tmp_path: Path) -> None:
        pattern = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Removed", "invert": False}
        encoder = self.loaded(tmp_path, pre_tokenizer=pattern)
        text = "a" * 37 + "!"
        with pytest.raises(EngineError) as caught:
            encoder.encode_documents(["a", "longer than the other text, and short enough", text])
        assert str(caught.value) == (
            f"texts[2] ('{text}'): the tokenizer of `tiny` cannot encode a text: Onig: Regex search error:"
            " retry-limit-in-match over"
        )
        # It can still be used.
        assert encoder.encode_documents(["a"]).shape == (1, WIDTH)

    def test_missing_unknown_token_is_an_error_that_names_the_text(self, tmp_path: Path) -> None:
        model = {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"a": 0},
        }
        encoder = self.loaded(tmp_path, model=model)
        with pytest.raises(EngineError) as caught:
            encoder.encode_documents(["a", "zz"], batch_size=1)
        assert str(caught.value) == (
            "texts[1] ('zz'): the tokenizer of `tiny` cannot encode a text: WordPiece error: Missing [UNK] token from"
            " the vocabulary"
        )

    def test_tokenizer_that_fails_for_every_text_is_an_error_of_loading(self, tmp_path: Path) -> None:
        pattern = {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed", "invert": False}
        with pytest.raises(EngineError, match="tokenizer"):
            self.loaded(tmp_path, pre_tokenizer=pattern)


def test_damaged_weights_are_an_error_of_loading(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "model")
    model = onnx.load(folder / "model.onnx")
    table = numpy_helper.to_array(model.graph.initializer[0]).copy()
    table[WORDS.index("[CLS]")] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(table, "table"))
    onnx.save(model, folder / "model.onnx")
    with pytest.raises(EngineError) as caught:
        config_of(tmp_path).load("onnx", local=folder)
    assert str(caught.value) == (
        "the files of `tiny` give numbers that are NaN or infinite: the weights are damaged, or their precision is too"
        " low for this text"
    )


class TestLongTexts:
    def test_memory_and_time_do_not_grow_with_a_text_that_is_cut(self, tmp_path: Path) -> None:
        encoder = config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model"))
        whole, cut = encoder.encode_documents(["a b c " * 2_000_000, "a b c " * 30])
        np.testing.assert_array_equal(whole, cut)

    @pytest.mark.parametrize("limit", [63, 64])
    def test_pair_of_long_texts_scores_as_its_beginning(self, tmp_path: Path, limit: int) -> None:
        inputs = ["input_ids", "token_type_ids", "attention_mask"]
        folder = write_tiny(tmp_path / "model", tokenizer_config={"model_input_names": inputs})
        write_graph(folder / "model.onnx", SCORING, {"logits": ["batch", 1]})
        config = config_of(tmp_path, type="reranker", encoding={"pooling": None, "document_length": limit})
        encoder: Any = config.load("onnx", local=folder)
        room = limit - 3
        found = encoder.similarity(["a " * 100_000, "a " * 10], ["b " * 200_000, "b " * 100_000, "b " * 90_000, "b"])
        # Half of the room each; the odd token goes to the longer side, or to the second one.
        kept = [[(room // 2, room - room // 2)] * 2 + [(room - room // 2, room // 2), (room - 1, 1)]]
        kept += [[(10, room - 10)] * 3 + [(10, 1)]]
        one, other = WORDS.index("a"), WORDS.index("b")
        specials = WORDS.index("[CLS]") + WORDS.index("[SEP]") + 2 * WORDS.index("[SEP]")
        expected = [[specials + one * first + 2 * other * second for first, second in row] for row in kept]
        np.testing.assert_array_equal(found, expected)
        assert encoder.truncated == 7
