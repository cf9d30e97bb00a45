"""What is left of the annotations of `runtime.py` in a generated module, and what other tools find there."""

import ast
import inspect
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, GenericAlias, ModuleType
from typing import Any

import pytest
from generated import imported, valid
from strategies import plain_model, registry_of

from hypiler.emit.python.module import emit_python, plain_runtime, runtime_source


class _WithoutQuoted(ast.NodeTransformer):
    """Takes out the annotations that are text, and statements that are nothing but one."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None if isinstance(node.annotation, ast.Constant) else node.annotation
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None if isinstance(node.returns, ast.Constant) else node.returns
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        assert isinstance(node.annotation, ast.Constant), ast.unparse(node)
        return None if node.value is None else ast.Assign([node.target], node.value)


def test_of_the_runtime_all_is_copied_but_annotations_in_quotes() -> None:
    wanted = _WithoutQuoted().visit(ast.parse(runtime_source()))
    assert ast.dump(ast.parse(plain_runtime())) == ast.dump(wanted)


MODELS = [plain_model(id="one", type="dense", aliases=["uno"]), plain_model(id="two.v1", type="colbert", aliases=[])]
for model in MODELS:
    del model["deprecated"]


@pytest.fixture(scope="module")
def text() -> str:
    return emit_python(valid(registry_of(*MODELS)))


@pytest.fixture
def m(tmp_path: Path) -> Iterator[ModuleType]:
    with imported(valid(registry_of(*MODELS)), tmp_path) as module:
        yield module


def functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Every function of the module, and every function of its classes, properties included, by its name."""
    found: dict[str, Callable[..., Any]] = {}
    for name in [*dir(module), *vars(module)]:
        thing = getattr(module, name)
        own = {f"{name}.{part}": value for part, value in vars(thing).items()} if isinstance(thing, type) else {}
        for path, value in {name: thing, **own}.items():
            function = getattr(value, "fget", getattr(value, "__func__", value))
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                found[path] = function
    return found


def test_annotations_of_functions_resolve(m: ModuleType) -> None:
    found = functions(m)
    assert {"get_model", "from_registry", "models_by_type", "ModelInfo.resolve_dimension"} <= set(found)
    for function in found.values():
        parameters = inspect.signature(function, eval_str=True).parameters
        assert set(typing.get_type_hints(function)) <= {*parameters, "return"}
    for name in ("ModelInfo", "PinnedFile", "ModelVariant", "DenseLayer", "ModelType"):
        assert typing.get_type_hints(getattr(m, name)) is not None


def test_public_functions_say_what_they_take(m: ModuleType) -> None:
    width = {"dimension": int | None}
    assert typing.get_type_hints(m.get_model) == {"id": str}
    assert typing.get_type_hints(m.from_registry) == {"id": str, **width, "output": str | None}
    assert typing.get_type_hints(m.models_by_organization) == {
        "organization": str,
        "return": GenericAlias(tuple, (m.ModelInfo, ...)),
    }
    assert typing.get_type_hints(m.ModelInfo.resolve_dimension) == {**width, "return": int}


def test_tools_that_only_read_the_module_find_every_name(text: str, m: ModuleType) -> None:
    """pylint, for one: it takes a name that a function declares global and assigns for a name of the module."""
    branch = ast.parse(text).body[-1]
    declared = [name for node in ast.walk(branch) if isinstance(node, ast.Global) for name in node.names]
    assigned = [
        target.id
        for node in ast.walk(branch)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert declared == assigned
    assert sorted([*declared, "get_model"]) == dir(m)


def test_the_bytecode_has_nothing_of_the_names_for_tools(text: str) -> None:
    def names(code: CodeType) -> Iterator[str]:
        yield from (code.co_name, *code.co_names, *code.co_varnames)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from names(constant)

    assert "_declare" in text
    found = set(names(compile(text, "model_registry.py", "exec")))
    assert found.isdisjoint({"ONE", "UNO", "TWO_V1", "DenseLayer.ONE"})
    assert "_load" in found
