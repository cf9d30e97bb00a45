"""Odd environments: other encodings, no home, wrong clocks, no network, streams that take nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.main import COMMANDS, main

Command = Callable[..., subprocess.CompletedProcess[str]]
OUTPUTS = ["src/hatch_app/registry.py", "src/hatch_app/registry.pyi", "MODELS.md"]
NON_ASCII = "Größe 中 \u202e\U0001f600"


def outputs(root: Path) -> dict[str, bytes]:
    return {name: (root / name).read_bytes() for name in OUTPUTS}


@pytest.fixture
def expected(project: Path) -> dict[str, bytes]:
    """What the project's commands write where nothing is odd, from a registry with text that is not ASCII."""
    text = (project / "models.json").read_text("utf-8")
    registry = json.loads(text)
    registry["models"][0]["description"] = NON_ASCII
    (project / "models.json").write_text(json.dumps(registry, ensure_ascii=False), "utf-8")
    old = outputs(project)
    assert main(["build", "-q"]) == main(["docs", "-q"]) == 0
    new = outputs(project)
    for name, content in old.items():
        (project / name).write_bytes(content)
    return new


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"HOME": "", "PATH": "", "USER": "", "TMPDIR": "/nonexistent"},
        {"SOURCE_DATE_EPOCH": "0"},
        {"SOURCE_DATE_EPOCH": ""},
        {"SOURCE_DATE_EPOCH": "abc"},
        {"SOURCE_DATE_EPOCH": "-1"},
        {"TZ": "No/Such_Zone", "LANG": "xx_XX.none"},
    ],
    ids=str,
)
def test_outputs_are_the_same(
    expected: dict[str, bytes], project: Path, hypiler: Command, environment: dict[str, str]
) -> None:
    for command in ("build", "docs"):
        done = hypiler(command, **environment)
        assert (done.returncode, done.stderr) == (0, "")
    assert outputs(project) == expected


@pytest.mark.parametrize("moment", [0, 1_000_000_000, 4_102_444_800, -1])
def test_no_clock_changes_a_byte(expected: dict[str, bytes], project: Path, moment: int) -> None:
    code = f"""
import time
time.time = lambda: {moment}.0
time.time_ns = lambda: {moment} * 10**9
from hypiler.cli.main import main
assert main(["build", "-q"]) == main(["docs", "-q"]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert outputs(project) == expected


@pytest.mark.parametrize("moment", [1, 4_102_444_800])
def test_no_time_of_a_file_makes_it_stale_or_current(project: Path, hypiler: Command, moment: int) -> None:
    for name in [*OUTPUTS, "models.json"]:
        os.utime(project / name, (moment, moment))
    assert hypiler("build", "--check").returncode == 1
    assert hypiler("build").returncode == 0
    os.utime(project / "models.json", (moment, moment))
    assert hypiler("build", "--check").returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_console_that_cannot_show_a_character_shows_its_escape(project: Path, hypiler: Command, encoding: str) -> None:
    registry = json.loads((project / "models.json").read_text("utf-8"))
    registry["models"][0]["huggingface_id"] = NON_ASCII
    (project / "models.json").write_text(json.dumps(registry, ensure_ascii=False), "utf-8")
    for format in ("text", "concise", "json", "github", "sarif"):
        done = hypiler("check", "--format", format, PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (1, "")
        assert "M108" in done.stdout


READERS = [
    "hypiler check --format concise",
    "hypiler check",
    "hypiler list",
    "hypiler list --json",
    "hypiler schema",
    "hypiler explain M207",
    "hypiler build --diff",
    "hypiler completion bash",
]


@pytest.mark.parametrize("command", READERS)
def test_reader_that_goes_away_is_no_error(project: Path, hypiler: Command, command: str) -> None:
    registry = json.loads((project / "models.json").read_text("utf-8"))
    if "check" in command:
        registry["models"] *= 3000
        (project / "models.json").write_text(json.dumps(registry), "utf-8")
    done = hypiler(shell=f"{command} | head -c 1; exit ${{PIPESTATUS[0]}}")
    # What was found is found, also when nobody reads on.
    code = 1 if command.startswith(("hypiler check", "hypiler build")) else 0
    assert (done.returncode, done.stderr, len(done.stdout)) == (code, "", 1)


@pytest.mark.parametrize("command", READERS)
def test_full_output_is_one_line(project: Path, hypiler: Command, command: str) -> None:
    if "check" in command:
        (project / "models.json").write_text("[")
    done = hypiler(shell=f"{command} > /dev/full")
    message = golden("hypiler: cannot write the output: No space left on device\n")
    assert (done.returncode, done.stderr.splitlines(True)[-1:]) == (3, [message])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "<&-"])
@pytest.mark.parametrize(("command", "code"), [("build", 0), ("build --check", 1), ("check", 0), ("list", 0)])
def test_closed_streams_take_nothing_and_change_nothing(
    project: Path, hypiler: Command, closing: str, command: str, code: int
) -> None:
    done = hypiler(shell=f"hypiler {command} {closing}")
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert hypiler("build", "--check").returncode == (0 if command == "build" else 1)


OFFLINE = """
import os, sys

def refuse(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.")):
        os.write(2, event.encode())
        os._exit(99)  # an exception could be caught

sys.addaudithook(refuse)
from hypiler.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
USES = {
    "init": ["init", "new"],
    "build": ["build"],
    "check": ["check"],
    "explain": ["explain", "M207"],
    "list": ["list"],
    "coverage": ["coverage"],
    "show": ["show", "bge-m3", "--shipped"],
    "compare": ["compare", "bge-m3", "colbert-v2", "--shipped"],
    "docs": ["docs"],
    "ddl": ["ddl", "bge-m3", "--shipped", "--for", "pgvector"],
    "snippet": ["snippet", "bge-m3", "--shipped", "--for", "vllm"],
    "completion": ["completion", "bash"],
    "schema": ["schema"],
    "adopt": ["adopt", "src"],
    "diff": ["diff", "shipped", "shipped"],
    "import": ["import", "models.json", "--output", "new/models.json"],
    "licenses": ["licenses"],
    "migrate": ["migrate", "old.json", "--output", "new/models.json"],
    "sbom": ["sbom", "--format", "cyclonedx"],
}
SMALL = {"id": "small", "type": "dense", "name": "Small", "huggingface_id": "acme/small", "specs": {"embedding_dim": 8}}


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"add", "encode", "outdated", "pin", "verify"}))
def test_no_command_asks_the_network(project: Path, command: str) -> None:
    """But for those that are there to ask the hub."""
    (project / "new").mkdir()
    (project / "old.json").write_text(json.dumps({"version": "1.0", "models": [SMALL]}))
    subprocess.run([sys.executable, "-c", OFFLINE, *USES[command]], check=True, capture_output=True)


def test_verify_offline_asks_nobody(project: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OFFLINE, "verify", "--offline"], check=False, capture_output=True)
    assert (done.returncode, b"is not in the lock" in done.stdout) == (4, True)


def test_the_hook_for_the_network_would_see_it() -> None:
    code = OFFLINE.replace("from hypiler", "import socket; socket.socket()\nfrom hypiler")
    done = subprocess.run([sys.executable, "-c", code, "schema"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (99, "socket.__new__")
