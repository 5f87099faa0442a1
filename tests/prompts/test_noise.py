"""Noise on embeddings: its size, its draws, and the tokens it is added to."""

from typing import Any

import numpy as np
import pytest
import torch

from patchwidgets.errors import PromptError, UnknownNameError
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions._noise import Noise
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from patchwidgets.prompts.corruptions.matched_noise import MatchedNoise
from patchwidgets.prompts.corruptions.uniform_noise import UniformNoise
from patchwidgets.prompts.noise import places_of, with_noise
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import tokenize
from tests.families import word_tokenizer

KINDS = {"gaussian_noise": GaussianNoise, "uniform_noise": UniformNoise}
TEXT = "When Mary and John went to the store, John gave a bag to"
D = 12


def embeddings(tokens=40, seed=0):
    return np.random.default_rng(seed).normal(0.3, 0.7, (tokens, D))


def own(**changed: Any) -> PromptPairs:
    asked: dict[str, Any] = {
        "clean": [TEXT, "then Tom said that Anna gave a ring to"],
        "answers": [" Mary", " Tom"],
        "wrong_answers": [" John", " Anna"],
        "roles": {"S2": [9, 4], "name": [(5, 18), (5, 8)]},
    }
    return PromptPairs(**asked | changed)


def tokens(pairs, *, prepend_bos=True):
    tokenizer = word_tokenizer()
    return tokenize(pairs, tokenizer, prepend_bos=prepend_bos, needs_corrupted=False)


def places(pairs, at=None, sites=(), *, prepend_bos=True):
    return places_of(tokens(pairs, prepend_bos=prepend_bos), word_tokenizer(), at, sites)


@pytest.mark.parametrize("name", ["gaussian_noise", "uniform_noise", "matched_noise"])
def test_noise_describes_itself(name):
    member = CORRUPTIONS.get(name)
    assert isinstance(member, Noise)
    assert (member.name, member.acts_on, member.draws, member.seed) == (name, "embedding", 10, 0)
    assert member == type(member)()
    assert "2202.05262" in member.source


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_size_is_k_standard_deviations_of_all_numbers_of_the_embeddings(name):
    data = embeddings()
    fitted = KINDS[name](k=3.0).fit(data)
    assert fitted.sigma == pytest.approx(data.std(ddof=1), rel=1e-12)
    drawn = np.concatenate([fitted.draw(TEXT, draw, 500) for draw in range(10)])
    assert drawn.shape == (5000, D)
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(3 * fitted.sigma, rel=0.02)


def test_uniform_noise_stays_inside_its_bounds_and_gaussian_noise_does_not():
    bound = np.sqrt(3) * 3
    for noise, inside in ((UniformNoise(k=3.0), True), (GaussianNoise(k=3.0), False)):
        fitted = noise.fit(embeddings())
        drawn = fitted.draw(TEXT, 0, 2000) / fitted.sigma
        assert (np.abs(drawn).max() <= bound) == inside


def test_matched_noise_has_the_covariance_of_the_different_tokens():
    data = embeddings(5)
    fitted = MatchedNoise(k=2.0).fit(np.concatenate([data, data[:1], data[:1]]))
    drawn = np.concatenate([fitted.draw(TEXT, draw, 2000) for draw in range(20)])
    wanted = 4 * np.cov(data, rowvar=False)
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), wanted, atol=0.05 * wanted.max())
    assert np.linalg.matrix_rank(drawn, tol=1e-3) == 4


def test_matched_noise_does_not_depend_on_the_signs_and_order_of_its_directions():
    data = embeddings(6)
    one, other = (MatchedNoise().fit(rows) for rows in (data, data[::-1]))
    np.testing.assert_allclose(one.draw(TEXT, 0, 3), other.draw(TEXT, 0, 3), atol=1e-5)


@pytest.mark.parametrize("kind", [GaussianNoise, UniformNoise, MatchedNoise])
def test_a_draw_depends_on_seed_text_and_number_and_on_nothing_else(kind):
    fitted = kind().fit(embeddings())
    first = fitted.draw(TEXT, 0, 2)
    np.testing.assert_array_equal(first, kind(draws=3).fit(embeddings()).draw(TEXT, 0, 2))
    for other in (
        fitted.draw(TEXT, 1, 2),
        fitted.draw(TEXT + ".", 0, 2),
        kind(seed=1).fit(embeddings()).draw(TEXT, 0, 2),
    ):
        assert np.abs(first - other).min() > 0


