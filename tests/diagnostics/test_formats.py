"""Findings as programs read them."""

import json
import ntpath
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from golden import golden
from sarif_pydantic import Sarif  # the form of the OASIS standard, by others

from hypiler.cli.main import main
from hypiler.diagnostics import formats
from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.formats import render_github, render_json, render_sarif

FINDING = Finding(
    "M103",
    '`specs.embedding_dim` must be an integer, got string "50%"',
    ("models", 3, "specs", "embedding_dim"),
    help="write 50",
    model="a-model",
    file="my models,1:2.json",
    line=7,
    column=20,
    width=5,
)
NOTE = Finding("M105", "n", severity="note")
PLACELESS = Finding("M502", "pyproject.toml must have a table [tool.hypiler]; found none", file="pyproject.toml")


def result(finding: Finding, root: str | None = None) -> dict[str, Any]:
    (run,) = json.loads(render_sarif([finding], lambda _: root))["runs"]
    (one,) = run["results"]
    return dict(one)


def uri(finding: Finding, root: str | None = None) -> str:
    return str(result(finding, root)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


class TestJson:
    def test_record_has_every_part_of_a_finding(self) -> None:
        assert json.loads(render_json([FINDING]))["findings"] == [
            {
                "code": "M103",
                "severity": "error",
                "message": FINDING.message,
                "file": golden("my models,1:2.json"),
                "line": 7,
                "column": 20,
                "path": "$.models[3].specs.embedding_dim",
                "model": "a-model",
                "help": "write 50",
            }
        ]

    def test_severity_is_that_of_the_finding(self) -> None:
        assert [one["severity"] for one in json.loads(render_json([FINDING, NOTE]))["findings"]] == ["error", "note"]


class TestGitHub:
    def test_annotation_is_escaped_as_workflow_commands_are(self) -> None:
        assert render_github([FINDING]) == golden(
            "::error file=my models%2C1%3A2.json,line=7,col=20,endColumn=24,title=M103 wrong-type"
            '::`specs.embedding_dim` must be an integer, got string "50%25"%0Ahelp: write 50'
        )

    def test_finding_without_a_place_names_its_file(self) -> None:
        assert render_github([PLACELESS]) == golden(
            "::error file=pyproject.toml,title=M502 invalid-option"
            "::pyproject.toml must have a table [tool.hypiler]; found none"
        )

    def test_warning_is_a_warning(self) -> None:
        assert render_github([Finding("M010", "w")]) == golden("::warning title=M010 too-many-findings::w")

    def test_note_is_a_notice(self) -> None:
        assert render_github([NOTE]) == golden("::notice title=M105 empty-value::n")

    @pytest.mark.parametrize("file", ["models.json", "./models.json", "{here}/models.json", "{here}/../a/models.json"])
    def test_path_is_relative_to_the_repository_wherever_the_command_runs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
    ) -> None:
        here = tmp_path / "services" / "a"
        here.mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path)
        monkeypatch.chdir(here)
        found = Finding("M502", "m", file=file.format(here=here))
        root = str(tmp_path / "link")
        assert render_github([found], lambda _: root).startswith("::error file=services/a/models.json,title=")
        assert uri(found, root) == "services/a/models.json"

    def test_link_is_known_by_its_own_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "models.json").symlink_to("shared.json")
        monkeypatch.chdir(tmp_path)
        assert uri(Finding("M502", "m", file="models.json"), str(tmp_path)) == "models.json"

    def test_file_outside_of_the_repository_has_its_absolute_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "checkout").mkdir()
        monkeypatch.chdir(tmp_path / "checkout")
        found = Finding("M502", "m", file="../my models.json")
        shown = render_github([found], lambda _: str(tmp_path / "checkout"))
        assert shown.startswith(f"::error file={tmp_path}/my models.json,title=")
        assert uri(found, str(tmp_path / "checkout")) == f"file://{tmp_path}/my%20models.json"

    def test_folder_whose_name_begins_like_the_root_is_outside(self, tmp_path: Path) -> None:
        (tmp_path / "checkout-2").mkdir()
        file = str(tmp_path / "checkout-2" / "models.json")
        shown = render_github([Finding("M502", "m", file=file)], lambda _: str(tmp_path / "checkout"))
        assert shown.startswith(f"::error file={file},title=")

    @pytest.mark.parametrize(
        ("file", "shown"), [("../models.json", "../models.json"), ("./a/../m.json", "m.json"), ("<stdin>", "<stdin>")]
    )
    def test_path_is_as_given_where_there_is_no_repository(self, file: str, shown: str) -> None:
        assert render_github([Finding("M502", "m", file=file)]).startswith(f"::error file={shown},title=")

    def test_standard_input_has_no_path(self) -> None:
        shown = render_github([Finding("M502", "m", file="<stdin>")], lambda _: "/repository")
        assert shown.startswith("::error file=<stdin>,title=")

    def test_no_finding_is_no_command(self) -> None:
        assert render_github([]) == ""


