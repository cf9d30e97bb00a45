"""Where the files of a model come from that is not in a repository."""

from pathlib import Path
from typing import Any

import pytest
from generated import valid
from golden import golden
from strategies import elsewhere, registry_of

from hypiler import ModelConfig
from hypiler.engines import EngineError
from hypiler.engines.places import folder_of


def config(**source: str) -> ModelConfig[Any]:
    model = elsewhere(**source)
    del model["deprecated"]
    model["variants"] = [{"id": "q8", "quantization": "Q8_0", "format": "gguf", "ollama": "m:q8"}]
    return ModelConfig.from_model(valid(registry_of(model)).models[0])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"api": "openai", "model": "m"},
            golden("`plain` is behind the API of openai: load it by the engine `server`"),
        ),
        (
            {"ollama": "m:v1"},
            golden(
                "`plain` is in the library of Ollama as m:v1: load it by the engine `server`, with url= of its Ollama"
            ),
        ),
        (
            {"url": "https://example.org/m"},
            golden("`plain` is at https://example.org/m: download it, unpack it, and pass its folder as local="),
        ),
    ],
)
def test_a_model_that_no_engine_can_open_from_its_place_is_refused(source: Any, message: str) -> None:
    with pytest.raises(EngineError) as caught:
        config(**source).load()
    assert str(caught.value) == message


def test_a_variant_that_is_elsewhere_is_refused() -> None:
    with pytest.raises(EngineError) as caught:
        config(path="m").with_variant("q8").load()
    message = golden(
        "the variant `q8` of `plain` is in the library of Ollama as m:q8: load it by the engine `server`, with url= of"
        " its Ollama"
    )
    assert str(caught.value) == message


def test_a_path_is_the_folder_to_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of(config(path="models/m")) == "models/m"
    assert folder_of(config(path="~/m")) == str(tmp_path / "m")
    assert config(path="models/m").repo == "models/m"
