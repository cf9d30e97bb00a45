"""fastembed: ONNX files. Read: the source of 0.9.1 (text/custom_text_embedding.py, sparse/splade_pp.py)."""

from hypiler.runtimes.builders.common import NUMPY, encoder, prefixed, shortened
from hypiler.runtimes.builders.hub_files import folder_lines, onnx_file
from hypiler.runtimes.draft import Draft, lengths, refuse, require, unpinned
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import Name, call, imports, literal, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts

# The library's words for poolings (common/model_description.py).
_POOLINGS = {"cls": "CLS", "mean": "MEAN", "last_token": "LAST_TOKEN"}


def build(facts: "Facts") -> Draft:
    """A model of one's own for dense vectors; the library's class of SPLADE for sparse ones."""
    require(facts, "fastembed", "query_prefix", "document_prefix", "pooling", "normalize", "activation")
    if facts.other_output:
        raise refuse(facts, f"fastembed does not give its output `{facts.other_output}`")
    if facts.has_layers and facts.kind == "dense":
        raise refuse(facts, "fastembed does not apply linear layers after the network")
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "fastembed cannot tell a model of one's own a task")
    file, unnamed = onnx_file(facts)
    needed, folder = folder_lines(facts, ["*.json", f"{file}*"])
    draft = (_sparse if facts.kind == "sparse" else _dense)(facts, file, needed, folder)
    draft.lost += unpinned(facts) + unnamed + _lengths_lost(facts)
    if needed:
        draft.notes.append("fastembed cannot pin a commit, so its files are downloaded first.")
    return draft


def _lengths_lost(facts: "Facts") -> list[str]:
    missing = [f"`encoding.{side}_length`" for side in SIDES if facts.length(side) is None]
    if not missing:
        return []
    return [f"The registry does not state {', '.join(missing)}: fastembed takes the limit of tokenizer_config.json."]


def _dense(facts: "Facts", file: str, needed: list[str], folder: list[str]) -> Draft:
    pooling = _POOLINGS.get(str(facts.pooling))
    if pooling is None:
        raise refuse(facts, f"fastembed has the poolings {', '.join(_POOLINGS)}, and this model has `{facts.pooling}`")
    name = f"hypiler/{facts.id}"
    added = call(
        "TextEmbedding.add_custom_model",
        name,
        pooling=Name(f"PoolingType.{pooling}"),
        normalization=facts.normalize is True and not facts.is_cut,
        sources=Name(f"ModelSource(hf={literal(facts.name)})"),
        dim=facts.embedding_dim,
        model_file=file,
    )
    lines = [*folder, added, "model = " + call("TextEmbedding", name, specific_model_path=Name("folder"))]
    modules = imports(
        NUMPY,
        "from fastembed import TextEmbedding",
        "from fastembed.common.model_description import ModelSource, PoolingType",
        *needed,
    )
    functions = [_encoder(facts, side, "model.model.tokenizer", "np.array(list(model.embed({})))") for side in SIDES]
    arguments = {
        "class": "fastembed.TextEmbedding",
        "model": facts.name,
        "revision": facts.revision,
        "model_file": file,
        "pooling": pooling,
        "normalization": facts.normalize,
        "dimension": facts.dimension,
        "max_length": lengths(facts),
        "prompts": {side: facts.text(side) for side in SIDES},
    }
    text = python("\n".join([modules, "", *lines]), shortened(facts), *functions)
    return Draft(text, arguments, notes=_length_note(facts))


def _length_note(facts: "Facts") -> list[str]:
    if not facts.length("document"):
        return []
    return ["fastembed has no argument for the longest input, so it is set on the tokenizer."]


def _encoder(facts: "Facts", side: str, tokenizer: str, template: str) -> str:
    """The function that encodes the texts of a side: the prefix and the length are set by hand."""
    length = facts.length(side)
    before = [f"{tokenizer}.enable_truncation({length})"] if length else []
    return encoder(facts, side, template.format(prefixed(facts, side)), *before)


def _sparse(facts: "Facts", file: str, needed: list[str], folder: list[str]) -> Draft:
    if facts.stated("inference_free_queries") is True:
        raise refuse(facts, "fastembed runs queries through the network, and this model has fixed weights for them")
    if facts.stated("activation") not in (None, "log1p_relu"):
        raise refuse(facts, f"fastembed has no activation `{facts.stated('activation')}`")
    loaded = call(
        "SparseTextEmbedding",
        "prithivida/Splade_PP_en_v1",
        specific_model_path=Name("folder"),
        lazy_load=True,
    )
    lines = [
        *folder,
        "# The name stands for the class of SPLADE models. The files are those of the folder.",
        f"model = {loaded}.model",
        f"model.model_description = replace(model.model_description, model_file={literal(file)})",
        "model.load_onnx_model()",
    ]
    modules = imports("from dataclasses import replace", "from fastembed import SparseTextEmbedding", *needed)
    functions = [_encoder(facts, side, "model.tokenizer", "list(model.embed({}))") for side in SIDES]
    arguments = {
        "class": "fastembed.SparseTextEmbedding",
        "model": facts.name,
        "revision": facts.revision,
        "model_file": file,
        "max_length": lengths(facts),
        "prompts": {side: facts.text(side) for side in SIDES},
    }
    return Draft(python("\n".join([modules, "", *lines]), *functions), arguments, notes=_length_note(facts))
