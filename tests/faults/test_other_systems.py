"""What differs on Windows and macOS, as far as it can be played here: paths, open files, locks, consoles, waiting."""

import ctypes
import errno
import io
import json
import ntpath
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from faults.conftest import Command
from golden import golden
from hub.conftest import FILES

from hypiler.cli import streams
from hypiler.cli.main import main
from hypiler.cli.terminal import wants_color
from hypiler.engines import EngineError
from hypiler.engines.files import download, unsafe_settings
from hypiler.engines.texts import calls
from hypiler.hub.folder import read_folder
from hypiler.hub.snapshot import HubError, Snapshot, keep_snapshot, kept_snapshot
from hypiler.project import changed, checkout, discovery, loading, options, output
from hypiler.project.output import replace_source, write_outputs
from hypiler.verification import waiting


@pytest.fixture
def windows() -> ModuleType:
    """`os` with the paths of Windows. No path exists there."""
    fake = ModuleType("os")
    fake.__dict__.update(os.__dict__)
    fake.__dict__.update(path=ntpath, sep="\\", altsep="/", name="nt", linesep="\r\n")
    return fake


class TestPaths:
    @pytest.fixture
    def read(self, windows: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
        for module in (options, checkout, loading):
            monkeypatch.setattr(module, "os", windows)

        def read(**table: Any) -> Any:
            try:
                found = options.options_of({"output": "src/app/registry.py", **table}, "C:\\work\\project")
            except options.OptionsError as error:
                return [(finding.code, finding.message) for finding in error.findings]
            return found.registries[0]

        return read

    def test_options_become_paths_of_the_system(self, read: Callable[..., Any]) -> None:
        found = read(sources=["models/a.json", "models\\b.json"], targets={"docs": "docs/models.md"})
        assert (found.sources, found.output, found.lock, found.targets["docs"]) == (
            ["models\\a.json", "models\\b.json"],
            "src\\app\\registry.py",
            "models\\models.lock.json",
            "docs\\models.md",
        )

    @pytest.mark.parametrize(
        "path",
        ["C:\\other\\m.py", "D:\\m.py", "C:m.py", "D:m.py", "\\m.py", "/m.py", "\\\\host\\share\\m.py", "..\\m.py"],
    )
    def test_path_with_a_drive_or_a_root_leaves_the_project(self, path: str, read: Callable[..., Any]) -> None:
        shown = ntpath.normpath(path)
        assert read(output=path) == [("M503", f'a path must stay inside the project, got "{shown}"')]
        assert read(lock=path.replace(".py", ".json"))[0][0] == "M503"

    @pytest.mark.parametrize("path", ["C:m.json", "\\m.json", "/m.json", "\\\\host\\share\\m.json"])
    def test_source_with_a_drive_or_a_root_leaves_the_project(self, path: str, read: Callable[..., Any]) -> None:
        assert [code for code, _ in read(sources=path)] == ["M503"]

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("src/con.py", "`con.py` is a device on Windows"),
            ("nul/registry.py", "`nul` is a device on Windows"),
            ("src/COM1.py", "`COM1.py` is a device on Windows"),
            ("src./registry.py", "it has a part that ends with `.`, which Windows drops"),
            ("src /registry.py", "it has a part that ends with ` `, which Windows drops"),
            ("src/a:b/registry.py", "it contains `:`, which names a drive or is not allowed on Windows"),
            ("a?/registry.py", "it contains `?`, which names a drive or is not allowed on Windows"),
        ],
    )
    def test_name_that_windows_cannot_have_is_refused(self, path: str, reason: str, read: Callable[..., Any]) -> None:
        shown = path.replace("/", "\\")
        assert read(output=path) == [("M502", f'a path must be one that Windows can have, got "{shown}": {reason}')]

    @pytest.mark.parametrize("path", ["src/console.py", "src/com.py", ".hidden/registry.py", "a.b/registry.py"])
    def test_name_that_windows_can_have_is_fine(self, path: str, read: Callable[..., Any]) -> None:
        assert read(output=path).output == path.replace("/", "\\")

    def test_such_a_name_is_fine_where_no_windows_is(self, tmp_path: Path) -> None:
        assert options.options_of({"output": "src/con.py"}, str(tmp_path)).registries[0].output == "src/con.py"

    def test_outputs_that_differ_only_in_case_are_one_file_on_some_systems(self, tmp_path: Path) -> None:
        entries: Any = [{"output": "src/models.py"}, {"output": "src/Models.py"}]
        with pytest.raises(options.OptionsError) as caught:
            options.options_of({"registry": entries}, str(tmp_path))
        (finding,) = caught.value.findings
        assert finding.message == golden('each target must have a path of its own, got "src/Models.py" again')

    def test_project_on_a_drive_that_stands_for_another_place_is_found(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Links of such a drive lead to another one, and no relative path leads from one drive to another."""
        (tmp_path / "pyproject.toml").write_text("[tool.hypiler]\n")
        (tmp_path / "inner").mkdir()
        monkeypatch.chdir(tmp_path / "inner")

        def relpath(path: str) -> str:
            raise ValueError("path is on mount 'C:', start on mount 'S:'")

        monkeypatch.setattr(
            discovery, "os", SimpleNamespace(path=SimpleNamespace(**vars(os.path) | {"relpath": relpath}))
        )
        assert discovery.find_project() == str(tmp_path)

    def test_files_are_chosen_by_the_case_of_their_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Windows would also compare `MODEL.ONNX` with the pattern."""
        monkeypatch.setattr(os.path, "normcase", str.lower)
        for name in ("model.onnx", "OTHER.ONNX"):
            (tmp_path / name).touch()
        assert download._matching_files(tmp_path, ["*.onnx"]) == [tmp_path / "model.onnx"]

    def test_folder_that_is_a_junction_is_refused_as_a_link_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = tmp_path / "inner"
        inner.mkdir()
        monkeypatch.setattr(os.path, "isjunction", lambda path: Path(path) == inner, raising=False)
        with pytest.raises(EngineError) as caught:
            download._matching_files(tmp_path, ["*.onnx"])
        assert str(caught.value) == golden(
            f"{inner} is a link to a folder, in which nothing would be checked: replace it by a copy"
        )

    def test_file_in_a_junction_that_leads_out_is_not_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`os.walk` goes into a junction, whose files are no links."""
        folder, outside = tmp_path / "model", tmp_path / "outside"
        for one in (folder / "inner", outside):
            one.mkdir(parents=True)
            (one / "config.json").write_text("{}")
        real = os.path.realpath

        def realpath(path: str | os.PathLike[str], **kind: Any) -> str:
            return real(path, **kind).replace(str(folder / "inner"), str(outside))

        monkeypatch.setattr(os.path, "realpath", realpath)
        with pytest.raises(HubError) as caught:
            read_folder(folder)
        assert str(caught.value) == golden(
            f"{folder / 'inner/config.json'} is a link that leads out of the folder: replace it by a copy"
        )

    @pytest.mark.parametrize("value", ["\\\\host\\share\\vocab.txt", "//host/share/vocab.txt"])
    def test_file_of_another_computer_is_refused_without_a_request(
        self, value: str, windows: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Windows logs in to the other computer to see whether the file exists."""
        windows.path = SimpleNamespace(**vars(ntpath) | {"exists": lambda path: pytest.fail("a computer was asked")})  # type: ignore[attr-defined]
        monkeypatch.setattr(unsafe_settings, "os", windows)
        assert unsafe_settings._leads_out(tmp_path / "tokenizer_config.json", value)

    def test_cached_repository_whose_name_differs_in_case_is_another_one(self, tmp_path: Path) -> None:
        kept = Snapshot("Org/Name", None, "a" * 40, None, (), {}, {}, {}, {})
        keep_snapshot(tmp_path, kept)
        (path,) = tmp_path.iterdir()
        path.rename(tmp_path / path.name.lower())
        assert kept_snapshot(tmp_path, "org/name", "a" * 40) is None


class TestOpenFiles:
    """Windows refuses to replace a file that a program has open."""

    @pytest.fixture
    def waits(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        found: list[float] = []
        monkeypatch.setattr(output, "_WAITS", (0.1, 0.2, 0.3))
        monkeypatch.setattr(time, "sleep", found.append)
        return found

    def refuse(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        replace = os.replace
        left = [times]

        def refusing(source: str, target: str) -> None:
            if left[0]:
                left[0] -= 1
                raise PermissionError(errno.EACCES, "Access is denied", source)
            replace(source, target)

        monkeypatch.setattr(os, "replace", refusing)

    def test_file_that_is_open_for_a_moment_is_replaced_afterwards(
        self, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.refuse(monkeypatch, 2)
        path = str(tmp_path / "m.md")
        assert write_outputs({path: "text"}, sources=[]) == [path]
        assert (waits, os.listdir(tmp_path)) == ([0.1, 0.2], ["m.md"])

    def test_file_that_stays_open_is_an_error_after_a_second(
        self, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.refuse(monkeypatch, 100)
        path = str(tmp_path / "m.md")
        with pytest.raises(PermissionError) as caught:
            write_outputs({path: "text"}, sources=[])
        assert str(caught.value) == golden(f"cannot write `{path}`: Access is denied")
        assert (waits, os.listdir(tmp_path)) == ([0.1, 0.2, 0.3], [])

    def test_second_of_two_files_that_stays_open_restores_the_first(
        self, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = tmp_path / "a.pyi", tmp_path / "b.pyi"
        files = {str(first): "", str(second): ""}
        replace = os.replace

        def refusing(source: str, target: str) -> None:
            if target == str(second):
                raise PermissionError(errno.EACCES, "Access is denied", source)
            replace(source, target)

        monkeypatch.setattr(os, "replace", refusing)
        with pytest.raises(PermissionError):
            write_outputs(dict.fromkeys(files, "text"), sources=[])
        assert os.listdir(tmp_path) == []

    def test_here_nothing_is_tried_twice(self) -> None:
        assert output._WAITS == ()

    def test_lock_is_a_file_beside_it_that_is_removed_when_closed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Windows has no `fcntl`, and removes a file that was opened with O_TEMPORARY when it is closed."""
        monkeypatch.setitem(sys.modules, "fcntl", None)
        opened: dict[int, str] = {}
        flag = 1 << 30
        real_open, real_close = os.open, os.close

        def open_(path: str, flags: int, *mode: int) -> int:
            file = real_open(path, flags & ~flag, *mode)
            if flags & flag:
                opened[file] = path
            return file

        def close(file: int) -> None:
            real_close(file)
            if file in opened:
                os.unlink(opened.pop(file))

        monkeypatch.setattr(os, "O_TEMPORARY", flag, raising=False)
        monkeypatch.setattr(os, "open", open_)
        monkeypatch.setattr(os, "close", close)
        path = tmp_path / "models.json"
        path.write_bytes(b"old")
        held = output._lock(str(path))
        assert held is not None
        with pytest.raises(OSError) as caught:
            replace_source(str(path), b"old", b"new", root=str(tmp_path))
        assert str(caught.value) == golden(f"cannot write `{path}`: another process is writing it")
        os.close(held)
        replace_source(str(path), b"old", b"new", root=str(tmp_path))
        assert (path.read_bytes(), os.listdir(tmp_path), opened) == (b"new", ["models.json"], {})


class TestConsoles:
    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_every_command_can_print_in_an_old_encoding(self, encoding: str, hypiler: Command, project: Path) -> None:
        (project / "models.json").write_text(
            (project / "models.json").read_text("utf-8").replace('"name": "', '"name": "naïve → 模型 …', 1), "utf-8"
        )
        commands = [
            ("list",),
            ("list", "--shipped"),
            ("coverage", "--shipped"),
            ("show", "bge-m3", "--shipped"),
            ("explain",),
            ("explain", "M207"),
            ("check", "--format", "concise"),
            ("build", "--diff"),
            ("docs", "--diff"),
            ("schema", "--format", "markdown"),
            ("--help",),
            *[(command, "--help") for command in ("check", "build", "verify")],
        ]
        for words in commands:
            done = hypiler(*words, PYTHONIOENCODING=encoding, PYTHONUTF8="0", PYTHONWARNDEFAULTENCODING="1")
            assert (done.stderr, done.returncode in (0, 1)) == ("", True), words
            assert done.stdout

    @pytest.mark.parametrize(
        "words", [("schema",), ("list", "--json", "--shipped"), ("show", "bge-m3", "--shipped", "--json")]
    )
    def test_json_for_programs_is_utf8_whatever_the_console_has(self, words: tuple[str, ...], tmp_path: Path) -> None:
        found = []
        for encoding in ("utf-8", "cp1252"):
            environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
            command = [sys.executable, "-m", "hypiler", *words]
            done = subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
            found.append(json.loads(done.stdout.decode("utf-8")))
        assert found[0] == found[1]

    def test_no_file_is_opened_in_the_encoding_of_the_system(self, hypiler: Command) -> None:
        """Python warns about each, and a warning is an error here."""
        for words in (("build",), ("check",), ("docs",), ("schema", "--out", "s.json"), ("list",), ("init", "--help")):
            done = hypiler(*words, PYTHONWARNDEFAULTENCODING="1", PYTHONWARNINGS="error::EncodingWarning")
            assert (done.stderr, done.returncode) == ("", 0), words

    def test_pipe_without_a_reader_is_no_error(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Windows reports an invalid argument."""
        error = OSError(errno.EINVAL, "Invalid argument")
        assert not streams.has_no_reader(error)
        monkeypatch.setattr(sys, "platform", "win32")
        assert streams.has_no_reader(error)
        assert streams.has_no_reader(BrokenPipeError())
        assert not streams.has_no_reader(OSError(errno.EINVAL, "Invalid argument", "models.json"))
        assert not streams.has_no_reader(OSError(errno.ENOSPC, "No space left on device"))

    @pytest.mark.parametrize(("terminal", "written"), [(False, b"a\nb\n"), (True, b"a\r\nb\r\n")])
    def test_files_and_pipes_get_the_line_ends_of_every_system(
        self, terminal: bool, written: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Stream(io.TextIOWrapper):
            def isatty(self) -> bool:
                return terminal

        data = io.BytesIO()
        stream = Stream(data, "utf-8", newline="\r\n")
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(sys, "stdout", stream)
        streams.prepare_streams()
        streams.write_text("a\nb", stream)
        assert data.getvalue() == written

    @pytest.mark.parametrize(
        ("mode", "accepts", "colored"),
        [(None, True, False), (0, True, True), (0, False, False), (4, False, True)],
        ids=["no console", "made to obey", "refuses", "obeys already"],
    )
    def test_console_of_windows_is_asked_to_obey_escapes(
        self, mode: int | None, accepts: bool, colored: bool, windows: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[int] = []

        def get_mode(handle: Any, place: Any) -> int:
            if mode is not None:
                place._obj.value = mode
            return mode is not None

        def set_mode(handle: Any, value: int) -> int:
            given.append(value)
            return accepts

        console = SimpleNamespace(GetConsoleMode=get_mode, SetConsoleMode=set_mode)
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
        monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda number: number))
        monkeypatch.setattr("hypiler.cli.terminal.os", windows)
        for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)
        stream: Any = SimpleNamespace(isatty=lambda: True, fileno=lambda: 1)
        assert wants_color(stream) == colored
        assert given == ([4] if mode == 0 else [])

    def test_console_that_cannot_be_asked_gets_no_escapes(
        self, windows: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("hypiler.cli.terminal.os", windows)
        for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)
        stream: Any = SimpleNamespace(isatty=lambda: True, fileno=lambda: 1)
        assert not wants_color(stream)


class TestWaiting:
    """On Windows, Python 3.13 and older see Ctrl-C in the main thread only when a wait ends."""

    def test_call_in_another_thread_is_waited_for_in_short_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waited: list[float | None] = []

        class Watched(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                waited.append(timeout)
                return super().wait(0.05)

        def work() -> str:
            time.sleep(0.2)
            return "done"

        monkeypatch.setattr(calls, "Event", Watched)
        assert calls.call(work, long=True) == "done"
        assert len(waited) > 2
        assert None not in waited

    def test_results_are_waited_for_in_short_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "_SECONDS", 0.02)
        futures: list[Future[int]] = [Future() for _ in range(3)]
        order = [2, 0, 1]

        def work() -> None:
            for place in order:
                time.sleep(0.1)
                futures[place].set_result(place)

        thread = threading.Thread(target=work)
        thread.start()
        assert [future.result() for future in waiting.as_completed(futures)] == order
        assert list(waiting.in_order(futures)) == [0, 1, 2]
        thread.join()

    def test_error_of_a_thread_is_raised(self) -> None:
        failed: Future[int] = Future()
        failed.set_exception(TimeoutError("late"))
        with pytest.raises(TimeoutError, match="late"):
            list(waiting.in_order([failed]))


def test_program_in_the_current_folder_is_not_taken_for_git(
    windows: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows looks for a program in the current folder first, unless the environment forbids it."""
    name = "NoDefaultCurrentDirectoryInExePath"
    seen: list[str | None] = []

    def run(*words: Any, **settings: Any) -> Any:
        seen.append(os.environ.get(name))
        return SimpleNamespace(returncode=0, stdout=b"", stderr=b"")

    monkeypatch.setenv(name, "")
    monkeypatch.delenv(name)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(changed, "os", windows)
    changed._git("diff")
    assert seen == ["1"]


def test_cache_of_the_hub_without_links_names_its_commit(tmp_path: Path) -> None:
    """Where links are not allowed, the client of the hub puts copies into its cache."""
    commit = "c" * 40
    folder = tmp_path / "models--org--tiny/snapshots" / commit
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    found = read_folder(folder)
    assert (found.revision, found.copies) == (commit, frozenset())


SPAWNED = """
import multiprocessing
from hypiler import ModelConfig
from hypiler.model_registry import COLBERT_V2

def same(model, config):
    return model == COLBERT_V2, config == ModelConfig.from_registry("jina-colbert-v2", dimension=64)

if __name__ == "__main__":
    pool = multiprocessing.get_context("spawn").Pool(1)
    with pool:
        print(pool.apply(same, (COLBERT_V2, ModelConfig.from_registry("jina-colbert-v2", dimension=64))))
"""


def test_models_and_configs_reach_a_process_that_was_spawned(tmp_path: Path) -> None:
    """Windows and macOS start processes so."""
    program = tmp_path / "program.py"
    program.write_text(SPAWNED)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(True, True)\n", "")


@pytest.mark.parametrize("by_option", [False, True], ids=["current folder", "--project"])
def test_project_below_a_link_is_built(
    by_option: bool, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everything in `/tmp` on macOS."""
    place = tmp_path / "place"
    place.symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path if by_option else place / project.name)
    words = ["--project", str(place / project.name)] if by_option else []
    assert main(["build", "-q", *words]) == main(["docs", "-q", *words]) == 0
    assert main(["build", "--check", *words]) == 0
