"""Compares the JavaScript libraries of the catalogue and of the site with the ones that npm publishes.

python tools/check_vendored.py

npm downloads the versions that src/hypiler/catalogue/assets/vendor/vendored.json and tools/site/vendor/vendored.json
name into a temporary folder. Exit codes: 0 all files are equal, 1 a file differs or is not listed, 3 npm is missing or
cannot download.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "src" / "hypiler" / "catalogue" / "assets" / "vendor"
SITE_VENDOR = ROOT / "tools" / "site" / "vendor"
LIST = "vendored.json"


class ToolError(Exception):
    """The program npm is missing, or could not download a library."""


def libraries(vendor: Path = VENDOR) -> list[dict[str, Any]]:
    """The libraries of the list, each with its npm name, version, licence and files."""
    found: list[dict[str, Any]] = json.loads((vendor / LIST).read_text(encoding="utf-8"))
    return found


def packed(name: str, version: str, folder: Path) -> Path:
    """The archive of a library, downloaded into `folder`. Raises ToolError if npm cannot."""
    npm = shutil.which("npm")
    if npm is None:
        raise ToolError("`npm` is not installed")
    command = [npm, "pack", "--json", "--pack-destination", str(folder), f"{name}@{version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise ToolError(f"`npm pack {name}@{version}` failed:\n{done.stderr}")
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise ToolError(f"`npm pack {name}@{version}` made {len(archives)} archives")
    return archives[0]


def published(archive: Path, name: str) -> bytes | None:
    """The bytes of a file of an npm archive; None if the archive has no such file."""
    with tarfile.open(archive) as opened:
        try:
            file = opened.extractfile(f"package/{name}")
        except KeyError:
            return None
        return None if file is None else file.read()


def unlisted(listed: list[dict[str, Any]], vendor: Path = VENDOR) -> list[str]:
    """What is wrong without a look at npm: files that are missing, changed, or not in the list."""
    sums = {file["file"]: file["sha256"] for library in listed for file in library["files"]}
    present = {path.name: path.read_bytes() for path in vendor.iterdir() if path.name != LIST}
    wrong = [f"{name}: not in {LIST}" for name in sorted(present.keys() - sums.keys())]
    wrong += [f"{name}: missing" for name in sorted(sums.keys() - present.keys())]
    for name in sorted(sums.keys() & present.keys()):
        if hashlib.sha256(present[name]).hexdigest() != sums[name]:
            wrong.append(f"{name}: its SHA-256 is not the one in {LIST}")
    return wrong


def differing(library: dict[str, Any], archive: Path, vendor: Path = VENDOR) -> list[str]:
    """The files of a library that are not as npm publishes them."""
    wrong = []
    for file in library["files"]:
        expected = published(archive, file["npm_file"])
        # The archive decides, and not the sum of the list.
        if expected is None or (vendor / file["file"]).read_bytes() != expected:
            wrong.append(f"{file['file']}: not {file['npm_file']} of {library['name']} {library['version']}")
    return wrong


def differences(vendor: Path) -> list[str]:
    """What is wrong with the libraries of a folder. Raises ToolError if npm cannot download them."""
    listed = libraries(vendor)
    if wrong := unlisted(listed, vendor):
        return wrong
    for library in listed:
        with TemporaryDirectory() as folder:
            archive = packed(library["name"], library["version"], Path(folder))
            wrong += differing(library, archive, vendor)
    return wrong


def main() -> int:
    """Compare, print, and return the exit code."""
    folders = (VENDOR, SITE_VENDOR)
    try:
        wrong = [line for folder in folders for line in differences(folder)]
    except ToolError as error:
        print(error, file=sys.stderr)
        return 3
    print(*wrong, f"{sum(len(libraries(folder)) for folder in folders)} libraries, {len(wrong)} differences", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
