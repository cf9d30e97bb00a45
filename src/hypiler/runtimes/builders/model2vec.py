"""model2vec: static models. Read: the source of 0.10.0 (model2vec/model.py)."""

from hypiler.runtimes.builders.common import NUMPY, encoder, prefixed, shortened
from hypiler.runtimes.builders.hub_files import folder_lines
from hypiler.runtimes.draft import Draft, lengths, refuse, require, unknown_by_files, unpinned
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import Name, call, imports, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts


def build(facts: "Facts") -> Draft:
    """The class StaticModel on the files of the pinned commit."""
    require(facts, "model2vec", "query_prefix", "document_prefix", "normalize")
    if facts.variant is not None or facts.other_output:
        raise refuse(facts, "a snippet for model2vec runs the model's own weights and its default output")
    needed, folder = folder_lines(facts, ["*.json", "*.safetensors"])
    normalize = facts.normalize is True and not facts.is_cut
    lines = [
        *folder,
        "model = " + call("StaticModel.from_pretrained", Name("folder"), normalize=normalize, quantize_to="float32"),
        "# The library would cut texts by letters before it counts their tokens.",
        "model.median_token_length = sys.maxsize",
        'if not os.path.isfile(f"{folder}/config.json"):',
        "    # A model of sentence-transformers, whose mean counts unknown tokens as well.",
        "    model.unk_token_id = None",
    ]
    needed_here = ["import os", "import sys", "from model2vec import StaticModel", *needed]
    modules = imports(*needed_here, *([NUMPY] if "np." in shortened(facts) else []))
    text = python("\n".join([modules, "", *lines]), shortened(facts), *[_encoder(facts, side) for side in SIDES])
    arguments = {
        "class": "model2vec.StaticModel",
        "model": facts.name,
        "revision": facts.revision,
        "normalize": facts.normalize,
        "max_length": lengths(facts),
        "dimension": facts.dimension,
        "prompts": {side: facts.text(side) for side in SIDES},
    }
    notes = ["model2vec cannot pin a commit, so its files are downloaded first."] if needed else []
    return Draft(text, arguments, unpinned(facts) + unknown_by_files(facts), notes)


def _encoder(facts: "Facts", side: str) -> str:
    made = call("model.encode", Name(prefixed(facts, side)), max_length=facts.length(side))
    return encoder(facts, side, made)
