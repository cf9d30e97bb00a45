"""Licences: the identifiers of SPDX, and what other words probably mean."""

from importlib import import_module

import pytest
from golden import golden

from hypiler.schema.license_expressions import (
    advice,
    exception_advice,
    is_vague,
    license_named,
    reference_to,
    respelled,
    unknown_words,
)
from hypiler.schema.licenses import EXCEPTIONS, LICENSES
from hypiler.schema.vocabulary import USUAL_LICENSES

# packaging has a copy of the list as well, which it does not publish.
OTHER = import_module("packaging.licenses._spdx")
# Identifiers that packaging's copy of the same version of the list has, and ours has not. Those with `+` are an
# identifier and the operator.
NOT_OURS = {"GPL-2.0-with-bison-exception"}


def test_identifiers_are_those_of_another_copy_of_the_list() -> None:
    licenses = {str(one["id"]) for one in OTHER.LICENSES.values()}
    assert {id for id in licenses if not id.endswith("+")} - NOT_OURS == LICENSES
    assert {str(one["id"]) for one in OTHER.EXCEPTIONS.values()} == EXCEPTIONS


def test_usual_licences_are_identifiers() -> None:
    assert set(USUAL_LICENSES) <= LICENSES


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "mit",
        "Apache-2.0+",
        "GPL-2.0",
        "MIT OR Apache-2.0",
        "(MIT OR Apache-2.0) AND BSD-3-Clause",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "LicenseRef-Gemma",
        "DocumentRef-spdx-tool-1.2:LicenseRef-MIT-Style-2",
        "LicenseRef-A WITH AdditionRef-b",
    ],
)
def test_words_that_spdx_knows(expression: str) -> None:
    assert list(unknown_words(expression)) == []


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("apache2", [("apache2", False)]),
        ("LicenseRef-A+", [("LicenseRef-A+", False)]),
        ("MIT WITH MIT", [("MIT", True)]),
        ("Classpath-exception-2.0", [("Classpath-exception-2.0", False)]),
        ("MIT OR (a AND b WITH c)", [("a", False), ("b", False), ("c", True)]),
        ("MIT WITH Bison-exception-2.2 WITH X", [("X", True)]),
        ("AdditionRef-b", [("AdditionRef-b", False)]),
    ],
)
def test_words_that_spdx_does_not_know(expression: str, words: list[tuple[str, bool]]) -> None:
    assert list(unknown_words(expression)) == words


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("mit", "MIT"),
        ("apache-2.0+", "Apache-2.0+"),
        ("(mit OR apache-2.0) AND mit-0", "(MIT OR Apache-2.0) AND MIT-0"),
        ("gpl-2.0-only WITH classpath-EXCEPTION-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-mit OR unheard", "LicenseRef-mit OR unheard"),
    ],
)
def test_identifiers_get_the_capitals_of_spdx(written: str, spelled: str) -> None:
    assert respelled(written) == spelled


@pytest.mark.parametrize(
    ("word", "license"),
    {
        "apache2": "Apache-2.0",
        "Apache 2.0": "Apache-2.0",
        "Apache License, Version 2.0": "Apache-2.0",
        "The MIT License": "MIT",
        "mitt": "MIT",
        "cc-by-nc-4": "CC-BY-NC-4.0",
        "CC-BY-NC-4.O": "CC-BY-NC-4.0",
        "cc0": "CC0-1.0",
        "bsd3": "BSD-3-Clause",
        "odbl": "ODbL-1.0",
    }.items(),
)
def test_word_that_means_an_identifier(word: str, license: str) -> None:
    assert advice(word) == f"did you mean `{license}`?"


@pytest.mark.parametrize(
    ("word", "reference"),
    {
        "gemma": "LicenseRef-Gemma",
        "llama3": "LicenseRef-llama3",
        "openrail++": "LicenseRef-openrail-plus-plus",
        "licenseref-mine": "LicenseRef-mine",
        "see-model-card": "LicenseRef-NAME",
        "other": "LicenseRef-NAME",
        "proprietary": "LicenseRef-NAME",
        "apache-2.0-modified": "LicenseRef-apache-2.0-modified",
    }.items(),
)
def test_word_for_terms_that_spdx_does_not_list(word: str, reference: str) -> None:
    text = "terms that SPDX does not list are written `{}`; put the address of the terms into `sources`"
    assert advice(word) == text.format(reference)


@pytest.mark.parametrize(
    ("word", "one"),
    {"cc-by-nc": "CC-BY-NC-4.0", "bsd": "BSD-3-Clause", "gpl": "GPL-3.0-only", "odc-by": "ODC-By-1.0"}.items(),
)
def test_word_for_a_family_of_licences(word: str, one: str) -> None:
    assert is_vague(word)
    assert advice(word) == f"write which of these licences it is, such as `{one}`"


def test_advice_about_an_exception() -> None:
    assert exception_advice("classpath-exception") == golden("did you mean `Classpath-exception-2.0`?")
    other = golden("SPDX lists the exceptions; a licence stands after AND or OR")
    assert exception_advice("MIT") == other


def test_names_without_letters_mean_nothing() -> None:
    assert [license_named("()"), reference_to("()"), license_named("")] == [None, None, None]
