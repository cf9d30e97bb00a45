"""Public pins: two independent ones prove a file, one says that it agrees with a copy."""

import pytest
from golden import golden

from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, are_independent
from hypiler.verification.public_pins import COLUMNS, PinsError, PublicPins, with_pins

A = "a" * 40
HEADER = "\t".join(COLUMNS)


def table(*lines: tuple[str, ...]) -> PublicPins:
    return PublicPins("\n".join([HEADER, *["\t".join(line) for line in lines]]))


def line(letter: str, where: str, size: str = "5", *, revision: str = A, name: str = "config.json") -> tuple[str, ...]:
    return ("org/tiny", revision, name, size, letter * 64, where)


@pytest.mark.parametrize(
    ("places", "independent"),
    [
        (["one/a@1234567:x.json"], False),
        (["one/a@1234567:x.json", "one/a@89abcde:y.json"], False),
        (["one/a@1234567:x.json", "One/A:y.json"], False),
        (["one/a@1234567:x.json", "https://github.com/one/a/blob/main/x.json"], False),
        (["one/a@1234567:x.json", "one/b@1234567:x.json"], True),
        (["one/a@1234567:x.json", "https://gitlab.com/one/a/x.json"], True),
        (["one/a@1234567:x.json", "bytes in two/b@a1e37e7eab85:models/vocab.json"], True),
        (["one/a@1234567:x.json", "public code file, index id 1", "public code file, index id 2"], False),
        (["a page", "another page"], False),
        (["one/a@1234567:x.json", "a page with the sum of onnx/model.onnx and 1_Pooling/config.json"], False),
        (["one/a@1234567:x.json", "a page, see https://github.com/two/b"], True),
    ],
)
def test_pins_are_independent_if_they_name_different_repositories(places: list[str], independent: bool) -> None:
    assert are_independent(places) is independent


def test_one_pin_is_of_a_copy_and_two_are_of_the_commit() -> None:
    one, two = line("1", "one/a@1234567:x.json"), line("1", "two/b@1234567:x.json", "?")
    assert table(one).of("org/tiny", A) == {
        "config.json": LockedFile("1" * 64, 5, read=COPY, pins=["one/a@1234567:x.json"])
    }
    assert table(one, two).of("org/tiny", A) == {
        "config.json": LockedFile("1" * 64, 5, pins=["one/a@1234567:x.json", "two/b@1234567:x.json"])
    }
    assert table(one).of("org/other", A) == table(one).of("org/tiny", "b" * 40) == table(one).of("org/tiny", None) == {}


def test_pins_that_contradict_each_other_prove_nothing_unless_one_side_is_proved() -> None:
    one, two, three = line("1", "one/a:x"), line("2", "two/b:x"), line("1", "three/c:x")
    assert table(one, two).of("org/tiny", A) == {}
    assert table(one, two, three).of("org/tiny", A)["config.json"].sha256 == "1" * 64
    assert table(one, two, three, line("2", "four/d:x")).of("org/tiny", A) == {}


def test_lines_without_a_whole_commit_or_sum_are_notes() -> None:
    short = ("org/tiny", "a" * 12, "config.json", "5", "1" * 64, "one/a:x")
    none = ("org/tiny", A, "config.json", "970 B", "?", "a page")
    assert table(short, none, ("# a comment",)).of("org/tiny", A) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", golden('the first line must be model revision file size sha256 where, separated by tabs; got ""')),
        (
            "model,file",
            golden('the first line must be model revision file size sha256 where, separated by tabs; got "model,file"'),
        ),
        (HEADER + "\na\tb", golden("line 2 must have 6 cells, separated by tabs; got 2")),
        (
            HEADER + "\n" + "\t".join(line("1", "x" * 400)),
            golden(f"line 2: `{'x' * 60}…` must say in a short text where the pin is published"),
        ),
    ],
)
def test_text_that_is_no_table_is_refused(text: str, told: str) -> None:
    with pytest.raises(PinsError) as caught:
        PublicPins(text)
    assert str(caught.value) == told


def test_files_take_the_pins_of_their_own_bytes() -> None:
    proved = {"config.json": LockedFile("1" * 64, 5, pins=["one/a:x", "two/b:x"])}
    claimed = {"config.json": LockedFile("1" * 64, 5, read=COPY, pins=["one/a:x"])}
    same, other = LockedFile("1" * 64, None, "fp32", COPY), LockedFile("9" * 64, 7, read=COPY)
    assert with_pins({"config.json": same}, proved) == {
        "config.json": LockedFile("1" * 64, 5, "fp32", AT_COMMIT, ["one/a:x", "two/b:x"])
    }
    assert with_pins({"config.json": same}, claimed)["config.json"].read == COPY
    assert with_pins({"config.json": other}, proved) == proved
    assert with_pins({"config.json": other}, claimed) == {"config.json": other}
    assert with_pins({}, claimed) == claimed
