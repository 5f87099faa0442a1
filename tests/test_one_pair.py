"""Maps on one prompt pair in an explorer: asked for, drawn, kept, and the same as in Python."""

import json

import numpy as np
import pytest
from ipywidgets import Checkbox, Widget, jslink

import patchwidgets as pw
from patchwidgets.errors import FileError, MeasurementError, PlanError
from patchwidgets.views._explorer import caption_of, explorer
from patchwidgets.views._pair_maps import known_pair_map
from patchwidgets.views._wire import MIME_TYPE, ArrayRef, block_of, header_of, read_array
from patchwidgets.views.pair_map import PairMap
from tests.engine.test_buckets import FACTS
from tests.families import PAIRS, study_of, tiny

METRICS = ["logit_diff", "prob"]


@pytest.fixture(scope="module")
def study():
    return study_of(tiny("llama"), PAIRS, metric=METRICS, store=False)


@pytest.fixture
def explored(study):
    shown = study.explore()
    shown.results["heads"].wait()
    yield shown
    Widget.close_all()


def ask(explored, prompt, key="heads"):
    """Choose a pair as a reader does."""
    explored._answer({"command": "pair", "map": key, "prompt": prompt})
    return {
        (one["map"], one["prompt"]): PairMap(**one) for one in explored.widget.header["pair_maps"]
    }


def drawn(explored, found, metric=0):
    """Return the numbers that a page colours."""
    column = found.metrics[metric]
    effect = read_array(found.effect, explored.widget.block)[metric].astype(float)
    gap = column.source - column.base if column.normalized else 1
    return effect / gap


def test_one_pair_is_what_a_study_of_it_measures():
    whole = study_of(tiny("llama"), PAIRS, store=False).sweep("heads")
    for pair in range(3):
        own = {name: [column[pair]] for name, column in PAIRS.items() if name != "roles"}
        alone = study_of(tiny("llama"), own | {"roles": PAIRS["roles"]}, store=False).sweep("heads")
        np.testing.assert_allclose(whole.on_pair(pair).effect(), alone.effect(), atol=1e-5)


def test_patching_all_that_differs_moves_a_pair_all_the_way(study):
    residual = study.sweep("residual")
    for pair in range(3):
        one = residual.on_pair(pair)
        clean, corrupted = (
            one.provenance["prompts"][0][f"{run}_ids"] for run in ("clean", "corrupted")
        )
        (differs,) = [
            at for at, both in enumerate(zip(clean, corrupted, strict=True)) if len(set(both)) > 1
        ]
        for metric in METRICS:
            if one.normalizable(metric) is None:
                first = one.normalized(metric).isel(layer=0, position=differs)
                assert float(first) == pytest.approx(1, abs=1e-5)


def test_nothing_of_single_pairs_is_sent_before_one_is_chosen(explored):
    assert explored.widget.header["pair_maps"] == []
    assert explored.widget.alone is False
    plain = explorer([explored.results["heads"]])[1]
    ask(explored, 1)
    cells = 2 * 12 * 4 + 12
    assert len(explorer([explored.results["heads"]])[1]) == len(plain) + cells


def test_a_chosen_pair_is_drawn_as_python_says_it(explored):
    for pair in range(3):
        found = ask(explored, pair)["heads", pair]
        one = explored.results["heads"].on_pair(pair)
        assert found.caption == f"denoising · as given · pair {pair + 1} of 3 alone"
        for m, metric in enumerate(METRICS):
            column = found.metrics[m]
            assert column.base == float(one.baseline.base("denoising")[m, 0])
            numbers = one.normalized(metric) if column.normalized else one.effect(metric)[..., 0]
            np.testing.assert_allclose(drawn(explored, found, m), numbers, rtol=1e-5)
            assert column.normalized == (one.normalizable(metric) is None)
            assert bool(column.note) != column.normalized
    assert [one["prompt"] for one in explored.widget.header["pair_maps"]] == [0, 1, 2]


def test_path_maps_and_questions_are_drawn_on_one_pair_too(explored):
    asked = {"setting": "", "form": "", "limit": 0}
    explored._answer({"command": "drill", "receiver": "L1H0.q", "sender": "", **asked})
    explored._answer({"command": "drill", "receiver": "", "sender": "L0H1", **asked})
    for key in ("L1H0.q", "from L0H1"):
        result = explored.results[key].wait()
        found = ask(explored, 2, key)[key, 2]
        effects = read_array(found.effect, explored.widget.block)[0]
        known = np.sort(effects[np.isfinite(effects)])
        table = result.on_pair(2).table()["logit_diff_effect"].dropna().to_numpy()
        np.testing.assert_allclose(known, np.sort(table), rtol=1e-5)


