"""`hypiler completion`: what a shell offers after the script was read."""

import subprocess
import sys
from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.completion import SHELLS
from hypiler.cli.main import COMMANDS, main
from hypiler.model_registry import MODELS
from hypiler.verification.rule_sets import all_codes


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of bash."""
    path = tmp_path_factory.mktemp("completion") / "hypiler.bash"
    command = [sys.executable, "-m", "hypiler", "completion", "bash"]
    path.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return path


def offered(script: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    code = f"""
source {script}
COMP_WORDS=({" ".join([repr(word) for word in words])}); COMP_CWORD={len(words) - 1}; COMP_LINE="${{COMP_WORDS[*]}}"
_shtab_hypiler 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_commands_are_offered(script: Path) -> None:
    assert offered(script, "hypiler", "") >= set(COMMANDS)
    assert offered(script, "hypiler", "sh") == {"show"}


def test_ids_and_codes_are_offered(script: Path) -> None:
    assert offered(script, "hypiler", "show", "bge-m") == {"bge-m3"}
    assert offered(script, "hypiler", "show", "") >= set(MODELS)
    assert offered(script, "hypiler", "explain", "M20") == {code for code in all_codes() if code.startswith("M20")}


def test_options_and_their_values_are_offered(script: Path) -> None:
    assert offered(script, "hypiler", "build", "--") >= {"--check", "--diff", "--watch", "--out"}
    assert offered(script, "hypiler", "check", "--format", "s") == {"sarif"}
    assert offered(script, "hypiler", "list", "--") >= {"--project", "--file", "--shipped", "--json"}
    for command in ("check", "build", "docs", "show", "verify", "outdated", "add"):
        assert offered(script, "hypiler", command, "--pro") == {"--project"}


def test_folders_are_offered_for_a_project_and_files_for_a_file(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "models.json").touch()
    monkeypatch.chdir(tmp_path)
    assert offered(script, "hypiler", "list", "--project", "") == {"app"}
    assert "models.json" in offered(script, "hypiler", "list", "--file", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert "bge-m3" in out
    assert err == ""


def test_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 3
    message = golden("hypiler: shtab is missing: python -m pip install 'hypiler[completion]'\n")
    assert capsys.readouterr() == ("", message)
