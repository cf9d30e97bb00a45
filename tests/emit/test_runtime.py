"""How a generated module behaves at run time, in every way that Python has of loading and copying things."""

import compileall
import copy
import gc
import importlib
import json
import pickle
import pydoc
import sys
import threading
import warnings
import weakref
import zipfile
from collections.abc import Iterator
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from generated import imported, run_python, valid
from golden import golden
from slow import slow
from strategies import Tree, plain_model, registry_of

import hypiler
from hypiler import ModelConfig, UnknownModelError
from hypiler.emit.python.module import emit_python
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import Records


def current_model(**facts: Any) -> Tree:
    """A model with every field but the one that says not to use it."""
    model = plain_model(**facts)
    del model["deprecated"]
    return model


MODELS: list[Tree] = [
    current_model(
        id="colbert-v2",
        type="colbert",
        aliases=["cb2"],
        organization="Stanford",
        huggingface_id="colbert-ir/colbertv2.0",
    ),
    current_model(
        id="bge-m3",
        type="unified",
        aliases=[],
        capabilities__languages=["zh-Hans"],
        huggingface_id="BAAI/bge-m3",
    ),
    current_model(
        id="tiny.v1",
        type="time-series",
        aliases=["t1", "t2"],
        organization="A|B",
        name="BAAI/tiny",
        huggingface_id="BAAI/bge-m3",
    ),
]
SOURCE = Path(hypiler.__file__).parents[1]
USE = "import registry as m; assert m.COLBERT_V2.embedding_dim == 7; assert len(m.MODEL_REGISTRY) == 3"


@pytest.fixture(scope="module")
def text() -> str:
    return emit_python(valid(registry_of(*MODELS)))


@pytest.fixture
def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "registry.py").write_text(text, encoding="utf-8", newline="")
    return tmp_path


@pytest.fixture
def m(tmp_path: Path) -> Iterator[ModuleType]:
    with imported(valid(registry_of(*MODELS)), tmp_path) as module:
        yield module


class TestCopies:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_a_record_survives_pickle(self, m: ModuleType, protocol: int) -> None:
        copied = pickle.loads(pickle.dumps(m.COLBERT_V2, protocol))
        assert copied == m.COLBERT_V2
        assert copied.dense_layers == m.COLBERT_V2.dense_layers
        assert dict(copied.extra) == {"key": "free"}

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_the_tables_and_types_survive_pickle(self, m: ModuleType, protocol: int) -> None:
        for thing in (
            m.MODELS,
            m.MODELS_BY_ID,
            m.ModelType.COLBERT,
            m.ModelType,
            m.ModelInfo,
            m.from_registry,
        ):
            assert pickle.loads(pickle.dumps(thing, protocol)) is thing
        registry = pickle.loads(pickle.dumps(m.MODEL_REGISTRY, protocol))
        assert registry == m.MODEL_REGISTRY

    @pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
    def test_a_copy_of_what_cannot_change_is_the_same_object(self, m: ModuleType, make: Any) -> None:
        layer, variant = m.BGE_M3.dense_layers[0], m.BGE_M3.variants[0]
        for thing in (m.BGE_M3, layer, variant, m.MODELS, m.MODEL_REGISTRY):
            assert make(thing) is thing

    def test_a_pickle_is_read_in_a_process_that_has_used_nothing_yet(self, folder: Path) -> None:
        write = "import pickle, registry; open('p', 'wb').write(pickle.dumps(registry.MODEL_REGISTRY))"
        read = "import pickle; r = pickle.load(open('p', 'rb')); import registry; assert r == registry.MODEL_REGISTRY"
        for code in (write, read):
            run = run_python(code, cwd=folder)
            assert (run.stdout, run.stderr) == ("", "")


class TestNames:
    def test_dir_lists_what_the_module_offers(self, m: ModuleType) -> None:
        functions = [
            "from_registry",
            "get_model",
            "is_model_id",
            "models_by_language",
            "models_by_max_embedding_dim",
            "models_by_organization",
            "models_by_type",
            "models_with_matryoshka",
        ]
        classes = ["BenchmarkScore", "DenseLayer", "ModelId", "ModelInfo", "ModelOutput", "ModelType", "ModelVariant"]
        classes += ["PinnedFile", "Repository"]
        constants = ["BGE_M3", "CB2", "COLBERT_V2", "MODELS", "MODELS_BY_ID", "MODEL_REGISTRY"]
        constants += ["T1", "T2", "TINY_V1"]
        assert dir(m) == sorted([*functions, *classes, *constants])

    def test_star_import_brings_everything_that_dir_lists(self, folder: Path) -> None:
        code = (
            "from registry import *\nimport registry\n"
            "assert {n for n in dir(registry) if n not in globals()} == set()\n"
            "assert T1 is TINY_V1 is registry.MODELS['t2']"
        )
        assert run_python(code, cwd=folder).stderr == ""

    def test_using_a_name_does_not_change_dir(self, m: ModuleType) -> None:
        before = dir(m)
        for name in before:
            getattr(m, name)
        assert dir(m) == before

    def test_an_unknown_name_is_an_attribute_error(self, m: ModuleType) -> None:
        for name in (
            "COLBERT_V3",
            "colbert_v2",
            "_COLBERT_V2",
            "COLBERT-V2",
            "TINY.V1",
            "__wrapped__",
            "",
        ):
            with pytest.raises(AttributeError) as error:
                getattr(m, name)
            assert str(error.value) == golden(f"module {m.__name__!r} has no attribute {name!r}")

    def test_importing_an_unknown_name_is_an_import_error(self, folder: Path) -> None:
        run = run_python("from registry import COLBERT_V3", cwd=folder)
        assert "ImportError: cannot import name 'COLBERT_V3'" in run.stderr

    def test_help_shows_the_functions_and_constants(self, m: ModuleType) -> None:
        page = pydoc.plain(pydoc.render_doc(m))
        assert "The model with this id, alias or repository, or None." in page
        assert "The hypiler.ModelConfig of a model, by id, alias or repository." in page
        assert "COLBERT_V2 = <ModelInfo 'colbert-v2': colbert, 7 dims>" in page

    def test_a_record_shows_its_id_type_and_width(self, m: ModuleType) -> None:
        assert repr(m.TINY_V1) == "<ModelInfo 'tiny.v1': time-series, 7 dims>"

    def test_what_is_inside_a_record_shows_what_it_states(self, m: ModuleType) -> None:
        assert repr(m.TINY_V1.dense_layers[0]) == golden("DenseLayer(in_features=7, out_features=7, activation='text')")
        assert repr(m.TINY_V1.variants[0]) == golden(
            "ModelVariant(id='word', quantization='fp32', huggingface_id='org/name', file='word.onnx',"
            " sha256='0000000000000000000000000000000000000000000000000000000000000000', size_bytes=7,"
            " format='safetensors')"
        )

    def test_the_mapping_shows_how_many_models_it_has(self, m: ModuleType) -> None:
        assert repr(m.MODELS) == "<MODELS models=3 aliases=3>"

    def test_the_mapping_offers_its_keys_to_notebooks(self, m: ModuleType) -> None:
        assert list(m.MODELS._ipython_key_completions_()) == list(m.MODELS)


