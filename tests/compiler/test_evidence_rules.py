"""What an entry says about its own evidence: commits, files, scores, and statements about Matryoshka."""

from typing import Any

import pytest
from generated import compiled
from golden import golden
from strategies import plain_model, registry_of

COMMIT, OTHER = "1" * 40, "7d8fee1"


def found(code: str, **changed: Any) -> list[tuple[str, str]]:
    """Path and message of the findings with this code about one model."""
    registry = compiled(registry_of(plain_model(**changed)))
    return [(f.json_path, f.message) for f in registry.findings if f.code == code]


def unsaid(**changed: Any) -> Any:
    """A model that says nothing of Matryoshka in its own fields."""
    model = plain_model(**changed)
    del model["architecture"]["matryoshka_dims"], model["capabilities"]["matryoshka"]
    return model


class TestCommits:
    @pytest.mark.parametrize(
        "source",
        [
            f"huggingface.co/org/name/blob/{OTHER}/config.json",
            f"stored copy of huggingface.co/org/name/config.json @{OTHER} (12 layers)",
            f"org/name/config.json (blame @{OTHER})",
            f"org/name commit {OTHER}: README.md",
            f"org/name@{OTHER}",
            {"repository": "org/name", "commit": OTHER},
            {"repository": "Org/Name", "commit": "7" * 40, "path": "config.json"},
            {"url": f"https://huggingface.co/org/name/resolve/{OTHER}/config.json"},
        ],
    )
    def test_source_at_another_commit_is_found(self, source: Any) -> None:
        ((path, message),) = found("M220", huggingface_id="org/name", revision=COMMIT, sources={"license": source})
        assert path == "$.models[0].sources.license"
        assert message.startswith("`revision` is 1111111, but `sources` names other commits for `license` (7")

    @pytest.mark.parametrize(
        "source",
        [
            f"huggingface.co/org/name-merged/blob/{OTHER}/config.json",
            f"huggingface.co/my-org/name/blob/{OTHER}/config.json",
            f"other/code @{OTHER}; org/name",
            f"org/name/blob/{COMMIT}/config.json",
            f"org/name @1111111 config.json; org/name @{OTHER}",
            {"repository": "other/code", "commit": OTHER},
            {"repository": "org/name", "commit": "1111111"},
            {"repository": "org/name"},
            # Repositories of the same name on other hosts, data sets of the hub, and paths in other repositories.
            {"url": f"https://github.com/org/name/blob/{OTHER}/README.md"},
            f"modelscope.cn/models/org/name/blob/{OTHER}/README.md",
            f"https://huggingface.co/datasets/org/name/tree/{OTHER}",
            f"other/code: configs/org/name @{OTHER}",
            # A history, which begins with some commit.
            {"url": f"https://huggingface.co/org/name/commits/{OTHER}"},
        ],
    )
    def test_source_elsewhere_or_at_the_commit_is_fine(self, source: Any) -> None:
        assert found("M220", huggingface_id="org/name", revision=COMMIT, sources={"license": source}) == []

    @pytest.mark.parametrize("path", ["release_date", "organization", "performance.beir_avg", "extra", "extra.tokens"])
    def test_publication_is_of_no_version(self, path: str) -> None:
        sources = {path: {"repository": "org/name", "commit": OTHER, "path": "README.md"}}
        extra = {"tokens": 8}
        assert found("M220", huggingface_id="org/name", revision=COMMIT, sources=sources, extra=extra) == []

    def test_many_are_one_note(self) -> None:
        sources = dict.fromkeys(("files", "license", "specs", "type", "encoding"), f"org/name@{OTHER}")
        ((_, message),) = found("M220", huggingface_id="org/name", revision=COMMIT, sources=sources)
        assert message == golden(
            "`revision` is 1111111, but `sources` names other commits for `files` (7d8fee1), `license` (7d8fee1),"
            " `specs` (7d8fee1) and 2 more"
        )


class TestFiles:
    def test_all_models_with_moving_files_are_one_note(self) -> None:
        models = [plain_model(id=f"m-{number}", aliases=[]) for number in range(5)]
        for model in models:
            del model["revision"]
        findings = [f for f in compiled(registry_of(*models)).findings if f.code == "M221"]
        assert [(f.json_path, f.message) for f in findings] == [
            (
                "$.models[0].files.tokenizer",
                golden(
                    "the files of 5 models may change: their entries state neither `revision` nor a sha256 (`m-0`, `m-1`,"
                    " `m-2` and 2 more)"
                ),
            )
        ]

    def test_models_without_a_commit_are_counted_even_if_they_name_no_files(self) -> None:
        models = [plain_model(id=f"m-{number}", aliases=[]) for number in range(4)]
        for model in models[:3]:
            del model["revision"]
        for model in models[1:3]:
            del model["files"], model["variants"]
        (finding,) = [f for f in compiled(registry_of(*models)).findings if f.code == "M221"]
        assert finding.message == golden(
            "the files of `m-0` may change: its entry states neither `revision` nor a sha256; 2 other entries state no"
            " `revision`, but no file either that could change"
        )

    def test_a_sha256_says_which_file_is_meant(self) -> None:
        model = plain_model(variants=[])
        model["files"] = {"config": "c.json", "sha256": {"c.json": "0" * 64}}
        del model["revision"]
        assert [f for f in compiled(registry_of(model)).findings if f.code == "M221"] == []


