# Made from the table of fields by tools/refresh.py.
"""The attributes of `Model` and of the records inside it, for checkers alone."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

_Scalar: TypeAlias = str | int | float | bool | None
ModelType: TypeAlias = str
_Modality: TypeAlias = Literal[
    "text",
    "image",
    "audio",
    "video",
    "time-series",
]
_Quantization: TypeAlias = Literal[
    "fp32",
    "fp16",
    "bf16",
    "fp8",
    "int8",
    "uint8",
    "int4",
    "q4",
    "binary",
    "ubinary",
    "F32",
    "F16",
    "BF16",
    "Q2_K",
    "Q2_K_S",
    "Q3_K_S",
    "Q3_K_M",
    "Q3_K_L",
    "Q4_0",
    "Q4_1",
    "Q4_K_S",
    "Q4_K_M",
    "Q5_0",
    "Q5_1",
    "Q5_K_S",
    "Q5_K_M",
    "Q6_K",
    "Q8_0",
    "TQ1_0",
    "TQ2_0",
    "MXFP4",
    "IQ1_S",
    "IQ1_M",
    "IQ2_XXS",
    "IQ2_XS",
    "IQ2_S",
    "IQ2_M",
    "IQ3_XXS",
    "IQ3_XS",
    "IQ3_S",
    "IQ3_M",
    "IQ4_XS",
    "IQ4_NL",
    "MXFP4_MOE",
    "NVFP4",
    "Q1_0",
    "mlx-2bit",
    "mlx-3bit",
    "mlx-4bit",
    "mlx-5bit",
    "mlx-6bit",
    "mlx-8bit",
    "mlx-mxfp4",
    "mlx-mxfp8",
    "mlx-nvfp4",
]
_Pooling: TypeAlias = Literal[
    "cls",
    "mean",
    "max",
    "last_token",
    "mean_sqrt_len",
    "weighted_mean",
    "none",
]
_MatryoshkaOrder: TypeAlias = Literal[
    "truncate_normalize",
    "normalize_truncate",
    "layer_norm_truncate_normalize",
]
_Similarity: TypeAlias = Literal[
    "cosine",
    "dot",
    "max_sim",
    "euclidean",
    "manhattan",
]
_Precision: TypeAlias = Literal[
    "int8",
    "binary",
]
_Activation: TypeAlias = Literal[
    "log1p_relu",
    "log1p_log1p_relu",
    "relu",
]
_OutputType: TypeAlias = Literal[
    "dense",
    "multi-vector",
    "sparse",
]
_Format: TypeAlias = Literal[
    "safetensors",
    "pytorch",
    "torchscript",
    "onnx",
    "gguf",
    "openvino",
    "mlx",
]

class BenchmarkScore:
    """An entry of a list inside a model."""

    @property
    def benchmark(self) -> str:
        """Name of the benchmark."""

    @property
    def metric(self) -> str:
        """Name of the metric."""

    @property
    def value(self) -> float:
        """Value of the metric, as a fraction if the metric is a fraction."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets over which the value is a mean."""

    @property
    def reporter(self) -> str | None:
        """Who reported the value."""

    @property
    def source(self) -> str | Mapping[str, str | bool] | None:
        """Where the value was read."""

    def to_dict(self) -> dict[str, Any]:
        """The values by name, as JSON has them."""

class DenseLayer:
    """An entry of a list inside a model."""

    @property
    def in_features(self) -> int:
        """Width of the layer's input."""

    @property
    def out_features(self) -> int:
        """Width of the layer's output."""

    @property
    def activation(self) -> str | None:
        """Activation after the layer; absent if it is unknown."""

    def to_dict(self) -> dict[str, Any]:
        """The values by name, as JSON has them."""

