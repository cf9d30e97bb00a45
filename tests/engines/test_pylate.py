"""Models as PyLate saves them, by PyLate itself and by the engines that read its files.

PyLate wants an older Sentence Transformers than the engine of that name, so it gets an environment of its own. Its own
requirements name a PyTorch that is not for every machine; what its models need is

    python -m pip install torch==2.13.0
    python -m pip install sentence-transformers==5.3.0 'transformers<=5.3.0' fastkmeans==0.5.0 ujson ninja pandas
    python -m pip install --no-deps pylate==1.6.0
    python -m pip install -e '.[test]' && python -m pytest tests/engines/test_pylate.py

What needs it is skipped elsewhere.
"""

import json
import re
import shutil
import string
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bert_onnx import export_bert, usual
from golden import golden
from recorded import flipped, names_of, recorded, sums_of
from safetensors.numpy import load_file, save_file
from saved_models import late_config as entry
from saved_models import late_facts as facts
from saved_models import saved_by_pylate as saved
from saved_models import saved_by_stanford
from slow import slow
from tiny import config_of
from tiny import entry as tiny_entry

from hypiler import ModelConfig
from hypiler.engines import ChecksumError, EngineError, MismatchError, UnsafeError
from hypiler.engines.contract import make_contract
from hypiler.engines.layout import read_layout

QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]
# As PyLate itself scores the pairs, by what is changed in the settings.
SCORES: list[tuple[dict[str, Any], Any]] = [
    ({}, [[10.3136, 8.0967, 4.3644], [4.9307, 8.3116, 9.5206]]),
    ({"do_query_expansion": False}, [[4.5762, 1.9315, 1.0247], [1.3048, 2.5164, 5.6092]]),
    ({"attend_to_expansion_tokens": True}, [[7.7102, 6.4520, 3.4174], [4.3758, 6.1281, 7.0303]]),
]
STANFORD = [[13.0195, 8.5521, 5.4550], [5.7564, 7.2900, 11.1851]]
PACKAGES = {
    "pylate": "pylate",
    "sentence-transformers": "sentence_transformers.multi_vector_encoder",
    "onnx": "onnxruntime",
}


def is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


needs_pylate = pytest.mark.skipif(not is_installed("pylate"), reason="PyLate is not installed")


