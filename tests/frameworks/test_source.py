"""What adapters of all frameworks share. Nothing here needs a framework."""

import copy
import json
import os
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated import imported, valid
from golden import golden
from served_models import OPENAI, Served
from strategies import registry_of
from tiny import config_of, entry

from hypiler import ModelConfig, Registry
from hypiler.engines import Server
from hypiler.frameworks.results import rank, sparse_rows
from hypiler.frameworks.source import _LOADED, Adapter, Source
from hypiler.space import SpaceError, UndecidedError

COMMIT = "a" * 40


def source(given: Any, load: Any = None, takes: str = "dense") -> Source:
    return Source(given, load, takes, "Embedder")


class Plain(Adapter):
    """An adapter of no framework."""

    def __init__(self, encoder: Any) -> None:
        self._source = source(encoder)


@pytest.fixture
def module(tmp_path: Path) -> Any:
    """A generated module with the dense model, which stays imported for the test."""
    with imported(valid(registry_of(entry())), tmp_path) as found:
        yield found


@pytest.fixture
def config(module: Any) -> ModelConfig:
    found: ModelConfig = ModelConfig.from_model(module.MODEL_REGISTRY[0])
    return found


def test_shipped_model_is_described_by_its_id_commit_and_dimension() -> None:
    config = ModelConfig.from_registry("nomic-embed-v1.5", dimension=256)
    assert source(config).describe() == {
        "model": "nomic-embed-v1.5",
        "revision": config.revision,
        "dimension": 256,
    }


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig.from_registry("bge-m3", output="dense"),
        ModelConfig.from_registry("jina-embeddings-v3", dimension=128).with_prompts(query="separation"),
        ModelConfig.from_model(Registry.shipped()["all-minilm-l6-v2"]),
        ModelConfig.from_registry("potion-base-8m"),
    ],
    ids=str,
)
def test_description_names_the_same_model_with_the_same_choices(config: ModelConfig) -> None:
    load = {"engine": "onnx", "device": "cpu", "local": Path("models")}
    described = source(config, load).describe()
    assert described["load"] == {"engine": "onnx", "local": "models"}
    again = source(json.loads(json.dumps(described)))
    assert (again.describe(), again.config) == (described, ModelConfig.from_registry(config.model.id, dimension=config.embedding_dim, output=config.output).with_prompts(query=config.query_prompt))  # type: ignore[union-attr,call-overload]  # fmt: skip


def test_every_shipped_model_that_has_dense_vectors_can_be_described() -> None:
    dense = [model for model in Registry.shipped(hosted=True) if model.model_type == "dense" and not model.deprecated]
    assert len(dense) > 50
    for model in dense:
        assert source(source(model.id).describe()).model == model.id


def test_id_of_nobody_gets_a_suggestion() -> None:
    with pytest.raises(KeyError, match="did you mean 'bge-m3'"):
        source("bge-m33")


