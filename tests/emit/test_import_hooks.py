"""A generated module under import hooks that check types: everything is there, and is what it is without them."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from generated import valid
from strategies import plain_model, registry_of

from hypiler.emit.python.module import emit_python

CLIENT = Path(__file__).with_name("uses_everything.py")
# By hook: the text of `app/__init__.py`, and what runs before the client.
HOOKS = {
    "beartype_this_package": ("from beartype.claw import beartype_this_package\nbeartype_this_package()\n", ""),
    "beartype_package": ("", "from beartype.claw import beartype_package\nbeartype_package('app')\n"),
    # On some Pythons it warns that it cannot check properties of this module of the standard library.
    "beartype_all": (
        "",
        "import warnings\nwarnings.filterwarnings('ignore', module='.*ipaddress')\n"
        "from beartype.claw import beartype_all\nbeartype_all()\n",
    ),
    "typeguard": ("", "import typeguard\ntypeguard.install_import_hook('app')\n"),
    "strict typeguard": (
        "",
        "import typeguard\n"
        "typeguard.config.collection_check_strategy = typeguard.CollectionCheckStrategy.ALL_ITEMS\n"
        "typeguard.config.forward_ref_policy = typeguard.ForwardRefPolicy.ERROR\n"
        "typeguard.install_import_hook('app')\n",
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the package `app`, whose registry has fields of every kind."""
    models = [
        plain_model(id="colbert-small", type="colbert", aliases=["small"]),
        plain_model(id="other.name", type="dense", aliases=[]),
        plain_model(id="last", type="sparse", aliases=[], huggingface_id="org/last"),
    ]
    for number, model in enumerate(models):
        model["huggingface_id"] = f"org/m{number}"
        del model["deprecated"]
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "app/model_registry.py").write_text(emit_python(valid(registry_of(*models))), "utf-8", newline="")
    return tmp_path


def used(project: Path, before: str, *options: str) -> str:
    """What the client prints in a process of its own."""
    code = f"{before}import runpy\nrunpy.run_path({str(CLIENT)!r})"
    command = [sys.executable, "-B", *options, "-c", f"import sys\nsys.path.insert(0, '.')\n{code}"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (result.stderr, result.returncode) == ("", 0)
    return result.stdout


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("options", [("-W", "error"), ("-O",)], ids=["errors", "optimized"])
def test_everything_works_under_an_import_hook(project: Path, name: str, options: tuple[str, ...]) -> None:
    init, before = HOOKS[name]
    library = "typeguard" if "typeguard" in name else "beartype"
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    plain = used(project, "", *options)
    (project / "app/__init__.py").write_text(init, "utf-8")
    assert plain
    assert used(project, before, *options) == plain


def test_a_hook_checks_calls_of_the_module(project: Path) -> None:
    """So the hook was there in the other tests."""
    pytest.importorskip("beartype")
    code = (
        "from beartype.claw import beartype_package\nbeartype_package('app')\n"
        "from app.model_registry import models_by_max_embedding_dim\n"
        "try:\n    models_by_max_embedding_dim('x')\nexcept Exception as error:\n    print(type(error).__name__)\n"
    )
    result = subprocess.run([sys.executable, "-B", "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout == "BeartypeCallHintParamViolation\n"
