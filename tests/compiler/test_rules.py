"""Values that are fine alone and wrong together."""

import json
from typing import Any

import pytest
from generated import compiled
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from slow import slow
from strategies import plain_model, registry_of

from hypiler.compiler import registry_rules
from hypiler.compiler.pipeline import compile_registry
from hypiler.schema.parameter_counts import parameter_count
from hypiler.schema.vocabulary import MODEL_TYPES


def findings(*models: Any) -> list[tuple[str, str, str, str | None]]:
    """Code, path, message and help of every finding."""
    registry = compiled(registry_of(*models))
    return [(f.code, f.json_path, f.message, f.help) for f in registry.findings]


def of(**changed: Any) -> list[tuple[str, str, str, str | None]]:
    return findings(plain_model(**changed))


class TestProjection:
    path = "$.models[0].architecture.projection_dims"

    def test_dims_must_stand_with_a_projection(self) -> None:
        message = golden("`architecture.projection_dims` must be set, since `has_projection` is true")
        help = golden("write the output width of the projection")
        assert of(architecture__projection_dims=None) == [("M202", self.path, message, help)]

    def test_dims_must_be_the_width_of_the_vectors(self) -> None:
        message = golden("`architecture.projection_dims` must equal `specs.embedding_dim`, got 5 and 7")
        assert of(architecture__projection_dims=5) == [("M203", self.path, message, None)]

    def test_dims_must_not_stand_without_a_projection(self) -> None:
        message = golden("`architecture.projection_dims` is 7, but `has_projection` is false")
        help = golden("set has_projection to true or leave projection_dims out")
        assert of(architecture__has_projection=False) == [("M204", self.path, message, help)]

    def test_null_is_no_dims(self) -> None:
        changed = {
            "architecture__has_projection": False,
            "architecture__projection_dims": None,
        }
        assert of(**changed) == []


class TestMatryoshka:
    path = "$.models[0].architecture.matryoshka_dims"

    def test_dims_must_ascend(self) -> None:
        message = golden("`architecture.matryoshka_dims` must ascend")
        assert of(architecture__matryoshka_dims=[7, 3]) == [("M205", self.path, message, "write [3, 7]")]

    def test_no_dim_is_wider_than_the_vectors(self) -> None:
        message = golden("`architecture.matryoshka_dims[1]` must be at most `specs.embedding_dim` (7), got 8")
        assert of(architecture__matryoshka_dims=[7, 8]) == [("M206", f"{self.path}[1]", message, None)]

    def test_the_full_width_is_one_of_the_dims(self) -> None:
        message = golden("`architecture.matryoshka_dims` must contain `specs.embedding_dim` (7)")
        help = golden("the full width is one of the widths to choose from")
        assert of(architecture__matryoshka_dims=[3, 5]) == [("M207", self.path, message, help)]

    def test_the_flag_must_not_contradict_the_dims(self) -> None:
        message = golden("`capabilities.matryoshka` is false, but `architecture.matryoshka_dims` are given")
        path = "$.models[0].capabilities.matryoshka"
        assert of(capabilities__matryoshka=False) == [("M208", path, message, None)]

    def test_the_flag_without_dims_is_a_warning(self) -> None:
        model = plain_model()
        del model["architecture"]["matryoshka_dims"]
        message = golden("`capabilities.matryoshka` is true, but no `architecture.matryoshka_dims` are given")
        path = "$.models[0].capabilities.matryoshka"
        help = golden(
            "list the widths that the authors trained for, or write `matryoshka_range` if any width will do; if they"
            " name none, write into `sources` where they say that vectors can be truncated, as"
            " `capabilities.matryoshka`"
        )
        assert findings(model) == [("M209", path, message, help)]
        registry = compiled(registry_of(model))
        assert not registry.has_errors
        assert len(registry.models) == 1

    def test_truncation_to_widths_that_the_authors_do_not_name_is_a_note(self) -> None:
        model = plain_model(sources={"capabilities.matryoshka": "its card"})
        del model["architecture"]["matryoshka_dims"]
        message = golden("vectors can be truncated, but the entry names no widths: only the full one can be chosen")
        help = golden("list the widths once the authors name them")
        assert findings(model) == [("M250", "$.models[0].capabilities.matryoshka", message, help)]

    def test_without_a_flag_the_dims_decide(self) -> None:
        model = plain_model()
        del model["capabilities"]["matryoshka"]
        assert findings(model) == []


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("110M", 110e6),
            ("1.5B", 1.5e9),
            ("8x7B", 56e9),
            ("0.5K", 500.0),
            ("9999x999999.9999T", 9999 * 999999.9999 * 1e12),
        ],
    )
    def test_a_count_is_read(self, text: str, count: float) -> None:
        assert parameter_count(text) == pytest.approx(count)

    def test_fewer_than_the_vocabulary_takes_is_a_warning(self) -> None:
        message = golden("`specs.parameters` is 10M, but vocabulary × hidden size alone is 23.4M")
        help = golden("one of parameters, vocab_size and hidden_dim is another model's")
        changed = {"specs__vocab_size": 30522, "specs__hidden_dim": 768, "encoding__dense_layers": []}
        assert of(specs__parameters="10M", specs__parameter_count=10**7, **changed) == [
            ("M210", "$.models[0].specs.parameters", message, help)
        ]

    def test_a_rounded_count_is_no_fault(self) -> None:
        changed = {"specs__vocab_size": 30522, "specs__hidden_dim": 768, "encoding__dense_layers": []}
        assert of(specs__parameters="22M", specs__parameter_count=22 * 10**6, **changed) == []

    def test_a_count_of_very_many_digits_is_refused_and_not_computed(self) -> None:
        (found,) = of(specs__parameters="1" * 5000 + "x7B")
        assert found[:2] == ("M110", "$.models[0].specs.parameters")


