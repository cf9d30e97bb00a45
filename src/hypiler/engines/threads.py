"""How many threads a network may use, as the environment says it."""

import os


def wanted_threads() -> int:
    """The number in `OMP_NUM_THREADS`; 0, which leaves the choice to the library, if it has none.

    PyTorch obeys this variable by itself, and onnxruntime does not. Ray and Spark set it for their workers, which would
    otherwise start as many threads as the machine has cores, each of them.
    """
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isascii() and stated.isdecimal() else 0
