"""The option `extends`: what it may name, which files it makes inputs, and what an sdist carries."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from golden import golden

from hypiler.compiler.checked import CheckedRegistry
from hypiler.project.build import compile_options, compile_project
from hypiler.project.hooks.common import inputs
from hypiler.project.installed import find_installed, installed_names
from hypiler.project.options import Options, OptionsError, read_options
from hypiler.project.uv import cache_keys
from hypiler.registry import Registry

MODEL = {"type": "dense", "name": "A", "specs": {"embedding_dim": 8}}


def write(path: Path, *ids: str, **parts: Any) -> Path:
    """A registry with these models."""
    models = [{"id": id, "huggingface_id": f"org/{id}", **MODEL} for id in ids]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": "1.0", "models": models, **parts}))
    return path


def options(folder: Path, extends: str, more: str = "") -> Options:
    (folder / "pyproject.toml").write_text(
        f'[tool.hypiler]\noutput = "registry.py"\nrequired = "core"\nextends = {extends}\n{more}'
    )
    return read_options(str(folder))


def compiled(project: Options) -> CheckedRegistry:
    (registry,) = compile_project(project).registries
    return registry


def refused(folder: Path, extends: str, more: str = "") -> list[tuple[str, str, str]]:
    with pytest.raises(OptionsError) as caught:
        options(folder, extends, more)
    return [(one.code, one.json_path, one.message) for one in caught.value.findings]


@pytest.mark.parametrize(
    ("extends", "code", "place", "message"),
    [
        ("7", "M502", "", golden("`extends` must be a list of names and paths, got 7")),
        ('["hypiler", 7]', "M502", "", golden("`extends` must be a list of names and paths, got 7")),
        ('["hypiler", ""]', "M502", "", golden('`extends` must be a list of names and paths, got ""')),
        ('["a.json", "./a.json"]', "M502", "[1]", golden('`extends` must name each layer once, got "./a.json" again')),
        (
            '["./models.json"]',
            "M502",
            "[0]",
            golden('`extends` must not name a source of the registry itself, got "./models.json"'),
        ),
        ('["../a.json"]', "M503", "[0]", golden('a path must stay inside the project, got "../a.json"')),
        ('["/etc/a.json"]', "M503", "[0]", golden('a path must stay inside the project, got "/etc/a.json"')),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, extends: str, code: str, place: str, message: str) -> None:
    assert refused(tmp_path, extends) == [(code, f"$.tool.hypiler.extends{place}", message)]


def test_each_registry_of_a_project_extends_its_own(tmp_path: Path) -> None:
    write(tmp_path / "one.json", "one", extends=["./base.json"])
    write(tmp_path / "two.json", "two")
    write(tmp_path / "base.json", "base")
    write(tmp_path / "other.json", "other")
    entry = '[[tool.hypiler.registry]]\nrequired = "core"\nsources = "{0}.json"\noutput = "{0}.py"\nextends = {1}\n'
    text = entry.format("one", "[]") + entry.format("two", '["other.json"]')
    (tmp_path / "pyproject.toml").write_text(text)
    registries = compile_project(read_options(str(tmp_path))).registries
    assert [(one.ids, one.findings) for one in registries] == [(("base", "one"), []), (("other", "two"), [])]
    assert [one.layers for one in registries] == [("./base.json", "project"), ("./other.json", "project")]


def test_a_layer_that_a_pattern_matches_is_no_source(tmp_path: Path) -> None:
    write(tmp_path / "models/a.json", "a", overrides=[{"id": "team", "name": "Ours"}])
    write(tmp_path / "models/team.json", "team", extends=["./base.json"])
    write(tmp_path / "models/base.json", "base")
    registry = compiled(options(tmp_path, '["models/team.json"]', 'sources = ["models/*.json"]'))
    assert (registry.findings, registry.ids, registry["team"].name) == ([], ("base", "team", "a"), "Ours")
    assert registry.layers == ("./models/base.json", "./models/team.json", "project")
    assert [source.name for source in registry.sources] == [os.path.join("models", "a.json")]


def test_files_and_their_locks_are_inputs_wherever_they_are_named(tmp_path: Path) -> None:
    write(tmp_path / "models.json", extends=["./shared/team.json"])
    write(tmp_path / "shared/team.json", extends=["./deep/base.json", "hypiler"])
    write(tmp_path / "shared/deep/base.json", "base")
    (tmp_path / "shared/deep/models.lock.json").write_text('{"version": 2, "models": {}}')
    project = options(tmp_path, "[]")
    files = ["models.json", "models.lock.json", "shared/deep/base.json", "shared/team.json"]
    assert project.inputs == ["pyproject.toml", *files, "shared/deep/models.lock.json"]
    assert [*inputs(project)] == [one for one in project.inputs[1:] if one != "models.lock.json"]
    resolved = project.resolve_paths().registries[0].inputs
    assert resolved == [str(tmp_path / one) for one in project.inputs[1:]]
    keys = [key.get("file") for key in cache_keys(project)]
    assert {"shared/team.json", "shared/deep/base.json"} <= {*keys}


def test_a_layer_above_the_project_is_carried_by_the_sdist(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    app = tmp_path / "apps/search"
    write(app / "models.json", "own", overrides=[{"id": "base", "name": "Ours"}])
    write(tmp_path / "shared/team.json", "team", extends=["../common/base.json"])
    write(tmp_path / "common/base.json", "base")
    project = options(app, '["../../shared/team.json"]')
    registry = compiled(project)
    assert (registry.findings, registry.ids) == ([], ("base", "team", "own"))
    assert registry.layers == ("../../common/base.json", "../../shared/team.json", "project")
    unpacked = tmp_path / "elsewhere/search-1.0"
    for place, path in {"pyproject.toml": "pyproject.toml", **inputs(project)}.items():
        (unpacked / place).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / place).write_bytes((app / path).read_bytes())
    (unpacked / "PKG-INFO").write_text("Metadata-Version: 2.1\n")
    again = compiled(read_options(str(unpacked)))
    assert (again.findings, again.ids, again.layers) == ([], registry.ids, registry.layers)
    assert again.sha256 == registry.sha256


def test_a_file_may_not_lead_out_of_the_project(tmp_path: Path) -> None:
    app = tmp_path / "app"
    write(app / "models.json", extends=["../secret.json"])
    write(tmp_path / "secret.json", "secret")
    (finding,) = compiled(options(app, "[]")).findings
    assert (finding.code, finding.file, finding.json_path) == ("M503", "models.json", "$.extends[0]")
    (app / "link.json").symlink_to("../secret.json")
    assert refused(app, '["link.json"]')[0][0] == "M503"
    write(app / "models.json", extends=["./link.json"])
    assert [one.code for one in compiled(options(app, "[]")).findings] == ["M503"]


@pytest.mark.parametrize("word", ["", "\0.json", "a\0b", "./\ud800.json"])
def test_what_can_be_no_path_is_refused(tmp_path: Path, word: str) -> None:
    write(tmp_path / "models.json", extends=[word])
    registry = compiled(options(tmp_path, "[]"))
    assert ("M513", "$.extends[0]") in [(one.code, one.json_path) for one in registry.findings]


def test_circles_are_found_where_they_close(tmp_path: Path) -> None:
    write(tmp_path / "models.json", extends=["./a.json"])
    write(tmp_path / "a.json", extends=["./b.json"])
    write(tmp_path / "b.json", extends=["./a.json"])
    (finding,) = compiled(options(tmp_path, "[]")).findings
    assert (finding.code, finding.file, finding.json_path, finding.line) == ("M514", "b.json", "$.extends[0]", 1)
    assert finding.message == golden(
        "`extends` must not lead back to where it began: `./a.json` → `./b.json` → `./a.json`"
    )


def test_findings_name_files_from_where_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = tmp_path / "app"
    write(app / "models.json", "a")
    write(app / "shared/base.json", "a", extends=["nowhere"])
    project = options(app, '["shared/base.json", "missing.json"]')
    monkeypatch.chdir(tmp_path)
    (one,) = read_options("app").resolve_paths().registries
    files = {(finding.code, finding.file) for finding in compile_options(one).findings}
    expected = {("M513", "shared/base.json"), ("M513", "pyproject.toml"), ("M251", "models.json")}
    assert files == {(code, os.path.join("app", *file.split("/"))) for code, file in expected}
    assert {(finding.code, finding.file) for finding in compiled(project).findings} == expected


# ---- installed registries


def install(site: Path, name: str, value: str, number: int = 1) -> None:
    info = site / f"{name.replace('-', '_')}_{number}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-{number}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hypiler.registries]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def test_a_registry_inside_a_package_and_its_own_files_are_read(site: Path, tmp_path: Path) -> None:
    install(site, "acme", "acme_data.registry")
    (site / "acme_data").mkdir()
    (site / "acme_data/__init__.py").write_text("raise ImportError")
    write(site / "acme_data/registry/models.json", "team", extends=["./common.json"])
    write(site / "acme_data/registry/common.json", "common")
    write(tmp_path / "models.json", "own", extends=["acme"])
    registry = Registry.load(tmp_path / "models.json", required="core")
    assert (registry.findings, registry.ids) == ([], ("common", "team", "own"))
    assert registry.layers == ("acme/common.json", "acme", "project")


def test_a_registry_of_a_package_reads_nothing_outside_of_it(site: Path, tmp_path: Path) -> None:
    install(site, "acme", "acme_data")
    write(site / "acme_data/models.json", extends=["../../secret.json"])
    write(tmp_path / "secret.json", "secret")
    write(tmp_path / "models.json", extends=["acme"])
    (finding,) = Registry.load(tmp_path / "models.json").findings
    assert (finding.code, Path(finding.file).parent.name) == ("M503", "acme_data")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no_such_package", golden("the package `no_such_package` that its entry point names was not found")),
        ("acme_data", golden("the package `acme_data` holds no models.json")),
        ("a-b", golden("its entry point must name a package, such as `acme_models`, got `a-b`")),
        ("acme_data:load", golden("its entry point must name a package, such as `acme_models`, got `acme_data:load`")),
    ],
)
def test_an_entry_point_without_a_registry_says_what_is_wrong(
    site: Path, tmp_path: Path, value: str, told: str
) -> None:
    install(site, "acme", value)
    (site / "acme_data").mkdir()
    write(tmp_path / "models.json", extends=["acme"])
    (finding,) = Registry.load(tmp_path / "models.json").findings
    assert (finding.code, finding.message) == ("M515", golden(f"the registry `acme` cannot be used: {told}"))


def test_two_packages_with_one_name_are_not_chosen_between(site: Path, tmp_path: Path) -> None:
    install(site, "acme", "one")
    install(site, "acme", "two", number=2)
    write(tmp_path / "models.json", extends=["acme"])
    (finding,) = Registry.load(tmp_path / "models.json").findings
    assert finding.message == golden(
        "the registry `acme` cannot be used: several installed packages have a registry of this name: `one` and `two`"
    )


def test_damaged_metadata_of_another_package_does_not_matter(site: Path) -> None:
    (site / "broken-1.0.dist-info").mkdir()
    (site / "broken-1.0.dist-info/entry_points.txt").write_text("[hypiler.registries\nx")
    assert {"hypiler", "hypiler-hosted"} <= {*installed_names()}


def test_a_mistyped_name_gets_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path / "models.json", extends=["hypilr"])
    (finding,) = Registry.load(tmp_path / "models.json").findings
    assert (finding.code, finding.help) == ("M513", golden("did you mean `hypiler`?"))


def test_shipped_registries_have_names(tmp_path: Path) -> None:
    write(tmp_path / "models.json", "own", extends=["hypiler", "hypiler-hosted"])
    registry = Registry.load(tmp_path / "models.json", required="core")
    assert registry.findings == []
    assert registry.ids == (*Registry.shipped(hosted=True).ids, "own")
    assert registry["bge-m3"].verified_facts == Registry.shipped()["bge-m3"].verified_facts
    installed = find_installed("hypiler")
    assert installed is not None
    assert installed.paths is not None
