"""Finds the line that a warning should name: the line of the user's program that called hypiler."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.protocols import Model

_PACKAGE = __name__.partition(".")[0]


def stacklevel(helper: "tuple[str, str] | None" = None) -> int:
    """The `stacklevel` for a warning of the calling function, so that it names the nearest line outside of hypiler.

    `helper` is the module and the name of a function outside of hypiler to skip as well, such as a generated module's
    function that calls hypiler.
    """
    # Frame 1 is the function that warns, and level 1 is a line in it.
    frame, level = sys._getframe(1), 1  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__"))
        if not _is_inside(module) and (module, frame.f_code.co_name) != helper:
            break
        frame, level = frame.f_back, level + 1
    return level


def warn_of_use(id: str, model: "Model") -> None:
    """Warn that a deprecated model, or a model by a former id, was asked for from outside of hypiler.

    A lookup by hypiler itself, such as that of a command, is no use of the model.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_name in ("get", "__getitem__"):
        frame = frame.f_back
    if not _is_inside(str(frame.f_globals.get("__name__"))):
        from warnings import warn

        warn(use_warning(id, model), DeprecationWarning, stacklevel=stacklevel())


def use_warning(id: str, model: "Model") -> str:
    """What is said of the use of a model by this name, on one line; empty if there is nothing to say.

    Generated modules say the same.
    """
    if model.deprecated:
        # A module that an older version generated has no successors.
        successor: str | None = getattr(model, "successor", None)
        instead = f"; use {successor!r}" if successor else ""
        text = f"{model.id!r} is deprecated: {model.deprecated}{instead}"
        return text if text.isprintable() else ascii(text)[1:-1]
    if is_former(id, model):
        return f"{id!r} is a former id of {model.id!r}: use the new one"
    return ""


def is_former(id: str, model: "Model") -> bool:
    """Whether an id is one that the model had before."""
    former: tuple[str, ...] = getattr(model, "former_ids", ())
    return id in former


def _is_inside(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