class TestModelType:
    """`model_type` is read often: it must be quick, and nothing may grow with its use."""

    def test_it_is_the_same_member_by_every_way(self, m: ModuleType) -> None:
        kind = m.COLBERT_V2.model_type
        assert kind is m.ModelType.COLBERT is m.ModelType("colbert")
        assert kind is m.get_model("cb2").model_type is m.MODEL_REGISTRY[0].model_type
        assert kind is pickle.loads(pickle.dumps(m.COLBERT_V2)).model_type

    def test_nothing_grows_with_use(self, m: ModuleType) -> None:
        def use() -> None:
            for name in dir(m):
                getattr(m, name)
                assert name == "get_model" or m.__getattr__(name) is getattr(m, name)
            assert [*map(str, [model.model_type for model in m.MODEL_REGISTRY])]

        def sizes() -> dict[str, int]:
            return {name: len(value) for name, value in vars(m).items() if hasattr(value, "__len__")}

        use()
        before = sizes()
        for _ in range(50):
            use()
        assert sizes() == before

    def test_it_is_made_once(self, m: ModuleType) -> None:
        for _ in range(3):
            m.COLBERT_V2.model_type
            assert m.__getattr__("ModelType") is m.ModelType
        assert [c for c in StrEnum.__subclasses__() if c.__module__ == m.__name__] == [m.ModelType]

    def test_a_pickled_type_that_the_registry_has_no_longer_is_an_error(self, m: ModuleType) -> None:
        values = m.COLBERT_V2._values() | {"_type": "gone"}
        with pytest.raises(ValueError) as error:
            m.ModelInfo._of(values).model_type
        assert str(error.value) == "'gone' is not a valid ModelType"


