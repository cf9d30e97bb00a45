"""What tests need that not every system has. On Windows and macOS, such tests are skipped with the reason.

A test says nothing itself: the words that it is written with are looked up here.
"""

import ast
import inspect
import re
from collections.abc import Iterator

import pytest

# The words in a test or in its fixtures that need POSIX, and why they do not work on Windows.
POSIX_ONLY = {
    r"\bos\.fork\b|\bpty\.|\bon_terminal\b": "there is no fork and no pseudo-terminal on Windows",
    r"\bmkfifo\b": "there are no named pipes in folders on Windows",
    r"\bresource\.|\bpreexec_fn\b": "there are no limits of resources on Windows",
    r"\bos\.kill\b|\bsend_signal\b|\bSIG(KILL|INT|TERM)\b": "signals of other processes end them at once on Windows",
    r"\bsymlink_to\b|\bos\.symlink\b|\blinked\(": "links need a privilege on Windows",
    r"\bchmod\b|\bgeteuid\b|\bumask\b|\bst_mode\b": "modes of files mean something else on Windows",
    r'\bshell="|"(bash|sh|sed|zsh|tcsh)"': "the commands are written for a shell of POSIX",
}
# The same for what needs Linux, on Windows and macOS.
LINUX_ONLY = {
    r'"/proc/|"?/dev/(full|zero|null)': "there are no such devices except on Linux",
    r"\bunshare\b|\bon_mount\b|\bsha256sum\b": "mounting needs Linux",
    r"\brun_page\b|\bsed -i\b": "the commands of pages are written for GNU sed",
}
# Modules that Windows does not have. A test imports them where it uses them, so that it can be collected everywhere.
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
# Functions that Windows does not have.
POSIX_FUNCTIONS = {"fork", "geteuid", "getuid", "mkfifo", "openpty", "setsid", "statvfs", "uname", "wait4"}


def reason_to_skip(*functions: object, linux_alone: bool = False) -> str | None:
    """Why a test cannot run without Linux, or without POSIX, by the source of its functions; None if it can."""
    reasons = LINUX_ONLY if linux_alone else LINUX_ONLY | POSIX_ONLY
    text = "\n".join([_source(function) for function in functions if inspect.isfunction(function)])
    return next((reason for words, reason in reasons.items() if re.search(words, text)), None)


def _source(function: object) -> str:
    try:
        return inspect.getsource(function)  # type: ignore[arg-type]
    except OSError:
        return ""


def posix_at_import(text: str) -> list[str]:
    """What a module takes from POSIX when it is imported, outside the bodies of functions."""
    return sorted({found for node in _run_at_import(ast.parse(text)) for found in _of_posix(node)})


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, *child.args.defaults):
                yield part
                yield from _run_at_import(part)
        elif not isinstance(child, ast.Lambda):
            yield from _run_at_import(child)


def _of_posix(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in POSIX_MODULES)
    elif isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
        yield node.module
    elif isinstance(node, ast.Attribute) and node.attr in POSIX_FUNCTIONS and ast.unparse(node.value) == "os":
        yield f"os.{node.attr}"


def skip_without_posix(items: list[pytest.Item]) -> None:
    """Skip the tests that need POSIX or Linux, each with the reason: a hook of pytest."""
    _skip(items, linux_alone=False)


def skip_without_linux(items: list[pytest.Item]) -> None:
    """Skip the tests that need Linux, each with the reason: a hook of pytest."""
    _skip(items, linux_alone=True)


def _skip(items: list[pytest.Item], *, linux_alone: bool) -> None:
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
        if reason := reason_to_skip(item.function, *_fixtures(item), *parameters, linux_alone=linux_alone):
            item.add_marker(pytest.mark.skip(reason=reason))


def _fixtures(item: pytest.Function) -> Iterator[object]:
    """The functions of the fixtures that a test uses, of this project alone."""
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for one in definitions:
            if not one.func.__module__.startswith(("_pytest", "pytest", "xdist", "hypothesis")):
                yield one.func
