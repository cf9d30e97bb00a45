"""The engine sentence-transformers: Sentence Transformers 6 with PyTorch. Extra: `hypiler[sentence-transformers]`.

The registry decides which class of the library is used: the library would load any folder as any class.
"""

from functools import partial
from importlib import import_module
from threading import Lock

from hypiler.engines.checks import check_agreement, check_width, marker_token
from hypiler.engines.errors import EngineError, MismatchError
from hypiler.engines.late_interaction import TokenPreparation
from hypiler.engines.pytorch import (
    check_choice,
    check_first_run,
    check_fork,
    check_modules,
    library_limiter,
    loaded,
    loading,
    running,
    weights,
)
from hypiler.engines.query_weights import read_query_weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats, PairBackend
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

    # Types are checked without PyTorch.
    torch: Any
    AddedToken: Any
    CrossEncoder: Any
    MultiVectorEncoder: Any
    MultiVectorMask: Any
    Normalize: Any
    Pooling: Any
    SentenceTransformer: Any
    SparseEncoder: Any
    Router: Any
    SparseStaticEmbedding: Any
    SpladePooling: Any
    Transformer: Any
else:
    import numpy as np
    import torch
    from sentence_transformers import CrossEncoder, MultiVectorEncoder, SentenceTransformer, SparseEncoder
    from sentence_transformers.base.modules import Normalize, Router, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    from sentence_transformers.sentence_transformer.modules import Pooling
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding, SpladePooling
    from tokenizers import AddedToken

_SIDES = ("query", "document")
# The words of models.json for pooling modes of the library, if they differ.
_POOLINGS = {"lasttoken": "last_token", "mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weighted_mean"}


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend | PairBackend":
    """The model in a folder. Raises EngineError if the library cannot load it, or loads it unlike the contract."""
    check_choice(config, contract, layout, device)
    with loading(contract, layout):
        model = loaded(lambda: _load_model(contract, layout, device), contract, layout)
        _check(model, contract, layout)
        if contract.encoder_type == "reranker":
            pairs = _Pairs(model, contract)
            check_first_run(lambda: pairs.score([("", "")]), contract, layout)
            return pairs
        backends: dict[str, Any] = {"sparse": _Sparse, "multi_vector": _MultiVector}
        backend: Backend = backends.get(contract.encoder_type, _Dense)(model, contract, layout)
        check_first_run(lambda: backend.run([""], query=True), contract, layout)
        return backend


