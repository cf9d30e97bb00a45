"""`hypiler verify` as its user meets it: the real client, a hub on this machine, and what goes wrong there."""

import hashlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clean import assert_clean
from cli.conftest import GONE, Project, entry
from golden import golden
from hub.conftest import FILES
from hub.test_client import CERTIFICATE, listening
from huggingface_hub import constants, snapshot_download
from loopback_hub import (
    LoopbackHub,
    Reply,
    Request,
    Responder,
    altered,
    answer,
    answer_bomb,
    answer_json,
    delayed,
    halved,
    trickling,
)
from model_files.models import safetensors
from slow import slow

from hypiler.cli.main import main
from hypiler.cli.verify import EXAMPLES
from hypiler.hub import client
from hypiler.project import shipped

INFO, FILE, LARGE = "GET /api/*", "GET */config.json", "GET /cdn/*"
COUNTS = "12 agree, 8 unknown to the files, 7 claimed"
FOLDER = "  note: the files of a folder were read: commit unknown\n"
UNREAD = "1 model: 0 without a difference, 1 that could not be read\n"


def commit_of(project: Project, index: int = 0) -> str:
    found: str = project.models()[index]["revision"]
    return found


def fine(commit: str) -> str:
    return f"tiny (org/tiny @ {commit[:12]}): {COUNTS}\n"


def test_model_that_is_right_is_reported_and_locked(tiny_project: Project) -> None:
    commit, before = commit_of(tiny_project), tiny_project.files()
    assert tiny_project.run("verify") == (0, golden(fine(commit) + "1 model: 1 without a difference\n"), "")
    after = tiny_project.files()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"models.lock.json"}
    assert tiny_project.lock()["tiny"]["revision"] == commit
    assert tiny_project.run("check") == (0, golden("1 model, no findings\n"), "")


def test_second_time_the_lock_stays_as_it_is(tiny_project: Project) -> None:
    tiny_project.run("verify")
    assert tiny_project.unchanged("verify")[0] == 0


def test_facts_are_shown_with_the_place_that_says_them(tiny_project: Project) -> None:
    _, out, _ = tiny_project.run("verify", "tiny", "--facts")
    lines = out.splitlines()
    assert "  agrees  specs.hidden_dim                      8  config.json hidden_size" in lines
    assert (
        '  agrees  encoding.pooling                      "mean"  1_Pooling/config.json pooling_mode_mean_tokens'
        in lines
    )
    assert "  unknown specs.embedding_dim                   8" in lines
    assert '  claimed organization                          "Org"' in lines
    assert len(lines) == 2 + 27


WRONG = """\
tiny (org/tiny @ COMMIT): 11 agree, 1 differ, 8 unknown to the files, 7 claimed
error[M401]: `specs.vocab_size` must be what the model's files say: 16 (config.json, `vocab_size`); here 17
  --> models.json:30:23
   |
30 |         "vocab_size": 17
   |                       ^^
   = at: $.models[0].specs.vocab_size (model `tiny`)
   = help: `hypiler verify --fix` writes what the files say

1 error
1 model: 0 without a difference, 1 with
"""


def wrong(project: Project, **changes: Any) -> str:
    commit = project.hub.add("org/tiny", FILES)
    project.write(entry(commit, **{"specs": {"parameters": "0.128K", "vocab_size": 17}, **changes}))
    return WRONG.replace("COMMIT", commit[:12])


def test_fact_that_differs_is_shown_where_it_stands(project: Project) -> None:
    told = wrong(project)
    assert project.run("verify") == (1, told, "")
    project.hub.requests.clear()
    assert project.unchanged("verify", "--offline") == (1, told, "")
    assert project.hub.requests == []
    assert "M401" in project.run("check")[1]


@pytest.mark.parametrize("how", [[], ["--offline"], ["--local"]])
def test_fix_writes_what_the_files_say_and_nothing_else(project: Project, how: list[str]) -> None:
    told = wrong(project, sources={"specs.vocab_size": "A blog", "license": "A page"})
    place = f"org/tiny @{commit_of(project)[:7]} config.json (vocab_size)"
    if how == ["--local"]:
        save(FILES, project.folder.parent / "files")
        how = ["tiny", "--local", str(project.folder.parent / "files")]
        told = told.replace(f" @ {commit_of(project)[:12]}", "").replace("claimed\n", "claimed\n" + FOLDER)
        told = told.replace(" agree, ", " agree with a copy, ")
        told = told.replace(
            "say\n\n", "say; if the copy is wrong, `hypiler verify tiny --forget` takes the reading back\n\n"
        )
        place = "files of org/tiny config.json (vocab_size)"
    else:
        project.run("verify")
    before = (project.folder / "models.json").read_text()
    assert project.run("verify", "--fix", *how) == (0, golden(told + "models.json: 1 fact corrected\n"), "")
    expected = before.replace('"vocab_size": 17', '"vocab_size": 16').replace("A blog", place)
    assert (project.folder / "models.json").read_text() == expected
    assert project.run("verify", *how)[0] == 0


def test_files_of_a_checkout_with_crlf_keep_their_line_ends(project: Project) -> None:
    wrong(project)
    files = [project.folder / "models.json", project.folder / "models.lock.json"]
    project.run("verify")
    for path in files:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert project.unchanged("verify")[0] == 1
    # Otherwise the lock would not be written: nothing was learnt.
    files[1].write_bytes(b'{\r\n  "version": 2,\r\n  "models": {}\r\n}\r\n')
    assert project.run("verify", "--fix")[0] == 0
    assert b'"vocab_size": 16' in files[0].read_bytes()
    assert b'"org/tiny"' in files[1].read_bytes()
    for path in files:
        data = path.read_bytes()
        assert data.count(b"\r\n") == data.count(b"\n") > 1


@pytest.mark.parametrize("text", ["bert\u202eevil", "bert\x85\x7f\u2028", "bert\x1b[31m\n::error::forged"])
def test_fix_writes_what_does_not_print_as_escapes(project: Project, text: str) -> None:
    wrong(project, architecture={"type": "bert"})
    folder = project.folder.parent / "files"
    save(FILES | {"config.json": FILES["config.json"] | {"model_type": text}}, folder)
    project.run("verify", "tiny", "--local", str(folder), "--fix")
    written = (project.folder / "models.json").read_text()
    assert_clean(*written.split("\n"))
    assert json.loads(written)["models"][0]["architecture"]["type"] == text


