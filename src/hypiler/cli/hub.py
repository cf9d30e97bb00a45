"""What the commands that ask the hub have in common: the models to ask for, and the client with its bar."""

import sys
from contextlib import contextmanager

from hypiler.build.files import read_file
from hypiler.cli import USAGE, complain
from hypiler.compiler.source import read_source
from hypiler.hub.verify import entries_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from hypiler.hub.client import Hub
    from hypiler.hub.verify import Entry


def entries_in(sources: list[str]) -> "list[Entry]":
    """The models in registry files that have no errors."""
    read = [read_source(read_file(path), path)[0] for path in sources]
    return [entry for source in read if source is not None for entry in entries_of(source)]


@contextmanager
def asking(steps: int, what: str) -> "Generator[tuple[Hub, Callable[[], None]]]":
    """The hub, and what to call after each step: a bar shows them on a terminal.

    Ends the command if the client is not installed.
    """
    try:
        from tqdm import tqdm

        from hypiler.hub.client import Hub
    except ImportError as error:
        complain(f"{error.name} is missing: python -m pip install 'hypiler[hub]'")
        raise SystemExit(USAGE) from None

    def wait(seconds: float) -> None:
        tqdm.write(f"hypiler: the hub asks to wait {seconds:.0f} s", file=sys.stderr)

    terminal = sys.stderr.isatty()
    with tqdm(total=steps, desc=what, delay=1, disable=not terminal, leave=False) as bar, Hub(on_wait=wait) as hub:

        def done() -> None:
            bar.update()

        yield hub, done
