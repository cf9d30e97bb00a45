"""What a policy holds, how pyproject.toml states it, and how a generated module carries it."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypiler.schema.policy import RULES, Policy, PolicyException, utc_today
from hypiler.schema.policy_options import read_policy

EVERYTHING = """
licenses = ["Apache-2.0", "LicenseRef-Acme OR MIT"]
pins = true
checksums = true
verification = "commit"
organizations = ["BAAI", 'a "quoted" | one; = , é']
remote_code = false
pickle = false
hosted = ["openai"]
regions = ["eu-central-1"]
exceptions = [{ model = "x", rule = "licenses", reason = "contract 12", until = 2027-01-01 }]
"""


def faults(text: str) -> list[tuple[str, tuple[Any, ...], str, str | None]]:
    _, found = read_policy(tomllib.loads(text))
    return [(one.code, one.path, one.message, one.help) for one in found]


def test_every_rule_is_read() -> None:
    policy, found = read_policy(tomllib.loads(EVERYTHING))
    assert found == []
    assert {name: getattr(policy, name) for name in RULES} == {
        "licenses": ("Apache-2.0", "LicenseRef-Acme OR MIT"),
        "pins": True,
        "checksums": True,
        "verification": "commit",
        "organizations": ("BAAI", 'a "quoted" | one; = , é'),
        "remote_code": False,
        "pickle": False,
        "hosted": ("openai",),
        "regions": ("eu-central-1",),
    }
    (one,) = policy.exceptions
    assert (one.model, one.rule, one.until, one.reason) == ("x", "licenses", "2027-01-01", "contract 12")


def test_policy_without_rules_allows_everything_and_carries_nothing() -> None:
    policy, found = read_policy({})
    assert found == []
    assert policy.to_dict() == {}
    assert policy.lines() == []


def test_module_carries_every_rule_and_no_reason() -> None:
    policy, _ = read_policy(tomllib.loads(EVERYTHING))
    carried = Policy.of_lines(policy.lines())
    assert carried.to_dict() == policy.to_dict()
    assert [one.reason for one in carried.exceptions] == [""]
    assert "contract" not in "".join(policy.lines())


NAMES = st.text(min_size=1, max_size=8)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("licenses", "organizations", "regions"), st.lists(NAMES, min_size=1).map(tuple)),
            **dict.fromkeys(("pins", "checksums", "remote_code", "pickle"), st.booleans()),
            "verification": st.sampled_from(["copy", "commit"]),
            "hosted": st.booleans() | st.lists(NAMES, min_size=1).map(tuple),
        },
    ),
    st.lists(st.tuples(NAMES, st.sampled_from(RULES), st.none() | st.just("2027-01-01"))),
)
def test_what_a_module_carries_is_the_policy(
    rules: dict[str, Any], exceptions: list[tuple[str, str, str | None]]
) -> None:
    """Whatever the names are: each line is printable ASCII without double quotes, as rows are."""
    policy = Policy(rules, [PolicyException(*one) for one in exceptions])
    lines = policy.lines()
    assert all(line.isascii() and line.isprintable() and '"' not in line for line in lines)
    assert Policy.of_lines(lines).to_dict() == policy.to_dict()


def test_exception_applies_up_to_its_last_day() -> None:
    policy = Policy({}, [PolicyException("x", "pins", "2027-01-01"), PolicyException("y", "pins")])
    assert policy.excuses("x", "pins", "2027-01-01")
    assert not policy.excuses("x", "pins", "2027-01-02")
    assert policy.excuses("y", "pins", "9999-12-31")
    assert not policy.excuses("x", "licenses", "2026-01-01")
    assert policy.excuses("y", "pins", utc_today())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'license = ["MIT"]',
            ("M516", ("license",), "unknown rule `license` in `tool.hypiler.policy`", "did you mean `licenses`?"),
        ),
        (
            "colour = 1",
            (
                "M516",
                ("colour",),
                "unknown rule `colour` in `tool.hypiler.policy`",
                "the rules are licenses, pins, checksums, verification, organizations, remote_code, pickle, hosted,"
                " regions",
            ),
        ),
        ('pins = "yes"', ("M517", ("pins",), '`pins` must be true or false, got "yes"', None)),
        ("remote_code = 0", ("M517", ("remote_code",), "`remote_code` must be true or false, got 0", None)),
        (
            'verification = "comit"',
            (
                "M517",
                ("verification",),
                '`verification` must be "copy" or "commit", got "comit"',
                "did you mean `commit`?",
            ),
        ),
        (
            "verification = true",
            ("M517", ("verification",), '`verification` must be "copy" or "commit", got true', None),
        ),
        (
            'licenses = "MIT"',
            (
                "M517",
                ("licenses",),
                '`licenses` must be a list of texts, at least one, got "MIT"',
                'write licenses = ["Apache-2.0", "MIT"]',
            ),
        ),
        (
            "organizations = []",
            (
                "M517",
                ("organizations",),
                "`organizations` must be a list of texts, at least one, got a list",
                'write organizations = ["BAAI"]',
            ),
        ),
        (
            'regions = ["eu", 3]',
            (
                "M517",
                ("regions", 1),
                "`regions` must be a list of texts, at least one, got 3",
                'write regions = ["eu-central-1"]',
            ),
        ),
        (
            "hosted = 2027-01-01",
            (
                "M517",
                ("hosted",),
                "`hosted` must be true, false or a list of texts, at least one, got 2027-01-01",
                'write hosted = ["openai"]',
            ),
        ),
        (
            'licenses = ["MIT", "Apache2"]',
            (
                "M517",
                ("licenses", 1),
                "`licenses` names `Apache2`, but SPDX lists no such licence",
                "did you mean `Apache-2.0`?",
            ),
        ),
        (
            "exceptions = {}",
            (
                "M517",
                ("exceptions",),
                "`exceptions` must be a list of tables, got an object",
                'write exceptions = [{ model = "x", rule = "licenses", reason = "contract 12", until = 2027-01-01 }]',
            ),
        ),
        (
            "exceptions = [3]",
            (
                "M517",
                ("exceptions", 0),
                "an exception must be a table, got 3",
                'write exceptions = [{ model = "x", rule = "licenses", reason = "contract 12", until = 2027-01-01 }]',
            ),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins" }]',
            (
                "M517",
                ("exceptions", 0),
                "an exception must have a `reason`",
                'say why, such as reason = "contract 12"',
            ),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins", reason = " " }]',
            ("M517", ("exceptions", 0, "reason"), '`reason` of an exception must be a text, got " "', None),
        ),
        (
            'exceptions = [{ model = "x", rule = "pin", reason = "r" }]',
            (
                "M517",
                ("exceptions", 0, "rule"),
                "`rule` of an exception must be a rule, got `pin`",
                "did you mean `pins`?",
            ),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins", reason = "r", untill = 2027-01-01 }]',
            ("M516", ("exceptions", 0, "untill"), "unknown key `untill` in an exception", "did you mean `until`?"),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins", reason = "r", until = "2027-01-01" }]',
            (
                "M517",
                ("exceptions", 0, "until"),
                '`until` of an exception must be a day, got "2027-01-01"',
                "write until = 2027-01-01, without quotes",
            ),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins", reason = "r", until = 2027-01-01T10:00:00Z }]',
            (
                "M517",
                ("exceptions", 0, "until"),
                "`until` of an exception must be a day, got 2027-01-01T10:00:00+00:00",
                "write until = 2027-01-01, without quotes",
            ),
        ),
        (
            'exceptions = [{ model = "x", rule = "pins", reason = "r" }, { model = "x", rule = "pins", reason = "s" }]',
            (
                "M517",
                ("exceptions", 1),
                "`exceptions` must name a model and a rule once, got `x` again",
                "remove one of the two",
            ),
        ),
    ],
)
def test_fault_is_said(text: str, expected: tuple[str, tuple[Any, ...], str, str | None]) -> None:
    assert faults(text) == [expected]


def test_every_fault_of_a_policy_is_said_at_once() -> None:
    assert [one[0] for one in faults("pin = true\nhosted = 3\nexceptions = [{}]")] == ["M516", *["M517"] * 4]


def test_policy_must_be_a_table() -> None:
    _, (one,) = read_policy(True)
    assert (one.code, one.path, one.message) == ("M517", (), "`policy` must be a table of rules, got true")
