"""Models with several outputs: each output is chosen, loaded and checked by itself, and has its own space."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import golden
from safetensors.numpy import save_file
from several_outputs import (
    BIAS,
    COLBERT,
    OUTPUTS,
    SPARSE,
    UNIFIED,
    colbert_by_hand,
    dense_by_hand,
    sparse_by_hand,
    write_outputs,
)
from tiny import TABLE, WIDTH, WORDS, config_of, write_tiny

from hypiler import engines, space
from hypiler.engines import EngineError, MismatchError, UnknownFactError
from hypiler.engines.specs import SPECS

TEXTS = ["a b a", "f", "c d e f a b c", ""]
HEAD = "head.safetensors"


def changed(number: int, **facts: Any) -> dict[str, Any]:
    """The entry with other facts in one output; None stands for a fact that is left out."""
    outputs = [dict(one) for one in OUTPUTS]
    outputs[number] |= facts
    outputs[number] = {key: value for key, value in outputs[number].items() if value is not None}
    return UNIFIED | {"outputs": outputs}


def loaded(place: Path, output: str | None, folder: Path, entry: dict[str, Any] = UNIFIED, **options: Any) -> Any:
    return config_of(place, **entry).with_output(output).load("onnx", local=folder, **options)


class TestOneExport:
    def test_dense_output_is_the_default(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        encoder = config_of(tmp_path, **UNIFIED).load("onnx", local=folder)
        assert type(encoder) is engines.DenseEncoder
        expected = [dense_by_hand(text) for text in TEXTS]
        np.testing.assert_allclose(encoder.encode_documents(TEXTS), expected, atol=1e-6)

    @pytest.mark.parametrize("form", [{}, {"flat": True}], ids=["one number per token", "flat and not cut at 0"])
    def test_sparse_output_has_the_largest_weight_of_each_token(self, tmp_path: Path, form: dict[str, Any]) -> None:
        encoder = loaded(tmp_path, "sparse", write_outputs(tmp_path / "model", **form))
        assert type(encoder) is engines.SparseEncoder
        found = encoder.encode_queries(TEXTS)
        assert found.shape == (4, len(WORDS))
        np.testing.assert_allclose(found.toarray(), [sparse_by_hand(text) for text in TEXTS], atol=1e-6)
        # The special tokens have weights in the graph, and none in the vectors.
        assert (SPARSE @ TABLE[[WORDS.index("[CLS]"), WORDS.index("[SEP]")]].T).max() > 0
        assert 0 < found.nnz < 7

    @pytest.mark.parametrize("left_out", [True, False])
    def test_multi_vector_output_has_all_tokens_but_the_first(self, tmp_path: Path, left_out: bool) -> None:
        encoder = loaded(tmp_path, "colbert", write_outputs(tmp_path / "model", first_left_out=left_out))
        assert type(encoder) is engines.MultiVectorEncoder
        for found, text in zip(encoder.encode_documents(TEXTS), TEXTS, strict=True):
            np.testing.assert_allclose(found, colbert_by_hand(text), atol=1e-6)

    def test_each_output_is_truncated_to_its_own_length(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        long = " ".join(["a"] * 40)
        (document,) = loaded(tmp_path, "colbert", folder).encode_documents([long])
        (query,) = loaded(tmp_path, "colbert", folder).encode_queries([long])
        assert (len(document), len(query)) == (15, 31)

    def test_vectors_do_not_depend_on_the_texts_beside_them(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        for name in ("dense", "sparse", "colbert"):
            encoder = loaded(tmp_path, name, folder)
            together, alone = (encoder.encode_documents(TEXTS, batch_size=size) for size in (4, 1))
            for one, other in zip(map(np.asarray, dense_rows(together)), dense_rows(alone), strict=True):
                np.testing.assert_allclose(one, other, atol=1e-6)

    def test_class_of_the_encoder_is_that_of_the_output(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, **UNIFIED)
        with pytest.raises(TypeError) as caught:
            config.with_output("sparse").load("onnx", kind=engines.DenseEncoder, local=tmp_path)
        assert str(caught.value) == golden(
            "`tiny` is a sparse model, which is loaded as SparseEncoder; the program needs DenseEncoder"
        )


def dense_rows(vectors: Any) -> Any:
    return vectors.toarray() if hasattr(vectors, "toarray") else vectors


class TestLayersInAFileOfTheirOwn:
    """The graph has only the network, and the layer of an output is in safetensors beside it."""

    def head(self, number: int, weight: Any, **more: Any) -> dict[str, Any]:
        layer = {"in_features": weight.shape[1], "out_features": weight.shape[0], "activation": "Identity"}
        return changed(number, onnx_output=None, weights_file=HEAD, dense_layers=[layer | more])

    def folder(self, place: Path, **tensors: Any) -> Path:
        tokens = {"cls_token": "[CLS]", "eos_token": "[SEP]", "pad_token": "[PAD]"}
        folder = write_tiny(place, tokenizer_config=tokens)
        save_file(tensors, folder / HEAD)
        return folder

    def test_sparse_weights(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path / "model", weight=SPARSE)
        found = loaded(tmp_path, "sparse", folder, self.head(1, SPARSE)).encode_documents(TEXTS)
        np.testing.assert_allclose(found.toarray(), [sparse_by_hand(text) for text in TEXTS], atol=1e-6)

    def test_token_vectors(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path / "model", weight=COLBERT, bias=BIAS)
        encoder = loaded(tmp_path, "colbert", folder, self.head(2, COLBERT))
        for found, text in zip(encoder.encode_documents(TEXTS), TEXTS, strict=True):
            np.testing.assert_allclose(found, colbert_by_hand(text), atol=1e-6)
        assert encoder.space()["document"]["layers"] == f"{WIDTH}>4 Identity"

    def test_other_layer_is_another_space(self, tmp_path: Path) -> None:
        entry = self.head(2, COLBERT)
        one = loaded(tmp_path, "colbert", self.folder(tmp_path / "one", weight=COLBERT, bias=BIAS), entry)
        other = loaded(tmp_path, "colbert", self.folder(tmp_path / "other", weight=COLBERT, bias=BIAS * 2), entry)
        assert one.space_id != other.space_id
        assert space.compare(one.stamp(), other).outcome == "different"

    def test_matrix_of_another_shape_is_refused(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path / "model", weight=COLBERT[:2])
        with pytest.raises(EngineError) as caught:
            loaded(tmp_path, "colbert", folder, self.head(2, COLBERT))
        assert str(caught.value) == golden(f"the weights in {folder / HEAD} must be of shape (4, 8); got (2, 8)")

    def test_activation_is_not_guessed(self, tmp_path: Path) -> None:
        entry = self.head(2, COLBERT)
        del entry["outputs"][2]["dense_layers"][0]["activation"]
        with pytest.raises(EngineError) as caught:
            loaded(tmp_path, "colbert", self.folder(tmp_path / "model", weight=COLBERT), entry)
        assert str(caught.value) == golden(
            f"the activation of {tmp_path / 'model' / HEAD} must be one of Identity, Tanh, ReLU, GELU; got None"
        )

    def test_pickle_is_refused_before_anything_is_read(self, tmp_path: Path) -> None:
        entry = changed(2, onnx_output=None, weights_file="colbert_linear.pt")
        for engine in ("onnx", "auto"):
            with pytest.raises(EngineError) as caught:
                config_of(tmp_path, **entry).with_output("colbert").load(engine, local=write_or(tmp_path / "model"))
            assert (
                "the layers of this output are in colbert_linear.pt, which is a pickle; choose an ONNX file that"
                " contains them, and name its output in `onnx_output`"
            ) in str(caught.value)


def write_or(folder: Path) -> Path:
    return folder if folder.exists() else write_outputs(folder)


class TestWhatDoesNotFit:
    def test_output_that_the_graph_does_not_have(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        with pytest.raises(MismatchError) as caught:
            loaded(tmp_path, "sparse", folder, changed(1, onnx_output="lexical"))
        assert str(caught.value) == golden(
            f"{folder / 'model.onnx'} must have the output 'lexical', which the registry names for the output `sparse`"
            " of `tiny`; it has last_hidden_state, dense_vecs, sparse_vecs, colbert_vecs"
        )

    def test_output_of_another_shape(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        with pytest.raises(MismatchError) as caught:
            loaded(tmp_path, "colbert", folder, changed(2, onnx_output="dense_vecs"))
        assert str(caught.value) == golden(
            f"'dense_vecs' of {folder / 'model.onnx'} gives an array of shape [1, 8], which cannot be multi-vector"
            " vectors of 4 dimensions for the output `colbert` of `tiny`"
        )

    def test_fact_that_nobody_states(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        with pytest.raises(UnknownFactError) as caught:
            loaded(tmp_path, "colbert", folder, changed(2, normalize=None))
        assert str(caught.value) == golden(
            "`normalize` of the output `colbert` of `tiny` is unknown: neither the registry nor the model's files say"
            " it; look it up and write it into models.json, or pass assume={'normalize': …}"
        )
        encoder = loaded(tmp_path, "colbert", folder, changed(2, normalize=None), assume={"normalize": True})
        np.testing.assert_allclose(encoder.encode_documents(["a b"])[0], colbert_by_hand("a b"), atol=1e-6)

    def test_folder_of_another_output_says_nothing_of_this_one(self, tmp_path: Path) -> None:
        """A folder of sentence-transformers with mean pooling contradicts the dense output, and no other one."""
        modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
        modules += [{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        pooling = {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True}
        files: dict[str, Any] = {"modules": modules, "1_Pooling__config": pooling}
        folder = write_outputs(tmp_path / "model", **files)
        assert loaded(tmp_path, "sparse", folder).contract.pooling == "none"
        with pytest.raises(MismatchError) as caught:
            loaded(tmp_path, "dense", folder)
        assert str(caught.value) == golden(
            f"`encoding.pooling` of `tiny` is 'cls' in the registry and 'mean' in the model's files ({folder}): one of"
            " them is wrong"
        )


class TestOtherEngines:
    @pytest.mark.parametrize("output", ["sparse", "colbert"])
    @pytest.mark.parametrize("name", ["sentence-transformers", "fastembed"])
    def test_they_run_the_dense_output_and_name_the_engine_that_runs_others(
        self, tmp_path: Path, name: str, output: str
    ) -> None:
        config = config_of(tmp_path, **UNIFIED).with_output(output)
        with pytest.raises(EngineError) as caught:
            config.load(name, local=tmp_path)
        why = {
            "fastembed": "it does not choose among the outputs of an ONNX file",
            "sentence-transformers": "it runs only the default output of a model, without layers in a file of their own",
        }[name]
        assert str(caught.value) == (
            f"`{name}` cannot run the output `{output}` of `tiny`: {why}; the engine `onnx` runs any output of an ONNX"
            " file"
        )

    def test_why_not_says_it_without_an_error(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, **UNIFIED)
        names = {"model.onnx", "tokenizer.json", "model.safetensors"}
        able = {
            output: [spec.name for spec in SPECS if spec.why_not(config.with_output(output), names) is None]
            for output in ("dense", "sparse", "colbert")
        }
        assert able == {"dense": ["onnx", "sentence-transformers", "server"], "sparse": ["onnx"], "colbert": ["onnx"]}

    def test_auto_takes_the_engine_that_runs_the_output(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, **UNIFIED).with_output("sparse")
        assert config.load(local=write_outputs(tmp_path / "model")).engine == "onnx"


class TestSpaces:
    def test_no_two_outputs_are_the_same(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        encoders = [loaded(tmp_path, name, folder) for name in ("dense", "sparse", "colbert")]
        found = {
            (a, b): space.compare(one.stamp(), two) for a, one in enumerate(encoders) for b, two in enumerate(encoders)
        }
        assert {pair: one.outcome for pair, one in found.items()} == {
            pair: "same" if pair[0] == pair[1] else "different" for pair in found
        }
        assert found[0, 1].advice == golden(
            "the stored vectors are of another space: `encoder` is 'dense' there and 'sparse' here; `dimension` is 8 there"
            " and 16 here; re-index"
        )

    def test_config_compares_as_its_encoder(self, tmp_path: Path) -> None:
        folder = write_outputs(tmp_path / "model")
        config = config_of(tmp_path, **UNIFIED)
        for name in ("dense", "sparse", "colbert"):
            own = config.with_output(name)
            assert (
                space.compare(own.load("onnx", local=folder).stamp(), config.with_output(name)).outcome != "different"
            )
        stored = config.with_output("sparse").load("onnx", local=folder).stamp()
        assert space.compare(stored, config).outcome == "different"


def test_export_of_a_real_network_gives_what_flagembedding_gives(tmp_path: Path) -> None:
    """By its formulas in PyTorch: cls for dense, relu and the maximum per token id for sparse, all but cls for the rest."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from bert_onnx import export_heads

    torch.manual_seed(0)
    sizes = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    network = transformers.BertModel(transformers.BertConfig(vocab_size=len(WORDS), **sizes)).eval()
    folder = write_outputs(tmp_path / "model")
    network.save_pretrained(folder)
    export_heads(folder, folder / "model.onnx", SPARSE, COLBERT, BIAS)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        hidden = network(**batch).last_hidden_state
        normal = torch.nn.functional.normalize
        dense = normal(hidden[:, 0], dim=-1)
        weights = torch.relu(hidden @ torch.tensor(SPARSE).T).squeeze(-1)
        sparse = torch.zeros(len(TEXTS), len(WORDS)).scatter_reduce(-1, batch["input_ids"], weights, "amax")
        unused = [tokenizer.cls_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id]
        sparse[:, unused] = 0
        colbert = normal(hidden[:, 1:] @ torch.tensor(COLBERT).T + torch.tensor(BIAS), dim=-1)
    np.testing.assert_allclose(loaded(tmp_path, "dense", folder).encode_queries(TEXTS), dense, atol=1e-5)
    found = loaded(tmp_path, "sparse", folder).encode_queries(TEXTS)
    np.testing.assert_allclose(found.toarray(), sparse, atol=1e-5)
    for own, row, mask in zip(
        loaded(tmp_path, "colbert", folder).encode_queries(TEXTS), colbert, batch["attention_mask"], strict=True
    ):
        np.testing.assert_allclose(own, row[: int(mask.sum()) - 1], atol=1e-5)
