"""What every site is on every family: it fires once, and what is written is what arrives."""

import pytest
import torch

from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import record
from patchwidgets.models.sites import SITES
from tests.families import EVERY_FAMILY, FACTORS, POST_NORM, has_site, tiny

TOKENS = torch.arange(2, 14).reshape(2, 6)
LAYERS = range(3)
WHOLE = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")
every_family = pytest.mark.parametrize("family", EVERY_FAMILY)


def sites_of(family):
    return [site for site in (*WHOLE, "z", "q", "k", "v") if has_site(family, site)]


def seen(family, hooks=()):
    """Return every site's activations as hooks of ours receive them, by site and layer."""
    model = LensModel(tiny(family))
    kept: dict[tuple[str, int], list[torch.Tensor]] = {}

    def keeps(key):
        return lambda activation: kept.setdefault(key, []).append(activation.clone())

    keys = [(site, layer) for site in sites_of(family) for layer in LAYERS]
    reading = [(SITES.get(site).hook.format(layer=at), keeps((site, at))) for site, at in keys]
    with model.measuring(), model.hooked([*hooks, *reading]):
        model.forward(TOKENS)
    assert [len(kept[key]) for key in keys] == [1] * len(keys)
    return {key: activation for key, (activation,) in kept.items()}


def close(one, other):
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@every_family
def test_what_is_written_is_what_the_residual_stream_gains(family):
    """So norms and residual sums inside attention and MLP modules are on the right side."""
    at, factor = seen(family), FACTORS.get(family, 1)
    for layer in LAYERS:
        before, after = at["resid_pre", layer], at["resid_post", layer]
        written = factor * at["attn_out", layer]
        if has_site(family, "resid_mid"):
            close(at["resid_mid", layer], before + written)
        if has_site(family, "mlp_out"):
            written = written + factor * at["mlp_out", layer]
        close(after, before + written)


@every_family
def test_shapes_are_those_of_the_spec(family):
    spec = LensModel(tiny(family)).spec
    for (site, _), activation in seen(family).items():
        count = SITES.get(site).head_count(spec)
        if count is None:
            assert activation.shape == (2, 6, spec.d_model)
        elif activation.ndim == 3:
            assert activation.shape == (2, 6, count * spec.d_head)
        else:
            assert activation.shape == (2, 6, count, spec.d_head)


@every_family
def test_a_written_value_is_what_the_residual_stream_gains(family):
    for site in ("attn_out", "mlp_out"):
        if not has_site(family, site):
            continue

        def write(activation):
            activation[:, 3] += 1.0

        plain = seen(family)
        changed = seen(family, [(SITES.get(site).hook.format(layer=2), write)])
        gained = changed["resid_post", 2] - plain["resid_post", 2]
        if site == "mlp_out":
            close(gained[:, 3], torch.full_like(gained[:, 3], FACTORS.get(family, 1)))
        assert not gained[:, [0, 1, 2, 4, 5]].any()
        assert (changed[site, 2] - plain[site, 2])[:, 3].abs().min() > 0.9


@every_family
def test_keys_and_values_are_kept_whole(family):
    """Also those that a sliding-window layer forgets; a model without a cache has none to keep."""
    model = LensModel(tiny(family))
    with model.measuring():
        run = record(model, TOKENS, ["v"])
    if family == "attention_only":
        assert run.keys == ()
        assert run.values == ()
        return
    for layer in LAYERS:
        assert run.keys[layer].shape == (2, model.spec.n_kv_heads, 6, model.spec.d_head)
        close(run.values[layer].transpose(1, 2), run.site("v", layer))


@every_family
def test_transformer_lens_own_hooks_are_not_the_callers(family):
    """OPT mirrors the hooks of its MLP, from the first forward pass on."""
    model = LensModel(tiny(family))
    with model.measuring():
        model.forward(TOKENS)
    assert model.callers_hooks() == []
    bridge = model.bridge
    bridge.add_hook("blocks.1.hook_resid_pre", lambda activation, hook: None)
    try:
        assert model.callers_hooks() == ["blocks.1.hook_in"]
    finally:
        bridge.reset_hooks()


@pytest.mark.parametrize("family", sorted(POST_NORM))
def test_post_norms_come_before_what_is_written(family):
    """`attn_out` is what the norm returns, not what the attention module does."""
    kept = []
    hooks = [("blocks.1.ln1_post.hook_in", kept.append)]
    written = seen(family, hooks)["attn_out", 1]
    assert (written - kept[0]).abs().max() > 0.1
