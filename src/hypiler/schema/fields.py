"""The one table of fields.

The checks, `ModelInfo` with its decoder and stub, the JSON Schema, `hypiler show` and the reference of the file format
all follow from this table: adding a field is adding a line here.
"""

from hypiler.schema.string_types import Date, Identifier, Language, ModelTypeName, Pattern
from hypiler.schema.types import Extra, FieldType, Flag, Integer, ListOf, MapOf, OneOf, Records, Score, Text
from hypiler.schema.vocabulary import (
    MATRYOSHKA_ORDERS,
    MODALITIES,
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
)
_PARAMETERS = Pattern(
    r"(?:[1-9][0-9]{0,3}x)?[0-9]{1,6}(?:\.[0-9]{1,4})?[KMBT]",
    "M110",
    "a count such as `110M`, `1.5B` or `8x7B`",
    "a number, then K, M, B or T in capitals",
)
_LICENSE = Pattern(
    r"[A-Za-z0-9][A-Za-z0-9.+-]*(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*",
    "M112",
    "an SPDX identifier such as `Apache-2.0`",
    "terms that SPDX does not list are written `LicenseRef-Name`",
)
_BEIR = Pattern(r"beir-[1-9][0-9]?", "M113", "the number of data sets, as `beir-13`")
_FILE = Pattern(
    r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*",
    "M113",
    "a file name inside the repository",
)
_QUANTIZATION = OneOf("_Quantization", *QUANTIZATIONS)


class Field:
    """One field: where it stands in the file, what it may hold, and what it is called in `ModelInfo`.

    `null` says that `null` is a value of the field: the model has none, or it was never published. `derived` says that
    the compiler fills the field from others where the file leaves it out.
    """

    __slots__ = ("attribute", "derived", "doc", "null", "path", "required", "type")

    def __init__(
        self,
        path: str,
        field_type: FieldType,
        doc: str,
        *,
        attribute: str = "",
        required: bool = False,
        null: bool = False,
        derived: bool = False,
    ) -> None:
        self.path = tuple(path.split("."))
        self.attribute = attribute or self.path[-1]
        self.type = field_type
        self.doc = doc
        self.required = required
        self.null = null
        self.derived = derived

    @property
    def name(self) -> str:
        """The path as messages and `sources` write it: `specs.embedding_dim`."""
        return ".".join(self.path)

    @property
    def annotation(self) -> str:
        """The Python type of the attribute."""
        absent = not (self.required or self.derived) and self.type.empty is None
        return self.type.annotation + (" | None" if self.null or absent else "")


