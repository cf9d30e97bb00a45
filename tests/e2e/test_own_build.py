"""This project's own distributions: what is in them, that they work, and that a fault in the registry ends the build."""

import sys
import tarfile
import zipfile
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from slow import slow

from hypiler.verification.rule_sets import all_codes

ROOT = Path(__file__).parents[2]
Run = Callable[..., CompletedProcess[str]]

GENERATED = {f"hypiler/{name}_registry.{suffix}" for name in ("model", "hosted") for suffix in ("py", "pyi")}
QUESTION = """
import hypiler
from hypiler.hosted_registry import TEXT_EMBEDDING_3_SMALL
from hypiler.model_registry import COLBERT_V2
print(hypiler.__file__)
print(hypiler.__version__, COLBERT_V2.embedding_dim, TEXT_EMBEDDING_3_SMALL.embedding_dim)
"""


def files_below(root: Path, *names: str) -> set[str]:
    """The files of a copy, which has no caches and nothing generated."""
    found = [path for name in names for path in [root / name, *(root / name).rglob("*")]]
    return {str(path.relative_to(root)) for path in found if path.is_file()}


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


def test_wheel_holds_the_package_and_what_is_generated_and_nothing_else(
    wheel: Path, copy_self: Callable[[], Path]
) -> None:
    source = copy_self() / "src"
    version = wheel.name.split("-")[1]
    metadata = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"]
    metadata.append("licenses/src/hypiler/catalogue/assets/vendor/LICENSE-uFuzzy")
    expected = {f"hypiler-{version}.dist-info/{name}" for name in metadata}
    expected |= files_below(source, "hypiler") | GENERATED
    expected |= {f"hypiler/diagnostics/pages/{name}.md" for name in [*all_codes(), "README"]}
    expected |= {f"hypiler/registry/{name}" for name in ("models.json", "models.lock.json", "hosted.json")}
    assert set(contents(wheel)) == expected
    assert "hypiler/py.typed" in expected


@slow
def test_sdist_holds_the_whole_project_and_nothing_generated(
    distributions: Path, copy_self: Callable[[], Path]
) -> None:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == files_below(copy_self(), ".") | {"PKG-INFO"}
    assert names.isdisjoint({f"src/{name}" for name in GENERATED})


def test_entry_points_are_the_command_and_the_hooks(wheel: Path) -> None:
    (text,) = [v for k, v in contents(wheel).items() if k.endswith("entry_points.txt")]
    points = ConfigParser()
    points.read_string(text.decode())
    assert {name: dict(points[name]) for name in points.sections()} == {
        "console_scripts": {"hypiler": "hypiler.cli.main:main"},
        "hatch": {"hypiler": "hypiler.project.hooks.hatch"},
        "setuptools.finalize_distribution_options": {"hypiler": "hypiler.project.hooks.setuptools:finalize"},
        "pdm.build.hook": {"hypiler": "hypiler.project.hooks.pdm:RegistryBuildHook"},
        "pyinstaller40": {"hook-dirs": "hypiler._pyinstaller:get_hook_dirs"},
    }


def test_wheel_needs_no_other_package(wheel: Path) -> None:
    (text,) = [v for k, v in contents(wheel).items() if k.endswith("METADATA")]
    needs = [x for x in text.decode().splitlines() if x.startswith("Requires-Dist")]
    assert needs
    assert [line for line in needs if "; extra ==" not in line] == []


@slow
def test_wheel_is_the_same_from_the_tree_and_from_the_sdist(
    wheel: Path, copy_self: Callable[[], Path], run: Run
) -> None:
    source = copy_self()
    build = ["-m", "build", "--no-isolation", "--wheel", source]
    run(sys.executable, *build, cwd=source)
    (again,) = (source / "dist").glob("*.whl")
    assert contents(again) == contents(wheel)


def test_installed_wheel_gives_the_registry(wheel: Path, clean: Path, tmp_path: Path, run: Run) -> None:
    home = clean.parents[1]
    pip = ["-m", "pip", "--python", clean, "install", "--quiet", "--no-index"]
    run(sys.executable, *pip, wheel, cwd=tmp_path)
    answer = run(clean, "-c", QUESTION, cwd=tmp_path).stdout.splitlines()
    assert answer[0].startswith(str(home))
    assert answer[1] == f"{wheel.name.split('-')[1]} 128 1536"
    told = run(clean.with_name("hypiler"), "--version", cwd=tmp_path)
    assert told.stdout == f"hypiler {wheel.name.split('-')[1]}\n"
    listed = run(clean.with_name("hypiler"), "list", cwd=tmp_path).stdout
    assert listed.endswith(" models of the shipped registry\n")
    assert "\ncolbert-v2 " in listed
    assert "\ntext-embedding-3-small " in listed
    judged = run(
        clean.with_name("hypiler"), "verify", "all-minilm-l6-v2", "--shipped", "--offline", cwd=tmp_path
    ).stdout
    assert judged.endswith("\n1 model: 1 without a difference\n")
    page = run(clean.with_name("hypiler"), "explain", "M207", cwd=tmp_path).stdout
    assert page == (ROOT / "docs/diagnostics/M207.md").read_text("utf-8")


@slow
def test_editable_install_gives_the_registry(
    clean: Path,
    copy_self: Callable[[], Path],
    tmp_path: Path,
    run: Run,
) -> None:
    source = copy_self()
    home = clean.parents[1]
    install = ["install", "--quiet", "--no-index", "--no-build-isolation"]
    # Or pip would take the same project out of the environment that the tests run in.
    install += ["--ignore-installed", "--prefix", home, "--editable", source]
    run(sys.executable, "-m", "pip", *install, cwd=tmp_path)
    answer = run(clean, "-c", QUESTION, cwd=tmp_path).stdout.splitlines()
    assert answer[0] == str(source / "src/hypiler/__init__.py")
    assert answer[1].endswith(" 128 1536")


@slow
@pytest.mark.parametrize("front_end", ["build", "pip"])
def test_fault_in_the_registry_ends_the_build_with_the_finding(
    front_end: str,
    copy_self: Callable[[], Path],
    tmp_path: Path,
    run: Run,
) -> None:
    source = copy_self()
    models = source / "models.json"
    text = models.read_text("utf-8")
    assert text.count('"id": "colbert-v2"') == 1
    models.write_text(text.replace('"id": "colbert-v2"', '"id": "Colbert V2"'), "utf-8")
    command = {
        "build": ["build", "--no-isolation", "--wheel", "--outdir", tmp_path / "out"],
        "pip": ["pip", "wheel", "--no-build-isolation", "--no-deps", "-w", tmp_path / "out"],
    }[front_end]  # fmt: skip
    said = run(sys.executable, "-m", *command, source, cwd=tmp_path, fails=True).stdout
    assert "error[M107]: " in said
    assert "--> models.json:" in said
    assert "hypiler: the model registry was not built" in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.whl"))
    assert {name for name in GENERATED if (source / "src" / name).exists()} == set()