def test_deprecated_model_warns_once_and_names_the_line_of_the_program() -> None:
    with pytest.warns(DeprecationWarning, match="'bge-small-en' is deprecated") as caught:
        source("bge-small-en")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, golden("Embedder takes a loaded encoder, a ModelConfig, the id of a model or a description; got int")),
        (
            ModelConfig.colbert_v2(),
            golden(
                "Embedder takes a dense model, and `colbert-v2` is a multi-vector one. Frameworks have no place for"
                " one vector per token."
            ),
        ),
        (
            ModelConfig.from_registry("bge-m3", output="sparse"),
            golden("Embedder takes a dense model, and `bge-m3` is a sparse one. Use the adapter for sparse vectors."),
        ),
        (
            "ms-marco-minilm-l6-v2",
            golden(
                "Embedder takes a dense model, and `ms-marco-minilm-l6-v2` is a reranker one. Use the adapter for"
                " reranking."
            ),
        ),
    ],
    ids=["number", "multi-vector", "sparse", "reranker"],
)
def test_what_an_adapter_cannot_use_is_refused_before_anything_is_loaded(given: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        source(given)
    assert str(caught.value) == message


def test_loaded_encoder_of_another_type_is_refused(sparse: Any) -> None:
    with pytest.raises(TypeError) as caught:
        source(sparse)
    assert str(caught.value) == golden(
        "Embedder takes a dense model, and `tiny` is a sparse one. Use the adapter for sparse vectors."
    )


def test_config_created_by_hand_is_refused() -> None:
    with pytest.raises(ValueError, match="was not created from a registry entry"):
        source(ModelConfig("org/name", 8, 64))


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (
            {"model": "bge-m3", "modle": 1},
            golden(
                "a description of an encoder has the keys model, registry, revision, dimension, output, variant,"
                " query_prompt, document_prompt, load; it has 'modle'"
            ),
        ),
        (
            {"revision": COMMIT},
            golden(
                "a description of an encoder has the keys model, registry, revision, dimension, output, variant,"
                " query_prompt, document_prompt, load; its `model` is no id"
            ),
        ),
        (
            {"model": "all-minilm-l6-v2", "registry": "os"},
            golden(
                "`registry` of a description must be a models.json or a generated module that the program has imported;"
                " got 'os'"
            ),
        ),
        (
            {"model": "all-minilm-l6-v2", "load": ["onnx"]},
            golden("`load` of a description must be a mapping with arguments of `config.load`"),
        ),
        (
            {"model": "all-minilm-l6-v2", "load": {"trust_remote_code": True}},
            golden(
                "`load` must not have `trust_remote_code`: call `config.load(trust_remote_code=True)` in your program,"
                " and pass the encoder"
            ),
        ),
        (
            {"model": "all-minilm-l6-v2", "load": {"allow_pickle": False}},
            golden(
                "`load` must not have `allow_pickle`: call `config.load(allow_pickle=True)` in your program, and pass"
                " the encoder"
            ),
        ),
    ],
)
def test_description_that_cannot_be_used_is_refused(described: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        source(described)
    assert str(caught.value) == message


def test_description_of_another_commit_is_refused(config: ModelConfig) -> None:
    other = "b" * 40
    with pytest.raises(ValueError) as caught:
        source(source(config).describe() | {"revision": other})
    assert str(caught.value) == golden(
        f"`tiny` is described at revision '{other}', and its registry has '{COMMIT}' now; check the index with `check`,"
        " and change `revision` in the description"
    )


def test_a_module_that_a_description_names_is_not_imported() -> None:
    name = "this"
    assert name not in sys.modules
    with pytest.raises(ValueError, match="that the program has imported"):
        source({"model": "tiny", "registry": name})
    assert name not in sys.modules


def test_dimension_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="100"):
        source({"model": "nomic-embed-v1.5", "dimension": 100})


def test_model_of_a_projects_own_module_is_found_by_the_name_of_the_module(module: Any, config: ModelConfig) -> None:
    described = source(config).describe()
    assert described == {"model": "tiny", "registry": module.__name__, "revision": COMMIT, "dimension": 8}
    assert source(described).config == config
    with pytest.raises(ValueError) as caught:
        source(described | {"model": "other"})
    assert str(caught.value) == f"{module.__name__} has no model 'other'"


def test_model_of_a_file_is_found_by_the_path_of_the_file(registry_file: Callable[..., str]) -> None:
    path = registry_file()
    found = source({"model": "tiny", "registry": path, "dimension": 4})
    assert found.config is not None
    assert (found.config.embedding_dim, found.config.revision) == (4, COMMIT)
    with pytest.raises(ValueError) as caught:
        found.describe()
    assert str(caught.value) == golden(
        "`tiny` was read from a file by `Registry`, so a description cannot say where it is; use the config of a"
        ' generated module, or pass {"model": "tiny", "registry": "models.json"}'
    )


def test_file_with_errors_has_no_models(registry_file: Callable[..., str]) -> None:
    path = registry_file(license="")
    with pytest.raises(ValueError) as caught:
        source({"model": "tiny", "registry": path})
    assert str(caught.value) == f"{path} has errors: run `hypiler check` on it"


def test_encoder_is_loaded_once_for_equal_adapters_and_not_before_it_is_needed(
    config: ModelConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Any] = []
    load = ModelConfig.load

    def counting(self: Any, *arguments: Any, **options: Any) -> Any:
        loaded.append(options)
        return load(self, *arguments, **options)

    monkeypatch.setattr(ModelConfig, "load", counting)
    options = {"engine": "onnx", "local": folder}
    sources = [source(config, options), source(source(config, options).describe()), source(config, {**options})]
    assert loaded == []
    with ThreadPoolExecutor(8) as pool:
        encoders = list(pool.map(lambda one: one.encoder, sources * 8))
    assert len({id(one) for one in encoders}) == len(loaded) == 1
    assert source(encoders[0]).encoder is source(config, {"engine": "onnx", "local": str(folder)}).encoder
    assert source(config, options | {"assume": {"truncation_side": "right"}})._key() != sources[0]._key()