class TestScores:
    def test_mean_over_unknown_data_sets(self) -> None:
        model = plain_model()
        del model["performance"]["beir_datasets"]
        findings = [f.message for f in compiled(registry_of(model)).findings if f.code == "M222"]
        assert findings == [golden("`performance.beir_datasets` must be set, since `beir_avg` is given")]

    def test_score_without_data_sets(self) -> None:
        score = {"benchmark": "B", "metric": "nDCG@10", "value": 0.5}
        message = golden("`performance.scores[1].datasets` must name the data sets of the score")
        scores = [{**score, "datasets": ["D"]}, score]
        assert found("M222", performance__scores=scores) == [("$.models[0].performance.scores[1]", message)]

    @pytest.mark.parametrize(
        "said",
        [{"performance__scores": [{"source": "a paper"}]}, {"sources": {"performance.scores[0]": "a paper"}}],
    )
    def test_published_score_of_unnamed_data_sets_is_a_note(self, said: Any) -> None:
        score = {"benchmark": "B", "metric": "nDCG@10", "value": 0.5}
        changed = {**said, "performance__scores": [{**score, **said.get("performance__scores", [{}])[0]}]}
        message = golden("`performance.scores[0]` names no data sets, so it can be compared with no other score")
        assert found("M249", **changed) == [("$.models[0].performance.scores[0]", message)]
        assert found("M222", **changed) == []

    @pytest.mark.parametrize("metric", ["nDCG@10", "ndcg_at_10", "MRR", "mean Recall@100", "R@5", "MAP"])
    def test_percentage_of_a_metric_that_is_a_fraction(self, metric: str) -> None:
        score = {"benchmark": "B", "metric": metric, "value": 53.2, "datasets": ["D"]}
        message = f"`performance.scores[0].value` must be in 0..1 for `{metric}`, got 53.2"
        assert found("M223", performance__scores=[score]) == [("$.models[0].performance.scores[0].value", message)]

    @pytest.mark.parametrize(("metric", "value"), [("nDCG@10", 1), ("latency", 53.2), ("rank", 3), ("mapping", 7)])
    def test_other_values_are_fine(self, metric: str, value: float) -> None:
        score = {"benchmark": "B", "metric": metric, "value": value, "datasets": ["D"]}
        assert found("M223", performance__scores=[score]) == []


class TestMatryoshka:
    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            ({"extra": {"matryoshka_min_dim": 32}}, "extra.matryoshka_min_dim"),
            ({"extra": {"mrl_support": "yes"}}, "extra.mrl_support"),
            ({"extra": {"note": "the output dimensions can be truncated"}}, "extra.note"),
            ({"sources": {"name": "README: MRL Support: Yes"}}, "sources.name"),
            ({"sources": {"name": {"url": "https://x.org", "quote": "trained with Matryoshka"}}}, "sources.name"),
            ({"description": "Truncate the embeddings to 256."}, "description"),
        ],
    )
    def test_statement_beside_absent_widths(self, changed: Any, place: str) -> None:
        findings = [f for f in compiled(registry_of(unsaid(**changed))).findings if f.code == "M224"]
        assert [f.message.partition(" says ")[0] for f in findings] == [f"`{place}`"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"extra": {"matryoshka": False}},
            {"extra": {"mrl": "no"}},
            {"sources": {"name": "the card does not mention Matryoshka"}},
            {"sources": {"name": "huggingface.co/x/y-nli-matryoshka config.json"}},
            {"sources": {"name": "code/contrastive_matryoshka.yaml:26"}},
            {"sources": {"name": "inputs are truncated to 512 tokens"}},
            {"capabilities__matryoshka": False, "extra": {"mrl": True}},
        ],
    )
    def test_no_statement(self, changed: Any) -> None:
        model = plain_model(**changed)
        del model["architecture"]["matryoshka_dims"]
        if "capabilities__matryoshka" not in changed:
            del model["capabilities"]["matryoshka"]
        assert [f.message for f in compiled(registry_of(model)).findings if f.code == "M224"] == []

    @pytest.mark.parametrize(
        ("range", "code", "message"),
        [
            ({"min": 3}, "M226", "`architecture.matryoshka_range` must have `min` and `max`, but `max` is missing"),
            ({"max": 7}, "M226", "`architecture.matryoshka_range` must have `min` and `max`, but `min` is missing"),
            (
                {"min": 3, "max": 6},
                "M226",
                "`architecture.matryoshka_range.max` must equal `specs.embedding_dim` (7), got 6",
            ),
            ({"min": 8, "max": 7}, "M226", "`architecture.matryoshka_range.min` must be at most `max` (7), got 8"),
            (
                {"min": 3, "max": 7},
                "M208",
                "`capabilities.matryoshka` is false, but `architecture.matryoshka_range` is given",
            ),
        ],
    )
    def test_faults_of_a_range(self, range: Any, code: str, message: str) -> None:
        model = unsaid()
        model["architecture"]["matryoshka_range"] = range
        if code == "M208":
            model["capabilities"]["matryoshka"] = False
        assert [(f.code, f.message) for f in compiled(registry_of(model)).findings] == [(code, message)]

    def test_list_and_range_contradict_each_other(self) -> None:
        message = golden("`architecture` must have `matryoshka_dims` or `matryoshka_range`, not both")
        changed = {"architecture__matryoshka_range__min": 3, "architecture__matryoshka_range__max": 7}
        assert found("M225", **changed) == [("$.models[0].architecture.matryoshka_dims", message)]
