"""What a lock records after a second reading: nothing is lost to weaker evidence, and partial readings add up."""

from typing import Any

import pytest

from hypiler.model_files.facts import FileFact
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, LockEntry, read_lock, write_lock
from hypiler.verification.merging import merged

A, B = "a" * 40, "b" * 40
DAY, LATER = "2026-01-31", "2026-02-28"
HERE, THERE = "tessera/one@1234567:x.json", "other/two@89abcde:y.json"


def file(letter: str | None = "1", read: str = AT_COMMIT, **parts: Any) -> LockedFile:
    return LockedFile(letter and letter * 64, parts.pop("size", 5), read=read, **parts)


def fact(value: Any, name: str = "config.json") -> FileFact:
    return FileFact(value, name, "key")


def reading(revision: str | None = A, date: str = LATER, *, complete: bool = False, **parts: Any) -> LockEntry:
    read = AT_COMMIT if revision else COPY
    files = parts.get("files", {"config.json": file(read=read)})
    facts = parts.get("facts", {"specs.hidden_dim": fact(8)})
    return LockEntry("org/tiny", revision, date, files, facts, complete=complete)


WHOLE = reading(
    A,
    DAY,
    complete=True,
    files={"config.json": file("1"), "README.md": file("2"), "model.safetensors": file("3", precision="fp32")},
    facts={"specs.hidden_dim": fact(8), "license": fact("MIT", "README.md"), "specs.vocab_size": fact(9)},
)


@pytest.mark.parametrize(
    "again",
    [
        WHOLE,
        reading(),
        reading(None),
        reading(None, files={"config.json": file("9", COPY)}, facts={"specs.hidden_dim": fact(7)}),
        reading(files={"config.json": file(None)}),
        reading(None, files={"model.safetensors": file("3", COPY, size=None)}, facts={}),
        reading(files={"config.json": file("1", COPY)}),
        reading(facts={}),
    ],
)
def test_reading_that_teaches_nothing_changes_nothing_not_even_the_day(again: LockEntry) -> None:
    dated = LockEntry(again.repository, again.revision, LATER, again.files, again.facts, complete=again.complete)
    assert merged(WHOLE, dated) is WHOLE


def test_partial_readings_of_a_commit_add_up() -> None:
    today = reading(date=DAY)
    rest = reading(files={"README.md": file("2")}, facts={"license": fact("MIT", "README.md")})
    found = merged(today, rest)
    assert found.files == {"config.json": file("1"), "README.md": file("2")}
    assert found.facts == {"specs.hidden_dim": fact(8), "license": fact("MIT", "README.md")}
    assert (found.date, found.complete) == (LATER, False)
    assert merged(found, WHOLE).complete


def test_copy_gives_way_to_the_commit_and_fills_what_is_unknown() -> None:
    copy = reading(
        None,
        DAY,
        files={"config.json": file("9", COPY), "README.md": file("2", COPY)},
        facts={"specs.hidden_dim": fact(7), "specs.vocab_size": fact(3), "license": fact("MIT", "README.md")},
    )
    for found in (merged(copy, reading()), merged(reading(date=DAY), copy)):
        assert found.revision == A
        assert found.files == {"config.json": file("1"), "README.md": file("2", COPY)}
        # What was read from other bytes than those that are recorded is not recorded.
        assert found.facts == {"specs.hidden_dim": fact(8), "license": fact("MIT", "README.md")}


def test_copy_with_the_bytes_of_the_commit_is_of_the_commit() -> None:
    found = merged(reading(None, DAY), reading(facts={}))
    assert found.files == {"config.json": file("1")}
    assert found.facts == {"specs.hidden_dim": fact(8)}


def test_complete_list_drops_what_the_commit_does_not_have() -> None:
    copy = reading(None, DAY, files={"old.json": file("8", COPY)}, facts={"license": fact("X", "old.json")})
    found = merged(copy, WHOLE)
    assert (found.files, found.facts) == (WHOLE.files, WHOLE.facts)


def test_files_of_variants_stay_while_their_repository_cannot_be_read() -> None:
    elsewhere = {"org/onnx:model.onnx": file("7")}
    old = LockEntry("org/tiny", A, DAY, {**WHOLE.files, **elsewhere}, WHOLE.facts, complete=True)
    assert merged(old, WHOLE) is old


def test_reader_that_no_longer_shows_a_fact_takes_it_away() -> None:
    fewer = reading(A, complete=True, files=WHOLE.files, facts={"specs.hidden_dim": fact(8)})
    assert merged(WHOLE, fewer).facts == fewer.facts
    assert merged(WHOLE, LockEntry("org/tiny", A, LATER, WHOLE.files, complete=True), judged=False) is WHOLE


@pytest.mark.parametrize("other", [reading(B), LockEntry("org/new", A, LATER)])
def test_another_commit_or_repository_starts_anew(other: LockEntry) -> None:
    assert merged(WHOLE, other) is other
    assert merged(None, other) is other


def test_second_independent_pin_makes_a_file_one_of_the_commit() -> None:
    one = reading(A, DAY, files={"config.json": file("1", COPY, pins=[HERE])})
    again = reading(A, files={"config.json": file("1", COPY, pins=["tessera/one@fffffff:z.json"])})
    other = reading(A, files={"config.json": file("1", COPY, pins=[THERE])})
    assert merged(one, again).files["config.json"].read == COPY
    found = merged(one, other).files["config.json"]
    assert (found.read, found.pins) == (AT_COMMIT, (THERE, HERE))


def test_lock_is_sorted_with_a_line_per_file_and_fact() -> None:
    text = write_lock({"b": WHOLE, "a": reading(None, DAY)})
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith(('"a"', '"b"'))] == ['"a": {', '"b": {']
    assert '"README.md": {"sha256": "' + "2" * 64 + '", "size": 5, "read": "commit"},' in lines
    assert lines.index('"specs.vocab_size": {"value": 9, "file": "config.json", "key": "key", "note": ""},') > 0
    assert read_lock(text.encode(), "x") == ({"a": reading(None, DAY), "b": WHOLE}, [])
    assert write_lock(read_lock(text.encode(), "x")[0]) == text