def save(files: dict[str, Any], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content) if not isinstance(content, bytes) else None
        (folder / name).write_bytes(content if text is None else text.encode())


def test_fix_that_makes_the_registry_faulty_is_not_written(project: Project) -> None:
    dense = {"type": "sentence_transformers.models.Dense", "idx": 2, "name": "2", "path": "2_Dense"}
    files = FILES | {
        "modules.json": [*FILES["modules.json"], dense],
        "2_Dense/config.json": {"in_features": 8, "out_features": 4, "bias": False},
    }
    project.write(
        entry(project.hub.add("org/tiny", files), architecture={"has_projection": True, "projection_dims": 8})
    )
    project.run("verify")
    code, out, err = project.unchanged("verify", "--offline", "--fix")
    assert code == 1
    assert "corrected" not in out
    left = "hypiler: models.json is left as it is: with what the files say it would have errors; correct it by hand\n"
    assert err.startswith(left + "error[M")


def test_fix_of_one_file_does_not_wait_for_another(project: Project) -> None:
    """Each file of the registry is mended, or left, on its own."""
    two_files(project)
    wrong_vocabulary = entry(project.hub.add("org/tiny", FILES), specs={"parameters": "0.128K", "vocab_size": 17})
    project.write(wrong_vocabulary, file="more.json")
    code, out, _ = project.run("verify", "--fix")
    assert (code, out.splitlines()[-1]) == (0, golden("more.json: 1 fact corrected"))
    assert project.models("more.json")[0]["specs"]["vocab_size"] == 16


def test_fix_does_not_hide_a_model_that_is_gone(project: Project) -> None:
    wrong(project)
    project.write(*project.models(), entry(GONE, id="other", huggingface_id="org/other"))
    code, out, _ = project.run("verify", "--fix")
    assert (code, out.splitlines()[-1]) == (4, golden("models.json: 1 fact corrected"))


def test_registry_that_changes_meanwhile_is_not_mended(project: Project) -> None:
    wrong(project)
    registry = project.folder / "models.json"

    def edited(request: Request, reply: Reply) -> Reply:
        registry.write_text(registry.read_text() + "\n")
        return reply

    project.hub.fault(FILE, edited, times=1)
    code, _, err = project.run("verify", "--fix")
    assert (code, err) == (3, golden("hypiler: cannot write `models.json`: it has changed meanwhile\n"))
    assert project.models()[0]["specs"]["vocab_size"] == 17


def test_json_is_all_that_stands_on_standard_output(project: Project) -> None:
    wrong(project)
    project.write(*project.models(), entry(GONE, id="other", huggingface_id="org/other"))
    for fix in ([], ["--fix"]):
        code, out, err = project.run("verify", "--json", *fix)
        assert (code, err) == (4, "")
        tree = json.loads(out)
        assert list(tree) == ["version", "complete", "models"]
        assert tree["complete"] is True
        first, second = tree["models"]
        assert [fact["path"] for fact in first["facts"] if fact["state"] == "differs"] == ["specs.vocab_size"]
        assert (first["id"], first["repository"], first["error"], first["notes"]) == ("tiny", "org/tiny", None, [])
        assert second["facts"] == []
        assert second["error"] == {
            "kind": "NotFoundError",
            "message": golden("org/other was not found on HUB, or is private and needs a token (HF_TOKEN)"),
        }


def two_files(project: Project) -> None:
    text = '[tool.hypiler]\nsources = ["a/models.json", "more.json"]\noutput = "registry.py"\n'
    (project.folder / "pyproject.toml").write_text(text)
    (project.folder / "a").mkdir()
    other = project.hub.add("org/other", FILES)
    project.write(entry(other, id="other", huggingface_id="org/other", aliases=["another"]), file="more.json")
    project.write(entry(project.hub.add("org/tiny", FILES), id="first"), file="a/models.json")


def test_several_files_have_one_lock_beside_the_first(project: Project) -> None:
    two_files(project)
    code, out, _ = project.run("verify")
    assert (code, out.splitlines()[-1]) == (0, golden("2 models: 2 without a difference"))
    assert list(json.loads(project.files()["a/models.lock.json"])["models"]) == ["first", "other"]
    assert project.unchanged("verify", "--offline")[0] == 0


def test_id_alias_and_repository_name_one_model(project: Project) -> None:
    two_files(project)
    code, out, _ = project.run("verify", "another", "other", "org/other")
    assert (code, out.splitlines()[1:]) == (0, [golden("1 model: 1 without a difference")])
    assert project.unchanged("verify", "anothre") == (
        2,
        "",
        golden("hypiler: no model 'anothre' in a/models.json, more.json; did you mean 'another'?\n"),
    )


@pytest.mark.parametrize(("place", "words"), [("src/deep", []), ("..", ["--project", "project"])])
def test_project_is_found_from_inside_and_by_name(
    tiny_project: Project, monkeypatch: pytest.MonkeyPatch, place: str, words: list[str]
) -> None:
    """What is written lies in the project, and is called what a user would type."""
    (tiny_project.folder / "src/deep").mkdir(parents=True)
    wrong = tiny_project.models()[0]
    wrong["specs"]["vocab_size"] += 1
    tiny_project.write(wrong)
    monkeypatch.chdir(tiny_project.folder / place)
    path = "project/models.json" if words else "../../models.json"
    code, out, err = tiny_project.run("verify", "--fix", *words)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == golden(f"{path}: 1 fact corrected")
    assert tiny_project.run("outdated", *words) == (0, "1 model: 1 current\n", "")
    tiny_project.hub.add("org/other", FILES)
    code, out, _ = tiny_project.run("add", "org/other", "--yes", *words)
    assert f"\n{path}: `other` added\n" in out
    assert sorted(tiny_project.files()) == ["models.json", "models.lock.json", "pyproject.toml"]
    assert [model["id"] for model in tiny_project.models()] == ["tiny", "other"]