def test_replaced_tokens_are_noised_without_a_role():
    other = ["When Mary and John went to the store, Mary gave a bag to"]
    assert places(PromptPairs(**one_pair(corrupted=other))) == [(10,)]
    assert places(PromptPairs(**one_pair(corrupted=other)), prepend_bos=False) == [(9,)]


def one_pair(**changed: Any) -> dict[str, Any]:
    return {"clean": [TEXT], "answers": [" Mary"], "wrong_answers": [" Tom"]} | changed


def test_the_rest_of_a_replaced_role_is_noised_too():
    """Of `Mary and John` only the last word is replaced; the role is all three."""
    other = ["When Mary and Paul went to the store, John gave a bag to"]
    assert places(PromptPairs(**one_pair(corrupted=other, roles={"names": (5, 18)}))) == [(2, 3, 4)]
    ends = {"names_first": "Mary", "names_last": (14, 18)}
    assert places(PromptPairs(**one_pair(corrupted=other, roles=ends))) == [(2, 3, 4)]


def test_roles_are_noised_by_name():
    assert places(own(), "S2") == [(10,), (5,)]
    assert places(own(), "name") == [(2, 3, 4), (2,)]
    assert places(own(), "name+S2") == [(2, 3, 4, 10), (2, 5)]
    assert places(own(), "END") == [(14,), (9,)]
    ioi = TASKS.get("ioi").pairs(1, 0, templates=["BABA 1"])[0]
    assert "S1+1" in ioi.roles
    pairs = PromptPairs(**one_pair(roles={"S1": 3, "S1+1": 4}))
    assert places(pairs, "S1+1") == [(5,)]
    assert places(pairs, "S1+S1+1") == [(4, 5)]
    assert places(PromptPairs(**one_pair(roles={"a_first": 1, "a_last": 3})), "a") == [(2, 3, 4)]


def test_every_pair_is_there_once_per_draw_with_the_same_clean_tokens():
    plain = tokens(own())
    fitted = GaussianNoise(draws=3).fit(embeddings())
    noised = with_noise(plain, places(own(), "name"), fitted)
    assert (noised.draws, noised.n_rows, len(noised.pairs)) == (3, 6, 2)
    short, long = noised.groups
    assert (short.members, long.members) == ((3, 4, 5), (0, 1, 2))
    assert [noised.pair_of(row) for row in (*long.members, *short.members)] == [0, 0, 0, 1, 1, 1]
    assert noised.answers.right == tuple(plain.answers.right[i] for i in (0, 0, 0, 1, 1, 1))
    assert torch.equal(long.clean, plain.groups[1].clean.expand(3, -1))
    assert torch.equal(long.clean, long.corrupted)
    assert long.roles["S2"].tolist() == [10, 10, 10]
    assert long.noise is not None
    assert long.differs.nonzero().tolist() == [[row, at] for row in range(3) for at in (2, 3, 4)]
    assert (long.first_difference, short.first_difference) == (2, 2)
    for draw in range(3):
        np.testing.assert_array_equal(long.noise[draw, 2:5], fitted.draw(TEXT, draw, 3))
    assert noised.diff(0) == [at in (2, 3, 4) for at in range(15)]
    assert noised.diff(1) == [at == 2 for at in range(10)]


def test_the_noise_of_a_pair_does_not_depend_on_its_company():
    fitted = GaussianNoise(draws=2).fit(embeddings())
    both = with_noise(tokens(own()), places(own(), "S2"), fitted)
    alone = own(
        clean=[TEXT], answers=[" Mary"], wrong_answers=[" John"], roles={"S2": 9, "name": 2}
    )
    one = with_noise(tokens(alone), places(alone, "S2"), fitted)
    (group,) = one.groups
    assert group.noise is not None
    other = both.groups[1].noise
    assert other is not None
    assert torch.equal(group.noise, other)


