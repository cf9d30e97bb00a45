"""Values that files prove only in part: an upper limit, and kinds of input."""

from typing import Any

import pytest

from hypiler.model_files.facts import FileFact
from hypiler.verification.verdict import compare


def state(section: str, key: str, ours: Any, fact: FileFact) -> str:
    (verdict,) = compare({section: {key: ours}}, {f"{section}.{key}": fact}, {})
    return verdict.state


@pytest.mark.parametrize(("ours", "expected"), [(40960, "agrees"), (32768, "unknown"), (50000, "unknown")])
def test_limit_in_files_refutes_no_longest_input(ours: int, expected: str) -> None:
    fact = FileFact(40960, "config.json", "max_position_embeddings")
    assert state("specs", "context_length", ours, fact) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["text", "image", "video"], ["text", "image"], "agrees"),
        (["text", "image"], ["text", "image", "video"], "agrees"),
        (["text", "video"], ["text"], "differs"),
        (["image", "video"], ["text", "image"], "differs"),
    ],
)
def test_network_that_reads_images_may_read_videos(ours: list[str], theirs: list[str], expected: str) -> None:
    fact = FileFact(theirs, "config.json", "vision_config")
    assert state("capabilities", "modalities", ours, fact) == expected
