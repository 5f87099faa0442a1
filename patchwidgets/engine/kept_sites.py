"""Which activations of the unpatched runs have to be kept."""

from patchwidgets.models.records import ATTENTION
from patchwidgets.plans.plan import Plan

UNRECORDED = frozenset({"embed", "resid_pre", "resid_post"})
"""Sites that are in every run."""


def sites_of(plan: Plan) -> set[str]:
    """Return the sites that must be kept of both runs to measure a plan."""
    sites = {node.site for patch in plan.patches for node in patch.nodes}
    sites |= {patch.path.sender.site for patch in plan.patches if patch.path is not None}
    sites |= set() if plan.form is None else {"z", "mlp_out", "attn_out", ATTENTION}
    return sites - UNRECORDED
