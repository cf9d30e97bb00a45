"""Ctrl-C ends every call, and a process can fork while other threads encode."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from slow import slow
from tiny import config_of, write_tiny

from hypiler.engines import EngineError
from hypiler.engines.texts.calls import CALLS, call, check_generation

TESTS = Path(__file__).parent.parent


def run(program: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """What a program does in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


def test_result_and_error_of_a_call_are_those_of_the_function() -> None:
    for long in (False, True):
        assert call(lambda: 5, long=long) == 5
        with pytest.raises(ZeroDivisionError):
            call(lambda: 1 // 0, long=long)


def test_long_call_runs_in_another_thread_only_if_the_main_thread_would_wait() -> None:
    assert call(threading.current_thread, long=True) is not threading.main_thread()
    assert call(threading.current_thread) is threading.main_thread()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call(threading.current_thread, long=True)))
    thread.start()
    thread.join()
    assert found == [thread]


@slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_ends_a_long_call() -> None:
    """`a+b` scans the rest of the text from each letter: the library computes for hours, outside of Python."""
    program = """
        import os, pathlib, signal, sys, tempfile, threading, time, json
        from tiny import config_of, write_tiny
        place = pathlib.Path(tempfile.mkdtemp())
        (place / "config").mkdir()
        folder = write_tiny(place / "model")
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        pattern = {"type": "Split", "pattern": {"Regex": "a+b"}, "behavior": "Removed", "invert": False}
        tokenizer["pre_tokenizer"] = pattern
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        encoder = config_of(place / "config").load("onnx", local=folder)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        start = time.monotonic()
        try:
            encoder.encode_documents(["a" * 3_000_000])
        except KeyboardInterrupt:
            print("interrupted after", time.monotonic() - start, flush=True)
            os._exit(0)
    """
    found = run(program)
    assert found.stdout.startswith("interrupted after "), found.stderr
    assert float(found.stdout.split()[-1]) < 5


FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@FORKS
def test_child_forked_while_a_thread_encodes_can_encode() -> None:
    program = """
        import os, pathlib, sys, tempfile, threading, time
        import numpy as np
        from tiny import config_of, write_tiny
        place = pathlib.Path(tempfile.mkdtemp())
        (place / "config").mkdir()
        encoder = config_of(place / "config").load("onnx", local=write_tiny(place / "model"))
        expected, stop = encoder.encode_documents(["a b"]), False
        def busy():
            while not stop:
                encoder.encode_documents(["a b c d e f"] * 500)
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(10):
            time.sleep(0.05)
            child = os.fork()
            if child == 0:
                os._exit(0 if np.array_equal(encoder.encode_documents(["a b"]), expected) else 1)
            end = time.monotonic() + 20
            while not (done := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
                time.sleep(0.01)
            if not done[0]:
                os.kill(child, 9)
                os.waitpid(child, 0)
            codes.append(done[1] if done[0] else "hung")
        stop = True
        for thread in threads:
            thread.join()
        print(codes)
    """
    found = run(program, timeout=250)
    assert found.stdout == f"{[0] * 10}\n", found.stderr


@FORKS
def test_fork_waits_for_calls_of_other_threads_and_they_for_the_fork() -> None:
    program = """
        import os, threading, time
        from hypiler.engines.texts.calls import CALLS
        inside, done = threading.Event(), []
        def work():
            with CALLS.one():
                inside.set()
                time.sleep(0.5)
                done.append(1)
        thread = threading.Thread(target=work)
        thread.start()
        inside.wait()
        child = os.fork()
        if child == 0:
            os._exit(10 * len(done) + CALLS.generation)
        thread.join()
        with CALLS.one():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), CALLS.generation)
    """
    found = run(program)
    assert found.stdout == "10 0\n", found.stderr


@FORKS
def test_encoder_of_before_is_refused_in_a_child_forked_in_the_middle_of_a_call() -> None:
    program = """
        import os, pathlib, tempfile, threading, time
        from hypiler.engines import EngineError
        from hypiler.engines.texts import calls
        from tiny import config_of, write_tiny
        place = pathlib.Path(tempfile.mkdtemp())
        (place / "config").mkdir()
        config, folder = config_of(place / "config"), write_tiny(place / "model")
        encoder = config.load("onnx", local=folder)
        calls._FORK_WAITS = 0.2
        inside, end = threading.Event(), threading.Event()
        def work():
            with calls.CALLS.one():
                inside.set()
                end.wait()
        thread = threading.Thread(target=work)
        thread.start()
        inside.wait()
        child = os.fork()
        if child == 0:
            try:
                encoder.encode_documents(["a"])
            except EngineError as error:
                print(error, flush=True)
            os._exit(len(config.load("onnx", local=folder).encode_documents(["a"])))
        end.set()
        thread.join()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(encoder.encode_documents(["a"])))
    """
    found = run(program)
    assert found.stdout == (
        "this process was forked while the parent was encoding, so libraries may wait for ever for threads of the"
        " parent: load the model again in this process, or fork between calls\n1 1\n"
    ), found.stderr


def test_calls_of_one_thread_can_be_nested() -> None:
    with CALLS.one(), CALLS.one():
        pass
    assert call(lambda: call(lambda: 3)) == 3


def test_generation_of_this_process_is_current(tmp_path: Path) -> None:
    check_generation(CALLS.generation)
    with pytest.raises(EngineError):
        check_generation(CALLS.generation + 1)
    encoder: Any = config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model"))
    assert len(encoder.encode_documents(["a"])) == 1