class TestLookups:
    def test_an_unknown_id_is_none(self, m: ModuleType) -> None:
        assert [m.get_model(id) for id in ("x", "COLBERT-V2", "", " t1")] == [None] * 4

    def test_an_unknown_key_suggests_the_nearest_id(self, m: ModuleType) -> None:
        with pytest.raises(KeyError) as error:
            m.MODELS["colbert-v3"]
        assert error.value.args == (golden("no model 'colbert-v3' in this registry; did you mean 'colbert-v2'?"),)

    @slow
    def test_a_suggestion_is_found_quickly_among_many(self, tmp_path: Path) -> None:
        models = [plain_model(id=f"dense-model-{n}", aliases=[], huggingface_id=f"org/Dense-{n}") for n in range(3000)]
        with imported(valid(registry_of(*models)), tmp_path) as m:
            for wrong, hint in (
                ("dense-modle-1234", "dense-model-1234"),
                ("Dense-Model-77", "dense-model-77"),
                ("org/dense-model-2999", "dense-model-2999"),
            ):
                with pytest.raises(KeyError) as error:
                    m.MODELS[wrong]
                assert error.value.args == (f"no model {wrong!r} in this registry; did you mean {hint!r}?",)

    def test_repositories_are_not_alike_by_their_owner(self, m: ModuleType) -> None:
        for wrong, hint in (
            ("BAAI/colbertv2", "colbert-ir/colbertv2.0"),
            ("baai/BGE-m3", "BAAI/bge-m3"),
            ("BAAI/x", None),
        ):
            with pytest.raises(UnknownModelError) as error:
                m.from_registry(wrong)
            assert error.value.suggestion == hint

    def test_an_unknown_key_that_is_like_no_id_suggests_none(self, m: ModuleType) -> None:
        with pytest.raises(KeyError) as error:
            m.MODELS["zzz"]
        assert error.value.args == (golden("no model 'zzz' in this registry"),)

    def test_the_mapping_is_a_mapping(self, m: ModuleType) -> None:
        ids = ["colbert-v2", "bge-m3", "tiny.v1", "cb2", "t1", "t2"]
        assert (list(m.MODELS), len(m.MODELS)) == (ids, 6)
        assert list(m.MODELS.values()) == [m.get_model(id) for id in ids]
        assert "t1" in m.MODELS
        assert "nothing" not in m.MODELS
        assert 7 not in m.MODELS
        assert m.MODELS.get("nothing") is None
        assert m.MODELS.get("nothing", 5) == 5
        assert m.MODELS.get("t2") is m.TINY_V1

    def test_a_question_that_nothing_answers_gives_an_empty_tuple(self, m: ModuleType) -> None:
        assert m.models_by_organization("nobody") == ()
        assert m.models_by_organization("A") == ()
        assert m.models_by_organization("stanford") == ()
        assert m.models_by_language("xx") == ()
        assert m.models_by_max_embedding_dim(6) == ()

    def test_questions_without_an_answer_are_not_kept(self, m: ModuleType) -> None:
        m.models_by_organization("nobody")
        kept = {name: len(v) for name, v in vars(m).items() if isinstance(v, dict)}
        for number in range(100):
            with pytest.raises(ValueError):
                m.models_by_type(f"nothing{number}")
            m.models_by_organization(f"nobody{number}")
            m.models_by_language(f"xx-{number + 100}")
            m.get_model(f"nothing{number}")
            m.get_model(f"nobody/nothing{number}")
            m.models_by_max_embedding_dim(number)
        after = {name: len(v) for name, v in vars(m).items() if isinstance(v, dict)}
        assert {name: after[name] - n for name, n in kept.items() if after[name] > n + 9} == {}

    def test_a_type_is_asked_for_by_member_or_by_value(self, m: ModuleType) -> None:
        assert m.models_by_type(m.ModelType.TIME_SERIES) == (m.TINY_V1,)
        assert m.models_by_type("time-series") == (m.TINY_V1,)

    def test_a_type_that_no_model_has_is_refused_with_the_nearest(self, m: ModuleType) -> None:
        for word, hint in (
            ("colber", golden("; did you mean 'colbert'?")),
            ("COLBERT", golden("; did you mean 'colbert'?")),
            ("time_series", golden("; did you mean 'time-series'?")),
            ("dense", golden("; choose one of: colbert, unified, time-series")),
            ("", golden("; choose one of: colbert, unified, time-series")),
            (None, golden("; choose one of: colbert, unified, time-series")),
        ):
            with pytest.raises(ValueError) as error:
                m.models_by_type(word)
            assert str(error.value) == golden(f"no model type {word!r} in this registry{hint}")

    def test_a_type_of_another_registry_is_taken_by_its_value(self, m: ModuleType) -> None:
        other: Any = StrEnum("other", {"COLBERT": "colbert", "DENSE": "dense"})
        assert m.models_by_type(other["COLBERT"]) == (m.COLBERT_V2,)
        with pytest.raises(ValueError):
            m.models_by_type(other["DENSE"])

    def test_a_language_is_found_with_its_script_and_without(self, m: ModuleType) -> None:
        assert m.models_by_language("zh") == (m.BGE_M3,)
        assert m.models_by_language("zh-Hans") == (m.BGE_M3,)
        assert m.models_by_language("zh-Hant") == ()

    @pytest.mark.parametrize(
        "tag",
        [
            *("ZH", "zho", "chi", "cmn", "zh-cmn", "zh_CN", "zh-Hans-SG", "ZH-HANS", "zh_hans_cn", "chi-Hans"),
            *("zh-Hans-x-own", "zh-Hans-u-nu-hans", "cmn-Hans-CN-1901"),
        ],
    )
    def test_a_language_is_found_however_its_tag_is_written(self, m: ModuleType, tag: str) -> None:
        found = () if tag == "zh_CN" else (m.BGE_M3,)
        assert m.models_by_language(tag) == found

    @pytest.mark.parametrize(
        "tag", ["de", "xx", "deu", "zh-Hant-TW", "yue", "zh-yue", "i-klingon", "x-own", "art-lojban"]
    )
    def test_a_language_that_nobody_lists_finds_nothing(self, m: ModuleType, tag: str) -> None:
        assert m.models_by_language(tag) == ()

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            *(("chinese", golden("; did you mean 'zh'?")), ("Mandarin", golden("; did you mean 'zh'?"))),
            *(
                ("cn", golden("; did you mean 'zh'?")),
                ("german", ""),
                ("", ""),
                ("z", ""),
                ("zh-", ""),
                ("zh--Hans", ""),
            ),
            *(
                ("-zh", ""),
                (" zh", ""),
                ("zh-Hans-Hant", ""),
                ("zh-CN-TW", ""),
                ("zh-u", ""),
                ("zh.Hans", ""),
                ("*", ""),
            ),
            *(("zh_CN.UTF-8", ""), ("zh-*", ""), ("zh-abcdefghi", ""), ("中文", ""), ("1a", ""), ("x", ""), (None, "")),
        ],
    )
    def test_what_is_no_language_tag_is_refused(self, m: ModuleType, text: Any, hint: str) -> None:
        with pytest.raises(ValueError) as error:
            m.models_by_language(text)
        start = golden("a language must be a tag such as 'en' or 'zh-Hans'")
        assert str(error.value) == golden(f"{start}, got {text!r}{hint}")

    def test_a_language_is_found_by_a_more_general_and_a_more_specific_tag(self, tmp_path: Path) -> None:
        spoken = {
            "general": ["pt"],
            "brazil": ["pt-BR"],
            "taiwan": ["zh-Hant-TW", "en"],
            "many": ["mul"],
            "german": ["de"],
        }
        models = [plain_model(id=id, aliases=[], capabilities__languages=tags) for id, tags in spoken.items()]
        with imported(valid(registry_of(*models)), tmp_path) as made:

            def found(tag: str, **options: bool) -> list[str]:
                return [model.id for model in made.models_by_language(tag, **options)]

            assert found("pt") == ["general", "brazil"]
            assert found("pt-BR") == ["general", "brazil"]
            assert found("pt-PT") == ["general"]
            assert found("zh-TW") == found("zh-Hant") == found("zh") == ["taiwan"]
            assert found("zh-CN") == found("zh-Hans-TW") == []
            assert found("mul") == found("fr", include_multilingual=True) == ["many"]
            assert found("de", include_multilingual=True) == ["many", "german"]
            assert found("mul", include_multilingual=True) == ["many"]

    def test_a_macrolanguage_is_more_general_than_its_languages(self, tmp_path: Path) -> None:
        spoken = {
            "norwegian": ["no"],
            "bokmal": ["nb"],
            "nynorsk": ["nn-NO", "da"],
            "norway": ["no-NO"],
            "croatian": ["hr"],
            "serbian": ["sr-Latn"],
            "indonesian": ["id"],
        }
        models = [plain_model(id=id, aliases=[], capabilities__languages=tags) for id, tags in spoken.items()]
        with imported(valid(registry_of(*models)), tmp_path) as made:

            def found(tag: str) -> list[str]:
                return [model.id for model in made.models_by_language(tag)]

            assert found("no") == found("nor") == ["norwegian", "bokmal", "nynorsk", "norway"]
            assert found("nb") == found("nob") == found("no-bok") == found("nb_NO")[:2] == ["norwegian", "bokmal"]
            assert found("nb-NO") == ["norwegian", "bokmal", "norway"]
            assert found("nn") == found("NNO") == ["norwegian", "nynorsk"]
            assert found("no-NO") == ["norwegian", "nynorsk", "norway"]
            assert found("sh") == found("hbs") == ["croatian", "serbian"]
            assert found("sr") == found("sr-Latn") == found("srp") == ["serbian"]
            assert found("sr-Cyrl") == found("ms") == []

    @pytest.mark.parametrize("tags", [["nb"], ["no"]])
    def test_a_macrolanguage_is_found_in_three_letters_if_only_one_of_both_is_listed(
        self, tmp_path: Path, tags: list[str]
    ) -> None:
        with imported(valid(registry_of(plain_model(id="one", capabilities__languages=tags))), tmp_path) as made:
            for tag in ("no", "nor", "nb", "nob", "NO-bok"):
                assert [model.id for model in made.models_by_language(tag)] == ["one"]

    @pytest.mark.parametrize(
        ("tag", "listed"),
        [
            *(("en-GB-oed", "en-GB"), ("zh-min-nan", "nan"), ("i-klingon", "tlh"), ("zh-guoyu", "zh"), ("i-lux", "lb")),
            *(("sgn-BE-FR", "sfb"), ("art-lojban", "jbo"), ("zh-xiang", "hsn"), ("zh-min", "nan"), ("I_NAVAJO", "nv")),
        ],
    )
    def test_a_grandfathered_tag_finds_what_it_means(self, tmp_path: Path, tag: str, listed: str) -> None:
        models = [plain_model(id="one", capabilities__languages=[listed])]
        models += [plain_model(id="two", aliases=[], capabilities__languages=["fr"])]
        with imported(valid(registry_of(*models)), tmp_path) as made:
            assert [model.id for model in made.models_by_language(tag)] == ["one"]

    @pytest.mark.parametrize("tag", ["zh-min-nan", "i-default", "i-enochian", "cel-gaulish", "sgn-CH-DE"])
    def test_a_grandfathered_tag_that_nobody_lists_finds_nothing(self, m: ModuleType, tag: str) -> None:
        assert m.models_by_language(tag) == ()

    def test_the_same_record_is_given_every_time(self, m: ModuleType) -> None:
        record = m.get_model("tiny.v1")
        assert m.TINY_V1 is record
        assert m.T1 is record
        assert m.get_model("t2") is record
        assert m.MODELS["t1"] is record
        assert m.MODEL_REGISTRY[2] is record
        assert m.models_by_organization("A|B")[0] is record

    def test_a_dimension_is_one_of_the_models_own(self, m: ModuleType) -> None:
        assert m.BGE_M3.dimensions == (3, 7)
        assert [m.BGE_M3.resolve_dimension(d) for d in (None, 3, 7)] == [7, 3, 7]
        for wrong in (5, 0, -3, True, 3.0, "3"):
            with pytest.raises(ValueError) as error:
                m.BGE_M3.resolve_dimension(wrong)
            assert str(error.value) == golden(f"'bge-m3' has no vectors of dimension {wrong!r}; choose one of: 3, 7")

    def test_an_integer_of_another_library_is_a_dimension(self, m: ModuleType) -> None:
        """NumPy and pandas give such numbers, and `Enum` its own."""

        class Width(IntEnum):
            SMALL = 3

        registry = valid(registry_of(current_model(id="bge-m3")))
        for model in (m.BGE_M3, registry.models[0]):
            for width in (np.int64(3), np.uint16(3), Width.SMALL):
                assert model.resolve_dimension(width) == 3
                assert type(model.resolve_dimension(width)) is int
            for wrong in (np.int64(5), np.float64(3.0), np.array([3, 7]), int, True):
                with pytest.raises(ValueError):
                    model.resolve_dimension(wrong)
        assert m.from_registry("bge-m3", dimension=np.int64(3)).embedding_dim == 3

    def test_members_of_an_enum_of_texts_are_texts(self, m: ModuleType) -> None:
        """Their `str` is their name, as that of `OTHER.ID` below."""
        other = Enum(
            "other", {"ID": "bge-m3", "DOTTED": "tiny.v1", "TYPE": "colbert", "REPOSITORY": "BAAI/bge-m3"}, type=str
        )
        assert m.get_model(other.DOTTED) is m.TINY_V1
        assert m.get_model(other.ID) is m.MODELS[other.ID] is m.MODELS.get(other.ID) is m.BGE_M3
        assert m.get_model(other.REPOSITORY) is m.BGE_M3
        assert m.MODELS.get(other.REPOSITORY) is None
        assert m.from_registry(other.REPOSITORY) == m.from_registry("BAAI/bge-m3")
        assert m.models_by_type(other.TYPE) == m.models_by_type("colbert") != ()
        for tag in ("en", "zh_Hans"):
            language = Enum("language", {"TAG": tag}, type=str)
            assert m.models_by_language(language.TAG) == m.models_by_language(tag)

    def test_any_width_in_a_range_is_taken(self, tmp_path: Path) -> None:
        body = {"type": "bert", "variant": "b", "has_projection": False, "matryoshka_range": {"min": 3, "max": 7}}
        registry = valid(registry_of(current_model(id="free") | {"architecture": body, "encoding": {}}))
        with imported(registry, tmp_path) as made:
            for model in (made.FREE, registry.models[0]):
                assert model.dimensions == range(3, 8)
                assert model.matryoshka and (model.matryoshka_min, model.matryoshka_max) == (3, 7)
                assert [model.resolve_dimension(width) for width in (None, 3, 4, 6, 7)] == [7, 3, 4, 6, 7]
                for wrong in (2, 8, 0, -3, True, 5.0, "5"):
                    with pytest.raises(ValueError) as error:
                        model.resolve_dimension(wrong)
                    assert str(error.value) == golden(
                        f"'free' has no vectors of dimension {wrong!r}; choose one in 3..7"
                    )
            assert made.models_with_matryoshka() == (made.FREE,)
            assert made.from_registry("free", dimension=5).embedding_dim == 5

    def test_an_empty_registry_answers_every_question(self, tmp_path: Path) -> None:
        with imported(valid(registry_of()), tmp_path) as m:
            assert m.MODEL_REGISTRY == m.models_with_matryoshka() == ()
            assert m.models_by_language("de") == m.models_by_max_embedding_dim(9**9) == ()
            with pytest.raises(ValueError) as error:
                m.models_by_type("x")
            assert str(error.value) == golden("no model type 'x' in this registry")
            assert (dict(m.MODELS), list(m.ModelType)) == ({}, [])
            assert m.get_model("x") is None


