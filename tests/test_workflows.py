"""The files of .github: they parse, ask for few permissions, pin what they run, and run what the README says.

`tools/check_workflows.py` compares them with the schemas, and looks for what makes a workflow unsafe.
"""

import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import yaml

from hypiler.cli.main import make_parser
from hypiler.schema.vocabulary import MODEL_TYPES

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = [path for path in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def tool(name: str, folder: str = "tools") -> Any:
    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_links, check_release, check_workflows = map(tool, ["check_links", "check_release", "check_workflows"])
diff_action = tool("run", ".github/actions/diff")
PAGE = check_workflows.page_workflows((ROOT / "docs/ci.md").read_text("utf-8"))
TEXTS = {path.name: path.read_text("utf-8") for path in WORKFLOWS} | {
    f"page: {name}": text for name, text in PAGE.items()
}
ACTION = ROOT / ".github/actions/diff"
# YAML reads the key `on` as true.
PARSED: dict[str, Any] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, title, job) for name, workflow in PARSED.items() for title, job in workflow["jobs"].items()]


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job.get("steps", [])
    return found


def commands(workflow: dict[str, Any]) -> list[str]:
    return [step["run"] for job in workflow["jobs"].values() for step in steps(job) if "run" in step]


def test_every_workflow_is_looked_at() -> None:
    assert [path.name for path in WORKFLOWS] == ["docs.yml", "pages.yml", "release.yml", "tests.yml"]
    assert sorted(PAGE) == ["models-scanning.yml", "models-weekly.yml", "models.yml"]


@pytest.mark.parametrize("name", PARSED)
def test_workflow_has_no_permissions_but_those_that_a_job_asks_for(name: str) -> None:
    assert PARSED[name]["permissions"] == {}
    assert "concurrency" in PARSED[name]
    assert {"pull_request_target", "workflow_run"}.isdisjoint(PARSED[name][True])
    assert "secrets." not in TEXTS[name]


def test_jobs_read_the_repository_and_three_of_them_write_elsewhere() -> None:
    asked = {(name, title): job["permissions"] for name, title, job in JOBS}
    others = {job: permissions for job, permissions in asked.items() if permissions != {"contents": "read"}}
    assert others == {
        ("pages.yml", "publish"): {"id-token": "write", "pages": "write"},
        ("release.yml", "publish"): {"id-token": "write"},
        ("page: models-scanning.yml", "scan"): {"contents": "read", "security-events": "write"},
    }


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_to_commits_with_the_version_beside_them(name: str) -> None:
    used = re.findall(r"uses: (.*)", TEXTS[name])
    others = [one for one in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]
    assert others == (
        ["./.github/workflows/tests.yml # zizmor: ignore[self-repository]"] if name == "release.yml" else []
    )