class TestPositions:
    def test_a_context_beyond_the_positions_is_a_warning(self) -> None:
        message = golden("`specs.context_length` is 8, but the model has only 7 positions")
        assert of(specs__context_length=8) == [("M211", "$.models[0].specs.context_length", message, None)]

    def test_a_model_that_reads_no_text_counts_otherwise(self) -> None:
        message = golden("no engine loads a model that embeds no text: its inputs are `time-series`")
        changed = {"capabilities__modalities": ["time-series"]}
        found = ("M218", "$.models[0].capabilities.modalities", message, None)
        assert of(specs__context_length=8, **changed) == [found]

    def test_roberta_has_two_positions_more(self) -> None:
        message = golden("`specs.max_position_embeddings` equals the context length, 7")
        help = golden("RoBERTa-like models count positions from 2: config.json has two more than the context")
        path = "$.models[0].specs.max_position_embeddings"
        assert of(architecture__type="XLM-RoBERTa") == [("M213", path, message, help)]

    @pytest.mark.parametrize("family", ["mpnet", "camembert", "longformer", "xmod", "xlm-roberta"])
    def test_a_context_that_leaves_one_of_the_two_is_a_warning(self, family: str) -> None:
        message = golden("`specs.max_position_embeddings` is 8, but a context of 7 needs 9")
        help = golden("RoBERTa-like models count positions from 2: config.json has two more than the context")
        path = "$.models[0].specs.max_position_embeddings"
        changed = {"architecture__type": family, "specs__max_position_embeddings": 8}
        assert of(**changed) == [("M213", path, message, help)]
        assert of(**(changed | {"specs__max_position_embeddings": 9})) == []

    def test_without_positions_nothing_is_compared(self) -> None:
        assert of(specs__max_position_embeddings=None, specs__context_length=9**9) == []


class TestScores:
    @pytest.mark.parametrize("score", ["beir_avg", "ms_marco_mrr10"])
    @pytest.mark.parametrize("zero", [0, 0.0, -0.0])
    def test_exactly_0_is_a_warning(self, score: str, zero: float) -> None:
        message = golden(f"`performance.{score}` is exactly 0")
        help = golden("a score that was never published is null")
        path = f"$.models[0].performance.{score}"
        assert of(**{f"performance__{score}": zero}) == [("M212", path, message, help)]


class TestLicense:
    def test_the_spelling_of_spdx_is_a_warning(self) -> None:
        message = golden("`license` is `apache-2.0`, which SPDX spells `Apache-2.0`")
        assert of(license="apache-2.0") == [("M216", "$.models[0].license", message, golden("write `Apache-2.0`"))]

    def test_a_license_that_is_not_listed_is_left_as_it_is(self) -> None:
        assert of(license="LicenseRef-gemma") == []