def test_noised_prompts_show_what_is_noised():
    fitted = GaussianNoise(draws=3).fit(np.array([[0.1, 0.3], [0.1, 0.3]]))
    shown = with_noise(tokens(own()), places(own(), "S2"), fitted).show(1)
    assert shown.split("\n")[:4] == [
        "gaussian_noise: 3 x 0.115, 3 draws, seed 0 on the tokens in [brackets]",
        "pair 0",
        "  clean      <bos>When Mary and John went to the store, [John] gave a bag to",
        "  corrupted  <bos>When Mary and John went to the store, [John] gave a bag to",
    ]


@pytest.mark.parametrize("name", ["gaussian_noise", "uniform_noise", "matched_noise"])
def test_a_site_gives_the_pairs_of_its_replacement_and_a_role_those_of_the_default(name):
    noise, ioi = CORRUPTIONS.get(name), TASKS.get("ioi")
    assert noise.pairs(ioi, 4, 1, at="ABC") == ioi.pairs(4, 1, at="ABC")
    assert noise.pairs(ioi, 4, 1, at="S1") == ioi.pairs(4, 1)
    assert noise.pairs(ioi, 4, 1) == ioi.pairs(4, 1)


def test_clean_prompts_alone_are_pairs_for_noise():
    pairs = own()
    assert [pair.corrupted for pair in pairs] == ["", ""]
    assert pairs[[1]][0] == pairs[1]


@pytest.mark.parametrize("k", [0, -1.0, float("inf"), float("nan")])
def test_noise_without_a_size_is_refused(k):
    with pytest.raises(PromptError) as caught:
        GaussianNoise(k=k)
    assert str(caught.value) == (
        f"`k={k!r}` is no size of noise. Noise is `k` times the standard deviation of the token "
        "embeddings, and without any the corrupted run is the clean run, so that there is nothing "
        "to patch. Give a number above 0, such as `k=3.0`."
    )


def test_no_draws_are_refused():
    with pytest.raises(PromptError) as caught:
        UniformNoise(draws=0)
    assert str(caught.value) == (
        "`draws=0` draws of noise were asked for. Every prompt pair is run with each draw, so "
        "there must be at least one, and ten show how much depends on the draw. Pass `draws=10`."
    )


def test_one_word_has_no_covariance():
    with pytest.raises(PromptError) as caught:
        MatchedNoise().fit(np.repeat(embeddings(1), 3, axis=0))
    assert str(caught.value) == (
        "`matched_noise` is as large as the embeddings of the noised tokens vary, and those of "
        "these 3 tokens do not vary, so that the noise would be zero. Use prompt pairs with "
        "different words there, or `gaussian_noise`, which needs only one."
    )


def test_a_role_that_no_prompt_has_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        places(own(), "S22", ["ABC"])
    assert str(caught.value) == (
        "There is no role or corruption site called 'S22'. Did you mean `S2`? Known: `ABC`, `S2`, "
        "`name`, `END`."
    )


def test_a_role_that_some_prompts_lack_is_refused():
    other = PromptPairs(**one_pair(clean=[TEXT.replace("bag", "ring")], roles={"S1": 3}))
    pairs = PromptPairs.of([PromptPairs(**one_pair(roles={"S2": 9}))[0], other[0]])
    with pytest.raises(PromptError) as caught:
        places(pairs, "S2")
    assert str(caught.value) == (
        "`pairs[1]` has no role `S2`, and other pairs do. Noise is added to it in every prompt. "
        "Give the role to every pair, or leave out the pairs without it."
    )


def test_noise_without_any_place_is_refused():
    with pytest.raises(PromptError) as caught:
        places(own())
    assert str(caught.value) == (
        "`pairs[0]` has no corrupted prompt, and no role was named for noise to be added to. Noise "
        "needs to know its tokens. Name a role, such as `at='subject'`, or give `corrupted=[...]`: "
        "the tokens that differ are noised then."
    )


def test_clean_prompts_alone_are_no_pairs_for_replacement():
    with pytest.raises(PromptError) as caught:
        tokenize(own(), word_tokenizer(), prepend_bos=True)
    assert str(caught.value) == (
        "`pairs[0]` has no corrupted prompt. Token replacement patches between the runs of two "
        "prompts. Add `corrupted=[...]` with one entry per pair, or corrupt the clean prompts by "
        "noise on a role: `pw.Study(model, pairs, corruption='gaussian_noise', at='subject')`."
    )
