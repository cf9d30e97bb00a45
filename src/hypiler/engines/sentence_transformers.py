"""Sentence Transformers 6: every kind of model, by PyTorch. Extra: `hypiler[sentence-transformers]`.

The class follows the registry; the library would load any folder as any of them.
"""

from importlib import import_module
from threading import Lock

from hypiler.engines.checks import check_agreement, check_width
from hypiler.engines.errors import EngineError, MismatchError
from hypiler.engines.pytorch import check_choice, check_modules, loaded, loading, weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats, PairBackend
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

    # PyTorch is not there where types are checked.
    torch: Any
    CrossEncoder: Any
    MultiVectorEncoder: Any
    Normalize: Any
    Pooling: Any
    SentenceTransformer: Any
    SparseEncoder: Any
    SpladePooling: Any
    Transformer: Any
else:
    import numpy as np
    import torch
    from sentence_transformers import CrossEncoder, MultiVectorEncoder, SentenceTransformer, SparseEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from sentence_transformers.sparse_encoder.modules import SpladePooling

_SIDES = ("query", "document")
# Our words for the library's, where they differ.
_POOLINGS = {"lasttoken": "last_token", "mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weighted_mean"}


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend | PairBackend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it otherwise than as agreed."""
    check_choice(config, contract, layout, device)
    with loading(contract, layout):
        model = loaded(lambda: _made(contract, layout, device), contract, layout)
        _check(model, contract, layout)
        # A first text finds what does not fit, before there is a second.
        if contract.encoder_type == "reranker":
            pairs = _Pairs(model, contract)
            pairs.score([("", "")])
            return pairs
        backends: dict[str, Any] = {"sparse": _Sparse, "multi_vector": _MultiVector}
        backend: Backend = backends.get(contract.encoder_type, _Dense)(model, contract, layout)
        backend.run([""], query=True)
        return backend


def _check(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise MismatchError for modules that are not those of the folder, or do otherwise than the contract says."""
    folder = str(layout.folder)
    check_modules(model, contract, layout)
    for module in model.modules():
        if isinstance(module, Pooling) and contract.encoder_type == "dense":
            check_agreement(contract, folder, pooling=_POOLINGS.get(module.pooling_mode, module.pooling_mode))
        if isinstance(module, Normalize):
            check_agreement(contract, folder, normalize=True)


def _made(contract: "Contract", layout: "ModelFolder", device: str) -> "Any":
    folder = str(layout.folder)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": layout.trust_remote_code}
    alone = layout.modules is None
    if alone and layout.lower_case and contract.encoder_type in ("multi_vector", "reranker"):
        raise EngineError(
            f"`{contract.id}` needs texts in lower case (do_lower_case in {folder}), which the library does not heed"
            " without modules.json: use another engine"
        )
    if not alone or contract.encoder_type not in ("dense", "sparse"):
        return _class(contract.encoder_type)(folder, device=device, model_kwargs=weights(layout), **options)
    # A network alone: the library would guess how to pool it.
    task, output = (
        ("fill-mask", "logits") if contract.encoder_type == "sparse" else ("feature-extraction", "last_hidden_state")
    )
    network = Transformer(
        folder,
        transformer_task=task,
        model_kwargs=weights(layout) | options,
        processor_kwargs=dict(options),
        config_kwargs=dict(options),
        modality_config={"text": {"method": "forward", "method_output_name": output}},
        module_output_name="token_embeddings",
        # Without modules.json the library would not read the settings.
        do_lower_case=layout.lower_case,
    )
    if contract.encoder_type == "sparse":
        return SparseEncoder(modules=[network, SpladePooling("max")], device=device)
    words = {ours: theirs for theirs, ours in _POOLINGS.items()}
    pooling = Pooling(network.get_embedding_dimension(), words.get(contract.pooling, contract.pooling))
    return SentenceTransformer(modules=[network, pooling], device=device)


def _class(encoder_type: str) -> "Any":
    classes = {"multi_vector": MultiVectorEncoder, "sparse": SparseEncoder, "reranker": CrossEncoder}
    return classes.get(encoder_type, SentenceTransformer)


class _Vectors:
    """Models that give one vector per text, cut to the contract's length on each side."""

    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        for module in model.modules():
            if isinstance(module, Transformer):
                # The folder's own would come before max_seq_length.
                module.query_length = module.document_length = None

    def encoded(self, texts: list[str], *, query: bool, **options: "Any") -> "Any":
        model, contract = self.model, self.contract
        encode = model.encode_query if query else model.encode_document
        # Without a prompt, even an empty one, the library adds one of the folder's own.
        prompt = contract.query_prefix if query else contract.document_prefix
        # The length is set on the model, which threads share.
        with self.lock:
            model.max_seq_length = contract.query_length if query else contract.document_length
            return encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, **options)


class _Dense(_Vectors):
    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        super().__init__(model, contract, layout)
        model.truncate_dim = None

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        vectors = self.encoded(texts, query=query, convert_to_numpy=True)
        return check_width(np.asarray(vectors, np.float32), self.contract)


class _Sparse(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "Any":
        # SciPy has no types.
        sparse: Any = import_module("scipy.sparse")
        vectors = self.encoded(texts, query=query, save_to_cpu=True).coalesce()
        check_width(vectors, self.contract)
        places = tuple(vectors.indices().numpy())
        return sparse.csr_array(
            sparse.coo_array((vectors.values().float().numpy(), places), shape=tuple(vectors.shape))
        )


class _MultiVector:
    """Late interaction. Markers, expansion and skipped tokens are the folder's own; they have to be the contract's."""

    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        network = model[0]
        expansion = getattr(network, "query_expansion", None)
        fixed = expansion["length"] if expansion and expansion["strategy"] == "fixed" else None
        # An empty marker says that there is none. An empty prompt says nothing: the library writes it of itself.
        own = {side: model.prompts[side] or ("" if layout.late_interaction.markers else None) for side in _SIDES}
        check_agreement(
            contract,
            str(layout.folder),
            query_prefix=own["query"],
            document_prefix=own["document"],
            query_length=fixed or getattr(network, "query_length", None),
            document_length=getattr(network, "document_length", None),
        )
        # With the folder's own spaces around a marker, which are part of the token.
        self.query_prompt = own["query"] or contract.query_prefix
        self.document_prompt = own["document"] or contract.document_prefix
        network.query_length, network.document_length = contract.query_length, contract.document_length

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        encode = self.model.encode_query if query else self.model.encode_document
        prompt = self.query_prompt if query else self.document_prompt
        # The tokenizer takes one thread at a time.
        with self.lock:
            found = encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True)
        return [check_width(np.asarray(tokens, np.float32), self.contract) for tokens in found]


class _Pairs:
    def __init__(self, model: "Any", contract: "Contract") -> None:
        if model.num_labels != 1:
            raise MismatchError(f"`{contract.id}` must give one score per pair; its files give {model.num_labels}")
        self.model = model
        self.lock = Lock()
        model.max_seq_length = contract.document_length

    def score(self, pairs: list[tuple[str, str]]) -> "Floats":
        """A score for each pair: the one logit of the model's head, as the other engines give it."""
        # The prefixes stand in the texts already; without a prompt the library adds one of the folder's own.
        options = {"prompt": "", "batch_size": 32, "show_progress_bar": False}
        with self.lock:
            scores = self.model.predict(pairs, activation_fn=torch.nn.Identity(), **options)
        return np.asarray(scores, np.float32)