def test_an_action_is_the_same_everywhere() -> None:
    texts = [*TEXTS.values(), (ACTION / "action.yml").read_text("utf-8"), (ROOT / "docs/ci.md").read_text("utf-8")]
    pins = {pin for text in texts for pin in re.findall(r"uses: (\S+@[0-9a-f]{40} # \S+)", text)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize(("name", "title", "job"), JOBS, ids=[f"{name} {title}" for name, title, _ in JOBS])
def test_job_ends_by_itself_and_keeps_no_credentials(name: str, title: str, job: dict[str, Any]) -> None:
    assert "timeout-minutes" in job or "uses" in job
    for step in steps(job):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        # What a stranger can write, such as the name of a branch, never becomes part of a script.
        assert "${{" not in step.get("run", "")


def test_tests_run_on_every_python_and_system() -> None:
    matrix = PARSED["tests.yml"]["jobs"]["tests"]["strategy"]["matrix"]
    pythons = [one.rpartition(" :: ")[2] for one in PROJECT["classifiers"] if ":: 3." in one]
    assert matrix["python"] == pythons
    assert matrix["system"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


def test_tests_are_the_commands_of_the_readme_and_of_continuous_integration() -> None:
    second = re.findall(r"^```sh\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)[1]
    jobs = PARSED["tests.yml"]["jobs"]
    assert [step["run"] for step in steps(jobs["tests"]) if "run" in step] == [second]
    lines = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert [step["run"] for step in steps(jobs["pytorch"]) if "run" in step] == lines[-2:]


def test_files_in_commands_exist() -> None:
    """Commands of the page run in other repositories."""
    own = [word for path in WORKFLOWS for one in commands(PARSED[path.name]) for word in shlex.split(one)]
    named = [word for word in own if re.match(r"(tools|tests|docs|examples)/", word)]
    assert len(named) > 4
    assert [word for word in named if not (ROOT / word).exists()] == []


def test_only_the_job_that_publishes_can_publish() -> None:
    release = PARSED["release.yml"]
    assert release[True] == {"push": {"tags": ["v*"]}}
    publish = release["jobs"]["publish"]
    assert publish["needs"] == ["tests", "build"]
    assert publish["environment"]["name"] == "pypi"
    assert [step["uses"].partition("@")[0] for step in steps(publish)] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    built = [step for step in steps(release["jobs"]["build"]) if "actions/upload-artifact" in step.get("uses", "")]
    assert steps(publish)[0]["with"]["name"] == built[0]["with"]["name"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_form_has_distinct_questions(path: Path) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    questions = [question for question in form["body"] if question["type"] != "markdown"]
    ids = [question["id"] for question in questions]
    assert len(set(ids)) == len(ids) > 3
    assert all(question["attributes"]["label"] for question in questions)


def required(name: str) -> set[str]:
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / name).read_text("utf-8"))
    return {question["id"] for question in form["body"] if question.get("validations", {}).get("required")}


def test_wrong_fact_needs_its_source() -> None:
    assert required("wrong-fact.yml") == {"model", "fact", "found", "right", "source", "file"}
    assert required("new-model.yml") >= {"repository", "commit", "sources"}


def test_new_model_has_one_of_the_usual_types() -> None:
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/new-model.yml").read_text("utf-8"))
    (types,) = [question for question in form["body"] if question["type"] == "dropdown"]
    assert types["attributes"]["options"] == [*MODEL_TYPES, "other"]


def test_dependabot_updates_actions_and_packages() -> None:
    found = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))
    assert [one["package-ecosystem"] for one in found["updates"]] == ["github-actions", "pip"]
    pinned = [one.partition("==")[0] for one in PROJECT["optional-dependencies"]["test"] if "==" in one]
    assert found["updates"][1]["groups"]["checkers"]["patterns"] == pinned


