"""`hypiler licenses`: the table, the policy that it applies, and its exit code."""

import json
from pathlib import Path

import pytest
from golden import golden
from strategies import registry_of

from hypiler.cli.main import main

Capture = pytest.CaptureFixture[str]


def model(id: str, license: str) -> dict[str, object]:
    place = {"huggingface_id": f"org/{id}", "organization": "Org", "specs": {"embedding_dim": 8}}
    return {"id": id, "type": "dense", "name": id, "license": license, **place}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("models.json").write_text(json.dumps(registry_of(model("free", "MIT"), model("closed", "CC-BY-NC-4.0"))))
    write('exceptions = [{ model = "free", rule = "pins", reason = "r" }]')
    return tmp_path


def write(rules: str) -> None:
    table = '[tool.hypiler]\noutput = "m.py"\nrequired = "core"\n[tool.hypiler.policy]\n'
    Path("pyproject.toml").write_text(f"{table}{rules}\n")


def run(capsys: Capture, *words: str) -> tuple[int, str]:
    code = main(["licenses", *words])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def test_registry_that_breaks_its_policy_is_listed(capsys: Capture) -> None:
    write('licenses = ["MIT"]\npins = true\nexceptions = [{ model = "free", rule = "pins", reason = "r" }]')
    assert run(capsys) == (
        1,
        golden(
            """\
id      licence       class           organization  known      policy
free    MIT           permissive      Org           unsourced  excused from pins
closed  CC-BY-NC-4.0  non-commercial  Org           unsourced  breaks licenses, pins

2 models of models.json: CC-BY-NC-4.0 1, MIT 1
1 of them breaks the policy
"""
        ),
    )


def test_without_a_policy_there_is_nothing_to_break(capsys: Capture) -> None:
    code, out = run(capsys, "--file", "models.json")
    assert (code, "policy" in out) == (0, False)


def test_policy_of_a_file_takes_the_place_of_the_projects(tmp_path: Path, capsys: Capture) -> None:
    write('licenses = ["MIT"]')
    Path("other.toml").write_text('[tool.hypiler.policy]\norganizations = ["Org"]\n')
    code, out = run(capsys, "--policy", "other.toml")
    assert (code, out.splitlines()[-1]) == (0, "all of them obey the policy")
    assert main(["check", "--policy", "other.toml"]) == 0
    assert main(["check"]) == 1
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["licenses", "--policy", "none.toml"])
    assert (ended.value.code, capsys.readouterr().err) == (
        2,
        golden("hypiler: --policy: none.toml cannot be read: No such file or directory\n"),
    )


def test_commands_that_show_and_mend_work_on_a_registry_that_breaks_its_policy(capsys: Capture) -> None:
    write("pins = true")
    assert main(["check"]) == main(["build"]) == 1
    assert main(["list"]) == main(["show", "free"]) == main(["coverage"]) == 0


def test_json_has_the_policy(capsys: Capture) -> None:
    write('licenses = ["MIT"]')
    code, out = run(capsys, "--json")
    document = json.loads(out)
    assert (code, document["policy"]) == (1, {"licenses": ["MIT"]})
    assert [one["models"] for one in document["licenses"]] == [["closed"], ["free"]]


@pytest.mark.parametrize("form", ["--csv", "--markdown"])
def test_other_forms_have_the_same_exit_code(form: str, capsys: Capture) -> None:
    write('licenses = ["MIT"]')
    code, out = run(capsys, form)
    assert (code, "CC-BY-NC-4.0" in out, out[-1]) == (1, True, "\n")
