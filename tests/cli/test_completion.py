"""`hypiler completion`: what a shell offers after the script was read."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from golden import golden

from hypiler.cli.completion import SHELLS
from hypiler.cli.main import COMMANDS, main
from hypiler.model_registry import MODELS
from hypiler.schema.vocabulary import MODEL_TYPES
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
    assert offered(script, "hypiler", "show", "jina-colb") == {"jina-colbert-v2"}
    assert offered(script, "hypiler", "show", "") >= set(MODELS)
    assert offered(script, "hypiler", "compare", "jina-colb") == {"jina-colbert-v2"}
    assert offered(script, "hypiler", "explain", "M20") == {code for code in all_codes() if code.startswith("M20")}


def test_options_and_their_values_are_offered(script: Path) -> None:
    assert offered(script, "hypiler", "build", "--") >= {"--check", "--diff", "--watch", "--out"}
    assert offered(script, "hypiler", "check", "--format", "s") == {"sarif"}
    assert offered(script, "hypiler", "list", "--type", "") == set(MODEL_TYPES)
    assert offered(script, "hypiler", "list", "--language", "zh") >= {"zh", "zh-Hans"}
    assert offered(script, "hypiler", "list", "--license", "Apache") == {"Apache-2.0"}
    assert offered(script, "hypiler", "list", "--modality", "i") == {"image"}
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


def test_help_is_offered_for_every_command(script: Path) -> None:
    assert offered(script, "hypiler", "he") == {"help"}
    assert offered(script, "hypiler", "help", "") >= set(COMMANDS)


@pytest.mark.parametrize("command", ["verify", "pin", "outdated"])
def test_ids_are_offered_for_commands_that_take_many(script: Path, command: str) -> None:
    assert offered(script, "hypiler", command, "jina-colb") == {"jina-colbert-v2"}


def test_id_that_is_still_to_be_chosen_is_not_offered(script: Path) -> None:
    assert "bge-m3" not in offered(script, "hypiler", "add", "org/x", "--id", "bge-m")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert "bge-m3" in out
    assert err == ""
    if (program := which(shell)) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(out)
    options = {"fish": "--no-execute", "tcsh": "-nf"}.get(shell, "-n")
    done = subprocess.run([program, options, "script"], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def fish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of fish, where there is one."""
    if which("fish") is None:
        pytest.skip("fish is not installed")
    path = tmp_path_factory.mktemp("completion") / "hypiler.fish"
    command = [sys.executable, "-m", "hypiler", "completion", "fish"]
    path.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return path


def offered_by_fish(script: Path, line: str, folder: Path | None = None) -> dict[str, str]:
    """What fish offers for the end of a line, with what it says about each word."""
    code = f"source {script}; complete -C {line!r}"
    home = {"HOME": str(script.parent), "PATH": os.environ["PATH"]}
    command = ["fish", "--no-config", "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=home)
    assert done.stderr == ""
    pairs = [line.partition("\t") for line in done.stdout.splitlines()]
    return {word: about for word, _, about in pairs}


def test_fish_offers_commands_with_their_summaries(fish: Path) -> None:
    found = offered_by_fish(fish, "hypiler ")
    assert {word: about for word, about in found.items() if word in COMMANDS} == COMMANDS
    assert set(offered_by_fish(fish, "hypiler help ")) >= set(COMMANDS)
    assert list(offered_by_fish(fish, "hypiler sh")) == ["show"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hypiler show jina-colb", {"jina-colbert-v2"}),
        ("hypiler verify --json jina-colb", {"jina-colbert-v2"}),
        ("hypiler init --model colbert-s", {"colbert-small"}),
        ("hypiler explain M20", {code for code in all_codes() if code.startswith("M20")}),
        ("hypiler check --ignore M20", {code for code in all_codes() if code.startswith("M20")}),
        ("hypiler check --format ", {"text", "concise", "github", "json", "sarif"}),
        ("hypiler check --form", {"--format"}),
        ("hypiler list --type ", set(MODEL_TYPES)),
        ("hypiler schema --of verify", {"verify", "verify-bytes"}),
        ("hypiler completion ", set(SHELLS)),
        ("hypiler list --project ", {"app/"}),
    ],
)
def test_fish_offers_ids_codes_options_and_their_values(fish: Path, tmp_path: Path, line: str, words: set[str]) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "models.json").touch()
    assert set(offered_by_fish(fish, line, tmp_path)) == words


@pytest.mark.parametrize("line", ["hypiler check ", "hypiler build ", "hypiler list --file "])
def test_fish_offers_files_for_a_file(fish: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "models.json").touch()
    assert "models.json" in offered_by_fish(fish, line, tmp_path)


def test_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 3
    message = golden("hypiler: shtab is missing: python -m pip install 'hypiler[completion]'\n")
    assert capsys.readouterr() == ("", message)
