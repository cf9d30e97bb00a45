"""Records of generated modules in the libraries that people give them to: what docs/generated-module.md shows, and more.

The libraries are in the extra "test", but for polars, which is large. Where one is missing, its tests are skipped.
"""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hypiler.model_registry import BGE_M3, MODEL_REGISTRY, MODELS, ModelInfo
from hypiler.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "generated-module.md"
LIBRARIES = ("fastapi", "msgspec", "pandas", "polars", "pydantic")


def shown(library: str) -> str:
    """The one block of the page about a library."""
    (block,) = re.findall(rf"^```python {library}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(block)


def need(library: str) -> None:
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed: pip install {library}")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_the_page_shows_works(library: str) -> None:
    need(library)
    done = run(shown(library))
    assert (done.stderr, done.returncode) == ("", 0)


def test_the_page_shows_no_other_library() -> None:
    assert sorted(re.findall(r"^```python (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)) == [*LIBRARIES]


def test_a_web_service_answers_with_models(recwarn: pytest.WarningsRecorder) -> None:
    need("fastapi")
    need("httpx2")
    from fastapi.testclient import TestClient

    scope: dict[str, Any] = {"__name__": "app"}
    exec(shown("fastapi"), scope)
    client = TestClient(scope["app"])
    assert client.get("/models/bge-m3").json() == BGE_M3.to_dict()
    assert client.get("/models/BAAI/bge-m3").status_code == 404
    missing = client.get("/models/bge-m4")
    assert (missing.status_code, missing.json()) == (404, {"detail": "no model 'bge-m4'"})
    assert "colbert-v2" in client.get("/models", params={"type": "colbert"}).json()
    assert client.get("/models", params={"type": "colber"}).status_code == 422


def test_records_are_fields_of_pydantic_classes() -> None:
    need("pydantic")
    from pydantic import BaseModel, ValidationError

    class Own(BaseModel):
        model: ModelInfo

    assert Own(model=BGE_M3).model is BGE_M3
    with pytest.raises(ValidationError):
        Own.model_validate({"model": "bge-m3"})


def test_a_table_of_pandas_has_the_types_of_the_facts() -> None:
    need("pandas")
    import pandas as pd

    frame = pd.DataFrame([model.to_dict() for model in MODEL_REGISTRY])
    assert list(frame.columns) == [*BGE_M3.to_dict()]
    assert str(frame["embedding_dim"].dtype) == "int64"
    assert str(frame["has_projection"].dtype) == "bool"
    assert list(frame["id"]) == [model.id for model in MODEL_REGISTRY]
    again = json.loads(frame.to_json(orient="records"))
    assert [row["languages"] for row in again] == [[*model.languages] for model in MODEL_REGISTRY]


def test_records_in_memory_give_the_same_data() -> None:
    registry = Registry.shipped()
    assert [model.to_dict() for model in registry] == [model.to_dict() for model in MODEL_REGISTRY]


COMPLETE = """
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.Completer.use_jedi = {jedi}
shell.run_cell("import hypiler.model_registry as m; from hypiler.model_registry import MODELS, MODELS_BY_ID, BGE_M3")
shell.run_cell("from hypiler.registry import Registry; registry = Registry.shipped()")
for text in ('MODELS["bge', 'MODELS_BY_ID["bge', 'm.MODELS["bge', 'registry["bge', "BGE_M3.embedding_d", "m.BGE_", "m.models_by_ty"):
    with provisionalcompleter():
        print(text, *sorted({{one.text for one in shell.Completer.completions(text, len(text))}}))
"""


@pytest.mark.parametrize("jedi", [True, False])
def test_notebooks_complete_keys_constants_and_attributes(jedi: bool) -> None:
    need("IPython")
    done = run(COMPLETE.format(jedi=jedi))
    assert done.stderr == ""
    found = {line.split(" ")[0]: line.split(" ")[1:] for line in done.stdout.splitlines()}
    keys = [id for id in MODELS if id.startswith("bge")]
    assert len(keys) > 1
    for text in ('MODELS["bge', 'MODELS_BY_ID["bge', 'm.MODELS["bge'):
        assert found[text] == sorted(keys)
    assert set(keys) <= {*found['registry["bge']}
    assert [*map(_last, found["BGE_M3.embedding_d"])] == ["embedding_dim"]
    assert "BGE_M3" in map(_last, found["m.BGE_"])
    assert [*map(_last, found["m.models_by_ty"])] == ["models_by_type"]


def _last(text: str) -> str:
    return text.rpartition(".")[2]
