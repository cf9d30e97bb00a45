"""What engines share: errors of other libraries, and warnings that point at the caller."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from generated import imported, valid
from golden import golden
from strategies import registry_of
from tiny import config_of, entry, write_tiny

import hypiler
from hypiler.engines import EngineError, load
from hypiler.engines import onnx as engine
from hypiler.engines.checks import library_errors


class OtherError(Exception):
    """The error of a library."""


@pytest.mark.parametrize(
    ("error", "with_type", "message"),
    [
        (OtherError("first line\nsecond line"), False, golden("it failed: first line")),
        (OtherError("first line\nsecond line"), True, golden("it failed: OtherError: first line")),
        (OtherError(), False, golden("it failed: OtherError")),
        (OtherError(), True, golden("it failed: OtherError")),
    ],
)
def test_error_of_a_library_is_told_in_one_line(error: Exception, with_type: bool, message: str) -> None:
    with pytest.raises(EngineError) as caught, library_errors("it failed", with_type=with_type):
        raise error
    assert str(caught.value) == message
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [MemoryError(), EngineError("ours"), KeyboardInterrupt()])
def test_error_that_is_not_the_librarys_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, library_errors("it failed"):
        raise error
    assert caught.value is error


def test_memory_that_runs_out_in_the_network_is_a_memory_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder: Any = config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model"))

    class Full:
        def run(self, *_: Any) -> Any:
            raise MemoryError

    monkeypatch.setattr(encoder.backend.network, "session", Full())
    with pytest.raises(MemoryError):
        encoder.encode_queries(["a"])


def test_memory_that_runs_out_on_loading_is_a_memory_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(engine.onnxruntime, "InferenceSession", full)
    with pytest.raises(MemoryError):
        config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model"))


class TestWarnings:
    """Each names the line of the program that called, whatever it called."""

    @pytest.fixture
    def unpinned(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        return config_of(tmp_path, revision=None)

    def test_unpinned_model_warns_where_it_is_loaded(self, unpinned: Any) -> None:
        def method() -> None:
            unpinned.load("onnx")

        def function() -> None:
            load(unpinned, "onnx")

        for call in (method, function):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                with pytest.raises(EngineError):
                    call()
            told = golden(
                "'org/tiny' has no pinned revision in the registry: `main` is loaded, and may be another model tomorrow"
            )
            line = call.__code__.co_firstlineno + 1
            assert [(str(one.message), one.filename, one.lineno) for one in caught] == [(told, __file__, line)]

    def test_deprecated_model_warns_where_it_is_chosen(self, tmp_path: Path) -> None:
        with imported(valid(registry_of(entry(deprecated="use `new`"))), tmp_path) as module:

            def function() -> None:
                module.from_registry("tiny")

            def method() -> None:
                hypiler.ModelConfig.from_model(module.MODEL_REGISTRY[0], dimension=4)

            for call in (function, method):
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    call()
                line = call.__code__.co_firstlineno + 1
                assert [(str(one.message), one.category, one.filename, one.lineno) for one in caught] == [
                    (golden("'tiny' is deprecated: use `new`"), DeprecationWarning, __file__, line)
                ]
