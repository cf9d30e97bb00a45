"""The table of fields. To add a field, add a line to `FIELDS`.

Everything else follows from this table: the checks, `ModelInfo` with its decoder and stub, the JSON Schema,
`hypiler show` and the reference of the file format.
"""

from hypiler.schema.comparisons import (
    EQUAL,
    AnyCase,
    AtLeast,
    Checksums,
    Comparison,
    FileNamed,
    ParameterCount,
    SameEncoder,
    SameLayers,
    SameSet,
    VariantFiles,
)
from hypiler.schema.string_types import Date, Identifier, Language, ModelTypeName, Pattern
from hypiler.schema.types import (
    CompositionError,
    Extra,
    FieldType,
    Flag,
    Integer,
    ListOf,
    MapOf,
    OneOf,
    Records,
    Score,
    Text,
)
from hypiler.schema.vocabulary import (
    MATRYOSHKA_ORDERS,
    MODALITIES,
    POOLINGS,
    PRECISIONS,
    QUANTIZATIONS,
    SIMILARITIES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

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


ABSENT = object()
"""What `Field.get` returns if an entry does not state the field."""


class Field:
    """One field of a model's entry in models.json.

    Attributes:
        path: The keys that lead to the value.
        attribute: The name in `ModelInfo`; by default the last key.
        type: What the value can be.
        doc: What the field means, in one sentence.
        required: Whether every model must state the field.
        null: Whether `null` is a value: the model has none, or it was never published.
        derived: Whether the compiler derives the field from others if the file leaves it out.
        origin: What can prove the value: the model's "files" or a "publication". "identity" means that the value is
            not a fact about the model, but its identity or a note of the registry.
        space: The side of the vector space that the value belongs to, "document" or "query"; None if vectors do not
            depend on it.
        compare: How the value is compared with what files show.
        implies: The path of a field that must be stated if this flag is true.
        also: The path of a field whose evidence proves this value, too.

    Raises CompositionError if rows have no form for the type.
    """

    __slots__ = (
        "also",
        "attribute",
        "compare",
        "derived",
        "doc",
        "implies",
        "null",
        "origin",
        "path",
        "required",
        "space",
        "type",
    )

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
        origin: 'Literal["files", "publication", "identity"]' = "files",
        space: 'Literal["document", "query"] | None' = None,
        compare: Comparison = EQUAL,
        implies: str = "",
        also: str = "",
    ) -> None:
        field_type.check_place("Field")
        if null and field_type.empty is not None:
            raise CompositionError(f"`{path}` cannot be null: a row cannot tell null from an empty value")
        self.path = tuple(path.split("."))
        self.attribute = attribute or self.path[-1]
        self.type = field_type
        self.doc = doc
        self.required = required
        self.null = null
        self.derived = derived
        self.origin = origin
        self.space = space
        self.compare = compare
        self.implies = implies
        self.also = also

    @property
    def name(self) -> str:
        """The path as messages and `sources` write it: `specs.embedding_dim`."""
        return ".".join(self.path)

    @property
    def is_fact(self) -> bool:
        """Whether the value counts as a fact about the model. Identities and derived fields do not count."""
        return not self.derived and self.origin != "identity"

    @property
    def annotation(self) -> str:
        """The Python type of the attribute."""
        absent = not (self.required or self.derived) and self.type.empty is None
        return self.type.annotation + (" | None" if self.null or absent else "")

    def get(self, tree: "Any", default: object = ABSENT) -> "Any":
        """The value in `tree`, an entry of models.json; `default` if the entry does not state the field."""
        for key in self.path:
            try:
                tree = tree[key]
            except (KeyError, TypeError):
                return default
        return tree

    def set(self, tree: "dict[str, Any]", value: object) -> None:
        """Put a value into `tree`, an entry of models.json. Missing parents are created."""
        for key in self.path[:-1]:
            tree = tree.setdefault(key, {})
        tree[self.path[-1]] = value


