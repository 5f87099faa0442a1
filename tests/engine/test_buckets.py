"""Sweeps by bucket against sweeps by position, one prompt at a time."""

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchwidgets.errors import PlanError
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from tests.families import study_of, tiny

TOLERANCE = 1e-5
NAMES = ["Mary", "John", "Tom", "Anna", "Sara", "Paul"]
OTHERS = dict(zip(NAMES, [*NAMES[1:], NAMES[0]], strict=True))


def facts(subjects, after):
    """Return prompt pairs like facts: the subject of the clean prompt is another one corrupted."""
    shown = [" ".join(names) for names in subjects]
    hidden = [" ".join(OTHERS[name] for name in names) for names in subjects]
    return {
        "clean": [f"then the {s} {a}" for s, a in zip(shown, after, strict=True)],
        "corrupted": [f"then the {s} {a}" for s, a in zip(hidden, after, strict=True)],
        "answers": [" store"] * len(shown),
        "wrong_answers": [" park"] * len(shown),
        "roles": {"subject": shown},
    }


SUBJECTS = [["Mary", "John", "Tom"], ["Paul"], ["Sara", "Paul"], ["Tom", "Anna", "Sara", "Mary"]]
FACTS = facts(SUBJECTS, ["went to", "went to the park", "went to", "said"])
"""Three of the four have equally many tokens, and subjects of different lengths."""

ALIKE = facts([["Mary", "John", "Tom"], ["Sara", "Paul", "Anna"]], ["went to the", "said that the"])


def row(pairs, index):
    """Return one of the pairs."""
    columns = {name: [column[index]] for name, column in pairs.items() if name != "roles"}
    return columns | {"roles": {"subject": pairs["roles"]["subject"][index]}}


@cache
def alone(family, index):
    """Return a study of one of `FACTS`."""
    return study_of(tiny(family), row(FACTS, index))


def by_hand(studies, buckets, name, **options):
    """Return the effect in every map, by bucket and prompt, from sweeps of single positions."""
    effects = []
    for index, study in enumerate(studies):
        single = study.sweep(name, positions="each", **options).wait()
        maps = [single.effect(map=one.name)[..., 0].to_numpy() for one in single.plan.maps]
        nothing = np.full(maps[0].shape[:-1], np.nan)
        effects.append(
            [
                [
                    one[..., list(at)].mean(-1) if (at := buckets[bucket][index]) else nothing
                    for bucket in buckets
                ]
                for one in maps
            ]
        )
    return np.moveaxis(np.array(effects), 0, -1)


@pytest.mark.parametrize(
    ("family", "name", "options"),
    [
        ("gpt2", "mlp", {"window": 2}),
        ("gpt2", "residual", {"site": "resid_post"}),
        ("llama", "heads", {"site": "v"}),
    ],
)
def test_a_bucket_is_the_mean_of_its_positions(family, name, options):
    study = study_of(tiny(family), FACTS)
    assert len(study.prompts.groups) == 2
    result = study.sweep(name, positions="buckets", **options).wait()
    buckets = study.shape.buckets["subject"]
    wanted = by_hand([alone(family, index) for index in range(4)], buckets, name, **options)
    for plan_map, numbers in zip(result.plan.maps, wanted, strict=True):
        found = result.effect(map=plan_map.name).transpose("bucket", ...)
        assert list(found["bucket"].values) == list(buckets)
        np.testing.assert_allclose(found, numbers, atol=TOLERANCE)
    lacking = np.isnan(result.effect()).all(dim=[*result.effect().dims[:-2]]).to_numpy()
    assert lacking.tolist() == [
        [not places for places in buckets[bucket]] for bucket in result.plan.buckets.names
    ]
    assert result.progress.done == result.progress.total == len(result.plan.measured.patches)


def test_prompts_of_one_shape_are_as_in_a_sweep_by_position():
    study = study_of(tiny("gpt2"), ALIKE)
    by_position = study.sweep("mlp", positions="each", window=2).wait()
    result = study.sweep("mlp", positions="buckets", window=2).wait()
    single = {"subject_first": 3, "subject_middle": 4, "subject_last": 5, "subject+1": 6, "END": 8}
    for name in ("window", "alone"):
        single_effect, effect = by_position.effect(map=name), result.effect(map=name)
        for bucket, position in single.items():
            found = effect.sel(bucket=bucket)
            np.testing.assert_allclose(
                found, single_effect.sel(position=position), atol=TOLERANCE, err_msg=bucket
            )
    np.testing.assert_allclose(result.summed().sel(bucket="END"), by_position.summed()[:, 8])
    np.testing.assert_allclose(
        result.normalized().sel(bucket="subject_last"), by_position.normalized()[:, 5], atol=1e-5
    )