def test_a_map_fills_in_on_one_pair_while_it_is_measured(study):
    from patchwidgets.widgets.explorer import LiveExplorer

    done = study.sweep("heads").wait()
    values, status, _ = done.numbers()
    half = type(done)(
        **done._parts() | {"values": np.full_like(values, np.nan), "status": 0 * status}
    )
    shown = LiveExplorer([half])
    found = ask(shown, 1)["heads", 1]
    assert np.isnan(read_array(found.effect, shown.widget.block)).all()
    assert known_pair_map(half, 1, caption_of) is not known_pair_map(half, 1, caption_of)
    assert known_pair_map(done, 1, caption_of) is known_pair_map(done, 1, caption_of)
    half.record(0, values[:, 0, 1:2], prompts=[1])
    found = ask(shown, 1)["heads", 1]
    assert read_array(found.status, shown.widget.block).ravel()[0] == 1
    assert (
        read_array(ArrayRef(**shown.widget.header["maps"][0]["status"]), shown.widget.block).max()
        == 0
    )


def test_a_pair_without_a_bucket_has_no_number_there():
    mlps = study_of(tiny("llama"), FACTS, store=False).sweep("mlp", positions="buckets").wait()
    lacking = mlps.effect().isnull().any(["layer", "bucket"]).to_numpy()
    pair = int(lacking.argmax())
    assert lacking[pair]
    mlps._live()._answer({"command": "pair", "map": "mlp by bucket", "prompt": pair})
    (found,) = mlps.widget.header["pair_maps"]
    status = read_array(ArrayRef(**found["status"]), mlps.widget.block)
    empty = mlps.effect().isel(prompt=pair).isnull().transpose("layer", "bucket").to_numpy()
    np.testing.assert_array_equal(status == 0, empty)
    Widget.close_all()


def test_estimates_are_drawn_on_one_pair(study):
    some = study.sweep("heads", estimate="attribution", top=3).wait()
    some._live()._answer({"command": "pair", "map": "heads", "prompt": 1})
    (found,) = some.widget.header["pair_maps"]
    column = found["metrics"][0]
    shown = read_array(ArrayRef(**found["estimate"]["value"]), some.widget.block)[0].ravel()
    gap = column["source"] - column["base"] if column["normalized"] else 1
    np.testing.assert_allclose(shown, some.estimate.values[0, :, 1] / gap, rtol=1e-5)
    Widget.close_all()


def test_what_is_saved_has_the_maps_of_chosen_pairs(explored):
    ask(explored, 1)
    stored = json.loads(json.dumps(explored.widget.bundle()[MIME_TYPE]))
    (found,) = header_of(stored)["pair_maps"]
    kept = read_array(ArrayRef(**found["effect"]), block_of(stored))
    np.testing.assert_array_equal(
        kept[0], np.float32(explored.results["heads"].on_pair(1).effect()[..., 0])
    )


def test_a_pair_that_is_none_is_said_and_an_unknown_map_is_ignored(explored):
    assert ask(explored, 7) == {}
    assert "There is no prompt pair 7" in json.dumps(explored.widget.header["advice"])
    assert ask(explored, 0, "no such map") == {}


def test_a_pair_is_shown_from_python(explored):
    with pytest.raises(MeasurementError, match="There is no prompt pair 3"):
        explored.on_pair(3)
    assert explored.widget.alone is False
    assert explored.on_pair(2) is explored
    assert (explored.widget.prompt, explored.widget.alone) == (2, True)
    assert [one["prompt"] for one in explored.widget.header["pair_maps"]] == [2]


def test_the_pair_is_two_traits_that_link_with_other_widgets(study):
    heads, pairs = study.sweep("heads").wait(), study.prompts_view()
    alone = Checkbox()
    jslink((pairs, "prompt"), (heads.widget, "prompt"))
    jslink((alone, "value"), (heads.widget, "alone"))
    heads.widget.set_state({"prompt": 2, "alone": True})
    assert (heads.widget.prompt, heads.widget.alone) == (2, True)
    Widget.close_all()


