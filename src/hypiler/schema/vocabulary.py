"""The closed lists of words that a registry may use. The list for `type` holds the usual words; others are allowed."""

MODEL_TYPES = (
    "colbert",
    "dense",
    "sparse",
    "unified",
    "static",
    "reranker",
    "vision-language",
    "time-series",
)

MODALITIES = ("text", "image", "audio", "video", "time-series")
QUANTIZATIONS = (
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
    # The types of GGUF files, as llama.cpp spells them in file names.
    *("F32", "F16", "BF16", "Q2_K", "Q2_K_S", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_1", "Q4_K_S", "Q4_K_M"),
    *("Q5_0", "Q5_1", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4", "IQ1_S", "IQ1_M", "IQ2_XXS"),
    *("IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "IQ3_S", "IQ3_M", "IQ4_XS", "IQ4_NL"),
    *("MXFP4_MOE", "NVFP4", "Q1_0"),
    # The modes of MLX. Its repositories are called after the bits of the usual mode, `affine`.
    *("mlx-2bit", "mlx-3bit", "mlx-4bit", "mlx-5bit", "mlx-6bit", "mlx-8bit", "mlx-mxfp4", "mlx-mxfp8", "mlx-nvfp4"),
)
FORMATS = ("safetensors", "pytorch", "torchscript", "onnx", "gguf", "openvino", "mlx")
OUTPUT_TYPES = ("dense", "multi-vector", "sparse")
ACTIVATIONS = ("log1p_relu", "log1p_log1p_relu", "relu")
POOLINGS = (
    "cls",
    "mean",
    "max",
    "last_token",
    "mean_sqrt_len",
    "weighted_mean",
    "none",
)
MATRYOSHKA_ORDERS = ("truncate_normalize", "normalize_truncate", "layer_norm_truncate_normalize")
PRECISIONS = ("int8", "binary")
SIMILARITIES = ("cosine", "dot", "max_sim", "euclidean", "manhattan")

# ISO 639-1, from the iso-codes project's table.
LANGUAGES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it
    iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk
    sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi
    yo za zh zu
    """.split()
)

# ISO 639-2 and 639-3 codes of languages that have a two-letter code. They are refused: with two spellings of one
# language, a filter by language would miss models.
TWO_LETTER_CODES: dict[str, str] = {
    pair[:3]: pair[4:]
    for pair in """
    aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az bak:ba
    bam:bm baq:eu bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh
    chu:cu chv:cv cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ell:el eng:en epo:eo
    est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd gle:ga
    glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy
    ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn
    kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la
    lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg
    mlt:mt mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no
    nya:ny oci:oc oji:oj ori:or orm:om oss:os pan:pa per:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro
    rum:ro run:rn rus:ru sag:sg san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st
    spa:es sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th
    tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo
    wel:cy wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
    """.split()
}

# ISO 639-3 codes of single languages that are usually meant by the code of a group of languages: Mandarin by Chinese,
# Standard Malay by Malay. From the aliases of languages of Unicode CLDR, those whose replacement is a two-letter code.
USUAL_CODES: dict[str, str] = {
    pair[:3]: pair[4:]
    for pair in """
    als:sq arb:ar ayr:ay azj:az cmn:zh cwd:cr ekk:et esk:ik fuc:ff gaz:om gug:gn ike:iu khk:mn kmr:ku knc:kr kng:kg
    kpv:kv lvs:lv npi:ne ojg:oj ory:or pbu:ps pes:fa plt:mg quz:qu src:sc swh:sw uzn:uz ydd:yi zsm:ms zyb:za
    """.split()
}

# Two-letter codes that ISO 639 withdrew, with the codes that replaced them: those of the language subtag registry of
# IANA that are deprecated and have a preferred value.
WITHDRAWN_CODES = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}

# Languages and their macrolanguages, from the language subtag registry of IANA: those where models use both codes for
# the same texts. Indonesian is left out, since `ms`, its macrolanguage, is used for Standard Malay.
MACROLANGUAGES = {"bs": "sh", "cnr": "sh", "hr": "sh", "nb": "no", "nn": "no", "sr": "sh", "tw": "ak"}

# Tags of RFC 5646 that its grammar does not explain, with what they mean by the aliases of Unicode CLDR.
GRANDFATHERED_TAGS = {
    pair.partition(":")[0]: pair.partition(":")[2]
    for pair in """
    art-lojban:jbo cel-gaulish:xtg en-gb-oed:en-gb i-ami:ami i-bnn:bnn i-hak:hak i-klingon:tlh i-lux:lb i-mingo:see
    i-navajo:nv i-pwn:pwn i-tao:tao i-tay:tay i-tsu:tsu no-bok:nb no-nyn:nn sgn-be-fr:sfb sgn-be-nl:vgt sgn-ch-de:sgg
    zh-guoyu:zh zh-hakka:hak zh-min:nan zh-xiang:hsn
    """.split()
}

# What people write instead of a language code.
LANGUAGE_SLIPS = {
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "iw": "he",
    "jp": "ja",
    "kp": "ko",
    "multilingual": "mul",
    "ua": "uk",
}

# The licences of most models. `licenses.py` has all identifiers of SPDX, and is imported for the others only.
USUAL_LICENSES = (
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC0-1.0",
    "MPL-2.0",
    "LGPL-3.0-only",
    "AGPL-3.0-only",
    "GPL-3.0-only",
)