def test_the_sum_of_single_layers_is_by_bucket():
    result = study_of(tiny("gpt2"), FACTS).sweep("mlp", positions="buckets", window=3).wait()
    alone, summed = result.effect(map="alone"), result.summed(map="window")
    np.testing.assert_allclose(summed[1], alone.sum("layer", skipna=False), atol=TOLERANCE)
    np.testing.assert_allclose(summed[0], alone[:2].sum("layer", skipna=False), atol=TOLERANCE)


def test_every_draw_of_noise_has_its_buckets():
    noise = GaussianNoise(k=3.0, draws=2)
    study = study_of(tiny("gpt2"), FACTS, corruption=noise, at="subject")
    result = study.sweep("mlp", positions="buckets").wait()
    drawn = result.by_draw()
    assert drawn.dims == ("layer", "bucket", "draw")
    assert np.isfinite(drawn).all()
    by_pair = result.effect().mean("prompt")  # prompts without the bucket are left out
    np.testing.assert_allclose(drawn.mean("draw"), by_pair, atol=TOLERANCE)
    middle = result.draw_spread().sel(bucket="subject_middle")
    assert np.isfinite(middle["sd_draws"]).all()
    np.testing.assert_allclose(middle["effect"], by_pair.sel(bucket="subject_middle"))


@pytest.mark.filterwarnings("ignore:.* prefers the answer on :UserWarning")
def test_maps_by_bucket_are_compared_and_advised_on():
    study = study_of(tiny("gpt2"), FACTS)
    compared = study.compare("mlp", metrics=["logit_diff", "prob"], positions="buckets")
    effects = compared.effects(normalized=False)
    assert effects.shape == (2, 3 * 6)
    assert np.isfinite(effects).all(axis=None)
    middle = compared.result(compared.methods[0]).effect().sel(bucket="subject_middle")
    np.testing.assert_allclose(
        abs(effects["L1.mlp_out@subject_middle"].iloc[0]), abs(middle[1].mean("prompt"))
    )
    advised = [one.name for one in compared.result(compared.methods[0]).advice()]
    assert "too_few_to_test" in advised
    assert "all_effects_zero" not in advised


def test_buckets_are_stored_as_their_positions(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    study = study_of(tiny("gpt2"), FACTS)
    first = study.sweep("mlp", positions="buckets").wait()
    again = study.sweep("mlp", positions="buckets").wait()
    made = len(first.plan.measured.patches)
    assert first.provenance["cells_from_store"] == 0
    assert again.provenance["cells_from_store"] == made
    assert (first.numbers()[0] == again.numbers()[0])[~np.isnan(first.numbers()[0])].all()


def test_the_cost_is_that_of_every_position():
    study = study_of(tiny("gpt2"), FACTS)
    plan = study.plan("mlp", positions="buckets")
    assert study.cost(plan).cells == len(plan.measured.patches) == 3 * 5


def test_one_position_is_estimated_and_not_a_bucket():
    study = study_of(tiny("gpt2"), FACTS)
    said = (
        "`attribution` estimates patches at one position, and the mlp map is by bucket, which is "
        "several. Leave out `estimate`, or use `positions='roles'`."
    )
    with pytest.raises(PlanError, match=f"^{re.escape(said)}$"):
        study.estimate("mlp", positions="buckets")
    with pytest.raises(PlanError, match=f"^{re.escape(said)}$"):
        study.sweep("mlp", positions="buckets", estimate="attribution")


@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_any_spans_in_prompts_of_any_length(data):
    model = tiny("llama")
    subjects = [
        data.draw(st.permutations(NAMES))[: data.draw(st.integers(1, 4))]
        for _ in range(data.draw(st.integers(1, 2)))
    ]
    if all(len(names) == 1 for names in subjects):
        subjects[0] = NAMES[:2]
    after = [
        " ".join(["went", "to", "the", "store"][: data.draw(st.integers(1, 4))]) for _ in subjects
    ]
    pairs = facts(subjects, after)
    study = study_of(model, pairs)
    result = study.sweep("attn", positions="buckets").wait()
    buckets = {name: result.plan.buckets.of(name) for name in result.plan.buckets.names}
    singles = [study_of(model, row(pairs, index)) for index in range(len(subjects))]
    (wanted,) = by_hand(singles, buckets, "attn")
    found = result.effect().transpose("bucket", ...)
    np.testing.assert_allclose(found, wanted, atol=TOLERANCE)