def test_a_one_pair_result_is_shown_as_what_it_is(study):
    one = study.sweep("heads").on_pair(1)
    text = repr(one)
    assert "pair 2 of 3 alone" in text
    header, _ = explorer([one])
    assert header.maps[0].call == "study.sweep('heads').on_pair(1)"
    assert header.maps[0].caption.endswith("pair 2 of 3 alone")
    assert len(header.strip.pairs) == 1
    assert header.drills is False


@pytest.mark.parametrize("precision", ["exact", "float16"])
def test_a_study_file_and_a_page_have_the_maps_of_chosen_pairs(study, tmp_path, precision):
    own = study.keep([""])
    heads = own.sweep("heads").wait()
    path = own.save(tmp_path / "none.study.json")
    assert "drawn_pairs" not in json.loads(path.read_text())
    heads._live()._answer({"command": "pair", "map": "heads", "prompt": 2})
    document = json.loads(own.save(path, precision=precision).read_text())
    assert document["drawn_pairs"] == {"heads": [2]}
    (found,) = header_of(document["view"])["pair_maps"]
    shown = read_array(ArrayRef(**found["effect"]), block_of(document["view"]))
    fewer = 1e-6 if precision == "exact" else 5e-3
    np.testing.assert_allclose(shown[0], heads.on_pair(2).effect()[..., 0], atol=fewer)
    opened = pw.open_study(path)
    assert opened.results["heads"].drawn_pairs == (2,)
    again = json.loads(opened.save(tmp_path / "again.study.json").read_text())
    assert again["view"]["header"]["pair_maps"] == document["view"]["header"]["pair_maps"]
    assert opened.reopen(study.model).results["heads"].drawn_pairs == (2,)
    Widget.close_all()


@pytest.mark.parametrize(
    ("drawn", "why"),
    [
        ({"heads": [3]}, "field `drawn_pairs`: There is no prompt pair 3"),
        ({"mlp": [0]}, "prompt pairs are drawn of a result `mlp` that is not there"),
    ],
)
def test_a_study_file_with_pairs_that_are_none_is_damaged(study, tmp_path, drawn, why):
    own = study.keep([""])
    own.sweep("heads").wait()
    path = own.save(tmp_path / "some.study.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"drawn_pairs": drawn}))
    with pytest.raises(FileError) as refused:
        pw.open_study(path)
    assert str(refused.value) == (
        f"`{path}` is damaged: {why}. It was cut short or changed after it was saved, so its "
        "numbers cannot be trusted. Use another copy, or measure and save it again."
    )


@pytest.mark.parametrize(("pairs", "drawn"), [("all", (0, 1, 2)), ([2, 0], (2, 0))])
def test_baked_pairs_are_in_every_map_that_is_baked(study, pairs, drawn):
    own = study.keep([""])
    heads = own.sweep("heads").wait()
    widget = heads.widget
    baking = own.bake(top=1, inputs=["q"], pairs=pairs).wait()
    assert [one.drawn_pairs for one in (heads, *baking.results.values())] == [drawn, drawn]
    keys = [(one["map"], one["prompt"]) for one in widget.header["pair_maps"]]
    assert keys == [(key, pair) for key in ("heads", *baking.results) for pair in drawn]
    own.bake(top=1, inputs=["q"], pairs=[1]).wait()
    assert 1 in [one["prompt"] for one in widget.header["pair_maps"]]
    Widget.close_all()


def test_pairs_to_bake_that_are_none_are_refused_first(study):
    own = study.keep([""])
    own.sweep("heads").wait()
    with pytest.raises(PlanError) as refused:
        own.bake(pairs="some")
    assert str(refused.value) == (
        "`pairs='some'` names no prompt pairs, which are counted from 0. Give their numbers, as in "
        "`study.bake(pairs=[0, 2])`, or `'all'`."
    )
    with pytest.raises(MeasurementError, match="There is no prompt pair 5"):
        own.bake(pairs=[5])
    assert list(own.results) == ["heads"]


def test_a_map_of_fewer_pairs_is_left_out_where_a_pair_is_shown_from_python(study):
    from patchwidgets.widgets.explorer import LiveExplorer

    heads = study.sweep("heads").wait()
    shown = LiveExplorer([heads, study.sweep("mlp").on_pair(0)]).on_pair(2)
    assert [one["map"] for one in shown.widget.header["pair_maps"] if one["prompt"] == 2] == [
        "heads"
    ]
    Widget.close_all()
