"""A company's project stands on the shipped registry and on the registry of an installed package."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from generated import run_python
from slow import slow

from hypiler.cli.main import main
from hypiler.registry import Registry
from hypiler.schema.license_terms import license_class

pytestmark = slow

PACKAGES = Path(__file__).parents[1] / "packages"
Capture = pytest.CaptureFixture[str]


def install(site: Path, package: Path = PACKAGES / "acme-models/acme_models", name: str = "acme-models") -> None:
    """What an installer writes: the package, and the metadata with its entry point."""
    shutil.copytree(package, site / package.name)
    info = site / f"{package.name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hypiler.registries]\n{name} = {package.name}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, without any yet."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "acme-search"
    shutil.copytree(PACKAGES / "acme-search", folder)
    monkeypatch.chdir(folder)
    return folder


def test_company_registry_is_checked_built_and_explained(site: Path, project: Path, capsys: Capture) -> None:
    install(site)
    count = len(Registry.shipped()) - 2 + 2
    assert main(["check", "--strict"]) == 0
    assert capsys.readouterr().out == f"{count} models, no findings\n"
    assert main(["build"]) == 0
    assert capsys.readouterr().out == f"src/acme_search/model_registry.py: {count} models, written\n"
    assert main(["build", "--check"]) == 0
    capsys.readouterr()
    assert main(["explain", "bge-base-en-v1.5.encoding.document_length"]) == 0
    shown = capsys.readouterr().out
    assert re.findall(r"^\d\. layer ([\w-]+), .*/?models\.json:\d+:\d+(.*)\n   value: (.*)$", shown, re.MULTILINE) == [
        ("acme-models", "", "256"),
        ("hypiler", ", overridden", "512"),
    ]
    assert "source: Acme's load test: longer passages are cut\n" in shown
    assert main(["explain", "nv-embed-v2", "license"]) == 0
    assert "`nv-embed-v2` is hidden by layer `acme-models`, " in capsys.readouterr().out
    assert "acme_models" not in sys.modules


PROGRAM = """
import importlib.util
assert importlib.util.find_spec("hypiler") is None
from acme_search.model_registry import ACME_ENCODER, ACME_TICKETS, BGE_BASE_EN_V1_5, MODELS
print(ACME_ENCODER.query_prefix, ACME_ENCODER.document_prefix, ACME_TICKETS.embedding_dim)
print(BGE_BASE_EN_V1_5.document_length, BGE_BASE_EN_V1_5.sources["encoding.document_length"], BGE_BASE_EN_V1_5.verified_facts > 0)
print("nv-embed-v2" in MODELS, "e5-mistral-7b-instruct" in MODELS, dict(MODELS["bge-small-en-v1.5"].extra))
"""


def test_generated_module_and_its_types_cover_all_layers(site: Path, project: Path) -> None:
    install(site)
    assert main(["build", "-q"]) == 0
    done = run_python(PROGRAM, cwd=project / "src", PYTHONPATH=str(project / "src"))
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "search:  passage:  384",
        "256 Acme's load test: longer passages are cut True",
        "False False {'approved_by': 'the security team'}",
    ]
    stub = (project / "src/acme_search/model_registry.pyi").read_text()
    assert re.findall(
        r"^(ACME_\w+|BGE_BASE_EN_V1_5|NV_EMBED_V2): Final\[ModelInfo\[Literal\[([\d, ]+)\]\]\]", stub, re.MULTILINE
    ) == [
        ("BGE_BASE_EN_V1_5", "768"),
        ("ACME_ENCODER", "384"),
        ("ACME_TICKETS", "384"),
    ]


def test_new_version_of_a_base_makes_the_module_stale(site: Path, project: Path, capsys: Capture) -> None:
    install(site)
    assert main(["build", "-q"]) == 0
    base = site / "acme_models/models.json"
    base.write_text(base.read_text().replace("the security team", "the platform team"))
    assert main(["build", "--check"]) == 1
    assert (
        "is stale: the registry has changed since it was generated, in layer `acme-models`; the first model that differs"
        in capsys.readouterr().err
    )


def test_base_that_is_not_installed_is_one_finding(site: Path, project: Path, capsys: Capture) -> None:
    assert main(["check", "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["file"], finding["path"]) == (
        "M513",
        "pyproject.toml",
        "$.tool.hypiler.extends[1]",
    )
    assert "add it to `requires` of [build-system]" in finding["help"]


def test_base_in_an_archive_is_read_without_importing_it(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "packed/site").mkdir(parents=True)
    install(tmp_path / "packed/site")
    archive = tmp_path / "acme.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted((tmp_path / "packed/site").rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(tmp_path / "packed/site"))
    monkeypatch.syspath_prepend(archive)
    assert main(["check"]) == 0
    assert "acme_models" not in sys.modules
    assert Registry.project().layers == ("hypiler", "acme-models", "project")


def test_policy_of_the_company_holds_for_every_layer(site: Path, project: Path, capsys: Capture) -> None:
    """It refuses the non-commercial models of the shipped registry until somebody hides them or grants an exception."""
    install(site)
    models: Any = Registry.project().models
    refused = [model for model in models if license_class(model.license) == "non-commercial"]
    licenses = sorted({model.license for model in models} - {model.license for model in refused})
    options = Path("pyproject.toml")
    text = f"{options.read_text()}\n[tool.hypiler.policy]\nlicenses = {json.dumps(licenses)}\n"
    options.write_text(text)
    assert main(["check", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(one["code"], one["model"]) for one in findings] == [("M263", model.id) for model in refused]
    assert all(one["help"].endswith("; or list the model in `hidden`") for one in findings)
    kept, *others = [model.id for model in refused]
    tree = json.loads(Path("models.json").read_text())
    Path("models.json").write_text(json.dumps(tree | {"hidden": [*tree["hidden"], *others]}))
    exception = f'{{ model = "{kept}", rule = "licenses", reason = "contract 12" }}'
    options.write_text(f"{text}exceptions = [{exception}]\n")
    assert main(["build", "--strict"]) == 0
    module = Path("src/acme_search/model_registry.py").read_text()
    assert f"\nexceptions|{kept}=licenses=\n" in module
    assert "contract 12" not in module


def git(*words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


def test_gate_of_the_company_classes_each_commit(site: Path, project: Path, capsys: Capture) -> None:
    """Its own model, a model of the installed package and shipped models change, each in a commit of its own."""
    install(site)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "models")
    tree = json.loads(Path("models.json").read_text())
    tickets, (encoder, bge) = tree["models"][0], tree["overrides"]

    def classes_after(part: dict[str, Any], key: str, value: Any) -> list[tuple[str, str | None, str]]:
        part[key] = value
        Path("models.json").write_text(json.dumps(tree))
        git("commit", "-qam", "change")
        found = main(["diff", "HEAD~1", "HEAD", "--format", "json"])
        (compared,) = json.loads(capsys.readouterr().out)["registries"]
        changes = [(one["model"], one["path"], one["kind"]) for one in compared["changes"]]
        fails = {"breaks-vectors", "breaks-api", "licence-tightened"}
        assert found == any(one["kind"] in fails for one in compared["changes"])
        # A model whose vectors change is named by itself as well.
        return [change for change in changes if change[1] or "vectors" not in change[2]]

    prefix, query = "encoding.document_prefix", "encoding.query_prefix"
    own, shipped = "acme-tickets", "bge-base-en-v1.5"
    assert classes_after(tickets["encoding"], "document_prefix", "doc: ") == [(own, prefix, "breaks-vectors")]
    assert classes_after(tickets, "revision", "1" * 40) == [(own, "revision", "vectors-undecided")]
    assert classes_after(encoder["encoding"], "query_prefix", "find: ") == [("acme-encoder", query, "breaks-vectors")]
    bge["sources"] = {"license": "a letter"}
    tightened = classes_after(bge, "license", "CC-BY-NC-4.0")
    assert {(shipped, "license", "licence-tightened"), (shipped, "lock", "evidence-weaker")} < {*tightened}
    assert classes_after(tickets["specs"], "parameters", "34M") == [(own, "specs.parameters", "fact-corrected")]
    assert classes_after(tickets, "sources", {"license": "a letter"}) == [(own, "sources", "added")]
    assert classes_after(tickets, "sources", {}) == [(own, "sources", "evidence-weaker")]
    assert classes_after(bge, "description", "Another sentence.") == [(shipped, "description", "cosmetic")]
    assert classes_after(tree, "hidden", [*tree["hidden"], "gte-small"]) == [("gte-small", "", "breaks-api")]