class TestSources:
    @pytest.mark.parametrize(
        "path",
        [
            "specs.embedding_dim",
            "specs",
            "files.weights",
            "variants[0].sha256",
            "variants",
            "extra.patch_size",
            "encoding.prompts.query",
            "files.sha256.model.safetensors",
            "encoding.dense_layers[1].in_features",
            "capabilities.languages[3]",
        ],
    )
    def test_a_field_a_section_or_a_part_of_a_field_has_a_source(self, path: str) -> None:
        assert of(sources={path: "read there"}) == []

    @pytest.mark.parametrize(
        ("path", "help"),
        [
            ("specs.embeding_dim", golden("did you mean `specs.embedding_dim`?")),
            ("specs.embedding_dim.x", golden("did you mean `specs.embedding_dim`?")),
            ("embedding_dim", golden("did you mean `specs.embedding_dim`?")),
            ("specs.", golden("did you mean `specs`?")),
            ("zzz", None),
        ],
    )
    def test_any_other_path_is_found_and_the_nearest_suggested(self, path: str, help: str | None) -> None:
        message = golden(f"`sources` names `{path}`, which is no field of a model")
        (found,) = of(sources={path: "x"})
        assert (found[0], found[2], found[3]) == ("M214", message, help)

    def test_a_path_of_very_many_parts_costs_no_time(self) -> None:
        (found,) = of(sources={"a." * 200_000: "x"})
        assert found[0] == "M214"


class TestVariants:
    def test_an_id_that_is_used_twice_is_found(self) -> None:
        variant = {"id": "onnx", "quantization": "int8", "file": "int8.onnx"}
        message = golden("variant id `onnx` is used twice")
        assert of(variants=[variant, {**variant, "id": "x"}, variant]) == [
            ("M215", "$.models[0].variants[2].id", message, None)
        ]


class TestIds:
    help = "every model needs an id of its own"

    def test_an_id_that_is_used_twice_is_found_at_the_second(self) -> None:
        message = golden("id `a` is already used at `models.json $.models[0]`")
        models = [plain_model(id="a", aliases=[]), plain_model(id="a", aliases=[])]
        assert findings(*models) == [("M201", "$.models[1].id", message, self.help)]

    def test_an_alias_is_an_id_too(self) -> None:
        message = golden("alias `a` is already used at `models.json $.models[0]`")
        models = [
            plain_model(id="a", aliases=["b"]),
            plain_model(id="c", aliases=["a"]),
        ]
        assert findings(*models) == [("M201", "$.models[1].aliases[0]", message, self.help)]

    def test_an_id_in_another_file_is_named_with_the_file(self) -> None:
        data = json.dumps(registry_of(plain_model(id="a", aliases=[]))).encode()
        registry = compile_registry([("one.json", data), ("t\nwo.json", data)])
        assert [(f.file, f.json_path, f.message) for f in registry.findings] == [
            (
                "t\nwo.json",
                "$.models[0].id",
                golden("id `a` is already used at `one.json $.models[0]`"),
            )
        ]

    def test_two_ids_that_become_one_name_are_found(self) -> None:
        message = golden("id `a.b` becomes `A_B`, and so does `a-b`")
        models = [
            plain_model(id="a-b", aliases=[]),
            plain_model(id="a.b", aliases=["x"]),
        ]
        assert findings(*models) == [("M301", "$.models[1].id", message, golden("change one of the two ids"))]

    @pytest.mark.parametrize(
        ("id", "name"),
        [
            ("models", "MODELS"),
            ("model-registry", "MODEL_REGISTRY"),
            ("type.checking", "TYPE_CHECKING"),
        ],
    )
    def test_a_name_of_the_module_itself_is_refused(self, id: str, name: str) -> None:
        message = golden(f"id `{id}` becomes `{name}`, a name that the module uses itself")
        assert of(id=id) == [("M302", "$.models[0].id", message, None)]

    def test_two_types_that_become_one_member_are_found(self) -> None:
        message = golden("`type` `a.b` becomes `ModelType.A_B`, and so does `a-b`")
        models = [
            plain_model(id="a", type="a-b", aliases=[]),
            plain_model(id="b", type="a.b", aliases=[]),
        ]
        help = golden("write the same type in the same way")
        assert findings(*models) == [("M303", "$.models[1].type", message, help)]


