"""An entry that states how tokens are prepared replaces a library's settings: vectors are equal with and without them.

PyLate needs an older Sentence Transformers than the engine of that name, so each environment compares the engines
that it has with the vectors of its own library.
"""

import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("sentence_transformers", reason="Sentence Transformers is not installed")

from agreement_matrix import (
    BOUND,
    LAYOUTS,
    SETTINGS,
    Layout,
    config_for,
    of_engine,
    of_library,
    of_pylate,
    write_layout,
)

from hypiler.engines.scoring import max_sim

HAS_PYLATE = find_spec("pylate") is not None
ENGINES = ("onnx", "pylate" if HAS_PYLATE else "sentence-transformers")


def layout(**settings: Any) -> Layout:
    """A model with settings of PyLate, and an entry that states all of them."""
    base = LAYOUTS["PyLate"]
    held: dict[str, Any] = base.files[SETTINGS] | settings
    facts = {
        "query_marker": held["query_prefix"],
        "document_marker": held["document_prefix"],
        "query_prefix": None,
        "document_prefix": None,
        "query_expansion": held["do_query_expansion"],
        "attend_to_expansion_tokens": held["attend_to_expansion_tokens"],
        "skip_punctuation": False,
        "skiplist": held["skiplist_words"] or None,
        "query_length": held["query_length"],
        "document_length": held["document_length"],
    }
    return replace(base, files={SETTINGS: held}, facts=base.facts | facts)


@pytest.mark.parametrize("settings", [{}, {"attend_to_expansion_tokens": True}, {"do_query_expansion": False}])
@pytest.mark.filterwarnings("ignore::hypiler.engines.TruncationWarning")
def test_folder_without_settings_has_the_vectors_of_one_with_settings(settings: dict[str, Any], tmp_path: Path) -> None:
    model = layout(**settings)
    own = write_layout(tmp_path / "own", model)
    bare = Path(shutil.copytree(own, tmp_path / "bare"))
    (bare / SETTINGS).unlink()
    expected = of_pylate(own) if HAS_PYLATE else of_library(model, own)
    scores = max_sim(expected["queries"], expected["documents"])
    config = config_for(model, bare, tmp_path)
    for engine in ENGINES:
        found = of_engine(config.load(engine, local=bare), "multi_vector")
        for side in ("queries", "documents"):
            for one, other in zip(found[side], expected[side], strict=True):
                np.testing.assert_allclose(one, other, atol=BOUND, err_msg=f"{engine}: {side}")
        np.testing.assert_allclose(max_sim(found["queries"], found["documents"]), scores, atol=BOUND)
