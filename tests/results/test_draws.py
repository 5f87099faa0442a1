"""Results with several draws of noise for every prompt pair, worked out by hand."""

import json

import numpy as np
import pytest

from patchwidgets.errors import FileError, MeasurementError
from patchwidgets.results import Baseline, Result
from patchwidgets.results.draws import over_draws, variances
from patchwidgets.views._explorer import explorer
from patchwidgets.views._wire import read_array


@pytest.fixture
def noised(heads_plan, metrics):
    """Two pairs with two draws: rows are pair 0 draw 0, pair 0 draw 1, pair 1 draw 0 and 1."""
    result = Result(
        heads_plan,
        metrics=metrics[:1],
        direction="denoising",
        baseline=Baseline(
            clean=np.array([[4.0, 4.0, 2.0, 2.0]]), corrupted=np.array([[0.0, 2.0, -2.0, 0.0]])
        ),
        groups=["ABBA", "BABA"],
        provenance={},
        draws=2,
    )
    result.record(0, np.array([[1.0, 5.0, 2.0, 6.0]]))
    result.record(1, np.array([[0.0, 2.0, -2.0, 0.0]]), identity=True)
    result.record(2, np.array([[1.0, 2.0, 3.0]]), prompts=[0, 1, 2])
    return result


def test_what_is_read_is_averaged_over_draws(noised):
    """L0H0's effects are 1, 3 on pair 0 and 4, 6 on pair 1; the gaps 4, 2 and 4, 2."""
    effect = noised.effect()
    assert effect.sizes == {"layer": 2, "head": 2, "prompt": 2}
    np.testing.assert_array_equal(effect[0, 0], [2, 5])
    np.testing.assert_array_equal(effect[0, 1], [0, 0])
    np.testing.assert_array_equal(noised.patched()[0, 0], [3, 4])
    assert float(noised.normalized()[0, 0]) == 3.5 / 3
    assert float(noised.stderr()[0, 0]) == pytest.approx(1.5)
    assert noised.table().set_index("node").loc["L0H0", "logit_diff_effect"] == 3.5
    np.testing.assert_array_equal(noised.effect().status, [[1, 2], [0, 3]])
    assert np.isnan(noised.stderr()[1]).all()
    dataset = noised.to_xarray()
    assert dataset.sizes["prompt"] == 2
    assert dataset.attrs["draws"] == 2


def test_a_bootstrap_redraws_pairs_and_not_draws(noised):
    """Two pairs with mean effects 2 and 5 have three means; six rows of draws would have more."""
    interval = noised.interval(of="effect", confidence=0.9)
    np.testing.assert_allclose(interval[0, 0], [2, 5])


def test_each_draw_by_itself(noised):
    by_draw = noised.by_draw()
    assert by_draw.dims == ("layer", "head", "draw")
    np.testing.assert_array_equal(by_draw[0, 0], [2.5, 4.5])
    np.testing.assert_array_equal(by_draw[0, 1], [0, 0])
    assert np.isnan(by_draw[1]).all()
    np.testing.assert_array_equal(by_draw.mean("draw")[0], noised.effect().mean("prompt")[0])
    assert by_draw.attrs["zero"] == "nothing happened: as in the corrupted run"


def test_the_spread_over_draws_beside_that_over_pairs(noised):
    """Within pairs the variance is 2; between their means 2 and 5 it is 4.5, 1 of it from draws."""
    spread = noised.draw_spread()
    wanted = {
        "effect": 3.5,
        "sd_draws": 2**0.5,
        "sd_pairs": 3.5**0.5,
        "share_draws": 2 / 5.5,
        "stderr_draws": 0.5**0.5,
    }
    for name, number in wanted.items():
        assert float(spread[name][0, 0]) == pytest.approx(number)
        assert np.isnan(spread[name][1]).all()
    assert float(spread["sd_draws"][0, 1]) == 0
    assert np.isnan(spread["share_draws"][0, 1])
    assert (spread["share_draws"].attrs["unit"], spread["sd_draws"].attrs["unit"]) == ("1", "logit")
    assert (spread.attrs["pairs"], spread.attrs["draws"]) == (2, 2)


def test_the_variances_are_those_that_effects_were_made_with():
    """10,000 cells of 6 pairs and 4 draws, drawn with SD 3 over pairs and 2 over draws."""
    chance = np.random.default_rng(0)
    pairs = chance.normal(0, 3, (10_000, 6, 1))
    found = variances(pairs + chance.normal(0, 2, (10_000, 6, 4)))
    assert (found["sd_draws"] ** 2).mean() == pytest.approx(4, rel=0.02)
    assert (found["sd_pairs"] ** 2).mean() == pytest.approx(9, rel=0.03)
    assert found["stderr_draws"].mean() == pytest.approx(2 / 24**0.5, rel=0.03)


def test_one_pair_has_a_spread_over_draws_only():
    found = variances(np.array([[[1.0, 3.0]]]))
    assert float(found["sd_draws"][0]) == 2**0.5
    assert np.isnan(found["sd_pairs"][0])
    assert np.isnan(found["share_draws"][0])


