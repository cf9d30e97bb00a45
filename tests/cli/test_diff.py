"""`hypiler diff` in real git repositories."""

import copy
import io
import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml
from clean import assert_clean
from e2e.test_layered_project import install
from golden import golden
from jsonschema import Draft202012Validator
from slow import slow

from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema
from hypiler.lifecycle.changes import CLASSES, Change, Difference
from hypiler.lifecycle.summary import LONGEST, Compared, markdown

ROOT = Path(__file__).parents[2]
Tree = dict[str, Any]
Capture = pytest.CaptureFixture[str]
OPTIONS = '[tool.hypiler]\noutput = "app/model_registry.py"\n'


def entry(id: str, **changes: Any) -> Tree:
    """A model with prefixes, a pin and sources; `changes` are whole sections."""
    model: Tree = copy.deepcopy(tiny.entry(id=id, huggingface_id=f"org/{id}", revision="a" * 40))
    model.pop("files", None)
    model["encoding"] = {"query_prefix": "q: ", "document_prefix": "d: ", "normalize": True}
    model["sources"] = {"license": "its card"}
    return model | changes


class Repository:
    """A git repository with a project in one of its folders, which is the current folder."""

    def __init__(self, root: Path, folder: str, capture: Capture) -> None:
        self.root = root
        self.project = root / folder
        self.capture = capture
        self.project.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        (self.project / "pyproject.toml").write_text(OPTIONS)

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, *models: Tree, file: str = "models.json", version: str = "1.0") -> None:
        tree = {"version": version, "models": models}
        (self.project / file).write_text(json.dumps(tree, indent=1) + "\n")

    def commit(self, *models: Tree, **options: str) -> None:
        if models:
            self.write(*models, **options)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def run(self, *words: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        try:
            code = main(["diff", *words])
        except SystemExit as ended:
            assert isinstance(ended.code, int)
            code = ended.code
        out, err = self.capture.readouterr()
        assert_clean(*out.split("\n"), *err.split("\n"))
        assert "Traceback" not in out + err
        return code, out, err

    def told(self, *words: str, code: int = 1) -> list[Tree]:
        """The changes of the first registry."""
        found, out, err = self.run(*words, "--format", "json")
        assert (found, err) == (code, "")
        document = json.loads(out)
        Draft202012Validator(output_schema("diff")).validate(document)
        changes: list[Tree] = document["registries"][0]["changes"]
        return changes


@pytest.fixture
def repository(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repo", "services/search", capsys)
    monkeypatch.chdir(made.project)
    return made


def with_encoding(**changes: Any) -> Tree:
    return {"encoding": {**entry("a")["encoding"], **changes}}


# The class, what the commit makes of the model, and whether it fails by default.
COMMITS: list[tuple[str, Tree, bool]] = [
    ("breaks-vectors", entry("a", **with_encoding(document_prefix="passage: ")), True),
    ("breaks-api", entry("a", type="late"), True),
    ("licence-tightened", entry("a", license="CC-BY-NC-4.0"), True),
    ("vectors-undecided", entry("a", revision="b" * 40), False),
    ("evidence-weaker", entry("a", sources={}), False),
    ("fact-corrected", entry("a", release_date="2023"), False),
    ("added", entry("a", aliases=["first"]), False),
    ("cosmetic", entry("a", description="In other words."), False),
]


@slow
def test_one_commit_provokes_each_class(repository: Repository) -> None:
    assert [kind for kind, _, _ in COMMITS] == [*CLASSES]
    repository.commit(entry("a"), entry("b"))
    repository.git("tag", "first")
    for kind, model, fails in COMMITS:
        repository.git("reset", "-q", "--soft", "first")
        repository.commit(model, entry("b"))
        changes = repository.told("HEAD~1", "HEAD", code=int(fails))
        assert changes[0]["kind"] == kind
        assert {change["model"] for change in changes} <= {"a", None}
        assert any(change["fails"] for change in changes) == fails
        assert repository.run("HEAD~1", "HEAD", "--fail-on", kind)[0] == 1
        assert repository.run("HEAD~1", "HEAD", "--fail-on", "none")[0] == 0


def test_by_default_the_working_tree_is_compared_with_head(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(entry("a"), entry("b"))
    assert repository.run() == (0, "no changes\n", "")
    repository.write(entry("a", **with_encoding(query_prefix="query: ")), entry("b", license="GPL-3.0-only"))
    code, out, err = repository.run()
    assert (code, err) == (1, "")
    assert out == golden(
        "a\n"
        '  breaks-vectors: queries are encoded differently: `query_prefix` was "q: " and is "query: "; the index'
        " fits, so do not re-index  (models.json:4)\n"
        '  breaks-vectors: `encoding.query_prefix` was "q: " and is "query: "  (models.json:49)\n'
        "\n"
        "b\n"
        '  licence-tightened: `license` was "MIT" and is "GPL-3.0-only": from permissive to strong copyleft'
        "  (models.json:64)\n"
        "\n"
        "3 changes: 2 breaks-vectors, 1 licence-tightened; version step: major, from 1.0 to 2.0 (`version` is"
        " unchanged)\n"
        "failed: 2 breaks-vectors, 1 licence-tightened\n"
    )
    # Also from a folder inside the project, and from outside.
    (repository.project / "app").mkdir()
    monkeypatch.chdir(repository.project / "app")
    assert repository.run()[0] == 1
    monkeypatch.chdir(repository.root)
    assert repository.run("--project", "services/search")[1].count("re-index") == 1


def test_a_lock_a_pattern_and_a_source_above_the_project_are_read_at_the_revision(repository: Repository) -> None:
    options = OPTIONS + 'sources = ["more/**/*.json", "../../shared.json"]\nlock = "proofs.json"\nrequired = "core"\n'
    (repository.project / "pyproject.toml").write_text(options)
    (repository.project / "more/deep").mkdir(parents=True)
    for file in ("more/one.json", "more/deep/two.json", "../../shared.json"):
        repository.write(entry(Path(file).stem), file=file)
    repository.commit()
    changed = [("more/deep/two.json", "two"), ("../../shared.json", "shared")]
    for file, id in changed:
        repository.write(entry(id, license="GPL-3.0-only"), file=file)
    (repository.project / "more/one.json").unlink()
    changes = repository.told("HEAD")
    assert [(change["model"], change["kind"], change["file"]) for change in changes] == [
        ("one", "breaks-api", "HEAD:services/search/more/one.json"),
        ("two", "licence-tightened", str(Path("more/deep/two.json"))),
        ("shared", "licence-tightened", str(Path("../../shared.json"))),
    ]


def test_layers_of_a_revision_are_compared_as_one_registry(repository: Repository) -> None:
    """A layer that is a file is read at the revision, wherever it lies; each change stands in the file that made it."""
    (repository.project / "pyproject.toml").write_text(OPTIONS + 'extends = ["layers/team.json"]\n')
    (repository.project / "layers").mkdir()
    (repository.root / "services/base").mkdir()
    repository.write(entry("base"), file="../base/base.json")
    team = {"version": "1.0", "extends": ["../../base/base.json"], "models": [entry("team")]}
    own: Tree = {"version": "1.0", "models": [entry("own")]}

    def state(**changes: Any) -> None:
        (repository.project / "layers/team.json").write_text(json.dumps(team, indent=1))
        (repository.project / "models.json").write_text(json.dumps(own | changes, indent=1))

    state()
    repository.commit()
    assert repository.run() == (0, "no changes\n", "")
    state(overrides=[{"id": "base", "encoding": {"document_prefix": "p: "}}], hidden=["team"])
    found = [(one["kind"], one["model"], one["path"], Path(one["file"]).name) for one in repository.told()]
    assert found == [
        ("breaks-vectors", "base", "", "models.json"),
        ("breaks-vectors", "base", "encoding.document_prefix", "models.json"),
        ("breaks-api", "team", "", "team.json"),
    ]


def test_a_change_of_an_installed_base_is_seen_against_an_older_one(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "acme_small"
    package.mkdir()
    (package / "__init__.py").touch()
    repository.write(entry("a"), file=str(package / "models.json"))
    site = tmp_path / "site"
    site.mkdir()
    install(site, package, "acme-small")
    monkeypatch.syspath_prepend(site)
    repository.write(entry("a", license="GPL-3.0-only"), file="new.json")
    assert [one["kind"] for one in repository.told("acme-small", "new.json")] == ["licence-tightened"]


def test_each_registry_of_a_project_is_compared_with_itself(repository: Repository) -> None:
    table = '[[tool.hypiler.registry]]\nsources = "{0}.json"\noutput = "{0}.py"\nlock = "{0}.lock.json"\n'
    (repository.project / "pyproject.toml").write_text(table.format("x") + table.format("y"))
    repository.write(entry("a"), file="x.json")
    repository.write(entry("b"), file="y.json")
    repository.commit()
    repository.write(entry("b", license="GPL-3.0-only"), file="y.json")
    (repository.project / "pyproject.toml").write_text(table.format("y") + table.format("z"))
    repository.write(entry("c"), file="z.json")
    code, out, _ = repository.run("--format", "json")
    found = {one["name"]: one for one in json.loads(out)["registries"]}
    assert code == 1
    assert [(name, one["changes"][0]["kind"]) for name, one in found.items()] == [
        ("y.py", "licence-tightened"),
        ("z.py", "added"),
        ("x.py", "breaks-api"),
    ]
    assert found["x.py"]["shrunken"] == golden(
        "no model is left: if this is no accident of a merge, name each with --allow-removal, or `all`"
    )


def test_the_hook_compares_every_project_of_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (hook,) = [one for one in hooks if one["id"] == "hypiler-diff"]
    assert hook["pass_filenames"] is False
    words = shlex.split(hook["entry"])[2:]
    second = repository.root / "services/broken"
    second.mkdir()
    (second / "pyproject.toml").write_text(OPTIONS)
    (second / "models.json").write_text("{")
    repository.write(entry("a"))
    monkeypatch.chdir(repository.root)
    repository.git("add", "-A")
    assert repository.run(*words) == (0, "", "no commit yet: nothing to compare the working tree with\n")
    repository.commit()
    left_out = "hypiler: `services/broken` is left out: its registry has errors in HEAD\n"
    assert repository.run(*words) == (0, "no changes\n", left_out)
    repository.write(entry("a", license="GPL-3.0-only"))
    code, out, err = repository.run(*words)
    assert (code, out.splitlines()[0], err) == (1, "a", left_out)
    assert repository.run(*words, "--fail-on", "breaks-vectors")[0] == 0
    (repository.project / "models.json").write_text("{")
    assert repository.run(*words)[0] == 1
    assert repository.run(*words, "HEAD", "HEAD")[0] == 2


def test_a_project_that_is_new_has_only_additions(repository: Repository) -> None:
    (repository.project / "pyproject.toml").unlink()
    (repository.root / "README.md").write_text("x")
    repository.commit()
    (repository.project / "pyproject.toml").write_text(OPTIONS + 'required = "core"\n')
    repository.write(entry("a"))
    assert [change["kind"] for change in repository.told(code=0)] == ["added"]


@pytest.mark.parametrize("allowed", [["b", "c"], ["all"]])
def test_several_models_that_are_gone_fail_whatever_fails(repository: Repository, allowed: list[str]) -> None:
    repository.commit(entry("a"), entry("b"), entry("c"))
    repository.write(entry("a"))
    code, out, _ = repository.run("--fail-on", "none")
    assert (code, out.splitlines()[-1]) == (
        1,
        golden(
            "failed: `b`, `c` are gone without having been deprecated: if this is no accident of a merge, name each"
            " with --allow-removal, or `all`"
        ),
    )
    words = [word for id in allowed for word in ("--allow-removal", id)]
    assert repository.run(*words)[0] == 0
    assert repository.run("--allow-removal", "b", "--fail-on", "none")[0] == 0
    assert repository.run("--allow-removal", "b")[0] == 1
    repository.write(entry("a"), entry("b", deprecated="use a"), entry("c", deprecated="use a"))
    repository.commit()
    repository.write(entry("a"))
    assert repository.run()[0] == 0


def test_a_registry_without_models_fails(repository: Repository) -> None:
    repository.commit(entry("a"))
    repository.write()
    code, out, _ = repository.run("--fail-on", "none")
    assert (code, out.splitlines()[-1]) == (
        1,
        golden("failed: no model is left: if this is no accident of a merge, name each with --allow-removal, or `all`"),
    )
    for words in (("--fail-on", "none", "--allow-removal", "a"), ("--allow-removal", "a"), ("--allow-removal", "all")):
        assert repository.run(*words)[0] == 0


@pytest.mark.parametrize(
    "text", ["", "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n", '{"version": "1.0", "models": [{"id": "a", "id": "b"}]}']
)
def test_a_registry_with_errors_is_told_with_its_findings(repository: Repository, text: str) -> None:
    repository.commit(entry("a"))
    (repository.project / "models.json").write_text(text)
    code, out, err = repository.run("--fail-on", "none")
    assert (code, out) == (1, "")
    assert "error[M" in err
    assert err.endswith("hypiler: the registry of the working tree has errors, so it cannot be compared\n")
    repository.git("commit", "-q", "-am", "broken")
    repository.write(entry("a"))
    code, _, err = repository.run("HEAD")
    assert (code, err.splitlines()[-1]) == (1, "hypiler: the registry of HEAD has errors, so it cannot be compared")


def test_options_with_errors_at_a_revision(repository: Repository) -> None:
    (repository.project / "pyproject.toml").write_text("[tool.hypiler]\n")
    repository.commit(entry("a"))
    (repository.project / "pyproject.toml").write_text(OPTIONS)
    code, _, err = repository.run()
    assert (code, err) == (
        1,
        golden(
            "error[M502]: `output` must be set: the path of the generated module\n"
            "--> pyproject.toml\n"
            " = at: $.tool.hypiler\n"
            ' = help: add output = "src/PACKAGE/model_registry.py"\n'
            "\n"
            "1 error\n"
            "hypiler: the registry of HEAD has errors, so it cannot be compared\n"
        ),
    )


def test_the_registries_of_a_project_are_called_the_same_from_every_folder(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ["[[tool.hypiler.registry]]", 'sources = ["models.json"]', 'output = "a.py"']
    both += ["[[tool.hypiler.registry]]", 'sources = ["models.data"]', 'output = "b.py"']
    (repository.project / "pyproject.toml").write_text("\n".join(both))
    repository.write(entry("a"))
    repository.commit(entry("b"), file="models.data")
    monkeypatch.chdir(repository.root)
    nothing = (0, "== {0}a.py ==\n\nno changes\n\n== {0}b.py ==\n\nno changes\n", "")
    assert repository.run("--project", "services/search") == (0, nothing[1].format(""), "")
    assert repository.run("--all-projects") == (0, nothing[1].format("services/search/"), "")


def test_the_hook_tells_that_a_whole_project_is_gone(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    second = repository.root / "second"
    second.mkdir()
    (second / "pyproject.toml").write_text(OPTIONS)
    repository.write(entry("a"), file="../../second/models.json")
    repository.commit(entry("b"))
    monkeypatch.chdir(repository.root)
    (second / "pyproject.toml").unlink()
    code, out, _ = repository.run("--all-projects", "--fail-on", "none")
    assert (code, out.splitlines()[0]) == (1, "== services/search/app/model_registry.py ==")
    assert out.splitlines()[-1] == golden(
        "failed: no model is left: if this is no accident of a merge, name each with --allow-removal, or `all`"
    )
    assert repository.run("--all-projects", "--allow-removal", "a")[0] == 0
    repository.git("update-index", "--skip-worktree", "second/pyproject.toml")
    assert repository.run("--all-projects") == (0, "no changes\n", "")


def test_a_source_in_a_linked_folder_is_read(repository: Repository) -> None:
    (repository.project / "data").mkdir()
    (repository.project / "linked").symlink_to("data", target_is_directory=True)
    (repository.project / "pyproject.toml").write_text(OPTIONS + 'sources = ["linked/models.json"]\n')
    repository.commit(entry("a"), file="linked/models.json")
    assert repository.run() == (0, "no changes\n", "")
    repository.write(entry("a", license="GPL-3.0-only"), file="linked/models.json")
    assert [one["kind"] for one in repository.told()] == ["licence-tightened"]


def test_a_revision_without_a_source_of_its_project_is_told_by_name(repository: Repository) -> None:
    repository.commit()
    repository.write(entry("a"))
    text = golden("the project has no source `models.json` in `HEAD`")
    assert repository.run() == (2, "", f"hypiler: {text}\n")
    left_out = golden("hypiler: `.` is left out: the project has no source `models.json` in `HEAD`\n")
    assert repository.run("--all-projects") == (0, "no projects\n", left_out)


def test_a_repository_that_git_refuses_is_not_taken_for_an_empty_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(entry("a"))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    code, out, err = repository.run()
    assert (code, out) == (2, "")
    assert err.startswith(f"hypiler: git cannot read the repository `{repository.root}`: fatal: detected dubious")


def test_without_a_commit_nothing_is_compared(repository: Repository) -> None:
    repository.write(entry("a"))
    assert repository.run() == (0, "", "no commit yet: nothing to compare the working tree with\n")
    assert repository.run("HEAD") == (
        2,
        "",
        "hypiler: the repository has no commit yet, so there is nothing to compare with\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing",), golden("the repository has no revision `nothing`")),
        (("a.json",), golden("no file is called `a.json`")),
        (("HEAD~1..HEAD",), golden("`HEAD~1..HEAD` is a range: name the two revisions as OLD and NEW")),
        (("HEAD:nothing.json",), golden("the revision `HEAD` has no file `nothing.json`")),
        (("",), golden("OLD and NEW must not be empty: leave them out for the default")),
        ((":models.json",), golden("`:models.json` names no revision: write `HEAD:models.json`")),
        (("C:\\x\\models.json",), golden("no file is called `C:\\x\\models.json`")),
        (("--", "--output=x"), golden("`'--output=x'` is no revision of git")),
        (
            ("--fail-on", "breaks-vector"),
            golden("--fail-on: no class of changes is called `breaks-vector`; did you mean `breaks-vectors`?"),
        ),
        (
            ("--fail-on", "x"),
            golden(
                "--fail-on: no class of changes is called `x`; choose of breaks-vectors, breaks-api, licence-tightened,"
                " vectors-undecided, evidence-weaker, fact-corrected, added, cosmetic, or `none`"
            ),
        ),
        (("-", "-"), golden("standard input can be read once: name a file for OLD or NEW")),
        (("HEAD", "HEAD", "HEAD"), golden("`hypiler diff` takes no argument `HEAD`; see `hypiler diff --help`")),
    ],
)
def test_wrong_use(repository: Repository, words: tuple[str, ...], message: str) -> None:
    repository.commit(entry("a"))
    code, out, err = repository.run(*words)
    assert (code, out) == (2, "")
    assert err.removeprefix("hypiler: ").strip() == message


def test_outside_of_a_repository(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(OPTIONS)
    assert main(["diff"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: no file is called `HEAD`, and no git repository is around this folder\n"
    )


def test_a_shallow_clone_says_what_to_fetch(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(entry("a"))
    repository.commit(entry("a", license="GPL-3.0-only"))
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone/services/search")
    assert repository.run("HEAD~1") == (
        2,
        "",
        golden(
            "hypiler: the shallow clone does not have the revision `HEAD~1`: fetch it; in GitHub Actions, give"
            " actions/checkout `fetch-depth: 0`\n"
        ),
    )
    assert repository.run() == (0, "no changes\n", "")


def test_nothing_of_the_repository_runs(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit(entry("a"))
    canary = repository.root / "canary"
    program = repository.root / "run.sh"
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n")
    program.chmod(0o755)
    (repository.root / ".gitattributes").write_text("*.json diff=own filter=own\n")
    for key in ("core.fsmonitor", "diff.own.textconv", "filter.own.smudge", "filter.own.clean", "core.pager"):
        repository.git("config", key, str(program))
    repository.write(entry("a", license="GPL-3.0-only"))
    # As a hook of git is called.
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    assert repository.run("HEAD")[0] == 1
    assert not canary.exists()


def test_links_and_files_of_a_revision(repository: Repository) -> None:
    repository.write(entry("a"), file="real.json")
    (repository.project / "models.json").symlink_to("real.json")
    repository.commit()
    (repository.project / "real.json").unlink()
    (repository.project / "models.json").unlink()
    repository.write(entry("a", license="GPL-3.0-only"))
    place = "services/search/models.json"
    for words in (["HEAD"], [f"HEAD:{place}", "models.json"], ["HEAD:./models.json", "models.json"]):
        assert [change["kind"] for change in repository.told(*words)] == ["licence-tightened"]
    assert repository.told("HEAD:services/search", ".")[0]["kind"] == "licence-tightened"


def test_a_wheel_names_no_file_outside_of_it(repository: Repository, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "forged.whl", "w") as wheel:
        for name in ("/etc/models.json", "../models.json", "a/../../models.json"):
            wheel.writestr(name, "{}")
    code, _, err = repository.run(os.path.relpath(tmp_path / "forged.whl"))
    assert (code, err) == (2, golden("hypiler: `../../../forged.whl` has no file called models.json\n"))


def test_files_wheels_environments_and_standard_input(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write(entry("a"))
    repository.write(entry("a", license="GPL-3.0-only"), file="new.json")
    text = (repository.project / "new.json").read_text()
    with zipfile.ZipFile(tmp_path / "app-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("app/registry/models.json", text)
        wheel.writestr("app/other.json", "{}")
    packages = tmp_path / "site-packages/app/data"
    packages.mkdir(parents=True)
    (packages / "models.json").write_text(text)
    for new in ("new.json", tmp_path / "app-1.0-py3-none-any.whl", tmp_path / "site-packages"):
        assert [change["kind"] for change in repository.told("models.json", str(new))] == ["licence-tightened"]
    stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert repository.told("models.json", "-")[0]["kind"] == "licence-tightened"
    assert repository.run("shipped", "shipped") == (0, "no changes\n", "")
    (packages.parent / "models.json").write_text(text)
    code, _, err = repository.run("models.json", str(tmp_path / "site-packages"))
    assert code == 2
    listed = "has several registries: name the file of one of them: `app/data/models.json`, `app/models.json`\n"
    assert err.endswith(listed)


HOSTILE = "@octocat #1 https://evil.example org/repo#2 `code` | <img src=x onerror=alert(1)> ![x](y) \u202e\x1b[31m"


def test_nothing_of_the_registry_becomes_markup_of_a_comment(repository: Repository) -> None:
    repository.commit(entry("a", description="x"), entry("b"))
    repository.write(entry("a", description=HOSTILE, license="GPL-3.0-only", deprecated=HOSTILE), entry("b"))
    code, out, _ = repository.run("--format", "markdown")
    assert code == 1
    assert out == golden(
        "<!-- hypiler diff -->\n"
        "### Model registry: changes that break something\n"
        "\n"
        "``3 changes: 1 licence-tightened, 1 added, 1 cosmetic; version step: major, from 1.0 to 2.0 (`version` is"
        " unchanged)``\n"
        "\n"
        "| | model | change | place |\n"
        "| --- | --- | --- | --- |\n"
        '| 🔴 licence-tightened | `a` | `` `license` was "MIT" and is "GPL-3.0-only": from permissive to strong'
        " copyleft `` | `models.json:11` |\n"
        "\n"
        "<details><summary>2 more changes</summary>\n"
        "\n"
        "| | model | change | place |\n"
        "| --- | --- | --- | --- |\n"
        '| 🟢 added | `a` | `` `deprecated` is stated: "@octocat #1 https://evil.example org/repo#2 `code` \\| <img'
        " src=x onerror=alert(1… `` | `models.json:56` |\n"
        '| ⚪ cosmetic | `a` | `` `description` was "x" and is "@octocat #1 https://evil.example org/repo#2 `code`'
        " \\| <img src=x onerror=alert(1… `` | `models.json:12` |\n"
        "\n"
        "</details>\n"
        "\n"
        "<sub>`HEAD → the working tree`</sub>\n"
    )


def test_a_comment_is_never_too_long() -> None:
    changes = [Change("added", "m" * 90, "license", f"{number}: {'y' * 90}") for number in range(1000)]
    difference = Difference(changes)
    out = markdown([Compared("", difference, changes[:9], None)], "a → b")
    assert LONGEST // 2 < len(out) <= LONGEST + 500
    assert out.count("\n| ") > 200
    assert "more do not fit here: run `hypiler diff`.\n" in out
    assert out.startswith("<!-- hypiler diff -->\n")


def test_a_comment_on_hundreds_of_registries_is_never_too_long() -> None:
    changes = [Change("added", f"m{number}", "aliases", "x" * 200, (None, number)) for number in range(8)]
    difference = Difference(changes, (), ("1.0", "1.0"))
    text = markdown([Compared(f"app/r{number}.py", difference, [], None) for number in range(200)], "a → b")
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>") > 20
    assert text.endswith("\nThe rest does not fit here: run `hypiler diff`.\n")