def _check(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise MismatchError for modules that the folder does not name, or that contradict the contract."""
    folder = str(layout.folder)
    check_modules(model, contract, layout)
    if contract.encoder_type == "dense" and (poolings := [one for one in model if isinstance(one, Pooling)]):
        # Each pooling replaces the vector of the one before.
        check_agreement(contract, folder, pooling=_word(poolings[-1].pooling_mode))
    # A layer may follow a normalization.
    last = [one for one in model if not isinstance(one, MultiVectorMask)][-1:]
    if last and isinstance(last[0], Normalize):
        check_agreement(contract, folder, normalize=True)


def _word(modes: "str | tuple[str, ...]") -> str:
    """The word of models.json for a pooling mode of the library, or the words for several ones."""
    return "+".join([_POOLINGS.get(mode, mode) for mode in ([modes] if isinstance(modes, str) else modes)])


def _load_model(contract: "Contract", layout: "ModelFolder", device: str) -> "Any":
    folder = str(layout.folder)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": layout.trust_remote_code}
    alone = layout.modules is None
    if alone and layout.lower_case and contract.encoder_type in ("multi_vector", "reranker"):
        raise EngineError(
            f"`{contract.id}` needs texts in lower case (do_lower_case in {folder}), which the library ignores"
            " without modules.json: use another engine"
        )
    if not alone or contract.encoder_type not in ("dense", "sparse"):
        return _class(contract.encoder_type)(folder, device=device, model_kwargs=weights(layout), **options)
    # The folder has only a network. The library would guess the pooling, so the modules are created here.
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
        # Without modules.json, the library does not read this setting.
        do_lower_case=layout.lower_case,
    )
    if contract.encoder_type == "sparse":
        documents = [network, SpladePooling("max", _activation(contract))]
        if not contract.inference_free_queries:
            return SparseEncoder(modules=documents, device=device)
        # The weights are set later, for folders with and without modules.json.
        queries = [SparseStaticEmbedding(network.tokenizer, torch.zeros(contract.embedding_dim))]
        return SparseEncoder(modules=[Router.for_query_document(queries, documents)], device=device)
    words = {ours: theirs for theirs, ours in _POOLINGS.items()}
    modes = [words.get(word, word) for word in contract.pooling.split("+")]
    pooling = Pooling(network.get_embedding_dimension(), modes)
    return SentenceTransformer(modules=[network, pooling], device=device)


def _activation(contract: "Contract") -> str:
    """The library's word for the contract's activation. It always applies log1p."""
    if contract.activation == "relu":
        raise EngineError(
            f"sentence-transformers has no activation `relu` of sparse models, and `{contract.id}` has it: use another"
            " engine"
        )
    return {"log1p_relu": "relu", "log1p_log1p_relu": "log1p_relu"}[contract.activation]


def _class(encoder_type: str) -> "Any":
    classes = {"multi_vector": MultiVectorEncoder, "sparse": SparseEncoder, "reranker": CrossEncoder}
    return classes.get(encoder_type, SentenceTransformer)


class _Vectors:
    """A model with one vector per text. Texts are truncated to the contract's length for their side."""

    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        for module in model.modules():
            if isinstance(module, Transformer):
                # These settings of the folder would take precedence over max_seq_length.
                module.query_length = module.document_length = None
        self.limiter = library_limiter(model.tokenizer)
        # The tokenizer of a side whose length the library takes from the tokenizer alone.
        self.tokenizers: dict[bool, Any] = {}
        self.tasks = {True: contract.query_task, False: contract.document_task}
        if any(self.tasks.values()):
            _check_takes_tasks(model, contract, layout)

    def encoded(self, texts: list[str], *, query: bool, **options: "Any") -> "Any":
        model, contract = self.model, self.contract
        encode = model.encode_query if query else model.encode_document
        if self.tasks[query]:
            # The methods of the sides tell modules the side as the task.
            encode = partial(model.encode, task=self.tasks[query])
        # If no prompt is passed, not even an empty one, the library adds a prompt of the folder.
        prompt = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        check_fork()
        # The length is set on the model, which all threads share.
        with self.lock, running(contract):
            model.max_seq_length = tokens
            if query in self.tokenizers:
                self.tokenizers[query].model_max_length = tokens
            texts = self.limiter.limit(texts, tokens, prompt)
            return encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, **options)