def test_verifying_one_model_leaves_the_others_in_the_lock(project: Project) -> None:
    two_files(project)
    project.run("verify")
    other = json.loads(project.files()["a/models.lock.json"])["models"]["other"]
    project.hub.fault("*/org/other/*", answer(500))
    assert project.run("verify", "first")[0] == 0
    assert json.loads(project.files()["a/models.lock.json"])["models"]["other"] == other
    project.write(file="more.json")
    project.run("verify")
    assert list(json.loads(project.files()["a/models.lock.json"])["models"]) == ["first"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--local", "x"], golden("--local DIR goes with one ID, and not with --offline")),
        (["tiny", "--local", "x", "--offline"], golden("--local DIR goes with one ID, and not with --offline")),
        (["--forget"], golden("--forget goes with the IDs of the models to forget")),
        (
            ["tiny", "--forget", "--no-lock"],
            golden("--forget reads no files: it cannot be combined with --no-lock"),
        ),
        (["ti\x1b[2Jny"], golden("no model 'ti\\x1b[2Jny' in models.json; did you mean 'tiny'?")),
        (["x" * 90], golden(f"no model '{'x' * 60}…' in models.json; `hypiler list` shows all")),
    ],
)
def test_wrong_use_is_told(tiny_project: Project, words: list[str], told: str) -> None:
    assert tiny_project.unchanged("verify", *words) == (2, "", golden(f"hypiler: {told}\n"))
    assert tiny_project.hub.requests == []


@pytest.mark.parametrize("jobs", ["0", "-1", "65", "x", "1.5", "٣", "9" * 5000, "\x1b[2J"])
def test_number_of_jobs_is_one_that_can_be(tiny_project: Project, jobs: str) -> None:
    code, out, err = tiny_project.unchanged("verify", f"--jobs={jobs}")
    assert (code, out) == (2, "")
    assert err.startswith("hypiler: argument --jobs: it must be a number from 1 to 64; got ")
    assert tiny_project.unchanged("outdated", f"--jobs={jobs}")[0] == 2


def test_no_more_than_the_jobs_are_asked_for_at_once(project: Project) -> None:
    ids = [f"m{number}" for number in range(6)]
    commits = {id: project.hub.add(f"org/{id}", FILES) for id in ids}
    project.write(*[entry(commits[id], id=id, huggingface_id=f"org/{id}") for id in ids])
    now, most = [0], [0]

    def counted(request: Request, reply: Reply) -> Reply:
        now[0] += 1
        most[0] = max(most[0], now[0])
        delayed(0.02)(request, reply)
        now[0] -= 1
        return reply

    project.hub.fault("*", counted)
    assert project.run("verify", "--jobs", "2")[0] == 0
    assert most == [2]


def test_registry_with_errors_is_not_verified(project: Project) -> None:
    project.write({"id": "x"})
    code, out, err = project.unchanged("verify")
    assert (code, out) == (1, "")
    assert err.startswith("error[M101]")


_INVALID_LOCK = "error[M403]: the lock must be as `hypiler verify` writes it"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "error[M003]"),
        (b"<<<<<<< ours\n{}\n", "error[M003]"),
        (b"{}", f"{_INVALID_LOCK}: `version` must be 1 or 2, got nothing\n"),
        (b'{"version": 3, "models": {}}', f"{_INVALID_LOCK}: `version` must be 1 or 2, got 3\n"),
    ],
)
@pytest.mark.parametrize("command", ["verify", "outdated"])
def test_faulty_lock_is_told_and_left(tiny_project: Project, command: str, content: bytes, told: str) -> None:
    (tiny_project.folder / "models.lock.json").write_bytes(content)
    code, out, err = tiny_project.unchanged(command)
    assert (code, out) == (1, "")
    assert err.startswith(told)
    assert "models.lock.json" in err
    # With its line, as every finding that has one.
    assert " |\n1 | " in err
    assert tiny_project.hub.requests == []


def test_lock_that_cannot_be_written_is_told(tiny_project: Project) -> None:
    (tiny_project.folder / "models.lock.json").mkdir()
    code, _, err = tiny_project.run("verify")
    assert (code, err) == (3, golden("hypiler: cannot read `models.lock.json`: it is a folder\n"))


@pytest.mark.parametrize(("kept", "why"), [(False, golden("it exists")), (True, golden("it has changed meanwhile"))])
def test_lock_that_another_writes_meanwhile_is_left(tiny_project: Project, kept: bool, why: str) -> None:
    lock = tiny_project.folder / "models.lock.json"
    if kept:
        tiny_project.run("verify")
        lock.write_text(lock.read_text().replace('"complete": true', '"complete": false'))

    def written(request: Request, reply: Reply) -> Reply:
        lock.write_text("other")
        return reply

    tiny_project.hub.fault(INFO, written)
    code, _, err = tiny_project.run("verify")
    assert (code, err) == (3, golden(f"hypiler: cannot write `models.lock.json`: {why}\n"))
    assert lock.read_text() == "other"


def test_without_a_lock_nothing_is_known_offline(tiny_project: Project) -> None:
    assert tiny_project.unchanged("verify", "--offline") == (
        4,
        golden("tiny: `tiny` is not in the lock: run `hypiler verify tiny`\n" + UNREAD),
        "",
    )


def test_lock_of_another_commit_judges_nothing(tiny_project: Project) -> None:
    commit = commit_of(tiny_project)
    tiny_project.run("verify")
    tiny_project.write(entry(GONE))
    assert tiny_project.unchanged("verify", "--offline") == (
        4,
        golden(
            f"tiny: the lock has `tiny` at org/tiny @ {commit}, but the entry names org/tiny @ {GONE}: run `hypiler verify"
            " tiny`\n" + UNREAD
        ),
        "",
    )


