"""The mean of a role over reference prompts of any length, against plain hooks."""

from typing import Any

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.errors import PlanError, PromptError
from tests.families import PAIRS, RAGGED, study_of, tiny, tiny_in

TOLERANCE = 1e-4
PRECISE = {"float32": TOLERANCE, "float64": 1e-12}
SHORT = {
    "clean": [
        "then Mary and John said that John gave a bag to",
        "Tom said that Anna gave a ring to",
    ],
    "corrupted": [
        "then Mary and John said that Mary gave a bag to",
        "Paul said that Anna gave a ring to",
    ],
    "answers": [" Mary", " Tom"],
    "wrong_answers": [" John", " Anna"],
    "roles": {"S2": [6, 3]},
}
REFERENCE = pw.PromptPairs(**SHORT)
"""Of two lengths, neither of which `PAIRS` has, and without labels of templates."""


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def model(request):
    return tiny(request.param)


def mean_at(model, role, name):
    """Return the mean over the reference prompts of one activation at a role, prompt by prompt."""
    found = []
    for pair in REFERENCE:
        tokens = model.to_tokens(pair.corrupted, prepend_bos=True)
        _, cache = model.run_with_cache(tokens)
        place = -2 if role == "END" else pair.roles[role]
        assert isinstance(place, int)
        found.append(cache[name][0, place + 1])
    return torch.stack(found).mean(0)


def by_hooks(study, model, name, role, head=None):
    """Return what one patch gives: the logit difference of every prompt, by plain hooks."""
    values, found = mean_at(model, role, name), np.full(len(study.prompts.pairs), np.nan)
    for group in study.prompts.groups:
        rows, at = torch.arange(len(group.members)), group.roles[role]

        def write(activation, hook, rows=rows, at=at):
            index = (rows, at) if head is None else (rows, at, torch.full_like(at, head))
            activation[index] = values if head is None else values[head]
            return activation

        last = model.run_with_hooks(group.clean, fwd_hooks=[(name, write)])[:, -1].detach()
        answers = study.prompts.answers.select(group.members)
        right, wrong = (torch.tensor(ids)[:, 0] for ids in (answers.right, answers.wrong))
        found[list(group.members)] = (last[rows, right] - last[rows, wrong]).numpy()
    return found


@pytest.mark.parametrize("role", ["S2", "END"])
@pytest.mark.parametrize(
    ("family", "dtype"), [("gpt2", "float32"), ("llama", "float32"), ("gpt2", "float64")]
)
def test_a_role_is_given_the_mean_of_the_same_role(family, dtype, role):
    model = tiny_in(family, dtype)
    study = study_of(model, RAGGED, direction="noising")
    asked = {"source": "mean_by_role", "reference": REFERENCE, "positions": [role]}
    mlps = study.sweep("mlp", **asked).wait()
    assert mlps.provenance["executor"] == "wavefront"
    assert mlps.provenance["source"].startswith("mean by role over 2 prompts ")
    for layer in range(3):
        wanted = by_hooks(study, model, f"blocks.{layer}.hook_mlp_out", role)
        np.testing.assert_allclose(mlps.patched()[layer, 0], wanted, rtol=0, atol=PRECISE[dtype])
    heads = study.sweep("heads", **asked)
    for layer, head in ((0, 0), (2, 3)):
        wanted = by_hooks(study, model, f"blocks.{layer}.attn.hook_z", role, head)
        np.testing.assert_allclose(
            heads.patched()[layer, head, 0], wanted, rtol=0, atol=PRECISE[dtype]
        )


@pytest.mark.parametrize("site", ["q", "v"])
def test_maps_and_paths_by_role_equal_the_reference_executor(model, site):
    asked = {"source": "mean_by_role", "reference": REFERENCE, "positions": "roles"}
    fast, slow = (study_of(model, RAGGED, executor=one) for one in ("auto", "reference"))
    for name, options in (("heads", {"site": site}), ("residual", {})):
        here, there = (one.sweep(name, **asked, **options).patched() for one in (fast, slow))
        np.testing.assert_allclose(here, there, atol=TOLERANCE)
    here, there = (one.path("L2H0.v", **asked).patched() for one in (fast, slow))
    np.testing.assert_allclose(here, there, atol=TOLERANCE)


