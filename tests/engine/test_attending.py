"""What heads attend to, against TransformerLens' own attention patterns."""

import numpy as np
import pytest

from patchwidgets.errors import PlanError
from tests.models.tiny_ioi import ioi_study, tiny_ioi

TO = ["IO", "S2"]


def slow(study, side):
    """Return layer, head, role, pair, from one forward pass per pair."""
    found = np.full((3, 4, len(TO), len(study.prompts.pairs)), np.nan)
    for group in study.prompts.groups:
        for row, pair in enumerate(group.members):
            _, cache = tiny_ioi().run_with_cache(getattr(group, side)[row][None])
            end = int(group.roles["END"][row])
            for layer in range(3):
                pattern = cache[f"blocks.{layer}.attn.hook_pattern"][0, :, end]
                for k, role in enumerate(TO):
                    found[layer, :, k, pair] = pattern[:, int(group.roles[role][row])]
    return found


def test_it_is_the_pattern_of_both_runs():
    study = ioi_study(n=4)
    found = study.attention(TO)
    assert found.dims == ("run", "layer", "head", "role", "prompt")
    for side in ("clean", "corrupted"):
        np.testing.assert_allclose(found.sel(run=side), slow(study, side), atol=1e-5)
    assert float(abs(found.sel(run="clean") - found.sel(run="corrupted")).max()) > 1e-3


def test_draws_of_noise_are_averaged_over():
    study = ioi_study(n=2, corruption="gaussian_noise", at="S2")
    found = study.attention(TO)
    assert found.sizes["prompt"] == 2
    assert study.prompts.draws > 1
    again = ioi_study(n=2).attention(TO)
    np.testing.assert_allclose(found.sel(run="clean"), again.sel(run="clean"), atol=1e-5)
    assert float(abs(found.sel(run="corrupted") - found.sel(run="clean")).max()) > 1e-3


def test_a_role_that_is_none_is_refused():
    with pytest.raises(PlanError, match=r"^Some of the prompts have no role 'S3'\."):
        ioi_study(n=2).attention(["S3"])