def test_lock_that_somebody_wrote_is_shown_escaped(tiny_project: Project) -> None:
    tiny_project.run("verify")
    text = (tiny_project.folder / "models.lock.json").read_text()
    hostile = "\\u001b[2J\\u202e\\n::error::"
    text = text.replace('"key": "', f'"key": "{hostile}')
    text = text.replace('"value": 16', '"value": 17').replace('"note": "', f'"note": "{hostile}')
    (tiny_project.folder / "models.lock.json").write_text(text)
    code, out, _ = tiny_project.unchanged("verify", "--offline", "--facts")
    assert (code, out.count("error[M401]: `specs.vocab_size`")) == (1, 1)
    assert "17 (config.json, `\\x1b[2J\\u202e\\n::error::" in out
    for part in ("repository", "file"):
        faulty = text.replace(f'"{part}": "', f'"{part}": "{hostile}')
        (tiny_project.folder / "models.lock.json").write_text(faulty)
        code, out, err = tiny_project.unchanged("verify", "--offline")
        assert (code, out) == (1, "")
        assert f"`{part}` must be " in err


def test_folder_takes_the_place_of_the_hub(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "files"
    save(FILES, folder)
    done = tiny_project.run("verify", "tiny", "--local", str(folder))
    assert done == (
        0,
        golden(
            "tiny (org/tiny): 12 agree with a copy, 8 unknown to the files, 7 claimed\n"
            f"{FOLDER}1 model: 1 without a difference\n"
        ),
        "",
    )
    assert tiny_project.hub.requests == []
    assert tiny_project.lock()["tiny"]["revision"] is None


def test_reading_of_a_wrong_copy_is_taken_back(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "files"
    save(FILES | {"config.json": FILES["config.json"] | {"vocab_size": 15}}, folder)
    words = ("verify", "tiny", "--local", str(folder))
    assert tiny_project.unchanged(*words, "--no-lock")[0] == 1
    assert tiny_project.run(*words)[0] == 1
    code, out, _ = tiny_project.run("check")
    assert code == 1
    assert (
        golden(
            "= help: models.lock.json has this from a copy of the files: `hypiler verify --fix` writes what the files say;"
            " if the copy is wrong, `hypiler verify tiny --forget` takes the reading back"
        )
        in out
    )
    forgotten = (0, golden("tiny: what was read of its files is forgotten\n"), "")
    assert tiny_project.run("verify", "tiny", "--forget") == forgotten
    assert tiny_project.lock() == {}
    assert "M401" not in tiny_project.run("check")[1]
    assert tiny_project.unchanged("verify", "org/tiny", "--forget")[1] == golden("tiny: the lock has nothing of it\n")
    assert tiny_project.hub.requests == []


def test_folder_takes_no_place_of_what_was_read_at_a_commit(tiny_project: Project) -> None:
    tiny_project.run("verify")
    folder = tiny_project.folder.parent / "files"
    save(FILES | {"config.json": {}}, folder)
    assert tiny_project.unchanged("verify", "tiny", "--local", str(folder))[0] == 0
    assert tiny_project.lock()["tiny"]["revision"] == commit_of(tiny_project)


def test_folder_of_another_commit_is_refused(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "models--org--tiny/snapshots" / GONE
    save(FILES, folder)
    assert tiny_project.unchanged("verify", "tiny", "--local", str(folder)) == (
        3,
        "",
        golden(f"hypiler: {folder} has the files of commit {GONE}; `tiny` is of {commit_of(tiny_project)}\n"),
    )


def test_folder_that_is_none_is_told(tiny_project: Project) -> None:
    told = golden("hypiler: no\\x1bwhere must be a folder with the files of a model; it is not a folder\n")
    assert tiny_project.unchanged("verify", "tiny", "--local", "no\x1bwhere") == (3, "", told)


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


CONFIG = json.dumps(FILES["config.json"]).encode()
NEGATIVE = bytes(255 - byte for byte in CONFIG)


# Faults of the hub, each with what is said of the one model: code 4, since nothing is known of it.
def siblings(*names: str) -> Responder:
    def respond(request: Request, reply: Reply) -> Reply:
        tree = json.loads(b"".join(reply.body))
        tree["siblings"] = [tree["siblings"][0] | {"rfilename": name} for name in names]
        return answer_json(tree)(request, reply)

    return respond


TIRED = "(tries: 3, seconds waited between them: 3); try again later"
FAULTS: dict[str, tuple[str, Responder, str]] = {
    "429": (INFO, answer(429, {"Retry-After": "2"}), f": HUB answered with status 429 {TIRED.replace('3);', '4);')}"),
    "429, a day": (
        INFO,
        answer(429, {"Retry-After": "100000"}),
        f": HUB answered with status 429 {TIRED.replace('3);', '60);')}",
    ),
    "429, no number": (INFO, answer(429, {"Retry-After": "x"}), f": HUB answered with status 429 {TIRED}"),
    "500": (INFO, answer(500), f": HUB answered with status 500 {TIRED}"),
    "503 of a file": (FILE, answer(503), f"FILE: HUB answered with status 503 {TIRED}"),
    "never answers": (
        INFO,
        delayed(60),
        ": HUB sent nothing for 0.5 s; check the network, HF_ENDPOINT and the proxy",
    ),
    "half a body": (FILE, halved, f"FILE: the answer of HUB broke off {TIRED}"),
    "half an answer": (INFO, answer(200, {"Content-Length": "99"}, b"half"), f": the answer of HUB broke off {TIRED}"),
    "a page": (
        INFO,
        answer(200, {"Content-Type": "text/html"}, b"<html>\x1b[2J \xe2\x80\xae Log in"),
        ': HUB answered with text/html: "<html>\\x1b[2J \\u202e Log in"; is there a login page or a proxy in between?',
    ),
    "a list": (INFO, answer_json([]), ": unexpected response from HUB: the file must hold a JSON object"),
    "null": (INFO, answer_json(None), ": unexpected response from HUB: the file must hold a JSON object"),
    "a key twice": (
        INFO,
        answer(200, {}, b'{"id": 1, "id": 2}'),
        ": unexpected response from HUB: line 1, column 11: the key `id` must stand only once in an object;"
        " found it on line 1 already",
    ),
    "too deep": (
        INFO,
        answer(200, {}, b"[" * 10_000),
        ": unexpected response from HUB: line 1, column 101: lists and objects must be nested at most 100 deep;"
        " found a deeper one",
    ),
    "NaN": (
        INFO,
        answer(200, {}, b'{"id": NaN}'),
        ": unexpected response from HUB: line 1, column 8: a number must be finite; found `NaN`",
    ),
    "a bomb": (INFO, answer_bomb(20_000_000), ": it must have at most 16777216 bytes; HUB sent more"),
    "redirected for ever": (INFO, answer(302, {"Location": "/api/x"}), ": it is redirected more than 5 times"),
    "redirected to a file": (
        INFO,
        answer(302, {"Location": "file:///etc/passwd"}),
        ": it is redirected to `file://`, which is not https; no request was sent there",
    ),
    "redirected inside": (
        FILE,
        answer(302, {"Location": "https://169.254.169.254/x"}),
        "FILE: it is redirected to `https://169.254.169.254`, which is a link-local address; no request was sent there",
    ),
    "wrong bytes": (
        FILE,
        altered,
        f"FILE: its id in git must be {git_id(CONFIG)}, as the hub lists it; found {git_id(NEGATIVE)}; nothing of it is kept",
    ),
    "another commit": (
        INFO,
        lambda request, reply: answer_json(json.loads(b"".join(reply.body)) | {"sha": GONE})(request, reply),
        f": unexpected response from HUB: `sha` must be the commit that was asked for; found {GONE}",
    ),
    "a name outside": (INFO, siblings("../x"), ": unsafe file name `../x`: it has the part `..`"),
    "a name that does not print": (
        INFO,
        siblings("a\x1b[2J\u202e"),
        ": unsafe file name `a\\x1b[2J\\u202e`: it contains an unprintable character",
    ),
    "names of one file": (
        INFO,
        siblings("A", "a"),
        ": unsafe file name `a`: it differs from `A` only in case",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_hub_that_gives_no_files_says_nothing_of_the_model(tiny_project: Project, fault: str) -> None:
    pattern, responder, told = FAULTS[fault]
    commit = commit_of(tiny_project)
    tiny_project.hub.fault(pattern, responder)
    file, why = told.split(": ", 1)
    place = f"org/tiny @ {commit}" + (": `config.json`" if file else "")
    code, out, err = tiny_project.unchanged("verify")
    assert (code, out) == (4, golden(f"tiny: {place} cannot be read: {why}\n" + UNREAD))
    waits = "".join([f"hypiler: waiting {wait:.0f} s for the hub\n" for wait in tiny_project.waits])
    assert err == waits
    tiny_project.hub.mend()
    assert tiny_project.run("verify")[0] == 0


def test_hub_that_is_slow_is_not_waited_for(tiny_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "Hub", partial(client.Hub, deadline=0.3))
    tiny_project.hub.fault(INFO, trickling(0.05))
    assert tiny_project.unchanged("verify") == (
        4,
        golden(
            f"tiny: org/tiny @ {commit_of(tiny_project)} cannot be read: HUB did not send all of it within 0.3 s; try again"
            f" later\n{UNREAD}"
        ),
        "",
    )


def test_fault_that_passes_is_waited_for(tiny_project: Project) -> None:
    tiny_project.hub.fault(INFO, answer(503), times=2)
    code, _, err = tiny_project.run("verify")
    assert (code, err) == (0, golden("hypiler: waiting 1 s for the hub\nhypiler: waiting 2 s for the hub\n"))


def test_hub_that_is_not_there_is_told(tiny_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(lambda connection: None) as host:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://user:hf_loopback@{host}")
    assert tiny_project.unchanged("verify") == (
        4,
        golden(
            f"tiny: org/tiny @ {commit_of(tiny_project)} cannot be read: no connection to {host}: Connection refused; check the"
            f" network, HF_ENDPOINT and the proxy\n{UNREAD}"
        ),
        "",
    )


def test_certificate_of_nobody_is_refused(tiny_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = tiny_project.folder.parent / "certificate.pem"
    pem.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("HF_TOKEN", LoopbackHub.token)
    with listening(lambda connection: context.wrap_socket(connection, server_side=True)) as host:
        monkeypatch.setattr(constants, "ENDPOINT", f"https://{host}")
        code, out, _ = tiny_project.unchanged("verify")
    assert code == 4
    assert f"no connection to {host}: its certificate is not accepted: self" in out


REFUSALS: dict[str, tuple[dict[str, Any], str | None, int, str]] = {
    "gated": (
        {"gated": "auto"},
        None,
        4,
        "org/tiny @ COMMIT: `config.json` cannot be read: the repository is gated; accept its terms at http://HUB/org/tiny,"
        " and give a token of that account (HF_TOKEN)",
    ),
    "gated, with a token that may not": (
        {"gated": "auto"},
        LoopbackHub.stranger,
        4,
        "org/tiny @ COMMIT: `config.json` cannot be read: the repository is gated; accept its terms at http://HUB/org/tiny,"
        " and give a token of that account (HF_TOKEN)",
    ),
    "private": (
        {"private": True},
        None,
        4,
        "org/tiny was not found on HUB, or is private and needs a token (HF_TOKEN)",
    ),
    "hidden": (
        {"private": True},
        LoopbackHub.stranger,
        4,
        "org/tiny was not found on HUB, or is hidden from the token",
    ),
    "disabled": (
        {"disabled": True},
        LoopbackHub.token,
        4,
        "org/tiny @ COMMIT cannot be read: HUB refused it with status 403; give a token that may read it (HF_TOKEN)",
    ),
    "wrong token": (
        {},
        "hf_forged",
        4,
        "org/tiny @ COMMIT cannot be read: HUB rejected the token; give another one, or unset HF_TOKEN",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusal_says_what_is_wanted_and_others_are_still_read(
    project: Project, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    options, token, code, told = REFUSALS[refusal]
    commit, other = project.hub.add("org/tiny", FILES, **options), project.hub.add("org/other", FILES)
    project.write(entry(commit), entry(other, id="other", huggingface_id="org/other"))
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    found = project.run("verify")
    assert found[0] == code
    assert found[2] == ""
    assert found[1].startswith(f"tiny: {told.replace('COMMIT', commit)}\n")
    if token != "hf_forged":
        assert f"other (org/other @ {other[:12]}): {COUNTS}\n2 models: 1 without a difference, 1 that " in found[1]
        assert list(project.lock()) == ["other"]
    # Nobody asks twice for what was refused.
    assert len([request for request in project.hub.requests if "tiny" in request.path]) == 1 + ("gated" in options)


def test_worst_result_is_the_exit_code(project: Project) -> None:
    wrong(project)
    first = project.models()
    project.hub.add("org/other", FILES)
    for repository, code in (("other", 1), ("slow", 4)):
        first.append(entry(GONE, id=repository, huggingface_id=f"org/{repository}"))
        project.hub.fault("*/org/slow/*", answer(500))
        project.write(*first)
        found, out, _ = project.run("verify")
        assert found == code
    assert out.splitlines()[-1] == golden(
        "3 models: 0 without a difference, 1 with, 1 without such a commit, 1 that could not be read"
    )


def test_commit_that_is_gone_is_told(tiny_project: Project) -> None:
    tiny_project.write(entry(GONE))
    assert tiny_project.unchanged("verify") == (
        1,
        golden(
            f"tiny: org/tiny @ {GONE} does not exist: the repository has no such commit, branch or tag\n"
            "1 model: 0 without a difference, 1 without such a commit\n"
        ),
        "",
    )


def test_renamed_repository_is_a_note_with_both_names(tiny_project: Project) -> None:
    tiny_project.hub.rename("org/tiny", "new/larger")
    assert tiny_project.run("verify") == (
        0,
        golden(
            fine(commit_of(tiny_project))
            + "  note: org/tiny was renamed to new/larger\n1 model: 1 without a difference\n"
        ),
        "",
    )


def test_pinned_commit_is_what_is_read(tiny_project: Project) -> None:
    tiny_project.hub.add("org/tiny", FILES | {"config.json": {"hidden_size": 3}})
    assert tiny_project.run("verify")[0] == 0


def test_entry_without_a_pin_is_told_what_was_read(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    project.write(entry(None))
    note = f"  note: the entry has no `revision`: the files of {commit} were read\n"
    assert project.run("verify") == (0, golden(fine(commit) + note + "1 model: 1 without a difference\n"), "")


def test_offline_what_was_read_before_is_known_and_nothing_is_waited_for(
    tiny_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = commit_of(tiny_project)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert tiny_project.unchanged("verify") == (
        4,
        golden(
            f"tiny: org/tiny @ {commit} cannot be read: offline, and it is not in the cache; run it once while online\n{UNREAD}"
        ),
        "",
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    tiny_project.run("verify")
    tiny_project.hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert tiny_project.unchanged("verify")[0] == 0
    assert tiny_project.hub.requests == []


SHARDS = {"metadata": {}, "weight_map": {"a": "../x.safetensors", "b": "x.bin", "c": "model-2.safetensors"}}
BOMB = "---\na: &a [x, x]\nb: &b [*a, *a]\nlicense: *b\n---\n"
# Files that say nothing since they are faulty: the note names them, and the others still speak.
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "header of 2^63 bytes": ({"model.safetensors": b"\0" * 7 + b"\x80" + b"{}"}, "model.safetensors"),
    "header of no bytes": ({"model.safetensors": bytes(8)}, "model.safetensors"),
    "header larger than the file": ({"model.safetensors": (99).to_bytes(8, "little") + b"{}"}, "model.safetensors"),
    "header that is a pickle": ({"model.safetensors": b"\x80\x04\x95" + bytes(30)}, "model.safetensors"),
    "header that is no object": ({"model.safetensors": safetensors([])}, "model.safetensors"),
    "shards outside": (
        {"model.safetensors.index.json": SHARDS, "model.safetensors": None},
        "model.safetensors.index.json",
    ),
    "aliases": ({"README.md": BOMB}, "README.md (`license`)"),
    "tags that run": (
        {"README.md": "---\nlicense: !!python/object/apply:os.system [id]\n---\n"},
        "README.md (`license`)",
    ),
    "no end": ({"README.md": "---\nlicense: mit\n" + "x: y\n" * 10}, "README.md"),
    "keys twice": ({"README.md": "---\nlicense: mit\nlicense: apache-2.0\n---\n"}, "README.md (`license`)"),
    "config that is none": ({"config.json": "[1]"}, "config.json"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_faulty_file_is_named_and_says_nothing(project: Project, name: str) -> None:
    changed, file = HOSTILE[name]
    files = {key: value for key, value in (FILES | changed).items() if value is not None}
    project.write(entry(project.hub.add("org/tiny", files)))
    code, out, err = project.run("verify")
    assert (code, err) == (0, "")
    assert f"  note: {file} was not used: " in out
    assert file.split()[0] not in {fact["file"] for fact in project.lock()["tiny"]["facts"].values()}
    assert project.hub.files <= files.keys()


def test_license_without_words_in_yaml_stays_what_it_is(project: Project) -> None:
    project.write(entry(project.hub.add("org/tiny", FILES | {"README.md": "---\nlanguage: no\nlicense: mit\n---\n"})))
    _, out, _ = project.run("verify")
    message = "`capabilities.languages` must be what the model's files say (README.md, `language`): `no` is missing; "
    assert message + "`en` is too many" in out


def test_pickles_and_code_are_a_note(project: Project) -> None:
    files = FILES | {"pytorch_model.bin": b"pickle", "code.py": "open('canary', 'w')"}
    files["config.json"] = FILES["config.json"] | {"auto_map": {"AutoModel": "code.Model"}}
    del files["model.safetensors"]
    project.write(entry(project.hub.add("org/tiny", files)))
    _, out, _ = project.run("verify")
    assert "  note: loading it with its own library runs code from the repository: code.py\n" in out
    assert "  note: only pickled weights: loading them can run code\n" in out
    assert "pytorch_model.bin" not in project.hub.files
    assert not (project.folder / "canary").exists()


def test_config_that_says_otherwise_is_listed_fact_by_fact(project: Project) -> None:
    hostile = {
        "_attn_implementation_internal": "org/kernel",
        "hidden_size": 4,
        "vocab_size": 5,
        "model_type": "bert\x1b[2J",
    }
    project.write(entry(project.hub.add("org/tiny", FILES | {"config.json": hostile})))
    code, out, _ = project.run("verify")
    assert code == 1
    told = [line.partition(" must be")[0] for line in out.splitlines() if line.startswith("error")]
    assert told == [
        golden(f"error[M401]: `{path}`") for path in ("architecture.type", "specs.hidden_dim", "specs.vocab_size")
    ]
    assert "kernel" not in out


def test_token_goes_to_the_hub_and_into_no_output(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(entry(project.hub.add("org/tiny", FILES, private=True)))
    monkeypatch.setenv("HF_TOKEN", LoopbackHub.token)
    project.hub.fault(FILE, answer(200, {"Content-Type": "text/html"}, f"<p>{LoopbackHub.token}".encode()), times=1)
    assert project.run("verify", "--json")[0] == 4
    assert project.run("verify", "--facts")[0] == 0
    assert {request.token for request in project.hub.requests if request.origin == project.hub.cdn} == {None}
    assert all(LoopbackHub.token.encode() not in content for content in project.files().values())


@pytest.mark.parametrize("words", [["verify"], ["outdated"], ["add", "org/tiny"]])
def test_missing_extra_is_named(tiny_project: Project, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.delitem(sys.modules, "hypiler.hub.client")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    tiny_project.write()
    told = golden("hypiler: huggingface_hub is missing: python -m pip install 'hypiler[hub]'\n")
    assert tiny_project.unchanged(*words) == (3, "", told)


def test_folder_and_lock_need_no_extra(tiny_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    save(FILES, tiny_project.folder.parent / "files")
    monkeypatch.delitem(sys.modules, "hypiler.hub.client")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert tiny_project.run("verify", "tiny", "--local", "../files")[0] == 0
    assert tiny_project.run("verify", "--offline")[0] == 0


def test_broken_off_output_changes_nothing(tiny_project: Project) -> None:
    environment = os.environ | tiny_project.hub.environment(tiny_project.folder / "cache")
    command = f'"{sys.executable}" -m hypiler verify --facts | head -1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == fine(commit_of(tiny_project))


def waiting_for(project: Project, command: str, *, stderr: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """A command in its own process, when the first model is read and the other is still awaited."""
    slow = project.hub.add("org/slow", FILES)
    project.write(*project.models(), entry(slow, id="slow", huggingface_id="org/slow"))
    project.hub.fault("*/org/slow/*", delayed(60))
    environment = os.environ | project.hub.environment(project.folder.parent / "cache")
    environment |= {"HF_HOME": str(project.folder.parent / "home"), "HF_HUB_DOWNLOAD_TIMEOUT": "60"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hypiler", *command.split(), "--jobs", "2"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    # The weights are read last; `outdated` asks for no file.
    last = "/org/tiny/" if command == "outdated" else "/cdn/"
    for _ in range(3000):
        asked = " ".join([request.path for request in project.hub.requests])
        if "/org/slow/" in asked and last in asked:
            break
        time.sleep(0.01)
    time.sleep(0.3)
    return process


@pytest.mark.parametrize("command", ["verify", "verify --json", "outdated"])
def test_interrupted_it_reports_what_it_has_and_waits_for_nobody(tiny_project: Project, command: str) -> None:
    process = waiting_for(tiny_project, command)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 20
    assert (process.returncode, err) == (130, "")
    if command == "verify":
        assert out == golden(fine(commit_of(tiny_project)) + "1 of 2 models: 1 without a difference\n")
        assert list(tiny_project.lock()) == ["tiny"]
    elif command == "verify --json":
        tree = json.loads(out)
        assert ([model["id"] for model in tree["models"]], tree["complete"]) == (["tiny"], False)
        assert list(tiny_project.lock()) == ["tiny"]
    else:
        assert out == "1 of 2 models: 1 current\n"


def test_terminated_it_ends_at_once_and_changes_nothing(tiny_project: Project) -> None:
    process = waiting_for(tiny_project, "verify")
    before = tiny_project.files()
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 143
    assert tiny_project.files() == before


@slow
def test_bar_is_shown_on_a_terminal_and_is_gone_afterwards(tiny_project: Project) -> None:
    import pty
    import termios

    main_end, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = waiting_for(tiny_project, "verify", stderr=terminal)
    os.close(terminal)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    shown = b""
    try:
        while part := os.read(main_end, 10_000):
            shown += part
    except OSError:
        pass  # so Linux tells that nobody writes any more
    os.close(main_end)
    assert b"verifying:  50%" in shown
    assert shown.endswith(b"\r")
    assert b"Traceback" not in shown


@pytest.mark.parametrize("line", [re.split(r" {2,}", line.strip())[0] for line in EXAMPLES.splitlines()[1:]])
def test_example_runs(project: Project, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(shipped, "__file__", str(project.folder / "src/hypiler/project/shipped.py"))
    project.write(entry(project.hub.add("BAAI/bge-m3", FILES), id="bge-m3", huggingface_id="BAAI/bge-m3"))
    save(FILES, project.folder / "bge-m3")
    project.run("verify")
    snapshot_download("BAAI/bge-m3", revision=commit_of(project))
    assert project.run(*line.split()[1:])[0] == 0


def width_of(project: Project) -> int:
    width: int = project.models()[0]["specs"]["embedding_dim"]
    return width


CONTRADICTION = {"1_Pooling/config.json": {"word_embedding_dimension": 4, "pooling_mode_mean_tokens": True}}


def test_files_that_contradict_each_other_are_told_and_the_network_is_right(project: Project) -> None:
    project.write(entry(project.hub.add("org/tiny", FILES | CONTRADICTION)))
    before = project.files()["models.json"]
    code, out, _ = project.run("verify", "--fix")
    assert code == 0
    assert (
        golden(
            "  note: 1_Pooling/config.json: word_embedding_dimension is 4, but vectors of width 8 reach the module: "
            "hidden_size in config.json is 8\n"
        )
        in out
    )
    assert project.files()["models.json"] == before
    assert project.lock()["tiny"]["facts"]["specs.embedding_dim"]["doubtful"] is True
    assert project.run("check")[0] == 0


@pytest.mark.parametrize("offline", [False, True])
def test_doubtful_value_is_an_error_that_is_not_corrected(project: Project, offline: bool) -> None:
    commit = project.hub.add("org/tiny", FILES | CONTRADICTION)
    project.write(entry(commit))
    project.run("verify")
    project.write(
        entry(commit, specs={"embedding_dim": 4, "parameters": "0.128K"}, architecture={"matryoshka_dims": [2, 4]})
    )
    before = project.files()["models.json"]
    code, out, _ = project.run("verify", "--fix", *["--offline"] * offline)
    assert code == 1
    message = (
        "error[M401]: `specs.embedding_dim` must be what the model's files say: 8 (config.json, `hidden_size`); here 4"
    )
    assert message in out
    assert (
        golden(
            "  = help: `--fix` does not write what is doubtful (1_Pooling/config.json: word_embedding_dimension is 4, but "
            "vectors of width 8 reach the module: hidden_size in config.json is 8): look it up\n"
        )
        in out
    )
    assert project.files()["models.json"] == before


def test_doubt_about_one_fact_does_not_keep_others_wrong(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES | CONTRADICTION)
    wrong = {"embedding_dim": 4, "vocab_size": 17, "parameters": "0.128K"}
    project.write(entry(commit, specs=wrong, architecture={"matryoshka_dims": [2, 4]}))
    code, out, _ = project.run("verify", "--fix")
    assert (code, width_of(project), project.models()[0]["specs"]["vocab_size"]) == (1, 4, 16)
    assert "models.json: 1 fact corrected\n" in out


def test_default_of_a_library_is_told_as_a_doubt(project: Project) -> None:
    settings = {"config_sentence_transformers.json": {"similarity_fn_name": "cosine"}}
    project.write(entry(project.hub.add("org/tiny", FILES | settings)))
    _, out, _ = project.run("verify")
    assert golden("  note: `encoding.similarity` is doubtful: sentence-transformers writes cosine by default\n") in out
    _, out, _ = project.run("verify", "--facts")
    line = (
        '  agrees  encoding.similarity                   "cosine"  config_sentence_transformers.json similarity_fn_name'
    )
    assert line + " (sentence-transformers writes cosine by default)\n" in out


LISTS = [
    (
        {"languages": ["en", "de"]},
        golden(
            "`capabilities.languages` must be what the model's files say (README.md, `language`): "
            "`fr` is missing; `de` is too many"
        ),
    ),
    (
        {"languages": ["de", "es", "it"]},
        golden(
            "`capabilities.languages` must be what the model's files say (README.md, `language`): "
            "`en`, `fr` are missing; `de`, `es`, `it` are too many"
        ),
    ),
    (
        {"quantization": ["int8"]},
        golden(
            "`capabilities.quantization` must contain at least what the model's files show "
            "(model.safetensors, `dtype`): `fp32` is missing"
        ),
    ),
    (
        {"modalities": ["text", "image"]},
        golden(
            "`capabilities.modalities` must be what the model's files say (config.json, `vocab_size`): "
            "`image` is too many"
        ),
    ),
]


@pytest.mark.parametrize(("changes", "message"), LISTS)
def test_difference_of_lists_says_what_is_missing_and_what_is_too_many(
    project: Project, changes: dict[str, Any], message: str
) -> None:
    card = {"README.md": "---\nlicense: mit\nlanguage: [en, fr]\n---\n"}
    capabilities = {"languages": ["en", "fr"]} | changes
    project.write(entry(project.hub.add("org/tiny", FILES | card), capabilities=capabilities))
    code, out, _ = project.run("verify")
    assert code == 1
    assert f"error[M401]: {message}\n" in out
    assert out.count("error[") == 1


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 3\n"
UNREADABLE: dict[str, dict[str, Any]] = {
    "no file of a model": {"notes.txt": b"a"},
    "pointers of Git LFS": {"config.json": POINTER, "tokenizer.json": POINTER},
    "a web page": {"config.json": b"<!DOCTYPE html><html></html>"},
    "a download that broke off": {"config.json": b'{"model_type": "be'},
    "an empty file": {"config.json": b" "},
}


@pytest.mark.parametrize("files", UNREADABLE.values(), ids=UNREADABLE)
def test_nothing_that_could_be_read_in_a_folder_is_an_error(project: Project, files: dict[str, Any]) -> None:
    project.write(entry(None))
    folder = project.folder.parent / "files"
    save(files, folder)
    code, out, _ = project.unchanged("verify", "tiny", "--local", "../files")
    assert code == 3
    assert golden("tiny: ../files: nothing was verified, since no file could be read that states a fact\n") in out
    assert out.endswith(UNREAD)


def test_nothing_that_could_be_read_on_the_hub_is_an_error(project: Project) -> None:
    project.write(entry(project.hub.add("org/tiny", {"notes.txt": b"a"})))
    code, out, _ = project.unchanged("verify")
    assert code == 4
    assert golden("tiny: org/tiny: nothing was verified, since no file could be read that states a fact\n") in out
    assert out.endswith(UNREAD)


def test_file_that_modules_name_and_that_is_missing_is_told(project: Project) -> None:
    files = {name: data for name, data in FILES.items() if name != "1_Pooling/config.json"}
    project.write(entry(project.hub.add("org/tiny", files)))
    code, out, _ = project.run("verify")
    assert code == 0
    assert (
        golden(
            "  note: 1_Pooling/config.json was not used: it is missing, and modules.json names its folder: download it too\n"
        )
        in out
    )


def test_part_of_the_files_in_a_folder_has_no_difference(project: Project) -> None:
    files = {"weights": {"safetensors": "model.safetensors", "onnx": "onnx/model.onnx"}, "tokenizer": "tokenizer.json"}
    project.write(entry(None, files=files))
    save({"config.json": FILES["config.json"]}, project.folder.parent / "files")
    code, out, _ = project.run("verify", "tiny", "--local", "../files")
    assert (code, out) == (
        0,
        golden(
            "tiny (org/tiny): 3 agree with a copy, 20 unknown to the files, 7 claimed\n"
            f"{FOLDER}1 model: 1 without a difference\n"
        ),
    )
    # A clone has all files.
    folder = project.folder.parent / "files"
    for words in (["init"], ["add", "."], ["commit", "-m", "x"]):
        settings = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)
    code, out, _ = project.run("verify", "tiny", "--local", "../files")
    assert (code, out.count("there is no such file")) == (1, 3)