class TestRelease:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "src/hypiler").mkdir(parents=True)
        (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
        (tmp_path / "src/hypiler/__init__.py").write_text('"""Doc."""\n\n__version__ = "1.2.0"\n')
        (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.0 - 2026-12-01\n\n## 1.1.0 - 2026-01-01\n")
        (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 1.2.0\n")
        return tmp_path

    def test_same_version_everywhere_is_a_release(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert check_release.main("v1.2.0", root) == 0
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("tag", ["1.2.0", "v1.2", "v1.2.0rc1", "v1.1.0"])
    def test_other_tag_is_none(self, tag: str, root: Path) -> None:
        assert check_release.main(tag, root) == 1

    def test_place_with_another_version_is_named(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (root / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- A change.\n")
        assert check_release.main("v1.2.0", root) == 1
        assert capsys.readouterr().out == (
            "CHANGELOG.md: the version must be that of the tag v1.2.0; found None\n"
            'CHANGELOG.md: the changes under "Unreleased" must stand under the version that releases them\n'
        )

    def test_changes_below_an_older_version_are_no_fault(self, root: Path) -> None:
        text = (root / "CHANGELOG.md").read_text("utf-8").replace("## 1.2.0", "## Unreleased\n\n## 1.2.0")
        (root / "CHANGELOG.md").write_text(text + "\n- A change.\n")
        assert check_release.main("v1.2.0", root) == 0

    def test_release_candidate_is_a_release(self, root: Path) -> None:
        self.set_version(root, "1.2.0rc1")
        assert check_release.main("v1.2.0rc1", root) == 0
        assert check_release.main("v1.2.0", root) == 1

    @pytest.mark.parametrize(
        "version", ["1.2.0-rc1", "1.2.0.rc1", "1.2.0rc0", "1.2.0rc", "1.2", "01.2.0", "1.2.0.dev1"]
    )
    def test_version_that_build_tools_would_write_otherwise_is_no_release(
        self, version: str, root: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.set_version(root, version)
        assert check_release.main(f"v{version}", root) == 1
        told = capsys.readouterr().out
        assert told == f"v{version}: the tag must have a form such as v1.2.0 or v1.2.0rc1\n"

    @staticmethod
    def set_version(root: Path, version: str) -> None:
        for name in ("pyproject.toml", "src/hypiler/__init__.py", "CHANGELOG.md", "CITATION.cff"):
            text = (root / name).read_text("utf-8").replace("1.2.0", version)
            (root / name).write_text(text.replace(f"cff-version: {version}", "cff-version: 1.2.0"))

    def test_this_package_has_one_version(self) -> None:
        found = check_release.versions(ROOT)
        assert set(found.values()) == {PROJECT["version"]}
        assert [
            fault for fault in check_release.faults(f"v{PROJECT['version']}", ROOT) if "Unreleased" not in fault
        ] == []

    def test_citation_says_what_the_package_says(self) -> None:
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
        # The licence of its own code: the format has no word for "and". The MIT licence is that of files from others.
        assert PROJECT["license"] == f"{citation['license']} AND MIT"
        assert citation["keywords"] == PROJECT["keywords"]
        changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
        assert f"\n## {citation['version']} - {citation['date-released']}\n" in changelog

    def test_classifier_says_how_far_the_version_is(self) -> None:
        (status,) = [one for one in PROJECT["classifiers"] if one.startswith("Development Status")]
        stable = not PROJECT["version"].startswith("0.")
        assert status == f"Development Status :: {'5 - Production/Stable' if stable else '4 - Beta'}"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/there": 200, "/refused": 403, "/moved": 301}.get(self.path, 404))
        if self.path == "/moved":
            self.send_header("Location", "/there")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class TestLinks:
    def test_address_without_an_answer_is_named_with_its_pages(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("no_proxy", "*")
        with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            (tmp_path / "docs").mkdir()
            (tmp_path / "A.md").write_text(f"[a]({url}/there) [b]({url}/refused) [c]({url}/gone) [d](B.md)")
            (tmp_path / "docs/b.md").write_text(f"[a]({url}/gone) [b]({url}/moved)")
            assert check_links.main(tmp_path) == 1
            server.shutdown()
        assert (
            capsys.readouterr().out == f"{url}/gone: status 404 (A.md, docs/b.md)\n4 addresses, 1 without an answer\n"
        )

    def test_pages_of_this_repository_have_addresses(self) -> None:
        assert "https://semver.org" in check_links.links(ROOT)


def test_missing_tool_is_no_success(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_workflows.sysconfig, "get_path", lambda name: str(tmp_path))
    assert check_workflows.main() == 1
    assert "zizmor is missing: python -m pip install zizmor\n" in capsys.readouterr().err


def test_schemas_are_compared_with_every_file() -> None:
    checked = {word for command in check_workflows.commands(ROOT) for word in command if word.endswith(".yml")}
    assert {Path(word).relative_to(ROOT) for word in checked} == {
        path.relative_to(ROOT) for path in (ROOT / ".github").rglob("*.yml")
    }


def test_the_action_gives_its_inputs_to_a_program_and_none_to_a_script() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text("utf-8"))
    setup, run = action["runs"]["steps"]
    assert re.fullmatch(r"actions/setup-python@[0-9a-f]{40}", setup["uses"])
    assert run["run"] == 'python "$ACTION/run.py"'
    used = set(re.findall(r"inputs\.([\w-]+)", str(run["env"])))
    assert used == action["inputs"].keys()
    named = set(re.findall(r"settings\[[\"'](\w+)[\"']\]", (ACTION / "run.py").read_text("utf-8")))
    of_runners = {name for name in named if name.startswith(("GITHUB_", "RUNNER_"))}
    assert named - of_runners == run["env"].keys() - {"ACTION"}


class _Comments(BaseHTTPRequestHandler):
    """The comments of a pull request, as GitHub's API has them."""

    comments: ClassVar[list[dict[str, Any]]] = []
    refuses = False
    login = ""

    def do_GET(self) -> None:
        if self.path == "/user":
            self.answer({"login": self.login} if self.login else {"message": "not accessible by integration"})
            return
        page = int(self.path.rpartition("page=")[2])
        self.answer(self.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        self.comments.append({"user": {"login": self.login or "github-actions[bot]"}, **self.body()})
        self.answer({})

    def do_PATCH(self) -> None:
        self.comments[int(self.path.rpartition("/")[2])].update(self.body())
        self.answer({})

    def body(self) -> dict[str, Any]:
        assert self.headers["Authorization"] == "Bearer secret"
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def answer(self, value: Any) -> None:
        if isinstance(value, list):
            place = f"http://127.0.0.1:{self.server.server_port}/comments/"  # type: ignore[attr-defined]
            value = [{**one, "url": f"{place}{self.comments.index(one)}"} for one in value]
        data = json.dumps(value).encode()
        self.send_response(403 if type(self).refuses else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class TestCommentOnAPullRequest:
    @pytest.fixture
    def settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
        monkeypatch.setenv("no_proxy", "*")
        _Comments.comments = [{"user": {"login": "somebody"}, "body": "<!-- hypiler diff -->\nforged"}] * 101
        _Comments.refuses = False
        _Comments.login = ""
        with ThreadingHTTPServer(("127.0.0.1", 0), _Comments) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield {
                "GITHUB_API_URL": f"http://127.0.0.1:{server.server_port}",
                "GITHUB_REPOSITORY": "acme/search",
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "NUMBER": "7",
                "TOKEN": "secret",
                "COMMENT": "true",
                "PROJECT": "services/search",
            }
            server.shutdown()

    def report(self, settings: dict[str, str], text: str, code: int) -> int:
        found: int = diff_action.report(subprocess.CompletedProcess([], code, text, ""), settings)
        return found

    def test_one_comment_is_kept_up_to_date_with_a_token_of_a_user(self, settings: dict[str, str]) -> None:
        _Comments.login = "ada"
        for text in ("first", "second"):
            assert self.report(settings, f"<!-- hypiler diff -->\n{text}\n", 0) == 0
        assert [one["body"].splitlines()[-1] for one in _Comments.comments[101:]] == ["second"]

    def test_an_api_that_cannot_be_reached_changes_no_result(
        self, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings["GITHUB_API_URL"] = "http://127.0.0.1:1"
        assert self.report(settings, "<!-- hypiler diff -->\nfirst\n", 0) == 0
        assert capsys.readouterr().out.startswith("::warning::the comment could not be written: ")

    def test_one_comment_is_kept_up_to_date(self, settings: dict[str, str], tmp_path: Path) -> None:
        assert self.report(settings, "<!-- hypiler diff -->\nfirst\n", 1) == 1
        assert self.report(settings, "<!-- hypiler diff -->\nsecond\n", 0) == 0
        settings["PROJECT"] = "services/--> <b>other"
        assert self.report(settings, "", 2) == 2
        assert [one["body"] for one in _Comments.comments[101:]] == [
            "<!-- hypiler diff -->\n<!-- project 8b786caa0be215cd -->\nsecond\n",
            "<!-- hypiler diff -->\n<!-- project 8032f4af6b1c1e97 -->\n### Model registry\n\n"
            "The versions could not be compared: see the log of the job.\n",
        ]
        assert (tmp_path / "output").read_text() == "failed=true\nfailed=false\nfailed=true\n"
        assert "first\n" in (tmp_path / "summary").read_text()

    def test_a_token_that_may_not_write_is_a_warning(
        self, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        _Comments.refuses = True
        assert self.report(settings, "<!-- hypiler diff -->\nfirst\n", 1) == 1
        assert capsys.readouterr().out == (
            "::warning::the comment could not be written (403): does the job have pull-requests: write?\n"
        )

    def test_the_command_takes_every_input_as_a_word(self) -> None:
        settings = {"ALLOW_REMOVAL": "a b", "FAIL_ON": "none", "PROJECT": "x y", "OLD": "--output=x"}
        words = diff_action.diff_command("hypiler", settings)
        parsed = make_parser().parse_args(words[1:])
        assert (parsed.allow_removal, parsed.fail_on, parsed.project, parsed.old) == (
            ["a", "b"],
            "none",
            "x y",
            "--output=x",
        )
