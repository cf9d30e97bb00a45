"""The page in a real browser, as people use it: with a mouse, with keys alone, on a phone, in the dark.

Each test ends with the check that the page complained of nothing and asked no network for anything: see conftest.py.
"""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hypiler.catalogue.data import catalogue_data
from hypiler.catalogue.html import page_of
from hypiler.compiler.pipeline import compile_registry
from hypiler.schema.requirements import CORE, Requirements

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {}
Visit = Callable[..., Any]


def rows(page: Any) -> list[str]:
    """The names of the rows that are in the document, from top to bottom."""
    found: list[str] = page.locator("#rows .row .name-text").all_text_contents()
    return found


def count(page: Any) -> str:
    """The words that say how many models are shown."""
    return str(page.locator("#count").inner_text())


def address(page: Any) -> str:
    """The fragment of the address."""
    found: str = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    return found


def by_id(data: dict[str, Any], id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(model for model in data["models"] if model["id"] == id)
    return found


def test_a_search_finds_words_in_any_order_and_misspelt_ones(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("small e5 multilingual")
    assert rows(page)[0] == by_id_name(page, "multilingual-e5-small")
    assert "similar spelling" not in count(page)
    page.locator("#q").fill("multilingaul e5 smal")
    assert rows(page)[0] == by_id_name(page, "multilingual-e5-small")
    assert "similar spelling" in count(page)
    page.locator("#q").fill("nothing is called so")
    assert page.locator("#empty").is_visible()
    page.get_by_role("button", name="Clear all filters").click()
    assert page.locator("#q").input_value() == ""
    assert page.locator("#empty").is_hidden()


def by_id_name(page: Any, id: str) -> str:
    found: str = page.evaluate(
        "id => JSON.parse(document.getElementById('data').textContent).models.find(one => one.id === id).name", id
    )
    return found


def test_a_language_that_is_typed_is_offered_as_a_filter(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#q=german")
    page.get_by_role("button", name="Show models that know German").click()
    knows = [model for model in shipped["models"] if "de" in model.get("languages", [])]
    assert count(page).startswith(f"{len(knows)} of ")
    assert address(page) == "lang=de"


def test_filters_narrow_and_are_taken_away(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit()
    page.locator("#filters").get_by_role("checkbox", name="Dense").check()
    page.locator("#filters").get_by_role("checkbox", name="Permissive").check()
    page.get_by_role("switch").check()
    expected = [
        model
        for model in shipped["models"]
        if model["type"] == "dense" and model.get("licenceClass") == "permissive" and model.get("matryoshka")
    ]
    assert 0 < len(expected) < len(shipped["models"])
    assert count(page).startswith(f"{len(expected)} of {len(shipped['models'])}")
    assert sorted(rows(page)) == sorted(model["name"] for model in expected)
    page.get_by_role("button", name="Remove: Matryoshka").click()
    assert page.get_by_role("switch").is_checked() is False
    page.get_by_role("button", name="Clear all").click()
    assert count(page) == f"{len(shipped['models'])} models"
    assert address(page) == ""


def test_a_range_counts_the_widths_that_vectors_can_be_cut_to(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#dim=..300")

    def fits(model: dict[str, Any]) -> bool:
        widths = model.get("dimensions") or [model.get("dimension") or 1_000_000]
        return bool(widths["min"] <= 300 if isinstance(widths, dict) else min(widths) <= 300)

    expected = [model["name"] for model in shipped["models"] if fits(model)]
    assert by_id(shipped, "nomic-embed-v1.5")["name"] in expected
    assert sorted(rows(page)) == sorted(expected)
    # Keys move the thumb, and the address follows.
    page.get_by_role("slider", name="Context, at least").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert re.fullmatch(r"dim=\.\.300&ctx=\d+\.\.", address(page))


def test_columns_sort_both_ways_with_unknown_ones_last(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#chart=0")
    sizes = {model["name"]: model.get("parameterCount") for model in shipped["models"]}
    button = page.get_by_role("columnheader", name="Size").get_by_role("button")
    for word, direction in [("ascending", 1), ("descending", -1)]:
        button.click()
        assert page.get_by_role("columnheader", name="Size").get_attribute("aria-sort") == word
        found = [sizes[name] for name in rows(page)]
        assert found[0] is not None
        assert all(one is not None and (one - other) * direction <= 0 for one, other in pairwise(found) if other)
    button.click()
    assert address(page) == "chart=0"


def test_only_rows_near_the_screen_are_in_the_document(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#sort=name")
    names = sorted((model["name"] for model in shipped["models"]), key=str.casefold)
    assert len(rows(page)) < len(names)
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.wait_for_function("document.activeElement.closest('.row') !== null")
    last = page.locator("#rows .row:focus")
    assert last.get_attribute("aria-rowindex") == str(len(names) + 1)
    assert last.bounding_box()["y"] + last.bounding_box()["height"] <= 900
    # On paper there is no scrolling.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) == len(names)


def test_the_frontier_is_what_no_smaller_model_beats(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#set=BEIR:mean+nDCG@10:beir-15")
    number = next(i for i, one in enumerate(shipped["scoreSets"]) if one["datasets"] == "beir-15")
    points = []
    for model in shipped["models"]:
        value = next((score[1] for score in model.get("scores", []) if score[0] == number), None)
        if value is not None and model.get("parameterCount"):
            points.append((model["parameterCount"], value, model["name"]))
    frontier = {
        name
        for size, value, name in points
        if not any((s <= size and v > value) or (s < size and v == value) for s, v, _ in points)
    }
    assert 1 < len(frontier) < len(points)
    cursor = page.locator("#plot-cursor")
    cursor.focus()
    seen = {}
    for _ in points:
        label = cursor.get_attribute("aria-label")
        seen[label.partition(":")[0]] = "on the frontier" in label
        page.keyboard.press("ArrowRight")
    assert seen.keys() == {name for *_, name in points}
    assert {name for name, on in seen.items() if on} == frontier
    assert page.locator("#tip").is_visible()
    label = cursor.get_attribute("aria-label")
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == label.partition(":")[0]


def test_a_click_on_a_point_opens_its_model(visit: Visit) -> None:
    page = visit()
    cursor = page.locator("#plot-cursor")
    cursor.focus()
    name = cursor.get_attribute("aria-label").partition(":")[0]
    box = cursor.bounding_box()
    page.keyboard.press("Tab")
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    assert page.locator("#tip strong").inner_text() == name
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    assert page.locator("#panel h2").inner_text() == name
    page.locator("#plot-x").select_option("ctx")
    assert "longer context" in page.locator("#plot-note").inner_text()
    assert "x=ctx" in address(page)


def test_a_model_shows_every_fact_with_its_source(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#model=nomic-embed-v1.5")
    model = by_id(shipped, "nomic-embed-v1.5")
    facts = [fact for _, _, section in model["facts"] for fact in section]
    assert page.locator("#panel .fact").count() == len(facts)
    assert page.locator("#panel .fact .how").count() == sum(fact[3] >= 0 for fact in facts)
    links = page.locator("#panel .source a").evaluate_all("all => all.map(one => [one.href, one.rel, one.target])")
    assert links
    assert all(url.startswith(("https://", "http://")) for url, _, _ in links)
    assert {(rel, target) for _, rel, target in links} == {("noopener noreferrer", "_blank")}
    summary = page.locator(".evidence-part").inner_text()
    assert [int(number) for number in re.findall(r"\d+", summary)] == [one for one in model["counts"] if one]
    assert "search_query: " in page.locator("#panel").inner_text()


def test_a_deprecated_model_leads_to_the_one_that_replaces_it(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("#model=bge-small-en")
    page.locator("#panel .notice").get_by_role("button", name="bge-small-en-v1.5").click()
    assert page.locator("#panel h2").inner_text() == by_id(shipped, "bge-small-en-v1.5")["name"]
    page.go_back()
    assert page.locator("#panel .notice").is_visible()


def test_code_and_definitions_have_tabs_and_are_copied(visit: Visit) -> None:
    page = visit("#model=nomic-embed-v1.5", permissions=["clipboard-read", "clipboard-write"])
    tab = page.get_by_role("tab", name="hypiler")
    assert tab.get_attribute("aria-selected") == "true"
    page.get_by_role("button", name="Copy the code for hypiler").click()
    page.get_by_text("the code for hypiler copied").wait_for()
    code = page.evaluate("navigator.clipboard.readText()")
    assert 'from_registry("nomic-embed-v1.5")' in code
    compile(code, "copied", "exec")
    tab.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="sentence-transformers").get_attribute("aria-selected") == "true"
    assert "What is lost" in page.locator("#code-panel").inner_text()
    page.get_by_role("tab", name="qdrant").click()
    assert json.loads(page.locator("#store-panel code").first.inner_text())["vectors"]["embedding"]["size"] == 768


def test_models_are_compared_side_by_side(visit: Visit) -> None:
    page = visit("#q=e5&chart=0")
    page.locator("#q").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    assert page.locator("#tray li").count() == 2
    page.keyboard.press("v")
    table = page.locator(".side-by-side")
    assert table.locator("thead th").count() == 2
    differing, alike = table.locator("tr.differs"), table.locator("tbody tr:not(.differs):not(.section)")
    assert differing.count() > 3
    assert alike.count() > 3
    for row in differing.all()[:5]:
        cells = row.locator("td").all_inner_texts()
        assert len(set(cells)) > 1
    for row in alike.all()[:5]:
        assert len(set(row.locator("td").all_inner_texts())) == 1
    page.get_by_role("switch", name="Differences only").check()
    assert alike.count() == 0
    assert "view=compare" in address(page)
    page.keyboard.press("Escape")
    assert page.locator("#compare").is_hidden()
    assert page.locator("#tray li").count() == 2


def test_a_fifth_model_is_not_compared(visit: Visit) -> None:
    page = visit()
    for box in page.locator("#rows .pick input").all()[:5]:
        box.click()
    assert page.locator("#tray li").count() == 4
    assert "At most 4" in page.locator("#toast").inner_text()


def test_an_address_shows_the_same_view_and_back_returns(visit: Visit, shipped: dict[str, Any]) -> None:
    whole = (
        "#q=e&kind=dense&open=open&lang=en&dim=256..1024&ctx=256..&size=..1000000000&lic=permissive"
        "&ev=verified,copy,sourced&sort=-size&x=dim&model=e5-small-v2&compare=e5-small-v2,bge-m3"
    )
    page = visit(whole)
    assert "#" + address(page) == whole
    assert page.locator("#q").input_value() == "e"
    assert page.locator("#filters input[value=dense]").is_checked()
    assert page.locator("#plot-x").input_value() == "dim"
    assert page.locator("#panel h2").inner_text() == by_id(shipped, "e5-small-v2")["name"]
    assert page.locator("#tray li").count() == 2
    page.get_by_role("button", name="Close", exact=True).click()
    assert page.locator("#panel").is_hidden()
    page.go_back()
    assert page.locator("#panel h2").inner_text() == by_id(shipped, "e5-small-v2")["name"]
    page.go_forward()
    page.locator("#panel").wait_for(state="hidden")
    # What this registry does not have is left out, so that old links open.
    page.evaluate("location.hash = 'model=gone&compare=gone,bge-m3&set=gone&sort=gone'")
    page.wait_for_function("document.querySelectorAll('#tray li').length === 1")
    assert page.locator("#panel").is_hidden()


def test_everything_is_reached_with_keys_alone(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("Tab")
    assert page.locator("#skip").evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    first = page.locator("#rows .row:focus .name-text").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == first
    # The panel follows while the arrow keys leaf through the table.
    page.keyboard.press("ArrowDown")
    second = page.locator("#rows .row:focus .name-text").inner_text()
    assert second != first
    assert page.locator("#panel h2").inner_text() == second
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert page.locator("#rows .row:focus .name-text").inner_text() == second
    page.keyboard.press("g")
    assert page.locator("#plot").is_hidden()
    page.keyboard.press("?")
    assert "Choose the model for the comparison" in page.locator("#help").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()


def test_the_theme_follows_the_system_until_one_is_chosen(visit: Visit) -> None:
    page = visit("", color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Use the light theme").click()
    light = page.evaluate(colour)
    assert sum(map(int, re.findall(r"\d+", dark))) < 150 < 600 < sum(map(int, re.findall(r"\d+", light)))
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(colour) == light
    page.get_by_role("button", name="Use the dark theme").click()
    assert page.evaluate(colour) == dark
    page.emulate_media(color_scheme="light")
    assert page.evaluate(colour) == light


def test_a_phone_shows_cards_and_filters_in_a_sheet(visit: Visit, shipped: dict[str, Any]) -> None:
    page = visit("", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#plot").is_hidden()
    page.get_by_role("button", name="Filters").tap()
    page.locator("#filters").get_by_role("checkbox", name="Reranker").check()
    expected = sum(model["type"] == "reranker" for model in shipped["models"])
    page.get_by_role("button", name=f"Show {expected} models").tap()
    assert count(page).startswith(f"{expected} of ")
    page.locator("#rows .row .name-text").first.tap()
    assert page.locator("#panel").evaluate("one => one.matches(':modal')")
    assert page.locator("#panel h2").evaluate("one => one === document.activeElement")
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= innerWidth")
    page.go_back()
    page.locator("#panel").wait_for(state="hidden")


def test_paper_shows_rows_and_no_controls(visit: Visit) -> None:
    page = visit("#model=bge-m3")
    page.emulate_media(media="print")
    assert page.locator(".top").is_hidden()
    assert page.locator(".page").is_hidden()
    assert page.locator("#panel h2").is_visible()


def test_a_registry_without_models_or_scores_is_a_page_too(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "empty.html"
    path.write_text(page_of(data_of([])), encoding="utf-8")
    page = visit(path=path)
    assert "The registry is empty" in page.locator("#empty").inner_text()
    assert page.locator("#chart-toggle").is_hidden()
    path.write_text(page_of(data_of([{**PLAIN, "id": "plain", "name": "Plain"}])), encoding="utf-8")
    page = visit("#model=plain", path=path)
    assert count(page) == "1 model"
    assert rows(page) == ["Plain"]
    assert page.locator("#plot").is_hidden()
    assert page.locator("#panel h2").inner_text() == "Plain"


# The facts that every model must state, and no other.
PLAIN: dict[str, Any] = {
    "type": "dense",
    "huggingface_id": "someone/model",
    "architecture": {"type": "bert", "variant": "bert", "has_projection": False},
    "specs": {"parameters": "22M", "embedding_dim": 384},
    "capabilities": {"languages": ["en"]},
}


def data_of(models: list[dict[str, Any]]) -> dict[str, Any]:
    """The data of a registry with these models."""
    tree = {"version": "1.0", "models": models}
    registry = compile_registry([("models.json", json.dumps(tree).encode())], required=Requirements(CORE))
    assert not registry.has_errors, registry.findings
    return catalogue_data(registry)


def scored(id: str, value: float, word: str = "Word") -> dict[str, Any]:
    """A model with one score, whose texts are a word without blanks."""
    scores = [{"benchmark": word, "metric": word, "value": value, "datasets": [word]}]
    return {**PLAIN, "id": id, "name": word, "organization": word, "performance": {"scores": scores}}


def test_scores_that_only_rounding_tells_apart_are_drawn(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "close.html"
    path.write_text(page_of(data_of([scored("one", 0.3), scored("other", 0.1 + 0.2)])), encoding="utf-8")
    page = visit(path=path)
    assert "0.3" in page.locator("#plot-frame .tick").all_text_contents()


def test_a_word_of_any_length_leaves_the_page_its_width(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "long.html"
    path.write_text(page_of(data_of([scored("one", 0.3, "W" * 500), scored("other", 0.4, "W" * 500)])), "utf-8")
    assert visit(path=path).evaluate("document.documentElement.scrollWidth <= innerWidth")
    page = visit("#model=one", path=path, **PHONE)
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= innerWidth")
    page.locator("#panel").get_by_role("button", name="Close").tap()
    assert page.locator("#panel").is_hidden()


def test_a_search_of_any_length_finds_nothing_and_breaks_nothing(visit: Visit) -> None:
    page = visit("#q=" + "a" * 1_000_000)
    assert page.locator("#empty").is_visible()


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \u2028 \u202e javascript:alert(3) & \"'`${1}"
)


def test_texts_of_a_registry_are_never_markup(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page_of(hostile_data()), encoding="utf-8")
    page = visit("#model=bad&q=script", path=path)
    assert page.locator("#panel h2").inner_text() == page.locator("#rows .name-text").first.inner_text()
    assert "<img src=x onerror=alert(2)>" in page.locator("#panel h2").inner_text()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("a[href^='javascript']").count() == 0
    page.goto(path.as_uri() + "#compare=bad,worse&view=compare")
    page.reload()
    assert "<script>alert(1)</script>" in page.locator(".side-by-side").inner_text()
    # Neither does the address become markup.
    page.goto(path.as_uri() + "#q=<img+src=x+onerror=alert(4)>&lang=<b>,%3Cscript%3E&kind=</script>")
    page.reload()
    assert page.locator("img").count() == 0
    assert "<b>" in page.locator("#chips").inner_text()


def hostile_data() -> dict[str, Any]:
    """A registry whose every text tries to be markup; data as a foreign program might write it, with bad links too."""
    entry = {
        **PLAIN,
        "name": HOSTILE,
        "organization": HOSTILE,
        "license": "MIT",
        "description": HOSTILE,
        "release_date": "2024-01",
        "architecture": {"type": "bert", "variant": HOSTILE, "has_projection": False},
        "performance": {
            "scores": [
                {"benchmark": HOSTILE, "metric": HOSTILE, "value": 0.5, "datasets": [HOSTILE], "reporter": HOSTILE}
            ]
        },
        "sources": {"license": HOSTILE, "specs": "javascript:alert(5)"},
    }
    data = json.loads(json.dumps(data_of([{"id": id, **entry} for id in ("bad", "worse")])))
    for model in data["models"]:
        model["url"] = "javascript:alert(6)"
        model["deprecated"] = HOSTILE
        model["layer"] = HOSTILE
    return dict(data, title=HOSTILE)


# Each view by its address, with the part that it adds to the page.
VIEWS = [("", "html"), ("#model=nomic-embed-v1.5", "#panel"), ("#compare=bge-m3,e5-small-v2&view=compare", "#compare")]


@pytest.mark.parametrize(("view", "part"), VIEWS, ids=["table", "model", "comparison"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_barrier(visit: Visit, view: str, part: str, scheme: str, device: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra test-page is not installed")
    page = visit(view, color_scheme=scheme, reduced_motion="reduce", **device)
    # The dark colours are all that differs from the light page.
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    found = axe.Axe().run(page, context=part, options=options).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
