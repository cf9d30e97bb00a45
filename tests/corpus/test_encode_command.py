"""`hypiler encode`: options to arguments, errors to exit codes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from golden import golden
from jsonschema import Draft202012Validator

from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing: install hypiler[test-cluster]")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(corpus: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the tiny model, its files, and a corpus."""
    monkeypatch.chdir(tmp_path)
    entry = tiny.entry(encoding={"query_prefix": "q: ", "prompts": {"other": "f "}})
    (tmp_path / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\n')
    (tmp_path / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
    (tmp_path / "files").symlink_to(folder)
    corpus.write("in.parquet", 300)
    return tmp_path


BASIC = "encode in.parquet out.parquet --model tiny --local files"


def found() -> Any:
    return np.array(pq.read_table("out.parquet")["embedding"].to_pylist(), np.float32)


def test_output_is_named_with_its_rows(project: Path, encoder: Any, corpus: Any, capsys: Capture) -> None:
    assert main(BASIC.split()) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith("out.parquet: 300 rows encoded (")
    assert printed.out.endswith(" per second)\n")
    np.testing.assert_allclose(found(), encoder.encode_documents(corpus.texts(300)), atol=1e-6)
    assert main(BASIC.split()) == 0
    assert capsys.readouterr().out == golden("out.parquet: 0 rows encoded; 300 were there already\n")


def test_json_has_its_documented_shape(project: Path, encoder: Any, capsys: Capture) -> None:
    assert main([*BASIC.split(), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator(output_schema("encode")).validate(printed)
    assert (printed["version"], printed["rows"], printed["model"], printed["dimension"]) == (1, 300, "tiny", 8)


@pytest.mark.parametrize(
    ("words", "prefix", "width"),
    [
        ("--queries", "q: ", 8),
        ("--prompt other", "f ", 8),
        ("--queries --prompt other --dim 4", "f ", 4),
    ],
)
def test_side_prompt_and_width_are_chosen(
    project: Path, encoder: Any, corpus: Any, words: str, prefix: str, width: int
) -> None:
    assert main([*BASIC.split(), *words.split()]) == 0
    whole = encoder.encode_documents([prefix + text for text in corpus.texts(300)])[:, :width]
    expected = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    np.testing.assert_allclose(found(), expected, atol=1e-6)


def test_columns_types_and_parts_are_chosen(project: Path) -> None:
    words = "--columns id --vector-column v --dtype float16 --parts --rows-per-part 100 --batch-size 4 --nulls keep"
    assert main([*BASIC.replace("out.parquet", "out").split(), *words.split()]) == 0
    assert len(os.listdir("out")) == 3
    table = pq.read_table("out")
    assert table.column_names == ["id", "v"]
    assert str(table.schema.field("v").type.value_type) == "halffloat"


def test_truncated_texts_are_one_line(project: Path, corpus: Any, capsys: Capture) -> None:
    corpus.write("in.parquet", 3, text=["a", "a " * 100, "b " * 100])
    assert main(BASIC.split()) == 0
    assert capsys.readouterr().err == golden("warning: 2 of 3 texts were truncated to 64 tokens, the limit of `tiny`\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--dim 3", 2, golden("hypiler: 'tiny' has no vectors of dimension 3; choose one of: 2, 4, 8\n")),
        ("--prompt x", 2, "hypiler: `tiny` has no prompt"),
        ("--engine onxx", 2, "hypiler: engine must be auto or one of onnx, "),
        ("--local nothing", 3, "hypiler: `local` must be a folder with the files of `tiny`; nothing does not exist\n"),
        ("--text-column txt", 2, golden("hypiler: in.parquet has no column `txt`; did you mean `text`?\n")),
        (
            "--vector-column id",
            2,
            golden("hypiler: in.parquet already has a column `id`: use --vector-column or --columns\n"),
        ),
        ("--dtype int8", 2, golden("hypiler: dtype must be one of float32, float16; got 'int8'\n")),
        ("--rows-per-part 0", 2, golden("hypiler: rows_per_part must be a positive integer, got 0\n")),
    ],
)
def test_wrong_use_is_one_line(project: Path, capsys: Capture, words: str, code: int, message: str) -> None:
    assert main([*BASIC.split(), *words.split()]) == code
    printed = capsys.readouterr().err
    assert printed.startswith(message)
    assert printed.count("\n") == 1
    assert not Path("out.parquet.parts").exists()


def test_options_are_named_as_the_command_calls_them(project: Path, corpus: Any, capsys: Capture) -> None:
    corpus.write("in.parquet", 3, text=["a", None, "b"])
    assert main(BASIC.split()) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: row 1 of in.parquet: `text` has no text (null); with --nulls keep its vector is null\n"
    )
    assert main([*BASIC.split(), "--nulls", "keep"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: the interrupted run in out.parquet.parts has nulls = 'error', not 'keep': use the same, or use"
        " --start-over, which removes what it has done, or choose another output\n"
    )
    assert main([*BASIC.split(), "--nulls", "keep", "--start-over"]) == 0
    assert capsys.readouterr().out.endswith("; 1 have no text\n")
    assert main([*BASIC.split(), "--columns", "id"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: out.parquet exists: replace it with --force, or choose another output\n"
    )


def test_policy_of_the_project_counts(project: Path, capsys: Capture) -> None:
    with Path("pyproject.toml").open("a") as file:
        file.write('policy = { licenses = ["Apache-2.0"] }\n')
    with pytest.raises(SystemExit) as ended:
        main(BASIC.split())
    assert ended.value.code == 1
    assert "M263" in capsys.readouterr().err
    assert not Path("out.parquet").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_says_how_to_go_on(project: Path, corpus: Any, number: int, code: int) -> None:
    corpus.write("in.parquet", 30_000)
    command = [sys.executable, "-m", "hypiler", *BASIC.split(), "--rows-per-part", "50"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    parts = Path("out.parquet.parts")
    while process.poll() is None and not (parts.exists() and len(os.listdir(parts)) > 3):
        pass
    process.send_signal(number)
    _, printed = process.communicate()
    assert (process.returncode, printed) == (
        code,
        "hypiler: stopped; what is encoded so far is kept in out.parquet.parts: run the same command again to go on\n",
    )
    assert [name for name in os.listdir(parts) if name.endswith(".tmp")] == []


def test_server_encodes_and_a_run_goes_on_with_it(project: Path, encoder: Any, corpus: Any, capsys: Capture) -> None:
    pytest.importorskip("openai")
    from served_models import TEI, Served

    with Served(TEI) as served:
        words = f"encode in.parquet out.parquet --model tiny --url {served.url} --rows-per-part 100".split()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hypiler.corpus.parts.Parts.join", lambda *rest: exec("raise KeyboardInterrupt"))
            assert main(words) == 130
        os.unlink("out.parquet.parts/000000000100.parquet")
        capsys.readouterr()
        assert main(words) == 0
    assert capsys.readouterr().out.endswith("; 200 were there already\n")
    np.testing.assert_allclose(found(), encoder.encode_documents(corpus.texts(300)), atol=1e-6)