@pytest.fixture(params=PACKAGES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that is installed and reads such files."""
    if not is_installed(PACKAGES[request.param]):
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture(scope="module")
def colbert(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(minilm, tmp_path_factory.mktemp("colbert") / "model")


def scores(encoder: Any) -> Any:
    return encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))


@slow
def test_changed_byte_of_any_file_is_refused(colbert: Path, tmp_path: Path, engine: str) -> None:
    folder = Path(shutil.copytree(colbert, tmp_path / "model"))
    config = recorded(tiny_entry(**facts()), sums_of(folder))
    config.load(engine, local=folder)
    # The other weights, and the slower form of the tokenizer.
    unread = {"onnx": {"model.safetensors", "vocab.txt"}}.get(engine, {"onnx/model.onnx"})
    for name in names_of(folder):
        with flipped(folder / name):
            if name in unread:
                config.load(engine, local=folder)
                continue
            with pytest.raises(ChecksumError, match=f"^sha256 of {re.escape(str(folder / name))} must be "):
                config.load(engine, local=folder)


@slow
@pytest.mark.parametrize(("settings", "expected"), [SCORES[0], *[pytest.param(*one, marks=slow) for one in SCORES[1:]]])
def test_every_engine_scores_as_pylate(
    minilm: Path, tmp_path: Path, engine: str, settings: dict[str, Any], expected: Any
) -> None:
    folder = saved(minilm, tmp_path / "model", **settings)
    np.testing.assert_allclose(scores(entry(tmp_path).load(engine, local=folder)), expected, atol=1e-3)


def test_files_of_the_first_colbert_score_as_in_pylate(minilm: Path, tmp_path: Path, engine: str) -> None:
    if engine == "onnx":
        pytest.skip("onnx wants the layer in its file, or in a folder of its own")
    folder = saved_by_stanford(minilm, tmp_path / "model")
    config = entry(tmp_path, vocabulary=30522, query_prefix="[unused0]", document_prefix="[unused1]")
    encoder: Any = config.load(engine, local=folder)
    np.testing.assert_allclose(scores(encoder), STANFORD, atol=1e-3)
    # The first and the last token, the marker, and the words without the full stop.
    assert [len(document) for document in encoder.encode_documents(["a meal."])] == [5]


def test_space_after_a_marker_may_be_left_out(colbert: Path, tmp_path: Path, engine: str) -> None:
    config = entry(tmp_path, query_prefix="[Q]", document_prefix="[D]")
    np.testing.assert_allclose(scores(config.load(engine, local=colbert)), SCORES[0][1], atol=1e-3)


def test_queries_are_filled_up_and_punctuation_is_left_out(colbert: Path, tmp_path: Path, engine: str) -> None:
    encoder: Any = entry(tmp_path).load(engine, local=colbert)
    long = " ".join(["one"] * 300)
    queries = encoder.encode_queries(["a", "", long])
    assert [query.shape for query in queries] == [(32, 128)] * 3
    np.testing.assert_allclose(np.linalg.norm(queries, axis=2), 1, atol=1e-5)
    # The first token, the marker and the last one are kept, and of "a meal." the full stop is not.
    assert [len(document) for document in encoder.encode_documents(["a meal.", "", long])] == [5, 3, 180]


@pytest.mark.parametrize(
    ("fact", "stated", "held"),
    [("query_prefix", "[S]", "[Q] "), ("query_length", 64, 32), ("document_length", 200, 180)],
)
def test_folder_that_says_otherwise_is_refused_by_the_engine_alone(
    colbert: Path, tmp_path: Path, engine: str, fact: str, stated: object, held: object
) -> None:
    if engine == "onnx":
        pytest.skip("onnx takes these facts from the contract alone")
    with pytest.raises(MismatchError) as caught:
        opened(entry(tmp_path), colbert, colbert, engine, **{fact: stated})
    assert str(caught.value) == golden(
        f"`encoding.{fact}` of `tiny` is {stated!r}, and {held!r} by the files in {colbert}: one of them is wrong"
    )


def opened(config: ModelConfig, fitting: Path, folder: Path, engine: str = "pylate", **changes: Any) -> Any:
    """What the engine alone makes of a folder, with the contract of another that fits the config."""
    contract = replace(make_contract(config, read_layout(fitting), {}), **changes)
    module = import_module(f"hypiler.engines.{engine.replace('-', '_')}")
    return module.open_model(config, contract, read_layout(folder), "cpu")


@needs_pylate
def test_scores_are_those_of_the_library_for_any_text(colbert: Path, tmp_path: Path) -> None:
    from pylate import models
    from pylate.scores import colbert_scores

    queries, documents = [*QUERIES, ""], [*DOCUMENTS, "", "a.", "Ärger über 東京 🙂", " ".join(["one"] * 300)]
    model = models.ColBERT(str(colbert), device="cpu", local_files_only=True)
    left = model.encode(queries, is_query=True, show_progress_bar=False)
    right = model.encode(documents, is_query=False, show_progress_bar=False)
    expected = [[colbert_scores(one[None], other[None]).item() for other in right] for one in left]
    encoder: Any = entry(tmp_path).load("pylate", local=colbert)
    found = encoder.similarity(encoder.encode_queries(queries), encoder.encode_documents(documents))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(np.array(expected)[:2, :3], SCORES[0][1], atol=1e-3)


@needs_pylate
def test_folder_is_as_the_library_saves_it(colbert: Path, tmp_path: Path) -> None:
    from pylate import models

    model = models.ColBERT(str(colbert), device="cpu", local_files_only=True)
    model.save_pretrained(str(tmp_path / "saved"), create_model_card=False)
    for name in ("modules", "config_sentence_transformers", "sentence_bert_config", "1_Dense/config"):
        ours, theirs = (json.loads((folder / f"{name}.json").read_bytes()) for folder in (colbert, tmp_path / "saved"))
        if isinstance(theirs, dict):
            theirs.pop("__version__", None)
        assert ours == theirs
    for name in ("model.safetensors", "1_Dense/model.safetensors"):
        ours, theirs = (load_file(folder / name) for folder in (colbert, tmp_path / "saved"))
        ours, theirs = ({usual(part): held for part, held in weights.items()} for weights in (ours, theirs))
        # The numbers of the positions are not for learning, and are left out today.
        assert ours.keys() - theirs.keys() <= {"embeddings.position_ids"}
        for part, held in theirs.items():
            np.testing.assert_array_equal(ours[part], held)


@needs_pylate
@pytest.mark.parametrize(("name", "held"), [("minilm", "dense"), ("splade", "sparse")])
def test_files_of_another_kind_are_refused(
    name: str, held: str, colbert: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder, config = request.getfixturevalue(name), entry(tmp_path)
    told = (
        "`tiny` is of type `colbert` in the registry, which is a multi-vector model, and the files in"
        f" {folder} hold a {held} one ("
    )
    with pytest.raises(MismatchError, match=f"^{re.escape(told)}"):
        config.load("pylate", local=folder)
    with pytest.raises(MismatchError) as caught:
        opened(config, colbert, folder)
    assert str(caught.value) == golden(
        f"`tiny` is a multi-vector model in the registry, and the files in {folder} do not hold all of one: Dense would"
        " be random"
    )


@needs_pylate
def test_marker_that_the_vocabulary_does_not_have_is_refused(minilm: Path, tmp_path: Path) -> None:
    folder = saved(minilm, tmp_path / "model", markers=False)
    with pytest.raises(MismatchError) as caught:
        entry(tmp_path, vocabulary=30522).load("pylate", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` is a multi-vector model in the registry, and the files in {folder} do not hold all of one: the vector of"
        " '[Q] ', the vector of '[D] ' would be random"
    )


@needs_pylate
def test_module_that_the_library_leaves_out_is_refused(minilm: Path, tmp_path: Path) -> None:
    folder = saved(minilm, tmp_path / "model")
    modules = json.loads((folder / "modules.json").read_bytes())
    modules.append({"idx": 2, "name": "2", "path": "2_Dropout", "type": "sentence_transformers.models.Dropout"})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "2_Dropout").mkdir()
    (folder / "2_Dropout/config.json").write_text('{"dropout": 0.5}')
    with pytest.raises(EngineError) as caught:
        entry(tmp_path).load("pylate", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` has modules that PyLate leaves out (Dropout in {folder / 'modules.json'}): use `sentence-transformers`"
    )


@needs_pylate
def test_files_of_a_newer_library_are_refused(multi_vector: Path, tmp_path: Path) -> None:
    told = f"the files of `tiny` in {multi_vector} cannot be loaded: No module named "
    with pytest.raises(EngineError, match=f"^{re.escape(told)}"):
        entry(tmp_path, vocabulary=30522, width=384).load("pylate", local=multi_vector)


@needs_pylate
@pytest.mark.parametrize("place", ["modules", "1_Dense/config"])
def test_code_of_the_repository_does_not_run(minilm: Path, tmp_path: Path, place: str) -> None:
    folder = saved(minilm, tmp_path / "model")
    path = folder / f"{place}.json"
    text = path.read_text().replace("pylate.models.Dense.Dense", "hostile.X")
    path.write_text(text.replace("torch.nn.modules.linear.Identity", "hostile.X"))
    (folder / "hostile.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    with pytest.raises(UnsafeError, match=r"^`tiny` runs code that is not part of the libraries: .* 'hostile\.X'; "):
        entry(tmp_path).load("pylate", local=folder)
    assert not (tmp_path / "ran").exists()


@needs_pylate
def test_vocabulary_outside_of_the_folder_is_not_read(minilm: Path, tmp_path: Path) -> None:
    folder = saved(minilm, tmp_path / "model")
    (tmp_path / "secret.txt").write_text("secret")
    settings = json.loads((folder / "tokenizer_config.json").read_bytes())
    # Its version of transformers opens this path, and not the file beside the settings.
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"vocab_file": str(tmp_path / "secret.txt")}))
    told = r"^`tiny` loads what is not one of its own files: .*tokenizer_config\.json has vocab_file '.*secret\.txt'; "
    with pytest.raises(UnsafeError, match=told):
        entry(tmp_path).load("pylate", local=folder)
