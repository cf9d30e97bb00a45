"""Families of networks: the keys of their config.json, and how many of their positions no token can have.

The reader of model files and the rules on registries share this table. It follows the sources of transformers:
`attribute_map` of the configurations, and the modules that create the table of positions.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Family:
    """The keys of a family's config.json; the first key that is present counts.

    `reserved` positions come before the position of the first token.
    """

    __slots__ = ("hidden", "positions", "reserved")

    def __init__(
        self,
        hidden: tuple[str, ...] = ("hidden_size", "d_model", "n_embd", "dim"),
        positions: tuple[str, ...] = ("max_position_embeddings",),
        reserved: int = 0,
    ) -> None:
        self.hidden = hidden
        self.positions = positions
        self.reserved = reserved


USUAL: "Final" = Family()
"""A family that is not in the table."""

# Of nomic_bert, n_positions is what the network was extended to, and max_position_embeddings what it was trained with.
_GPT = Family(("n_embd", "hidden_size"), ("n_positions", "max_position_embeddings"))
_SEQUENCES = Family(("d_model", "hidden_size"))
# Their positions are relative: there is no table of them.
_RELATIVE = Family(("d_model", "hidden_size"), ())
_XLM = Family(("emb_dim", "hidden_size"))
# Position ids start after that of padding, which is 1: the first token has position 2.
_ROBERTA = Family(reserved=2)
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
        " longformer luke markuplm mpnet roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod",
    ),
)


def _plain(word: str) -> str:
    """A name without what differs between spellings: `xlm-roberta`, `XLM_RoBERTa` and `XLMRoberta` are one."""
    return "".join([letter for letter in word.lower() if letter.isalnum()])


_FAMILIES: "Final" = {_plain(word): family for family, words in _BY_FAMILY for word in words.split()}
# What follows the family in the name of a class.
_HEADS: "Final" = ("LMHeadModel", "EncoderModel", "PreTrainedModel", "TextModel", "Model")


def family_named(word: str) -> Family | None:
    """The family of a `model_type`, in any spelling; None if the table does not have it."""
    return _FAMILIES.get(_plain(word))


def family_of_class(name: str) -> Family | None:
    """The family of a class such as `XLMRobertaModel` or `MPNetForMaskedLM`; None if the table does not have it."""
    head, separator, _ = name.partition("For")
    if separator:
        return family_named(head)
    heads = [name.removesuffix(ending) for ending in _HEADS if name.endswith(ending)]
    return next((family for head in heads if (family := family_named(head))), None)


def reserved_positions(architecture: str) -> int:
    """The positions that no token of such a network can have: 2 for RoBERTa and what descends from it."""
    family = family_named(architecture)
    if family is None:
        return _ROBERTA.reserved if "roberta" in _plain(architecture) else 0
    return family.reserved
