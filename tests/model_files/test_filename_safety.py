"""File names of a repository that no system may be asked to open."""

import pytest
from golden import golden
from model_files.models import evidence

from hypiler.model_files.extract import Problem, next_files, safe_name, unsafe_names

UNSAFE = {
    "../x": "it has the part `..`",
    "a/../b": "it has the part `..`",
    "./x": "it has the part `.`",
    "/etc/x": "it is absolute",
    "": "it has an empty part",
    "a//b": "it has an empty part",
    "a/": "it has an empty part",
    "C:\\x": "it contains a backslash, which separates folders on Windows",
    "\\\\h\\s": "it contains a backslash, which separates folders on Windows",
    "a/..\\b": "it contains a backslash, which separates folders on Windows",
    "D:x": "it contains `:`, which names a drive or is not allowed on Windows",
    "a?": "it contains `?`, which names a drive or is not allowed on Windows",
    "%2e%2e/x": "it contains `%2e`, an escaped character",
    "a%2Fb": "it contains `%2F`, an escaped character",
    "a\0b": "it contains an unprintable character",
    "a\nb": "it contains an unprintable character",
    "a\u202eb": "it contains an unprintable character",
    "NUL": "`NUL` is a device on Windows",
    "a/nul.json": "`nul.json` is a device on Windows",
    "com1 .txt": "`com1 .txt` is a device on Windows",
    "LPT²": "`LPT²` is a device on Windows",
    "x.": "it has a part that ends with `.`, which Windows drops",
    "x ": "it has a part that ends with ` `, which Windows drops",
    "a./b": "it has a part that ends with `.`, which Windows drops",
    "x" * 5000: "it has 5000 characters; at most 1024 are allowed",
    "ü" * 128: "it has a part of 256 bytes; at most 255 are allowed",
}


@pytest.mark.parametrize("name", UNSAFE, ids=lambda name: repr(name[:12]))
def test_unsafe_name_says_why(name: str) -> None:
    assert safe_name(name) == UNSAFE[name]


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "1_Pooling/config.json",
        ".gitattributes",
        "模型.json",
        "COM10",
        "nullable.txt",
        "50%.md",
        "ü" * 127 + "x",
    ],
)
def test_usual_name_is_safe(name: str) -> None:
    assert safe_name(name) is None


def test_names_that_meet_on_another_system_are_unsafe() -> None:
    names = ["A", "a", "folder/x", "Folder", "b"]
    assert unsafe_names(names) == {
        "a": golden("it differs from `A` only in case"),
        "Folder": golden("there is a folder of this name"),
    }


def test_unsafe_names_are_told_and_cannot_forge_a_line() -> None:
    found = evidence({"config.json": {"model_type": "bert"}, "../config.json": {}, "a\nb": b"", "y" * 2000: b""})
    assert found.problems == [
        Problem("../config.json", "unsafe file name: it has the part `..`"),
        Problem("a\\nb", "unsafe file name: it contains an unprintable character"),
        Problem("y" * 100 + "…", "unsafe file name: it has 2000 characters; at most 1024 are allowed"),
    ]


def test_unsafe_name_is_neither_asked_for_nor_read() -> None:
    names = ["CONFIG.json", "config.json", "README.md", "readme.md"]
    assert next_files(names, {}) == ["README.md"]
    assert "specs.hidden_dim" not in evidence({"CONFIG.json": {}, "config.json": {"hidden_size": 8}}).facts


def test_many_names_are_judged_quickly() -> None:
    assert unsafe_names([f"{number}/" + "a/" * 400 + "b" for number in range(2000)]) == {}
