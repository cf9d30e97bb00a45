"""Uses all of `app.model_registry` and prints what came out, for `test_import_hooks.py`: the same under every hook."""

import copy
import importlib
import inspect
import json
import pickle
import pydoc
import typing
import weakref
from collections.abc import Callable

import app.model_registry as m


def refused(use: Callable[[], object]) -> str:
    """The error of a call that must have one."""
    try:
        use()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


for model in m.MODEL_REGISTRY:
    print(model, json.dumps(model.to_dict()))
    print([str(getattr(model, name)) for name in dir(model) if name[0] != "_"])
    assert pickle.loads(pickle.dumps(model)) == model
    assert copy.deepcopy(model) is copy.copy(model) is weakref.ref(model)() is model
    assert m.get_model(model.id) is m.get_model(model.huggingface_id) is m.MODELS[model.id] is model
    assert model in m.models_by_organization(model.organization)
    assert model in m.models_by_type(model.model_type)
    assert model in m.models_by_type(str(model.model_type))
    assert model.resolve_dimension() == model.resolve_dimension(model.embedding_dim)
    print(m.is_model_id(model.id), m.ModelInfo[typing.Literal[3]], [hash(model) == hash(model.id)])
print(sorted(dir(m)), [str(getattr(m, name)) for name in dir(m) if isinstance(getattr(m, name), (str, tuple))])
print(m.models_by_language("en"), m.models_by_max_embedding_dim(100), m.models_with_matryoshka())
print(m.models_by_type(m.ModelType.COLBERT), list(m.MODELS.items()), m.MODELS_BY_ID.get("other.name"), len(m.MODELS))
print(pickle.loads(pickle.dumps(m.MODELS)) is m.MODELS, m.get_model("nothing"), m.is_model_id(3))
print(refused(lambda: m.MODELS["lost"]))
print(refused(lambda: m.NOTHING))
print(refused(m.ModelInfo))
print(refused(lambda: m.models_by_type("colber")))
print(refused(lambda: m.LAST.resolve_dimension(9999)))
print(refused(lambda: setattr(m.LAST, "id", "x")))
print(typing.get_type_hints(m.models_by_type), inspect.signature(m.from_registry, eval_str=True))
print(len(pydoc.render_doc(m.ModelInfo)) > 1000)
everything: dict[str, object] = {}
exec("from app.model_registry import *", everything)
print(sorted(set(dir(m)) - set(everything)), importlib.reload(m).MODELS["last"])
