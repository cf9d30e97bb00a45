"""model2vec, with the weights of a real static model, against the mean of the rows of its table."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from golden import golden
from slow import slow

pytest.importorskip("model2vec")

from safetensors.numpy import load_file, save_file
from saved_models import saved_static as saved
from tiny import config_of
from tokenizers import Tokenizer, models, pre_tokenizers

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError
from hypiler.engines import model2vec as engine
from hypiler.engines.specs import SPECS

SPEC = SPECS[1]
QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]


def entry(place: Path, dimension: int | None = None, width: int = 256, **encoding: Any) -> ModelConfig:
    """A config of a static model of this width, or cut to a dimension."""
    specs = {"parameters": "10M", "embedding_dim": width, "hidden_dim": width, "max_position_embeddings": None}
    dims = {"matryoshka_dims": sorted({dimension or width, width})}
    return config_of(place, dimension, type="static", specs=specs, architecture=dims, encoding=encoding)


@pytest.fixture(scope="session")
def table(wordllama: Path) -> Any:
    return load_file(wordllama / "weights/l2_supercat_256.safetensors")["embedding.weight"].astype(np.float32)


@pytest.fixture(scope="session")
def tokenizer(wordllama: Path) -> Path:
    """Named otherwise there, it is a tokenizer.json."""
    return wordllama / "tokenizers/l2_supercat_tokenizer_config.json"


LAYOUTS = ["model2vec", "sentence-transformers", "sentence-transformers, nested"]


@pytest.fixture(scope="session")
def static(wordllama: Path, tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As model2vec saves it, in half precision as it is."""
    table = load_file(wordllama / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    return saved(tmp_path_factory.mktemp("static") / "model", "model2vec", table, tokenizer)


def mean(text: str, table: Any, tokenizer: Path, tokens: int | None = None) -> Any:
    return table[Tokenizer.from_file(str(tokenizer)).encode(text, add_special_tokens=False).ids[:tokens]].mean(axis=0)


def unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_static_model_scores_as_its_own_library(static: Path, tmp_path: Path) -> None:
    encoder = entry(tmp_path).load(local=static)
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    assert encoder.engine == encoder.provenance()["engine"] == "model2vec"
    np.testing.assert_allclose([found[0, 0], found[0, 1], found[1, 2]], [0.4736, -0.0149, 0.5949], atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_vectors_are_the_means_of_the_rows_of_prefixed_texts(
    layout: str, table: Any, tokenizer: Path, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", layout, table, tokenizer)
    config = entry(tmp_path, normalize=False, query_prefix="find: ", document_prefix="text: ")
    encoder = config.load("model2vec", local=folder)
    for encode, prefix in ((encoder.encode_queries, "find: "), (encoder.encode_documents, "text: ")):
        expected = [mean(prefix + text, table, tokenizer) for text in DOCUMENTS]
        vectors = encode(DOCUMENTS)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, expected, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS[1:])
def test_vectors_are_those_of_sentence_transformers(layout: str, table: Any, tokenizer: Path, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    folder = saved(tmp_path / "model", layout, table, tokenizer)
    vectors = entry(tmp_path, normalize=False).load("model2vec", local=folder).encode_documents(DOCUMENTS)
    np.testing.assert_allclose(vectors, library.SentenceTransformer(str(folder)).encode(DOCUMENTS), atol=1e-6)


@slow
def test_half_precision_is_not_rounded_once_more(static: Path, table: Any, tokenizer: Path, tmp_path: Path) -> None:
    vectors = entry(tmp_path).load("model2vec", local=static).encode_documents(DOCUMENTS)
    expected = unit(np.array([mean(text, table, tokenizer) for text in DOCUMENTS]))
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


@slow
def test_each_side_is_cut_to_its_own_number_of_tokens(
    static: Path, table: Any, tokenizer: Path, tmp_path: Path
) -> None:
    # Tokens longer than most of the vocabulary.
    text = " ".join(["understanding government"] * 10)
    encoder = entry(tmp_path, query_length=8, document_length=16).load("model2vec", local=static)
    assert len(Tokenizer.from_file(str(tokenizer)).encode(text, add_special_tokens=False).ids) == 20
    for encode, tokens in ((encoder.encode_queries, 8), (encoder.encode_documents, 16)):
        np.testing.assert_allclose(encode([text]), [unit(mean(text, table, tokenizer, tokens))], atol=1e-6)


@slow
def test_matryoshka_width_is_cut_after_the_model(static: Path, table: Any, tokenizer: Path, tmp_path: Path) -> None:
    vectors = entry(tmp_path, dimension=64).load("model2vec", local=static).encode_documents(DOCUMENTS)
    expected = unit(np.array([mean(text, table, tokenizer)[:64] for text in DOCUMENTS]))
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_text_without_tokens_has_zeros(static: Path, tmp_path: Path) -> None:
    vectors = entry(tmp_path).load("model2vec", local=static).encode_documents(["", "a meal"])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A tokenizer of four words, one of which stands for all others."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2, "c": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "words.json"))
    return tmp_path / "words.json"


WORDS = np.array([[8, 0, 0, 0], [1, 2, 3, 4], [3, 4, 5, 6], [0, 0, 0, 8]], np.float32)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [("model2vec", [2, 3, 4, 5]), ("sentence-transformers", [4, 2, 8 / 3, 10 / 3])],
)
def test_unknown_words_count_as_they_do_in_the_library_of_the_model(
    layout: str, expected: list[float], words: Path, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", layout, WORDS, words)
    encoder = entry(tmp_path, width=4, normalize=False).load("model2vec", local=folder)
    np.testing.assert_allclose(encoder.encode_documents(["a what b"]), [expected])


def test_quantized_vocabulary_is_looked_up_and_weighted(words: Path, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", "model2vec", WORDS, words)
    parts = {
        "embeddings": np.array([[10, 20, 30, 40], [50, 60, 70, 80]], np.int8),
        "mapping": np.array([0, 0, 0, 1]),
        "weights": np.array([1, 0.5, 0.25, 2], np.float32),
    }
    save_file(parts, folder / "model.safetensors")
    vectors = entry(tmp_path, width=4, normalize=False).load("model2vec", local=folder).encode_documents(["a b c"])
    row, other = parts["embeddings"].astype(np.float32)
    np.testing.assert_allclose(vectors, [(row * 0.5 + row * 0.25 + other * 2) / 3], rtol=1e-6)


@pytest.mark.parametrize(("stated", "held"), [(True, False), (False, True)])
def test_normalization_of_the_files_has_to_be_that_of_the_registry(
    stated: bool, held: bool, table: Any, tokenizer: Path, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", "model2vec", table, tokenizer, normalize=held)
    with pytest.raises(MismatchError) as caught:
        entry(tmp_path, normalize=stated).load("model2vec", local=folder)
    assert str(caught.value) == golden(
        f"`encoding.normalize` of `tiny` is {stated} in the registry and {held} in the model's files ({folder}): one of"
        " them is wrong"
    )


@slow
@pytest.mark.parametrize("held", [True, False])
def test_normalization_is_that_of_the_files_if_the_registry_says_nothing(
    held: bool, table: Any, tokenizer: Path, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", "model2vec", table, tokenizer, normalize=held)
    vectors = entry(tmp_path, normalize=None).load("model2vec", local=folder).encode_documents(DOCUMENTS)
    means = np.array([mean(text, table, tokenizer) for text in DOCUMENTS])
    np.testing.assert_allclose(vectors, unit(means) if held else means, atol=1e-6)


@slow
def test_library_that_normalizes_against_the_contract_is_refused(
    static: Path, table: Any, tokenizer: Path, tmp_path: Path
) -> None:
    config = entry(tmp_path, normalize=False)
    contract: Any = config.load("model2vec", local=static).contract
    # No truth value, so that the files are taken to say nothing: the library takes it for one.
    folder = saved(tmp_path / "model", "model2vec", table, tokenizer, normalize=1)
    layout: Any = SimpleNamespace(folder=folder, unusual=())
    with pytest.raises(MismatchError) as caught:
        engine.open_model(config, contract, layout, "cpu")
    assert str(caught.value) == golden(
        f"`encoding.normalize` of `tiny` is False, and 1 by the files in {folder}: one of them is wrong"
    )


@slow
def test_another_width_is_refused(static: Path, tmp_path: Path) -> None:
    with pytest.raises(MismatchError) as caught:
        entry(tmp_path, width=512).load("model2vec", local=static)
    assert str(caught.value) == golden(
        "`specs.embedding_dim` of `tiny` is 512 in the registry, and its files give vectors of 256: the files are those"
        " of another model, or the registry is wrong"
    )


def test_dense_files_are_refused_as_a_static_model(minilm: Path, tmp_path: Path) -> None:
    with pytest.raises(MismatchError) as caught:
        entry(tmp_path).load("model2vec", local=minilm)
    assert str(caught.value) == golden(
        f"`tiny` is of type `static` in the registry, which is a static model, and the files in {minilm} hold a dense"
        " one (modules.json: Pooling)"
    )


@pytest.mark.parametrize("type", ["dense", "sparse", "colbert", "reranker"])
@pytest.mark.parametrize(
    ("layout", "evidence"),
    [("model2vec", golden("config.json: StaticModel")), (LAYOUTS[2], golden("modules.json: StaticEmbedding"))],
)
def test_static_files_are_refused_as_another_kind(
    type: str, layout: str, evidence: str, words: Path, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", layout, WORDS, words)
    # Such repositories have their table in this form, too.
    (folder / "model.onnx").touch()
    with pytest.raises(MismatchError) as caught:
        config_of(tmp_path, type=type).load("onnx", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` is of type `{type}` in the registry, which is a {type.replace('colbert', 'multi-vector')} model, and"
        f" the files in {folder} hold a static one ({evidence})"
    )


def test_kind_that_the_library_does_not_run_is_refused(minilm: Path) -> None:
    with pytest.raises(EngineError) as caught:
        ModelConfig.from_registry("all-minilm-l6-v2").load("model2vec", local=minilm)
    assert str(caught.value) == golden(
        "`model2vec` runs static models, and `all-minilm-l6-v2` is a dense one: use `onnx`, `sentence-transformers` or"
        " `fastembed`"
    )


def test_layers_after_the_table_are_refused(words: Path, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", LAYOUTS[2], WORDS, words)
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Dense").mkdir()
    layer = {"in_features": 4, "out_features": 4, "activation_function": "torch.nn.modules.activation.Tanh"}
    (folder / "1_Dense/config.json").write_text(json.dumps(layer))
    with pytest.raises(EngineError) as caught:
        entry(tmp_path, width=4, normalize=False).load("model2vec", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` uses features that this engine does not support: the modules 'StaticEmbedding', 'Dense' in {folder};"
        " use another engine, such as `sentence-transformers`"
    )


def test_variant_is_refused(static: Path, tmp_path: Path) -> None:
    config = config_of(tmp_path, type="static", variants=[{"id": "small", "quantization": "int8"}]).with_variant(
        "small"
    )
    assert SPEC.why_not(config, static) == golden("it runs no variants")
    with pytest.raises(EngineError) as caught:
        config.load("model2vec", local=static)
    assert str(caught.value) == golden(
        "`small` of `tiny` is a variant, and model2vec runs a model's own table: use another engine"
    )


def test_device_other_than_the_processor_is_refused(static: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^device must be cpu for model2vec; got 'cuda'$"):
        entry(tmp_path).load("model2vec", local=static, device="cuda")


def test_files_that_the_library_cannot_load_are_named(static: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(static, tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer.json")))
    with pytest.raises(EngineError, match=rf"^the files of `tiny` in {re.escape(str(folder))} cannot be loaded: "):
        entry(tmp_path).load("model2vec", local=folder)


def test_only_the_files_that_are_read_are_downloaded(static: Path, tmp_path: Path) -> None:
    config = entry(tmp_path)
    assert SPEC.files(config) == ["*.json", "model.safetensors", "0_StaticEmbedding/model.safetensors"]
    assert [SPEC.why_not(config, folder) for folder in (None, static, tmp_path)] == [
        None,
        None,
        golden("there is no table model.safetensors or 0_StaticEmbedding/model.safetensors"),
    ]
