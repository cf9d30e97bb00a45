"""`hypiler outdated`: how each pin stands, and what a change since then could mean."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import GONE, Project, entry
from cli.test_verify_command import INFO
from golden import golden
from hub.conftest import FILES
from huggingface_hub import constants
from loopback_hub import LoopbackHub, answer, answer_json

from hypiler.cli.outdated import EXAMPLES
from hypiler.project import shipped


def test_pin_that_is_current_is_only_counted(tiny_project: Project) -> None:
    assert tiny_project.unchanged("outdated") == (0, "1 model: 1 current\n", "")
    assert len(tiny_project.hub.requests) == 1


@pytest.mark.parametrize(
    ("changes", "risk"),
    [
        ({"README.md": "---\nlicense: mit\n---\nWords.\n"}, "vectors stay as they are; changed: README.md"),
        (
            {"notes.txt": "Words.", "plot.png": b"x"},
            "vectors stay as they are; changed: nothing that facts or vectors come from",
        ),
        ({"config.json": {}}, "vectors could change; changed: config.json"),
        ({"model.safetensors": b"other"}, "vectors could change; changed: model.safetensors"),
        ({"model.safetensors": None}, "vectors could change; changed: model.safetensors"),
        (
            {"1_Pooling/config.json": {}, "README.md": ""},
            "vectors could change; changed: 1_Pooling/config.json, README.md",
        ),
        ({"tokenizer.json": {}}, "vectors could change; changed: tokenizer.json"),
        ({"merges.txt": "a b"}, "vectors could change; changed: merges.txt"),
        ({"vocab.json": {}}, "vectors could change; changed: vocab.json"),
        ({"preprocessor_config.json": {}}, "vectors could change; changed: preprocessor_config.json"),
        ({"config_sentence_transformers.json": {}}, "vectors could change; changed: config_sentence_transformers.json"),
        ({"modeling.py": ""}, "vectors could change; changed: modeling.py"),
        (
            {f"onnx/{n}.onnx": bytes([n]) for n in range(10)},
            "vectors could change; changed: " + ", ".join(f"onnx/{n}.onnx" for n in range(8)) + " and 2 more",
        ),
    ],
)
def test_pin_that_is_behind_says_what_changed(project: Project, changes: dict[str, Any], risk: str) -> None:
    old = project.hub.add("org/tiny", FILES)
    files = FILES | changes
    new = project.hub.add("org/tiny", {name: files[name] for name in files if files[name] is not None})
    project.write(entry(old))
    told = golden(f"tiny: behind: {old[:12]} is pinned, main stands at {new[:12]}; {risk}\n1 model: 1 behind\n")
    assert project.unchanged("outdated") == (1, told, "")
    assert project.hub.files == set()


def test_answers_differ_with_what_became_of_the_pin(project: Project) -> None:
    commits = {id: project.hub.add(f"org/{id}", FILES) for id in ("current", "unpinned", "moved", "rewritten", "away")}
    pins = {**commits, "unpinned": None, "rewritten": GONE, "nowhere": GONE}
    project.write(*[entry(pins[id], id=id, huggingface_id=f"org/{id}") for id in pins])
    project.hub.rename("org/moved", "new/place")
    project.hub.fault("*/org/away/*", answer(500))
    assert project.unchanged("outdated")[:2] == (
        4,
        golden(
            f"unpinned: unpinned: pin it: `main` stands at {commits['unpinned']}\n"
            "moved: renamed: org/moved was renamed to new/place: use the new name\n"
            f"rewritten: gone: org/rewritten @ {GONE} does not exist: the repository has no such commit, branch or tag\n"
            "away: unreachable: org/away @ main cannot be read: HUB answered with status 500 (tries: 3, seconds waited between"
            " them: 3); try again later\n"
            "nowhere: gone: org/nowhere was not found on HUB, or is private and needs a token (HF_TOKEN)\n"
            "6 models: 1 current, 1 unpinned, 2 gone, 1 renamed, 1 unreachable\n"
        ),
    )
    project.hub.mend()
    assert project.unchanged("outdated")[0] == 1


@pytest.mark.parametrize(
    ("created", "told"),
    [
        (
            "2999-01-02T00:00:00.000Z",
            "tiny: re-registered: org/tiny was made on 2999-01-02, after its files were verified on DATE: it is another"
            " repository under the old name\n1 model: 1 re-registered\n",
        ),
        (
            "2026-01-01T00:00:00.000Z",
            "tiny: gone: org/tiny @ COMMIT does not exist: the repository has no such commit, branch or tag\n1 model: 1"
            " gone\n",
        ),
    ],
)
def test_name_that_another_has_taken_is_told_by_its_age(tiny_project: Project, created: str, told: str) -> None:
    tiny_project.run("verify")
    locked = tiny_project.lock()["tiny"]
    del tiny_project.hub._repositories["org/tiny"]
    tiny_project.hub.add("org/tiny", FILES | {"config.json": {}}, createdAt=created)
    told = told.replace("DATE", locked["date"]).replace("COMMIT", locked["revision"])
    assert tiny_project.unchanged("outdated") == (1, told, "")


@pytest.fixture
def installed(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of an installed wheel with the shipped registry: two models and a lock, on the hub of the project.

    The project itself has no registry, and its files may not be read.
    """
    package = tmp_path / "site/hypiler/registry"
    package.mkdir(parents=True)
    commits = {id: project.hub.add(f"org/{id}", FILES) for id in ("tiny", "other")}
    project.write(*[entry(commit, id=id, huggingface_id=f"org/{id}") for id, commit in commits.items()])
    assert project.run("verify")[0] == 0
    for name in ("models.json", "models.lock.json"):
        shutil.move(project.folder / name, package)
    (package / "hosted.json").write_text('{"version": "1.0", "models": []}')
    (project.folder / "pyproject.toml").write_text("[tool.hypiler]\noutput = 7\n")
    monkeypatch.setattr(shipped, "__file__", str(package.parent / "project/shipped.py"))
    return package


