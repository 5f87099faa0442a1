"""What a comparison shows: its maps at once, its statistics once everything is measured."""

import base64
import threading

import numpy as np
import pytest
from ipywidgets import Widget

from patchwidgets.errors import MeasurementError
from patchwidgets.results.result import Result
from patchwidgets.views import _comparison as drawing
from patchwidgets.views._comparison import comparison
from patchwidgets.views._still import still, words
from patchwidgets.views._wire import MIME_TYPE, read_array
from patchwidgets.widgets.comparison import LiveComparison
from tests import make_comparison_fixtures as synthetic
from tests.families import PAIRS, study_of, tiny
from tests.test_html import SCRIPTS, stored_in
from tests.test_views import decode_png
from tests.test_widget import send


@pytest.fixture(autouse=True)
def no_widgets_left():
    yield
    Widget.close_all()


@pytest.fixture
def study():
    return study_of(tiny("llama"), PAIRS, store=False)


def by_corruption(study):
    corruptions = ["token_replacement", ("gaussian_noise", "S2")]
    return study.compare(corruptions=corruptions, metrics=["logit_diff", "prob"])


@pytest.fixture(scope="module")
def shown():
    return synthetic.compared()


def test_a_method_has_the_map_of_its_result(shown):
    header, block = comparison(shown)
    assert [one.title for one in header.maps] == [
        "token replacement at S2",
        "gaussian noise k=3 at S2",
    ]
    for method, label in zip(shown.methods, header.methods, strict=True):
        drawn = header.maps[label.map]
        assert drawn.metrics[label.metric].name == method.metric
        value = read_array(drawn.value, block)[label.metric]
        wanted = shown.result(method).normalized(method.metric).to_numpy()
        np.testing.assert_allclose(value, wanted, rtol=1e-6)


def test_what_differs_is_the_label_and_what_does_not_is_a_fact(shown):
    header, _ = comparison(shown)
    assert header.methods[1].label == "token replacement at S2 · Probability"
    assert {fact.label: fact.value for fact in header.facts} == {
        "pairs": "4",
        "direction": "denoising",
    }


@pytest.mark.parametrize("rule", ["sd", "mad"])
def test_the_statistics_are_those_of_the_comparison(shown, rule):
    header, block = comparison(shown)
    (found,) = [one for one in header.findings if one.rule == rule]
    table = shown.detections(rule)
    assert found.nodes == list(table.columns)
    signs = np.array([0, 1, -1, 9])[read_array(found.signs, block)]
    np.testing.assert_array_equal(signs, table.to_numpy(dtype=int))
    np.testing.assert_allclose(read_array(found.overlap, block), shown.overlap(rule), rtol=1e-6)
    assert [one.node for one in found.flips] == list(shown.flips(rule).index)
    first = shown.flips(rule).iloc[0]
    assert found.flips[0].positive == first["positive"]
    assert found.flips[0].opposite == first["opposite"]
    assert header.correlations is not None
    correlations = read_array(header.correlations, block)
    np.testing.assert_allclose(correlations, shown.rank_correlations(), rtol=1e-5)


