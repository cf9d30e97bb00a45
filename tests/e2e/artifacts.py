"""What builds leave behind."""

import zipfile
from pathlib import Path


def contents(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel, without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def only(folder: Path, pattern: str) -> Path:
    """The one path in a folder that matches."""
    (path,) = folder.glob(pattern)
    return path
