"""Bills of materials: they validate strictly against the schemas of their formats, and say what the registry says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import HOSTILE, registry_of

from hypiler.cli.main import main
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.lifecycle.bom_facts import build_time
from hypiler.lifecycle.cyclonedx_bom import to_cyclonedx
from hypiler.lifecycle.spdx_bom import to_spdx
from hypiler.registry import Registry
from hypiler.schema.requirements import Requirements

pytest.importorskip("cyclonedx", reason="python -m pip install 'hypiler[sbom]'")
pytest.importorskip("spdx_tools", reason="python -m pip install 'hypiler[sbom]'")

Capture = pytest.CaptureFixture[str]
Write = Callable[[CheckedRegistry], str]
COMMIT, SUM = "1" * 40, "a" * 64
WRITERS = [pytest.param(to_cyclonedx, id="cyclonedx"), pytest.param(to_spdx, id="spdx")]


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def check(text: str) -> Any:
    """The document, after its own library has validated it."""
    document = json.loads(text)
    if "bomFormat" in document:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    else:
        from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

        found = validate_full_spdx_document(JsonLikeDictParser().parse(document))
        assert [one.validation_message for one in found] == []
    return document


def registry(*models: Any, required: str = "core") -> CheckedRegistry:
    made = compile_registry(
        [("models.json", json.dumps(registry_of(*models)).encode())], required=Requirements(required)
    )
    assert made.ok, made.findings
    return made


OPEN = {
    "id": "open",
    "type": "dense",
    "name": "Open",
    "huggingface_id": "org/open",
    "revision": COMMIT,
    "organization": "Org (Germany)",
    "license": "Apache-2.0",
    "description": "A model.",
    "dependencies": {"base_model": "org/base"},
    "specs": {"embedding_dim": 8, "context_length": 512},
    "architecture": {"type": "bert", "variant": "small"},
    "capabilities": {"languages": ["en", "de"], "modalities": ["text"]},
    "files": {"sha256": {"model.safetensors": SUM}},
    "performance": {"beir_avg": 0.5, "beir_datasets": "beir-13"},
    "sources": {"license": {"url": "https://example.org/card"}},
}
HOSTED = {
    "id": "hosted",
    "type": "dense",
    "name": "Hosted",
    "source": {"api": "openai", "model": "m-1", "regions": ["eu"]},
    "license": "LicenseRef-Acme",
    "specs": {"embedding_dim": 8},
}


def test_cyclonedx_says_what_the_registry_says() -> None:
    document = check(to_cyclonedx(registry(OPEN, HOSTED)))
    (component,) = document["components"]
    properties = {one["name"]: one["value"] for one in component.pop("properties")}
    assert component == {
        "bom-ref": "model:open",
        "components": [
            {
                "bom-ref": "model:open/:model.safetensors",
                "hashes": [{"alg": "SHA-256", "content": SUM}],
                "name": "model.safetensors",
                "type": "file",
            }
        ],
        "description": "A model.",
        "externalReferences": [{"type": "website", "url": f"https://huggingface.co/org/open/tree/{COMMIT}"}],
        "group": "org",
        "licenses": [{"license": {"acknowledgement": "declared", "id": "Apache-2.0"}}],
        "name": "open",
        "pedigree": {
            "ancestors": [
                {
                    "bom-ref": "model:open/base",
                    "group": "org",
                    "name": "base",
                    "purl": "pkg:huggingface/org/base",
                    "type": "machine-learning-model",
                }
            ]
        },
        "publisher": "Org (Germany)",
        "purl": f"pkg:huggingface/org/open@{COMMIT}",
        "supplier": {"name": "Org (Germany)"},
        "type": "machine-learning-model",
        "version": COMMIT,
        "modelCard": {
            "modelParameters": {
                "task": "feature-extraction",
                "architectureFamily": "bert",
                "modelArchitecture": "small",
                "inputs": [{"format": "text"}],
                "outputs": [{"format": "vector of 8 numbers"}],
            },
            "quantitativeAnalysis": {"performanceMetrics": [{"type": "nDCG@10", "value": "0.5", "slice": "beir-13"}]},
            "properties": [{"name": "hypiler:language", "value": "en"}, {"name": "hypiler:language", "value": "de"}],
        },
    }
    assert properties["hypiler:source:license"] == "https://example.org/card"
    (service,) = document["services"]
    assert (service["name"], service["group"], service["x-trust-boundary"]) == ("m-1", "openai", True)
    assert {"name": "hypiler:region", "value": "eu"} in service["properties"]
    assert "timestamp" not in document["metadata"]
    (root, *_) = [one for one in document["dependencies"] if one["ref"] == "registry"]
    assert root["dependsOn"] == ["model:hosted", "model:open"]


def test_spdx_says_what_the_registry_says() -> None:
    document = check(to_spdx(registry(OPEN, HOSTED)))
    whole, model, file, hosted = document["packages"]
    assert (whole["name"], whole["SPDXID"]) == ("models.json", "SPDXRef-Registry")
    assert {key: model[key] for key in ("name", "versionInfo", "downloadLocation", "licenseDeclared", "supplier")} == {
        "name": "org/open",
        "versionInfo": COMMIT,
        "downloadLocation": f"git+https://huggingface.co/org/open@{COMMIT}",
        "licenseDeclared": "Apache-2.0",
        # What stands in parentheses would be an address.
        "supplier": "Organization: Org Germany",
    }
    assert model["externalRefs"][0]["referenceLocator"] == f"pkg:huggingface/org/open@{COMMIT}"
    assert file["checksums"] == [{"algorithm": "SHA256", "checksumValue": SUM}]
    assert hosted["downloadLocation"] == "NOASSERTION"
    assert hosted["licenseDeclared"] == "LicenseRef-Acme"
    assert [one["licenseId"] for one in document["hasExtractedLicensingInfos"]] == ["LicenseRef-Acme"]
    assert document["creationInfo"]["created"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("write", WRITERS)
def test_same_registry_gives_the_same_bytes_and_another_one_another_number(write: Write) -> None:
    first, again, other = (write(registry(OPEN, *more)) for more in ([], [], [HOSTED]))
    assert first == again
    number = "serialNumber" if write is to_cyclonedx else "documentNamespace"
    assert json.loads(first)[number] != json.loads(other)[number]


@pytest.mark.parametrize("write", WRITERS)
def test_registry_without_models_has_a_document(write: Write) -> None:
    check(write(registry()))


@pytest.mark.parametrize("write", WRITERS)
def test_document_does_not_name_folders_of_the_machine(write: Write, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "models.json").write_text(json.dumps(registry_of(OPEN)))
    loaded: list[Any] = [Registry.load(tmp_path / name / "models.json", required="core") for name in ("one", "two")]
    one, two = map(write, loaded)
    assert one == two
    assert "two" not in two


@pytest.mark.parametrize("write", WRITERS)
def test_time_is_that_of_the_environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert "2023-11-14T22:13:20" in write(registry(OPEN))


@pytest.mark.parametrize("text", ["abc", "-1", "1.5", "9" * 12, "१"])
def test_time_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH must be a number of seconds since 1970, got "):
        build_time()


@pytest.mark.parametrize("write", WRITERS)
def test_hostile_text_of_a_registry_stays_text(write: Write) -> None:
    """In one document, and as one text but for some: the validator of CycloneDX takes long for each value."""
    hostile = [text for text in [*HOSTILE, "\x00", "\u202e", "a (b) c", "'" * 300, "]]>"] if text.strip()]
    texts = [" ".join(hostile), "()", "\x00\r\n\t", *hostile[:5]]
    models = [
        {
            "id": f"m{number}",
            "type": "dense",
            "name": text,
            **({"huggingface_id": "org/m"} if number % 2 else {"source": {"path": text}}),
            "organization": text,
            "description": text,
            "license": "Apache-2.0-typo" if number % 2 else "LicenseRef-x AND MIT",
            "sources": {"license": text},
            "deprecated": text,
            "specs": {"embedding_dim": 8},
        }
        for number, text in enumerate(texts)
    ]
    document = check(write(registry(*models)))
    stated = {one.get("description") for one in document.get("components", document.get("packages"))}
    assert {*texts} == stated - {None}


@pytest.mark.parametrize("write", WRITERS)
def test_addresses_are_written_as_the_formats_want_them(write: Write) -> None:
    urls = ["https://example.org/a|b^c.onnx?x={y}&z=`1`", "https://example.org/a%20b#c", "https://example.org/%zz[é"]
    text = write(registry(*[{"id": f"m{n}", **_behind(url)} for n, url in enumerate(urls)]))
    check(text)
    assert "https://example.org/a%7Cb%5Ec.onnx?x=%7By%7D&z=%601%60" in text
    assert '"https://example.org/a%20b#c"' in text


def _behind(url: str) -> dict[str, Any]:
    return {**{key: OPEN[key] for key in ("type", "name", "specs")}, "source": {"url": url, "sha256": SUM}}


LICENSES = {
    "MIT OR Apache-2.0": ("MIT OR Apache-2.0", {"expression": "MIT OR Apache-2.0"}),
    "mit": ("MIT", {"license": {"id": "MIT"}}),
    "Unlisted-1.0": ("LicenseRef-Unlisted-1.0", {"license": {"name": "Unlisted-1.0"}}),
    "GPL-2.0-only WITH Classpath-exception-2.0": (
        "GPL-2.0-only WITH Classpath-exception-2.0",
        {"expression": "GPL-2.0-only WITH Classpath-exception-2.0"},
    ),
    # The library of SPDX does not know it.
    "EUPL-1.1+ OR MIT": ("LicenseRef-EUPL-1.1-plus OR MIT", {"license": {"name": "EUPL-1.1+ OR MIT"}}),
    # SPDX 2.3 has no word for it.
    "MIT WITH AdditionRef-x": ("NOASSERTION", None),
    "DocumentRef-a:LicenseRef-b": ("NOASSERTION", {"license": {"name": "DocumentRef-a:LicenseRef-b"}}),
}


def test_licence_is_written_in_the_words_of_each_format() -> None:
    models = [{**OPEN, "id": f"m{number}", "license": license} for number, license in enumerate(LICENSES)]
    made = registry(*models)
    spdx, cyclonedx = check(to_spdx(made)), check(to_cyclonedx(made))
    declared = [one["licenseDeclared"] for one in spdx["packages"] if one["SPDXID"].startswith("SPDXRef-Model")]
    assert declared == [declared for declared, _ in LICENSES.values()]
    by_ref = {one["bom-ref"]: one["licenses"][0] for one in cyclonedx["components"]}
    for number, (_, expected) in enumerate(LICENSES.values()):
        found = by_ref[f"model:m{number}"]
        found.get("license", found).pop("acknowledgement")
        assert expected in (None, found)


class TestCommand:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("models.json").write_text(json.dumps(registry_of(OPEN)))

    @pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
    def test_document_is_printed_or_written(self, form: str, capsys: Capture) -> None:
        words = ["sbom", "--format", form, "--file", "models.json"]
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert main([*words, "--output", "out/bom.json"]) == main([*words, "--output", "out/bom.json"]) == 0
        assert capsys.readouterr().out == "out/bom.json: written\nout/bom.json: already up to date\n"
        assert Path("out/bom.json").read_text() == printed
        check(printed)

    def test_other_file_is_not_replaced(self, capsys: Capture) -> None:
        before = Path("models.json").read_text()
        words = ["sbom", "--format", "spdx", "--file", "models.json", "--output", "models.json"]
        assert main(words) == 2
        assert capsys.readouterr().err == golden(
            "hypiler: --output: `models.json` is no bill of materials: name another file\n"
        )
        assert Path("models.json").read_text() == before

    def test_wrong_time_is_told(self, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
        assert main(["sbom", "--format", "cyclonedx", "--file", "models.json"]) == 2
        assert capsys.readouterr().err == golden(
            "hypiler: SOURCE_DATE_EPOCH must be a number of seconds since 1970, got 'yesterday'\n"
        )
