"""What `--json` prints has the shape that its JSON Schema states, and nothing else stands beside it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import GONE, Project, entry
from generated import valid
from golden import golden
from hub.conftest import FILES
from hypothesis import given
from jsonschema import Draft202012Validator
from slow import slow
from strategies import Tree, registries

from hypiler.cli.main import main
from hypiler.cli.output_schemas import OUTPUTS, output_schema
from hypiler.cli.show import not_stated, spaces_of
from hypiler.emit.source_links import page_of

Capture = pytest.CaptureFixture[str]


def closed(schema: Any) -> Any:
    """The schema without room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    return parts | {"additionalProperties": False} if "properties" in schema else parts


def shape_of(name: str, text: str) -> Any:
    """The document, after it was validated."""
    document = json.loads(text)
    schema = output_schema(name)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    Draft202012Validator(closed(schema)).validate(document)
    assert next(iter(document)) == "version"
    assert document["version"] == 1
    return document


def printed(capsys: Capture, name: str, *words: str, code: int = 0) -> Any:
    assert main([*words]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert out.isascii()
    return shape_of(name, out)


@slow
def test_records_of_all_shipped_models_have_their_shape(capsys: Capture) -> None:
    assert len(printed(capsys, "list", "list", "--shipped", "--json")["models"]) > 40
    assert printed(capsys, "show", "show", "bge-m3", "--shipped", "--json")["model"]["id"] == "bge-m3"
    both = ("bge-m3", "voyage-4")
    assert printed(capsys, "compare", "compare", *both, "--shipped", "--json")["models"] == [*both]
    coverage = printed(capsys, "coverage", "coverage", "--shipped", "--json")
    assert len(coverage["models"]) == len(printed(capsys, "list", "list", "--shipped", "--json")["evidence"]) > 40


@given(registries())
def test_every_record_has_its_shape(tree: Tree) -> None:
    """Also if the file leaves out whatever may be left out."""
    validator = Draft202012Validator(closed(output_schema("show")))
    for model in valid(tree):
        spaces = [{key: one[key] for key in ("output", "space_id", "query_space_id")} for one in spaces_of(model)]
        document = {"version": 1, "model": model.to_dict(), "page": page_of(model) or None, "spaces": spaces}
        validator.validate({**document, "not_stated": not_stated(model)})


def test_findings_have_their_shape(project: Project, capsys: Capture) -> None:
    project.write(entry(None))
    assert printed(capsys, "check", "check", "--format", "json")["findings"] == []
    project.write(entry(None, name=1))
    assert len(printed(capsys, "check", "check", "--format", "json", code=1)["findings"]) == 1
    (project.folder / "models.json").write_text("{")
    assert printed(capsys, "check", "check", "--format", "json", code=1)["findings"][0]["path"] == "$"
    (project.folder / "pyproject.toml").write_text('[tool.hypiler]\noutput = "m.py"\nx = 1\n')
    (finding,) = printed(capsys, "check", "check", "--format", "json", code=1)["findings"]
    assert (finding["code"], finding["path"], finding["model"]) == ("M501", "$.tool.hypiler.x", None)


@pytest.fixture
def mixed(project: Project) -> Project:
    """One model that is read, and one that is gone."""
    commit = project.hub.add("org/tiny", FILES)
    project.write(entry(commit), entry(GONE, id="other", huggingface_id="org/other"))
    return project


def of_hub(project: Project, name: str, *words: str) -> tuple[int, Any]:
    code, out, err = project.run(*words, "--json")
    assert err == ""
    return code, shape_of(name, out)


def test_results_of_the_hub_have_their_shapes(mixed: Project) -> None:
    for command, code in (("verify", 4), ("pin", 4), ("outdated", 1)):
        found, document = of_hub(mixed, command, command)
        assert (found, document["complete"]) == (code, True)
        assert [model["id"] for model in document["models"]] == ["tiny", "other"]
    found, document = of_hub(mixed, "verify-bytes", "verify", "--bytes")
    message = golden("no sha256 of its files is recorded: run `hypiler pin other`")
    assert (found, document["models"][1]["error"]) == (3, {"kind": "HubError", "message": message})
    assert document["models"][1]["folder"] is None
    assert document["models"][0]["error"]["kind"] == "HubError"


def test_folder_has_the_shapes_of_the_hub(mixed: Project, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(content.encode() if isinstance(content, str) else data)
    local = ("tiny", "--local", str(folder))
    assert of_hub(mixed, "verify", "verify", *local)[1]["models"][0]["facts"][0]["read"] == "copy"
    assert of_hub(mixed, "pin", "pin", *local)[1]["models"][0]["files"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["list", "--json", "--type", "x"], 2),
        (["list", "--json", "--project", "nowhere"], 2),
        (["show", "x", "--json"], 2),
        (["list", "--json", "--file", "wrong.json"], 1),
        (["verify", "--json", "--file", "wrong.json"], 1),
        (["verify", "--json", "x"], 2),
        (["outdated", "--json", "--file", "none.json"], 3),
        (["pin", "--json", "--local", "x"], 2),
        (["verify", "--json", "tiny", "--local", "nowhere"], 3),
        (["check", "--format", "json", "--project", "nowhere"], 2),
    ],
)
def test_command_that_cannot_start_prints_no_document(mixed: Project, words: list[str], code: int) -> None:
    (mixed.folder / "wrong.json").write_text("[]")
    found, out, err = mixed.run(*words)
    assert (found, out) == (code, "")
    assert err


@pytest.mark.parametrize("name", OUTPUTS)
def test_schema_and_table_of_each_output_are_printed(name: str, capsys: Capture) -> None:
    assert main(["schema", "--of", name]) == 0
    assert json.loads(capsys.readouterr().out) == output_schema(name)
    assert main(["schema", "--of", name, "--format", "markdown"]) == 0
    table = capsys.readouterr().out
    for key in keys_of(output_schema(name)):
        assert f"{key}`" in table


def keys_of(schema: Any) -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        yield key
        inner = part.get("items", part)
        if inner.get("title") != "record":
            yield from keys_of(inner)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--check"], golden("--of only prints: it cannot be combined with FILE, --out, --project, --check or --diff")),
        (
            ["models.json"],
            golden("--of only prints: it cannot be combined with FILE, --out, --project, --check or --diff"),
        ),
        (["--format", "github"], golden("--of prints json or markdown, not github")),
    ],
)
def test_schema_of_an_output_is_only_printed(words: list[str], message: str, capsys: Capture) -> None:
    assert main(["schema", "--of", "list", *words]) == 2
    assert capsys.readouterr() == ("", golden(f"hypiler: {message}\n"))


def test_mistyped_output_gets_a_suggestion(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["schema", "--of", "lits"])
    assert capsys.readouterr().err == golden(
        "hypiler: argument --of: must be one of list, show, compare, explain, diff, coverage, licenses, ddl, snippet, encode, check, verify,"
        ' verify-bytes, pin, outdated, import, adopt, migrate; got "lits"; did you mean `list`?\n'
    )