class TestOneFaultIsOneFinding:
    @pytest.mark.parametrize(
        "changed",
        [
            {"specs__embedding_dim": 0},
            {"specs__vocab_size": "7"},
            {"specs__parameters": "many"},
            {"architecture__has_projection": "yes"},
            {"architecture__matryoshka_dims": [0, 9]},
            {"specs__context_length": -5},
            {"capabilities__modalities": []},
            {"license": 7},
            {"id": 7},
            {"type": []},
            {"aliases": "plain"},
            {"sources": {"specs": 7, "nothing": "x"}},
            {"variants": [{"id": "a", "quantization": "int8", "size_bytes": 0}] * 2},
        ],
        ids=str,
    )
    def test_a_wrong_value_is_not_judged_again_by_the_rules(self, changed: dict[str, Any]) -> None:
        (name,) = changed
        path = "$.models[0]." + name.replace("__", ".")
        found = of(**changed)
        assert {code[:2] for code, _, _, _ in found} == {"M1"}
        assert all(place.startswith(path) for _, place, _, _ in found)


class TestSimilarTypes:
    path = "$.models[0].type"

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("colber", "colbert"),
            ("colbertt", "colbert"),
            ("colbret", "colbert"),
            ("calbert", "colbert"),
            ("rerankers", "reranker"),
            ("timeseries", "time-series"),
        ],
    )
    def test_slip_from_a_usual_word_is_a_warning(self, word: str, meant: str) -> None:
        message = golden(f"`type` `{word}` is almost `{meant}`, and becomes a category of its own")
        assert of(type=word) == [("M217", self.path, message, golden(f"did you mean `{meant}`?"))]

    @pytest.mark.parametrize("word", ["colbert", "late-interaction", "dense-v2", "sparse2", "audio", "x"])
    def test_word_of_its_own_is_none(self, word: str) -> None:
        assert of(type=word) == []

    def test_of_two_new_words_the_rarer_is_the_slip(self) -> None:
        models = [
            plain_model(id=id, type=word, aliases=[]) for id, word in [("a", "grahp"), ("b", "graph"), ("c", "graph")]
        ]
        message = golden("`type` `grahp` is almost `graph`, and becomes a category of its own")
        assert findings(*models) == [("M217", self.path, message, golden("did you mean `graph`?"))]

    def test_words_that_differ_in_a_digit_are_two(self) -> None:
        assert findings(*[plain_model(id=word, type=word, aliases=[]) for word in ("gen-1", "gen-2")]) == []

    @slow
    def test_search_takes_as_many_steps_as_there_are_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[int] = []
        own = registry_rules._one_slip_apart

        def counted(one: str, other: str) -> bool:
            compared.append(1)
            return own(one, other)

        monkeypatch.setattr(registry_rules, "_one_slip_apart", counted)
        steps: list[int] = []
        for count in (500, 1000, 2000):
            compared.clear()
            assert findings(*[plain_model(id=f"m-{i}", type=f"t-{i}", aliases=[]) for i in range(count)]) == []
            steps.append(len(compared))
        # If each pair were compared, twice as many words would take four times as many steps.
        assert steps[2] < 3 * steps[1] < 9 * steps[0]

    @given(words=st.lists(st.text("ab-1", min_size=1, max_size=5), max_size=30))
    def test_search_finds_what_a_comparison_of_all_pairs_finds(self, words: list[str]) -> None:
        assert registry_rules._meant_types(words) == compared_with_all(words)


def compared_with_all(used: list[str]) -> dict[str, str]:
    """The words that are probably typing errors, each with the first word that is one slip apart."""
    counts = {word: used.count(word) for word in used if word not in MODEL_TYPES}
    words, meant = [*MODEL_TYPES], {}
    for word in sorted(counts, key=lambda word: -counts[word]):
        near = [known for known in words if registry_rules._one_slip_apart(word, known)]
        if near:
            meant[word] = near[0]
        else:
            words.append(word)
    return meant