def shipped_run(project: Project, package: Path, *words: str) -> tuple[int, str, str]:
    """A run on the shipped registry, after which every file of the project and of the installation is what it was."""
    before = {path: path.read_bytes() for path in package.iterdir()}
    done = project.unchanged(words[0], "--shipped", *words[1:])
    assert {path: path.read_bytes() for path in package.iterdir()} == before
    code, out, err = done
    return code, out.replace(str(package), "PACKAGE"), err.replace(str(package), "PACKAGE")


def test_shipped_registry_of_an_installation_is_asked_for_and_never_written(project: Project, installed: Path) -> None:
    assert shipped_run(project, installed, "outdated") == (0, "2 models: 2 current\n", "")
    (old,) = [
        one["pinned"] for one in json.loads(shipped_run(project, installed, "outdated", "--json", "tiny")[1])["models"]
    ]
    new = project.hub.add("org/tiny", FILES | {"config.json": {}})
    told = golden(
        f"tiny: behind: {old[:12]} is pinned, main stands at {new[:12]}; vectors could change; changed: config.json\n"
        "2 models: 1 current, 1 behind\n"
    )
    assert shipped_run(project, installed, "outdated") == (1, told, "")
    assert shipped_run(project, installed, "outdated", "org/other") == (0, golden("1 model: 1 current\n"), "")
    message = golden("hypiler: no model 'tinny' in the shipped registry; did you mean 'tiny'?\n")
    assert shipped_run(project, installed, "outdated", "tinny") == (2, "", message)


def test_lock_of_an_installation_tells_a_repository_that_was_made_later(project: Project, installed: Path) -> None:
    date = json.loads((installed / "models.lock.json").read_bytes())["models"]["tiny"]["date"]
    del project.hub._repositories["org/tiny"]
    project.hub.add("org/tiny", FILES | {"config.json": {}}, createdAt="2999-01-02T00:00:00.000Z")
    told = golden(
        f"tiny: re-registered: org/tiny was made on 2999-01-02, after its files were verified on {date}: it is another"
        " repository under the old name\n1 model: 1 re-registered\n"
    )
    assert shipped_run(project, installed, "outdated", "tiny") == (1, told, "")


def test_shipped_registry_is_verified_without_a_lock_being_written(project: Project, installed: Path) -> None:
    assert shipped_run(project, installed, "verify", "tiny")[0] == 0
    place = installed / "models.json"
    place.write_text(place.read_text("utf-8").replace('"hidden_dim": 8', '"hidden_dim": 9'), "utf-8")
    (installed / "models.lock.json").unlink()
    code, out, err = shipped_run(project, installed, "verify", "tiny")
    assert (code, err) == (1, "")
    assert "error[M401]: `specs.hidden_dim` must be what the model's files say: 8 (config.json, `hidden_size`)" in out
    assert golden(" = help: the shipped registry is only read: report the difference to its maintainers\n") in out
    assert out.endswith(golden("\n1 model: 0 without a difference, 1 with\n"))


