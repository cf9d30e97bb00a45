"""What is written into a lock can be read again, whatever the files of a model are called and say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hypiler.model_files.facts import FileFact
from hypiler.schema.fields import FIELDS
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, LockEntry, read_lock, recordable, write_lock
from hypiler.verification.merging import merged

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
NAMES = ANY_TEXT | st.sampled_from(
    ["config.json", "1_Pooling/config.json", "org/other:model.onnx", "CON", "a:b", "é.json"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | ANY_TEXT | st.just("x" * 30_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
FACTS = st.builds(FileFact, VALUES, NAMES, ANY_TEXT, ANY_TEXT | st.just("n" * 3_000), doubtful=st.booleans())
FILES = st.builds(
    LockedFile,
    st.none() | st.just("1" * 64) | st.just("2" * 64),
    st.none() | st.integers(0, 2**63),
    st.sampled_from([None, "fp32", "int8", "strange"]),
    st.sampled_from([AT_COMMIT, COPY]),
    st.lists(ANY_TEXT | st.sampled_from(["one/a:x", "two/b:x"]), max_size=20),
)
ENTRIES = st.builds(
    LockEntry,
    st.just("org/tiny"),
    st.sampled_from([None, "a" * 40, "b" * 40]),
    st.just("2026-01-31"),
    st.dictionaries(NAMES, FILES, max_size=4),
    st.dictionaries(st.sampled_from([field.name for field in FIELDS]), FACTS, max_size=4),
    complete=st.booleans(),
)


def again(entry: LockEntry) -> Any:
    text = write_lock({"tiny": entry})
    found, findings = read_lock(text.encode(), "models.lock.json")
    assert findings == []
    assert write_lock(found) == text
    return found["tiny"]


@given(entry=ENTRIES)
def test_every_reading_can_be_recorded_and_read_again(entry: LockEntry) -> None:
    kept = recordable(entry)
    assert again(kept) == kept
    assert recordable(kept) == kept


@given(old=ENTRIES, new=ENTRIES)
def test_merged_readings_can_be_read_again_and_learn_nothing_twice(old: LockEntry, new: LockEntry) -> None:
    first, second = recordable(old), recordable(new)
    found = merged(first, second)
    assert again(found) == found
    assert merged(found, found) is found


@given(old=ENTRIES, new=ENTRIES)
def test_no_file_of_the_commit_is_lost_to_a_copy(old: LockEntry, new: LockEntry) -> None:
    first, copy = recordable(old), recordable(LockEntry("org/tiny", None, "2026-02-01", new.files, new.facts))
    found = merged(first, copy)
    proved = {name: file for name, file in first.files.items() if file.read == AT_COMMIT and file.sha256}
    assert {name: (found.files[name].sha256, found.files[name].read) for name in proved} == {
        name: (file.sha256, AT_COMMIT) for name, file in proved.items()
    }
