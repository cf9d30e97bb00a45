"""The names of a generated module as annotations for pydantic and FastAPI."""

import functools
import inspect
import json
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from generated import imported, valid
from strategies import plain_model, registry_of

pydantic = pytest.importorskip("pydantic")


@pytest.fixture
def m(tmp_path: Path) -> Iterator[ModuleType]:
    models = [plain_model(id="one", type="colbert", aliases=["uno"]), plain_model(id="two", type="dense", aliases=[])]
    for model in models:
        del model["deprecated"]
    with imported(valid(registry_of(*models)), tmp_path) as module:
        yield module


def test_functions_can_be_validated(m: ModuleType) -> None:
    calls: list[tuple[Callable[..., Any], Any]] = [
        (m.get_model, "one"),
        (m.is_model_id, "one"),
        (m.models_by_type, "dense"),
        (m.models_by_type, m.ModelType.DENSE),
        (m.models_by_organization, "org"),
        (m.models_by_language, "en"),
        (m.models_by_max_embedding_dim, 512),
    ]
    for function, argument in calls:
        checked = pydantic.validate_call(function, validate_return=True)
        assert checked(argument) == function(argument), function
    assert pydantic.validate_call(m.models_with_matryoshka, validate_return=True)() == m.models_with_matryoshka()
    with pytest.raises(pydantic.ValidationError, match="valid integer"):
        pydantic.validate_call(m.models_by_max_embedding_dim)("many")


def test_names_are_types_of_fields(m: ModuleType) -> None:
    fields = {"id": (m.ModelId, ...), "type": (m.ModelType, ...), "model": (m.ModelInfo, ...)}
    choice = pydantic.create_model("Choice", repository=(m.Repository | None, None), **fields)
    chosen = choice(id="uno", type="colbert", model=m.ONE)
    assert chosen.model is m.ONE
    assert json.loads(chosen.model_dump_json())["model"] == json.loads(json.dumps(m.ONE.to_dict()))
    for wrong in ({"id": "tree"}, {"type": "tree"}, {"model": "one"}):
        with pytest.raises(pydantic.ValidationError):
            choice(**{"id": "uno", "type": "colbert", "model": m.ONE, **wrong})
    assert choice.model_json_schema()["properties"]["id"]["enum"] == ["one", "two", "uno"]


def test_a_record_of_any_kind_is_a_type(m: ModuleType) -> None:
    layer, alias = m.ONE.dense_layers[0], m.ModelInfo[typing.Literal[7]]
    for kind, record in ((type(layer), layer), (alias, m.ONE), (m.ModelInfo | None, None)):
        adapter = pydantic.TypeAdapter(kind)
        assert adapter.validate_python(record) is record
    assert pydantic.TypeAdapter(m.ModelInfo).json_schema(mode="serialization")["type"] == "object"


@pytest.mark.filterwarnings("ignore")  # of the test client about its own dependencies
def test_fastapi_takes_and_gives_models(m: ModuleType) -> None:
    fastapi = pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    app = fastapi.FastAPI()

    def by_id(id: m.ModelId) -> m.ModelInfo:  # type: ignore[name-defined]
        return m.get_model(id)

    def width(model: Annotated[Any, fastapi.Depends(m.get_model)]) -> int:
        return int(model.embedding_dim)

    def ids(type: m.ModelType) -> list[str]:  # type: ignore[name-defined]
        return [model.id for model in m.models_by_type(type)]

    app.get("/models/{id}")(by_id)
    app.get("/widths/{id}")(width)
    app.get("/ids")(ids)
    app.get("/all")(m.models_with_matryoshka)
    with TestClient(app) as client:
        assert client.get("/models/uno").json() == json.loads(json.dumps(m.ONE.to_dict()))
        assert client.get("/models/tree").status_code == 422
        assert client.get("/widths/one").json() == m.ONE.embedding_dim
        assert client.get("/ids?type=dense").json() == ["two"]
        assert client.get("/ids?type=tree").status_code == 422
        assert len(client.get("/all").json()) == len(m.models_with_matryoshka())
        assert client.get("/openapi.json").status_code == 200


def test_functions_can_be_chosen_by_the_class_of_a_model(m: ModuleType) -> None:
    @functools.singledispatch
    def name(thing: object) -> str:
        return "other"

    name.register(m.ModelInfo, lambda model: f"model {model.id}")
    assert (name(m.ONE), name(3)) == ("model one", "other")
    assert inspect.signature(m.ModelInfo.resolve_dimension, eval_str=True).return_annotation is int