def _check_takes_tasks(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError if no module takes a task: the library would ignore it."""
    if "task" not in model.get_model_kwargs():
        raise EngineError(
            f"`{contract.id}` is told the task {contract.query_task or contract.document_task!r}, and no module in"
            f" {layout.folder} takes one: modules.json must name it in `kwargs`"
        )


class _Dense(_Vectors):
    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        super().__init__(model, contract, layout)
        model.truncate_dim = None

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        vectors = self.encoded(texts, query=query, convert_to_numpy=True)
        return check_width(np.asarray(vectors, np.float32), self.contract)


class _Sparse(_Vectors):
    """A sparse model. The weights of the tokens of queries are those of the contract's file, if they are fixed."""

    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        super().__init__(model, contract, layout)
        for module in model.modules():
            if isinstance(module, SpladePooling):
                module.activation_function = _activation(contract)
            elif isinstance(module, SparseStaticEmbedding) and contract.inference_free_queries:
                tokens = module.tokenizer.get_vocab()
                weights = torch.from_numpy(read_query_weights(contract, layout, tokens.get))
                module.weight.data = weights.to(module.weight.device)
                self.tokenizers[True] = module.tokenizer

    def run(self, texts: list[str], *, query: bool) -> "Any":
        # SciPy has no type information.
        sparse: Any = import_module("scipy.sparse")
        vectors = self.encoded(texts, query=query, save_to_cpu=True).coalesce()
        check_width(vectors, self.contract)
        places = tuple(vectors.indices().numpy())
        return sparse.csr_array(
            sparse.coo_array((vectors.values().float().numpy(), places), shape=tuple(vectors.shape))
        )


class _MultiVector:
    """A late-interaction model. What the folder says of markers, expansion and skipped tokens agrees with the contract.

    A folder that says nothing of them gets them from the contract.
    """

    def __init__(self, model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.contract = model, contract
        self.lock = Lock()
        network, tokens = model[0], contract.tokens or TokenPreparation()
        if contract.query_task or contract.document_task:
            raise EngineError(
                f"`{contract.id}` is told tasks, and sentence-transformers tells a late-interaction model none: use"
                " another engine"
            )
        source = layout.late_interaction.source
        # Of a model of Stanford's ColBERT without its settings, the library takes its own defaults.
        defaults = not source and "HF_ColBERT" in layout.architectures
        expansion = None if defaults else getattr(network, "query_expansion", None)
        fixed = expansion["length"] if expansion and expansion["strategy"] == "fixed" else None
        # An empty marker means that there is none. An empty prompt means nothing: the library writes it by default.
        held = dict.fromkeys(_SIDES) if defaults else model.prompts
        own = {side: held[side] or ("" if layout.late_interaction.markers else None) for side in _SIDES}
        check_agreement(
            contract,
            str(layout.folder),
            query_prefix=own["query"],
            document_prefix=own["document"],
            query_length=fixed or getattr(network, "query_length", None),
            document_length=getattr(network, "document_length", None),
        )
        spelled = _spelled_markers(model, contract, tokens, layout)
        # The folder's text is used, since blanks around a marker are part of the token.
        self.prompts = {side: own[side] or spelled[side] + tokens.text(side) for side in _SIDES}
        if not (source or tokens.missing):
            _set_tokens(model, contract, tokens)
        network.query_length, network.document_length = contract.query_length, contract.document_length
        self.limiter = library_limiter(model.tokenizer)

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        encode = self.model.encode_query if query else self.model.encode_document
        prompt = self.prompts["query" if query else "document"]
        tokens = self.contract.query_length if query else self.contract.document_length
        check_fork()
        # The tokenizer can be used by one thread at a time.
        with self.lock, running(self.contract):
            texts = self.limiter.limit(texts, tokens, prompt)
            found = encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True)
        return [check_width(np.asarray(tokens, np.float32), self.contract) for tokens in found]


def _spelled_markers(
    model: "Any", contract: "Contract", tokens: TokenPreparation, layout: "ModelFolder"
) -> dict[str, str]:
    """The markers as the vocabulary spells them. The library puts them before texts, so each must be one token there.

    It registers the markers of PyLate's and Stanford's settings as special tokens itself.
    """
    markers = {side: tokens.marker(side) for side in _SIDES}
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None or layout.late_interaction.markers or not any(markers.values()):
        return markers
    spelled = {side: marker_token(contract, layout, one, backend) if one else "" for side, one in markers.items()}
    split = [one for one in spelled.values() if one and model.tokenizer.tokenize(one) != [one]]
    if split:
        added = [AddedToken(one, normalized=False, special=True) for one in split]
        model.tokenizer.add_special_tokens({"additional_special_tokens": added})
    return spelled


def _set_tokens(model: "Any", contract: "Contract", tokens: TokenPreparation) -> None:
    """Set the contract's expansion and skipped tokens on the modules of the library."""
    if tokens.expand:
        strategy = "fixed" if tokens.expansion_length == contract.query_length else "min"
        model[0].query_expansion = {
            "strategy": strategy,
            "length": tokens.expansion_length,
            "attend": tokens.attend,
            "token": tokens.expansion_token,
        }
    masks = [one for one in model if isinstance(one, MultiVectorMask)]
    if not masks and (tokens.expand or tokens.skiplist_words):
        raise EngineError(
            f"`{contract.id}` has no module MultiVectorMask, so sentence-transformers cannot expand its queries or skip"
            " its tokens: use another engine, such as `onnx`"
        )
    for mask in masks:
        mask.skiplist_words = list(tokens.skiplist_words)
        mask.resolve_with_tokenizer(model.tokenizer)


class _Pairs:
    def __init__(self, model: "Any", contract: "Contract") -> None:
        if model.num_labels != 1:
            raise MismatchError(f"`{contract.id}` must give one score per pair; its files give {model.num_labels}")
        self.model, self.contract = model, contract
        self.lock = Lock()
        model.max_seq_length = contract.document_length
        self.limiter = library_limiter(model.tokenizer)

    def score(self, pairs: list[tuple[str, str]]) -> "Floats":
        """One score per pair: the only logit of the model's head, as in the other engines."""
        # The texts already have prefixes. If no prompt is passed, the library adds a prompt of the folder.
        options = {"prompt": "", "batch_size": 32, "show_progress_bar": False}
        check_fork()
        with self.lock, running(self.contract):
            pairs = self.limiter.limit_pairs(pairs, self.contract.document_length)
            scores = self.model.predict(pairs, activation_fn=torch.nn.Identity(), **options)
        return np.asarray(scores, np.float32)
