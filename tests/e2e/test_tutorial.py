"""The tutorial, as a newcomer follows it: from an empty folder, in an environment with nothing but what the page installs.

The wheels lie in a folder in place of the package index, and the model on a hub of this machine: the genuine weights of
all-MiniLM-L6-v2, with an ONNX file that is made from them. What the page says of an editor, a language server says.
"""

import json
import re
import shutil
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bert_onnx import export_bert
from console import run_page
from e2e.language_server import Editor
from golden import is_updating, write_golden
from loopback_hub import LoopbackHub
from model_weights import weights_of
from slow import slow

from hypiler.model_registry import ALL_MINILM_L6_V2, GRANITE_EMBEDDING_311M_MULTILINGUAL_R2

pytestmark = slow

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"
# What the editor is asked, the text with the cursor, and what it shows.
_EDITOR = re.compile(
    r"(<!-- editor: (\w+) -->\n```text\n(.*?\n)```\n\n```text\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE
)
# Files of the model's package that are not in its repository.
_FOREIGN = ("LICENSE", "NOTICE", "data_config.json")


def test_the_page_is_true(tmp_path: Path, wheels_to_run_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "venv/bin/python"
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    project = tmp_path / "empty/my-search"
    project.parent.mkdir()
    model = minilm(tmp_path / "model")
    # What an index would offer, for pip itself and for the builds that it runs.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels_to_run_models))
    monkeypatch.setenv("PIP_COMPILE", "0")
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with LoopbackHub() as hub:
        repository, commit = ALL_MINILM_L6_V2.huggingface_id, ALL_MINILM_L6_V2.revision
        hub.add(str(repository), model, commit=commit)
        for name, value in hub.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        assert run_page(PAGE, project.parent, python.parent) > 30
    text = PAGE.read_text("utf-8")
    with Editor(project, python) as editor:
        shown = as_shown(text, editor)
    if is_updating():
        write_golden(PAGE, shown)
    else:
        assert text == shown


def minilm(folder: Path) -> Path:
    """The repository of the model, with one ONNX file."""
    shutil.copytree(weights_of("minilm"), folder, ignore=shutil.ignore_patterns(*_FOREIGN))
    (folder / "onnx").mkdir()
    export_bert(folder, folder / "onnx/model.onnx")
    return folder


def as_shown(page: str, editor: Editor) -> str:
    """The page with what the editor shows now; of a long list, as many of the first items as the page has."""
    asked: dict[str, Callable[[str, str], list[str]]] = {
        "completions": editor.completions,
        "errors": editor.errors,
        "hover": lambda name, text: editor.hover(name, text).splitlines(),
    }

    def answer(found: re.Match[str]) -> str:
        lines = asked[found[2]]("editor.py", found[3])
        if found[2] == "completions":
            lines = lines[: found[4].count("\n")]
        return found[1] + "".join([f"{line}\n" for line in lines])

    assert _EDITOR.search(page)
    return _EDITOR.sub(answer, page)


def test_the_model_that_is_written_down_is_the_shipped_one_after_its_correction() -> None:
    text = PAGE.read_text("utf-8")
    (entry,) = json.loads(text.partition("```json own.json\n")[2].partition("```")[0])["models"]
    entry["architecture"]["matryoshka_dims"].append(768)
    entry["encoding"]["normalize"] = entry["encoding"].pop("normalise")
    stated: dict[str, Any] = {**entry["architecture"], **entry["specs"], **entry["encoding"]}
    stated |= {name: entry[name] for name in ("name", "huggingface_id", "license", "revision")}
    shipped = GRANITE_EMBEDDING_311M_MULTILINGUAL_R2.to_dict()
    assert stated == {name: shipped[name] for name in stated}
