"""Which line a warning is about: that of the program that called hypiler, however deep inside the warning arises."""

import sys

_PACKAGE = __name__.partition(".")[0]


def stacklevel(helper: "tuple[str, str] | None" = None) -> int:
    """The `stacklevel` with which the calling function warns about the nearest line outside of hypiler.

    `helper` is a function outside of hypiler that is passed over as well, as its module and name: generated modules
    call hypiler for their own callers.
    """
    # Frame 1 is the function that warns, and level 1 is its line.
    frame, level = sys._getframe(1), 1  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__"))
        if not _is_inside(module) and (module, frame.f_code.co_name) != helper:
            break
        frame, level = frame.f_back, level + 1
    return level


def _is_inside(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
