"""Which class of transformers 5 makes a model's tokenizer, by the declared name and by `model_type`.

transformers does not use a tokenizer.json as it is: most classes take only the vocabulary out of it, and create the
rest themselves. The tables follow `TOKENIZER_MAPPING_NAMES` and `tokenizer_class_from_name` of transformers 5.24, and
`tests/engines/test_tokenizer_settings.py` compares them with the installed version.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

BACKEND: "Final" = "TokenizersBackend"
"""The class that uses a tokenizer.json as it is. Its older name is `PreTrainedTokenizerFast`."""

# The class that transformers uses for a `model_type`, if the files do not declare another one.
_TYPES: "Final" = {
    "AlbertTokenizer": "albert yoso",
    "BarthezTokenizer": "barthez",
    "BartphoTokenizer": "bartpho",
    "BartTokenizer": "florence2",
    "BertJapaneseTokenizer": "bert-japanese",
    "BertTokenizer": (
        "align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git grounding-dino layoutlm"
        " megatron-bert mm-grounding-dino nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert"
    ),
    "BertweetTokenizer": "bertweet",
    "BigBirdTokenizer": "big_bird",
    "BlenderbotTokenizer": "blenderbot",
    "CLIPTokenizer": "aimv2 clip clipseg groupvit omdet-turbo oneformer owlv2 owlvit sam3 sam3_video xclip",
    "CamembertTokenizer": "camembert",
    "CanineTokenizer": "canine",
    "CodeLlamaTokenizer": "code_llama",
    "CohereTokenizer": "aya_vision cohere cohere2",
    "CpmTokenizer": "cpm",
    "DPRQuestionEncoderTokenizer": "dpr",
    "DebertaTokenizer": "deberta",
    "DebertaV2Tokenizer": "deberta-v2",
    "EsmTokenizer": "esm",
    "EsmcTokenizer": "esmc esmfold2",
    "FNetTokenizer": "fnet",
    "FlaubertTokenizer": "flaubert",
    "FunnelTokenizer": "funnel",
    "GPT2Tokenizer": (
        "blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj hyperclovax_vision_v2 instructblip instructblipvideo jais2 opt phi"
        " starcoder2"
    ),
    "GPTNeoXJapaneseTokenizer": "gpt_neox_japanese",
    "GPTNeoXTokenizer": "falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm",
    "GemmaTokenizer": (
        "diffusion_gemma gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 t5gemma zaya"
    ),
    "HerbertTokenizer": "herbert",
    "LEDTokenizer": "led",
    "LayoutLMv2Tokenizer": "layoutlmv2",
    "LayoutLMv3Tokenizer": "layoutlmv3",
    "LayoutXLMTokenizer": "layoutxlm",
    "LlamaTokenizer": "idefics idefics2",
    "LukeTokenizer": "luke",
    "LxmertTokenizer": "lxmert",
    "MBart50Tokenizer": "mbart50",
    "MBartTokenizer": "mbart",
    "MPNetTokenizer": "mpnet",
    "MarkupLMTokenizer": "markuplm",
    "MobileBertTokenizer": "mobilebert",
    "MvpTokenizer": "mvp",
    "NllbTokenizer": "nllb nllb-moe",
    "OpenAIGPTTokenizer": "openai-gpt",
    "PegasusTokenizer": "pegasus",
    "PhobertTokenizer": "phobert",
    "Qwen2Tokenizer": (
        "audioflamingo3 colqwen2 cosmos3_omni dots3_note fun_asr_nano hunyuan_vl internvl moss_transcribe_diarize ovis2"
        " qianfan_ocr qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_asr qwen3_moe qwen3_next"
        " qwen3_omni_moe qwen3_vl qwen3_vl_moe"
    ),
    "Qwen2TokenizerFast": "lighton_ocr vibevoice",
    "Qwen3_5Tokenizer": "qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen4_exp",
    "ReformerTokenizer": "reformer",
    "RemBertTokenizer": "rembert",
    "RoCBertTokenizer": "roc_bert",
    "RoFormerTokenizer": "roformer",
    "RobertaTokenizer": (
        "bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm"
    ),
    "SeamlessM4TTokenizer": "seamless_m4t seamless_m4t_v2",
    "Siglip2Tokenizer": "siglip2",
    "SplinterTokenizer": "splinter",
    "T5Tokenizer": "mt5 musicgen musicgen_melody switch_transformers t5",
    "TapasTokenizer": "tapas",
    BACKEND: (
        "EvollaModel aria beam bigbird_pegasus canary flex_olmo glm glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe"
        " glm_image glmasr got_ocr2 gpt_bigcode gradium_phonon_tts granite granitemoe granitemoehybrid"
        " granitemoeshared kimi_k25 kimi_linear kosmos-2 mimo_v2_flash minicpm_ocr minicpmv4_6 minicpmv4_7 ministral"
        " ministral3 mistral mistral3 mistral_large4 mixtral nemo_speechlm nystromformer olmo2 olmo3 olmo_hybrid"
        " omniasr pegasus_x persimmon pix2struct pixtral pocket_tts stablelm umt5 voxtral voxtral_realtime"
        " xlm-roberta-xl nemotron minicpm3 llava internlm3 jamba paddleocr_vl arctic smolvlm vipllava internlm2"
        " openvla chatlm step3_vl molmo phimoe phi3 modernbert camembertv2-base ernie4_5 minimax_m2 cohere_asr"
        " hyperclovax_vlm nvfp4 modernbert-decoder phi3_v hyperclovax h2ovl_chat llava_next opencua molmo2 fuyu"
        " iquestcoder ernie4_5_moe minicpmv"
    ),
    "UdopTokenizer": "udop",
    "WhisperTokenizer": "whisper",
    "XGLMTokenizer": "xglm",
    "XLMRobertaTokenizer": "gte jina_embeddings_v3 metaclip_2 trocr xlm-roberta xmod",
    "XLMTokenizer": "xlm",
    "XLNetTokenizer": "xlnet",
}
OF_TYPE: "Final" = {word: name for name, words in _TYPES.items() for word in words.split()}
"""The registered class of a `model_type`."""

DISTRUSTED: "Final" = frozenset(
    (
        "arctic chatlm ernie4_5 ernie4_5_moe fuyu h2ovl_chat hyperclovax hyperclovax_vlm hyperclovax_vision_v2"
        " internlm2 internlm3 iquestcoder jamba llava llava_next minicpm3 minicpmv minimax_m2 modernbert"
        " modernbert-decoder molmo molmo2 nemotron nvfp4 opencua openvla paddleocr_vl phi3 phi3_v phimoe qwen2 qwen3_5"
        " qwen3_5_moe qwen3_5_moe_text qwen4_exp step3_vl vipllava cohere_asr camembertv2-base siglip2 smolvlm"
    ).split()
)
"""The model types for which transformers ignores the class that the files declare."""

MASKS: "Final" = {
    **dict.fromkeys(("BertTokenizer", "DistilBertTokenizer", "AlbertTokenizer", "DebertaV2Tokenizer"), "[MASK]"),
    **dict.fromkeys(
        ("MPNetTokenizer", "RobertaTokenizer", "XLMRobertaTokenizer", "CamembertTokenizer", "GemmaTokenizer"), "<mask>"
    ),
}
"""The mask token of a class, if the files do not say another one."""

# Names that mean another class.
_ALIASES: "Final" = {
    **dict.fromkeys(
        (
            "ElectraTokenizer",
            "LayoutLMTokenizer",
            "LxmertTokenizer",
            "MobileBertTokenizer",
            "SqueezeBertTokenizer",
        ),
        "BertTokenizer",
    ),
    **dict.fromkeys(("BartTokenizer", "LEDTokenizer", "LongformerTokenizer", "MvpTokenizer"), "RobertaTokenizer"),
    **dict.fromkeys(("PreTrainedTokenizer", "PythonBackend", "BloomTokenizer"), BACKEND),
    "Phi3Tokenizer": "LlamaTokenizer",
}
# Classes of the library that no model type is registered for.
_FURTHER: "Final" = frozenset(
    (
        "BertGenerationTokenizer BertTokenizerLegacy BioGptTokenizer BlenderbotSmallTokenizer ByT5Tokenizer"
        " CTRLTokenizer ClvpTokenizer CodeGenTokenizer ConvBertTokenizer CpmAntTokenizer DPRContextEncoderTokenizer"
        " DPRReaderTokenizer DiaTokenizer DistilBertTokenizer FSMTTokenizer FastSpeech2ConformerTokenizer"
        " GPTSw3Tokenizer LasrTokenizer M2M100Tokenizer MLukeTokenizer MarianTokenizer MgpstrTokenizer MyT5Tokenizer"
        " NougatTokenizer PLBartTokenizer ParakeetTokenizer PerceiverTokenizer Pop2PianoTokenizer ProphetNetTokenizer"
        " RagTokenizer SiglipTokenizer Speech2TextTokenizer SpeechT5Tokenizer Tipsv2Tokenizer VideoPrismTokenizer"
        " VitsTokenizer Wav2Vec2CTCTokenizer Wav2Vec2PhonemeCTCTokenizer"
    ).split()
)


def class_named(name: str) -> str | None:
    """The class that a name means, without `Fast`; None if transformers has no such class."""
    if name == BACKEND:
        return BACKEND
    bare = name.removesuffix("Fast")
    bare = _ALIASES.get(bare, bare)
    return bare if bare in _TYPES or bare in _FURTHER or bare == BACKEND else None


def choose_class(model_type: str, declared: str | None, *, remote: bool) -> str:
    """The class that `AutoTokenizer` chooses.

    Args:
        model_type: The `model_type` of config.json; empty if there is none.
        declared: The `tokenizer_class` of tokenizer_config.json, or else that of config.json.
        remote: Whether tokenizer_config.json names a class of the repository, which is not used here.
    """
    registered = OF_TYPE.get(model_type)
    if registered and declared and not remote and registered.removesuffix("Fast") != declared.removesuffix("Fast"):
        if registered == BACKEND:
            return BACKEND
        name = registered if model_type in DISTRUSTED else declared
        return class_named(name) or BACKEND
    return class_named(declared or registered or BACKEND) or BACKEND
