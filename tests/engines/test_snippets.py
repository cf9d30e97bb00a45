"""The code of snippets runs, and gives the vectors of hypiler's own engine: models of real weights, each side, odd texts."""

import json
import os
import re
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import tiny
from bert_onnx import export_bert
from saved_models import late_config, saved_by_pylate, saved_by_stanford, saved_static
from slow import all_or, slow

from hypiler import ModelConfig, Registry
from hypiler.model_registry import get_model
from hypiler.runtimes import snippet

TEXTS = ["a b . c", "How do I reset my password?", "", "  Überraschung!  ", "word " * 300, "[MASK] [SEP] , d"]
ROOT = Path(__file__).parents[2]
PYLATE = "pylate"


def needs(*modules: str) -> pytest.MarkDecorator:
    """A mark for a test that runs where libraries are installed."""

    def is_installed(module: str) -> bool:
        try:
            return find_spec(module) is not None
        except ModuleNotFoundError:
            return False

    missing = [module for module in modules if not is_installed(module)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


needs_fastembed = needs("fastembed")
slow_fastembed = pytest.param("fastembed", marks=[slow, needs_fastembed])
needs_pytorch = needs("torch", "sentence_transformers.multi_vector_encoder")


def ran(config: Any, runtime: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the code of a snippet defines. The repository is a folder here, which holds the pinned commit."""
    made = snippet(config, runtime)
    asked: list[Any] = []

    def download(repository: str, *, revision: str | None = None, allow_patterns: Any = None) -> str:
        asked.append((repository, revision))
        return str(folder)

    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    text = made.text.replace(json.dumps(config.repo), json.dumps(str(folder)), 1)
    names: dict[str, Any] = {}
    if "snapshot_download" in made.text:
        text = made.text
    # fastembed knows a model by its name for as long as the process lives.
    text = text.replace('"hypiler/', f'"hypiler-{uuid4()}/')
    exec(compile(text, f"{config.model.id} for {runtime}", "exec"), names)
    assert asked in ([], [(config.repo, config.revision)])
    return SimpleNamespace(**names)


def dense_rows(found: Any) -> Any:
    """The rows of what a library gives: an array, a sparse tensor of PyTorch, or fastembed's pairs."""
    if hasattr(found, "to_dense"):
        return found.to_dense().numpy()
    if hasattr(found, "toarray"):
        return found.toarray()
    return np.asarray(found)


def check_same(names: Any, encoder: Any, texts: list[str], tolerance: float = 1e-4) -> None:
    for side in ("queries", "documents"):
        expected = getattr(encoder, f"encode_{side}")(texts)
        found = getattr(names, f"encode_{side}")(texts)
        if isinstance(expected, list):
            assert [len(one) for one in found] == [len(one) for one in expected]
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, atol=tolerance)
        else:
            np.testing.assert_allclose(dense_rows(found), dense_rows(expected), atol=tolerance)


# The networks of the tests that are smaller than the published ones.
HIDDEN = {"splade-v3": 128, "opensearch-sparse-doc-v1": 128}


def changed(dimension: int | None = None, base: str = "all-minilm-l6-v2", **encoding: Any) -> Callable[[Path], Any]:
    """Gives the config of a shipped model with other facts about its encoding, without the lock."""

    def made(place: Path) -> Any:
        tree = json.loads((ROOT / "models.json").read_bytes())
        entry = next(model for model in tree["models"] if model["id"] == base)
        entry["encoding"] |= encoding
        if dimension is not None:
            entry["architecture"]["matryoshka_dims"] = [dimension, entry["specs"]["embedding_dim"]]
            entry["capabilities"]["matryoshka"] = True
        if base in HIDDEN:
            entry["specs"]["hidden_dim"] = HIDDEN[base]
        # The sums are those of the published files.
        entry = {key: value for key, value in entry.items() if key not in ("sources", "files", "variants")}
        if base == "opensearch-sparse-doc-v1":
            entry["files"] = {"query_weights": "idf.json"}
        place.mkdir(exist_ok=True)
        (place / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
        return ModelConfig.from_model(Registry.load(place / "models.json")[base], dimension)

    return made


HOSTILE = "Represent \"this\"\n'sentence' \\ {text} \x1b\u202e for: "
DENSE: dict[str, Callable[[Path], Any]] = {
    "as it is": changed(),
    "prefixes": changed(query_prefix="query: ", document_prefix="passage: "),
    "hostile prefix": changed(query_prefix=HOSTILE, document_prefix='"""'),
    "lengths by side": changed(query_length=8, document_length=16),
    "truncated": changed(64),
    "truncated after normalization": changed(64, matryoshka_order="normalize_truncate"),
    "layer norm": changed(64, matryoshka_order="layer_norm_truncate_normalize"),
}
# Each case loads the weights of a real model twice, so most of them are slow.
POOLINGS = ["cls", "last_token", "max", "mean_sqrt_len", "weighted_mean"]


@pytest.mark.parametrize("name", all_or(["hostile prefix"], DENSE))
@pytest.mark.parametrize("runtime", ["onnx", pytest.param("fastembed", marks=needs_fastembed)])
def test_code_for_onnx_files_gives_the_vectors_of_the_engine(
    name: str, runtime: str, minilm_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DENSE[name](tmp_path)
    names = ran(config, runtime, minilm_onnx, monkeypatch)
    check_same(names, config.load("onnx", local=minilm_onnx), TEXTS)


@slow
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("runtime", ["onnx", pytest.param("fastembed", marks=needs_fastembed)])
def test_code_pools_as_the_registry_says(
    pooling: str, runtime: str, minilm_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime == "fastembed" and pooling not in ("cls", "last_token"):
        pytest.skip("fastembed has no such pooling")
    config = changed(pooling=pooling, normalize=False)(tmp_path)
    folder = Path(shutil.copytree(minilm_onnx, tmp_path / "copy", ignore=shutil.ignore_patterns("modules.json", "1_*")))
    check_same(ran(config, runtime, folder, monkeypatch), config.load("onnx", local=folder), TEXTS)


@needs_pytorch
@pytest.mark.parametrize("name", DENSE)
def test_code_for_sentence_transformers_gives_the_vectors_of_the_engine(
    name: str, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DENSE[name](tmp_path)
    names = ran(config, "sentence-transformers", minilm, monkeypatch)
    check_same(names, config.load("sentence-transformers", local=minilm), TEXTS)


@needs_pytorch
@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_set_for_a_repository_without_modules(
    pooling: str, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(pooling=pooling, normalize=False)(tmp_path)
    folder = Path(shutil.copytree(minilm, tmp_path / "copy", ignore=shutil.ignore_patterns("modules.json", "?_*")))
    names = ran(config, "sentence-transformers", folder, monkeypatch)
    check_same(names, config.load("sentence-transformers", local=folder), TEXTS)


@needs_pytorch
def test_prompts_of_the_folder_are_replaced_by_those_of_the_registry(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(minilm, tmp_path / "copy"))
    prompts = {"prompts": {"query": "other: ", "document": "third: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    names = ran(changed()(tmp_path), "sentence-transformers", folder, monkeypatch)
    check_same(names, changed()(tmp_path).load("sentence-transformers", local=minilm), TEXTS)


@needs_pytorch
@pytest.mark.parametrize("dimension", [None, 3])
def test_linear_layer_of_the_folder_is_applied(
    dimension: int | None, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import save_file

    folder = Path(shutil.copytree(minilm, tmp_path / "copy"))
    modules = json.loads((folder / "modules.json").read_bytes())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules[:2], dense, modules[2] | {"idx": 3, "name": "3"}]))
    (folder / "2_Dense").mkdir()
    layer = {
        "in_features": 384,
        "out_features": 6,
        "bias": False,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    (folder / "2_Dense/config.json").write_text(json.dumps(layer))
    weight = np.random.default_rng(0).normal(size=(6, 384)).astype(np.float32)
    save_file({"linear.weight": weight}, folder / "2_Dense/model.safetensors")
    entry = tiny.entry(
        specs={
            "embedding_dim": 6,
            "hidden_dim": 384,
            "vocab_size": 30522,
            "context_length": 512,
            "max_position_embeddings": 512,
        },
        architecture={
            "has_projection": True,
            "projection_dims": 6,
            "matryoshka_dims": [3, 6],
        },
        encoding={
            "query_length": 256,
            "document_length": 256,
            "dense_layers": [{"in_features": 384, "out_features": 6, "activation": "Tanh"}],
        },
    )
    (tmp_path / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
    registry = Registry.load(tmp_path / "models.json")
    assert registry.ok, registry.report()
    config = ModelConfig.from_model(registry["tiny"], dimension)
    names = ran(config, "sentence-transformers", folder, monkeypatch)
    check_same(names, config.load("sentence-transformers", local=folder), TEXTS)


SPLADE = changed(base="splade-v3", query_prefix="", document_prefix="")


@pytest.mark.parametrize(
    "runtime", ["onnx", slow_fastembed, pytest.param("sentence-transformers", marks=needs_pytorch)]
)
def test_code_for_sparse_models_gives_the_weights_of_the_engine(
    runtime: str, splade_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SPLADE(tmp_path)
    names = ran(config, runtime, splade_onnx, monkeypatch)
    encoder = config.load("onnx", local=splade_onnx)
    if runtime != "fastembed":
        check_same(names, encoder, TEXTS)
        return
    for row, found in zip(encoder.encode_documents(TEXTS).toarray(), names.encode_documents(TEXTS), strict=True):
        whole = np.zeros(len(row), np.float32)
        whole[found.indices] = found.values
        np.testing.assert_allclose(whole, row, atol=1e-4)


@slow
def test_fixed_weights_of_queries_are_looked_up(
    splade_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(splade_onnx, tmp_path / "copy", symlinks=True))
    (folder / "idf.json").write_text(json.dumps({"reset": 2.5, "password": 1.5, "nothing-like-it": 9.0, "?": 0.25}))
    config = changed(base="opensearch-sparse-doc-v1")(tmp_path)
    names = ran(config, "onnx", folder, monkeypatch)
    check_same(names, config.load("onnx", local=folder), TEXTS)


def static_model(wordllama: Path, folder: Path, layout: str) -> Path:
    from safetensors.numpy import load_file

    table = load_file(wordllama / "weights/l2_supercat_256.safetensors")["embedding.weight"].astype(np.float32)
    tokenizer = wordllama / "tokenizers/l2_supercat_tokenizer_config.json"
    own: Any = {"normalize": True} if layout == "model2vec" else {}
    return saved_static(folder, layout, table, tokenizer, **own)


@slow
@pytest.mark.parametrize("dimension", all_or([64], [None, 64]))
@pytest.mark.parametrize("layout", all_or(["model2vec"], ["model2vec", "sentence-transformers"]))
def test_code_for_static_models_gives_the_vectors_of_the_engine(
    layout: str, dimension: int | None, wordllama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = static_model(wordllama, tmp_path / "model", layout)
    config = changed(dimension, "potion-base-8m", query_prefix="query: ", normalize=layout == "model2vec")(tmp_path)
    check_same(ran(config, "model2vec", folder, monkeypatch), config.load("model2vec", local=folder), TEXTS)


STATED: dict[str, Any] = {
    "query_prefix": "",
    "document_prefix": "",
    "query_marker": "[Q] ",
    "document_marker": "[D] ",
    "query_expansion": True,
    "expansion_token": "[MASK]",
    "attend_to_expansion_tokens": False,
    "skip_punctuation": True,
}
LATE: dict[str, dict[str, Any]] = {
    "as it is": {},
    "attends": {"attend_to_expansion_tokens": True},
    "no expansion": {"query_expansion": False, "attend_to_expansion_tokens": None, "expansion_token": None},
    "text after the marker": {"query_prefix": "search: ", "document_prefix": 'say "it": '},
    "further words": {"skip_punctuation": False, "skiplist": ["the", "password"]},
}


def late_interaction(name: str, minilm: Path, place: Path) -> tuple[Path, Any]:
    """A folder that PyLate could have saved, and a config that states what it says."""
    stated = STATED | LATE[name]
    words: Any = {"skiplist_words": stated["skiplist"]} if "skiplist" in stated else {}
    settings = {
        "do_query_expansion": stated["query_expansion"],
        "attend_to_expansion_tokens": bool(stated["attend_to_expansion_tokens"]),
        "prompts": {"query": stated["query_prefix"], "document": stated["document_prefix"]},
        **words,
    }
    folder = saved_by_pylate(minilm, place / "model", **settings)
    return folder, late_config(place, **stated)


@needs_pytorch
@pytest.mark.parametrize("name", LATE)
def test_late_interaction_of_sentence_transformers_gives_the_vectors_of_the_engine(
    name: str, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, config = late_interaction(name, minilm, tmp_path)
    names = ran(config, "sentence-transformers", folder, monkeypatch)
    check_same(names, config.load("sentence-transformers", local=folder), TEXTS)


@needs(PYLATE)
@pytest.mark.parametrize("name", LATE)
def test_code_for_pylate_gives_the_vectors_of_the_engine(
    name: str, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, config = late_interaction(name, minilm, tmp_path)
    check_same(ran(config, "pylate", folder, monkeypatch), config.load("pylate", local=folder), TEXTS)


@needs_pytorch
def test_files_of_the_first_colbert_are_prepared_as_the_registry_says(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved_by_stanford(minilm, tmp_path / "model")
    markers: Any = {"query_marker": "[unused0]", "document_marker": "[unused1]"}
    config = late_config(tmp_path, 30522, **STATED | markers)
    names = ran(config, "sentence-transformers", folder, monkeypatch)
    check_same(names, config.load("sentence-transformers", local=folder), TEXTS)


@slow
@pytest.mark.parametrize("name", all_or(["text after the marker"], LATE))
def test_late_interaction_by_hand_gives_the_vectors_of_the_engine(
    name: str, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph of the folder has no layer, so it is taken for a model whose vectors have the width of the network."""
    folder, _ = late_interaction(name, minilm, tmp_path)
    shutil.rmtree(folder / "1_Dense")
    (folder / "modules.json").write_text(json.dumps(json.loads((folder / "modules.json").read_bytes())[:1]))
    config = late_config(tmp_path, width=384, **STATED | LATE[name])
    check_same(ran(config, "onnx", folder, monkeypatch), config.load("onnx", local=folder), TEXTS)


@pytest.fixture(scope="module")
def reranker(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM with a classifier by chance on its first token, as the library saves one, and in ONNX."""
    from safetensors.numpy import load_file, save_file

    folder = tmp_path_factory.mktemp("reranker") / "model"
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("modules.json", "?_*", "*sentence*", "*.safetensors"))
    numbers = np.random.default_rng(0)
    weights = {f"bert.{name}": held for name, held in load_file(minilm / "model.safetensors").items()}
    sizes: dict[str, Any] = {"bert.pooler.dense.weight": (384, 384), "bert.pooler.dense.bias": 384}
    sizes |= {"classifier.weight": (1, 384), "classifier.bias": 1}
    weights |= {name: numbers.normal(0, 0.05, size).astype(np.float32) for name, size in sizes.items()}
    weights.pop("bert.embeddings.position_ids", None)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    own = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "score"}, "label2id": {"score": 0}}
    (folder / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_bytes()) | own))
    (folder / "onnx").mkdir()
    export_bert(folder, folder / "onnx/model.onnx", "classifier")
    return folder


@slow
@pytest.mark.parametrize("runtime", ["onnx", pytest.param("sentence-transformers", marks=needs_pytorch)])
@pytest.mark.parametrize("prefix", all_or(['A "b": '], ["", 'A "b": ']))
def test_code_for_rerankers_gives_the_scores_of_the_engine(
    runtime: str, prefix: str, reranker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(base="ms-marco-minilm-l6-v2", query_prefix=prefix, document_prefix=prefix)(tmp_path)
    names = ran(config, runtime, reranker, monkeypatch)
    encoder = config.load(runtime, local=reranker)
    query = encoder.encode_queries(TEXTS[1:2])
    expected = encoder.similarity(query, encoder.encode_documents(TEXTS))[0]
    np.testing.assert_allclose(names.score(TEXTS[1], TEXTS), expected, atol=1e-4)
    assert np.ptp(expected) > 1e-3


@slow
def test_folder_of_a_model_of_your_own_needs_no_download(minilm_onnx: Path, tmp_path: Path) -> None:
    entry = tiny.entry(
        huggingface_id=None,
        revision=None,
        source={"path": str(minilm_onnx)},
        specs={
            "embedding_dim": 384,
            "hidden_dim": 384,
            "vocab_size": 30522,
            "context_length": 256,
            "max_position_embeddings": 512,
        },
        architecture={"matryoshka_dims": [384]},
        encoding={"query_length": 256, "document_length": 256},
    )
    (tmp_path / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
    config = ModelConfig.from_model(Registry.load(tmp_path / "models.json")["tiny"])
    made = snippet(config, "onnx")
    assert "snapshot_download" not in made.text
    names: dict[str, Any] = {}
    exec(made.text, names)
    check_same(SimpleNamespace(**names), config.load("onnx"), TEXTS)


def page_of(runtime: str) -> tuple[str, str, str]:
    """The id of the model of a page's first snippet, the code, and the blocks that use it."""
    page = (ROOT / f"docs/runtimes/{runtime}.md").read_text("utf-8")
    command, code = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[0]
    return command.split()[2], code, "\n".join(re.findall(r"^```py glue\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize(
    "runtime",
    [
        *all_or(["onnx"], ["onnx", "model2vec"]),
        slow_fastembed,
        pytest.param("sentence-transformers", marks=needs_pytorch),
        pytest.param("pylate", marks=needs(PYLATE)),
    ],
)
def test_page_runs_from_top_to_bottom(
    runtime: str, minilm: Path, minilm_onnx: Path, wordllama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's code is what the command prints, which tests/test_docs.py compares. Here it runs."""
    folder = minilm_onnx
    if runtime == "model2vec":
        folder = static_model(wordllama, tmp_path / "model", "model2vec")
    elif runtime == "pylate":
        settings: Any = {"query_length": 48, "document_length": 300, "do_query_expansion": False}
        folder = saved_by_pylate(minilm, tmp_path / "model", **settings)
    id, code, use = page_of(runtime)
    model: Any = get_model(id)
    config = ModelConfig.from_model(model)
    assert snippet(config, runtime).text == code
    names = vars(ran(config, runtime, folder, monkeypatch))
    exec(use, names)
    assert [len(names[side]) for side in ("queries", "documents")] == [1, 2]
    assert names["documents"][1].shape[-1] == config.embedding_dim
