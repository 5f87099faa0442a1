"""Norms without what TransformerLens computes for hooks: the same to the last bit."""

import pytest
import torch

from patchwidgets.engine.plain_norms import plain_norms
from patchwidgets.models.bridge import LensModel
from tests.families import EVERY_FAMILY, tiny


def normed(model: LensModel, hidden: torch.Tensor) -> list[torch.Tensor]:
    return [norm(hidden) for norm in model.native_norms(0)]


@pytest.fixture
def hidden() -> torch.Tensor:
    torch.manual_seed(0)
    return 3 * torch.randn(2, 5, 1)


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_a_plain_norm_gives_the_same_bits(family: str, hidden: torch.Tensor) -> None:
    model = LensModel(tiny(family))
    hidden = hidden * torch.randn(model.spec.d_model)
    with torch.inference_mode():
        as_it_is = normed(model, hidden)
        with plain_norms(model, 0):
            assert all("forward" in vars(norm) for norm in model.native_norms(0))
            plain = normed(model, hidden)
    assert not any("forward" in vars(norm) for norm in model.native_norms(0))
    assert len(plain) == len(as_it_is)
    assert all(map(torch.equal, plain, as_it_is))


def test_families_with_rms_norms_have_plain_ones() -> None:
    assert len(LensModel(tiny("llama")).native_norms(0)) == 2
    assert len(LensModel(tiny("gemma2")).native_norms(0)) == 4


@pytest.mark.parametrize("point", ["hook_in", "hook_scale", "hook_normalized", "hook_out"])
def test_hooks_in_a_norm_act_as_without(point: str, hidden: torch.Tensor) -> None:
    model = LensModel(tiny("llama"))
    hidden = hidden * torch.randn(model.spec.d_model)
    hooks = [(f"blocks.0.ln1.{point}", lambda activation: 2 * activation)]
    with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_: None)
        untouched = normed(model, hidden)[0]
        with model.hooked(hooks):
            wanted = normed(model, hidden)[0]
            with plain_norms(model, 0):
                assert torch.equal(normed(model, hidden)[0], wanted)
    assert point == "hook_in" or not torch.allclose(wanted, untouched)
