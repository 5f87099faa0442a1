"""The contract of every site file: where it hooks, and how it is laid out.

On three families; `test_site_families.py` has what may differ on the others.
"""

import pytest
import torch

from patchwidgets.errors import ModelError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.layout import by_position
from patchwidgets.models.records import record
from patchwidgets.models.sites import SITES
from tests.families import FAMILIES, has_site, tiny

TOKENS = torch.arange(2, 14).reshape(2, 6)
OTHERS = torch.arange(20, 32).reshape(2, 6)
LAYERS = range(3)
TOLERANCE = 1e-5

PRESENT = [
    (family, site)
    for family in sorted(FAMILIES)
    for site in SITES.names()
    if has_site(family, site)
]
every_site = pytest.mark.parametrize(("family", "site"), PRESENT)
every_head_site = pytest.mark.parametrize(
    ("family", "site"), [(family, site) for family, site in PRESENT if SITES.get(site).heads]
)


def lens(family):
    return LensModel(tiny(family))


def laid_out(model, site, activation):
    """Return prompt, position, head if there are heads, width; writing to it writes through."""
    return by_position(SITES.get(site), activation, model.spec.d_head)


def run(model, hooks=(), sites=("z", "attn_out", "mlp_out")):
    """Return what some sites hold, and the logits, while `hooks` are attached."""
    with model.measuring(), model.hooked(list(hooks)):
        return record(model, TOKENS, sites)


def noise(activation):
    """Return the same random numbers for every activation of a shape."""
    return torch.randn(activation.shape, generator=torch.Generator().manual_seed(0))


def hook_of(site, layer):
    return SITES.get(site).hook.format(layer=layer)


def seen(model, site, hooks=(), layer=1, tokens=TOKENS):
    """Return one site's activation as a hook of ours receives it."""
    kept = []
    with model.measuring(), model.hooked([*hooks, (hook_of(site, layer), kept.append)]):
        model.forward(tokens)
    (activation,) = kept
    return activation.clone()


@every_site
def test_the_file_name_is_the_key_and_a_person_can_read_the_title(family, site):
    member = SITES.get(site)
    assert member.name == site
    assert member.title
    assert "{layer}" in member.hook


@every_site
def test_the_hook_of_every_layer_fires_exactly_once(family, site):
    model = lens(family)
    ours: list[int] = []
    hooks = [(hook_of(site, layer), lambda _, layer=layer: ours.append(layer)) for layer in LAYERS]
    with model.measuring(), model.hooked(hooks):
        model.forward_with(TOKENS, [(name, lambda _: None) for name, _ in hooks])
    assert ours == list(LAYERS)


@every_site
def test_shapes_are_those_of_the_spec(family, site):
    model = lens(family)
    member, spec = SITES.get(site), model.spec
    activation = seen(model, site)
    count = member.head_count(spec)
    heads = () if count is None else (count,)
    width = {"mlp_post": spec.d_mlp, "pattern": 6}.get(site, spec.d_head if heads else spec.d_model)
    assert laid_out(model, site, activation).shape == (2, 6, *heads, width)
    assert count == {None: None, "head": spec.n_heads, "kv_head": spec.n_kv_heads}[member.heads]


@every_site
def test_writing_its_own_value_changes_nothing(family, site):
    model = lens(family)
    own = [seen(model, site, layer=layer) for layer in LAYERS]
    hooks = [(hook_of(site, layer), lambda _, layer=layer: own[layer].clone()) for layer in LAYERS]
    with model.measuring():
        plain = model.forward(TOKENS)
        with model.hooked(hooks):
            patched = model.forward(TOKENS)
        unhooked = model.forward(TOKENS)
    torch.testing.assert_close(patched, plain, atol=TOLERANCE, rtol=0)
    assert torch.equal(unhooked, plain)


@every_site
def test_a_written_value_reaches_the_logits(family, site):
    model = lens(family)
    other = seen(model, site, tokens=OTHERS)
    with model.measuring():
        plain = model.forward(TOKENS)
        with model.hooked([(hook_of(site, 1), lambda _: other)]):
            patched = model.forward(TOKENS)
    assert (patched - plain).abs().max() > 0.01


