"""Whatever ends a run, the same call goes on where it stopped; another call never continues it."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tiny
from golden import golden
from slow import all_or

from hypiler.corpus import CorpusError, UnwritableError, encode_parquet
from hypiler.corpus.parts import Parts
from hypiler.stores import read_stamp

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing: install hypiler[test-cluster]")
pa = pytest.importorskip("pyarrow")

HERE = Path(__file__).parent


class Stop(Exception):
    """Ends a run in the middle."""


class Counted:
    """An encoder that counts its texts, and stops before it would encode more than some."""

    def __init__(self, encoder: Any, most: int = 1 << 30) -> None:
        self._encoder, self.most, self.texts = encoder, most, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_documents(self, texts: list[str], **options: Any) -> Any:
        if self.texts + len(texts) > self.most:
            raise Stop
        self.texts += len(texts)
        return self._encoder.encode_documents(texts, **options)


@pytest.fixture
def stopped(corpus: Any, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run that stopped after 500 of 1,000 rows, and the arguments to go on."""
    monkeypatch.chdir(tmp_path)
    corpus.write("in.parquet", 1000)
    arguments: dict[str, Any] = {"source": "in.parquet", "target": "out.parquet", "rows_per_part": 100}
    with pytest.raises(Stop):
        encode_parquet(**arguments, model=Counted(encoder, 550))
    del arguments["rows_per_part"]
    return arguments


def test_only_what_is_missing_is_encoded(stopped: Any, encoder: Any, corpus: Any, tmp_path: Path) -> None:
    counted = Counted(encoder)
    report = encode_parquet(**stopped, model=counted)
    assert (report.encoded, report.resumed, counted.texts) == (500, 500, 500)
    encode_parquet("in.parquet", "whole.parquet", encoder, rows_per_part=100)
    assert corpus.read(tmp_path / "out.parquet").equals(corpus.read(tmp_path / "whole.parquet"))
    assert sorted(os.listdir()) == ["in.parquet", "out.parquet", "whole.parquet"]


def test_part_that_was_removed_is_made_again(stopped: Any, encoder: Any, corpus: Any, tmp_path: Path) -> None:
    os.unlink("out.parquet.parts/000000000200.parquet")
    report = encode_parquet(**stopped, model=encoder)
    assert (report.encoded, report.resumed) == (600, 400)
    assert corpus.read(tmp_path / "out.parquet")["id"].to_pylist() == [*range(1000)]


def test_complete_output_of_the_same_call_is_left_alone(stopped: Any, encoder: Any) -> None:
    first = encode_parquet(**stopped, model=encoder)
    before = os.stat("out.parquet").st_mtime_ns
    counted = Counted(encoder)
    again = encode_parquet(**stopped, model=counted)
    assert (again.encoded, again.resumed, again.rows, counted.texts) == (0, 1000, first.rows, 0)
    assert os.stat("out.parquet").st_mtime_ns == before
    forced = encode_parquet(**stopped, model=counted, force=True)
    assert (forced.encoded, counted.texts) == (1000, 1000)


def test_output_that_is_there_is_replaced_when_the_new_one_is_complete(stopped: Any, encoder: Any) -> None:
    Path("out.parquet").write_text("mine")
    with pytest.raises(CorpusError, match=r"^out\.parquet exists: "):
        encode_parquet(**stopped, model=encoder)
    with pytest.raises(Stop):
        encode_parquet(**stopped, model=Counted(encoder, 200), force=True)
    assert Path("out.parquet").read_text() == "mine"
    report = encode_parquet(**stopped, model=encoder, force=True)
    assert (report.encoded, report.resumed) == (300, 700)
    assert pq.read_metadata("out.parquet").num_rows == 1000


