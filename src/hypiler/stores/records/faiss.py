"""FAISS: the arguments of its factory. An index has no room for a stamp, which lies in a file beside it."""

from hypiler.stores.names import file_path
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, parts, score
from hypiler.stores.specs import FLOAT32, spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

_TRAIN = "train the index before adding vectors: index.train(vectors)"
_SCORES = {"cosine": "cosine", "dot": "dot", "euclidean": "squared distance"}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The factory, which divides vectors by their length where cosine needs it, and the place of the stamp."""
    word = spec_of("faiss").metrics[metric]
    normalize = "L2norm," if metric == "cosine" and not plan.has_unit_length else ""
    factory = f"IDMap2,{normalize}{form.type}"
    must_train = form.dtype != FLOAT32
    beside, stamp = f"{file_path(name)}.hypiler.json", stamp_json({KEY: plan.stamp})
    return parts(
        type=form.type,
        metric=word,
        create={"dimension": plan.dimension, "factory": factory, "metric": word},
        query={"x": [PLACE], "k": LIMIT},
        score=score(_SCORES[metric], LOWER if metric == "euclidean" else HIGHER),
        stamp={"place": f"the file {beside}", "write": {beside: stamp}, "read": f"Path({beside!r}).read_text()"},
        notes=["write the index and its stamp file together", *([_TRAIN] if must_train else [])],
        ddl=(
            "from pathlib import Path\n\n"
            "import faiss\n\n"
            f"index = faiss.index_factory({plan.dimension}, {factory!r}, faiss.{word})\n"
            f"stamp = {stamp!r}\n\n"
            "# after adding vectors:\n"
            f"faiss.write_index(index, {name!r})\n"
            f"Path({beside!r}).write_text(stamp)\n"
        ),
    )