def test_json_is_all_that_stands_on_standard_output(project: Project) -> None:
    old = project.hub.add("org/tiny", FILES)
    new = project.hub.add("org/tiny", FILES | {"config.json": {}})
    project.write(entry(old), entry(GONE, id="other", huggingface_id="org/other"))
    code, out, err = project.unchanged("outdated", "--json")
    assert (code, err) == (1, "")
    document = json.loads(out)
    assert (document["version"], document["complete"]) == (1, True)
    assert document["models"] == [
        {
            "id": "tiny",
            "repository": "org/tiny",
            "state": "behind",
            "pinned": old,
            "head": new,
            "changed": ["config.json"],
            "vectors_could_change": True,
            "message": None,
        },
        {
            "id": "other",
            "repository": "org/other",
            "state": "gone",
            "pinned": GONE,
            "head": None,
            "changed": [],
            "vectors_could_change": None,
            "message": golden("org/other was not found on HUB, or is private and needs a token (HF_TOKEN)"),
        },
    ]


@pytest.mark.parametrize(
    ("responder", "told"),
    [
        (answer(429, {"Retry-After": "x"}), "HUB answered with status 429 (tries: 3, seconds waited between them: 3)"),
        (answer(401), "HUB refused it with status 401; give a token that may read it (HF_TOKEN)"),
        (answer_json([]), "unexpected response from HUB: the file must hold a JSON object"),
        (answer(200, {"Content-Type": "text/html"}, b"\x1b[2J"), 'HUB answered with text/html: "\\x1b[2J"'),
        (answer(302, {"Location": "http://10.0.0.1/"}), "it is redirected to `http://10.0.0.1`, which is not https"),
    ],
)
def test_hub_that_gives_no_answer_says_nothing_of_the_pin(tiny_project: Project, responder: Any, told: str) -> None:
    tiny_project.hub.fault(INFO, responder)
    code, out, _ = tiny_project.unchanged("outdated")
    assert code == 4
    assert told in out
    assert out.endswith("\n1 model: 1 unreachable\n")


def test_offline_nothing_is_known_and_nothing_is_waited_for(
    tiny_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    told = golden(
        "tiny: unreachable: org/tiny @ main cannot be read: offline, and it is not in the cache; run it once while online\n"
    )
    assert tiny_project.unchanged("outdated") == (4, golden(told + "1 model: 1 unreachable\n"), "")


def test_registry_of_no_models_is_current(project: Project) -> None:
    project.write()
    assert project.unchanged("outdated") == (0, golden("no models\n"), "")


def test_token_is_in_no_output(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(entry(project.hub.add("org/tiny", FILES, private=True)))
    monkeypatch.setenv("HF_TOKEN", LoopbackHub.token)
    assert project.unchanged("outdated")[0] == 0
    project.hub.fault(INFO, answer(200, {"Content-Type": "text/html"}, LoopbackHub.token.encode()))
    assert project.unchanged("outdated")[0] == 4


@pytest.mark.parametrize("line", [re.split(r" {2,}", line.strip())[0] for line in EXAMPLES.splitlines()[1:]])
def test_example_runs(project: Project, installed: Path, line: str) -> None:
    shutil.copy(installed / "models.json", project.folder)
    (project.folder / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\n')
    assert project.run(*line.replace("BAAI/bge-m3", "org/tiny").split()[1:])[0] == 0


@pytest.mark.parametrize("name", ["other", "another", "org/other"])
def test_models_are_chosen_by_id_alias_and_repository(project: Project, name: str) -> None:
    tiny = entry(project.hub.add("org/tiny", FILES))
    other = entry(project.hub.add("org/other", FILES), id="other", huggingface_id="org/other", aliases=["another"])
    project.write(tiny, other)
    code, out, _ = project.unchanged("outdated", name, name, "--json")
    assert (code, [one["id"] for one in json.loads(out)["models"]]) == (0, ["other"])
    assert not any("org/tiny" in request.path for request in project.hub.requests)


def test_unknown_model_is_wrong_use(tiny_project: Project) -> None:
    message = golden("hypiler: no model 'tinny' in models.json; did you mean 'tiny'?\n")
    assert tiny_project.unchanged("outdated", "tinny") == (2, "", message)
    assert tiny_project.hub.requests == []