def test_facts_of_earlier_runs_count_in_the_report(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    texts: list[str | None] = [*corpus.texts(250)]
    texts[5], texts[150], texts[240] = "a " * 100, "b " * 100, None
    source = corpus.write(rows=250, text=pa.array(texts))
    arguments: dict[str, Any] = {
        "source": source,
        "target": tmp_path / "out.parquet",
        "rows_per_part": 50,
        "nulls": "keep",
    }
    with pytest.raises(Stop):
        encode_parquet(**arguments, model=Counted(encoder, 120))
    with pytest.warns(UserWarning, match="^2 of 250 texts were truncated"):
        report = encode_parquet(**arguments, model=encoder)
    assert (report.truncated, report.nulls, report.resumed) == (2, 1, 100)
    with pytest.warns(UserWarning, match="^2 of 250 texts were truncated"):
        report = encode_parquet(**arguments, model=encoder)
    assert (report.truncated, report.nulls, report.resumed) == (2, 1, 250)


ELSE = "start over, which removes what it has done, or choose another output"
OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"dtype": "float16"}, golden(f"has dtype = 'float32', not 'float16': use the same, or {ELSE}")),
    ({"side": "query"}, golden(f"has side = 'document', not 'query': use the same, or {ELSE}")),
    ({"columns": ["id"]}, golden(f"has columns = ['id', 'text'], not ['id']: use the same, or {ELSE}")),
    ({"vector_column": "v"}, golden(f"has vector_column = 'embedding', not 'v': use the same, or {ELSE}")),
    ({"nulls": "keep"}, golden(f"has nulls = 'error', not 'keep': use the same, or {ELSE}")),
    ({"rows_per_part": 50}, golden(f"has 100 rows per part, not 50: leave rows_per_part out, or {ELSE}")),
]


@pytest.mark.parametrize(("changes", "message"), OTHERS, ids=[f"{one[0]}" for one in OTHERS])
def test_other_arguments_do_not_continue_a_run(
    stopped: Any, encoder: Any, corpus: Any, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=encoder, **changes)
    assert str(found.value) == f"the interrupted run in out.parquet.parts {message}"
    report = encode_parquet(**stopped, model=encoder, **changes, start_over=True)
    assert (report.encoded, report.resumed) == (1000, 0)


def test_another_model_does_not_continue_a_run(stopped: Any, folder: Path, encoder: Any, tmp_path: Path) -> None:
    other = tiny.config_of(tmp_path, encoding={"document_prefix": "a "}).load("onnx", local=folder)
    with pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=other)
    assert re.fullmatch(
        r"the interrupted run in out\.parquet\.parts was made by another model \(.*document_prefix.*\): start over, .*",
        str(found.value),
    )
    # Nothing was lost by the attempt.
    assert encode_parquet(**stopped, model=encoder).resumed == 500


def test_smaller_batches_continue_a_run(stopped: Any, encoder: Any) -> None:
    """They may be what a restart must change, after too little memory."""
    assert encode_parquet(**stopped, model=encoder, batch_size=2).resumed == 500


def test_corpus_with_other_rows_does_not_continue_a_run(stopped: Any, encoder: Any, corpus: Any) -> None:
    corpus.write("in.parquet", 1001)
    with pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=encoder)
    assert str(found.value) == golden(f"the interrupted run in out.parquet.parts encodes another corpus: {ELSE}")


def test_corpus_that_was_copied_continues_a_run_and_one_that_was_changed_in_place_does_not(
    stopped: Any, encoder: Any
) -> None:
    data = Path("in.parquet").read_bytes()
    Path("in.parquet").write_bytes(data)
    with pytest.raises(Stop):
        encode_parquet(**stopped, model=Counted(encoder, 100))
    # The same size and the same footer: a text of the second row group, in the pages.
    table = pq.read_table("in.parquet")
    texts = table["text"].to_pylist()
    place = data.index(texts[150].encode(), data.index(texts[103].encode()))
    changed = bytes(ord("a") if byte != ord("a") else ord("b") for byte in data[place : place + 1])
    Path("in.parquet").write_bytes(data[:place] + changed + data[place + 1 :])
    assert pq.read_table("in.parquet")["text"].to_pylist() != texts
    with pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=encoder)
    assert str(found.value) == golden(f"in.parquet has changed since the interrupted run in out.parquet.parts: {ELSE}")


