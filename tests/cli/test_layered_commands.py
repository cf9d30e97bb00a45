"""Commands in a project that stands on other registries: what they show, and what they leave alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Project, entry
from golden import golden
from hub.conftest import FILES

OWN = ["models.json", "pyproject.toml"]


def layered(project: Project, base: list[dict[str, Any]], **parts: Any) -> None:
    """A project on `./base/team.json`."""
    (project.folder / "base").mkdir(exist_ok=True)
    (project.folder / "pyproject.toml").write_text(
        '[tool.hypiler]\noutput = "registry.py"\nextends = ["./base/team.json"]\nrequired = "core"\n'
    )
    (project.folder / "base/team.json").write_text(json.dumps({"version": "1.0", "models": base}, indent=1))
    own = {"version": "1.0", "models": [], **parts}
    (project.folder / "models.json").write_text(json.dumps(own, indent=1))


SMALL = {
    "id": "small",
    "type": "dense",
    "name": "Small",
    "huggingface_id": "org/small",
    "license": "MIT",
    "specs": {"embedding_dim": 8},
    "sources": {"license": "the card"},
}
OURS: dict[str, Any] = {"overrides": [{"id": "small", "license": "Apache-2.0"}]}
OTHER = {**SMALL, "id": "other", "huggingface_id": "org/other"}


@pytest.mark.parametrize("words", [["small.license"], ["small", "license"], ["org/small", "license"]])
def test_explain_shows_every_layer_of_a_fact(project: Project, words: list[str]) -> None:
    layered(project, [SMALL], **OURS)
    expected = golden("""\
`license` of `small`

1. layer project, models.json:7:15
   value: "Apache-2.0"
   source: none
   known: stated without a source

2. layer ./base/team.json, base/team.json:9:15, overridden
   value: "MIT"
   source: the card
""")
    assert project.run("explain", *words) == (0, expected, "")


def test_explain_says_who_withdraws_a_fact_and_who_hides_a_model(project: Project) -> None:
    layered(project, [SMALL, OTHER], overrides=[{"id": "small", "license": None}], hidden=["other"])
    expected = golden("""\
`license` of `small`

1. layer project, models.json:7:15
   withdrawn

2. layer ./base/team.json, base/team.json:9:15, overridden
   value: "MIT"
   source: the card