class TestRepositories:
    def test_a_repository_finds_its_model_every_time(self, m: ModuleType) -> None:
        for _ in range(6):
            assert m.get_model("colbert-ir/colbertv2.0") is m.COLBERT_V2

    def test_a_repository_finds_the_first_of_the_models_that_share_it(self, m: ModuleType) -> None:
        assert m.TINY_V1.huggingface_id == m.BGE_M3.huggingface_id == "BAAI/bge-m3"
        assert m.get_model("BAAI/bge-m3") is m.BGE_M3

    def test_repositories_are_compared_exactly_and_with_nothing_else(self, m: ModuleType) -> None:
        unknown = ["baai/bge-m3", "BAAI/bge-m", "BAAI/bge-m3 ", "BAAI/", "/", "BAAI/tiny", "bge-m3/", "\n/"]
        assert [m.get_model(name) for name in unknown] == [None] * len(unknown)

    def test_a_repository_is_no_id(self, m: ModuleType) -> None:
        m.get_model("BAAI/bge-m3")
        assert m.is_model_id("BAAI/bge-m3") is False
        assert "BAAI/bge-m3" not in m.MODELS
        assert m.MODELS.get("BAAI/bge-m3") is None
        assert m.MODELS.get("BAAI/bge-m3", 5) == 5
        assert "BAAI/bge-m3" not in [*m.MODELS]

    def test_a_repository_as_key_suggests_the_id_of_its_model(self, m: ModuleType) -> None:
        with pytest.raises(KeyError) as error:
            m.MODELS["colbert-ir/colbertv2.0"]
        assert error.value.args == ("no model 'colbert-ir/colbertv2.0' in this registry; did you mean 'colbert-v2'?",)

    def test_the_type_of_repositories_holds_each_once_in_file_order(self, m: ModuleType) -> None:
        assert m.Repository.__args__ == ("colbert-ir/colbertv2.0", "BAAI/bge-m3")
        assert m.ModelId.__args__ == ("colbert-v2", "bge-m3", "tiny.v1", "cb2", "t1", "t2")

    def test_models_by_id_is_the_mapping_of_all_models(self, m: ModuleType) -> None:
        assert m.MODELS_BY_ID is m.MODELS

    def test_an_empty_registry_knows_no_repository(self, tmp_path: Path) -> None:
        with imported(valid(registry_of()), tmp_path) as m:
            assert m.get_model("org/name") is None
            assert (m.Repository.__args__, dict(m.MODELS_BY_ID)) == ((), {})