DAMAGES = [b"", b"{", b"[]", b"[1]", b"null", b'{"version": 99}', b'{"rows_per_part": 0}', b"[" * 100_000, None]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: "missing" if damage is None else repr(damage[:20]))
def test_damaged_job_is_refused_until_one_starts_over(stopped: Any, encoder: Any, damage: bytes | None) -> None:
    job = Path("out.parquet.parts/_job.json")
    if damage is None:
        job.unlink()
    else:
        job.write_bytes(damage)
    with pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=encoder)
    assert str(found.value) == golden(
        "the interrupted run in out.parquet.parts was made by another version of hypiler, or its _job.json is missing"
        f" or damaged: {ELSE}"
    )
    assert encode_parquet(**stopped, model=encoder, start_over=True).encoded == 1000


def test_damaged_part_is_named(stopped: Any, encoder: Any) -> None:
    path = Path("out.parquet.parts/000000000200.parquet")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(
        CorpusError, match=r"^the part out\.parquet\.parts/000000000200\.parquet is damaged .*: delete it"
    ):
        encode_parquet(**stopped, model=encoder)
    path.unlink()
    assert encode_parquet(**stopped, model=encoder).rows == 1000


def test_folder_with_files_of_others_is_left_alone(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source = corpus.write(rows=10)
    (tmp_path / "out.parquet.parts").mkdir()
    (tmp_path / "out.parquet.parts/thesis.txt").write_text("mine")
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, tmp_path / "out.parquet", encoder, start_over=True)
    target = tmp_path / "out.parquet"
    assert str(found.value) == golden(
        f"{target}.parts must hold parts of {target} alone, and has `thesis.txt`: move it away"
    )
    assert os.listdir(tmp_path / "out.parquet.parts") == ["thesis.txt"]


@pytest.mark.parametrize("name", ["notes.tmp", "thesis.parquet"])
def test_temporary_files_of_others_are_left_alone(corpus: Any, encoder: Any, tmp_path: Path, name: str) -> None:
    source, folder = corpus.write(rows=10), tmp_path / "out.parquet.parts"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(CorpusError, match=f"has `{name}`: move it away$"):
        encode_parquet(source, tmp_path / "out.parquet", encoder)
    assert os.listdir(folder) == [name]


@pytest.mark.parametrize("form", ["link", "file"])
def test_folder_of_parts_must_be_a_folder(corpus: Any, encoder: Any, tmp_path: Path, form: str) -> None:
    source, target = corpus.write(rows=10), tmp_path / "out.parquet"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "joined.tmp").touch()
    folder = tmp_path / "out.parquet.parts"
    folder.symlink_to(elsewhere) if form == "link" else folder.touch()
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, target, encoder)
    assert str(found.value) == golden(
        f"{folder} must be a folder, for the parts of {target}: move it away, or choose another output"
    )
    assert os.listdir(elsewhere) == ["joined.tmp"]


def test_complete_output_leaves_the_parts_of_another_run(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source, target = corpus.write(rows=300), tmp_path / "out.parquet"
    encode_parquet(source, target, encoder)
    other: dict[str, Any] = {"source": source, "target": target, "dtype": "float16", "rows_per_part": 100}
    with pytest.raises(Stop):
        encode_parquet(**other, model=Counted(encoder, 250), force=True)
    assert encode_parquet(source, target, encoder).encoded == 0
    assert encode_parquet(**other, model=encoder, force=True).resumed == 200


def test_output_of_a_corpus_that_was_changed_in_place_is_not_complete(
    corpus: Any, encoder: Any, tmp_path: Path
) -> None:
    table = {"score": [float("nan"), 1.0, None], "label": pa.array(["x", "y", "x"]).dictionary_encode()}
    source, target = corpus.write(rows=3, groups=2, text=["a b", "c d", "e f"], **table), tmp_path / "out.parquet"
    encode_parquet(source, target, encoder)
    data = source.read_bytes()
    os.utime(source, ns=(1, 1))
    assert encode_parquet(source, target, encoder).encoded == 0
    # Statistics hold the first and the last text alone.
    source.write_bytes(data.replace(b"c d", b"d d"))
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, target, encoder)
    assert str(found.value) == golden(f"{target} exists: replace it with force, or choose another output")
    assert encode_parquet(source, target, encoder, force=True).encoded == 3
    assert encode_parquet(source, target, encoder).encoded == 0