def test_where_all_prompts_are_of_one_template_it_is_the_mean_by_position(model):
    study = study_of(model, PAIRS, direction="noising")
    asked = {"reference": study.prompts.pairs, "positions": "roles"}
    one = study.sweep("mlp", source="mean", **asked).patched()
    other = study.sweep("mlp", source="mean_by_role", **asked).patched()
    np.testing.assert_allclose(one, other, atol=TOLERANCE)


def test_a_mean_by_position_mixes_words_where_prompts_differ_and_one_by_role_does_not(model):
    """Two templates of one length, without labels: S2 stands elsewhere in each."""
    mixed: dict[str, Any] = {
        name: list(column) * 2 for name, column in PAIRS.items() if name != "roles"
    }
    for side in ("clean", "corrupted"):
        mixed[side][3:] = [text.replace("When ", "", 1) + " a" for text in mixed[side][3:]]
    mixed["roles"] = {"S2": [9] * 3 + [8] * 3}
    reference = pw.PromptPairs(**mixed)
    study = study_of(model, PAIRS, direction="noising")
    asked = {"reference": reference, "positions": ["S2"]}
    by_position = study.sweep("residual", source="mean", **asked).patched()
    by_role = study.sweep("residual", source="mean_by_role", **asked).patched()
    assert np.abs(by_position - by_role).max() > 1e-3


def test_a_run_again_gives_the_same_and_costs_are_told(model):
    study = study_of(model, PAIRS)
    asked = {"source": "mean_by_role", "reference": REFERENCE, "positions": "roles"}
    result = study.sweep("mlp", **asked).wait()
    code = result.provenance["code"].splitlines()[-1].removeprefix("result = ")
    again = eval(code, {"study": study, "reference": REFERENCE})
    np.testing.assert_array_equal(again.effect(), result.effect())
    assert study.cost("mlp", **asked).cells == 6


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            {"name": "heads"},
            "`source='mean_by_role'` has a mean for every role, and `L0H0` is not written at a "
            "role. At other positions stand other words in every prompt, and their mean would mix "
            "them. Ask for `positions='roles'` or `positions=['END']`, or write `source='mean'`, "
            "over reference prompts of the same template and length.",
        ),
        (
            {
                "name": "mlp",
                "positions": ["S2"],
                "reference": pw.PromptPairs(**PAIRS | {"roles": {}}),
            },
            "`source='mean_by_role'` has no mean for `L0.mlp_out@S2`: not every reference prompt "
            "has the role `S2`; all have `END`. Give the reference prompts that role "
            "(`pw.PromptPairs(..., roles={...})`), or name roles in `positions=`.",
        ),
        (
            {"name": "pattern", "heads": ["L0H0"], "positions": ["END"]},
            "`source='mean_by_role'` has no mean of `L0H0.pattern@END`: an attention pattern is as "
            "wide as its prompt is long. Patch another site, or write `source='mean'`, over "
            "reference prompts of the same template and length.",
        ),
    ],
)
def test_what_has_no_mean_of_a_role_is_refused(ask, said):
    with pytest.raises(PlanError) as caught:
        study_of(tiny("gpt2"), PAIRS).sweep(
            **{"source": "mean_by_role", "reference": REFERENCE} | ask
        ).wait()
    assert str(caught.value) == said


def test_two_roles_at_one_token_that_are_apart_elsewhere_are_refused():
    pairs = PAIRS | {"roles": {"S2": 9, "giver": 9}}
    apart = pw.PromptPairs(**SHORT | {"roles": {"S2": [6, 3], "giver": [3, 0]}})
    together = pw.PromptPairs(**SHORT | {"roles": {"S2": [6, 3], "giver": [6, 3]}})
    study = study_of(tiny("gpt2"), pairs)
    asked = {"source": "mean_by_role", "positions": ["S2"]}
    assert np.isfinite(study.sweep("mlp", **asked, reference=together).patched()).all()
    with pytest.raises(PromptError) as caught:
        study.sweep("mlp", **asked, reference=apart).wait()
    assert str(caught.value) == (
        "`S2` and `giver` are the same token in some prompt and different ones in some reference "
        "prompt, so that two means would be written at one place. Leave one of these roles out of "
        "the prompt pairs."
    )
