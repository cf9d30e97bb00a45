"""The target `module`: the module that runs, and the stub beside it that checkers and people read."""

from hypiler.emit.python.module import emit_python
from hypiler.emit.python.stub import emit_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.compiler.checked import CheckedRegistry


def emit_files(registry: "CheckedRegistry", path: str) -> dict[str, str]:
    """The texts of the module at `path` and of its stub, by path."""
    return {path: emit_python(registry), path + "i": emit_stub(registry)}