@every_site
def test_the_record_holds_what_the_hook_sees(family, site):
    model = lens(family)
    kept = run(model, sites=[site]).site(site, 1)
    wanted = laid_out(model, site, seen(model, site))
    torch.testing.assert_close(kept, wanted, atol=0, rtol=0)


@every_site
@pytest.mark.parametrize("at", [0, 4])
def test_a_position_write_leaves_other_positions_alone(family, site, at):
    model = lens(family)

    def write(activation):
        rows = laid_out(model, site, activation)
        rows[:, at] += noise(rows)[:, at]

    hooks = [(hook_of(site, 1), write)]
    plain, written = (laid_out(model, site, seen(model, site, some)) for some in ((), hooks))
    others = [position for position in range(6) if position != at]
    assert torch.equal(written[:, others], plain[:, others])
    assert (written[:, at] != plain[:, at]).all()
    end = seen(model, "resid_post", [(hook_of(site, 1), write)], layer=2)
    assert torch.equal(end[:, :at], seen(model, "resid_post", layer=2)[:, :at])


@every_head_site
def test_writing_one_head_leaves_the_other_heads_alone(family, site):
    model = lens(family)
    count = SITES.get(site).head_count(model.spec)
    plain = laid_out(model, site, seen(model, site))
    for head in range(count):

        def write(activation, head=head):
            laid_out(model, site, activation)[:, :, head] += 1.0

        written = laid_out(model, site, seen(model, site, [(hook_of(site, 1), write)]))
        others = [other for other in range(count) if other != head]
        assert torch.equal(written[:, :, others], plain[:, :, others])
        assert (written[:, :, head] != plain[:, :, head]).all()


@every_head_site
def test_a_head_is_read_by_its_own_head_alone(family, site):
    model = lens(family)
    plain = run(model)
    z, attn_out = plain.site("z", 1), plain.site("attn_out", 1)
    count = SITES.get(site).head_count(model.spec)
    shared = model.spec.n_heads // count
    together = torch.zeros_like(attn_out)
    for head in range(count):

        def write(activation, head=head):
            laid_out(model, site, activation)[:, :, head] *= -1.5

        patched = run(model, [(hook_of(site, 1), write)])
        readers = list(range(head * shared, (head + 1) * shared))
        others = [other for other in range(model.spec.n_heads) if other not in readers]
        changed = patched.site("z", 1)
        torch.testing.assert_close(changed[:, :, others], z[:, :, others], atol=TOLERANCE, rtol=0)
        assert all((changed[:, :, one] - z[:, :, one]).abs().max() > 1e-3 for one in readers)
        together += patched.site("attn_out", 1) - attn_out

    def write_all(activation):
        activation *= -1.5

    whole = run(model, [(hook_of(site, 1), write_all)]).site("attn_out", 1)
    torch.testing.assert_close(attn_out + together, whole, atol=1e-4, rtol=0)


@every_site
def test_a_stage_says_where_a_value_takes_effect(family, site):
    model = lens(family)

    def write(activation):
        activation += noise(activation)

    plain, patched = run(model), run(model, [(hook_of(site, 1), write)])
    assert torch.equal(patched.site("mlp_out", 0), plain.site("mlp_out", 0))
    here = patched.site("attn_out", 1) - plain.site("attn_out", 1)
    after = patched.residual[2] - plain.residual[2]
    assert after.abs().max() > 1e-3
    stage = SITES.get(site).stage
    if stage == "before":
        assert here.abs().max() > 1e-3
    if stage == "after":
        assert not here.any()
        torch.testing.assert_close(after, noise(after), atol=TOLERANCE, rtol=0)


def test_a_hook_the_model_lacks_is_named():
    with pytest.raises(
        ModelError,
        match=r"^`tiny-llama` \(LlamaForCausalLM\) has no hook `blocks\.0\.hook_nonsense`, so this "
        r"site cannot be patched on it\. Patch another site, such as `resid_pre`\.$",
    ):
        lens("llama").hook_point("blocks.0.hook_nonsense")