class TestManyFindings:
    def test_suggestions_end_once_there_are_many_findings(self) -> None:
        """The search for a near word takes far longer than the finding itself."""
        found = findings(plain_model() | {f"licence{i}": 1 for i in range(3000)})
        helps = [help for code, _, _, help in found if code == "M102"]
        assert len(helps) == 3000
        assert helps[0] == golden("did you mean `license`?")
        assert all(helps[:900])
        assert not any(helps[1000:])

    @pytest.mark.parametrize("name", ["id", "license", "extra_key", "description"])
    def test_messages_have_a_bounded_length(self, name: str) -> None:
        long = "x" * 100_000
        for changed in ({name: [long]}, {name: long + "\n"}, {long: 1}, {"sources": {long: "x"}}):
            for code, path, message, help in findings(plain_model() | changed):
                assert len(path) < 500, code
                assert len(message) <= 4000, code
                assert len(help or "") <= 4000, code


class TestLoading:
    """Notes on entries that `load` cannot open: they are shown and never count."""

    def noted(self, **changed: Any) -> list[tuple[str, str]]:
        """Path and message of each note. A field that is changed to None is left out."""
        model = plain_model(**changed)
        for path in [path.split("__") for path, value in changed.items() if value is None]:
            holder = model
            for key in path[:-1]:
                holder = holder[key]
            del holder[path[-1]]
        found = compiled(registry_of(model)).findings
        assert {(finding.code, finding.severity) for finding in found} <= {("M218", "note")}
        return [(finding.json_path.removeprefix("$.models[0]."), finding.message) for finding in found]

    @pytest.mark.parametrize("type", ["vision-language", "time-series"])
    def test_type_that_no_engine_runs(self, type: str) -> None:
        # Nothing else of such an entry matters for loading.
        assert self.noted(type=type, encoding__pooling=None, variants=[{"id": "q4", "quantization": "q4"}]) == [
            ("type", golden(f"no engine loads a model of type `{type}`: its input is more than text"))
        ]

    @pytest.mark.parametrize(
        "variant",
        [{}, {"file": "q4.gguf"}, {"huggingface_id": "org/name"}, {"huggingface_id": "org/other", "file": "q4.gguf"}],
    )
    def test_variant_without_an_onnx_file(self, variant: dict[str, str]) -> None:
        variants = [
            {"id": "onnx", "quantization": "fp16", "file": "16.onnx"},
            {"id": "q", "quantization": "q4"} | variant,
        ]
        assert self.noted(variants=variants) == [
            ("variants[1]", golden("no engine loads the variant `q`, which names no ONNX file"))
        ]

    @pytest.mark.parametrize("variant", [{"file": "a.onnx"}, {"huggingface_id": "org/other"}])
    def test_variant_that_is_or_may_be_an_onnx_file(self, variant: dict[str, str]) -> None:
        assert self.noted(variants=[{"id": "q", "quantization": "int8"} | variant]) == []

    def test_code_of_the_repository_without_an_onnx_file(self) -> None:
        none: dict[str, Any] = {"dependencies__remote_code": True, "files__weights__onnx": None}
        assert self.noted(**none, variants=[]) == [
            (
                "dependencies.remote_code",
                golden("`load` needs `trust_remote_code=True`, since `dependencies.remote_code` is true"),
            )
        ]
        assert self.noted(**none) == []  # a variant has one
        assert self.noted(dependencies__remote_code=True, variants=[]) == []
        assert self.noted(files__weights__onnx=None, dependencies__remote_code=False, variants=[]) == []

    @pytest.mark.parametrize(
        ("type", "multi_vector", "needed"),
        [
            ("dense", False, ["pooling", "normalize", "similarity", "query_prefix", "document_prefix"]),
            ("unified", True, ["pooling", "normalize", "similarity", "query_prefix", "document_prefix"]),
            ("static", False, ["normalize", "similarity", "query_prefix", "document_prefix"]),
            ("colbert", True, ["normalize", "query_prefix", "document_prefix"]),
            ("late", True, ["normalize", "query_prefix", "document_prefix"]),
            ("sparse", False, ["query_prefix", "document_prefix"]),
            ("reranker", False, []),
        ],
    )
    def test_facts_that_are_needed_depend_on_the_type(self, type: str, multi_vector: bool, needed: list[str]) -> None:
        facts = ("pooling", "normalize", "similarity", "query_prefix", "document_prefix")
        for fact in facts:
            changed: dict[str, Any] = {"type": type, "capabilities__multi_vector": multi_vector}
            changed |= {"encoding__query_marker": None, "encoding__document_marker": None}
            found = self.noted(**changed, **{f"encoding__{fact}": None})
            told = golden(f"`load` needs `encoding.{fact}`, unless the model's files state it")
            assert found == ([(f"encoding.{fact}", told)] if fact in needed else [])

    def test_late_interaction_with_a_marker_needs_no_prefix(self) -> None:
        prefixes = {"encoding__query_prefix": None, "encoding__document_prefix": None}
        assert self.noted(type="colbert", capabilities__multi_vector=True, **prefixes) == []

    def test_missing_facts_are_one_note(self) -> None:
        found = self.noted(type="sparse", encoding__query_prefix=None, encoding__document_prefix=None)
        told = golden(
            "`load` needs `encoding.query_prefix`, `encoding.document_prefix`, unless the model's files state them"
        )
        assert found == [("encoding.query_prefix", told)]

    def test_entry_without_facts_about_encoding_is_not_meant_to_be_loaded(self) -> None:
        facts = ("pooling", "normalize", "similarity", "query_prefix", "document_prefix")
        assert self.noted(type="dense", **{f"encoding__{fact}": None for fact in facts}) == []


