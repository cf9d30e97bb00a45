"""The widths of a model's vectors, as people read them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def widths_text(widths: "Sequence[int]", joint: str = ", ") -> str:
    """`32..1024` for any width in a range, else the widths one by one."""
    if isinstance(widths, range):
        return f"{widths[0]}..{widths[-1]}"
    return joint.join([str(width) for width in widths])