class TestFromRegistry:
    @pytest.mark.parametrize("name", ["tiny.v1", "t2", "bge-m3", "BAAI/bge-m3"])
    def test_it_makes_the_config_of_a_model(self, m: ModuleType, name: str) -> None:
        config = m.from_registry(name, dimension=3)
        assert type(config) is ModelConfig
        assert config == ModelConfig.from_model(m.get_model(name), dimension=3)
        assert (config.repo, config.embedding_dim) == ("BAAI/bge-m3", 3)
        assert m.from_registry(name).embedding_dim == 7

    @pytest.mark.parametrize(
        ("name", "suggestion"),
        [("bge-m4", "bge-m3"), ("BAAI/bge-m4", "BAAI/bge-m3"), ("zzz", None), ("z/z", None)],
    )
    def test_an_unknown_name_is_an_error_that_says_which_registry_was_searched(
        self, m: ModuleType, name: str, suggestion: str | None
    ) -> None:
        with pytest.raises(UnknownModelError) as error:
            m.from_registry(name)
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        assert str(error.value) == f"no model {name!r} in {m.__name__}{hint}"
        assert (error.value.id, error.value.suggestion) == (name, suggestion)

    def test_a_dimension_of_another_model_is_an_error(self, m: ModuleType) -> None:
        with pytest.raises(ValueError) as error:
            m.from_registry("BAAI/bge-m3", dimension=5)
        assert str(error.value) == "'bge-m3' has no vectors of dimension 5; choose one of: 3, 7"

    def test_a_warning_names_the_line_that_asked(self, tmp_path: Path) -> None:
        old = plain_model(id="old", deprecated="use the new one")
        with imported(valid(registry_of(old)), tmp_path) as m, pytest.warns(DeprecationWarning) as caught:
            m.from_registry("old")
            line = sys._getframe().f_lineno - 1
        assert [(w.filename, w.lineno, str(w.message)) for w in caught] == [
            (__file__, line, "'old' is deprecated: use the new one")
        ]

    def test_only_the_call_imports_hypiler(self, folder: Path) -> None:
        code = (
            f"import sys; sys.path.append({str(SOURCE)!r})\n{USE}\n"
            "for name in dir(m): help_text = getattr(m, name).__doc__\n"
            "m.BGE_M3.to_dict(), m.BGE_M3.space_id, m.BGE_M3.claimed_facts, m.models_by_language('zh')\n"
            "from registry import *\n"
            "assert [name for name in sys.modules if name.startswith('hypiler')] == []\n"
            "print(from_registry('BAAI/bge-m3'))\nassert 'hypiler' in sys.modules"
        )
        run = run_python(code, cwd=folder)
        assert (run.stdout, run.stderr) == ("ModelConfig('BAAI/bge-m3', 7, 7, revision='" + "0" * 40 + "')\n", "")

    def test_all_else_works_where_hypiler_is_not_installed(self, folder: Path) -> None:
        code = (
            f"import sys; sys.path.append({str(folder)!r})\n{USE}\n"
            "for name in dir(m): help_text = getattr(m, name).__doc__\n"
            "assert m.get_model('BAAI/bge-m3').to_dict()['id'] == 'bge-m3'\n"
            "import importlib.util as u; assert u.find_spec('hypiler') is None\n"
            "try: m.from_registry('bge-m3')\n"
            "except ImportError as error: print(error, error.name, error.__suppress_context__)"
        )
        run = run_python(code, "-I", cwd=folder.parent)
        assert (run.stdout, run.stderr) == ("from_registry needs hypiler: pip install hypiler hypiler True\n", "")

    def test_a_module_that_hypiler_itself_misses_is_not_taken_for_hypiler(self, folder: Path) -> None:
        (folder / "hypiler.py").write_text("import no_such_module", encoding="utf-8")
        run = run_python("import registry; registry.from_registry('bge-m3')", cwd=folder)
        assert run.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'no_such_module'"


