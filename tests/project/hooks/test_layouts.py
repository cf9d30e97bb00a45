"""Every backend, in every layout: the wheel holds the module where Python finds it, and the sdist holds what makes it.

The first build of a clean checkout and the second, the wheel that is made from the sdist, and an editable install: all
of them give the same module. One layout of each backend is quick enough for every run; the others are slow tests.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from project.hooks.builds import (
    files_below,
    imported,
    models,
    pyproject,
    run_backend,
    unpack_sdist,
    wheel_files,
    write,
)
from slow import all_or, slow

SRC = 'output = "src/app/registry.py"'
FLAT = 'output = "app/registry.py"'
INIT = {"src/app/__init__.py": ""}
FLAT_INIT = {"app/__init__.py": ""}
HATCH = "[tool.hatch.build.targets."
# Of each layout: the backend, the options, the settings of the backend, files of people, and the name of the module.
LAYOUTS: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    "src": ("hatch", SRC, "", INIT, "app.registry"),
    "flat": ("hatch", FLAT, "", FLAT_INIT, "app.registry"),
    "sdist-only-include": ("hatch", SRC, f'{HATCH}sdist]\nonly-include = ["src"]', INIT, "app.registry"),
    "sdist-only-include-flat": ("hatch", FLAT, f'{HATCH}sdist]\nonly-include = ["app/__init__.py"]', FLAT_INIT, "app.registry"),
    "sdist-exclude": ("hatch", SRC, f'{HATCH}sdist]\nexclude = ["*.json"]', INIT, "app.registry"),
    "exclude-everywhere": ("hatch", SRC, '[tool.hatch.build]\nexclude = ["*.json", "*.pyi", "registry.*"]', INIT, "app.registry"),
    "folder-made-by-build": ("hatch", 'output = "src/ap/registry.py"', "", INIT, "ap.registry"),
    "flat-folder-made-by-build": ("hatch", 'output = "ap/registry.py"', "", FLAT_INIT, "ap.registry"),
    "package-made-by-build": ("hatch", SRC, "", {}, "app.registry"),
    "package-of-other-name-made-by-build": ("hatch", 'output = "src/other/registry.py"', "", {}, "other.registry"),
    "flat-package-made-by-build": ("hatch", 'output = "other/registry.py"', "", {}, "other.registry"),
    "module-made-by-build": ("hatch", 'output = "other.py"', "", {}, "other"),
    "src-module-made-by-build": ("hatch", 'output = "src/other.py"', "", {}, "other"),
    "module-beside-package": ("hatch", 'output = "src/top.py"', "", INIT, "top"),
    "subfolder": ("hatch", 'output = "src/app/made/registry.py"', "", INIT, "app.made.registry"),
    "namespace": ("hatch", 'output = "src/ns/app/registry.py"', f'{HATCH}wheel]\npackages = ["src/ns"]', {"src/ns/app/__init__.py": ""}, "ns.app.registry"),
    "wheel-only-include": ("hatch", SRC, f'{HATCH}wheel]\nonly-include = ["src/app/__init__.py"]\nsources = ["src"]', INIT, "app.registry"),
    "renamed": ("hatch", 'output = "lib/registry.py"', f'{HATCH}wheel]\nonly-include = ["lib"]\nsources = {{ lib = "app" }}'.replace("{{", "{").replace("}}", "}"), {"lib/__init__.py": ""}, "app.registry"),
    "forced-by-people": ("hatch", 'output = "gen/registry.py"', f'{HATCH}wheel.force-include]\n"gen" = "app/gen"', INIT, "app.gen.registry"),
    "module-forced-by-people": ("hatch", 'output = "gen/registry.py"', '[tool.hatch.build.targets.wheel.force-include]\n"gen/registry.py" = "app/registry.py"', INIT, "app.registry"),
    "module-forced-from-scripts": ("hatch", 'output = "gen/registry.py"', f'{HATCH}wheel.force-include]\n"gen/registry.py" = "app/registry.py"', {**INIT, "gen/make.py": ""}, "app.registry"),
    "artifacts-and-committed": ("hatch", SRC, '[tool.hatch.build]\nartifacts = ["src/app/registry.*"]', INIT, "app.registry"),
    "s-src": ("setuptools", SRC, "", INIT, "app.registry"),
    "s-flat": ("setuptools", FLAT, "", FLAT_INIT, "app.registry"),
    "s-folder-made-by-build": ("setuptools", 'output = "src/ap/registry.py"', "", INIT, "ap.registry"),
    "s-package-made-by-build": ("setuptools", SRC, "", {}, "app.registry"),
    "s-flat-package-made-by-build": ("setuptools", FLAT, "", {}, "app.registry"),
    "s-flat-folder-made-by-build": ("setuptools", 'output = "ap/registry.py"', "", FLAT_INIT, "ap.registry"),
    "s-module-made-by-build": ("setuptools", 'output = "registry.py"', "", {}, "registry"),
    "s-src-module-made-by-build": ("setuptools", 'output = "src/registry.py"', "", INIT, "registry"),
    "s-src-module-alone": ("setuptools", 'output = "src/registry.py"', "", {}, "registry"),
    "s-packages-and-src": ("setuptools", 'output = "src/ap/registry.py"', '[tool.setuptools]\npackages = ["app"]', FLAT_INIT, "ap.registry"),
    "s-module-beside-module": ("setuptools", 'output = "registry.py"', "", {"own.py": "x = 1\n"}, "registry"),
    "s-py-modules": ("setuptools", 'output = "registry.py"', '[tool.setuptools]\npy-modules = ["own"]', {"own.py": "x = 1\n"}, "registry"),
    "s-py-modules-named": ("setuptools", 'output = "registry.py"', '[tool.setuptools]\npy-modules = ["own", "registry"]', {"own.py": "x = 1\n"}, "registry"),
    "s-packages": ("setuptools", FLAT, '[tool.setuptools]\npackages = ["app"]', FLAT_INIT, "app.registry"),
    "s-subfolder": ("setuptools", 'output = "app/made/registry.py"', '[tool.setuptools]\npackages = ["app"]', FLAT_INIT, "app.made.registry"),
    "s-data-subfolder": ("setuptools", 'output = "app/data/registry.py"\nsources = "app/data/models.json"', '[tool.setuptools]\npackages = ["app"]', FLAT_INIT, "app.data.registry"),
    "s-namespace": ("setuptools", 'output = "src/ns/app/registry.py"', '[tool.setuptools.packages.find]\nwhere = ["src"]', {"src/ns/app/__init__.py": ""}, "ns.app.registry"),
    "s-namespace-made-by-build": ("setuptools", 'output = "src/ns/made/registry.py"', '[tool.setuptools.packages.find]\nwhere = ["src"]', {"src/ns/app/__init__.py": ""}, "ns.made.registry"),
    "s-find-excludes": ("setuptools", 'output = "src/ap/registry.py"', '[tool.setuptools.packages.find]\nwhere = ["src"]\ninclude = ["app*"]', INIT, "ap.registry"),
    "s-package-dir": ("setuptools", 'output = "lib/registry.py"', '[tool.setuptools]\npackages = ["app"]\npackage-dir = { app = "lib" }', {"lib/__init__.py": ""}, "app.registry"),
    "s-no-package-data": ("setuptools", SRC, '[tool.setuptools]\ninclude-package-data = false\n[tool.setuptools.exclude-package-data]\n"*" = ["*.pyi"]', INIT, "app.registry"),
    "s-manifest-excludes": ("setuptools", SRC, "", {**INIT, "MANIFEST.in": "global-exclude *.json *.pyi *.toml\nprune src/app\ninclude src/app/__init__.py\n"}, "app.registry"),
    "s-cmdclass": ("setuptools", SRC, '[tool.setuptools.cmdclass]\nbuild_py = "own_build.build_py"', {**INIT, "MANIFEST.in": "include own_build.py\n", "own_build.py": "from setuptools.command.build_py import build_py as old\nclass build_py(old): pass\n"}, "app.registry"),
    "p-src": ("pdm", SRC, "", INIT, "app.registry"),
    "p-flat": ("pdm", FLAT, "", FLAT_INIT, "app.registry"),
    "p-excludes": ("pdm", SRC, '[tool.pdm.build]\nexcludes = ["**/*.json", "**/*.pyi", "src/app/registry.py"]', INIT, "app.registry"),
    "p-source-includes": ("pdm", SRC, '[tool.pdm.build]\nsource-includes = ["models.json", "src/app/registry.*"]', INIT, "app.registry"),
    "p-includes": ("pdm", FLAT, '[tool.pdm.build]\nincludes = ["app/__init__.py"]', FLAT_INIT, "app.registry"),
    "p-folder-made-by-build": ("pdm", 'output = "src/ap/registry.py"', "", INIT, "ap.registry"),
    "p-package-made-by-build": ("pdm", SRC, "", {}, "app.registry"),
    "p-flat-package-made-by-build": ("pdm", FLAT, "", {}, "app.registry"),
    "p-module-made-by-build": ("pdm", 'output = "registry.py"', "", {}, "registry"),
    "p-subfolder": ("pdm", 'output = "src/app/made/registry.py"', "", INIT, "app.made.registry"),
    "p-package-dir": ("pdm", 'output = "lib/app/registry.py"', '[tool.pdm.build]\npackage-dir = "lib"', {"lib/app/__init__.py": ""}, "app.registry"),
    "p-namespace": ("pdm", 'output = "src/ns/app/registry.py"', '[tool.pdm.build]\nincludes = ["src/ns"]', {"src/ns/app/__init__.py": ""}, "ns.app.registry"),
}  # fmt: skip
# hatchling makes no editable wheels of renamed packages. A copy of what people force into a wheel is hidden by the tree.
NOT_EDITABLE = {"renamed", "forced-by-people", "module-forced-by-people", "module-forced-from-scripts"}


SAMPLE = ["exclude-everywhere", "s-namespace-made-by-build", "p-excludes"]


@pytest.mark.parametrize("layout", all_or(SAMPLE, LAYOUTS))
def test_module_is_importable_from_everything_that_is_built(tmp_path: Path, layout: str) -> None:
    backend, options, settings, files, name = LAYOUTS[layout]
    root = write(tmp_path / "app", {**files, "pyproject.toml": pyproject(backend, options, settings)})
    source = "models.json"
    if "sources" in options:
        source = options.rpartition('sources = "')[2].rstrip('"')
    write(root, {source: models(), ".gitignore": "registry.py*\nbuild/\n*.egg-info/\n"})
    output = options.partition('"')[2].partition('"')[0]
    done = run_backend(root, backend, "sdist=../clean", "wheel=../first", "wheel=../second", "sdist=../sdist")
    assert done.returncode == 0, done.stdout
    first = wheel_files(tmp_path / "first")
    assert wheel_files(tmp_path / "second") == first
    place = name.replace(".", "/") + ".py"
    generated = {place, place + "i"}
    assert [path for path in first if "registry" in path or "other" in path or "top" in path] == sorted(generated)
    assert first[place] == (root / output).read_bytes()
    assert first[place + "i"] == (root / f"{output}i").read_bytes()
    for folder in ("clean", "sdist"):
        sdist = unpack_sdist(tmp_path / folder, tmp_path / f"{folder}-unpacked")
        found = files_below(sdist)
        assert {source, "pyproject.toml", *files} <= found
        assert not {output, f"{output}i"} & found
    done = run_backend(sdist, backend, f"wheel={tmp_path}/again")
    assert done.returncode == 0, done.stdout
    assert wheel_files(tmp_path / "again") == first
    assert imported(tmp_path / "again", name)[1] == 384
    if layout in NOT_EDITABLE:
        return
    # An editable install, as the first build of another checkout.
    clone = write(
        tmp_path / "clone", {**files, "pyproject.toml": pyproject(backend, options, settings), source: models(512)}
    )
    done = run_backend(clone, backend, f"editable={tmp_path}/editable")
    assert done.returncode == 0, done.stdout
    assert imported(tmp_path / "editable", name) == (str(clone / output), 512)


def test_report_of_setuptools_names_files_from_the_project(tmp_path: Path) -> None:
    files = {"src/app/registry.py": "by = hand\n", "pyproject.toml": pyproject("setuptools", SRC), **INIT}
    root = write(tmp_path / "app", {**files, "models.json": models()})
    done = run_backend(root, "setuptools", "wheel=../out")
    assert done.returncode == 1
    message = "error[M504]: `src/app/registry.py` was not generated by hypiler, and is not overwritten"
    assert f"{message}\n--> src/app/registry.py\n" in done.stdout


OTHER = {**INIT, "src/other/__init__.py": ""}
# Of each layout: the backend, the options, the settings of the backend, files of people, and what is wrong.
REFUSED: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    "hatch-other-package": ("hatch", 'output = "src/other/registry.py"', "", OTHER, "it is packed as `other/registry.py` without the package around it (`src/other/__init__.py`)"),
    "hatch-package-of-a-subfolder": ("hatch", 'output = "src/other/data/registry.py"', "", OTHER, "it is packed as `other/data/registry.py` without the package around it (`src/other/__init__.py`)"),
    "hatch-namespace-of-others": ("hatch", 'output = "src/ns/registry.py"', "", {**INIT, "src/ns/own.py": ""}, "it is packed as `ns/registry.py` without the package around it (`src/ns/own.py`)"),
    "hatch-outside-src": ("hatch", 'output = "lib/registry.py"', "", INIT, "the wheel does not hold it"),
    "hatch-src-is-no-package": ("hatch", SRC, '[tool.hatch.build.targets.wheel]\ninclude = ["src/app"]', INIT, "it is packed as `app/registry.py` without the package around it (`src/app/__init__.py`)"),
    "hatch-no-name": ("hatch", 'output = "src/app/no-name/registry.py"', "", INIT, "it is packed as `app/no-name/registry.py`, which is no path of a module"),
    "setuptools-other-package": ("setuptools", 'output = "src/other/registry.py"', '[tool.setuptools]\npackages = ["app"]\npackage-dir = { "" = "src" }', OTHER, "it is packed as `other/registry.py` without the package around it (`src/other/__init__.py`)"),
    "setuptools-outside-src": ("setuptools", 'output = "lib/registry.py"', "", INIT, "the wheel does not hold it"),
    "setuptools-tools": ("setuptools", 'output = "tools/registry.py"', '[tool.setuptools]\npackages = ["app"]', {**FLAT_INIT, "tools/own.py": ""}, "it is packed as `tools/registry.py` without the package around it (`tools/own.py`)"),
    "pdm-other-package": ("pdm", 'output = "src/other/registry.py"', '[tool.pdm.build]\nincludes = ["src/app"]', OTHER, "it is packed as `other/registry.py` without the package around it (`src/other/__init__.py`)"),
    "pdm-hook-of-people": ("pdm", SRC, "", {**INIT, "pdm_build.py": "def pdm_build_update_files(context, files):\n    files.pop('app/registry.py', None)\n"}, "the wheel does not hold it"),
    "pdm-stub-is-missing": ("pdm", SRC, "", {**INIT, "pdm_build.py": "def pdm_build_update_files(context, files):\n    files.pop('app/registry.pyi', None)\n"}, "it is packed as `app/registry.py` without its stub"),
    "pdm-outside-src": ("pdm", 'output = "lib/registry.py"', "", INIT, "the wheel does not hold it"),
}  # fmt: skip

REFUSED_SAMPLE = ["hatch-other-package", "setuptools-other-package", "pdm-stub-is-missing"]


@pytest.mark.parametrize("layout", all_or(REFUSED_SAMPLE, REFUSED))
def test_build_fails_rather_than_that_the_wheel_is_without_the_module(tmp_path: Path, layout: str) -> None:
    backend, options, settings, files, fault = REFUSED[layout]
    root = write(
        tmp_path / "app", {**files, "pyproject.toml": pyproject(backend, options, settings), "models.json": models()}
    )
    output = options.partition('"')[2].partition('"')[0]
    done = run_backend(root, backend, "wheel=../out")
    assert done.returncode == 1
    assert f"error[M510]: `{output}` must be in the wheel where Python finds it; {fault}\n" in done.stdout
    assert done.stdout.endswith("\n1 error\nhypiler: the model registry was not built\n")
    assert "Traceback" not in done.stdout
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("layout", all_or(REFUSED_SAMPLE, REFUSED))
def test_sdist_fails_as_the_wheel_does_or_leads_to_a_wheel_that_fails(tmp_path: Path, layout: str) -> None:
    backend, options, settings, files, _ = REFUSED[layout]
    root = write(
        tmp_path / "app", {**files, "pyproject.toml": pyproject(backend, options, settings), "models.json": models()}
    )
    output = options.partition('"')[2].partition('"')[0]
    done = run_backend(root, backend, "sdist=../out")
    if done.returncode == 0:
        done = run_backend(unpack_sdist(tmp_path / "out", tmp_path / "sdist"), backend, f"wheel={tmp_path}/again")
    else:
        assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert not (root / "app-1").exists()
    assert done.returncode == 1
    assert f"error[M510]: `{output}` must be in the wheel where Python finds it; " in done.stdout


@slow
@pytest.mark.parametrize(
    ("backend", "settings", "files", "missing"),
    [
        ("setuptools", '[tool.setuptools.packages.find]\ninclude = ["alpha*"]', ["beta/__init__.py"], "beta/__init__.py"),
        ("setuptools", '[tool.setuptools]\npackages = ["alpha"]', ["beta/own.py"], "beta/own.py"),
        ("hatch", f'{HATCH}sdist]\nexclude = ["/beta/*"]\n{HATCH}wheel]\npackages = ["alpha", "beta"]', ["beta/__init__.py"], "beta/__init__.py"),
        ("hatch", f'[tool.hatch.build]\nsources = ["lib"]\n{HATCH}sdist]\nexclude = ["lib/beta/__init__.py"]', ["lib/beta/__init__.py"], "lib/beta/__init__.py"),
        ("pdm", '[tool.pdm.build]\nincludes = ["alpha"]', ["beta/__init__.py"], "beta/__init__.py"),
    ],
)  # fmt: skip
def test_sdist_without_the_package_around_the_module_fails(
    tmp_path: Path, backend: str, settings: str, files: list[str], missing: str
) -> None:
    output = os.path.dirname(missing) + "/registry.py"
    text = pyproject(backend, f'output = "{output}"', settings)
    root = write(tmp_path / "app", {**dict.fromkeys(["alpha/__init__.py", *files], ""), "pyproject.toml": text})
    write(root, {"models.json": models()})
    done = run_backend(root, backend, "sdist=../out")
    assert done.returncode == 1
    fault = f"the sdist is without the package around it (`{missing}`)"
    assert f"error[M510]: `{output}` must be in the wheel where Python finds it; {fault}\n" in done.stdout
    assert "Traceback" not in done.stdout
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


NO_FOLDER = "the editable wheel does not lead to its folder"
FORCED = f'{HATCH}wheel]\npackages = ["src/app"]\n{HATCH}wheel.force-include]\n'
# Of each layout: the backend, the output, the settings of the backend, files of people, and what is wrong.
NOT_REACHED: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    "packages": ("hatch", "lib/registry.py", f'{HATCH}wheel]\npackages = ["src/app"]', INIT, "`import lib.registry` does not find it in an editable install"),
    "named-folders": ("hatch", "lib/registry.py", '[tool.hatch.build]\ndev-mode-dirs = ["src"]', INIT, "`import lib.registry` does not find it in an editable install"),
    "root-is-named": ("hatch", "src/app/registry.py", '[tool.hatch.build]\ndev-mode-dirs = ["."]', INIT, "`import app.registry` does not find it in an editable install"),
    "hidden-folder": ("hatch", "gen/registry.py", f'{FORCED}"gen" = "app/gen"', INIT, "`import app.gen.registry` does not find it in an editable install"),
    "hidden-module": ("hatch", "gen/registry.py", f'{FORCED}"gen/registry.py" = "app/registry.py"', INIT, "`import app.registry` does not find it in an editable install"),
    "other-module": ("hatch", "gen/registry.py", f'{FORCED}"gen/registry.py" = "app/registry.py"', {**INIT, "src/app/registry.py": "", "src/app/registry.pyi": ""}, "`import app.registry` finds another file in an editable install"),
    "bypass-selection": ("hatch", "src/other/registry.py", f"{HATCH}wheel]\nbypass-selection = true", {}, "`import other.registry` does not find it in an editable install"),
    "exact": ("hatch", "src/ns/registry.py", f'[tool.hatch.build]\ndev-mode-exact = true\n{HATCH}wheel]\npackages = ["src/app"]', INIT, "`import ns.registry` does not find it in an editable install"),
    "s-no-package": ("setuptools", "lib/registry.py", "", INIT, NO_FOLDER),
    "s-not-found": ("setuptools", "beta/registry.py", '[tool.setuptools.packages.find]\ninclude = ["alpha*"]', {"alpha/__init__.py": "", "beta/__init__.py": ""}, "`import beta.registry` does not find it in an editable install"),
    "s-not-named": ("setuptools", "beta/registry.py", '[tool.setuptools]\npackages = ["app"]', {**FLAT_INIT, "beta/own.py": ""}, "`import beta.registry` does not find it in an editable install"),
    "p-no-package": ("pdm", "lib/registry.py", "", INIT, NO_FOLDER),
    "p-editables": ("pdm", "src/ns/registry.py", '[tool.pdm.build]\neditable-backend = "editables"\nincludes = ["src/app"]', {**INIT, "src/ns/own.py": ""}, "`import ns.registry` does not find it in an editable install"),
}  # fmt: skip


@pytest.mark.parametrize("layout", all_or(["hidden-module", "s-not-found", "p-editables"], NOT_REACHED))
def test_editable_install_fails_if_it_does_not_lead_to_the_module(tmp_path: Path, layout: str) -> None:
    backend, output, settings, files, fault = NOT_REACHED[layout]
    root = write(tmp_path / "app", {**files, "pyproject.toml": pyproject(backend, f'output = "{output}"', settings)})
    write(root, {"models.json": models()})
    done = run_backend(root, backend, "editable=../out")
    assert done.returncode == 1
    assert f"error[M510]: `{output}` must be in the wheel where Python finds it; {fault}\n" in done.stdout
    assert done.stdout.endswith("\n1 error\nhypiler: the model registry was not built\n")
    assert "Traceback" not in done.stdout
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


REACHED: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    "named": ("hatch", "src/app/registry.py", '[tool.hatch.build]\ndev-mode-dirs = ["src"]', INIT, "app.registry"),
    "named-beside-others": ("hatch", "src/app/registry.py", '[tool.hatch.build]\ndev-mode-dirs = ["lib", "./src/"]', INIT, "app.registry"),
    "root-is-named": ("hatch", "app/registry.py", '[tool.hatch.build]\ndev-mode-dirs = ["."]', FLAT_INIT, "app.registry"),
    "exact": ("hatch", "src/app/made/registry.py", "[tool.hatch.build]\ndev-mode-exact = true", INIT, "app.made.registry"),
    "forced-folder": ("hatch", "gen/registry.py", f'{FORCED}"gen" = "gen_app"', INIT, "gen_app.registry"),
    "forced-module": ("hatch", "gen/registry.py", f'{FORCED}"gen/registry.py" = "made/registry.py"', INIT, "made.registry"),
    "s-finder": ("setuptools", "app/made/registry.py", '[tool.setuptools]\npackages = ["app"]', {**FLAT_INIT, "beta/own.py": ""}, "app.made.registry"),
    "s-namespace": ("setuptools", "ns/made/registry.py", '[tool.setuptools.packages.find]\ninclude = ["ns*"]', {"ns/app/__init__.py": "", "beta/own.py": ""}, "ns.made.registry"),
    "p-editables": ("pdm", "src/app/registry.py", '[tool.pdm.build]\neditable-backend = "editables"', INIT, "app.registry"),
    # Packages are found and not run: what they import may not be installed where they are built.
    "package-needs-others": ("hatch", "src/app/registry.py", "", {"src/app/__init__.py": "import not_installed\n"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("layout", all_or(["exact", "s-finder", "p-editables"], REACHED))
def test_editable_install_leads_to_the_module(tmp_path: Path, layout: str) -> None:
    backend, output, settings, files, name = REACHED[layout]
    root = write(tmp_path / "app", {**files, "pyproject.toml": pyproject(backend, f'output = "{output}"', settings)})
    write(root, {"models.json": models()})
    done = run_backend(root, backend, "editable=../out")
    assert done.returncode == 0, done.stdout
    assert not name or imported(tmp_path / "out", name)[1] == 384


def test_strict_editable_install_of_setuptools_has_the_module(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {**INIT, "pyproject.toml": pyproject("setuptools", SRC), "models.json": models()})
    code = "import setuptools.build_meta as b; b.build_editable('../out', {'editable_mode': 'strict'})"
    (tmp_path / "out").mkdir()
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True)
    assert imported(tmp_path / "out", "app.registry")[1] == 384


def test_wheel_of_setuptools_holds_no_module_that_an_earlier_build_left(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {**INIT, "pyproject.toml": pyproject("setuptools", SRC), "models.json": models()})
    assert run_backend(root, "setuptools", "wheel=../first").returncode == 0
    # As after a clock that was set back: by its time, the file of the first build is newer than the next one.
    os.utime(root / "build/lib/app/registry.py", (4_000_000_000, 4_000_000_000))
    write(root, {"models.json": models(512)})
    assert run_backend(root, "setuptools", "wheel=../second").returncode == 0
    assert wheel_files(tmp_path / "second")["app/registry.py"] == (root / "src/app/registry.py").read_bytes()
    (root / "src/app/registry.py").unlink()
    (root / "src/app/registry.pyi").unlink()
    write(root, {"pyproject.toml": pyproject("setuptools", 'output = "src/app/renamed.py"')})
    assert run_backend(root, "setuptools", "wheel=../third").returncode == 0
    assert wheel_files(tmp_path / "third").keys() == {"app/__init__.py", "app/renamed.py", "app/renamed.pyi"}