@pytest.fixture(scope="module")
def tested():
    """Two corruptions on fourteen prompt pairs: enough for a rule that tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "PROMPTS", 14)
        return synthetic.compared()


@pytest.mark.parametrize("rule", ["max_t", "bh"])
def test_rules_that_test_are_there_where_there_are_enough_prompts(tested, rule):
    header, block = comparison(tested)
    (found,) = [one for one in header.findings if one.rule == rule]
    table = tested.detections(rule)
    assert found.nodes == list(table.columns)
    assert found.nodes
    assert found.message == ""
    signs = np.array([0, 1, -1, 9])[read_array(found.signs, block)]
    np.testing.assert_array_equal(signs, table.to_numpy(dtype=int))
    np.testing.assert_allclose(read_array(found.overlap, block), tested.overlap(rule), rtol=1e-6)


@pytest.mark.parametrize("rule", ["max_t", "bh"])
def test_rules_that_test_say_why_where_there_are_too_few(shown, rule):
    header, _ = comparison(shown)
    (found,) = [one for one in header.findings if one.rule == rule]
    assert found.nodes == []
    with pytest.raises(MeasurementError) as refused:
        shown.detections(rule)
    assert found.message == str(refused.value)
    assert found.message.startswith("With 4 prompt pairs the smallest p of a sign-flip test is ")


def test_a_map_that_takes_long_to_test_is_not_waited_for(tested, monkeypatch):
    monkeypatch.setattr(drawing, "MOST_TESTED", 6 * 270 * 2**13 - 1)
    monkeypatch.setattr(drawing, "_tested", {})
    header, _ = comparison(tested)
    assert [one.message for one in header.findings[2:]] == [
        "Sign flips of 1,620 cells, those of all methods, take longer than a view waits. "
        f"`comparison.detections({rule!r})` tests them."
        for rule in ("max_t", "bh")
    ]


def test_what_is_drawn_again_is_not_tested_again(tested, monkeypatch):
    comparison(tested)
    monkeypatch.setattr(Result, "detect", lambda self, rule, *given, **options: pytest.fail(rule))
    with pytest.raises(pytest.fail.Exception, match="sd"):
        comparison(tested)
    kept = drawing._tested[tested]
    assert set(kept) == {"max_t", "bh"}


def test_a_rule_that_cannot_be_asked_says_why(shown):
    flat = synthetic.compared()
    for result in flat.results.values():
        result._values[:, 5:] = result._values[:, 5:6]
    header, _ = comparison(flat)
    found = header.findings[1]
    assert found.message.startswith("More than half of the measured cells have the same effect")
    assert (found.nodes, found.flips) == ([], [])
    assert header.findings[0].nodes == list(flat.detections().columns)


def test_half_a_comparison_has_no_statistics_and_says_so():
    header, block = comparison(synthetic.compared(measured=100))
    assert header.missing == (
        "1 of 2 maps is measured; the others were stopped or failed, so nothing is compared here. "
        "`comparison.detections()` compares what was measured."
    )
    assert (header.findings, header.correlations, header.advice) == ([], None, [])
    assert (header.progress.state, header.progress.done, header.progress.total) == (
        "cancelled",
        370,
        540,
    )
    assert words(header, block).endswith(header.missing)


def test_the_text_names_what_each_method_detects(shown):
    lines = words(*comparison(shown)).splitlines()
    assert lines[:3] == [
        "Indirect object (synthetic numbers): heads by 6 methods",
        "pairs 4 · direction denoising",
        "detected (2 SD from the mean):",
    ]
    assert lines[4] == (
        "  token replacement at S2 · Probability: +L17H4 +L19H2 +L20H0 +L23H3 +L29H1"
    )
    assert "−L24H4" in lines[3]
    assert lines[-1] == "advice: methods_disagree (warning), one_direction (note)"


def test_the_still_picture_has_all_maps(shown):
    pixels, palette = decode_png(still(*comparison(shown)))
    assert pixels.shape == (2 * (30 * 8 + 8), 3 * (9 * 12 + 8))
    for top in (0, 30 * 8 + 8):
        for left in range(0, 3 * 116, 116):
            red, _, blue = palette[pixels[top + 20 * 8 + 2, left + 2]].astype(int)
            assert red - blue > 60


def test_it_is_drawn_while_it_is_measured_and_compared_at_the_end(study):
    begin, drawn = threading.Event(), []
    study._session.model.worker.call(begin.wait)
    compared = by_corruption(study)
    header, _ = comparison(compared)
    assert header.progress.state == "waiting"
    assert header.missing == (
        "Who detects what, correlations, overlap and advice need every map whole: 0 of 2 maps are "
        "measured."
    )
    widget = compared.widget
    widget.observe(lambda change: drawn.append(change["new"]), "header")
    begin.set()
    compared.wait()
    states = [one["progress"]["state"] for one in drawn]
    assert states[-1] == "done"
    assert {"running"} <= set(states)
    assert all(bool(one["findings"]) == (one["progress"]["state"] == "done") for one in drawn)
    assert drawn[-1]["findings"][0]["nodes"] == list(compared.detections().columns)


def test_a_comparison_has_one_widget_and_its_output_is_complete(study):
    compared = by_corruption(study).wait()
    widget = compared.widget
    assert compared.widget is widget
    bundle = widget.bundle()
    assert list(bundle) == [MIME_TYPE, "text/html", "image/png", "text/plain"]
    assert bundle[MIME_TYPE]["header"]["view"] == "comparison"
    assert base64.b64decode(bundle["image/png"])[:4] == b"\x89PNG"
    widget._handle_msg({"content": {"data": {"method": "update", "state": {"selection": "L1H0"}}}})
    assert widget.selection == "L1H0"


def test_a_reader_stops_one_sweep_or_the_author_all(study):
    begin = threading.Event()
    study._session.model.worker.call(begin.wait)
    compared = by_corruption(study)
    live = LiveComparison(compared)
    first, second = compared.results.values()
    key = live.widget.header["maps"][1]["key"]
    live._answer({"command": "cancel", "key": key})
    begin.set()
    compared.wait()
    assert (first.progress.state, second.progress.state) == ("done", "cancelled")
    assert live.widget.header["missing"].startswith("1 of 2 maps is measured")

    begin = threading.Event()
    study._session.model.worker.call(begin.wait)
    other = by_corruption(study).cancel()
    begin.set()
    assert [one.wait().progress.state for one in other.results.values()] == ["cancelled"] * 2


def test_commands_that_are_no_maps_of_ours_change_nothing(study):
    compared = by_corruption(study).wait()
    send(compared.widget, {"command": "cancel", "key": "nothing"})
    assert compared.done


def test_it_is_saved_as_one_page(study, tmp_path):
    compared = by_corruption(study)
    path = compared.save_html(tmp_path / "compared.html")
    text = path.read_text("utf-8")
    assert path == tmp_path / "compared.html"
    data = next(data for kind, data in SCRIPTS.findall(text) if "json" in kind)
    assert stored_in(data)["header"]["view"] == "comparison"
    assert "connect-src" not in text
    assert "default-src 'none'" in text
    assert all(result.done for result in compared.results.values())


def test_a_frozen_copy_is_as_things_were():
    compared = synthetic.compared(measured=100)
    frozen = compared.frozen()
    values, *_ = compared.results[synthetic.NOISED].numbers()
    compared.results[synthetic.NOISED].record(200, values[:, 0])
    assert np.isnan(frozen.effects().loc["gaussian_noise k=3 at S2"].iloc[0, 200])
    assert frozen.varying == compared.varying == ["corruption", "metric"]
