"""`select`, `ignore` and `severity` of `[tool.hypiler]`, in every command and hook."""

import json
from pathlib import Path

import pytest
from golden import golden
from strategies import plain_model, registry_of

from hypiler.cli.main import main
from hypiler.project.hooks.common import build_for_backend
from hypiler.project.options import OptionsError, read_options


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with one fault for each of the rules M211, M212 and M216, which are warnings."""
    model = plain_model(specs__context_length=8, performance__beir_avg=0, license="mit")
    (tmp_path / "models.json").write_text(json.dumps(registry_of(model)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def choose(project: Path, lines: str) -> None:
    (project / "pyproject.toml").write_text(f'[tool.hypiler]\noutput = "m.py"\n{lines}\n')


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Severity and code of each finding in a concise report, and the counts."""
    *findings, counts = capsys.readouterr().out.splitlines()
    return [*[line.split(": ")[1] for line in findings], counts]


def faults(root: Path, lines: str) -> list[tuple[str, str, str | None]]:
    choose(root, lines)
    with pytest.raises(OptionsError) as caught:
        read_options(str(root))
    assert {(finding.code, finding.file) for finding in caught.value.findings} == {("M502", "pyproject.toml")}
    return [(finding.json_path, finding.message, finding.help) for finding in caught.value.findings]


class TestCommands:
    def test_check_applies_what_the_project_chooses(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'ignore = ["M212"]\nseverity = { M211 = "error", M216 = "note" }')
        assert main(["check", "--format", "concise"]) == 1
        assert shown(capsys) == ["error[M211]", "note[M216]", "1 error, 1 note"]

    def test_ignored_rule_is_not_seen(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'ignore = ["M2"]')
        assert main(["check", "--strict"]) == 0
        assert capsys.readouterr() == (golden("1 model, no findings\n"), "")

    def test_note_is_shown_and_never_counts(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'ignore = ["M211", "M212"]\nseverity = { license-spelling = "note" }')
        assert main(["check", "--strict", "--format", "concise"]) == 0
        assert shown(capsys) == ["note[M216]", "1 note"]
        assert main(["build", "--strict", "-q"]) == 0
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize("command", [["build"], ["docs"]])
    def test_error_of_the_project_stops_what_writes(
        self, command: list[str], project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        choose(project, 'severity = { zero-score = "error" }')
        assert main(command) == 1
        assert "error[M212]" in capsys.readouterr().err
        assert not Path("m.py").exists()
        choose(project, 'ignore = ["M2"]')
        assert main([*command, "--strict", "-q"]) == 0
        assert capsys.readouterr() == ("", "")

    def test_hooks_apply_it_too(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'severity = { zero-score = "error" }')
        with pytest.raises(SystemExit):
            build_for_backend(str(project), write=True)
        assert "error[M212]" in capsys.readouterr().err
        choose(project, 'ignore = ["M2"]')
        build_for_backend(str(project), write=True)
        assert capsys.readouterr() == ("", "")
        assert Path("m.py").exists()

    def test_command_that_names_its_files_applies_all(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'ignore = ["M2"]')
        assert main(["check", "models.json", "--strict"]) == 1
        assert capsys.readouterr().out.endswith("\n3 warnings\n")


class TestCommandLine:
    @pytest.mark.parametrize(
        ("arguments", "codes"),
        [
            ([], ["M211", "M216"]),
            (["--ignore", "M211"], ["M216"]),
            (["--ignore", "M211, license-spelling"], []),
            (["--select", "M212,M216"], ["M212", "M216"]),
            (["--select", "M21", "--ignore", "M216"], ["M211", "M212"]),
            (["--select", ""], []),
        ],
    )
    def test_select_starts_anew_and_ignore_adds(
        self, arguments: list[str], codes: list[str], project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        choose(project, 'ignore = ["M212"]')
        assert main(["check", "--format", "json", *arguments]) == 0
        assert sorted(finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]) == codes

    def test_severity_of_the_project_stays(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        choose(project, 'severity = { M212 = "note" }')
        assert main(["check", "--format", "json", "--select", "M212"]) == 0
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert finding["severity"] == "note"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                ["--ignore", "M201"],
                golden("`--ignore` must name rules that can be ignored, got `M201`: an id must find one model"),
            ),
            (
                ["--select", "M2,M22x"],
                golden("`--select` must name rules by code, prefix or name, got `M22x`; did you mean `M22`?"),
            ),
        ],
    )
    def test_unknown_rule_is_wrong_use(
        self, arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["check", "models.json", *arguments]) == 2
        assert capsys.readouterr() == ("", golden(f"hypiler: {message}\n"))


class TestWrongOptions:
    @pytest.mark.parametrize("option", ["select", "ignore"])
    @pytest.mark.parametrize(
        ("value", "found"), [('"M2"', '"M2"'), ("[1]", "a list"), ("true", "true"), ("2024-01-01", "2024-01-01")]
    )
    def test_words_are_a_list(self, option: str, value: str, found: str, tmp_path: Path) -> None:
        message = golden(f"`{option}` must be a list of codes, prefixes or names of rules, got {found}")
        assert faults(tmp_path, f"{option} = {value}") == [(f"$.tool.hypiler.{option}", message, None)]

    def test_severity_is_a_table(self, tmp_path: Path) -> None:
        message = golden("`severity` must be a table of rules and their severities, got a list")
        help = golden('write severity = { M211 = "error" }')
        assert faults(tmp_path, 'severity = ["M211"]') == [("$.tool.hypiler.severity", message, help)]

    def test_every_wrong_word_is_a_finding_at_its_place(self, tmp_path: Path) -> None:
        lines = 'select = ["M2", "M29x"]\nignore = ["M213", "M201"]\nseverity = { M216 = "loud", M103 = "note" }'
        assert faults(tmp_path, lines) == [
            (
                "$.tool.hypiler.select[1]",
                golden("`select` must name rules by code, prefix or name, got `M29x`"),
                golden("did you mean `M229`?"),
            ),
            (
                "$.tool.hypiler.ignore[1]",
                golden("`ignore` must name rules that can be ignored, got `M201`: an id must find one model"),
                None,
            ),
            (
                "$.tool.hypiler.severity.M103",
                golden(
                    "`severity` must name rules that can get another severity, got `M103`: a value that its field does not"
                    " take cannot be compiled"
                ),
                None,
            ),
            ("$.tool.hypiler.severity.M216", golden('`severity` must give error, warning or note, got "loud"'), None),
        ]