class TestPathsOfWindows:
    """Simulated: the functions of Windows' paths run on every system."""

    @pytest.fixture(autouse=True)
    def _windows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        path = SimpleNamespace(
            abspath=lambda file: ntpath.normpath(ntpath.join(r"C:\work\repo\services", file)),
            realpath=ntpath.normpath,
            **{name: getattr(ntpath, name) for name in ("isabs", "join", "normcase", "normpath", "split")},
        )
        monkeypatch.setattr(formats, "os", SimpleNamespace(path=path, sep="\\"))

    @pytest.mark.parametrize(
        ("file", "root", "annotation", "sarif"),
        [
            ("a b.json", r"C:\work\repo", "services/a b.json", "services/a%20b.json"),
            ("..\\models.json", r"c:\Work\Repo", "models.json", "models.json"),
            (r"D:\x\m.json", r"C:\work\repo", "D%3A/x/m.json", "file:///D:/x/m.json"),
            (r"\\server\share\m.json", r"C:\work\repo", "//server/share/m.json", "file://server/share/m.json"),
            (r"sub\m.json", None, "sub/m.json", "sub/m.json"),
        ],
    )
    def test_separators_are_slashes(self, file: str, root: str | None, annotation: str, sarif: str) -> None:
        found = Finding("M502", "m", file=file)
        assert render_github([found], lambda _: root).startswith(f"::error file={annotation},title=")
        assert uri(found, root) == sarif


class TestSarif:
    @pytest.mark.parametrize("findings", [[], [FINDING], [FINDING, PLACELESS, Finding("M010", "w"), NOTE]], ids=len)
    def test_log_is_of_the_standard(self, findings: list[Finding]) -> None:
        text = render_sarif(findings)
        assert Sarif.model_validate_json(text).version == "2.1.0"
        assert text.isascii()

    def test_result_has_message_place_and_rule(self) -> None:
        found = result(FINDING)
        assert found.pop("partialFingerprints").keys() == {"finding/v1"}
        assert found == {
            "ruleId": "M103",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": golden(f"{FINDING.message}\nhelp: write 50")},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "my%20models%2C1%3A2.json"},
                        "region": {"startLine": 7, "startColumn": 20, "endColumn": 25},
                    },
                    "logicalLocations": [{"fullyQualifiedName": "$.models[3].specs.embedding_dim"}],
                }
            ],
        }

    def test_level_is_that_of_the_finding_and_the_rule_keeps_that_of_its_code(self) -> None:
        assert result(NOTE)["level"] == "note"
        (run,) = json.loads(render_sarif([NOTE]))["runs"]
        (rule,) = run["tool"]["driver"]["rules"]
        assert rule["defaultConfiguration"] == {"level": "error"}

    def test_rules_are_those_of_the_results(self) -> None:
        (run,) = json.loads(render_sarif([FINDING, PLACELESS, FINDING]))["runs"]
        assert run["tool"]["driver"]["rules"] == [
            {
                "id": "M103",
                "name": "WrongType",
                "shortDescription": {"text": golden("wrong type")},
                "help": {"text": golden("hypiler explain M103")},
                "defaultConfiguration": {"level": "error"},
            },
            {
                "id": "M502",
                "name": "InvalidOption",
                "shortDescription": {"text": golden("invalid option")},
                "help": {"text": golden("hypiler explain M502")},
                "defaultConfiguration": {"level": "error"},
            },
        ]
        assert [found["ruleIndex"] for found in run["results"]] == [0, 1, 0]

    def test_fingerprint_stays_while_models_and_lines_before_it_come_and_go(self) -> None:
        def fingerprint(**changed: Any) -> str:
            parts = {"path": FINDING.path, "model": "a-model", "file": "m.json", "line": 7, **changed}
            return str(result(Finding("M103", "m", **parts))["partialFingerprints"]["finding/v1"])

        same = fingerprint()
        assert fingerprint(path=("models", 9, "specs", "embedding_dim"), line=99) == same
        for other in ({"model": "b"}, {"path": ("models", 3, "specs", "hidden_dim")}, {"file": "n.json"}):
            assert fingerprint(**other) != same

    def test_name_of_a_file_that_is_no_text_is_quoted(self) -> None:
        place = result(Finding("M001", "m", file="a\udcff\n.json"))["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "a%FF%0A.json"}}


@pytest.mark.parametrize(
    ("form", "empty"), [("json", {"version": 1, "findings": []}), ("sarif", "runs"), ("github", None)]
)
def test_clean_registry_gives_an_empty_document(
    form: str, empty: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    path = tmp_path / "models.json"
    path.write_text('{"version": "1.0", "models": []}')
    assert main(["check", str(path), "--format", form]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    if form == "github":
        assert out == ""
    elif form == "sarif":
        assert json.loads(out)["runs"][0]["results"] == []
    else:
        assert json.loads(out) == empty
