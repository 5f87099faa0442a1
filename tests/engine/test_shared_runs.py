"""One clean run for all draws of noise: the same numbers as a clean run for each."""

import numpy as np
import pytest
import torch

from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import record
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from tests.engine.test_noise import noised
from tests.families import PAIRS, tiny


@pytest.mark.parametrize("family", ["gpt2", "bloom", "mistral", "mixtral"])
def test_the_clean_run_of_all_draws_is_that_of_each(family):
    """Prompts are run once; bloom has a bias for every head of every prompt."""
    model = LensModel(tiny(family))
    tokens = torch.tensor([[0, 2, 5, 7], [0, 3, 5, 7]])
    rows = torch.tensor([0, 0, 1, 1, 1])
    with torch.inference_mode():
        shared = record(model, tokens, ["z"]).repeated(rows)
        each = record(model, tokens[rows], ["z"])
    assert torch.equal(shared.tokens, each.tokens)
    kept = [
        (*one.residual, *one.keys, *one.values, *one.activations["z"], one.logits)
        for one in (shared, each)
    ]
    for layer, call in enumerate(each.calls):
        same = shared.calls[layer]
        kept[0] += tuple(tensors_in((same.args, *same.kwargs.values())))
        kept[1] += tuple(tensors_in((call.args, *call.kwargs.values())))
    for one, other in zip(*kept, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def tensors_in(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return (
        [each for item in value for each in tensors_in(item)]
        if isinstance(value, tuple | list)
        else []
    )


def test_a_pair_has_one_clean_run_for_all_its_draws():
    """Prompts of each whole run: the noised tokens for their size, three clean, twelve noised."""
    model, asked = tiny("llama"), []
    count = model.embed.register_forward_hook(lambda _, given, __: asked.append(len(given[0])))
    try:
        noised("llama", noise=GaussianNoise(k=1.0, draws=4))
    finally:
        count.remove()
    assert asked == [1, 3, 12]


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_a_shared_clean_run_gives_the_numbers_of_the_reference(direction):
    one = {name: value if name == "roles" else value[:1] for name, value in PAIRS.items()}
    fast, slow = (
        noised("bloom", one, direction=direction, executor=how).sweep("heads").wait()
        for how in ("auto", "reference")
    )
    assert fast.provenance["executor"] == "wavefront"
    np.testing.assert_allclose(fast.numbers()[0], slow.numbers()[0], atol=1e-5)
