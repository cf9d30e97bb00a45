"""The table of docs/spaces.md: what can change, how far the vectors of a real model move, and what is said about it.

Each test makes a row and compares it with the row of the page: words exactly, numbers to a factor of three, since they
depend a little on the machine. `--update-golden` rewrites the rows. Rows that need PyTorch are made where it is
installed. Most rows are slow to make: see `slow.py`.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from bert_onnx import export_bert
from golden import is_updating
from safetensors.numpy import load_file, save_file
from slow import slow
from stamps import Pinned
from tiny import config_of

from hypiler import ModelConfig, space
from hypiler.hub.snapshot import Snapshot
from hypiler.stamps.stored import read_stamp
from hypiler.verification.outdated import check_pin

pytest.importorskip("onnxruntime")

PAGE = Path(__file__).parents[2] / "docs/spaces.md"
BEGIN, END = "<!-- changes -->\n", "<!-- /changes -->\n"
OLD, NEW = "a" * 40, "b" * 40
SPECS = {"embedding_dim": 384, "hidden_dim": 384, "vocab_size": 30522, "context_length": 256}
STATED = {"query_length": 256, "document_length": 256}
WEIGHTS = ("model.safetensors", "onnx/model.onnx", "model.onnx")


class Found(NamedTuple):
    """What came out: the stored stamp, the encoder and the config to check, and what the hub has for both commits."""

    stored: dict[str, Any]
    current: Any
    config: Any
    commits: tuple[dict[str, str], dict[str, str]] | None = None


def sums_of(folder: Path) -> dict[str, Any]:
    """What a lock has for a folder. The precision of weights is found in their headers by tests of their own."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return {name: (digest(folder / name), "fp32" if name in WEIGHTS else None) for name in names}


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return sha256(file.read()).hexdigest()


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Any]:
    """A config of MiniLM, with what is stated and listed."""

    def make(
        dimension: int | None = None,
        pins: dict[str, Any] | None = None,
        revision: str = OLD,
        variants: Any = None,
        **encoding: Any,
    ) -> Any:
        made = config_of(
            tmp_path,
            specs=SPECS,
            architecture={"matryoshka_dims": [256, 384], "has_projection": False},
            revision=revision,
            variants=variants,
            encoding=STATED | encoding,
        )
        return ModelConfig.from_model(Pinned(made.model, pins or {}, complete=pins is not None), dimension)

    return make


