"""Sentence Transformers 6: every kind of model, by PyTorch. Extra: `hypiler[sentence-transformers]`.

The class follows the registry; the library would load any folder as any of them.
"""

from pathlib import Path

from hypiler.engines.errors import MismatchError, MissingEngineError
from hypiler.engines.pytorch import FILES, check_agreement, check_choice, check_layers, holds_weights, loading, of_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from scipy.sparse import csr_array

    from hypiler.config import ModelConfig
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats, PairBackend
    from hypiler.engines.layout import Layout

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
    try:
        import numpy as np
        import torch
        from sentence_transformers import CrossEncoder, MultiVectorEncoder, SentenceTransformer, SparseEncoder
        from sentence_transformers.base.modules import Normalize, Transformer
        from sentence_transformers.sentence_transformer.modules import Pooling
        from sentence_transformers.sparse_encoder.modules import SpladePooling
    except ImportError as error:
        raise MissingEngineError(
            f"{error.name} is missing: python -m pip install 'hypiler[sentence-transformers]'"
        ) from None

KINDS = ("dense", "static", "multi_vector", "sparse", "reranker")
RUNS_REMOTE_CODE = True
# Our words for the library's, where they differ.
_POOLINGS = {"lasttoken": "last_token", "mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weighted_mean"}


def wanted(config: "ModelConfig") -> list[str]:
    """The files that this engine reads, as patterns."""
    return FILES


def available(config: "ModelConfig", folder: "Path | None") -> bool:
    """Whether the model's own weights are wanted, and lie in the folder."""
    return holds_weights(config, folder)


def open_model(config: "ModelConfig", contract: "Contract", layout: "Layout", device: str) -> "Backend | PairBackend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it otherwise than as agreed."""
    check_choice(config, contract, device)
    folder = str(layout.folder)
    with loading(contract, folder):
        model = _loaded(contract, layout, device)
    check_layers(model, contract, folder)
    for module in model.modules():
        if isinstance(module, Pooling) and contract.kind == "dense":
            check_agreement(contract, folder, pooling=_POOLINGS.get(module.pooling_mode, module.pooling_mode))
        if isinstance(module, Normalize):
            check_agreement(contract, folder, normalize=True)
    if contract.kind == "reranker":
        return _Pairs(model, contract)
    if contract.kind == "sparse":
        return _Sparse(model, contract)
    if contract.kind == "multi_vector":
        return _MultiVector(model, contract, folder)
    return _Dense(model, contract)


def _loaded(contract: "Contract", layout: "Layout", device: str) -> "Any":
    folder = str(layout.folder)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": layout.trust_remote_code}
    weights = {"use_safetensors": None if layout.allow_pickle else True}
    if (Path(folder) / "modules.json").is_file() or contract.kind not in ("dense", "sparse"):
        return _class(contract.kind)(folder, device=device, model_kwargs=weights, **options)
    # A network alone: the library would guess how to pool it.
    task, output = ("fill-mask", "logits") if contract.kind == "sparse" else ("feature-extraction", "last_hidden_state")
    network = Transformer(
        folder,
        transformer_task=task,
        model_kwargs=weights | options,
        processor_kwargs=dict(options),
        config_kwargs=dict(options),
        modality_config={"text": {"method": "forward", "method_output_name": output}},
        module_output_name="token_embeddings",
    )
    if contract.kind == "sparse":
        return SparseEncoder(modules=[network, SpladePooling("max")], device=device)
    words = {ours: theirs for theirs, ours in _POOLINGS.items()}
    pooling = Pooling(network.get_embedding_dimension(), words.get(contract.pooling, contract.pooling))
    return SentenceTransformer(modules=[network, pooling], device=device)


def _class(kind: str) -> "Any":
    classes = {"multi_vector": MultiVectorEncoder, "sparse": SparseEncoder, "reranker": CrossEncoder}
    return classes.get(kind, SentenceTransformer)


class _Vectors:
    """Models that give one vector a text, cut to the contract's length on each side."""

    def __init__(self, model: "Any", contract: "Contract") -> None:
        self.model, self.contract = model, contract
        for module in model.modules():
            if isinstance(module, Transformer):
                # The folder's own would come before max_seq_length.
                module.query_length = module.document_length = None

    def encoded(self, texts: list[str], *, query: bool, **options: "Any") -> "Any":
        model, contract = self.model, self.contract
        if contract.kind != "static":
            model.max_seq_length = contract.query_length if query else contract.document_length
        encode = model.encode_query if query else model.encode_document
        # Without a prompt, even an empty one, the library adds one of the folder's own.
        prompt = contract.query_prefix if query else contract.document_prefix
        return encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, **options)


class _Dense(_Vectors):
    def __init__(self, model: "Any", contract: "Contract") -> None:
        super().__init__(model, contract)
        model.truncate_dim = None

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        vectors = self.encoded(texts, query=query, convert_to_numpy=True)
        return of_width(np.asarray(vectors, np.float32), self.contract)


class _Sparse(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "csr_array[Any, Any]":
        from scipy.sparse import coo_array, csr_array

        vectors = self.encoded(texts, query=query, save_to_cpu=True).coalesce()
        of_width(vectors, self.contract)
        places = tuple(vectors.indices().numpy())
        return csr_array(coo_array((vectors.values().float().numpy(), places), shape=tuple(vectors.shape)))


class _MultiVector:
    """Late interaction. Markers, expansion and skipped tokens are the folder's own; they have to be the contract's."""

    def __init__(self, model: "Any", contract: "Contract", folder: str) -> None:
        self.model, self.contract = model, contract
        network = model[0]
        expansion = getattr(network, "query_expansion", None)
        fixed = expansion["length"] if expansion and expansion["strategy"] == "fixed" else None
        check_agreement(
            contract,
            folder,
            query_prefix=model.prompts["query"],
            document_prefix=model.prompts["document"],
            query_length=fixed or getattr(network, "query_length", None),
            document_length=getattr(network, "document_length", None),
        )
        network.query_length, network.document_length = contract.query_length, contract.document_length

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        encode = self.model.encode_query if query else self.model.encode_document
        found = encode(texts, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True)
        return [of_width(np.asarray(tokens, np.float32), self.contract) for tokens in found]


class _Pairs:
    def __init__(self, model: "Any", contract: "Contract") -> None:
        if model.num_labels != 1:
            raise MismatchError(f"`{contract.id}` must give one score a pair; its files give {model.num_labels}")
        self.model = model
        model.max_seq_length = contract.document_length

    def score(self, pairs: list[tuple[str, str]]) -> "Floats":
        """A score for each pair: the one logit of the model's head, as the other engines give it."""
        scores = self.model.predict(pairs, batch_size=32, show_progress_bar=False, activation_fn=torch.nn.Identity())
        return np.asarray(scores, np.float32)
