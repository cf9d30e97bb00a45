"""Several registries in one project, patterns, targets, locks, and sources above the project."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden

from hypiler.project.extends import copy_place
from hypiler.project.options import OptionsError, RegistryOptions, read_options

Hypiler = Callable[..., tuple[int, str, str]]
TWO = """
[[tool.hypiler.registry]]
sources = "models.json"
output = "app/one.py"
[[tool.hypiler.registry]]
sources = ["models.json"]
output = "app/two.py"
"""
OUTSIDE = "above the project, only files of the same git repository can be sources"


def registries(root: Path, text: str) -> list[RegistryOptions]:
    (root / "pyproject.toml").write_text(text)
    return read_options(str(root)).registries


def one(root: Path, lines: str) -> RegistryOptions:
    (found,) = registries(root, f'[tool.hypiler]\noutput = "m.py"\n{lines}\n')
    return found


def faults(root: Path, text: str) -> list[tuple[str, str, str, str | None]]:
    with pytest.raises(OptionsError) as caught:
        registries(root, text)
    return [(finding.code, finding.json_path, finding.message, finding.help) for finding in caught.value.findings]


def fault(root: Path, lines: str) -> tuple[str, str, str, str | None]:
    (found,) = faults(root, f'[tool.hypiler]\noutput = "m.py"\n{lines}\n')
    return found


class TestBothForms:
    def test_each_entry_is_a_registry_and_a_source_may_be_used_twice(self, tmp_path: Path) -> None:
        found = registries(tmp_path, TWO)
        assert [(each.sources, each.output, each.lock) for each in found] == [
            (["models.json"], "app/one.py", "models.lock.json"),
            (["models.json"], "app/two.py", "models.lock.json"),
        ]

    def test_both_forms_at_once_are_an_error(self, tmp_path: Path) -> None:
        text = '[tool.hypiler]\nsources = "models.json"\ndocs = "M.md"\n' + TWO
        expected = "must stand in the entries of [[tool.hypiler.registry]], not in [tool.hypiler]"
        assert faults(tmp_path, text) == [
            ("M502", f"$.tool.hypiler.{name}", golden(f"`{name}` {expected}"), golden("move it into an entry"))
            for name in ("sources", "docs")
        ]

    def test_all_faults_of_all_entries_are_told_at_once(self, tmp_path: Path) -> None:
        text = TWO.replace("sources", "source").replace("app/two.py", "two") + "[tool.hypiler]\nzzz = 1\n"
        assert [(code, path, message) for code, path, message, _ in faults(tmp_path, text)] == [
            ("M501", "$.tool.hypiler.zzz", golden("unknown option `zzz` in `tool.hypiler`")),
            (
                "M501",
                "$.tool.hypiler.registry[0].source",
                golden("unknown option `source` in `tool.hypiler.registry[0]`"),
            ),
            (
                "M501",
                "$.tool.hypiler.registry[1].source",
                golden("unknown option `source` in `tool.hypiler.registry[1]`"),
            ),
            (
                "M502",
                "$.tool.hypiler.registry[1].output",
                golden('`output` must be the path of a module, as `src/app/model_registry.py`, got "two"'),
            ),
        ]

    @pytest.mark.parametrize(
        ("value", "shown"), [("[]", "a list"), ("1", "1"), ("{}", golden("an object")), ("[1]", "a list")]
    )
    def test_entries_of_another_type_are_refused(self, tmp_path: Path, value: str, shown: str) -> None:
        help = golden("write [[tool.hypiler.registry]] above the options of each registry")
        assert faults(tmp_path, f"[tool.hypiler]\nregistry = {value}\n") == [
            ("M502", "$.tool.hypiler.registry", golden(f"`registry` must be a list of tables, got {shown}"), help)
        ]

    @pytest.mark.parametrize("path", ["app/one.py", "./app/../app/one.py", "link/one.py"])
    def test_two_registries_never_write_the_same_file(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "app").mkdir()
        (tmp_path / "link").symlink_to("app")
        message = golden(f'each target must have a path of its own, got "{os.path.normpath(path)}" again')
        assert faults(tmp_path, TWO.replace("app/two.py", path)) == [
            ("M502", "$.tool.hypiler.registry[1].output", message, golden("name another path"))
        ]
        text = TWO.replace('two.py"', 'two.py"\ntargets = ["docs"]')
        text = text.replace('one.py"', 'one.py"\ndocs = "MODELS.md"')
        message = golden('each target must have a path of its own, got "MODELS.md" again')
        assert faults(tmp_path, text) == [
            ("M502", "$.tool.hypiler.registry[1].targets", message, golden("name another path"))
        ]

    @pytest.mark.parametrize(
        "lines", ['targets = { schema = "./models.lock.json" }', 'lock = "a.json"\ntargets.schema = "a.json"']
    )
    def test_no_target_takes_the_place_of_a_lock(self, tmp_path: Path, lines: str) -> None:
        """It would be read as the lock by the next build."""
        code, place, message, _ = fault(tmp_path, lines)
        assert (code, place) == ("M502", "$.tool.hypiler.targets")
        assert message.startswith("each target must have a path of its own, got ")
        assert message.endswith(" of the lock")

    def test_an_option_of_the_project_in_an_entry_is_told_where_it_stands(self, tmp_path: Path) -> None:
        text = '[[tool.hypiler.registry]]\noutput = "a.py"\nignore = ["M2"]\n'
        assert faults(tmp_path, text) == [
            (
                "M501",
                "$.tool.hypiler.registry[0].ignore",
                "unknown option `ignore` in `tool.hypiler.registry[0]`",
                "move it to [tool.hypiler], for all registries",
            )
        ]

    def test_a_registry_is_named_by_its_output_or_its_module(self, tmp_path: Path) -> None:
        registries(tmp_path, TWO)
        options = read_options(str(tmp_path))
        first, second = options.registries
        assert options.registry("app/one.py") is options.registry("one") is first
        assert options.registry("two") is second
        listed = "`app/one.py`, `app/two.py`"
        for name, message in (
            (None, golden(f"the project has several registries: name one of {listed}")),
            ("three", golden(f"no registry is called `three`; name one of {listed}")),
        ):
            with pytest.raises(LookupError) as caught:
                options.registry(name)
            assert str(caught.value) == message
        registries(tmp_path, TWO.replace("app/two.py", "lib/one.py"))
        with pytest.raises(LookupError, match=r"several registries are called `one`; name one of `app/one.py`, `lib"):
            read_options(str(tmp_path)).registry("one")


class TestTargets:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ("", {}),
            ('docs = "d.md"', {}),
            ('targets = ["schema", "docs"]', {"docs": "MODELS.md", "schema": "models.schema.json"}),
            ('targets = ["docs"]\ndocs = "d.md"', {"docs": "d.md"}),
            ('targets = { docs = "./d/x.md" }', {"docs": "d/x.md"}),
            ("targets = {}", {}),
        ],
    )
    def test_they_are_names_or_paths(self, tmp_path: Path, lines: str, expected: dict[str, str]) -> None:
        assert one(tmp_path, lines).targets == {"module": "m.py", **expected}

    @pytest.mark.parametrize(
        ("lines", "path", "message", "help"),
        [
            ("targets = 3", "", golden("`targets` must be a table of paths or a list of names, got 3"), None),
            (
                'targets = ["doc"]',
                "[0]",
                golden('`targets` must name known targets, got "doc"'),
                golden("known targets: docs, html, schema"),
            ),
            (
                "targets = [3]",
                "[0]",
                golden("`targets` must name known targets, got 3"),
                golden("known targets: docs, html, schema"),
            ),
            ('targets = ["module"]', "[0]", golden("`targets` must not name the module: `output` is its path"), None),
            (
                "targets = { docs = 3 }",
                ".docs",
                golden("`docs` must be the path of a file that ends in `.md`, got 3"),
                None,
            ),
            (
                'targets = { schema = "hypiler.manifest.json" }',
                ".schema",
                golden('`schema` must be the path of a file that ends in `.json`, got "hypiler.manifest.json"'),
                None,
            ),
            (
                'docs = "a.md"\ntargets = { docs = "b.md" }',
                ".docs",
                golden("`docs` must be set once: as an option or in `targets`"),
                golden("remove one of them"),
            ),
        ],
    )
    def test_what_cannot_be_a_target_is_refused(
        self, tmp_path: Path, lines: str, path: str, message: str, help: str | None
    ) -> None:
        assert fault(tmp_path, lines) == ("M502", f"$.tool.hypiler.targets{path}", message, help)

    def test_they_stay_inside_the_project(self, tmp_path: Path) -> None:
        code, path, message, _ = fault(tmp_path, 'targets = { schema = "../x.json" }')
        assert (code, path) == ("M503", "$.tool.hypiler.targets.schema")
        assert message == golden('a path must stay inside the project, got "../x.json"')


class TestLock:
    def test_it_lies_beside_the_first_source_unless_an_option_names_it(self, tmp_path: Path) -> None:
        assert one(tmp_path, 'sources = ["a/b.json", "c.json"]').lock == "a/models.lock.json"
        assert one(tmp_path, 'lock = "locks/./x.json"').lock == "locks/x.json"

    @pytest.mark.parametrize(("value", "shown"), [("3", "3"), ('"x.lock"', '"x.lock"')])
    def test_one_of_another_type_is_refused(self, tmp_path: Path, value: str, shown: str) -> None:
        message = golden(f"`lock` must be the path of a JSON file (.json), got {shown}")
        assert fault(tmp_path, f"lock = {value}") == ("M502", "$.tool.hypiler.lock", message, None)

    def test_it_stays_inside_the_project(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        project = tmp_path / "p"
        project.mkdir()
        assert fault(project, 'lock = "../x.json"')[:2] == ("M503", "$.tool.hypiler.lock")

    def test_the_one_that_the_option_names_is_heeded(self, project: Path, hypiler: Hypiler) -> None:
        table = '[tool.hypiler]\noutput = "app/registry.py"\nlock = "locks/mine.json"\n'
        (project / "pyproject.toml").write_text(table)
        assert hypiler("build", "-q") == (0, "", "")
        (project / "locks").mkdir()
        (project / "locks/mine.json").write_text('{"version": 9}')
        code, _, err = hypiler("build", "--format", "concise")
        assert (code, err.partition(": error[M403]")[0]) == (1, "locks/mine.json:1:13")


class TestPatterns:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("b.json", "a.json", "Z.json", "sub/c.json", ".hidden.json", "x.txt", "d.json/x"):
            (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "models" / name).touch()
        for name in ("models.lock.json", "models.schema.json", "hypiler.manifest.json"):
            (tmp_path / "models" / name).touch()
        return tmp_path

    @pytest.mark.parametrize(
        ("sources", "expected"),
        [
            ('"models/*.json"', ["models/Z.json", "models/a.json", "models/b.json"]),
            ('["models/b.json", "models/*.json"]', ["models/b.json", "models/Z.json", "models/a.json"]),
            ('"./models/[ab].json"', ["models/a.json", "models/b.json"]),
            ('"models/**/?.json"', ["models/Z.json", "models/a.json", "models/b.json", "models/sub/c.json"]),
            ('["models/a*", "models/*a.json"]', ["models/a.json"]),
        ],
    )
    def test_files_that_match_are_sources_in_the_order_of_their_names(
        self, folder: Path, sources: str, expected: list[str]
    ) -> None:
        """Without the files that lie beside registries; the lock lies beside the first source."""
        found = one(folder, f"sources = {sources}")
        assert (found.sources, found.lock) == (expected, "models/models.lock.json")

    def test_a_pattern_that_matches_nothing_is_a_finding(self, folder: Path) -> None:
        message = 'a pattern in `sources` must match a file, got "models/*.toml"'
        expected = ("M502", "$.tool.hypiler.sources[1]", message, None)
        assert fault(folder, 'sources = ["models/a.json", "models/*.toml"]') == expected

    def test_a_file_with_such_a_name_is_itself(self, folder: Path) -> None:
        (folder / "models/[ab].json").touch()
        assert one(folder, 'sources = "models/[ab].json"').sources == ["models/[ab].json"]

    def test_a_match_that_leads_out_is_refused(self, folder: Path) -> None:
        (folder / "models/out.json").symlink_to("/etc/hostname")
        message = golden('a path must stay inside the project, and "models/out.json" leads out of it through a link')
        assert fault(folder, 'sources = "models/*.json"')[:3] == ("M503", "$.tool.hypiler.sources", message)


class TestAboveTheProject:
    @pytest.fixture
    def service(self, models: Path) -> Path:
        """A project `services/a` in a repository whose registry lies in `shared`; the current folder."""
        root = models.parent
        (root / ".git").mkdir()
        (root / "shared").mkdir()
        models.rename(root / "shared/models.json")
        service = root / "services/a"
        service.mkdir(parents=True)
        os.chdir(service)
        table = '[tool.hypiler]\nsources = "../../shared/models.json"\noutput = "app/m.py"\n'
        (service / "pyproject.toml").write_text(table)
        return service

    def test_it_is_read_there_and_nothing_is_written_there(self, service: Path, hypiler: Hypiler) -> None:
        root = service.parents[1]
        before = sorted(path for path in root.rglob("*") if service not in path.parents)
        found = read_options("").registry()
        assert (found.sources, found.lock) == (["../../shared/models.json"], "models.lock.json")
        assert hypiler("build") == (0, golden("app/m.py: 1 model, written\n"), "")
        assert hypiler("docs") == (0, golden("MODELS.md: 1 model, written\n"), "")
        assert sorted(path for path in root.rglob("*") if service not in path.parents) == before
        shared = root / "shared/models.json"
        shared.write_text(shared.read_text().replace("384", "0"))
        code, _, err = hypiler("build", "--format", "concise")
        assert (code, err.partition(":")[0]) == (1, "../../shared/models.json")

    def test_its_lock_lies_in_the_project(self, service: Path, hypiler: Hypiler) -> None:
        (service.parents[1] / "shared/models.lock.json").write_text("{")
        assert hypiler("build", "-q") == (0, "", "")
        (service / "models.lock.json").write_text("{")
        code, _, err = hypiler("build", "--format", "concise")
        assert (code, err.partition(":")[0]) == (1, "models.lock.json")

    def test_init_makes_no_registry_above_the_project(self, service: Path, hypiler: Hypiler) -> None:
        (service.parents[1] / "shared/models.json").unlink()
        assert hypiler("init")[0] == 0
        assert list((service.parents[1] / "shared").iterdir()) == []

    def test_a_pattern_may_lead_there(self, service: Path) -> None:
        assert one(service, 'sources = "../../shared/*.json"').sources == ["../../shared/models.json"]

    @pytest.mark.parametrize("path", ["../../../x.json", "../../../*/x.json"])
    def test_above_the_repository_it_is_refused(self, service: Path, path: str) -> None:
        message = golden(f'a path must stay inside the project, got "{path}"')
        assert fault(service, f'sources = "{path}"') == ("M503", "$.tool.hypiler.sources", message, OUTSIDE)

    def test_without_a_repository_it_is_refused(self, service: Path) -> None:
        (service.parents[1] / ".git").rmdir()
        message = 'a path must stay inside the project, got "../../shared/models.json"'
        expected = ("M503", "$.tool.hypiler.sources", message, OUTSIDE)
        assert fault(service, 'sources = "../../shared/models.json"') == expected

    @pytest.mark.parametrize("pattern", ["link.json", "*.json"])
    def test_a_link_that_leads_out_of_the_repository_is_refused(self, service: Path, pattern: str) -> None:
        (service.parents[1] / "shared/link.json").symlink_to("/etc/hostname")
        message = 'a path must stay inside the repository, and "../../shared/link.json" leads out of it through a link'
        help = "replace the link, or name another path"
        expected = ("M503", "$.tool.hypiler.sources", message, help)
        assert fault(service, f'sources = "../../shared/{pattern}"') == expected

    def test_a_link_in_the_project_leads_out_of_it_as_before(self, service: Path) -> None:
        (service / "link.json").symlink_to("../../shared/models.json")
        message = golden('a path must stay inside the project, and "link.json" leads out of it through a link')
        assert fault(service, 'sources = "link.json"')[:3] == ("M503", "$.tool.hypiler.sources", message)

    def test_an_output_above_the_project_is_refused(self, service: Path) -> None:
        (found,) = faults(service, '[tool.hypiler]\nsources = "../../shared/models.json"\noutput = "../m.py"\n')
        assert found[:2] == ("M503", "$.tool.hypiler.output")

    @pytest.mark.parametrize(
        ("source", "place"),
        [
            ("../../shared/models.json", "hypiler-sources/2/shared/models.json"),
            ("../2/models.json", "hypiler-sources/1/2/models.json"),
            ("models/a.json", "models/a.json"),
        ],
    )
    def test_each_source_has_a_place_of_its_own_in_an_sdist(self, source: str, place: str) -> None:
        assert copy_place(source) == place

    @pytest.mark.parametrize("source", ["../../shared/models.json", "../../shared/*.json"])
    def test_the_copy_is_read_where_the_original_is_missing(self, service: Path, source: str) -> None:
        copy = service / "hypiler-sources/2/shared/models.json"
        copy.parent.mkdir(parents=True)
        (service.parents[1] / "shared/models.json").rename(copy)
        (service.parents[1] / ".git").rmdir()
        found = one(service, f'sources = "{source}"')
        assert (found.sources, found.lock) == (["hypiler-sources/2/shared/models.json"], "models.lock.json")

    def test_an_unpacked_sdist_reads_its_copy_and_not_what_lies_around_it(self, service: Path) -> None:
        copy = service / "hypiler-sources/2/shared/models.json"
        copy.parent.mkdir(parents=True)
        copy.touch()
        assert read_options("").registry().sources == ["../../shared/models.json"]
        (service / "PKG-INFO").touch()
        assert read_options("").registry().sources == ["hypiler-sources/2/shared/models.json"]

    @pytest.mark.parametrize("source", ["../\\u0000.json", "../*\\u0000"])
    def test_a_nul_is_refused(self, service: Path, source: str) -> None:
        assert fault(service, f'sources = "{source}"')[:2] == ("M502", "$.tool.hypiler.sources")


class TestCommands:
    @pytest.fixture
    def two(self, models: Path) -> Path:
        text = TWO.replace('one.py"', 'one.py"\ntargets = ["docs", "schema"]').replace(
            'two.py"', 'two.py"\ntargets = { schema = "app/two.schema.json" }'
        )
        models.with_name("pyproject.toml").write_text(text)
        return models.parent

    def test_build_writes_every_target_of_every_registry(self, two: Path, hypiler: Hypiler) -> None:
        paths = ["app/one.py", "MODELS.md", "models.schema.json", "app/two.py", "app/two.schema.json"]
        for arguments, state in (((), "written"), ((), "already up to date"), (("--check",), "up to date")):
            lines = "".join([f"{path}: 1 model, {state}\n" for path in paths])
            assert hypiler("build", *arguments) == (0, lines, "")
        assert (
            json.loads((two / "models.schema.json").read_text())["title"]
            == "A registry of embedding models"[:0] + (json.loads((two / "app/two.schema.json").read_text())["title"])
        )

    def test_check_and_diff_show_each_file_that_differs(self, two: Path, hypiler: Hypiler) -> None:
        hypiler("build")
        (two / "MODELS.md").unlink()
        (two / "app/two.schema.json").unlink()
        code, out, err = hypiler("build", "--check", "--format", "concise")
        assert code == 1
        assert out == "".join(
            [f"{path}: 1 model, up to date\n" for path in ("app/one.py", "models.schema.json", "app/two.py")]
        )
        assert [line for line in err.splitlines() if "M506" in line] == [
            golden("MODELS.md: error[M506]: `MODELS.md` is missing"),
            golden("app/two.schema.json: error[M506]: `app/two.schema.json` is missing"),
        ]
        code, out, _ = hypiler("build", "--diff", "-q")
        assert (code, [line for line in out.splitlines() if line.startswith("+++")]) == (
            1,
            ["+++ b/MODELS.md", "+++ b/app/two.schema.json"],
        )

    def test_a_fault_in_one_registry_or_output_writes_nothing(self, two: Path, hypiler: Hypiler) -> None:
        (two / "app").mkdir()
        (two / "app/two.py").write_text("by = hand\n")
        assert hypiler("build")[:2] == (1, "")
        assert sorted(os.listdir()) == ["app", "models.json", "pyproject.toml"]
        (two / "app/two.py").unlink()
        (two / "bad.json").write_text("{")
        table = (two / "pyproject.toml").read_text().replace('["models.json"]', '["bad.json"]')
        (two / "pyproject.toml").write_text(table)
        assert hypiler("build")[:2] == (1, "")
        assert os.listdir("app") == []

    def test_docs_and_schema_write_their_target_of_each_registry(self, two: Path, hypiler: Hypiler) -> None:
        assert hypiler("docs")[:2] == (0, golden("MODELS.md: 1 model, written\n"))
        lines = "models.schema.json: 1 model, written\napp/two.schema.json: 1 model, written\n"
        assert hypiler("schema")[:2] == (0, lines)
        assert hypiler("schema", "--check")[:2] == (0, lines.replace("written", "up to date"))
        assert sorted(os.listdir("app")) == ["hypiler.manifest.json", "two.schema.json"]

    def test_one_out_cannot_hold_two_registries(self, two: Path, hypiler: Hypiler) -> None:
        message = golden("hypiler: `--out` names one file, and the project has 2 registries\n")
        assert hypiler("docs", "--out", "x.md") == (2, "", message)

    def test_several_registries_have_no_default_path(self, models: Path, hypiler: Hypiler) -> None:
        models.with_name("pyproject.toml").write_text(TWO)
        code, _, err = hypiler("docs", "--format", "concise")
        message = golden("error[M502]: `targets` must name a path for `docs` in a registry of the project; found none")
        assert (code, err) == (1, golden(f"pyproject.toml: {message}\n1 error\n"))

    def test_schema_is_printed_unless_the_project_has_a_file_for_it(self, project: Path, hypiler: Hypiler) -> None:
        code, printed, _ = hypiler("schema")
        assert (code, json.loads(printed)["type"]) == (0, "object")
        assert hypiler("schema", "--out", "s.json")[1] == golden("s.json: 1 model, written\n")
        assert (project / "s.json").read_text() == printed
        table = '[tool.hypiler]\noutput = "app/registry.py"\ntargets = { schema = "s.json" }\n'
        (project / "pyproject.toml").write_text(table)
        assert hypiler("schema")[1] == golden("s.json: 1 model, already up to date\n")
        assert hypiler("schema", "--format", "json")[1] == printed
        (project / "pyproject.toml").write_text("[tool.hypiler")
        assert hypiler("schema")[1] == printed

    def test_targets_of_files_go_to_a_folder(self, models: Path, hypiler: Hypiler) -> None:
        arguments = ["build", "models.json", "--out", "out", "--target", "docs", "--target", "schema"]
        assert hypiler(*arguments)[0] == 0
        assert sorted(os.listdir("out")) == ["MODELS.md", "hypiler.manifest.json", "models.schema.json"]
        (models.parent / "out/MODELS.md").unlink()
        assert (
            "run `hypiler build models.json --out out --target docs --target schema`"
            in (hypiler(*arguments, "--check")[2])
        )

    def test_targets_of_a_project_are_its_options(self, project: Path, hypiler: Hypiler) -> None:
        message = golden("`--target` needs FILE and `--out DIR`; in a project, `targets` of [tool.hypiler] decides")
        assert hypiler("build", "--target", "docs") == (2, "", golden(f"hypiler: {message}\n"))