def test_pairs_that_differ_less_than_their_draws_have_no_spread_of_their_own():
    found = variances(np.array([[[1.0, 3.0], [3.0, 1.0]]]))
    assert (float(found["sd_pairs"][0]), float(found["share_draws"][0])) == (0, 1)


def test_one_draw_keeps_every_bit():
    values = np.array([[0.1, 1 / 3]])
    assert over_draws(values, 1) is values


def test_a_result_without_draws_has_no_spread_over_them(small, sentence):
    message = (
        "Every prompt pair of this result was corrupted once, so there is no spread over draws. "
        "Noise is drawn several times with `pw.Study(..., corruption='gaussian_noise')`, ten times "
        "by default, and the words that replace others with "
        "`corruption=TokenReplacement(draws=10)`."
    )
    for read in (small.by_draw, small.draw_spread):
        with pytest.raises(MeasurementError, match=sentence(message)):
            read()


def test_draws_are_saved(noised, tmp_path):
    path = noised.save(tmp_path / "noised.json")
    document = json.loads(path.read_text())
    assert (document["schema_version"], document["draws"]) == (2, 2)
    loaded = Result.load(path)
    assert loaded.draws == 2
    for ours, theirs in zip(noised.numbers()[:2], loaded.numbers()[:2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(loaded.by_draw(), noised.by_draw())


def test_a_result_without_draws_is_saved_as_it_always_was(small, tmp_path):
    """So that earlier versions read it, and files of theirs are read here."""
    document = json.loads(small.save(tmp_path / "small.json").read_text())
    assert document["schema_version"] == 1
    assert "draws" not in document
    assert Result.from_json(document).draws == 1


def test_draws_that_do_not_fit_the_numbers(noised, sentence):
    document = noised.to_json() | {"draws": 3}
    message = (
        "The document is damaged: array `values` has the shape [1, 3, 4], but the plan, the "
        "metrics and the prompts make it [1, 3, 6]. It was cut short or changed after it was "
        "saved, so its numbers cannot be trusted. Use another copy, or measure and save it again."
    )
    with pytest.raises(FileError, match=sentence(message)):
        Result.from_json(document)


def test_a_number_that_is_not_finite_names_its_pair(noised):
    with pytest.raises(MeasurementError, match="on prompt 1 under the patch"):
        noised.record(2, np.array([[np.inf]]), prompts=[3])


def test_the_range_over_draws_is_in_the_table(noised):
    """L0H0's effect is 2.5 under one draw and 4.5 under the other."""
    row = noised.table().set_index("node").loc["L0H0"]
    names = ("draw_low", "draw_high", "draw_sd")
    assert [row[f"logit_diff_{name}"] for name in names] == pytest.approx([2.5, 4.5, 2**0.5])
    nothing = noised.table().set_index("node").loc["L0H1"]
    assert [nothing[f"logit_diff_{name}"] for name in names] == [0, 0, 0]
    part = noised.table().set_index("node").loc["L1H0"]
    assert np.isnan([part[f"logit_diff_{name}"] for name in names]).all()


def test_a_table_without_draws_has_no_columns_for_them(small):
    assert not [name for name in small.table().columns if "draw" in name]


def test_the_map_that_is_drawn_has_the_range_over_draws(noised):
    """The mean gap is 3, so that L0H0 is 2.5/3 under one draw, 3.5/3 in the mean, 4.5/3."""
    header, block = explorer([noised])
    (shown,) = header.maps
    assert shown.draws is not None
    assert shown.draws.count == 2
    read = {name: read_array(getattr(shown.draws, name), block) for name in ("low", "high", "sd")}
    found = [float(read[name][0, 0, 0]) for name in read]
    assert found == pytest.approx([2.5 / 3, 4.5 / 3, 2**0.5 / 3], rel=1e-6)
    assert np.isnan(read["low"][0, 1, 0])
    loaded = Result.from_json(json.loads(json.dumps(noised.to_json())), "it")
    again, bytes_again = explorer([loaded])
    assert again.maps[0].draws is not None
    np.testing.assert_array_equal(read_array(again.maps[0].draws.high, bytes_again), read["high"])


def test_an_effect_away_from_the_source_has_its_smallest_draw_first(heads_plan, metrics):
    """A gap below 0 turns the order of the draws round."""
    runs = Baseline(clean=np.array([[0.0, 0.0]]), corrupted=np.array([[2.0, 2.0]]))
    turned = Result(
        heads_plan,
        metrics=metrics[:1],
        direction="denoising",
        baseline=runs,
        groups=["ABBA"],
        provenance={},
        draws=2,
    )
    turned.record(0, np.array([[1.0, 0.0]]))
    header, block = explorer([turned])
    draws = header.maps[0].draws
    assert draws is not None
    ends = [float(read_array(one, block)[0, 0, 0]) for one in (draws.low, draws.high, draws.sd)]
    assert ends == pytest.approx([0.5, 1, 0.5**0.5 / 2])
