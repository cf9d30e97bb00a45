"""What all build hooks do, and the adapters of setuptools and pdm-backend alone; tests/e2e runs them in real builds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from setuptools import Distribution
from setuptools.command.build_py import build_py

from hypiler.project.discovery import has_options
from hypiler.project.hooks.common import build_for_backend
from hypiler.project.hooks.pdm import RegistryBuildHook
from hypiler.project.hooks.setuptools import finalize

TABLE = '[tool.hypiler]\noutput = "app/registry.py"\n'


def test_up_to_date_output_builds_in_a_tree_that_is_read_only(
    project: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    # Also imports everything while this process may still read the folder of the standard library.
    build_for_backend(str(project), write=True)
    texts = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    root: Path = request.getfixturevalue("as_nobody")
    for name, data in texts.items():
        (root / name).write_bytes(data)
    build_for_backend(str(root), write=True)
    for path in (root / "app/registry.py", root / "app/registry.pyi", root / "app", root):
        path.chmod(0o555)
    build_for_backend(str(root), write=True)
    for path in (root, root / "app"):
        path.chmod(0o755)
    (root / "app/registry.py").unlink()
    (root / "app").chmod(0o555)
    with pytest.raises(SystemExit) as ended:
        build_for_backend(str(root), write=True)
    (root / "app").chmod(0o755)
    assert ended.value.code == "hypiler: the model registry was not built"
    assert capsys.readouterr().err == f"hypiler: cannot write `{root}/app/registry.py`: Permission denied\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TABLE, True),
        ("[tool]\nhypiler = {}\n", True),
        ('[build-system]\nrequires = ["hypiler"]\n', False),
        ("[tool.other]\nx = 1\n", False),
        ("tool = 5 # hypiler\n", False),
        ("no toml hypiler\n", False),
        (None, False),
    ],
)
def test_only_projects_with_the_table_are_concerned(tmp_path: Path, text: str | None, expected: bool) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert has_options(str(tmp_path)) == expected


class TestSetuptools:
    def test_command_of_the_project_is_extended(self, project: Path) -> None:
        class Own(build_py):
            pass

        distribution = Distribution({"src_root": str(project)})
        distribution.cmdclass["build_py"] = Own
        finalize(distribution)
        assert issubclass(distribution.cmdclass["build_py"], Own)

    def test_other_projects_are_left_alone(self, tmp_path: Path) -> None:
        distribution = Distribution({"src_root": str(tmp_path)})
        finalize(distribution)
        assert "build_py" not in distribution.cmdclass


class TestPdm:
    def context(self, root: Path, target: str, package_dir: str = "") -> Any:
        config = SimpleNamespace(build_config=SimpleNamespace(package_dir=package_dir))
        return SimpleNamespace(root=root, target=target, config=config)

    def files(self, root: Path, target: str, package_dir: str = "") -> dict[str, Path]:
        hook, files = RegistryBuildHook(), dict[str, Path]()
        context = self.context(root, target, package_dir)
        assert hook.pdm_build_hook_enabled(context)
        hook.pdm_build_initialize(context)
        hook.pdm_build_update_files(context, files)
        return files

    def test_sdist_takes_the_sources(self, project: Path) -> None:
        assert self.files(project, "sdist") == {"models.json": project / "models.json"}
        assert not (project / "app").exists()

    def test_wheel_takes_what_is_generated_without_the_folder_of_packages(self, project: Path) -> None:
        expected = {name: project / "app" / name for name in ("registry.py", "registry.pyi")}
        assert self.files(project, "wheel", "app") == expected
        whole = {f"app/{name}": path for name, path in expected.items()}
        assert self.files(project, "wheel") == whole

    def test_editable_install_takes_the_tree_itself(self, project: Path) -> None:
        assert self.files(project, "editable") == {}
        assert (project / "app/registry.py").exists()
