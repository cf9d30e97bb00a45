"""Runs the examples of docs/building.md with the real front ends and back ends, and prints their versions.

python tools/run_front_ends.py            all sections
python tools/run_front_ends.py uv tox     these sections

Each section runs in an empty folder, with the tool in an environment of its own. This needs a package index and some
minutes. Hypiler itself is a wheel of this checkout.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import images  # noqa: E402 - it lies with the tests
from console import run_page  # noqa: E402

PAGE = ROOT / "docs/building.md"
# What a section needs besides Python, and how it tells its version.
TOOLS = {
    "pip": (["pip"], "pip"),
    "uv": (["uv"], "uv"),
    "hatch": (["hatch"], "hatch"),
    "setuptools": (["pip"], "pip"),
    # PDM 2.29 uses a name that hishel 2 does not have any more.
    "PDM": (["pdm", "hishel<2"], "pdm"),
    "Poetry": (["poetry", "hypiler"], "poetry"),
    "flit": (["flit", "hypiler"], "flit"),
    "tox": (["tox"], "tox"),
    "pre-commit": (["pre-commit", "hypiler"], "pre-commit"),
    "Docker": (["pip"], "pip"),
}
_COMMON = "Front ends and back ends"
_FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The sections of a page by their headings."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def run_section(name: str, folder: Path, tools: Path, places: dict[str, str]) -> None:
    """Run one section in an empty folder. Raises AssertionError if a command prints something else.

    Args:
        name: The heading of the section.
        folder: The folder.
        tools: Where commands are looked up first.
        places: What stands for words of the page, such as `TAG`.
    """
    found = sections(PAGE.read_text("utf-8"))
    text = found[_COMMON] + found[name]
    for word, place in places.items():
        text = text.replace(word, place)
    page = folder.parent / f"{name}.md"
    page.write_text(text, "utf-8")
    run_page(page, folder, tools)
    if (folder / "Dockerfile").exists():
        _run_dockerfile(folder)


def _run_dockerfile(folder: Path) -> None:
    """Carry out a Dockerfile without Docker, before and after an edit of the registry."""
    for number, said in (("1", "512\n"), ("2", "256\n")):
        image = images.build(folder, folder.parent / "image" / number)
        assert images.run(image, image.command) == said
        models = folder / "models.json"
        models.write_text(models.read_text("utf-8").replace('"context_length": 512', '"context_length": 256'), "utf-8")


def _wheel(folder: Path) -> Path:
    """A folder with the wheel of this checkout."""
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    return folder


def _pip(python: str | Path, *words: str | Path) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


@contextmanager
def _index(wheels: Path) -> Iterator[str]:
    """The address of a package index that has this checkout, and sends elsewhere for all other packages."""
    (wheel,) = wheels.glob("*.whl")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_own = self.path.strip("/") in ("simple/hypiler", f"files/{wheel.name}")
            self.send_response(200 if is_own else 302)
            if not is_own:
                self.send_header("Location", f"https://pypi.org{self.path}")
                self.end_headers()
                return
            is_file = self.path.startswith("/files/")
            link = f'<!DOCTYPE html><html><body><a href="/files/{wheel.name}">{wheel.name}</a></body></html>'
            self.send_header("Content-Type", "application/octet-stream" if is_file else "text/html")
            self.end_headers()
            self.wfile.write(wheel.read_bytes() if is_file else link.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()


def _hooks(folder: Path) -> dict[str, str]:
    """A git repository with the files of this checkout as they are now, for pre-commit: its address and commit."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    packed = subprocess.run(
        ["tar", "-c", "--null", "-T", "-"], cwd=ROOT, check=True, input=listed, capture_output=True
    ).stdout
    folder.mkdir()
    subprocess.run(["tar", "-C", folder, "-x"], check=True, input=packed)
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@e"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "m"]):
        subprocess.run([*git, *words], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return {"URL-OF-THIS-REPOSITORY": str(folder), "TAG": done.stdout.strip()}


def main(names: list[str]) -> int:
    """Run sections; 1 if one of them is not true."""
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        wheels = _wheel(base / "wheels")
        os.environ |= {
            "PIP_FIND_LINKS": str(wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_QUIET": "1",  # no warnings about the indexes of this machine
            "UV_FIND_LINKS": str(wheels),
            "UV_CACHE_DIR": str(base / "cache/uv"),
            "HATCH_DATA_DIR": str(base / "cache/hatch-data"),
            "HATCH_CACHE_DIR": str(base / "cache/hatch"),
            "PDM_CACHE_DIR": str(base / "cache/pdm"),
            "PDM_CHECK_UPDATE": "0",
            "POETRY_CACHE_DIR": str(base / "cache/poetry"),
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "PRE_COMMIT_HOME": str(base / "cache/pre-commit"),
            "FLIT_ROOT_INSTALL": "1",
        }
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):
            os.environ.pop(name, None)
        places = _hooks(base / "hooks")
        with _index(wheels) as address:
            os.environ["PDM_PYPI_URL"] = address
            for name in names or TOOLS:
                failed += not _passes(name, base / name, places)
    return 1 if failed else 0


def _passes(name: str, base: Path, places: dict[str, str]) -> bool:
    """Whether a section is true; prints the versions of its tools."""
    venv.create(base / "tools", with_pip=True, symlinks=True)
    tools = base / "tools/bin"
    packages, command = TOOLS[name]
    if packages != ["pip"]:
        _pip(tools / "python", "install", *packages)
    version = subprocess.run([tools / command, "--version"], check=True, capture_output=True, text=True).stdout
    (base / "app").mkdir()
    try:
        run_section(name, base / "app", tools, places)
    except (AssertionError, subprocess.CalledProcessError) as error:
        print(f"{name}: failed\n{error}", flush=True)
        return False
    print(f"{name}: passed with {version.strip().splitlines()[-1].partition(' from ')[0]}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
