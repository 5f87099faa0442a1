"""Results of odd sizes and values, measured, and drawn in a real browser with no network."""

import warnings
from typing import Any

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.errors import MeasurementError
from patchwidgets.nodes import parse_node
from patchwidgets.plans.plan import Axis, Patch, Plan, PlanMap
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from patchwidgets.views._explorer import explorer
from patchwidgets.widgets._bundle import mime_bundle
from tests import make_view_fixtures as fixtures
from tests import test_html_page as pages
from tests.families import PAIRS, bridge_of, study_of, tiny

browser, open_page, pytestmark = pages.browser, pages.open_page, pages.pytestmark


def map_of(values):
    """Return a result whose effects on two pairs are these, a row of heads in layer 0."""
    effects = np.atleast_1d(np.asarray(values, dtype=float))
    names = [f"L0H{head}" for head in range(len(effects))]
    patches = tuple(Patch((parse_node(name),)) for name in names)
    axes = (Axis("layer", (0,)), Axis("head", tuple(range(len(names)))))
    plan = Plan("heads", patches, (PlanMap("heads", axes, tuple(range(len(names)))),))
    return Result(
        plan,
        metrics=[MetricInfo("logit_diff", "Logit difference", "logit")],
        direction="denoising",
        baseline=Baseline(clean=np.ones((1, 2)), corrupted=np.zeros((1, 2))),
        groups=["", ""],
        provenance={"prompts": []},
        values=np.repeat(effects[None, :, None], 2, axis=2),
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.5], "L0H0, normalized +0.5"),
        ([np.nan, np.nan], "L0H0, not measured"),
        ([0.25] * 4, "L0H0, normalized +0.25"),
        ([0.0] * 4, "L0H0, normalized 0.00"),
    ],
)
def test_a_map_of_one_cell_or_of_nothing_or_of_equal_values_is_drawn(open_page, values, said):
    header, block = explorer([map_of(values)])
    bundle = mime_bundle(header, block, "")
    assert all(bundle.values())
    tab = open_page((header, block))
    grid = tab.get_by_role("grid").first
    grid.focus()
    tab.keyboard.press("Home")
    assert (grid.get_by_role("gridcell").text_content() or "").startswith(said)


def test_a_thousand_prompt_pairs(open_page):
    many: dict[str, Any] = {
        name: (part * 334)[:1000] if isinstance(part, list) else part
        for name, part in PAIRS.items()
    }
    study = study_of(tiny("llama"), many, store=False)
    result = study.sweep("mlp").wait()
    header, block = explorer([result])
    assert len(header.strip.pairs) == 1000
    assert len(mime_bundle(header, block, "")["text/html"]) < 1_000_000
    tab = open_page((header, block))
    assert tab.locator(".pw-pair-line").count() == 5
    assert tab.locator(".pw-pair-place").text_content() == "1–5 of 1000"
    tab.get_by_label("go to pair").fill("1000")
    tab.keyboard.press("Enter")
    assert tab.locator(".pw-place").text_content() == "pair 1000 of 1000"
    tab.get_by_role("button", name="All 1000 pairs (mean)").click()
    assert tab.locator(".pw-pair-place").text_content() == "996–1000 of 1000"
    tab.get_by_role("button", name="pairs after these").click()
    tab.locator(".pw-pair-line").first.click()
    assert tab.locator(".pw-place").text_content() == "pair 1 of 1000"
    tab.locator(".pw-place").locator("xpath=following-sibling::button").first.click()
    assert tab.locator(".pw-place").text_content() == "pair 2 of 1000"


def test_prompts_of_two_thousand_tokens(open_page):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=tiny("llama").cfg.d_vocab,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
    )
    model = bridge_of(LlamaForCausalLM(config), "tiny-long")
    words = "went to the store " * 505
    pairs = pw.PromptPairs(
        clean=[f"{words}Mary gave a bag to"],
        corrupted=[f"{words}John gave a bag to"],
        answers=[" John"],
        wrong_answers=[" Mary"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = pw.Study(model, pairs, known=False, store=False)
    result = study.sweep("heads").wait()
    header, block = explorer([result])
    assert len(header.strip.pairs[0].clean) > 2000
    tab = open_page((header, block))
    assert tab.locator(".pw-strip .pw-token, .pw-strip td, .pw-strip span").count() > 0
    assert tab.evaluate("document.body.scrollHeight") < 40_000
    assert pages.outside(tab) == []
    tab.screenshot(path=pages.SCREENSHOTS / "two-thousand-tokens.png")


MEGABYTE = " " + "Mary" * 250_000


@pytest.mark.parametrize("width", [380, 1240])
def test_a_token_of_a_megabyte_is_cut_where_it_is_drawn(open_page, width):
    header, block = fixtures.read("synthetic_exploring")
    pairs = [
        pair.model_copy(
            update={
                "clean": [MEGABYTE, *pair.clean[1:-1], MEGABYTE],
                "corrupted": [MEGABYTE, *pair.corrupted[1:-1], MEGABYTE],
                "answers": [MEGABYTE],
                "wrong_answers": [MEGABYTE, " John"],
            }
        )
        for pair in header.strip.pairs
    ]
    strip = header.strip.model_copy(update={"pairs": pairs})
    details = [with_long_places(detail) for detail in header.details]
    tab = open_page(
        (header.model_copy(update={"strip": strip, "details": details}), block), width=width
    )
    painted = "() => new Promise((paint) => requestAnimationFrame(() => paint(performance.now())))"
    assert tab.evaluate(painted) < 10_000
    tab.locator(".pw-peak", has_text="L20H0").first.click()
    assert tab.locator(".pw-attention").is_visible()
    tab.get_by_role("button", name="One pair").click()
    drawn = tab.locator(".pw-tokens .pw-token").first.evaluate(
        """one => [one.textContent, one.title, getComputedStyle(one).textOverflow,
          one.clientWidth < one.scrollWidth]"""
    )
    cut = (MEGABYTE[1:200], MEGABYTE[:199])
    assert drawn == [f"{cut[0]}…", f'"{cut[1]}…"', "ellipsis", True]
    assert tab.evaluate("document.querySelector('.pw-explorer').outerHTML.length") < 300_000
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert pages.outside(tab) == []
    tab.screenshot(path=pages.SCREENSHOTS / f"megabyte-{width}.png")


def with_long_places(detail):
    """Return a detail of which every pattern ends in a token of a megabyte."""
    patterns = [
        pattern.model_copy(
            update={
                "places": [
                    *pattern.places[:-1],
                    pattern.places[-1].model_copy(
                        update={"clean": MEGABYTE, "corrupted": MEGABYTE}
                    ),
                ]
            }
        )
        for pattern in detail.patterns
    ]
    return detail.model_copy(update={"patterns": patterns})


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_refused_before_anything_is_drawn(value):
    result = map_of([np.nan])
    with pytest.raises(MeasurementError, match="shows only finite numbers"):
        result.record(0, np.full((1, 2), value))