class TestEncoding:
    @pytest.mark.parametrize("prefix", ["[Q] ", "[unused0]", "<|query|>"])
    def test_marker_in_a_prefix_is_a_note(self, prefix: str) -> None:
        late = {"type": "colbert", "capabilities__multi_vector": True, "encoding__query_prefix": prefix}
        message = f"`encoding.query_prefix` is `{prefix}`, which looks like a marker: a token, not text"
        help = "if it is inserted by its id, state it in `encoding.query_marker` instead; the vectors stay the same"
        assert self.without("encoding.query_marker", **late) == [("M236", self.path("query_prefix"), message, help)]
        assert of(**late) == []  # the marker is stated as well
        dense = late | {"type": "dense", "capabilities__multi_vector": False}
        assert self.without("encoding.query_marker", **dense) == []

    @pytest.mark.parametrize("prefix", ["", "query: ", "[Q] find: ", "<bos>Question: "])
    def test_text_is_no_marker(self, prefix: str) -> None:
        late = {"type": "colbert", "capabilities__multi_vector": True, "encoding__query_prefix": prefix}
        assert self.without("encoding.query_marker", **late) == []

    def test_task_is_that_of_a_prompt(self) -> None:
        found = of(encoding__prompts={"clustering": ""}, encoding__tasks={"clustring": "separation"})
        message = "`encoding.tasks` names `clustring`, which is no prompt of `encoding.prompts`"
        assert found == [("M237", self.path("tasks.clustring"), message, "did you mean `clustering`?")]

    def test_queries_without_inference_need_the_weights_of_tokens(self) -> None:
        sparse = {"type": "sparse", "encoding__inference_free_queries": True}
        message = (
            "`files.query_weights` must name the file with the weight of each token, since queries need no inference"
        )
        found = self.without("files.query_weights", **sparse)
        assert found == [("M238", self.path("inference_free_queries"), message, "name the file, such as `idf.json`")]
        assert of(**sparse) == []

    def test_queries_without_inference_are_those_of_sparse_models(self) -> None:
        message = "`encoding.inference_free_queries` is for sparse models, and this one is of type `dense`"
        found = of(type="dense", encoding__inference_free_queries=True)
        assert found == [("M238", self.path("inference_free_queries"), message, "remove it, or correct `type`")]

    def path(self, name: str) -> str:
        return f"$.models[0].encoding.{name}"

    def without(self, name: str, **changed: Any) -> list[tuple[str, str, str, str | None]]:
        model = plain_model(**changed)
        section, _, key = name.partition(".")
        del model[section][key]
        return findings(model)