@pytest.mark.parametrize(("target", "parts"), [("", False), ("", True), ("out/", False), ("/", True)])
def test_output_without_a_name_is_refused(
    target: str, parts: bool, corpus: Any, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError) as found:
        encode_parquet(corpus.write(rows=3), target, encoder, parts=parts)
    what = "folder" if parts else "file"
    assert str(found.value) == golden(f"the output must be the path of a {what}, got {target!r}")


def test_folder_of_parts_may_end_with_a_slash(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    encode_parquet(corpus.write(rows=3), f"{tmp_path}/out/", encoder, parts=True)
    assert sorted(os.listdir(tmp_path)) == ["in.parquet", "out"]


def test_folder_of_parts_replaces_nothing(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source, target = corpus.write(rows=10), tmp_path / "out"
    encode_parquet(source, target, encoder, parts=True)
    assert encode_parquet(source, target, encoder, parts=True, force=True).encoded == 0
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, target, encoder, parts=True, force=True, dtype="float16")
    assert str(found.value) == golden(f"{target} exists: remove it, or choose another output")


def test_two_processes_do_not_write_one_output(stopped: Any, encoder: Any) -> None:
    with Parts("out.parquet"), pytest.raises(CorpusError) as found:
        encode_parquet(**stopped, model=encoder)
    assert str(found.value) == golden("another process is writing out.parquet: wait for it, or choose another output")
    assert encode_parquet(**stopped, model=encoder).resumed == 500


def test_full_disk_says_how_to_go_on(stopped: Any, encoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnwritableError) as found:
            encode_parquet(**stopped, model=encoder)
    assert str(found.value) == golden(
        "out.parquet cannot be written (No space left on device); what is encoded so far is kept in out.parquet.parts:"
        " run the same again to go on"
    )
    assert [name for name in os.listdir("out.parquet.parts") if name.endswith(".tmp")] == []
    assert encode_parquet(**stopped, model=encoder).resumed == 500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
@pytest.mark.parametrize("form", ["file", "parts"])
def test_a_kill_at_any_step_on_files_loses_and_doubles_no_row(corpus: Any, tmp_path: Path, form: str) -> None:
    source = corpus.write(rows=250)
    (tmp_path / "work").mkdir()
    command = [sys.executable, HERE / "killed.py", source, tmp_path / "work", form]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stderr, done.returncode) == ("", 0)
    assert re.fullmatch(r"killed at each of \d\d+ steps\n", done.stdout)


@pytest.mark.parametrize("wanted", all_or([3], [3, 20]))
def test_kills_of_the_command_at_random_times_lose_and_double_no_row(
    corpus: Any, folder: Path, encoder: Any, tmp_path: Path, wanted: int
) -> None:
    rows = wanted * 3_000
    source = corpus.write(rows=rows, groups=1003)
    registry = tmp_path / "models.json"
    registry.write_text(json.dumps({"version": "1.0", "models": [tiny.entry()]}))
    words = ["encode", source, tmp_path / "out.parquet", "--model", "tiny", "--file", registry, "--local", folder]
    command = [sys.executable, "-m", "hypiler", *map(str, words), "--rows-per-part", "100", "--engine", "onnx"]
    chance = random.Random(1)
    parts = tmp_path / "out.parquet.parts"
    for _ in range(wanted):
        before = len(os.listdir(parts)) if parts.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and (len(os.listdir(parts)) if parts.exists() else 0) <= before:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["rows"] == rows
    assert report["resumed"] > 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.select(["id", "text"]).equals(pq.read_table(source))
    encode_parquet(source, tmp_path / "whole.parquet", encoder, rows_per_part=100)
    assert table.equals(pq.read_table(tmp_path / "whole.parquet"))
    assert read_stamp(table.schema.metadata) == encoder.stamp()
