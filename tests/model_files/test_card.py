"""What a model card says, in the words of the registry."""

import json
from pathlib import Path
from typing import Any

import pytest
from model_files.models import evidence, place, values

from hypiler.model_files.extract import FileFact

SHIPPED = json.loads((Path(__file__).parents[2] / "models.json").read_bytes())["models"]


def facts(front: str, **files: Any) -> dict[str, FileFact]:
    return evidence({"README.md": f"---\n{front}\n---\n".encode()} | files).facts


LANGUAGES = {
    "language: en": ["en"],
    "language: no": ["no"],
    "language: [en, no, nb]": ["en", "no", "nb"],
    "language:\n- en\n- multilingual": ["en"],
    "language: multilingual": ["mul"],
    "language:\n- multilingual\n- zh\n- en\n- zh": ["zh", "en"],
    "language: [eng, deu, fil]": ["en", "de", "fil"],
    "language: [EN, pt-br, zh_hans, sr-latn-rs]": ["en", "pt-BR", "zh-Hans", "sr-Latn-RS"],
    "language: [jp, cn]": ["ja", "zh"],
    # XLM-R and its descendants list the codes that ISO 639 withdrew.
    "language: [in, iw, ji, jw, mo, IN-id]": ["id", "he", "yi", "jv", "ro", "id-ID"],
    "language: en, de": ["en", "de"],
    "language: English": ["en"],
}


@pytest.mark.parametrize(("front", "expected"), LANGUAGES.items(), ids=LANGUAGES)
def test_languages_are_codes(front: str, expected: list[str]) -> None:
    assert facts(front)["capabilities.languages"] == FileFact(expected, "README.md", "language")


def test_what_is_no_language_is_left_out() -> None:
    found = facts('language: [en, code, "a\\nb"]')["capabilities.languages"]
    assert found == FileFact(["en"], "README.md", "language", "without `code`, `a\\nb`")


@pytest.mark.parametrize(
    "front", ["language:", "language: []", "language: code", "language: {en: de}", "language: [[en]]"]
)
def test_card_without_a_language_says_none(front: str) -> None:
    assert "capabilities.languages" not in facts(front)


def test_card_that_is_something_else_is_named_as_what_it_is() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 3\n"
    for data, what in ((pointer, "a Git LFS pointer"), (b"<!DOCTYPE html>", "a web page (HTML)")):
        (problem,) = evidence({"README.md": data}).problems
        assert problem.message.startswith(f"the file is {what}, not the file itself: ")


def test_languages_stand_under_three_keys() -> None:
    front = "language: en\nlanguages: [de]\nlanguage_bcp47: [pt-br]"
    assert facts(front)["capabilities.languages"] == FileFact(["en", "de", "pt-BR"], "README.md", "language")
    assert facts("language_bcp47: [pt-br]")["capabilities.languages"].key == "language_bcp47"


def test_withdrawn_code_is_the_language_that_it_meant() -> None:
    assert facts("language: [in, iw, en]")["capabilities.languages"].value == ["id", "he", "en"]


def test_languages_among_the_tags_are_a_doubt() -> None:
    found = facts("language: en\ntags: [de, fr, en, sparse, region:us]")["capabilities.languages"]
    assert found == FileFact(["en"], "README.md", "language", "tags also name `de`, `fr`", doubtful=True)
    assert not facts("language: en\ntags: [en, feature-extraction]")["capabilities.languages"].doubtful


# The languages of the cards of two families of models, as their front matter lists them.
E5 = """
    multilingual af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu hy
    id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my ne nl 'no' om or pa pl ps pt ro ru sa sd si sk sl
    so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""
PARAPHRASE = """
    multilingual ar bg ca cs da de el en es et fa fi fr gl gu he hi hr hu hy id it ja ka ko ku lt lv mk mn mr ms my nb nl
    pl pt ro ru sk sl sq sr sv th tr uk ur vi
