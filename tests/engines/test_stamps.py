"""Stamps of encoders: which files ran, what they are called, and when that is unknown."""

import json
import os
import shutil
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from golden import golden
from stamps import Pinned
from tiny import WIDTH, config_of, entry, write_tiny

from hypiler import ModelConfig, space
from hypiler.engines import MismatchError, engine_specs
from hypiler.engines.specs import SPECS
from hypiler.engines.stamps import file_identity
from hypiler.engines.stamps.loaded_files import LoadedFiles


@pytest.fixture(autouse=True)
def hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were hashed. Nothing of other tests is in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found: list[str] = []
    real = file_identity._hashed

    def counted(path: Path) -> str:
        found.append(path.name)
        return real(path)

    monkeypatch.setattr(file_identity, "_hashed", counted)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "model")


def sum_of(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def locked(config: ModelConfig, folder: Path, precision: str | None = "fp32") -> ModelConfig:
    """The same config with a lock that has the folder's files."""
    files = {
        name.relative_to(folder).as_posix(): (sum_of(name), precision if name.suffix == ".onnx" else None)
        for name in folder.rglob("*")
        if name.is_file()
    }
    return ModelConfig.from_model(Pinned(config.model, files), config.embedding_dim).with_variant(config.variant)


class TestFiles:
    def test_files_without_a_recorded_sum_are_hashed_when_that_is_asked_for(
        self, folder: Path, tmp_path: Path, hashed: list[str]
    ) -> None:
        encoder = config_of(tmp_path).load("onnx", local=folder)
        assert hashed == []
        found = encoder.space()
        assert found["bytes"] == {
            "weights": {"sha256": sum_of(folder / "model.onnx"), "listed": None, "model": None, "precision": "fp32"},
            "tokenizer": sum_of(folder / "tokenizer.json"),
        }
        assert (found["engine"], found["document"]["precision"]) == ("onnx", "fp32")
        assert encoder.space_id == found["space_id"]
        assert sorted(hashed) == ["model.onnx", "tokenizer.json"]

    def test_recorded_sums_were_enforced_and_are_not_computed_again(
        self, folder: Path, tmp_path: Path, hashed: list[str]
    ) -> None:
        sums = {name: sum_of(folder / name) for name in ("model.onnx", "tokenizer.json")}
        encoder = config_of(tmp_path, files={"sha256": sums}).load("onnx", local=folder)
        found = encoder.space()["bytes"]
        own = {"sha256": sums["model.onnx"], "listed": True, "model": sums["model.onnx"], "precision": "fp32"}
        assert found == {"weights": own, "tokenizer": sums["tokenizer.json"]}
        assert hashed == []

    def test_sum_that_loading_does_not_enforce_is_not_believed(
        self, folder: Path, tmp_path: Path, hashed: list[str]
    ) -> None:
        """The registry gives the sum of a variant's file. Without the variant, nobody compares it with the file."""
        variant = {"id": "other", "quantization": "fp32", "file": "model.onnx", "sha256": "0" * 64}
        found = config_of(tmp_path, variants=[variant]).load("onnx", local=folder).space()["bytes"]["weights"]
        own = {"sha256": sum_of(folder / "model.onnx"), "listed": False, "model": None, "precision": "fp32"}
        assert found == own
        assert "model.onnx" in hashed

    def test_config_knows_the_id_where_registry_and_lock_know_enough(self, folder: Path, tmp_path: Path) -> None:
        unlocked = config_of(tmp_path, 4, encoding={"document_length": 8, "query_length": 8})
        config = locked(unlocked, folder)
        encoder = config.load("onnx", local=folder)
        assert config.space_id == encoder.space_id
        assert str(config.space_id).startswith("d2-")
        assert config.query_space_id == encoder.query_space_id == unlocked.query_space_id
        assert unlocked.space_id is None
        stored = json.loads(json.dumps(encoder.stamp()))
        for current in (config, encoder):
            assert space.check(stored, current).outcome == "same"
        assert space.check(stored["space_id"], config).outcome == "same"
        assert space.compare(stored, unlocked).outcome == "undecided"

    def test_file_that_the_registry_does_not_list_is_unlisted(self, folder: Path, tmp_path: Path) -> None:
        config = config_of(tmp_path, files={"sha256": {"other.safetensors": "0" * 64}})
        files = LoadedFiles(config, folder, {"model.onnx", "tokenizer.json"}, ["model.onnx"])
        weights, _ = files.identity()
        assert weights is not None
        assert (weights["listed"], weights["model"]) == (False, None)

    def test_other_weights_are_another_space(self, folder: Path, tmp_path: Path) -> None:
        """A fine-tune of the same shapes, in a folder of its own."""
        stored = config_of(tmp_path).load("onnx", local=folder).stamp()
        other = write_tiny(tmp_path / "tuned")
        data = bytearray((other / "model.onnx").read_bytes())
        place = data.index(np.float32(table(other)[2, 3]).tobytes())
        data[place : place + 4] = np.float32(3).tobytes()
        (other / "model.onnx").write_bytes(data)
        tuned = config_of(tmp_path).load("onnx", local=other)
        assert tuned.space_id != stored["space_id"]
        found = space.compare(stored, tuned)
        assert (found.outcome, found.side) == ("different", "document")
        assert [name for name, _, _ in found.facts] == ["weights"]

    def test_file_that_changed_since_it_was_loaded_is_unknown(self, folder: Path, tmp_path: Path) -> None:
        encoder = config_of(tmp_path).load("onnx", local=folder)
        other = config_of(tmp_path).load("onnx", local=folder)
        stored = other.stamp()
        status = (folder / "model.onnx").stat()
        data = (folder / "model.onnx").read_bytes()
        (folder / "model.onnx").write_bytes(data[:-1] + b"\x12")
        os.utime(folder / "model.onnx", ns=(status.st_atime_ns, status.st_mtime_ns))
        found = encoder.space()
        assert found["bytes"]["weights"] == {"sha256": None, "listed": None, "model": None, "precision": None}
        assert (found["space_id"], encoder.space_id) == (None, None)
        # What is in memory did not change.
        assert space.check(stored, encoder).outcome == "same"
        assert space.compare(changed_probe(stored), encoder).outcome == "undecided"

    def test_external_data_and_layers_are_part_of_the_weights(self, tmp_path: Path) -> None:
        config = config_of(tmp_path)
        names = {"model.onnx", "model.onnx_data", "model.onnx.data", "2_Dense/model.safetensors", "config.json"}
        onnx = next(spec for spec in SPECS if spec.name == "onnx")
        assert onnx.weights is not None
        expected = ["model.onnx", "model.onnx.data", "model.onnx_data", "2_Dense/model.safetensors"]
        assert [*onnx.weights(config, names)] == expected
        assert [*onnx.weights(config, {"other.onnx"})] == []

    @pytest.mark.parametrize(
        ("engine", "names", "expected"),
        [
            ("model2vec", "model.safetensors 0_StaticEmbedding/model.safetensors", "model.safetensors"),
            ("model2vec", "0_StaticEmbedding/model.safetensors", "0_StaticEmbedding/model.safetensors"),
            ("sentence-transformers", "model.safetensors pytorch_model.bin onnx/model.onnx", "model.safetensors"),
            ("pylate", "1_Dense/model.safetensors model.safetensors", "model.safetensors 1_Dense/model.safetensors"),
            ("fastembed", "model.onnx model.safetensors", "model.onnx"),
        ],
    )
    def test_every_engine_says_which_files_it_loads(
        self, tmp_path: Path, engine: str, names: str, expected: str
    ) -> None:
        spec = next(spec for spec in SPECS if spec.name == engine)
        assert spec.weights is not None
        assert [*spec.weights(config_of(tmp_path), {*names.split()})] == expected.split()


def changed_probe(stamp: dict[str, Any]) -> dict[str, Any]:
    return stamp | {"probe": None}


def table(folder: Path) -> Any:
    import onnx
    from onnx import numpy_helper

    return numpy_helper.to_array(onnx.load(folder / "model.onnx").graph.initializer[0])


class TestVariants:
    VARIANT: ClassVar[dict[str, str]] = {"id": "other", "quantization": "fp32", "file": "other.onnx"}

    def test_variant_of_another_precision_than_the_registry_says_is_refused(self, folder: Path, tmp_path: Path) -> None:
        shutil.copy(folder / "model.onnx", folder / "other.onnx")
        config = config_of(tmp_path, variants=[self.VARIANT | {"quantization": "int8"}]).with_variant("other")
        with pytest.raises(MismatchError) as caught:
            config.load("onnx", local=folder)
        assert str(caught.value) == golden(
            f"the variant 'other' of `tiny` is 'int8' in the registry and 'fp32' in {folder}/other.onnx: one of them is"
            " wrong"
        )

    def test_listed_variant_of_a_plain_precision_is_the_models_own_space(self, folder: Path, tmp_path: Path) -> None:
        """An export in another repository, with the same numbers and other bytes."""
        away = write_tiny(tmp_path / "away")
        import onnx

        graph = onnx.load(away / "model.onnx")
        graph.producer_name = "another exporter"
        onnx.save(graph, away / "model.onnx")
        variant = self.VARIANT | {"file": "model.onnx", "huggingface_id": "other/away"}
        known = {"document_length": 8, "query_length": 8}
        model = config_of(tmp_path, variants=[variant], encoding=known).model
        files: dict[str, Any] = {
            "model.onnx": (sum_of(folder / "model.onnx"), "fp32"),
            "tokenizer.json": sum_of(folder / "tokenizer.json"),
            "other/away:model.onnx": sum_of(away / "model.onnx"),
            "other/away:tokenizer.json": sum_of(away / "tokenizer.json"),
        }
        own = ModelConfig.from_model(Pinned(model, files, complete=False))
        other = own.with_variant("other")
        encoders = own.load("onnx", local=folder), other.load("onnx", local=away)
        assert {own.space_id, other.space_id, *[one.space_id for one in encoders]} == {own.space_id}
        assert own.space_id is not None
        assert encoders[0].space()["bytes"]["weights"]["sha256"] != encoders[1].space()["bytes"]["weights"]["sha256"]


SERVED = """
import dataclasses

from hypiler.engines.onnx import open_model
from hypiler.engines.specs import SPECS

SPEC = dataclasses.replace(SPECS[0], name="served", module=__name__, weights=None, served=True)
"""


class TestServed:
    """A network behind an address: nobody sees its bytes. Here it is one of another package that runs in the process."""

    @pytest.fixture
    def served(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        site = tmp_path / "site"
        (site / "hypiler_served-1.0.dist-info").mkdir(parents=True)
        (site / "served_engine.py").write_text(SERVED)
        metadata = {
            "METADATA": "Metadata-Version: 2.1\nName: hypiler-served\nVersion: 1.0\n",
            "entry_points.txt": "[hypiler.engines]\nserved = served_engine:SPEC\n",
        }
        for name, text in metadata.items():
            (site / "hypiler_served-1.0.dist-info" / name).write_text(text)
        monkeypatch.delitem(sys.modules, "served_engine", raising=False)
        monkeypatch.syspath_prepend(site)

    def test_nobody_sees_what_is_served(self, served: None, folder: Path, tmp_path: Path) -> None:
        assert "served" in [spec.name for spec in engine_specs()]
        encoder = config_of(tmp_path).load("served", local=folder)
        found = encoder.space()
        assert found["bytes"] == {"weights": None, "tokenizer": None}
        assert encoder.space_id is None
        assert str(encoder.query_space_id).startswith("q2-")

    def test_stamp_of_files_fits_the_same_model_behind_an_address(
        self, served: None, folder: Path, tmp_path: Path
    ) -> None:
        config = config_of(tmp_path)
        own, away = config.load("onnx", local=folder), config.load("served", local=folder)
        assert own.space_id != away.space_id
        for stored, current in ((own, away), (away, own), (away, away)):
            assert space.check(stored.stamp(), current).outcome == "same"
        assert space.compare(own.space(), away).outcome == "undecided"

    def test_another_model_of_the_same_width_is_seen(self, served: None, folder: Path, tmp_path: Path) -> None:
        config = config_of(tmp_path)
        stored = config.load("served", local=folder).stamp()
        other = write_tiny(tmp_path / "other")
        rows = table(other)
        data = (other / "model.onnx").read_bytes()
        turned = np.ascontiguousarray(np.roll(rows, 1, axis=1))
        (other / "model.onnx").write_bytes(data.replace(rows.tobytes(), turned.tobytes()))
        replaced_model = config.load("served", local=other)
        found = space.compare(stored, replaced_model)
        assert (found.outcome, found.side, found.facts) == ("different", "document", ())
        # Without its vectors, nobody can tell.
        assert space.compare(stored, config).outcome == "undecided"


def test_probe_is_made_once_for_an_encoder(folder: Path, tmp_path: Path) -> None:
    encoder: Any = config_of(tmp_path).load("onnx", local=folder)
    runs: list[list[str]] = []
    real = encoder.backend.run

    class Counted:
        def run(self, texts: list[str], *, query: bool) -> Any:
            runs.append(texts)
            assert not query
            return real(texts, query=query)

    encoder.backend = Counted()
    one, other = encoder.stamp(), encoder.stamp()
    assert one == other
    assert [len(texts) for texts in runs] == [1] * 9
    one["probe"]["version"] = 7
    assert encoder.stamp() == other


def test_tokens_that_are_skipped_are_a_fact(tmp_path: Path) -> None:
    encoding = {"pooling": "none", "similarity": "max_sim", "normalize": False}
    files: dict[str, Any] = {
        "modules": [
            {"type": "sentence_transformers.models.Transformer", "path": ""},
            {"type": "sentence_transformers.multi_vector_encoder.modules.MultiVectorMask", "path": "1_Mask"},
        ],
        "1_Mask/config": {"skiplist_words": [".", ","], "skiplist_tasks": ["document"]},
    }
    folder = write_tiny(tmp_path / "model", **files)
    config = config_of(tmp_path, type="colbert", capabilities={"multi_vector": True}, encoding=encoding)
    encoder = config.load("onnx", local=folder)
    stamp = encoder.stamp()
    assert len(stamp["probe"]["tokens"]) == 9
    assert (stamp["document"]["document_skipped"], stamp["query"]["query_skipped"]) == (", .", "")
    assert space.check(json.loads(json.dumps(stamp)), encoder).outcome == "same"
    other = write_tiny(tmp_path / "other", **(files | {"1_Mask/config": {"skiplist_words": ["a"]}}))
    found = space.compare(stamp, config.load("onnx", local=other))
    assert (found.outcome, found.side) in [("same", None), ("different", "document")]
    assert ("document_skipped", ", .", "a") in found.facts


def test_expansion_of_queries_is_a_fact_of_queries(tmp_path: Path) -> None:
    from hypiler.engines.contract import make_contract
    from hypiler.engines.layout import read_layout

    folder = write_tiny(tmp_path / "model")
    config = config_of(
        tmp_path,
        type="colbert",
        capabilities={"multi_vector": True},
        encoding={"pooling": "none", "similarity": "max_sim", "query_prefix": "[Q] ", "document_prefix": "[D] "},
    )
    layout = read_layout(folder)
    plain = make_contract(config, layout, {}).space_facts
    late = layout.late_interaction._replace(
        source="config_sentence_transformers.json",
        query_marker="[Q] ",
        document_marker="[D] ",
        expand=True,
        expansion_token="[MASK]",
        expansion_length=32,
    )
    one = make_contract(config, replace(layout, late_interaction=late), {}).space_facts
    assert {name: value for name, value in one["query"].items() if value != plain["query"][name]} == {
        "query_marker": "[Q]",
        "expansion": 32,
        "expansion_token": "[MASK]",
    }
    assert {name: value for name, value in one["document"].items() if value != plain["document"][name]} == {
        "document_marker": "[D]"
    }


def test_reranker_has_a_stamp_without_a_probe(folder: Path, tmp_path: Path) -> None:
    from hypiler.engines import Reranker
    from hypiler.engines.contract import make_contract
    from hypiler.engines.layout import read_layout

    config = config_of(tmp_path, type="reranker", encoding={"pooling": None, "normalize": None, "similarity": None})
    contract = make_contract(config, read_layout(folder), {})
    files = LoadedFiles(config, folder, {"model.onnx", "tokenizer.json"}, ["model.onnx"])
    encoder = Reranker(contract, None, "onnx", files)
    stamp = encoder.stamp()
    assert stamp["probe"] is None
    assert (stamp["document"]["encoder"], stamp["query"]["similarity"]) == ("reranker", "none")
    assert space.check(stamp, encoder).outcome == "same"
    assert entry()["id"] == stamp["model"]
    assert stamp["document"]["dimension"] == WIDTH