""")
    assert project.run("explain", "small.license") == (0, expected, "")
    hidden = golden("`other` is hidden by layer `project`, models.json:11:3\n")
    assert project.run("explain", "other.license") == (0, hidden, "")
    assert project.run("explain", "small", "organization")[1] == golden("no layer states `organization` of `small`\n")
    whole = golden(
        "`small`\n\n1. layer project, models.json:5:3\n\n2. layer ./base/team.json, base/team.json:4:3, overridden\n"
    )
    assert project.run("explain", "small")[1] == whole


def test_explain_of_a_fact_as_json(project: Project) -> None:
    layered(project, [SMALL, OTHER], **OURS, hidden=["other"])
    found = json.loads(project.run("explain", "small.license", "--json")[1])
    assert (found["model"], found["path"], found["hidden"]) == ("small", "license", None)
    assert found["evidence"] == "stated without a source"
    assert [(one["layer"], one["value"], one["source"]) for one in found["chain"]] == [
        ("project", "Apache-2.0", None),
        ("./base/team.json", "MIT", "the card"),
    ]
    hidden = json.loads(project.run("explain", "other", "license", "--json")[1])
    assert (hidden["hidden"]["layer"], hidden["evidence"], hidden["chain"]) == ("project", None, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["smal", "license"],
            golden("hypiler: no model 'smal' in models.json; did you mean 'small'?\n"),
        ),
        (["small", "licence"], golden("hypiler: no field has the path `licence`; did you mean `license`?\n")),
        (
            ["nothing.license"],
            golden("hypiler: no code or field `nothing.license`; did you mean `license`?\n"),
        ),
    ],
)
def test_explain_of_what_is_not_there(project: Project, words: list[str], told: str) -> None:
    layered(project, [SMALL], **OURS)
    assert project.run("explain", *words) == (2, "", told)


def test_list_and_show_name_the_layer(project: Project) -> None:
    layered(project, [SMALL, OTHER], **OURS)
    listed = [line.split()[:3] for line in project.run("list")[1].splitlines()[:3]]
    assert listed == [
        ["id", "type", "layer"],
        ["small", "dense", "./base/team.json+"],
        ["other", "dense", "./base/team.json"],
    ]
    assert "layer: ./base/team.json; overridden by project" in project.run("show", "small")[1].splitlines()
    assert "layer: ./base/team.json" in project.run("show", "other")[1].splitlines()


def test_verify_looks_at_own_models_and_at_those_that_are_named(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    layered(project, [entry(commit), OTHER])
    note = golden("note: 2 models of lower layers skipped: name those that you mean\n")
    assert project.run("verify") == (0, golden("0 models: 0 without a difference\n"), note)
    code, out, err = project.run("verify", "tiny")
    assert (code, err, out.splitlines()[-1]) == (0, "", golden("1 model: 1 without a difference"))
    assert [*project.lock()] == ["tiny"]
    assert project.run("check")[0] == 0


def wrong(project: Project, **parts: Any) -> None:
    commit = project.hub.add("org/tiny", FILES)
    layered(project, [entry(commit, specs={"parameters": "0.128K", "vocab_size": 17})], **parts)


def test_fix_leaves_the_facts_of_a_base_alone_and_says_what_to_write(project: Project) -> None:
    wrong(project)
    before = project.files()
    code, out, err = project.run("verify", "tiny", "--fix")
    assert (code, "base/team.json" in out) == (1, True)
    assert err == golden(
        "hypiler: `specs.vocab_size` of `tiny` is left as it is: it is a model of layer `./base/team.json`; to state the"
        ' fact here, add {"id": "tiny", "specs": {"vocab_size": …}} to `overrides`\n'
    )
    assert {path: data for path, data in project.files().items() if path in before} == before


def test_fix_corrects_an_override(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    change = {"id": "tiny", "specs": {"vocab_size": 17}, "sources": {"specs.vocab_size": "a blog"}}
    layered(project, [entry(commit)], overrides=[change])
    base = (project.folder / "base/team.json").read_bytes()
    code, out, err = project.run("verify", "tiny", "--fix")
    assert (code, out.splitlines()[-1], err) == (0, golden("models.json: 1 fact corrected"), "")
    (override,) = json.loads((project.folder / "models.json").read_text())["overrides"]
    assert override["specs"] == {"vocab_size": 16}
    assert "a blog" not in json.dumps(override["sources"])
    assert (project.folder / "base/team.json").read_bytes() == base


def test_add_leaves_a_model_of_a_base_alone(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    layered(project, [entry(commit)])
    code, out, err = project.unchanged("add", "org/tiny", "--yes")
    assert (code, out) == (1, "")
    assert err == golden(
        "hypiler: nothing was added: layer `./base/team.json` has org/tiny already, as `tiny`: it is a model of layer"
        ' `./base/team.json`; to state the fact here, add {"id": "tiny", "name": …} to `overrides`\n'
    )


def test_add_adds_to_the_own_file_even_if_it_has_no_models(project: Project) -> None:
    project.hub.add("org/tiny", FILES)
    layered(project, [OTHER])
    (project.folder / "models.json").write_text('{"version": "1.0", "hidden": ["other"]}\n')
    assert project.run("add", "org/tiny", "--yes")[0] == 0
    assert [model["id"] for model in project.models()] == ["tiny"]


def test_pin_writes_no_commit_into_a_base(project: Project) -> None:
    project.hub.add("org/tiny", FILES)
    layered(project, [entry(None)])
    before = (project.folder / "base/team.json").read_bytes()
    code, out, _ = project.run("pin", "tiny", "--write")
    assert (code, (project.folder / "base/team.json").read_bytes()) == (1, before)
    assert "is not written: it is a model of layer `./base/team.json`" in out


def test_paths_are_shown_from_where_the_command_runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    layered(project, [SMALL], overrides=[{"id": "small", "licence": "MIT"}])
    monkeypatch.chdir(Path(project.folder).parent)
    code, out, _ = project.run("check", "--project", "project", "--format", "concise")
    assert (code, out.split(": ")[0]) == (1, "project/models.json:7:4")