class TestPlainData:
    def test_it_is_equal_to_what_the_registry_gives(self, tmp_path: Path) -> None:
        registry = valid(registry_of(*MODELS))
        with imported(registry, tmp_path) as m:
            assert json.dumps([model.to_dict() for model in m.MODEL_REGISTRY]) == json.dumps(
                [model.to_dict() for model in registry.models]
            )

    def test_it_has_the_names_of_the_fields_in_their_order(self, m: ModuleType) -> None:
        things = [m.BGE_M3, m.BGE_M3.dense_layers[0], m.BGE_M3.variants[0]]
        assert [list(thing.to_dict()) for thing in things] == [_names(thing) for thing in things]
        assert m.BGE_M3.to_dict()["dense_layers"] == [m.BGE_M3.dense_layers[0].to_dict()]

    def test_it_is_plain_down_to_the_last_value(self, m: ModuleType) -> None:
        plain = m.TINY_V1.to_dict()
        assert _types(plain) <= {dict, list, str, int, float, bool, type(None)}
        assert plain["model_type"] == "time-series"
        assert json.loads(json.dumps(plain)) == plain

    def test_changing_it_changes_no_record(self, m: ModuleType) -> None:
        plain = m.BGE_M3.to_dict()
        plain["languages"].append("de")
        plain["extra"]["new"] = 1
        plain["variants"][0]["id"] = "other"
        assert m.BGE_M3.languages == ("zh-Hans",)
        assert dict(m.BGE_M3.extra) == {"key": "free"}
        assert m.BGE_M3.variants[0].id != "other"


class TestImmutability:
    @pytest.fixture(params=["model", "layer", "variant"])
    def record(self, m: ModuleType, request: pytest.FixtureRequest) -> Any:
        records = {
            "model": m.BGE_M3,
            "layer": m.BGE_M3.dense_layers[0],
            "variant": m.BGE_M3.variants[0],
        }
        return records[request.param]

    def test_no_attribute_can_be_set_or_deleted(self, record: Any) -> None:
        owner = type(record).__name__
        for name in (*_names(record), "new", "__dict__", "__class__"):
            with pytest.raises(AttributeError) as error:
                setattr(record, name, 5)
            assert str(error.value) == golden(f"{owner}.{name} is read-only")
            with pytest.raises(AttributeError) as error:
                delattr(record, name)
            assert str(error.value) == golden(f"{owner}.{name} is read-only")

    def test_a_record_can_be_referred_to_weakly(self, record: Any) -> None:
        notes = weakref.WeakKeyDictionary({record: "a note"})
        assert (weakref.ref(record)(), notes[record]) == (record, "a note")

    @slow
    def test_a_record_that_nobody_holds_goes_away(self, record: Any) -> None:
        reference = weakref.ref(pickle.loads(pickle.dumps(record)))
        gc.collect()
        assert reference() is None

    def test_a_record_has_no_dict(self, record: Any) -> None:
        assert not hasattr(record, "__dict__")

    def test_a_record_cannot_be_made_by_hand(self, record: Any) -> None:
        with pytest.raises(TypeError) as error:
            type(record)()
        assert str(error.value) == golden("records are made by their registry: use get_model(id)")

    def test_the_mappings_of_a_record_are_read_only(self, m: ModuleType) -> None:
        for mapping in (m.BGE_M3.extra, m.BGE_M3.prompts, m.BGE_M3.sources):
            with pytest.raises(TypeError):
                mapping["key"] = "other"

    def test_records_are_equal_by_value_and_hash_alike(self, m: ModuleType, record: Any) -> None:
        twin = pickle.loads(pickle.dumps(record))
        assert twin is not record
        assert twin == record
        assert hash(twin) == hash(record)
        assert len({twin, record}) == 1

    def test_records_of_different_models_or_kinds_differ(self, m: ModuleType) -> None:
        things = [m.BGE_M3, m.TINY_V1, m.BGE_M3.dense_layers[0], "bge-m3", None]
        assert [[a == b for b in things] for a in things] == [[i == j for j in range(5)] for i in range(5)]
        assert len(set(m.MODEL_REGISTRY)) == 3


