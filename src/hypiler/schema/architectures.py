"""Families of networks: which keys their config.json has, and how many of their positions are reserved.

The reader of model files and the rules on registries share this table. It follows the source code of transformers:
`attribute_map` of the configurations, and the modules that create the position table.
"""

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Family:
    """What a family's config.json says, and where. Of several keys, the first that is present counts.

    Attributes:
        hidden: The keys of the width of the hidden states.
        positions: The keys of the size of the position table; empty if the family has no such table.
        reserved: How many positions come before the position of the first token.
        padded: Whether these are the positions up to that of the padding token, whose id config.json may state.
    """

    __slots__ = ("hidden", "padded", "positions", "reserved")

    def __init__(
        self,
        hidden: tuple[str, ...] = ("hidden_size", "d_model", "n_embd", "dim"),
        positions: tuple[str, ...] = ("max_position_embeddings",),
        reserved: int = 0,
        *,
        padded: bool = False,
    ) -> None:
        self.hidden: tuple[str, ...] = hidden
        self.positions: tuple[str, ...] = positions
        self.reserved: int = reserved
        self.padded: bool = padded


USUAL: "Final" = Family()
"""The keys of a family that is not in the table."""

# For nomic_bert, n_positions is the extended size, and max_position_embeddings the size that it was trained with.
_GPT = Family(("n_embd", "hidden_size"), ("n_positions", "max_position_embeddings"))
_SEQUENCES = Family(("d_model", "hidden_size"))
# Positions are relative, so there is no position table.
_RELATIVE = Family(("d_model", "hidden_size"), ())
_XLM = Family(("emb_dim", "hidden_size"))
# The position of padding is the id of the padding token, 1 by default, and counting starts after it. For MPNet, it is
# always 1.
_ROBERTA = Family(reserved=2, padded=True)
_BY_FAMILY: "Final" = (
    (_GPT, "codegen ctrl gpt2 gpt_bigcode gptj gpt-sw3 nomic_bert openai-gpt"),
    (Family(("dim", "hidden_size")), "distilbert"),
    (Family(("hidden_dim", "hidden_size"), ()), "model2vec"),
    (_RELATIVE, "longt5 mt5 pop2piano switch_transformers t5 umt5 xlnet"),
    (
        _SEQUENCES,
        "bart bigbird_pegasus blenderbot blenderbot-small fsmt funnel led m2m_100 marian mbart mvp nllb-moe pegasus"
        " pegasus_x plbart whisper xglm",
    ),
    (Family(("d_model", "hidden_size"), ("max_seq_len", "max_position_embeddings")), "dbrx mpt"),
    (_XLM, "flaubert xlm"),
    (
        _ROBERTA,
        "altclip_text_model bridgetower_text_model camembert clap_text_model data2vec-text ibert layoutlmv3 lilt"
        " longformer luke markuplm roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod",
    ),
    (Family(reserved=2), "mpnet"),
)


# Networks that look positions up in a table of vectors, so that a longer text fails. Others compute positions.
_WITH_TABLE: "Final" = (
    "albert altclip_text_model bart bert bert-generation biogpt camembert chinese_clip_text_model clip_text_model"
    " convbert data2vec-text distilbert electra ernie flaubert fnet gpt2 gpt_bigcode gpt_neo ibert"
    " layoutlm layoutlmv3 lilt longformer luke lxmert markuplm mbart megatron-bert mobilebert mpnet mra mvp"
    " nystromformer openai-gpt opt rembert roberta roberta-prelayernorm roc_bert siglip2_text_model siglip_text_model"
    " splinter squeezebert tapas visual_bert xlm xlm-roberta xlm-roberta-xl xmod yoso"
)


@lru_cache(256)
def _normalized(word: str) -> str:
    """Lower-case letters and digits of a name, so that `xlm-roberta`, `XLM_RoBERTa` and `XLMRoberta` are equal."""
    return "".join(filter(str.isalnum, word.lower()))


_TABLES: "Final" = frozenset(map(_normalized, _WITH_TABLE.split()))
_FAMILIES: "Final" = {_normalized(word): family for family, words in _BY_FAMILY for word in words.split()}
# What follows the family's name in the name of a class.
_HEADS: "Final" = ("LMHeadModel", "EncoderModel", "PreTrainedModel", "TextModel", "Model")


def family_named(word: str) -> Family | None:
    """The family of a `model_type`, in any spelling; None if the table does not contain it."""
    return _FAMILIES.get(_normalized(word))


def family_of_class(name: str) -> Family | None:
    """The family of a class such as `XLMRobertaModel` or `MPNetForMaskedLM`; None if the table does not contain it."""
    return next((family for word in words_of_class(name) if (family := family_named(word))), None)


def words_of_class(name: str) -> list[str]:
    """What may be the `model_type` of a class: `XLMRoberta` for `XLMRobertaModel`."""
    head, separator, _ = name.partition("For")
    return [head] if separator else [name.removesuffix(ending) for ending in _HEADS if name.endswith(ending)]


# Names of one network: of its code in repositories and in transformers, and of what only changes how it is used.
_NAMES_OF_ONE: "Final" = (
    "gte new",
    "colmodernvbert modernvbert",
    "colpali paligemma",
    "colqwen2 qwen2_vl",
    "llama llama_bidirec",
    "mistral nvembed",
)
_SAME: "Final" = tuple([frozenset(map(_normalized, names.split())) for names in _NAMES_OF_ONE])


def same_network(one: str, other: str) -> bool:
    """Whether two values of `model_type` name the same network, in any spelling: `new` and `gte` do."""
    both = {_normalized(one), _normalized(other)}
    return len(both) == 1 or any(both <= names for names in _SAME)


@lru_cache(64)
def has_position_table(architecture: str) -> bool:
    """Whether networks of this architecture are known to have a vector for each position, and fail without one."""
    return _normalized(architecture) in _TABLES


@lru_cache(64)
def reserved_positions(architecture: str) -> int:
    """How many positions are reserved in this architecture: 2 for RoBERTa and its descendants, else 0."""
    family = family_named(architecture)
    if family is None:
        return _ROBERTA.reserved if "roberta" in _normalized(architecture) else 0
    return family.reserved