FIELDS: tuple[Field, ...] = (
    Field("id", Identifier(_ID), "Unique identifier, kebab-case.", required=True),
    Field(
        "type",
        ModelTypeName(_ID),
        "Category of the model: colbert, dense, sparse, …; a new word becomes a new member of ModelType.",
        attribute="model_type",
        required=True,
    ),
    Field("name", Text(), "Display name.", required=True),
    Field(
        "huggingface_id",
        _REPOSITORY,
        "Hugging Face repository, `org/name`.",
        required=True,
    ),
    Field("organization", Text(), "Who publishes the model.", required=True),
    Field(
        "release_date",
        Date(),
        "Year, month or day of the first release.",
        required=True,
    ),
    Field(
        "architecture.type",
        Text(),
        "Architecture of the backbone, as config.json names it.",
        attribute="architecture_type",
        required=True,
    ),
    Field(
        "architecture.variant",
        Text(),
        "Backbone or checkpoint that the model starts from.",
        attribute="architecture_variant",
        required=True,
    ),
    Field(
        "architecture.has_projection",
        Flag(),
        "Whether a learned layer maps hidden states to the output.",
        required=True,
    ),
    Field(
        "architecture.projection_dims",
        Integer("dimensions"),
        "Output width of the projection; null or absent without one.",
        null=True,
    ),
    Field(
        "architecture.matryoshka_dims",
        ListOf(Integer("dimensions"), at_least=1),
        "Widths that vectors can be truncated to, ascending; embedding_dim is the last.",
    ),
    Field("specs.parameters", _PARAMETERS, "Parameter count, as `110M`.", required=True),
    Field(
        "specs.embedding_dim",
        Integer("dimensions"),
        "Width of the vectors that the model returns; for a reranker, of the vector that its scoring head reads.",
        required=True,
    ),
    Field(
        "specs.hidden_dim",
        Integer("dimensions"),
        "Width of the backbone's hidden states.",
        required=True,
    ),
    Field(
        "specs.context_length",
        Integer("tokens"),
        "Longest input in tokens that the authors state.",
        required=True,
    ),
    Field(
        "specs.max_position_embeddings",
        Integer("positions"),
        "Size of the position table in config.json; null for models without one.",
        required=True,
        null=True,
    ),
    Field(
        "specs.vocab_size",
        Integer("entries"),
        "Entries of the vocabulary; null for models without one.",
        required=True,
        null=True,
    ),
    Field(
        "capabilities.languages",
        ListOf(Language()),
        "Language codes (ISO 639, two letters where they exist); `mul` where many are claimed and none listed.",
        required=True,
    ),
    Field(
        "capabilities.modalities",
        ListOf(OneOf("_Modality", *MODALITIES), at_least=1),
        "Kinds of input that are embedded.",
        required=True,
    ),
    Field(
        "capabilities.multi_vector",
        Flag(),
        "Whether a text gives one vector a token.",
        required=True,
    ),
    Field(
        "capabilities.quantization",
        ListOf(_QUANTIZATION),
        "Weight formats that are published.",
        required=True,
    ),
    Field(
        "capabilities.matryoshka",
        Flag(),
        "Whether vectors can be truncated; if absent, whether matryoshka_dims stands.",
        derived=True,
    ),
    Field(
        "performance.beir_avg",
        Score("nDCG@10"),
        "Mean nDCG@10 over BEIR, 0..1; null if never published.",
        required=True,
        null=True,
    ),
    Field(
        "performance.ms_marco_mrr10",
        Score("MRR@10 on MS MARCO"),
        "MRR@10 on MS MARCO, 0..1; null if never published.",
        required=True,
        null=True,
    ),
    Field(
        "performance.beir_datasets",
        _BEIR,
        "Set of data sets that beir_avg is the mean of: scores over different sets cannot be compared.",
    ),
    Field(
        "license",
        _LICENSE,
        "Licence of the weights, an SPDX identifier.",
        required=True,
    ),
    Field("description", Text(), "What the model is and is good for.", required=True),
    Field(
        "files.tokenizer",
        _FILE,
        "Tokenizer file in the repository.",
        attribute="tokenizer_file",
    ),
    Field(
        "files.config",
        _FILE,
        "Configuration file in the repository.",
        attribute="config_file",
    ),
    Field(
        "files.weights.safetensors",
        _FILE,
        "Safetensors weights in the repository.",
        attribute="safetensors_file",
    ),
    Field(
        "files.weights.pytorch",
        _FILE,
        "PyTorch (pickle) weights in the repository.",
        attribute="pytorch_file",
    ),
    Field(
        "files.weights.onnx",
        _FILE,
        "ONNX weights in the repository.",
        attribute="onnx_file",
    ),
    Field(
        "files.sha256",
        MapOf(_SHA256),
        "sha256 of files in the repository, by file name.",
        attribute="file_sha256",
    ),
    Field("revision", _COMMIT, "Commit of the repository that the facts are true for."),
    Field(
        "encoding.pooling",
        OneOf("_Pooling", *POOLINGS),
        "How token vectors become one vector; `none` keeps one a token.",
    ),
    Field(
        "encoding.normalize",
        Flag(),
        "Whether vectors leave the model with unit length.",
    ),
    Field(
        "encoding.matryoshka_order",
        OneOf("_MatryoshkaOrder", *MATRYOSHKA_ORDERS),
        "Steps that cut a pooled vector to a Matryoshka width, in order; if absent, truncate_normalize.",
    ),
    Field(
        "encoding.similarity",
        OneOf("_Similarity", *SIMILARITIES),
        "How two outputs are compared.",
    ),
    Field(
        "encoding.precisions",
        ListOf(OneOf("_Precision", *PRECISIONS)),
        "Precisions below float32 that the authors say its vectors are made for.",
    ),
    Field(
        "encoding.query_prefix",
        Text(blank=True),
        "Text before every query, exactly; empty if known to be none.",
    ),
    Field(
        "encoding.document_prefix",
        Text(blank=True),
        "Text before every document, exactly; empty if known to be none.",
    ),
    Field("encoding.prompts", MapOf(Text(blank=True)), "Further prompts by name."),
    Field("encoding.query_length", Integer("tokens"), "Default length of queries in tokens."),
    Field("encoding.document_length", Integer("tokens"), "Default length of documents in tokens."),
    Field(
        "encoding.dense_layers",
        Records(
            "layers",
            "DenseLayer",
            in_features=(Integer("dimensions"), True, "Width of the layer's input."),
            out_features=(Integer("dimensions"), True, "Width of the layer's output."),
            activation=(
                Text(),
                False,
                "Activation after the layer; absent if not known.",
            ),
        ),
        "Linear layers that follow the transformer, in order.",
    ),
    Field(
        "variants",
        Records(
            "variants",
            "ModelVariant",
            id=(Identifier(_ID), True, "Identifier among the model's variants."),
            quantization=(_QUANTIZATION, True, "Weight format."),
            huggingface_id=(_REPOSITORY, False, "Repository, if not the model's own."),
            file=(_FILE, False, "Weights file in the repository."),
            sha256=(_SHA256, False, "sha256 of that file."),
            size_bytes=(Integer("bytes"), False, "Size of that file in bytes."),
        ),
        "Other weights of the same model: quantized or exported.",
    ),
    Field("dependencies.base_model", Text(), "Model that this one was trained from."),
    Field("dependencies.tokenizer_model", Text(), "Model whose tokenizer is used."),
    Field(
        "dependencies.requires_projection",
        Flag(),
        "Whether the projection weights are a separate download.",
    ),
    Field(
        "dependencies.packages",
        ListOf(Text()),
        "Packages that loading needs beyond the usual ones.",
    ),
    Field(
        "dependencies.remote_code",
        Flag(),
        "Whether loading runs code from the repository.",
    ),
    Field(
        "performance_hints.batch_size_optimal",
        Integer("inputs"),
        "Batch size that the authors advise.",
    ),
    Field(
        "performance_hints.memory_mb_per_batch",
        Integer("MB"),
        "Memory that such a batch takes, in megabytes.",
    ),
    Field("performance_hints.gpu_recommended", Flag(), "Whether the authors advise a GPU."),
    Field(
        "sources",
        MapOf(Text()),
        "Where a fact was read, by its path: `specs.embedding_dim` → a text.",
    ),
    Field(
        "deprecated",
        Text(),
        "Why the model should no longer be used, and what to use instead.",
    ),
    Field("aliases", ListOf(Identifier(_ID)), "Further ids that find this model."),
    Field("extra", Extra(), "Your own additions: scalars and lists of scalars."),
)

VERSION = Pattern(r"[0-9]+(?:\.[0-9]+){1,2}", "M113", "a version such as `1.0`")

# The keys of the file itself, with what the schema says of them.
ROOT = {
    "$schema": "Address or path of the JSON Schema, for editors.",
    "version": "Version of this registry; yours to count up.",
    "models": "The models, in the order in which they are listed everywhere.",
}

BY_ATTRIBUTE: dict[str, int] = {field.attribute: index for index, field in enumerate(FIELDS)}
