"""Estimates by gradients are the slopes of what is measured, on every family."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from patchwidgets.engine.attribution import attribute
from patchwidgets.engine.cells import resolve
from patchwidgets.engine.edges import attribute_edges
from patchwidgets.engine.kept_sites import sites_of
from patchwidgets.engine.path_receivers import resolve_stops
from patchwidgets.engine.path_reference import PathReference
from patchwidgets.engine.reference import reference_logits
from patchwidgets.models.sites import SITES
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.paths import path_plan
from tests.families import EVERY_FAMILY, PAIRS, has_site, study_of, tiny

EVERY_PROMPT = slice(None)
EPSILON = 0.006


SMOOTH = [family for family in EVERY_FAMILY if family not in ("mixtral", "opt")]
"""A mixture of experts has kinks: what is near the base run may be given to other experts. So has
OPT: its neurons are rectified."""


@pytest.fixture(params=SMOOTH)
def family(request):
    return request.param


@pytest.fixture
def study(family):
    return study_of(tiny(family), PAIRS)


def kept_runs(study, plan_or_patches):
    """Return the runs of a study's one group with the sites of the patches kept."""
    patches = getattr(plan_or_patches, "patches", plan_or_patches)
    sites = {node.site for patch in patches for node in patch.nodes} - {"embed"}
    if hasattr(plan_or_patches, "patches"):
        sites |= sites_of(plan_or_patches)
    with study._session.model.measuring():
        (runs,) = study._session.runs_with(sites - {"resid_pre", "resid_post"})
    return runs


def estimated(study, patches, **options):
    lens, runs = study._session.model, kept_runs(study, patches)
    with lens.differentiating():
        return attribute(lens, runs, patches, EVERY_PROMPT, lambda: None, **options)


def estimated_edges(study, plan, **options):
    lens, runs = study._session.model, kept_runs(study, plan)
    with lens.differentiating():
        return attribute_edges(lens, runs, plan, EVERY_PROMPT, lambda: None, **options)


def towards(runs, share):
    """Return the source run moved to `share` of its distance from the base run."""
    base, source = runs.base, runs.source

    def between(here, there):
        return tuple(a + share * (b - a) for a, b in zip(here, there, strict=True))

    return replace(
        source,
        residual=between(base.residual, source.residual),
        activations={
            site: between(base.activations[site], source.activations[site])
            for site in base.activations
        },
    )


def slope(measure):
    """Return d measure / d share at 0, exact up to the fourth order."""
    near = measure(EPSILON) - measure(-EPSILON)
    far = measure(2 * EPSILON) - measure(-2 * EPSILON)
    return (8 * near - far) / (12 * EPSILON)


def one_of_each_site(family):
    """Return a patch of every site the family has, at one position or at every one."""
    nodes = [Node("embed"), Node("pattern", 2, 1, 14, None, 9)]
    nodes += [Node("mlp_post", 1, neurons=(3, 9))]
    for name in SITES.names():
        head = None if SITES.get(name).heads is None else 1
        nodes.append(Node(name, len(nodes) % 3, head, None if len(nodes) % 2 else "S2"))
    there = [node for node in nodes if node.site == "embed" or has_site(family, node.site)]
    return [Patch((node,)) for node in there]


def require_slopes(study, patches, got):
    """Check that estimates are the slopes of what whole forward passes measure."""
    lens, runs = study._session.model, kept_runs(study, patches)
    with lens.measuring():
        for index, patch in enumerate(patches):
            cell = resolve(index, patch.nodes, runs.group.roles, runs.first, runs.batch)

            def measure(share, cell=cell):
                source = towards(runs, share)
                logits = reference_logits(lens, runs.base, source, cell, EVERY_PROMPT)
                return runs.reader.of_logits(logits)

            wanted = slope(measure)
            scale = np.maximum(1, np.abs(wanted))
            assert (np.abs(got[:, index] - wanted) / scale).max() < 1e-3, str(patch)


def test_estimates_are_the_slope_of_the_exact_effect(study, family):
    patches = one_of_each_site(family)
    require_slopes(study, patches, estimated(study, patches, softmax_fix=False))


SEVERAL = ["L1H0.q@S2", "L2H1.k", "L2H3.q", "L2H0.v@14"]
ONE = [(["logits"], "direct"), (["logits"], "pinned"), (["L2H1.v"], "pinned")]


@pytest.mark.parametrize(
    ("receivers", "form"), [*ONE, *((SEVERAL, form) for form in ("direct", "pinned", "pinned_all"))]
)
def test_edge_estimates_are_the_slope_of_the_path_that_is_measured(study, family, receivers, form):
    with_mlps = has_site(family, "mlp_out")
    kinds = ["heads", "embed", *(["mlp", "neurons"] if with_mlps else [])]
    asked: dict[str, Any] = {"senders": kinds, "block": 16 if with_mlps else None}
    plan = path_plan(study._session.model.spec, receivers, form, study.shape, **asked)
    got = estimated_edges(study, plan)
    lens, runs = study._session.model, kept_runs(study, plan)
    senders = [Node("z", 0, 1), Node("embed")]
    if with_mlps:
        senders += [Node("mlp_out", 1), Node("mlp_post", 1, neurons=(16, 32))]
    paths: list[Any] = [patch.path for patch in plan.patches]
    chosen = [i for i, path in enumerate(paths) if path.sender in senders]
    assert len(chosen) == len(senders)
    path = paths[0]
    stops = resolve_stops(path, runs.group.roles, runs.batch, lens.spec.n_layers)
    with lens.measuring():
        for index in chosen:
            sender = paths[index].sender
            cell = resolve(index, [sender], runs.group.roles, runs.first, runs.batch)

            def measure(share, cell=cell):
                source = towards(runs, share)
                run = PathReference(lens, runs.base, source, stops, EVERY_PROMPT)
                return runs.reader.of_logits(run.logits(form, cell))

            wanted = slope(measure)
            scale = np.maximum(1, np.abs(wanted))
            assert (np.abs(got[:, index] - wanted) / scale).max() < 1e-3, str(plan.patches[index])