def test_description_says_what_was_given_before_and_after_loading(config: ModelConfig, folder: Path) -> None:
    found = source(config, {"local": folder})
    before = found.describe()
    assert found.encoder.engine == "onnx"
    assert source(before).describe() == found.describe() == before
    found._described = None
    assert found.describe() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_process_shares_no_encoder_that_another_thread_may_use(tiny: Any) -> None:
    kept = source(tiny)
    assert kept._key() in _LOADED
    if (child := os.fork()) == 0:
        os._exit(0 if _LOADED else 7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert kept._key() in _LOADED


def test_loaded_encoder_is_shared_with_adapters_that_name_it(config: ModelConfig, folder: Path) -> None:
    encoder = config.load("onnx", local=folder)
    found = source(encoder)
    assert source(found.describe()).encoder is source(config, {"engine": "onnx", "local": folder}).encoder is encoder


def test_changed_facts_get_an_encoder_of_their_own(registry_file: Callable[..., str], folder: Path) -> None:
    load = {"engine": "onnx", "local": str(folder)}
    first = source({"model": "tiny", "registry": registry_file(), "load": load})
    changed = registry_file(specs={"context_length": 32})
    second = source({"model": "tiny", "registry": changed, "load": load})
    assert first.encoder.contract.document_length == 64
    assert second.encoder.contract.document_length == 32


def test_loaded_encoder_is_described_as_it_was_loaded(config: ModelConfig, folder: Path) -> None:
    found = source(config.load("onnx", local=folder))
    assert found.describe()["load"] == {"engine": "onnx", "local": str(folder)}
    assert found.space() == found.encoder.space()


def test_served_encoder_is_described_by_its_address(config: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai", reason="install hypiler[server]")
    monkeypatch.setenv("KEY_OF_TESTS", "sk-secret")
    with Served(OPENAI, key="sk-secret") as served:
        options: dict[str, Any] = {"truncation": "server", "api_key_variable": "KEY_OF_TESTS", "model": "tiny"}
        encoder = config.load("server", url=Server(served.url, **options))
        assert config.load(**encoder.load_arguments()).space_id == encoder.space_id
        found = source(encoder)
        text = json.dumps(found.describe())
        assert "secret" not in text + repr(found)
        assert b"secret" not in pickle.dumps(Plain(encoder))
        assert found.describe()["load"] == {"engine": "server", "url": {"url": served.url, **options}}
        lazy = source(config, {"url": Server(served.url, **options)})
        assert lazy.describe()["load"] == {"url": {"url": served.url, **options}}
        again = source(json.loads(json.dumps(lazy.describe())))
        np.testing.assert_allclose(again.encoder.encode_queries(["a b"]), encoder.encode_queries(["a b"]), atol=1e-6)
        assert Plain(lazy.describe()).check(encoder.stamp()).outcome == "same"


def test_key_of_a_server_is_never_written_down(config: ModelConfig) -> None:
    message = golden(
        "the server at http://localhost/v1 has a key or headers, which a description must not hold; name the variable"
        " of the key by `api_key_variable` of `Server`"
    )
    for server in (Server("http://localhost/v1", api_key="sk-1"), Server("http://localhost/v1", headers={"x": "sk-1"})):
        adapter = source(config, {"url": server})
        for write in (adapter.describe, lambda adapter=adapter: pickle.dumps(adapter)):
            with pytest.raises(ValueError) as caught:
                write()
            assert str(caught.value) == message


@pytest.mark.parametrize(
    ("server", "problem"),
    [({"url": "http://localhost/v1", "api_key": "sk-1"}, "it has 'api_key'"), ({"model": "m"}, "it has no `url`")],
)
def test_server_of_a_description_has_no_key(server: Any, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        source({"model": "all-minilm-l6-v2", "load": {"url": server}})
    assert str(caught.value) == golden(
        f"a server in a description has the keys url, model, api_key_variable, timeout, max_retries, concurrency,"
        " inputs_per_request, tokens_per_request, encoding_format, truncation, dimensions, answered_model, normalizes,"
        f" extra_body, expect; {problem}"
    )


def test_arguments_of_load_do_not_belong_to_a_loaded_encoder(tiny: Any) -> None:
    with pytest.raises(ValueError) as caught:
        source(tiny, {"engine": "onnx"})
    assert str(caught.value) == golden(
        "`load` has arguments for loading a model, and <DenseEncoder 'tiny' by onnx: 8 dims> is loaded; pass a config"
        " instead"
    )


def test_encoder_says_its_config_and_the_arguments_that_load_it_again(config: ModelConfig, folder: Path) -> None:
    encoder = config.load("onnx", local=folder)
    assert encoder.config is config
    arguments = encoder.load_arguments()
    assert (arguments["engine"], arguments["local"]) == ("onnx", str(folder))
    again = config.load(**arguments)
    assert again.load_arguments() == arguments
    assert again.space_id == encoder.space_id


def test_encoder_that_was_allowed_to_run_code_is_not_described(config: ModelConfig, folder: Path) -> None:
    encoder = config.load("onnx", local=folder, allow_pickle=True)
    with pytest.raises(ValueError) as caught:
        source(encoder).describe()
    assert str(caught.value) == golden(
        "`tiny` was loaded with `allow_pickle=True`, which a description must not say; load it in your program"
    )


def test_pickle_holds_the_config_and_how_to_load_it(config: ModelConfig, folder: Path) -> None:
    adapter = Plain(config.load("onnx", local=folder))
    pickled = pickle.dumps(adapter)
    assert len(pickled) < 3000
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(again.encoder.encode_queries(["a"]), adapter.encoder.encode_queries(["a"]))


def test_model_of_a_file_is_pickled_as_well(registry_file: Callable[..., str], folder: Path) -> None:
    config = ModelConfig.from_model(Registry.load(registry_file())["tiny"], 4)
    again = pickle.loads(pickle.dumps(Plain(config.load("onnx", local=folder))))
    assert (again._source.config, again.encoder.encode_queries(["a"]).shape) == (config, (1, 4))


def test_encoder_that_load_did_not_create_is_neither_pickled_nor_described(tiny: Any) -> None:
    class Own:
        contract = tiny.contract
        space = tiny.space
        encode_queries = tiny.encode_queries

    for write in (pickle.dumps, lambda adapter: adapter._source.describe()):
        with pytest.raises(ValueError, match="was not created by `load`"):
            write(Plain(Own()))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_share_the_encoder(copied: Callable[[Any], Any], tiny: Any) -> None:
    assert copied(Plain(tiny)).encoder is tiny


def test_index_of_the_same_space_is_accepted_in_every_form_that_stores_return(tiny: Any) -> None:
    adapter = Plain(tiny)
    stamp = adapter.stamp()
    text = json.dumps(stamp)
    for held in (stamp, text, text.encode(), {"hypiler": stamp}, {"hypiler": text}, {b"hypiler": text.encode()}):
        assert adapter.check(held).outcome == "same"
    assert adapter.check(tiny.space_id).outcome == "same"


def test_index_of_another_dimension_prefix_or_model_is_refused(tiny: Any, narrow: Any, tmp_path: Path, folder: Path) -> None:  # fmt: skip
    bare = config_of(tmp_path).load("onnx", local=folder)
    with pytest.raises(SpaceError, match="`dimension` is 4 there and 8 here"):
        Plain(tiny).check(narrow.stamp())
    with pytest.raises(SpaceError, match="re-index"):
        Plain(tiny).check(bare.stamp())


def test_index_that_does_not_fit_the_facts_is_refused_without_loading(tiny: Any) -> None:
    adapter = Plain("bge-small-en-v1.5")
    with pytest.raises(SpaceError, match="`dimension` is 8 there and 384 here"):
        adapter.check(tiny.stamp())
    assert adapter._source._encoder is None


@pytest.mark.parametrize(
    "held", [None, {}, {"other": 1}, "", "a comment of somebody", b"\xff", {"hypiler": "x"}, 7, []]
)
def test_index_without_a_stamp_is_undecided(held: Any, tiny: Any) -> None:
    with pytest.raises(UndecidedError):
        Plain(tiny).check(held)


def test_ranking_keeps_the_order_of_equal_scores(reranker: Any) -> None:
    assert [place for place, _ in rank(reranker, "a", ["b", "d", "b", "c d"])] == [3, 1, 0, 2]
    assert rank(reranker, "a", []) == []


def test_rows_of_sparse_vectors_have_no_zeros(sparse: Any) -> None:
    matrix = sparse.encode_documents(["a b", ""])
    rows = sparse_rows(matrix)
    dense = np.zeros(matrix.shape, np.float32)
    for row, (tokens, weights) in zip(dense, rows, strict=True):
        assert all(type(one) is int for one in tokens)
        assert all(type(one) is float and one for one in weights)
        row[tokens] = weights
    np.testing.assert_array_equal(dense, matrix.toarray())
    assert sparse_rows(sparse.encode_documents([])) == []
