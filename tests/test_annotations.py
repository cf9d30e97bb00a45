"""Annotations of what users call have values at run time, for every tool that looks them up."""

import inspect
import subprocess
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from slow import slow

MODULES = [
    "hypiler",
    "hypiler.corpus",
    "hypiler.engines",
    "hypiler.frameworks",
    "hypiler.hosted_registry",
    "hypiler.model_registry",
    "hypiler.registry",
    "hypiler.runtimes",
    "hypiler.space",
    "hypiler.stores",
]
CLIENT = Path(__file__).with_name("uses_public_functions.py")
HOOKS = {
    "beartype": "from beartype.claw import beartype_all\nbeartype_all()\n",
    "beartype for hypiler": "from beartype.claw import beartype_package\nbeartype_package('hypiler')\n",
    "typeguard": "import typeguard\ntypeguard.install_import_hook('hypiler')\n",
    "strict typeguard": (
        "import typeguard\n"
        "typeguard.config.collection_check_strategy = typeguard.CollectionCheckStrategy.ALL_ITEMS\n"
        "typeguard.config.forward_ref_policy = typeguard.ForwardRefPolicy.ERROR\n"
        "typeguard.install_import_hook()\n"
    ),
}


def methods(owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods of a class that hypiler defines, and the functions of its properties."""
    for name in dir(owner):
        if name.startswith("_") and name != "__init__":
            continue
        kept = inspect.getattr_static(owner, name)
        found: Any = kept.fget if isinstance(kept, property) else getattr(owner, name)
        plain = inspect.unwrap(getattr(found, "__func__", found))
        if inspect.isfunction(plain) and plain.__module__.startswith("hypiler"):
            yield f"{owner.__name__}.{name}", found


def exported(module: ModuleType) -> dict[str, Any]:
    """What a public module exports, by name. The constant of a deprecated model warns, and is taken all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return {name: getattr(module, name) for name in module.__all__}


def public_functions() -> dict[str, Callable[..., Any]]:
    """Every function and method of the public modules, by its name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in map(import_module, MODULES):
        for name, thing in exported(module).items():
            if inspect.isfunction(thing):
                found[f"{module.__name__}.{name}"] = thing
            elif isinstance(thing, type):
                found |= {f"{module.__name__}.{path}": method for path, method in methods(thing)}
    return found


FUNCTIONS = public_functions()


def test_the_walk_finds_functions_methods_and_properties() -> None:
    known = ("hypiler.get_model", "hypiler.ModelConfig.load", "hypiler.ModelConfig.space_id", "hypiler.Registry.load")
    assert {*known, "hypiler.space.check", "hypiler.engines.load", "hypiler.registry.Model.to_dict"} <= {*FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_annotations_of_a_public_function_resolve(name: str) -> None:
    signature = inspect.signature(FUNCTIONS[name], eval_str=True)
    hints = typing.get_type_hints(FUNCTIONS[name])
    assert {*hints} <= {*signature.parameters, "return"}
    assert not any(isinstance(hint, str) for hint in hints.values())


@pytest.mark.parametrize("module", MODULES)
def test_annotations_of_public_classes_resolve(module: str) -> None:
    classes = [thing for thing in exported(import_module(module)).values() if isinstance(thing, type)]
    assert [typing.get_type_hints(one) is None for one in classes] == [False] * len(classes)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_pydantic_checks_the_calls_of_a_public_function(name: str) -> None:
    pydantic = pytest.importorskip("pydantic")
    assert callable(pydantic.validate_call(config={"arbitrary_types_allowed": True})(FUNCTIONS[name]))


def test_pydantic_refuses_a_wrong_argument() -> None:
    pydantic = pytest.importorskip("pydantic")
    from_registry = pydantic.validate_call(FUNCTIONS["hypiler.ModelConfig.from_registry"])
    assert from_registry("jina-colbert-v2", dimension="96").embedding_dim == 96
    with pytest.raises(pydantic.ValidationError, match="dimension"):
        from_registry("jina-colbert-v2", dimension="wide")


@pytest.mark.parametrize(
    "name", ["ModelConfig.from_registry", "ModelConfig.colbert_v2", "get_model", "Registry.project"]
)
def test_a_public_function_is_a_dependency_of_fastapi(name: str) -> None:
    pytest.importorskip("fastapi")
    utils = import_module("fastapi.dependencies.utils")
    wanted = [*inspect.signature(FUNCTIONS[f"hypiler.{name}"]).parameters]
    assert [one.name for one in utils.get_dependant(path="/", call=FUNCTIONS[f"hypiler.{name}"]).query_params] == wanted


@cache
def used(before: str) -> str:
    """What the client prints in a process of its own."""
    code = f"{before}import runpy\nrunpy.run_path({str(CLIENT)!r})"
    command = [sys.executable, "-B", "-W", "error", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (result.stderr, result.returncode) == ("", 0)
    return result.stdout


@slow
@pytest.mark.parametrize("name", HOOKS)
def test_public_functions_work_under_an_import_hook(name: str) -> None:
    library = "typeguard" if "typeguard" in name else "beartype"
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    assert used(HOOKS[name]) == used("")


@pytest.mark.parametrize("name", HOOKS)
def test_an_import_hook_may_come_after_the_import_of_hypiler(name: str) -> None:
    library = "typeguard" if "typeguard" in name else "beartype"
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    code = "print(hypiler.ModelConfig.colbert_v2().embedding_dim, len(hypiler.Registry.shipped()) > 1)"
    command = [sys.executable, "-B", "-W", "error", "-c", f"import hypiler\n{HOOKS[name]}{code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "128 True\n"


@pytest.mark.parametrize(
    ("name", "error"), [("beartype", "BeartypeCallHintParamViolation"), ("typeguard", "TypeCheckError")]
)
def test_an_import_hook_checks_the_calls_of_public_functions(name: str, error: str) -> None:
    """So the hook was there in the other tests."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    code = (
        "import hypiler, hypiler.space\n"
        "calls = [lambda: hypiler.ModelConfig('org/name', '768', 512),\n"
        "    lambda: hypiler.ModelConfig.from_registry('bge-m3', dimension='64'),\n"
        "    lambda: hypiler.Registry.load('models.json', lock=1.5),\n"
        "    lambda: hypiler.models_by_max_embedding_dim('x'),\n"
        "    lambda: hypiler.space.identify(7)]\n"
        "for call in calls:\n"
        "    try:\n        print(call())\n"
        "    except Exception as error:\n        print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", HOOKS[name] + code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [error] * 5