class TestLoading:
    @pytest.mark.parametrize(
        "options",
        [
            ["-O"],
            ["-OO"],
            ["-W", "error"],
            ["-X", "dev", "-W", "error"],
            ["-X", "utf8=0"],
            ["-b", "-W", "error"],
        ],
        ids=" ".join,
    )
    def test_the_module_works_under_an_option_of_the_interpreter(self, folder: Path, options: list[str]) -> None:
        run = run_python(USE, *options, cwd=folder, LC_ALL="C")
        assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)

    def test_the_module_works_where_hypiler_is_not_installed(self, folder: Path) -> None:
        code = f"{USE}\nimport importlib.util as u; assert u.find_spec('hypiler') is None"
        assert run_python(code, cwd=folder).stderr == ""

    def test_the_module_works_from_a_zip_file(self, folder: Path, text: str) -> None:
        with zipfile.ZipFile(folder / "app.zip", "w") as archive:
            archive.writestr("zipped/__init__.py", "")
            archive.writestr("zipped/registry.py", text)
        code = (
            "import sys; sys.path.insert(0, 'app.zip')\n"
            "from zipped import registry as m\nassert '.zip' in m.__file__\n"
            "import pickle; assert pickle.loads(pickle.dumps(m.T1)) == m.MODELS['t2']"
        )
        run = run_python(code, cwd=folder)
        assert (run.stdout, run.stderr) == ("", "")

    def test_the_module_works_where_no_bytecode_can_be_kept(self, folder: Path) -> None:
        (folder / "__pycache__").write_text("a file, so no folder of this name")
        run = run_python(USE, cwd=folder, PYTHONDONTWRITEBYTECODE="")
        assert (run.stdout, run.returncode) == ("", 0)
        assert (folder / "__pycache__").is_file()

    def test_the_module_works_from_the_bytecode_that_was_kept(self, folder: Path) -> None:
        for _ in range(2):
            run = run_python(USE, cwd=folder, PYTHONDONTWRITEBYTECODE="")
            assert (run.stdout, run.stderr) == ("", "")
        assert len([*(folder / "__pycache__").glob("registry.*.pyc")]) == 1

    def test_the_module_works_as_bytecode_without_its_source(self, folder: Path) -> None:
        compileall.compile_dir(folder, quiet=2, legacy=True)
        (folder / "registry.py").unlink()
        run = run_python(USE, cwd=folder)
        assert (run.stdout, run.stderr) == ("", "")

    def test_importing_loads_no_module_that_costs_time(self, folder: Path) -> None:
        code = "import sys; before = {*sys.modules}; import registry as m; m.COLBERT_V2.name; m.get_model('t1'); m.get_model('BAAI/bge-m3').to_dict(); m.models_by_type('colbert'); print(*sorted({*sys.modules} - before))"
        run = run_python(code, cwd=folder)
        assert (run.stdout, run.stderr) == ("registry\n", "")

    def test_importing_makes_no_record(self, m: ModuleType, tmp_path: Path) -> None:
        with imported(valid(registry_of(*MODELS)), tmp_path) as fresh:
            made = [o for o in gc.get_objects() if type(o) is fresh.ModelInfo]
            assert made == []

    def test_reloading_an_unchanged_file_keeps_the_module_working(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with _importable(folder, monkeypatch) as m:
            old = m.COLBERT_V2
            importlib.reload(m)
            assert m.COLBERT_V2.id == old.id
            assert isinstance(m.COLBERT_V2, m.ModelInfo)
            assert m.MODELS["cb2"] is m.COLBERT_V2

    def test_reloading_a_changed_file_leaves_nothing_stale(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        changed = registry_of(current_model(id="bge-m3", name="Another", type="dense", aliases=["t1"]))
        with _importable(folder, monkeypatch) as m:
            for name in dir(m):
                getattr(m, name)
            m.models_by_type("colbert")
            m.get_model("BAAI/bge-m3")
            path = folder / "registry.py"
            path.write_text(emit_python(valid(changed)), encoding="utf-8", newline="")
            importlib.invalidate_caches()
            importlib.reload(m)
            assert m.BGE_M3.name == "Another"
            assert m.T1 is m.BGE_M3
            assert (list(m.MODELS), len(m.MODEL_REGISTRY)) == (["bge-m3", "t1"], 1)
            assert [member.value for member in m.ModelType] == ["dense"]
            with pytest.raises(ValueError):
                m.models_by_type("colbert")
            assert m.ModelId.__args__ == ("bge-m3", "t1")
            assert m.Repository.__args__ == ("org/name",)
            assert m.get_model("BAAI/bge-m3") is None
            assert m.MODELS_BY_ID is m.MODELS
            assert not hasattr(m, "COLBERT_V2")
            assert not {"COLBERT_V2", "TINY_V1", "T2"} & {*dir(m)}


RETIRED = [
    current_model(id="new", aliases=[]),
    plain_model(id="old", aliases=["very.old"], huggingface_id="org/old", deprecated='use `new`; it\'s "better"'),
]
RETIREMENT = "'old' is deprecated: use `new`; it's \"better\""


@pytest.fixture(scope="class")
def retired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(valid(registry_of(*RETIRED)), tmp_path_factory.mktemp("retired")) as module:
        yield module


def warnings_of(code: str, m: ModuleType) -> list[tuple[str, int, str, type[Warning]]]:
    """The warnings that a program gives, each with the place that it names."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(code, "program.py", "exec"), {"m": m})
    return [(w.filename, w.lineno, str(w.message), w.category) for w in caught]


class TestDeprecatedModels:
    @pytest.mark.parametrize(
        "use",
        [
            "m.OLD",
            "m.VERY_OLD",
            "from {name} import OLD",
            "m.get_model('old')",
            "m.get_model('very.old')",
            "m.get_model('org/old')",
            "[*map(m.get_model, ['old'])]",
            "m.MODELS['old']",
            "m.MODELS['very.old']",
            "m.MODELS.get('old')",
            "m.MODELS_BY_ID['old']",
            "m.from_registry('old')",
            "m.from_registry('org/old')",
        ],
    )
    def test_each_use_by_name_warns_once_at_its_line(self, retired: ModuleType, use: str) -> None:
        line = use.format(name=retired.__name__)
        program = f"\n{line}\ndef again():\n    {line}\nagain()"
        places = [("program.py", number, RETIREMENT, DeprecationWarning) for number in (2, 4)]
        assert warnings_of(program, retired) == places

    @pytest.mark.parametrize(
        "use",
        [
            "[*m.MODEL_REGISTRY]",
            "repr(m.MODEL_REGISTRY)",
            "[*m.MODELS.items()]",
            "[*m.MODELS.values()]",
            "dict(m.MODELS)",
            "{**m.MODELS_BY_ID}",
            "[m.MODELS[name] for name in m.MODELS]",
            "[m.MODELS.get(name) for name in m.MODELS]",
            "m.MODELS == {}",
            "'old' in m.MODELS, m.is_model_id('old'), m.ModelId, m.Repository",
            "m.models_by_organization('text'), m.models_with_matryoshka()",
            "dir(m), m.__all__",
            "import copy, pickle; copy.deepcopy(pickle.loads(pickle.dumps([*m.MODEL_REGISTRY])))",
            "m.MODEL_REGISTRY[1].to_dict(), m.MODEL_REGISTRY[1].space_id, hash(m.MODEL_REGISTRY[1])",
            "m.NEW, m.get_model('new'), m.MODELS['new'], m.from_registry('new')",
        ],
    )
    def test_what_names_no_deprecated_model_does_not_warn(self, retired: ModuleType, use: str) -> None:
        assert warnings_of(use, retired) == []

    def test_a_repository_is_still_no_key(self, retired: ModuleType) -> None:
        found = warnings_of("try: m.MODELS['org/old']\nexcept KeyError: pass", retired)
        assert found == []
        with pytest.raises(KeyError) as error:
            retired.MODELS["org/old"]
        assert error.value.args == ("no model 'org/old' in this registry; did you mean 'old'?",)
        assert retired.MODELS.get("org/old") is None

    def test_there_is_one_record(self, retired: ModuleType) -> None:
        with pytest.warns(DeprecationWarning):
            ways = [retired.OLD, retired.VERY_OLD, retired.get_model("old"), retired.get_model("org/old")]
        record = retired.MODEL_REGISTRY[1]
        assert [way is record for way in ways] == [True] * 4
        assert record.deprecated == 'use `new`; it\'s "better"'

    def test_a_warning_that_is_an_error_is_all_that_is_shown(self, tmp_path: Path) -> None:
        (tmp_path / "registry.py").write_text(emit_python(valid(registry_of(*RETIRED))), "utf-8", newline="")
        code = "import registry; registry.get_model('old')"
        run = run_python(code, "-W", "error::DeprecationWarning", cwd=tmp_path)
        assert run.stderr.splitlines()[-1] == f"DeprecationWarning: {RETIREMENT}"
        assert "During handling" not in run.stderr

    def test_python_shows_it_once_per_line_of_the_main_program(self, tmp_path: Path) -> None:
        (tmp_path / "registry.py").write_text(emit_python(valid(registry_of(*RETIRED))), "utf-8", newline="")
        code = "import registry\nfor _ in range(3): registry.OLD\nregistry.MODELS['old']"
        run = run_python(code, cwd=tmp_path)
        shown = [f"<string>:{line}: DeprecationWarning: {RETIREMENT}" for line in (2, 3)]
        assert [line for line in run.stderr.splitlines() if "Warning" in line] == shown


RENAMED = [
    current_model(id="new", aliases=["fresh"], former_ids=["old.one", "older"]),
    plain_model(id="gone", aliases=[], former_ids=["lost"], deprecated="too slow", successor="new"),
]


@pytest.fixture(scope="class")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(valid(registry_of(*RENAMED)), tmp_path_factory.mktemp("renamed")) as module:
        yield module


class TestFormerIds:
    @pytest.mark.parametrize(
        ("use", "message"),
        [
            *[
                (use, "'old.one' is a former id of 'new': use the new one")
                for use in (
                    "m.OLD_ONE",
                    "from {name} import OLD_ONE",
                    "m.get_model('old.one')",
                    "m.MODELS['old.one']",
                    "m.MODELS.get('old.one')",
                    "m.from_registry('old.one')",
                )
            ],
            ("m.OLDER", "'older' is a former id of 'new': use the new one"),
            *[
                (use, "'gone' is deprecated: too slow; use 'new'")
                for use in ("m.LOST", "m.GONE", "m.get_model('lost')", "m.from_registry('lost')")
            ],
        ],
    )
    def test_each_use_warns_once_at_its_line_and_names_the_successor(
        self, renamed: ModuleType, use: str, message: str
    ) -> None:
        line = use.format(name=renamed.__name__)
        program = f"\n{line}\ndef again():\n    {line}\nagain()"
        places = [("program.py", number, message, DeprecationWarning) for number in (2, 4)]
        assert warnings_of(program, renamed) == places

    @pytest.mark.parametrize(
        "use",
        [
            "m.NEW, m.FRESH, m.get_model('new'), m.get_model('fresh'), m.MODELS['new'], m.from_registry('fresh')",
            "[*m.MODELS.items()]",
            "[m.MODELS[name] for name in m.MODELS]",
            "'older' in m.MODELS, m.is_model_id('older')",
        ],
    )
    def test_what_names_no_former_id_does_not_warn(self, renamed: ModuleType, use: str) -> None:
        assert warnings_of(use, renamed) == []

    def test_it_finds_the_model_itself(self, renamed: ModuleType) -> None:
        with pytest.warns(DeprecationWarning):
            assert renamed.OLD_ONE is renamed.NEW is renamed.MODELS["older"]
        assert [*renamed.MODELS] == ["new", "gone", "fresh", "old.one", "older", "lost"]
        assert {"OLD_ONE", "OLDER"} <= {*dir(renamed)}


class TestThreads:
    def test_threads_that_ask_at_once_get_the_same_objects(self, tmp_path: Path) -> None:
        models = [
            current_model(id=f"m{n}", type=f"t{n % 5}", aliases=[f"a{n}"], huggingface_id=f"org/r{n}")
            for n in range(80)
        ]
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-4)
        try:
            with imported(valid(registry_of(*models)), tmp_path) as m:
                answers = _ask_from_threads(m, 32)
        finally:
            sys.setswitchinterval(interval)
        assert len(answers) == 32
        assert len({tuple(map(id, answer)) for answer in answers}) == 1
        assert answers[0][-1].id == "m79"


def _types(value: Any) -> set[type]:
    """The types of a value and of everything in it."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*map(_types, inside))


def _names(record: Any) -> list[str]:
    """The fields of a record, from the table of fields."""
    parts = {field.type.record: list(field.type.fields) for field in FIELDS if isinstance(field.type, Records)}
    return parts.get(type(record).__name__, [field.attribute for field in FIELDS])


def _ask_from_threads(m: ModuleType, count: int) -> list[list[Any]]:
    """What each thread got, in the order of the models although each asks in an order of its own."""
    answers: list[list[Any]] = []
    start = threading.Barrier(count)

    def ask(first: int) -> None:
        start.wait()
        found = {}
        for step in range(80):
            number = (first * 7 + step) % 80
            ways = (
                lambda n: m.get_model(f"m{n}"),
                lambda n: m.get_model(f"a{n}"),
                lambda n: getattr(m, f"M{n}"),
                lambda n: m.MODELS[f"a{n}"],
                lambda n: m.get_model(f"org/r{n}"),
                lambda n: next(r for r in m.models_by_type(f"t{n % 5}") if r.id == f"m{n}"),
            )
            found[number] = ways[(first + step) % len(ways)](number)
            assert found[number].model_type is getattr(m.ModelType, f"T{number % 5}")
            if step % 50 == 0:
                dir(m)
        tables = [m.MODELS, m.MODELS_BY_ID, m.MODEL_REGISTRY, m.ModelType, m.ModelId, m.Repository]
        answers.append([*tables, *[found[number] for number in range(80)]])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _importable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def found() -> Iterator[ModuleType]:
        monkeypatch.syspath_prepend(str(folder))
        sys.modules.pop("registry", None)
        try:
            yield importlib.import_module("registry")
        finally:
            sys.modules.pop("registry", None)

    return found()