class ModelOutput:
    """An entry of a list inside a model."""

    @property
    def name(self) -> str:
        """Name of the output, unique among the model's outputs."""

    @property
    def type(self) -> _OutputType:
        """Kind of vectors that the output gives."""

    @property
    def embedding_dim(self) -> int:
        """Width of the vectors."""

    @property
    def pooling(self) -> _Pooling | None:
        """How token vectors become one vector."""

    @property
    def normalize(self) -> bool | None:
        """Whether vectors have unit length."""

    @property
    def similarity(self) -> _Similarity | None:
        """How two vectors are compared."""

    @property
    def query_prefix(self) -> str | None:
        """Exact text before every query."""

    @property
    def document_prefix(self) -> str | None:
        """Exact text before every document."""

    @property
    def query_length(self) -> int | None:
        """Length in tokens to which queries are truncated."""

    @property
    def document_length(self) -> int | None:
        """Length in tokens to which documents are truncated."""

    @property
    def dense_layers(self) -> tuple[DenseLayer, ...]:
        """Linear layers between the transformer and this output, in order."""

    @property
    def weights_file(self) -> str | None:
        """File in the repository that holds these layers."""

    @property
    def onnx_output(self) -> str | None:
        """Name of the output in the ONNX file."""

    def to_dict(self) -> dict[str, Any]:
        """The values by name, as JSON has them."""

class ModelVariant:
    """An entry of a list inside a model."""

    @property
    def id(self) -> str:
        """Identifier, unique among the model's variants."""

    @property
    def quantization(self) -> _Quantization | None:
        """Weight format; absent if it is unknown."""

    @property
    def huggingface_id(self) -> str | None:
        """Repository of the file, if it is not the model's own repository."""

    @property
    def file(self) -> str | None:
        """Weights file in the repository."""

    @property
    def sha256(self) -> str | None:
        """sha256 of that file."""

    @property
    def size_bytes(self) -> int | None:
        """Size of that file in bytes."""

    @property
    def format(self) -> _Format | None:
        """Format of the weights file."""

    @property
    def ollama(self) -> str | None:
        """Name and tag in the library of Ollama."""

    @property
    def url(self) -> str | None:
        """Address from which the file is downloaded."""

    def to_dict(self) -> dict[str, Any]:
        """The values by name, as JSON has them."""

