"""The table of fields. To add a field, add a line to `FIELDS`.

Everything else follows from this table: the checks, `ModelInfo` with its decoder and stub, the JSON Schema,
`hypiler show` and the reference of the file format.
"""

from hypiler.schema.comparisons import (
    AnyBlanks,
    AnyCase,
    AtLeast,
    Checksums,
    ExactCount,
    FileNamed,
    Inputs,
    LongestInput,
    ParameterCount,
    SameEncoder,
    SameLayers,
    SameSet,
    TaskNamed,
    VariantFiles,
)
from hypiler.schema.field import Field
from hypiler.schema.free_types import Extra, SourceNote
from hypiler.schema.string_types import Date, Identifier, Language, LicenseExpression, ModelTypeName, Pattern
from hypiler.schema.types import (
    Flag,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Records,
    Score,
    Text,
)
from hypiler.schema.vocabulary import (
    ACTIVATIONS,
    FORMATS,
    MATRYOSHKA_ORDERS,
    MODALITIES,
    OUTPUT_TYPES,
    POOLINGS,
    PRECISIONS,
    QUANTIZATIONS,
    SIMILARITIES,
)

_ID = r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*"
_SHA256 = Pattern(r"[0-9a-f]{64}", "M113", "a sha256 in 64 lower-case hex digits")
_COMMIT = Pattern(
    r"[0-9a-f]{40}",
    "M113",
    "a commit in 40 lower-case hex digits",
    "a branch or tag can move; write the commit it stands at",
)
_REPOSITORY = Pattern(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?/[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?",
    "M108",
    "a Hugging Face repository of the form `org/name`",
    'a model that is elsewhere has a `source`, such as {"ollama": "nomic-embed-text:v1.5"}',
)
_PARAMETERS = Pattern(
    r"(?:[1-9][0-9]{0,3}x)?[0-9]{1,6}(?:\.[0-9]{1,4})?[KMBT]",
    "M110",
    "a count such as `110M`, `1.5B` or `8x7B`",
    "a number, then K, M, B or T in capitals",
)
_BEIR = Pattern(r"beir-[1-9][0-9]?", "M113", "the number of data sets, as `beir-13`")
_FILE = Pattern(
    r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*",
    "M113",
    "a file name inside the repository",
)
_QUANTIZATION = OneOf("_Quantization", *QUANTIZATIONS)
_URL = Pattern(r"https?://[^\s/]+(?:/\S*)?", "M113", "an address that begins with `https://`")
_REGION = Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*", "M113", "the name of a region, such as `eu-central-1`")
_DENSE_LAYERS = Records(
    "DenseLayer",
    in_features=(Integer("dimensions"), True, "Width of the layer's input."),
    out_features=(Integer("dimensions"), True, "Width of the layer's output."),
    activation=(Text(), False, "Activation after the layer; absent if not known."),
)


FIELDS: tuple[Field, ...] = (
    Field(
        "id",
        Identifier(_ID),
        "Unique identifier, kebab-case.",
        note="The registry chooses it, and the name of the constant follows from it; the authors' own name is `name`.",
        example="colbert-v2",
        required=True,
        origin="identity",
    ),
    Field(
        "type",
        ModelTypeName(_ID),
        "Category of the model: colbert, dense, sparse, …; a new word becomes a new member of ModelType.",
        attribute="model_type",
        note=(
            "If the model has several `outputs`, the type covers all of them; the model's files show the kind of "
            "encoder."
        ),
        example="colbert",
        required=True,
        compare=SameEncoder(),
    ),
    Field(
        "name",
        Text(),
        "Display name.",
        note="It is spelled as the authors spell it; programs use `id`.",
        example="ColBERTv2",
        required=True,
        origin="publication",
        prose=True,
    ),
    Field(
        "huggingface_id",
        _REPOSITORY,
        "Hugging Face repository, `org/name`.",
        note=(
            "It is the authors' repository, not a copy or a conversion; a model without a repository states a `source`."
        ),
        example="colbert-ir/colbertv2.0",
        required=True,
        origin="identity",
        space="document",
    ),
    Field(
        "source.api",
        Text(),
        "Provider whose API serves the model.",
        attribute="source_api",
        note="A model has either a source or a `huggingface_id`, never both.",
        example="openai",
        origin="identity",
        space="document",
    ),
    Field(
        "source.model",
        Text(),
        "Name of the model at its provider.",
        attribute="source_model",
        note="Requests send this name; the entry must also state `source.api`.",
        example="text-embedding-3-large",
        origin="identity",
        space="document",
    ),
    Field(
        "source.regions",
        ListOf(_REGION, at_least=1),
        "Regions in which the provider processes the texts that it receives.",
        attribute="source_regions",
        note=(
            "State the regions of the endpoint that you use, by the provider's names; the entry must also state "
            "`source.api`."
        ),
        example=["eu-central-1"],
        origin="identity",
    ),
    Field(
        "source.ollama",
        Text(),
        "Name and tag of the model in the library of Ollama.",
        attribute="source_ollama",
        note="The tag is part of the name: another tag can be another quantization.",
        example="nomic-embed-text:v1.5",
        origin="identity",
    ),
    Field(
        "source.path",
        Text(),
        "Folder of the model on this machine.",
        attribute="source_path",
        note="It is for models of your own. `load` reads a relative path from the current folder.",
        example="models/my-fine-tune",
        origin="identity",
    ),
    Field(
        "source.url",
        _URL,
        "Address from which the model is downloaded.",
        attribute="source_url",
        note="It says where the bytes are; `source.sha256` says which bytes they must be.",
        example="https://example.org/model.tar.gz",
        origin="identity",
    ),
    Field(
        "source.sha256",
        _SHA256,
        "sha256 of the file at `source.url`.",
        attribute="source_sha256",
        note=(
            "The entry must also state `source.url`; if the file at this address changes, the sha256 still "
            "identifies the model."
        ),
        example="0f" * 32,
        origin="identity",
    ),
    Field(
        "organization",
        Text(),
        "Who publishes the model.",
        note="It is the organization that made the model, not an account that uploaded a copy.",
        example="Stanford",
        required=True,
        origin="publication",
    ),
    Field(
        "release_date",
        Date(),
        "Year, month or day when the model was first announced or published.",
        note="It is not the day on which a copy was uploaded, and not the day of the latest commit.",
        example="2022-02-02",
        required=True,
        origin="publication",
    ),
    Field(
        "architecture.type",
        Text(),
        "Architecture of the backbone, as config.json names it.",
        attribute="architecture_type",
        note="The key `model_type` of config.json shows it.",
        example="bert",
        required=True,
        of_weights=True,
    ),
    Field(
        "architecture.variant",
        Text(),
        "Backbone or checkpoint that the model starts from.",
        attribute="architecture_variant",
        note="The authors state it; `dependencies.base_model` is the repository of this checkpoint.",
        example="bert-base",
        required=True,
        of_weights=True,
        origin="publication",
    ),
    Field(
        "architecture.layers",
        Integer("layers"),
        "Layers of the backbone.",
        note="config.json shows it, mostly as `num_hidden_layers`; pooling and projections do not count.",
        example=12,
    ),
    Field(
        "architecture.intermediate_dim",
        Integer("dimensions"),
        "Width inside the feed-forward blocks of the backbone.",
        note="config.json shows it, mostly as `intermediate_size`; a gated block has two layers of this width.",
        example=3072,
    ),
    Field(
        "architecture.attention_heads",
        Integer("heads"),
        "Attention heads of each layer.",
        note="config.json shows it, mostly as `num_attention_heads`; there may be fewer heads of keys.",
        example=12,
    ),
    Field(
        "architecture.key_value_heads",
        Integer("heads"),
        "Heads of keys and values in each layer; several attention heads can share one of them.",
        note="config.json shows it as `num_key_value_heads`; without this key, no heads are shared.",
        example=8,
    ),
    Field(
        "architecture.head_dim",
        Integer("dimensions"),
        "Width of one attention head.",
        note="config.json shows it as `head_dim`; without this key, it is the hidden width divided by the heads.",
        example=128,
    ),
    Field(
        "architecture.has_projection",
        Flag(),
        "Whether a learned layer maps hidden states to the output.",
        note="The list of modules or the names of the weights show it; pooling is not a projection.",
        example=True,
        required=True,
        of_weights=True,
        implies="architecture.projection_dims",
    ),
    Field(
        "architecture.projection_dims",
        Integer("dimensions"),
        "Output width of the projection; null or absent if there is no projection.",
        note="It equals `specs.embedding_dim`: it is not the width of an inner layer.",
        example=128,
        null=True,
    ),
    Field(
        "architecture.matryoshka_dims",
        ListOf(Integer("dimensions"), at_least=1),
        "Widths that vectors can be truncated to, ascending; embedding_dim is the last.",
        note=("The authors name these widths; if they allow any width in a range, state `matryoshka_range` instead."),
        example=[64, 128, 256, 512, 768],
    ),
    Field(
        "architecture.matryoshka_range.min",
        Integer("dimensions"),
        "Smallest width of the range, if vectors can be truncated to any width in a range.",
        attribute="matryoshka_min",
        note="A model states either this range or `matryoshka_dims`, never both.",
        example=32,
        origin="publication",
    ),
    Field(
        "architecture.matryoshka_range.max",
        Integer("dimensions"),
        "Largest width of the range, if vectors can be truncated to any width in a range.",
        attribute="matryoshka_max",
        note="It equals `specs.embedding_dim`, the width of a vector that is not truncated.",
        example=1024,
        origin="publication",
    ),
    Field(
        "specs.parameters",
        _PARAMETERS,
        "Parameter count, as `110M`.",
        note="It counts every number in the published weights, rounded; it is not a size in bytes.",
        example="110M",
        required=True,
        of_weights=True,
        compare=ParameterCount(),
    ),
    Field(
        "specs.embedding_dim",
        Integer("dimensions"),
        "Width of the vectors that the model returns; for a reranker, width of the vector that its scoring head reads.",
        note="It is the width of a vector that is not truncated; without a projection, it equals `hidden_dim`.",
        example=128,
        required=True,
        space="document",
    ),
    Field(
        "specs.hidden_dim",
        Integer("dimensions"),
        "Width of the backbone's hidden states.",
        note="config.json shows it, as `hidden_size` in most architectures; a projection does not change it.",
        example=768,
        required=True,
        of_weights=True,
    ),
    Field(
        "specs.context_length",
        Integer("tokens"),
        (
            "Longest input in tokens that the model supports, as the authors say; if they do not say, the limit "
            "in its files."
        ),
        note="It is not the default truncation (`encoding.document_length`), and not the size of the position table.",
        example=512,
        required=True,
        compare=LongestInput(),
    ),
    Field(
        "specs.max_position_embeddings",
        Integer("positions"),
        "Size of the position table in config.json, with reserved positions; null for models without such a table.",
        note="It is not the longest input: RoBERTa and its relatives reserve two positions.",
        example=512,
        required=True,
        of_weights=True,
        null=True,
    ),
    Field(
        "specs.vocab_size",
        Integer("entries"),
        "Entries of the vocabulary; null for models without a vocabulary.",
        note=(
            "config.json shows it; it can be larger than the tokenizer's vocabulary, because some models pad "
            "their table."
        ),
        example=30522,
        required=True,
        of_weights=True,
        null=True,
    ),
    Field(
        "specs.parameter_count",
        Integer("parameters"),
        "Exact number of parameters, as published or as the header of the weights shows it.",
        note=(
            "`hypiler check` compares it with a number computed from the architecture; the rounded number is "
            "`parameters`."
        ),
        example=109482240,
        compare=ExactCount(),
    ),
    Field(
        "capabilities.languages",
        ListOf(Language()),
        "ISO 639 codes of the languages that the authors list; `mul` if they claim many languages and list none.",
        note=(
            "It is not the languages that the backbone was trained on; a search finds `mul` models only if it "
            "asks for `mul`."
        ),
        example=["en"],
        required=True,
        compare=SameSet(),
    ),
    Field(
        "capabilities.modalities",
        ListOf(OneOf("_Modality", *MODALITIES), at_least=1),
        "Kinds of input that the model embeds.",
        note="A model that finds images by text embeds both kinds.",
        example=["text"],
        required=True,
        compare=Inputs(),
    ),
    Field(
        "capabilities.multi_vector",
        Flag(),
        "Whether the model gives one vector per token.",
        note=(
            "It is true if any of the model's `outputs` has one vector per token; token vectors that are pooled "
            "do not count."
        ),
        example=True,
        required=True,
    ),
    Field(
        "capabilities.quantization",
        ListOf(_QUANTIZATION),
        "Weight formats that are published.",
        note=("The weights and the names of the files show some of them; `variants` says which file has which format."),
        example=["fp32"],
        required=True,
        of_weights=True,
        compare=AtLeast(*QUANTIZATIONS),
    ),
    Field(
        "capabilities.matryoshka",
        Flag(),
        "Whether vectors can be truncated; if absent, true if matryoshka_dims or matryoshka_range is stated.",
        note=(
            "If an entry states none of the three, vectors cannot be truncated; if the authors say that they can, but "
            "name no widths, state `true` with a source."
        ),
        example=False,
        derived=True,
        implies="architecture.matryoshka_dims",
    ),
    Field(
        "performance.beir_avg",
        Score("nDCG@10"),
        (
            "Mean nDCG@10, 0..1, over the data sets of beir_datasets, as the authors published it; null if they "
            "published none."
        ),
        note="It is never your own mean or somebody else's result: state these in `performance.scores`.",
        example=0.5439,
        required=True,
        null=True,
        origin="publication",
    ),
    Field(
        "performance.ms_marco_mrr10",
        Score("MRR@10 on MS MARCO"),
        "MRR@10, 0..1, on the development set of MS MARCO, as the authors published it; null if they published none.",
        note="It is not nDCG@10 on MS MARCO, which is a part of BEIR, and not a result on other queries.",
        example=0.397,
        required=True,
        null=True,
        origin="publication",
    ),
    Field(
        "performance.beir_datasets",
        _BEIR,
        "Data sets of the mean in beir_avg.",
        note="Means over different data sets are never sorted or compared together.",
        example="beir-15",
        origin="publication",
    ),
    Field(
        "performance.scores",
        Records(
            "BenchmarkScore",
            benchmark=(Text(), True, "Name of the benchmark."),
            metric=(Text(), True, "Name of the metric."),
            value=(Number(), True, "Value of the metric, as a fraction where the metric is one."),
            datasets=(ListOf(Text()), False, "Names of the data sets that the value is the mean of."),
            reporter=(Text(), False, "Who reported the value."),
            source=(SourceNote(), False, "Where the value was read."),
        ),
        "Published results on benchmarks, each with the data sets that it covers.",
        note=(
            "State all results here that have no field of their own; results over different data sets cannot be "
            "compared."
        ),
        example=[
            {
                "benchmark": "MS MARCO passages, dev",
                "metric": "Recall@1000",
                "value": 0.984,
                "datasets": ["MS MARCO"],
                "reporter": "the authors",
                "source": {"url": "https://arxiv.org/abs/2112.01488"},
            }
        ],
        origin="publication",
    ),
    Field(
        "license",
        LicenseExpression(),
        "Licence of the weights, in identifiers of SPDX.",
        note=(
            "It is the licence of the weights, not of the code; write terms that SPDX does not list as "
            "`LicenseRef-Name`."
        ),
        example="MIT",
        required=True,
        compare=AnyCase(),
    ),
    Field(
        "description",
        Text(),
        "What the model is and is good for.",
        note="Do not repeat facts that have a field of their own: only the field is checked.",
        example="English late-interaction retriever for passage search.",
        required=True,
        origin="publication",
        prose=True,
    ),
    Field(
        "files.tokenizer",
        _FILE,
        "Tokenizer file in the repository.",
        attribute="tokenizer_file",
        note="The list of files at `revision` shows it.",
        example="tokenizer.json",
        compare=FileNamed(r"(?!.*config|modules\.json).+\.(?:json|txt|model|vocab|codes|spm|tiktoken)"),
    ),
    Field(
        "files.config",
        _FILE,
        "Configuration file in the repository.",
        attribute="config_file",
        note="The list of files at `revision` shows it; it is the configuration of the network, not of a library.",
        example="config.json",
        compare=FileNamed(r"config\.json", only=True),
    ),
    Field(
        "files.weights.safetensors",
        _FILE,
        "Safetensors weights in the repository.",
        attribute="safetensors_file",
        note="The list of files at `revision` shows it; if the weights are in several files, name their index.",
        example="model.safetensors",
        compare=FileNamed(r".+\.safetensors(?:\.index\.json)?"),
    ),
    Field(
        "files.weights.pytorch",
        _FILE,
        "PyTorch (pickle) weights in the repository.",
        attribute="pytorch_file",
        note="The list of files at `revision` shows it; engines load it only with `allow_pickle=True`.",
        example="pytorch_model.bin",
        compare=FileNamed(r".+\.(?:bin|pt|pth|ckpt)(?:\.index\.json)?"),
    ),
    Field(
        "files.weights.onnx",
        _FILE,
        "ONNX weights in the repository.",
        attribute="onnx_file",
        note="The list of files at `revision` shows it; an export in another repository is one of `variants`.",
        example="onnx/model.onnx",
        compare=FileNamed(r".+\.onnx"),
    ),
    Field(
        "files.query_weights",
        _FILE,
        "File with the fixed weight of each token of queries.",
        attribute="query_weights_file",
        note="It is for models whose queries need no network: see `encoding.inference_free_queries`.",
        example="idf.json",
        compare=FileNamed(r"(?!.*config|.*tokenizer|modules\.json).+\.(?:json|txt|safetensors)"),
    ),
    Field(
        "files.sha256",
        MapOf(_SHA256),
        "sha256 of files in the repository, by file name.",
        attribute="file_sha256",
        note="They belong to the files at `revision`; loading a model refuses other bytes.",
        example={"tokenizer.json": "0f" * 32},
        compare=Checksums(),
    ),
    Field(
        "revision",
        _COMMIT,
        "Commit of the repository at which the facts were read.",
        note=(
            "It is not a branch, and not a commit that somebody else pinned; if a fact was read elsewhere, `sources` "
            "must say where."
        ),
        example="c1e84128e85ef755c096a95bdb06b47793b13acf",
        origin="identity",
        space="document",
    ),
    Field(
        "encoding.pooling",
        OneOf("_Pooling", *POOLINGS),
        "How token vectors become one vector; `none` means one vector per token.",
        note="The settings of the pooling module show it.",
        example="mean",
        space="document",
    ),
    Field(
        "encoding.normalize",
        Flag(),
        "Whether the vectors that the model returns have length 1.",
        note="The model's modules show it; a similarity that divides by the lengths does not count.",
        example=True,
        space="document",
    ),
    Field(
        "encoding.matryoshka_order",
        OneOf("_MatryoshkaOrder", *MATRYOSHKA_ORDERS),
        "Order of the steps that shorten a pooled vector to a Matryoshka width; if absent, truncate_normalize.",
        note="Another order gives other vectors of the same width; vectors of full width do not depend on the order.",
        example="truncate_normalize",
        origin="publication",
        space="document",
    ),
    Field(
        "encoding.similarity",
        OneOf("_Similarity", *SIMILARITIES),
        "How two vectors are compared.",
        note="The settings of the model name it; an index must compare its vectors in the same way.",
        example="cosine",
        space="query",
    ),
    Field(
        "encoding.precisions",
        ListOf(OneOf("_Precision", *PRECISIONS)),
        "Precisions below float32 that the authors say the vectors support.",
        note="They are precisions of vectors; precisions of weights are in `capabilities.quantization`.",
        example=["int8", "binary"],
        origin="publication",
    ),
    Field(
        "encoding.query_prefix",
        Text(blank=True),
        "Exact text before every query; empty if it is known that there is none.",
        note="It is tokenized together with the input; state a token that is inserted by its id as `query_marker`.",
        example="query: ",
        space="query",
    ),
    Field(
        "encoding.document_prefix",
        Text(blank=True),
        "Exact text before every document; empty if it is known that there is none.",
        note="It is tokenized together with the input; state a token that is inserted by its id as `document_marker`.",
        example="passage: ",
        space="document",
    ),
    Field(
        "encoding.query_marker",
        Text(blank=True),
        "Token that is inserted by its id at the start of every query; empty if it is known that there is none.",
        note="In contrast to `query_prefix`, it is not text before the input: the tokenizer never splits it.",
        compare=AnyBlanks(),
        example="[Q]",
        space="query",
    ),
    Field(
        "encoding.document_marker",
        Text(blank=True),
        "Token that is inserted by its id at the start of every document; empty if it is known that there is none.",
        note="In contrast to `document_prefix`, it is not text before the input: the tokenizer never splits it.",
        compare=AnyBlanks(),
        example="[D]",
        space="document",
    ),
    Field(
        "encoding.query_expansion",
        Flag(),
        "Whether short queries are padded with expansion tokens, whose vectors count in the score.",
        note="Padding tokens that only fill a batch and are masked do not count.",
        example=True,
        space="query",
    ),
    Field(
        "encoding.expansion_token",
        Text(),
        "Token with which short queries are padded.",
        note=(
            "If the settings name no token, it is the mask token of the tokenizer, not the padding token, which "
            "is ignored."
        ),
        example="[MASK]",
        space="query",
    ),
    Field(
        "encoding.expansion_length",
        Integer("tokens"),
        "Length to which short queries are padded; if absent, query_length.",
        note="Longer queries are truncated to `query_length`, which can be larger.",
        example=32,
        space="query",
    ),
    Field(
        "encoding.attend_to_expansion_tokens",
        Flag(),
        "Whether the other tokens of a query attend to its expansion tokens.",
        note="Expansion tokens always attend to the other tokens.",
        example=False,
        space="query",
    ),
    Field(
        "encoding.skip_punctuation",
        Flag(),
        "Whether the vectors of punctuation tokens in documents are left out.",
        note="The network still reads the punctuation, and queries keep these vectors.",
        example=True,
        space="document",
    ),
    Field(
        "encoding.skiplist",
        ListOf(Text()),
        "Further words whose vectors are left out of documents.",
        note="State the punctuation by `skip_punctuation`, not here.",
        example=["the", "a"],
        space="document",
        compare=SameSet(),
    ),
    Field(
        "encoding.query_task",
        Text(),
        "Task that is passed to the model or its API for queries: an adapter's name, an `input_type` or a `taskType`.",
        note="In contrast to `query_prefix`, it is not a part of the text.",
        example="retrieval.query",
        space="query",
        compare=TaskNamed("retrieval.query", "retrieval"),
    ),
    Field(
        "encoding.document_task",
        Text(),
        "Task that is passed to the model or its API for documents.",
        note="In contrast to `document_prefix`, it is not a part of the text.",
        example="retrieval.passage",
        space="document",
        compare=TaskNamed("retrieval.passage", "retrieval"),
    ),
    Field(
        "encoding.prompts",
        MapOf(Text(blank=True)),
        "Further prompts by name.",
        note=("Programs choose these prompts by name; the default prompts are `query_prefix` and `document_prefix`."),
        example={"clustering": "cluster: "},
    ),
    Field(
        "encoding.tasks",
        MapOf(Text()),
        "Task that is passed to the model or its API with a further prompt, by the name of the prompt.",
        note="The names are the names of `prompts`; the default tasks are `query_task` and `document_task`.",
        example={"clustering": "separation"},
        origin="publication",
    ),
    Field(
        "encoding.inference_free_queries",
        Flag(),
        "Whether queries need no network, because each of their tokens has a fixed weight.",
        note="Documents are always run through the network.",
        example=True,
        space="query",
    ),
    Field(
        "encoding.query_idf",
        Flag(),
        "Whether the store must weight each token of a query by its inverse document frequency (IDF).",
        note=(
            "It is false if the model's own weights already contain the IDF, as the weights in "
            "`files.query_weights` do."
        ),
        example=True,
        origin="publication",
        space="query",
    ),
    Field(
        "encoding.activation",
        OneOf("_Activation", *ACTIVATIONS),
        "How the logits of a sparse model become weights; if absent, log1p_relu.",
        note="The settings of the model show it; it is not the activation inside its network.",
        example="log1p_relu",
        space="document",
    ),
    Field(
        "encoding.query_length",
        Integer("tokens"),
        "Length in tokens to which queries are truncated by default.",
        note=(
            "The settings of the model show it; it is the default truncation, not the longest input that the "
            "model supports."
        ),
        example=32,
        space="query",
    ),
    Field(
        "encoding.document_length",
        Integer("tokens"),
        "Length in tokens to which documents are truncated by default.",
        note="The settings of the model show it; the longest input that the model supports is `specs.context_length`.",
        example=180,
        space="document",
    ),
    Field(
        "encoding.dense_layers",
        _DENSE_LAYERS,
        "Linear layers that follow the transformer, in order.",
        note="The settings of the modules or the weights show them; layers inside the transformer do not count.",
        example=[{"in_features": 768, "out_features": 128, "activation": "Tanh"}],
        space="document",
        compare=SameLayers(),
    ),
    Field(
        "outputs",
        Records(
            "ModelOutput",
            name=(Identifier(_ID), True, "Name of the output, unique among the model's outputs."),
            type=(OneOf("_OutputType", *OUTPUT_TYPES), True, "Kind of vectors that the output gives."),
            embedding_dim=(Integer("dimensions"), True, "Width of the vectors."),
            pooling=(OneOf("_Pooling", *POOLINGS), False, "How token vectors become one vector."),
            normalize=(Flag(), False, "Whether vectors have unit length."),
            similarity=(OneOf("_Similarity", *SIMILARITIES), False, "How two vectors are compared."),
            query_prefix=(Text(blank=True), False, "Exact text before every query."),
            document_prefix=(Text(blank=True), False, "Exact text before every document."),
            query_length=(Integer("tokens"), False, "Length in tokens to which queries are truncated."),
            document_length=(Integer("tokens"), False, "Length in tokens to which documents are truncated."),
            dense_layers=(_DENSE_LAYERS, False, "Linear layers between the transformer and this output, in order."),
            weights_file=(_FILE, False, "File in the repository that holds these layers."),
            onnx_output=(Text(), False, "Name of the output in the ONNX file."),
        ),
        (
            "Outputs of a model with several outputs. The other fields of the entry describe the first output, "
            "the default."
        ),
        note="A model with one output does not state it: the other fields of the entry say everything.",
        example=[
            {
                "name": "dense",
                "type": "dense",
                "embedding_dim": 1024,
                "pooling": "cls",
                "normalize": True,
                "similarity": "cosine",
            },
            {"name": "sparse", "type": "sparse", "embedding_dim": 250002, "weights_file": "sparse_linear.pt"},
            {
                "name": "colbert",
                "type": "multi-vector",
                "embedding_dim": 1024,
                "normalize": True,
                "similarity": "max_sim",
                "weights_file": "colbert_linear.pt",
                "dense_layers": [{"in_features": 1024, "out_features": 1024}],
            },
        ],
        origin="publication",
    ),
    Field(
        "variants",
        Records(
            "ModelVariant",
            id=(Identifier(_ID), True, "Identifier, unique among the model's variants."),
            quantization=(_QUANTIZATION, False, "Weight format; absent if it is unknown."),
            huggingface_id=(_REPOSITORY, False, "Repository of the file, if it is not the model's own repository."),
            file=(_FILE, False, "Weights file in the repository."),
            sha256=(_SHA256, False, "sha256 of that file."),
            size_bytes=(Integer("bytes"), False, "Size of that file in bytes."),
            format=(OneOf("_Format", *FORMATS), False, "Format of the weights file."),
            ollama=(Text(), False, "Name and tag in the library of Ollama."),
            url=(_URL, False, "Address from which the file is downloaded."),
        ),
        "Other weights of the same model: quantized or exported.",
        note="They give nearly the same vectors as the model itself; a fine-tuned model has an entry of its own.",
        example=[
            {
                "id": "q8",
                "quantization": "Q8_0",
                "format": "gguf",
                "huggingface_id": "org/new-model-GGUF",
                "file": "new-model.Q8_0.gguf",
                "size_bytes": 117000000,
            }
        ],
        compare=VariantFiles(),
    ),
    Field(
        "dependencies.base_model",
        Text(),
        "Model from which this model was trained.",
        note="It is a repository; state the family and size of the backbone as `architecture.variant`.",
        example="google-bert/bert-base-uncased",
    ),
    Field(
        "dependencies.tokenizer_model",
        Text(),
        "Model whose tokenizer is used.",
        note="State it only if the repository has no tokenizer of its own.",
        example="google-bert/bert-base-uncased",
        origin="publication",
    ),
    Field(
        "dependencies.requires_projection",
        Flag(),
        "Whether the projection weights are a separate download.",
        note="It is false if the projection is part of the weights.",
        example=False,
        origin="publication",
    ),
    Field(
        "dependencies.packages",
        ListOf(Text()),
        "Packages that loading needs beyond the usual ones.",
        note="The model's card names them; engines do not install them.",
        example=["einops"],
        origin="publication",
    ),
    Field(
        "dependencies.remote_code",
        Flag(),
        "Whether loading runs code from the repository.",
        note="config.json shows it by `auto_map`; engines run such code only with `trust_remote_code=True`.",
        example=False,
    ),
    Field(
        "performance_hints.batch_size_optimal",
        Integer("inputs"),
        "Batch size that the authors advise.",
        note="It is the authors' advice, not a measurement of your own.",
        example=32,
        origin="publication",
    ),
    Field(
        "performance_hints.memory_mb_per_batch",
        Integer("MB"),
        "Memory in megabytes that a batch of `batch_size_optimal` inputs takes.",
        note="The authors state it; it is not the size of the weights.",
        example=512,
        origin="publication",
    ),
    Field(
        "performance_hints.gpu_recommended",
        Flag(),
        "Whether the authors advise a GPU.",
        note="It is advice: `false` does not mean that a GPU would not help.",
        example=False,
        origin="publication",
    ),
    Field(
        "limits.inputs_per_request",
        Integer("inputs"),
        "Largest number of texts that the API takes in one request.",
        note="The provider's documentation states it; it is not a limit per minute.",
        origin="publication",
        example=2048,
    ),
    Field(
        "limits.tokens_per_request",
        Integer("tokens"),
        "Largest number of tokens that the API takes in one request, over all texts.",
        note="The limit of a single text is `specs.context_length`.",
        origin="publication",
        example=300000,
    ),
    Field(
        "sources",
        MapOf(SourceNote()),
        "Where a fact was read, by its path: `specs.embedding_dim` → a text, or an object with its address.",
        note=(
            "State a source for each fact that the model's own files do not prove; the source of a section counts for "
            "all facts in it."
        ),
        example={
            "license": "front matter of the model's card",
            "specs.hidden_dim": {
                "repository": "colbert-ir/colbertv2.0",
                "commit": "c1e84128e85ef755c096a95bdb06b47793b13acf",
                "path": "config.json",
                "quote": '"hidden_size": 768',
            },
        },
        origin="identity",
        apart=True,
    ),
    Field(
        "deprecated",
        Text(),
        "Why the model should no longer be used, and what to use instead.",
        note="The maintainers of the registry write it, and every view of the model shows it.",
        example="superseded by `new-model`, which reads longer texts",
        origin="identity",
    ),
    Field(
        "successor",
        Pattern(
            rf"{_ID}|{_REPOSITORY.pattern}",
            "M113",
            "the id of a model, or a repository of the form `org/name`",
        ),
        "Model to use instead of a deprecated one: its id, or its repository if it is not in this registry.",
        note="The entry must also state `deprecated`, which says why; warnings name both.",
        example="new-model",
        origin="identity",
    ),
    Field(
        "former_ids",
        ListOf(Identifier(_ID)),
        "Ids that this model had before.",
        note=(
            "You can use them wherever an id is allowed, with a warning that names the new id; an alias gives no "
            "warning."
        ),
        example=["colbert-2"],
        origin="identity",
    ),
    Field(
        "aliases",
        ListOf(Identifier(_ID)),
        "Further ids of this model.",
        note="You can use them wherever an id is allowed, and as constants; no other model may have them.",
        example=["colbertv2"],
        origin="identity",
    ),
    Field(
        "extra",
        Extra(),
        "Your own additions: scalars and lists of scalars.",
        note=("Use it only for facts that have no field; hypiler checks only the types that the project declares."),
        example={"size_gb": 0.4},
        origin="identity",
    ),
)

VERSION = Pattern(r"[0-9]+(?:\.[0-9]+){1,2}", "M113", "a version such as `1.0`")

# The keys of the file itself, with their descriptions in the schema.
ROOT = {
    "$schema": "Address or path of the JSON Schema, for editors.",
    "version": "Version of this registry; you bump it.",
    "models": "The models, in the order in which they are listed everywhere.",
    "extends": (
        "The registries that this registry extends, the lowest layer first: installed packages by name, files by path."
    ),
    "overrides": "Facts that this registry changes in models of the registries that it extends.",
    "hidden": "Models of the extended registries that this registry leaves out.",
}
OVERLAYS = frozenset({"extends", "overrides", "hidden"})
"""The keys of a file that stands on other registries. With one of them, `models` may be absent."""

BY_ATTRIBUTE: dict[str, int] = {field.attribute: index for index, field in enumerate(FIELDS)}
