"""Language codes by the languages' English names, which some model cards use instead of a code."""

_NAMES = """
    afrikaans:af albanian:sq amharic:am arabic:ar armenian:hy assamese:as azerbaijani:az bambara:bm bashkir:ba basque:eu
    belarusian:be bengali:bn bosnian:bs breton:br bulgarian:bg burmese:my cantonese:yue catalan:ca cebuano:ceb
    chinese:zh croatian:hr czech:cs danish:da dutch:nl english:en esperanto:eo estonian:et ewe:ee faroese:fo farsi:fa
    filipino:fil finnish:fi french:fr frisian:fy fulah:ff galician:gl georgian:ka german:de greek:el guarani:gn
    gujarati:gu haitian:ht hausa:ha hebrew:he hindi:hi hungarian:hu icelandic:is igbo:ig indonesian:id irish:ga
    italian:it japanese:ja javanese:jv kannada:kn kashmiri:ks kazakh:kk khmer:km kinyarwanda:rw korean:ko kurdish:ku
    kyrgyz:ky lao:lo latin:la latvian:lv lingala:ln lithuanian:lt luganda:lg luxembourgish:lb macedonian:mk malagasy:mg
    malay:ms malayalam:ml maltese:mt mandarin:zh maori:mi marathi:mr mongolian:mn multilingual:mul nepali:ne
    norwegian:no occitan:oc odia:or oriya:or oromo:om pashto:ps persian:fa polish:pl portuguese:pt punjabi:pa quechua:qu
    romanian:ro russian:ru sanskrit:sa serbian:sr shona:sn sindhi:sd sinhala:si slovak:sk slovenian:sl somali:so
    sotho:st spanish:es sundanese:su swahili:sw swedish:sv tagalog:tl tajik:tg tamil:ta tatar:tt telugu:te thai:th
    tibetan:bo tigrinya:ti tsonga:ts tswana:tn turkish:tr turkmen:tk twi:tw ukrainian:uk urdu:ur uyghur:ug uzbek:uz
    vietnamese:vi welsh:cy wolof:wo xhosa:xh yiddish:yi yoruba:yo zulu:zu
"""
LANGUAGE_NAMES: dict[str, str] = {one.partition(":")[0]: one.partition(":")[2] for one in _NAMES.split()}
"""The codes by names in lower case."""
