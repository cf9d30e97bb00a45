"""Which line a warning is about: that of the program that called hypiler, however deep inside the warning arises."""

import sys

_PACKAGE = __name__.partition(".")[0]


def stacklevel(*modules: str) -> int:
    """The `stacklevel` with which the calling function warns about the nearest line outside of hypiler.

    Frames of `modules` are passed over as well: a generated module calls hypiler for its own callers.
    """
    # Frame 1 is the function that warns, and level 1 is its line.
    frame, level = sys._getframe(1), 1  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and _is_inside(frame.f_globals.get("__name__"), modules):
        frame, level = frame.f_back, level + 1
    return level


def _is_inside(name: object, modules: tuple[str, ...]) -> bool:
    return isinstance(name, str) and (name == _PACKAGE or name.startswith(f"{_PACKAGE}.") or name in modules)