FIELDS: tuple[Field, ...] = (
    Field("id", Identifier(_ID), "Unique identifier, kebab-case.", required=True, origin="identity"),
    Field(
        "type",
        ModelTypeName(_ID),
        "Category of the model: colbert, dense, sparse, …; a new word becomes a new member of ModelType.",
        attribute="model_type",
        required=True,
        compare=SameEncoder(),
    ),
    Field("name", Text(), "Display name.", required=True, origin="publication"),
    Field(
        "huggingface_id",
        _REPOSITORY,
        "Hugging Face repository, `org/name`.",
        required=True,
        origin="identity",
        space="document",
    ),
    Field("organization", Text(), "Who publishes the model.", required=True, origin="publication"),
    Field("release_date", Date(), "Year, month or day of the first release.", required=True, origin="publication"),
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
        origin="publication",
    ),
    Field(
        "architecture.has_projection",
        Flag(),
        "Whether a learned layer maps hidden states to the output.",
        required=True,
        implies="architecture.projection_dims",
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
    Field("specs.parameters", _PARAMETERS, "Parameter count, as `110M`.", required=True, compare=ParameterCount()),
    Field(
        "specs.embedding_dim",
        Integer("dimensions"),
        "Width of the vectors that the model returns; for a reranker, of the vector that its scoring head reads.",
        required=True,
        space="document",
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
        "Longest input in tokens that the authors say the model supports; else the limit in its files.",
        required=True,
        # Where the authors state no more than the default truncation, the model supports no more.
        also="encoding.document_length",
    ),
    Field(
        "specs.max_position_embeddings",
        Integer("positions"),
        "Size of the position table in config.json, reserved positions included; null for models without one.",
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
        "Language codes (ISO 639, two letters where they exist); `mul` if many are claimed but not listed.",
        required=True,
        compare=SameSet(),
    ),
    Field(
        "capabilities.modalities",
        ListOf(OneOf("_Modality", *MODALITIES), at_least=1),
        "Kinds of input that are embedded.",
        required=True,
        compare=SameSet(),
    ),
    Field(
        "capabilities.multi_vector",
        Flag(),
        "Whether the model gives one vector per token.",
        required=True,
    ),
    Field(
        "capabilities.quantization",
        ListOf(_QUANTIZATION),
        "Weight formats that are published.",
        required=True,
        compare=AtLeast(*QUANTIZATIONS),
    ),
    Field(
        "capabilities.matryoshka",
        Flag(),
        "Whether vectors can be truncated; if absent, true if matryoshka_dims is stated.",
        derived=True,
        implies="architecture.matryoshka_dims",
    ),
    Field(
        "performance.beir_avg",
        Score("nDCG@10"),
        "Mean nDCG@10 over BEIR, 0..1; null if never published.",
        required=True,
        null=True,
        origin="publication",
    ),
    Field(
        "performance.ms_marco_mrr10",
        Score("MRR@10 on MS MARCO"),
        "MRR@10 on MS MARCO, 0..1; null if never published.",
        required=True,
        null=True,
        origin="publication",
    ),
    Field(
        "performance.beir_datasets",
        _BEIR,
        "Set of data sets that beir_avg is the mean of: scores over different sets cannot be compared.",
        origin="publication",
    ),
    Field("license", _LICENSE, "Licence of the weights, an SPDX identifier.", required=True, compare=AnyCase()),
    Field("description", Text(), "What the model is and is good for.", required=True, origin="publication"),
    Field(
        "files.tokenizer",
        _FILE,
        "Tokenizer file in the repository.",
        attribute="tokenizer_file",
        compare=FileNamed(r"(?!.*config|modules\.json).+\.(?:json|txt|model|vocab|codes|spm|tiktoken)"),
    ),
    Field(
        "files.config",
        _FILE,
        "Configuration file in the repository.",
        attribute="config_file",
        compare=FileNamed(r"config\.json", only=True),
    ),
    Field(
        "files.weights.safetensors",
        _FILE,
        "Safetensors weights in the repository.",
        attribute="safetensors_file",
        compare=FileNamed(r".+\.safetensors(?:\.index\.json)?"),
    ),
    Field(
        "files.weights.pytorch",
        _FILE,
        "PyTorch (pickle) weights in the repository.",
        attribute="pytorch_file",
        compare=FileNamed(r".+\.(?:bin|pt|pth|ckpt)(?:\.index\.json)?"),
    ),
    Field(
        "files.weights.onnx",
        _FILE,
        "ONNX weights in the repository.",
        attribute="onnx_file",
        compare=FileNamed(r".+\.onnx"),
    ),
    Field(
        "files.sha256",
        MapOf(_SHA256),
        "sha256 of files in the repository, by file name.",
        attribute="file_sha256",
        compare=Checksums(),
    ),
    Field(
        "revision",
        _COMMIT,
        "Commit of the repository that the facts were read at.",
        origin="identity",
        space="document",
    ),
    Field(
        "encoding.pooling",
        OneOf("_Pooling", *POOLINGS),
        "How token vectors become one vector; `none` keeps one vector per token.",
        space="document",
    ),
    Field("encoding.normalize", Flag(), "Whether vectors leave the model with unit length.", space="document"),
    Field(
        "encoding.matryoshka_order",
        OneOf("_MatryoshkaOrder", *MATRYOSHKA_ORDERS),
        "Steps that cut a pooled vector to a Matryoshka width, in order; if absent, truncate_normalize.",
        origin="publication",
        space="document",
    ),
    Field("encoding.similarity", OneOf("_Similarity", *SIMILARITIES), "How two outputs are compared.", space="query"),
    Field(
        "encoding.precisions",
        ListOf(OneOf("_Precision", *PRECISIONS)),
        "Precisions below float32 that the authors say the vectors support.",
        origin="publication",
    ),
    Field(
        "encoding.query_prefix",
        Text(blank=True),
        "Exact text before every query; empty if there is known to be none.",
        space="query",
    ),
    Field(
        "encoding.document_prefix",
        Text(blank=True),
        "Exact text before every document; empty if there is known to be none.",
        space="document",
    ),
    Field("encoding.prompts", MapOf(Text(blank=True)), "Further prompts by name."),
    Field(
        "encoding.query_length",
        Integer("tokens"),
        "Length in tokens that queries are truncated to by default.",
        space="query",
    ),
    Field(
        "encoding.document_length",
        Integer("tokens"),
        "Length in tokens that documents are truncated to by default.",
        space="document",
    ),
    Field(
        "encoding.dense_layers",
        Records(
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
        space="document",
        compare=SameLayers(),
    ),
    Field(
        "variants",
        Records(
            "ModelVariant",
            id=(Identifier(_ID), True, "Identifier among the model's variants."),
            quantization=(_QUANTIZATION, True, "Weight format."),
            huggingface_id=(_REPOSITORY, False, "Repository, if not the model's own."),
            file=(_FILE, False, "Weights file in the repository."),
            sha256=(_SHA256, False, "sha256 of that file."),
            size_bytes=(Integer("bytes"), False, "Size of that file in bytes."),
        ),
        "Other weights of the same model: quantized or exported.",
        compare=VariantFiles(),
    ),
    Field("dependencies.base_model", Text(), "Model that this one was trained from."),
    Field("dependencies.tokenizer_model", Text(), "Model whose tokenizer is used.", origin="publication"),
    Field(
        "dependencies.requires_projection",
        Flag(),
        "Whether the projection weights are a separate download.",
        origin="publication",
    ),
    Field(
        "dependencies.packages",
        ListOf(Text()),
        "Packages that loading needs beyond the usual ones.",
        origin="publication",
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
        origin="publication",
    ),
    Field(
        "performance_hints.memory_mb_per_batch",
        Integer("MB"),
        "Memory that a batch of this size takes, in megabytes.",
        origin="publication",
    ),
    Field("performance_hints.gpu_recommended", Flag(), "Whether the authors advise a GPU.", origin="publication"),
    Field(
        "sources",
        MapOf(Text()),
        "Where a fact was read, by its path: `specs.embedding_dim` → a text.",
        origin="identity",
    ),
    Field("deprecated", Text(), "Why the model should no longer be used, and what to use instead.", origin="identity"),
    Field("aliases", ListOf(Identifier(_ID)), "Further ids that find this model.", origin="identity"),
    Field("extra", Extra(), "Your own additions: scalars and lists of scalars.", origin="identity"),
)

VERSION = Pattern(r"[0-9]+(?:\.[0-9]+){1,2}", "M113", "a version such as `1.0`")

# The keys of the file itself, with their descriptions in the schema.
ROOT = {
    "$schema": "Address or path of the JSON Schema, for editors.",
    "version": "Version of this registry, which you bump.",
    "models": "The models, in the order in which they are listed everywhere.",
}

BY_ATTRIBUTE: dict[str, int] = {field.attribute: index for index, field in enumerate(FIELDS)}