"""
CARDS = {
    "multilingual-e5-base": (E5, ""),
    "multilingual-e5-large": (E5, ""),
    "paraphrase-multilingual-minilm-l12-v2": (PARAPHRASE, "language_bcp47: [fr-ca, pt-br, zh-cn, zh-tw]"),
}


@pytest.mark.parametrize(("id", "card"), CARDS.items(), ids=CARDS)
def test_shipped_entry_has_the_languages_of_its_card(id: str, card: tuple[str, str]) -> None:
    front = "language:\n" + "".join([f"- {word}\n" for word in card[0].split()]) + card[1]
    (entry,) = [model for model in SHIPPED if model["id"] == id]
    assert sorted(facts(front)["capabilities.languages"].value) == sorted(entry["capabilities"]["languages"])


LICENSES = {
    "license: apache-2.0": ("Apache-2.0", "license"),
    "license: mit": ("MIT", "license"),
    "license: cc-by-nc-4.0": ("CC-BY-NC-4.0", "license"),
    "license: cc-by-nc-sa-4.0": ("CC-BY-NC-SA-4.0", "license"),
    "license: gemma": ("LicenseRef-Gemma", "license"),
    "license: odbl": ("ODbL-1.0", "license"),
    "license: epl-2.0": ("EPL-2.0", "license"),
    "license: other\nlicense_name: lfm1.0": ("LicenseRef-LFM-1.0", "license_name"),
    "license: other\nlicense_name: Some terms (v2)": ("LicenseRef-Some-terms-v2", "license_name"),
    "license: other\nlicense_name: apache-2.0": ("Apache-2.0", "license_name"),
    "license: llama2": ("LicenseRef-llama2", "license"),
    "license: [mit]": ("MIT", "license"),
    "license: CC0": ("CC0-1.0", "license"),
}


@pytest.mark.parametrize(("front", "expected"), LICENSES.items(), ids=LICENSES)
def test_licence_is_spelled_as_in_the_registry(front: str, expected: tuple[str, str]) -> None:
    assert place(evidence({"README.md": f"---\n{front}\n---\n".encode()}), "license") == (
        expected[0],
        "README.md",
        expected[1],
    )


def test_every_licence_of_the_shipped_registry_comes_of_a_word_of_the_hub() -> None:
    hub = {"LicenseRef-Gemma": "gemma", "LicenseRef-LFM-1.0": "other\nlicense_name: lfm1.0"}
    for license in {model["license"] for model in SHIPPED}:
        word = hub.get(license, license.lower())
        # The hub has words in lower case, and the case of a reference does not matter.
        assert facts(f"license: {word}")["license"].value.casefold() == license.casefold()


@pytest.mark.parametrize(
    "front",
    [
        "license:",
        "license: other",
        "license: unknown",
        "license: cc",
        "license: [mit, apache-2.0]",
        "license: []",
        "license: apache",
        "license: other\nlicense_name: (",
        "",
    ],
)
def test_licence_that_is_not_clear_is_not_known(front: str) -> None:
    assert "license" not in facts(front)


def test_licence_that_a_library_writes_on_its_own_is_marked() -> None:
    found = facts("library_name: model2vec\nlicense: mit")["license"]
    assert found == FileFact("MIT", "README.md", "license", "model2vec writes it by default", doubtful=True)
    assert facts("license: mit")["license"].note == ""
    assert facts("library_name: model2vec\nlicense: apache-2.0")["license"].note == ""


BASES = {
    "base_model: nreimers/MiniLM-L6-H384-uncased": "nreimers/MiniLM-L6-H384-uncased",
    "base_model: bert-base-uncased": "bert-base-uncased",
    "base_model:\n- BAAI/bge-m3-retromae": "BAAI/bge-m3-retromae",
    "base_model: [a/b, c/d]": None,
    "base_model: ../b": None,
    "base_model: /home/me/model": None,
    "base_model: a/b/c": None,
    "base_model:": None,
}


@pytest.mark.parametrize(("front", "expected"), BASES.items(), ids=BASES)
def test_base_model_is_one_repository(front: str, expected: str | None) -> None:
    found = facts(front).get("dependencies.base_model")
    assert found == (expected and FileFact(expected, "README.md", "base_model"))


def test_adapter_names_its_base_model() -> None:
    files = {
        "adapter_config.json": {"base_model_name_or_path": "vidore/colpaligemma-3b-pt-448-base", "peft_type": "LORA"}
    }
    expected = FileFact("vidore/colpaligemma-3b-pt-448-base", "adapter_config.json", "base_model_name_or_path")
    assert facts("license: mit", **files)["dependencies.base_model"] == expected
    assert facts("base_model: vidore/ColPaliGemma-3b-pt-448-base", **files)["dependencies.base_model"] == expected
    other = expected.doubted("base_model in README.md is `google/paligemma-3b-pt-448`")
    assert facts("base_model: google/paligemma-3b-pt-448", **files)["dependencies.base_model"] == other
    local = {"adapter_config.json": {"base_model_name_or_path": "/root/models/base"}}
    assert values(evidence(local)) == {}


def results(type: str = "msmarco", split: str = "dev", value: str = "36.398", times: int = 1) -> str:
    result = (
        "  - task:\n      type: Retrieval\n    dataset:\n"
        f"      type: {type}\n      name: MTEB MSMARCO\n      config: default\n      split: {split}\n      revision: None\n"
        f"    metrics:\n    - type: map_at_1\n      value: 22.834\n    - type: mrr_at_10\n      value: {value}\n"
    )
    return "model-index:\n- name: x\n  results:\n" + result * times + "license: mit"


@pytest.mark.parametrize("type", ["msmarco", "mteb/msmarco"])
def test_score_of_ms_marco_is_a_fraction_and_a_claim(type: str) -> None:
    expected = FileFact(0.36398, "README.md", "model-index", "the card's own claim")
    assert facts(results(type))["performance.ms_marco_mrr10"] == expected


@pytest.mark.parametrize(
    "front",
    [
        results(split="test"),
        results(split="validation"),
        results("mteb/nfcorpus"),
        results(value="0.364"),
        results(value="0"),
        results(value="101"),
        results(value=".inf"),
        results(value="[1]"),
        results(times=2),
        "model-index: a",
        "model-index:\n- a\n- results: b\n- results:\n  - c\n  - dataset: msmarco\n  - dataset: {type: [msmarco]}",
    ],
)
def test_score_that_can_be_mistaken_is_not_taken(front: str) -> None:
    assert "performance.ms_marco_mrr10" not in facts(front)