class ModelAttributes:
    """Every field of models.json."""

    @property
    def id(self) -> str:
        """Unique identifier, kebab-case."""

    @property
    def model_type(self) -> ModelType:
        """Category of the model: colbert, dense, sparse, …; a new word becomes a new member of ModelType."""

    @property
    def name(self) -> str:
        """Display name."""

    @property
    def huggingface_id(self) -> str | None:
        """Hugging Face repository, `org/name`."""

    @property
    def source_api(self) -> str | None:
        """Provider whose API serves the model."""

    @property
    def source_model(self) -> str | None:
        """Name of the model at its provider."""

    @property
    def source_regions(self) -> tuple[str, ...]:
        """Regions in which the provider processes the texts that it receives."""

    @property
    def source_ollama(self) -> str | None:
        """Name and tag of the model in the library of Ollama."""

    @property
    def source_path(self) -> str | None:
        """Folder of the model on this machine."""

    @property
    def source_url(self) -> str | None:
        """Address from which the model is downloaded."""

    @property
    def source_sha256(self) -> str | None:
        """sha256 of the file at `source.url`."""

    @property
    def organization(self) -> str | None:
        """Who publishes the model."""

    @property
    def release_date(self) -> str | None:
        """Year, month or day when the model was first announced or published."""

    @property
    def architecture_type(self) -> str | None:
        """Architecture of the backbone, as config.json names it."""

    @property
    def architecture_variant(self) -> str | None:
        """Backbone or checkpoint that the model starts from."""

    @property
    def layers(self) -> int | None:
        """Layers of the backbone."""

    @property
    def intermediate_dim(self) -> int | None:
        """Width inside the feed-forward blocks of the backbone."""

    @property
    def attention_heads(self) -> int | None:
        """Attention heads of each layer."""

    @property
    def key_value_heads(self) -> int | None:
        """Heads of keys and values in each layer; several attention heads can share one of them."""

    @property
    def head_dim(self) -> int | None:
        """Width of one attention head."""

    @property
    def has_projection(self) -> bool | None:
        """Whether a learned layer maps hidden states to the output."""

    @property
    def projection_dims(self) -> int | None:
        """Output width of the projection; null or absent if there is no projection."""

    @property
    def matryoshka_dims(self) -> tuple[int, ...]:
        """Widths that vectors can be truncated to, ascending; embedding_dim is the last."""

    @property
    def matryoshka_min(self) -> int | None:
        """Smallest width of the range, if vectors can be truncated to any width in a range."""

    @property
    def matryoshka_max(self) -> int | None:
        """Largest width of the range, if vectors can be truncated to any width in a range."""

    @property
    def parameters(self) -> str | None:
        """Parameter count, as `110M`."""

    @property
    def embedding_dim(self) -> int:
        """Width of the returned vectors; for a reranker, width of the vector that its scoring head reads."""

    @property
    def hidden_dim(self) -> int | None:
        """Width of the backbone's hidden states."""

    @property
    def context_length(self) -> int | None:
        """Longest input in tokens that the authors say the model supports; if they do not say, the files' limit."""

    @property
    def max_position_embeddings(self) -> int | None:
        """Size of the position table in config.json, with reserved positions; null for models without such a table."""

    @property
    def vocab_size(self) -> int | None:
        """Entries of the vocabulary; null for models without a vocabulary."""

    @property
    def parameter_count(self) -> int | None:
        """Exact number of parameters, as published or as the header of the weights shows it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639 codes of the languages that the authors list; `mul` if they claim many languages and list none."""

    @property
    def modalities(self) -> tuple[_Modality, ...]:
        """Kinds of input that the model embeds."""

    @property
    def multi_vector(self) -> bool | None:
        """Whether the model gives one vector per token."""

    @property
    def quantization(self) -> tuple[_Quantization, ...]:
        """Weight formats that are published."""

    @property
    def matryoshka(self) -> bool:
        """Whether vectors can be truncated; if absent, true if matryoshka_dims or matryoshka_range is stated."""

    @property
    def beir_avg(self) -> float | None:
        """Mean nDCG@10, 0..1, over beir_datasets, as the authors published it; null if they published none."""

    @property
    def ms_marco_mrr10(self) -> float | None:
        """MRR@10, 0..1, on the development set of MS MARCO, as the authors published it; null if there is none."""

    @property
    def beir_datasets(self) -> str | None:
        """Data sets of the mean in beir_avg."""

    @property
    def scores(self) -> tuple[BenchmarkScore, ...]:
        """Published results on benchmarks, each with the data sets that it covers."""

    @property
    def license(self) -> str | None:
        """Licence of the weights, in identifiers of SPDX."""

    @property
    def description(self) -> str | None:
        """What the model is and is good for."""

    @property
    def tokenizer_file(self) -> str | None:
        """Tokenizer file in the repository."""

    @property
    def config_file(self) -> str | None:
        """Configuration file in the repository."""

    @property
    def safetensors_file(self) -> str | None:
        """Safetensors weights in the repository."""

    @property
    def pytorch_file(self) -> str | None:
        """PyTorch (pickle) weights in the repository."""

    @property
    def onnx_file(self) -> str | None:
        """ONNX weights in the repository."""

    @property
    def query_weights_file(self) -> str | None:
        """File with the fixed weight of each token of queries."""

    @property
    def file_sha256(self) -> Mapping[str, str]:
        """sha256 of files in the repository, by file name."""

    @property
    def revision(self) -> str | None:
        """Commit of the repository at which the facts were read."""

    @property
    def pooling(self) -> _Pooling | None:
        """How token vectors become one vector; `none` means one vector per token."""

    @property
    def normalize(self) -> bool | None:
        """Whether the vectors that the model returns have length 1."""

    @property
    def matryoshka_order(self) -> _MatryoshkaOrder | None:
        """Order of the steps that shorten a pooled vector to a Matryoshka width; if absent, truncate_normalize."""

    @property
    def similarity(self) -> _Similarity | None:
        """How two vectors are compared."""

    @property
    def precisions(self) -> tuple[_Precision, ...]:
        """Precisions below float32 that the authors say the vectors support."""

    @property
    def query_prefix(self) -> str | None:
        """Exact text before every query; empty if it is known that there is none."""

    @property
    def document_prefix(self) -> str | None:
        """Exact text before every document; empty if it is known that there is none."""

    @property
    def query_marker(self) -> str | None:
        """Token that is inserted by its id at the start of every query; empty if it is known that there is none."""

    @property
    def document_marker(self) -> str | None:
        """Token that is inserted by its id at the start of every document; empty if it is known that there is none."""

    @property
    def query_expansion(self) -> bool | None:
        """Whether short queries are padded with expansion tokens, whose vectors count in the score."""

    @property
    def expansion_token(self) -> str | None:
        """Token with which short queries are padded."""

    @property
    def expansion_length(self) -> int | None:
        """Length to which short queries are padded; if absent, query_length."""

    @property
    def attend_to_expansion_tokens(self) -> bool | None:
        """Whether the other tokens of a query attend to its expansion tokens."""

    @property
    def skip_punctuation(self) -> bool | None:
        """Whether the vectors of punctuation tokens in documents are left out."""

    @property
    def skiplist(self) -> tuple[str, ...]:
        """Further words whose vectors are left out of documents."""

    @property
    def query_task(self) -> str | None:
        """Task passed to the model or its API for queries: an adapter's name, an `input_type` or a `taskType`."""

    @property
    def document_task(self) -> str | None:
        """Task passed to the model or its API for documents."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """Further prompts by name."""

    @property
    def tasks(self) -> Mapping[str, str]:
        """Task that is passed to the model or its API with a further prompt, by the name of the prompt."""

    @property
    def inference_free_queries(self) -> bool | None:
        """Whether queries need no network, because each of their tokens has a fixed weight."""

    @property
    def query_idf(self) -> bool | None:
        """Whether the store must weight each token of a query by its inverse document frequency (IDF)."""

    @property
    def activation(self) -> _Activation | None:
        """How the logits of a sparse model become weights; if absent, log1p_relu."""

    @property
    def query_length(self) -> int | None:
        """Length in tokens to which queries are truncated by default."""

    @property
    def document_length(self) -> int | None:
        """Length in tokens to which documents are truncated by default."""

    @property
    def dense_layers(self) -> tuple[DenseLayer, ...]:
        """Linear layers that follow the transformer, in order."""

    @property
    def outputs(self) -> tuple[ModelOutput, ...]:
        """Outputs of a model with several. The other fields of the entry describe the first one, the default."""

    @property
    def variants(self) -> tuple[ModelVariant, ...]:
        """Other weights of the same model: quantized or exported."""

    @property
    def base_model(self) -> str | None:
        """Model from which this model was trained."""

    @property
    def tokenizer_model(self) -> str | None:
        """Model whose tokenizer is used."""

    @property
    def requires_projection(self) -> bool | None:
        """Whether the projection weights are a separate download."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages that loading needs beyond the usual ones."""

    @property
    def remote_code(self) -> bool | None:
        """Whether loading runs code from the repository."""

    @property
    def batch_size_optimal(self) -> int | None:
        """Batch size that the authors advise."""

    @property
    def memory_mb_per_batch(self) -> int | None:
        """Memory in megabytes that a batch of `batch_size_optimal` inputs takes."""

    @property
    def gpu_recommended(self) -> bool | None:
        """Whether the authors advise a GPU."""

    @property
    def inputs_per_request(self) -> int | None:
        """Largest number of texts that the API takes in one request."""

    @property
    def tokens_per_request(self) -> int | None:
        """Largest number of tokens that the API takes in one request, over all texts."""

    @property
    def sources(self) -> Mapping[str, str | Mapping[str, str | bool]]:
        """Where a fact was read, by its path: `specs.embedding_dim` \u2192 a text, or an object with its address."""

    @property
    def deprecated(self) -> str | None:
        """Why the model should no longer be used, and what to use instead."""

    @property
    def successor(self) -> str | None:
        """Model to use instead of a deprecated one: its id, or its repository if it is not in this registry."""

    @property
    def former_ids(self) -> tuple[str, ...]:
        """Ids that this model had before."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further ids of this model."""

    @property
    def extra(self) -> Mapping[str, _Scalar | tuple[_Scalar, ...]]:
        """Your own additions: scalars and lists of scalars."""
