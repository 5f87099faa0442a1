"""Facts about patches that need no second implementation, on what hypothesis draws.

Each returns what was measured, and what it must be.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from tests import parity
from tests.prove._cases import Case

Both = tuple[np.ndarray, np.ndarray]


def _nothing(case: Case) -> Both:
    """Patch the beginning of the sequence, where both runs have the same."""
    study = case.study()
    measured = _measured(study, [Node("resid_pre", layer, None, 0) for layer in range(3)])
    return measured, np.broadcast_to(study._baseline.base(study.direction)[:, None], measured.shape)


def _everything(case: Case) -> Both:
    """Patch all that the first block reads, or all that the last one wrote."""
    study = case.study()
    measured = _measured(
        study, [Node("embed"), Node("resid_pre", 0), Node("resid_pre", 2), Node("resid_post", 2)]
    )
    wanted = study._baseline.source(study.direction)[:, None]
    return measured, np.broadcast_to(wanted, measured.shape)


def _all_direct_edges(case: Case) -> Both:
    """Let all that reads the stream after a sender know of it, and the logits."""
    study = case.study()
    spec = study._session.model.spec
    after = range(1, spec.n_layers)
    receivers = [f"L{at}H{head}.q" for at in after for head in range(spec.n_heads)]
    receivers += [
        f"L{at}H{head}.{site}" for at in after for head in range(spec.n_kv_heads) for site in "kv"
    ]
    receivers += [f"L{at}.mlp_in" for at in range(spec.n_layers) if spec.d_mlp]
    edges = study.path([*receivers, "logits"], form="direct", senders=["heads"])
    plain = study.sweep("heads")
    return edges.wait().snapshot().values, plain.wait().snapshot().values


def _measured(study: Any, nodes: list[Node]) -> np.ndarray:
    plan = parity.plan_of([Patch(nodes=(node,)) for node in nodes])
    return study.sweep(lambda _spec, _shape: plan).wait().snapshot().values


IDENTITIES: dict[str, tuple[Callable[[Case], Both], tuple[str, ...]]] = {
    "patching nothing is the base run": (_nothing, ("no BOS",)),
    "patching everything is the source run": (_everything, ()),
    "all direct edges of a sender are the plain patch": (_all_direct_edges, ("bfloat16",)),
}
"""And what a case must not have: without a BOS the first token may differ, and in half precision
every edge rounds the stream once more."""