@pytest.fixture
def changed_weights(minilm: Path, minilm_onnx: Path, tmp_path: Path) -> Callable[..., Path]:
    """A folder of MiniLM whose weights went through a function of their name and numbers."""

    def make(change: Callable[[str, Any], Any]) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("onnx"))
        (folder / "onnx").mkdir()
        weights = {name: change(name, array) for name, array in load_file(minilm / "model.safetensors").items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        export_bert(folder, folder / "onnx/model.onnx")
        return folder

    return make


def noisy(size: float) -> Callable[[str, Any], Any]:
    random = np.random.default_rng(0)

    def change(name: str, array: Any) -> Any:
        noise = random.normal(0, size, array.shape).astype(array.dtype) if array.dtype == np.float32 else 0
        return array + noise if "layer.5" in name and array.ndim == 2 else array

    return change


def same_commit(found: Found) -> str:
    """What `hypiler outdated` says of the vectors of the two commits."""
    if found.commits is None:
        return "–"
    snapshots = {
        revision: Snapshot("org/tiny", None, revision, None, tuple(sorted(blobs)), {}, {}, blobs)
        for revision, blobs in zip((OLD, NEW), found.commits, strict=True)
    }

    class Entry:
        id, repository, revision = "tiny", "org/tiny", OLD

    entry: Any = Entry()
    status = check_pin(entry, lambda _, revision: snapshots[revision or NEW])
    assert status.vectors is not None
    return status.vectors.outcome


def blobs(folder: Path, **more: str) -> dict[str, str]:
    return {name: one[0] for name, one in sums_of(folder).items()} | more


def said(found: space.Comparison) -> str:
    return f"{found.outcome} ({found.side} side)" if found.side == "query" else found.outcome


def row(name: str, found: Found) -> str:
    """A line of the table."""
    stored = json.loads(json.dumps(found.stored))
    one, other = read_stamp(stored).probe, read_stamp(found.current.stamp()).probe
    assert one is not None
    assert other is not None
    distance, norms = one.distance(other)
    # Rounding to single precision moves vectors by less, on some processors more than on others.
    measured = f"{distance:.0e}" if distance > 1e-7 else "0"
    measured += f", norms {norms:.0%}" if norms > 0.01 else ""
    ids = {stored["space_id"], found.current.space_id}
    equal = "unknown" if None in ids else "equal" if len(ids) == 1 else "other"
    without, loaded = space.compare(stored, found.config), space.compare(stored, found.current)
    return f"| {name} | {measured} | {equal} | {said(without)} | {said(loaded)} | {same_commit(found)} |"


def page_rows() -> list[str]:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    return table.splitlines()[2:]


def check(name: str, found: Found) -> None:
    made = row(name, found)
    (shown,) = [line for line in page_rows() if line.startswith(f"| {name} |")] or [""]
    if is_updating():
        text = PAGE.read_text("utf-8")
        PAGE.write_text(text.replace(f"{shown}\n", f"{made}\n") if shown else text.replace(END, f"{made}\n{END}"))
        return
    assert words(made) == words(shown)
    for one, other in zip(numbers(made), numbers(shown), strict=True):
        assert one == other == 0 or 1 / 3 < one / other < 3, f"{made}\n{shown}"


NUMBER = re.compile(r"(?<= )\d+(?:\.\d+)?(?:e[+-]?\d+)?%?(?=,| \|)")


def words(line: str) -> str:
    return NUMBER.sub("N", line)


def numbers(line: str) -> list[float]:
    return [float(one.removesuffix("%")) for one in NUMBER.findall(line.split("|")[2] + "|")]


class TestNothingToDo:
    """Vectors are equal: nobody has to index again."""

    @slow
    def test_commit_that_changes_the_card(self, minilm_onnx: Path, config: Callable[..., Any]) -> None:
        pins = sums_of(minilm_onnx)
        stored = config(pins=pins).load("onnx", local=minilm_onnx).stamp()
        new = config(pins=pins, revision=NEW)
        commits = blobs(minilm_onnx, **{"README.md": "1"}), blobs(minilm_onnx, **{"README.md": "2"})
        check("a commit that changes README.md only", Found(stored, new.load("onnx", local=minilm_onnx), new, commits))

    @slow
    def test_same_without_a_lock(self, minilm_onnx: Path, config: Callable[..., Any]) -> None:
        stored = config().load("onnx", local=minilm_onnx).stamp()
        new = config(revision=NEW)
        commits = blobs(minilm_onnx, **{"README.md": "1"}), blobs(minilm_onnx, **{"README.md": "2"})
        check("the same without a lock", Found(stored, new.load("onnx", local=minilm_onnx), new, commits))

    @slow
    def test_fact_that_is_filled_in(self, minilm_onnx: Path, config: Callable[..., Any]) -> None:
        pins = sums_of(minilm_onnx)
        unsaid = {"pooling": None, "normalize": None, "document_length": None}
        stored = config(pins=pins, **unsaid).load("onnx", local=minilm_onnx).stamp()
        new = config(pins=pins)
        check("facts that are filled in in models.json", Found(stored, new.load("onnx", local=minilm_onnx), new))

    @slow
    @pytest.mark.parametrize(
        ("engine", "package"), [("fastembed", "fastembed"), ("sentence-transformers", "sentence_transformers")]
    )
    def test_another_engine(self, minilm_onnx: Path, config: Callable[..., Any], engine: str, package: str) -> None:
        pytest.importorskip(package, reason=f"{engine} is not installed")
        new = config(pins=sums_of(minilm_onnx))
        stored = new.load("onnx", local=minilm_onnx).stamp()
        check(f"`onnx` replaced by `{engine}`", Found(stored, new.load(engine, local=minilm_onnx), new))

    @slow
    def test_listed_half_precision(self, minilm_onnx: Path, config: Callable[..., Any], tmp_path: Path) -> None:
        folder = tmp_path / "half"
        shutil.copytree(minilm_onnx, folder)
        halve(minilm_onnx / "onnx/model.onnx", folder / "onnx/half.onnx")
        pins = sums_of(folder)
        half = config(pins=pins, variants=[{"id": "half", "quantization": "fp16", "file": "onnx/half.onnx"}])
        stored = half.load("onnx", local=folder).stamp()
        new = half.with_variant("half")
        check("fp16 weights that the registry lists", Found(stored, new.load("onnx", local=folder), new))


def halve(source: Path, target: Path) -> None:
    """The graph with its matrices in 16 bits, each followed by a cast to 32."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(source)
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            name = tensor.name
            half = numpy_helper.from_array(
                np.clip(numpy_helper.to_array(tensor), -6e4, 6e4).astype(np.float16), f"{name}.half"
            )
            tensor.CopyFrom(half)
            graph.node.insert(0, helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    onnx.save(model, target)


class TestPrecision:
    @slow
    def test_listed_int8(
        self, minilm_onnx: Path, minilm_int8: Path, config: Callable[..., Any], tmp_path: Path
    ) -> None:
        folder = tmp_path / "int8"
        shutil.copytree(minilm_onnx, folder)
        shutil.copy(minilm_int8 / "model.onnx", folder / "onnx/int8.onnx")
        listed = config(
            pins=sums_of(folder), variants=[{"id": "int8", "quantization": "int8", "file": "onnx/int8.onnx"}]
        )
        stored = listed.load("onnx", local=folder).stamp()
        new = listed.with_variant("int8")
        check("int8 weights that the registry lists", Found(stored, new.load("onnx", local=folder), new))

    @slow
    def test_unlisted_int8(
        self, minilm_onnx: Path, minilm_int8: Path, config: Callable[..., Any], tmp_path: Path
    ) -> None:
        folder = tmp_path / "int8"
        shutil.copytree(minilm_onnx, folder, ignore=shutil.ignore_patterns("*.onnx"))
        shutil.copy(minilm_int8 / "model.onnx", folder / "onnx/model.onnx")
        stored = config().load("onnx", local=minilm_onnx).stamp()
        check(
            "int8 weights that nobody lists, by `local=`", Found(stored, config().load("onnx", local=folder), config())
        )


class TestOtherVectors:
    """Vectors differ: the index is refused."""

    @slow
    def test_fine_tune_under_the_old_name(
        self, minilm_onnx: Path, config: Callable[..., Any], changed_weights: Callable[..., Path]
    ) -> None:
        stored = config().load("onnx", local=minilm_onnx).stamp()
        folder = changed_weights(noisy(1e-3))
        found = Found(stored, config().load("onnx", local=folder), config())
        check("other weights of the same shapes, by `local=` (noise of 0.001 on the last layer)", found)

    @slow
    def test_fine_tune_at_a_new_commit(
        self, minilm_onnx: Path, config: Callable[..., Any], changed_weights: Callable[..., Path]
    ) -> None:
        stored = config(pins=sums_of(minilm_onnx)).load("onnx", local=minilm_onnx).stamp()
        folder = changed_weights(noisy(1e-3))
        new = config(pins=sums_of(folder), revision=NEW)
        commits = blobs(minilm_onnx), blobs(folder)
        check("the same as a new commit of the repository", Found(stored, new.load("onnx", local=folder), new, commits))

    @slow
    def test_one_step_of_training(self, minilm_onnx: Path, config: Callable[..., Any], tmp_path: Path) -> None:
        pytest.importorskip("sentence_transformers", reason="PyTorch is not installed")
        stored = config().load("sentence-transformers", local=minilm_onnx).stamp()
        folder = trained(minilm_onnx, tmp_path / "trained")
        current = config().load("sentence-transformers", local=folder)
        check("a fine-tune of one step, by `local=`", Found(stored, current, config()))

    @slow
    @pytest.mark.parametrize(
        ("name", "facts"),
        [
            ('document prefix "query: " for none', {"document_prefix": "query: "}),
            ('query prefix "query: " for none', {"query_prefix": "query: "}),
            ("document length 128 for 256", {"document_length": 128}),
        ],
    )
    def test_another_fact(
        self, minilm_onnx: Path, config: Callable[..., Any], name: str, facts: dict[str, Any]
    ) -> None:
        pins = sums_of(minilm_onnx)
        stored = config(pins=pins).load("onnx", local=minilm_onnx).stamp()
        new = config(pins=pins, **facts)
        check(name, Found(stored, new.load("onnx", local=minilm_onnx), new))

    @slow
    def test_no_normalization(self, minilm_onnx: Path, config: Callable[..., Any], tmp_path: Path) -> None:
        folder = tmp_path / "raw"
        shutil.copytree(minilm_onnx, folder)
        modules = json.loads((folder / "modules.json").read_bytes())
        (folder / "modules.json").write_text(json.dumps(modules[:-1]))
        stored = config(pins=sums_of(minilm_onnx)).load("onnx", local=minilm_onnx).stamp()
        new = config(pins=sums_of(folder), normalize=False)
        check("vectors that are not normalized", Found(stored, new.load("onnx", local=folder), new))

    @slow
    def test_another_dimension(self, minilm_onnx: Path, config: Callable[..., Any]) -> None:
        pins = sums_of(minilm_onnx)
        stored = config(pins=pins).load("onnx", local=minilm_onnx).stamp()
        new = config(256, pins=pins)
        check("256 dimensions for 384", Found(stored, new.load("onnx", local=minilm_onnx), new))


class TestServed:
    @pytest.fixture(autouse=True)
    def served(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An engine of another package, which shows nobody its bytes."""
        site = tmp_path / "site"
        (site / "hypiler_served-1.0.dist-info").mkdir(parents=True)
        (site / "served_engine.py").write_text(
            "import dataclasses\nfrom hypiler.engines.onnx import open_model\nfrom hypiler.engines.specs import SPECS\n"
            "SPEC = dataclasses.replace(SPECS[0], name='served', module=__name__, weights=None, served=True)\n"
        )
        metadata = {
            "METADATA": "Metadata-Version: 2.1\nName: hypiler-served\nVersion: 1.0\n",
            "entry_points.txt": "[hypiler.engines]\nserved = served_engine:SPEC\n",
        }
        for name, text in metadata.items():
            (site / "hypiler_served-1.0.dist-info" / name).write_text(text)
        monkeypatch.delitem(sys.modules, "served_engine", raising=False)
        monkeypatch.syspath_prepend(site)

    @slow
    def test_same_model(self, minilm_onnx: Path, config: Callable[..., Any]) -> None:
        stored = config().load("onnx", local=minilm_onnx).stamp()
        check("the same model behind an address", Found(stored, config().load("served", local=minilm_onnx), config()))

    @slow
    def test_another_model_of_the_same_width(
        self, minilm_onnx: Path, config: Callable[..., Any], changed_weights: Callable[..., Path]
    ) -> None:
        stored = config().load("served", local=minilm_onnx).stamp()
        current = config().load("served", local=changed_weights(noisy(0.08)))
        check("a served model replaced by another of the same width", Found(stored, current, config()))


def trained(source: Path, folder: Path) -> Path:
    """The model after one step of training on three pairs."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(0)
    model = SentenceTransformer(str(source), device="cpu")
    pairs = [
        ("A man is eating food.", "Someone is having a meal."),
        ("How do I reset my password?", "Steps to recover a forgotten account password"),
        ("The stock market fell sharply today.", "Shares lost a lot of their value."),
    ]
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
    left, right = [model(model.preprocess([pair[side] for pair in pairs]))["sentence_embedding"] for side in (0, 1)]
    loss = torch.nn.functional.cross_entropy(20 * left @ right.T, torch.arange(len(pairs)))
    loss.backward()
    optimizer.step()
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors", "*.onnx"))
    model[0].model.save_pretrained(folder)
    return folder


def test_page_has_no_other_rows() -> None:
    """Every row has a test: the names in this file are those of the page."""
    source = Path(__file__).read_text("utf-8")
    for line in page_rows():
        name = line.split("|")[1].strip()
        plain = re.sub(r"`(fastembed|sentence-transformers)`$", "`{engine}`", name)
        assert plain in source, name
    assert len(page_rows()) == 18


def test_equal_vectors_are_never_refused_and_no_change_is_missed() -> None:
    """The table as a whole: without an encoder nothing is refused that an encoder accepts, nor the other way round."""
    for line in page_rows():
        measured, without, loaded = [line.split("|")[place].strip() for place in (2, 4, 5)]
        moved = numbers(line)[0]
        if moved <= space.SAME and "norms" not in measured and "length" not in line and "query prefix" not in line:
            assert loaded == "same", line
            assert without in ("same", "undecided"), line
        else:
            assert loaded.startswith(("close", "different")), line
            assert without != "same", line
