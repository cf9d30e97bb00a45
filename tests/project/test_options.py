"""`[tool.hypiler]`: what it may say, and what is said when it says something else."""

import os
from pathlib import Path

import pytest
from golden import golden

from hypiler.diagnostics.text import render_text
from hypiler.project.options import OptionsError, read_options
from hypiler.schema.requirements import USUAL, Requirements


def options(root: Path, text: str) -> tuple[list[str], str]:
    (root / "pyproject.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = read_options(str(root))
    assert found.root == str(root)
    (one,) = found.registries
    return one.sources, one.output


def faults(root: Path, text: str) -> list[tuple[str, str, str, str | None]]:
    with pytest.raises(OptionsError) as caught:
        options(root, text)
    assert str(caught.value) == "; ".join(f.message for f in caught.value.findings)
    assert {f.file for f in caught.value.findings} == {"pyproject.toml"}
    return [(finding.code, finding.json_path, finding.message, finding.help) for finding in caught.value.findings]


def table(lines: str) -> str:
    return f'[tool.hypiler]\noutput = "m.py"\n{lines}\n'


def test_sources_default_to_models_json(tmp_path: Path) -> None:
    assert options(tmp_path, table("")) == (["models.json"], "m.py")


def test_inputs_are_sources_locks_and_the_options_each_once(tmp_path: Path) -> None:
    entry = "[[tool.hypiler.registry]]\nsources = {}\noutput = '{}.py'\n"
    text = entry.format("['b.json', 'a.json']", "one") + entry.format("['a.json', 'b.json']", "two")
    (tmp_path / "pyproject.toml").write_text(text)
    found = read_options(str(tmp_path))
    assert [one.inputs for one in found.registries] == [
        ["b.json", "a.json", "models.lock.json"],
        ["a.json", "b.json", "models.lock.json"],
    ]
    assert found.inputs == ["pyproject.toml", "b.json", "a.json", "models.lock.json"]


def test_sources_are_a_path_or_several(tmp_path: Path) -> None:
    assert options(tmp_path, table('sources = "a.json"'))[0] == ["a.json"]
    several = table('sources = ["b.json", "a/c.json"]')
    assert options(tmp_path, several)[0] == ["b.json", "a/c.json"]


def test_paths_are_made_plain(tmp_path: Path) -> None:
    """Patterns of a build backend match plain paths only."""
    text = '[tool.hypiler]\nsources = "./a//b.json"\noutput = "./src/x/../m.py"\n'
    assert options(tmp_path, text) == (["a/b.json"], "src/m.py")


def test_unknown_option_suggests_the_nearest(tmp_path: Path) -> None:
    assert faults(tmp_path, table('source = "a.json"')) == [
        (
            "M501",
            "$.tool.hypiler.source",
            golden("unknown option `source` in `tool.hypiler`"),
            golden("did you mean `sources`?"),
        )
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = '[tool.hypiler]\nsources = ["../a.json", ""]\noutput = "/m.py"\nzzz = 1\n'
    assert [(code, path) for code, path, _, _ in faults(tmp_path, text)] == [
        ("M501", "$.tool.hypiler.zzz"),
        ("M503", "$.tool.hypiler.sources[0]"),
        ("M502", "$.tool.hypiler.sources[1]"),
        ("M503", "$.tool.hypiler.output"),
    ]


@pytest.mark.parametrize("text", ["", "tool = 3", "[[tool]]", "[tool.other]"])
def test_missing_table_says_what_to_add(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == [
        (
            "M502",
            "$",
            golden("pyproject.toml must have a table [tool.hypiler]; found none"),
            golden('add [tool.hypiler] with output = "src/PACKAGE/model_registry.py"'),
        )
    ]


@pytest.mark.parametrize(("value", "shown"), [("3", "3"), ("[]", "a list"), ("1979-05-27", "1979-05-27")])
def test_table_that_is_no_table_is_shown(tmp_path: Path, value: str, shown: str) -> None:
    message = golden(f"`tool.hypiler` must be a table, got {shown}")
    assert faults(tmp_path, f"[tool]\nhypiler = {value}") == [("M502", "$.tool.hypiler", message, None)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = ", "Invalid value (at end of document)"),
        ("\udcff = 1", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)  # fmt: skip
def test_invalid_toml_is_a_finding(tmp_path: Path, text: str, why: str) -> None:
    message = golden(f"pyproject.toml must be valid TOML: {why}")
    assert faults(tmp_path, text) == [("M502", "$", message, None)]


@pytest.mark.parametrize("text", ["x = " + "[" * 9999, "x = " + "9" * 9999])
def test_toml_past_the_limits_of_python_is_a_finding(tmp_path: Path, text: str) -> None:
    ((code, path, message, _),) = faults(tmp_path, text)
    assert (code, path) == ("M502", "$")
    assert message.startswith("pyproject.toml must be valid TOML: ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("3", "3"), ("[]", "a list"), ("[1]", "a list"), ("{}", "an object")],
)
def test_sources_of_another_type_are_refused(tmp_path: Path, value: str, shown: str) -> None:
    message = golden(f"`sources` must be a path or a list of paths, got {shown}")
    assert faults(tmp_path, table(f"sources = {value}")) == [("M502", "$.tool.hypiler.sources", message, None)]


def test_source_named_twice_is_refused(tmp_path: Path) -> None:
    """Or each of its models would be the duplicate of itself."""
    message = golden('`sources` must name each file once, got "a.json" again')
    assert faults(tmp_path, table('sources = ["a.json", "./a.json"]')) == [
        ("M502", "$.tool.hypiler.sources[1]", message, None)
    ]


def test_missing_output_says_what_to_add(tmp_path: Path) -> None:
    assert faults(tmp_path, "[tool.hypiler]") == [
        (
            "M502",
            "$.tool.hypiler",
            golden("`output` must be set: the path of the generated module"),
            golden('add output = "src/PACKAGE/model_registry.py"'),
        )
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("3", "3"), ('"m"', '"m"'), ('"a/.py"', '"a/.py"'), ('"m-n.py"', '"m-n.py"')],
)
def test_output_that_cannot_be_imported_is_refused(tmp_path: Path, value: str, shown: str) -> None:
    message = golden(f"`output` must be the path of a module, as `src/app/model_registry.py`, got {shown}")
    assert faults(tmp_path, f"[tool.hypiler]\noutput = {value}") == [("M502", "$.tool.hypiler.output", message, None)]


@pytest.mark.parametrize("path", ["../m.py", "a/../../m.py", "/m.py"])
def test_output_outside_the_project_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    shown = os.path.normpath(path)
    assert faults(root, f'[tool.hypiler]\noutput = "{path}"') == [
        (
            "M503",
            "$.tool.hypiler.output",
            golden(f'a path must stay inside the project, got "{shown}"'),
            golden("write it relative to the folder of pyproject.toml"),
        )
    ]


def test_output_behind_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    message = golden('a path must stay inside the project, and "link/m.py" leads out of it through a link')
    help = golden("replace the link, or name another path")
    assert faults(root, '[tool.hypiler]\noutput = "link/m.py"') == [("M503", "$.tool.hypiler.output", message, help)]


def test_project_reached_through_a_link_is_no_other_project(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    assert options(tmp_path / "link", table(""))[1] == "m.py"


@pytest.mark.parametrize(("value", "shown"), [("", ""), ("a\\u0000b", "a\\x00b")])
def test_source_that_is_no_path_is_refused(tmp_path: Path, value: str, shown: str) -> None:
    message = golden(f'a path must not be empty or hold a NUL, got "{shown}"')
    assert faults(tmp_path, table(f'sources = "{value}"')) == [("M502", "$.tool.hypiler.sources", message, None)]


def test_messages_hold_no_raw_input(tmp_path: Path) -> None:
    key = '"\\u001b[31m\\u202e\\nerror: forged"'
    with pytest.raises(OptionsError) as caught:
        options(tmp_path, table(f'{key} = 1\nsources = ["/{key[1:]}]'))
    report = render_text(caught.value.findings)
    assert report.replace("\n", "").isprintable()
    assert not any(line.startswith("error: forged") for line in report.splitlines())


def test_missing_pyproject_is_an_error_of_the_environment(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_options(str(tmp_path))
    path = tmp_path / "pyproject.toml"
    assert str(caught.value) == golden(f"cannot read `{path}`: No such file or directory")


def test_docs_have_a_path_if_it_is_set(tmp_path: Path) -> None:
    options(tmp_path, table(""))
    assert read_options(str(tmp_path)).registry().path_of("docs") is None
    options(tmp_path, table('docs = "docs/./all.md"'))
    assert read_options(str(tmp_path)).registry().path_of("docs") == "docs/all.md"


@pytest.mark.parametrize(("value", "shown"), [("5", "5"), ('"a.html"', '"a.html"'), ('["a.md"]', "a list")])
def test_docs_of_another_type_are_refused(tmp_path: Path, value: str, shown: str) -> None:
    message = golden(f"`docs` must be the path of a Markdown file (.md), got {shown}")
    assert faults(tmp_path, table(f"docs = {value}")) == [("M502", "$.tool.hypiler.docs", message, None)]


def test_docs_stay_inside_the_project(tmp_path: Path) -> None:
    found = faults(tmp_path, table('docs = "../all.md"'))
    assert [(code, path) for code, path, _, _ in found] == [("M503", "$.tool.hypiler.docs")]


class TestRequired:
    def test_the_usual_fields_are_required_unless_an_option_says_otherwise(self, tmp_path: Path) -> None:
        options(tmp_path, table(""))
        assert read_options(str(tmp_path)).registry().required == USUAL

    @pytest.mark.parametrize("words", ["default", "core", ["license", "specs.context_length"]])
    def test_it_is_a_word_or_a_list_of_paths(self, tmp_path: Path, words: str | list[str]) -> None:
        options(tmp_path, table(f"required = {words!r}"))
        found = read_options(str(tmp_path))
        assert found.registry().required == found.resolve_paths().registry().required == Requirements(words)

    @pytest.mark.parametrize(
        ("value", "path", "message", "help"),
        [
            (
                '"cores"',
                "",
                golden('`required` must be "default", "core" or a list of paths of fields, got "cores"'),
                golden("did you mean `core`?"),
            ),
            ("3", "", golden('`required` must be "default", "core" or a list of paths of fields, got 3'), None),
            (
                '["name", "licence"]',
                "[1]",
                golden("`required` must name fields of a model, got `licence`"),
                golden("did you mean `license`?"),
            ),
            (
                '["limits"]',
                "[0]",
                golden("`required` must name fields of a model, got `limits`"),
                golden("name its fields, such as `limits.inputs_per_request`, `limits.tokens_per_request`"),
            ),
        ],
    )
    def test_what_names_no_fields_is_refused(
        self, tmp_path: Path, value: str, path: str, message: str, help: str | None
    ) -> None:
        found = faults(tmp_path, table(f"required = {value}"))
        assert found == [("M502", f"$.tool.hypiler.required{path}", message, help)]

    def test_each_registry_has_its_own(self, tmp_path: Path) -> None:
        entry = '[[tool.hypiler.registry]]\noutput = "{0}.py"\nsources = "{0}.json"\nrequired = "{1}"\n'
        text = entry.format("one", "core") + entry.format("two", "default")
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        assert [one.required for one in read_options(str(tmp_path)).registries] == [Requirements("core"), USUAL]


class TestPolicy:
    """`policy` is read with the other options; tests/schema/test_policy_options.py has what a policy may say."""

    def test_faults_stand_at_their_place(self, tmp_path: Path) -> None:
        text = table('policy = { pin = true, licenses = ["MTI"] }')
        assert [(code, path) for code, path, _, _ in faults(tmp_path, text)] == [
            ("M516", "$.tool.hypiler.policy.pin"),
            ("M517", "$.tool.hypiler.policy.licenses[0]"),
        ]

    def test_policy_is_that_of_every_registry(self, tmp_path: Path) -> None:
        entries = "".join(f"[[tool.hypiler.registry]]\noutput = '{name}.py'\n" for name in ("one", "two"))
        (tmp_path / "pyproject.toml").write_text(f"[tool.hypiler.policy]\npins = true\n{entries}")
        found = read_options(str(tmp_path)).resolve_paths()
        assert [one.policy and one.policy.to_dict() for one in found.registries] == [{"pins": True}] * 2
        assert found.file == str(tmp_path / "pyproject.toml")

    def test_policy_of_one_registry_is_refused(self, tmp_path: Path) -> None:
        text = "[[tool.hypiler.registry]]\noutput = 'm.py'\npolicy = { pins = true }\n"
        ((code, path, _, help),) = faults(tmp_path, text)
        assert (code, path) == ("M501", "$.tool.hypiler.registry[0].policy")
        assert help == "move it to [tool.hypiler], for all registries"

    def test_policy_without_rules_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(table("policy = {}"))
        assert read_options(str(tmp_path)).registry().policy is None
