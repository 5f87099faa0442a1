"""What the engine may be asked for, as hypothesis draws it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

import patchwidgets as pw
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from patchwidgets.prompts.corruptions.matched_noise import MatchedNoise
from patchwidgets.prompts.corruptions.uniform_noise import UniformNoise
from tests import parity
from tests.drawn import pairs
from tests.families import EVERY_FAMILY, NO_DOUBLE, NO_HALF, NO_NOISE, has_site, study_of, tiny_in

METRICS = ("logit_diff", "prob", "logprob", "kl_div", "prob_diff")
"""Those that rounding moves by rounding only."""

CELLS = 4

RECEIVERS = (*parity.RECEIVERS.values(), "L1.mlp_in", "L2H1.v@changed")
STOPS = ("L1H1.q", "L1H1.v", "L1H0.k@changed")
SENDERS = ("L0H1", "L1H2@changed", "L0.attn_out", "L1H1 -> L2H0.q")

AVERAGED = ("mean", "mean_by_role")
SOURCES = ("other", "other", "other", "zero", "resample", *AVERAGED)
DTYPES = ("float32", "float32", "float64", "bfloat16")


@dataclass(frozen=True)
class Case:
    """What is asked for.

    Args:
        family: Of the tiny model.
        prompts: Of the study.
        options: Of the study besides.
        sweep: Name of a sweep, or of a kind of path map.
        asked: Its options.
        cells: Which of its patches are measured.
        way: In which it is measured once more.
        identity: What must hold of its study.
        source: What patches write, as `sweep` takes it.
        dtype: Of the model's numbers.
    """

    family: str
    prompts: dict[str, Any]
    options: dict[str, Any]
    sweep: str
    asked: dict[str, Any]
    cells: tuple[int, ...]
    way: str
    identity: str = "patching everything is the source run"
    source: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"

    def study(self, executor: str = "auto", **changes: Any) -> Any:
        """Return the study, with its model, its prompts or some of its options changed."""
        given = {"store": False, **self.options, **changes}
        prompts = given.pop("prompts", self.prompts)
        model = given.pop("model", None) or tiny_in(self.family, self.dtype)
        return study_of(model, prompts, executor=executor, **given)

    def result(self, study: Any, client: Any = None) -> Any:
        """Return what is measured of the case, all in one map, by the workers of a client."""
        whole = study.plan(self.sweep, **self.asked)
        patches = whole.patches
        some = [patches[cell % len(patches)] for cell in dict.fromkeys(self.cells)]
        plan = parity.plan_of(list(dict.fromkeys(some)), whole.form)
        given = {"client": client, **self.source}
        if given.get("source") in AVERAGED:
            given["reference"] = pw.PromptPairs(**self.prompts)
        return study.sweep(lambda _spec, _shape: plan, **given).wait()

    def values(self, study: Any, client: Any = None) -> np.ndarray:
        """Return metric by patch by prompt."""
        return self.result(study, client).snapshot().values


@st.composite
def cases(
    draw: st.DrawFn,
    ways: Mapping[str, tuple[str, ...]],
    identities: Mapping[str, tuple[str, ...]],
) -> Case:
    """Draw a case; a few cannot be measured, and say so.

    Args:
        draw: Given by hypothesis.
        ways: By name, what a case must not have that is measured in it: noise, a source, a dtype,
            cells at each position, or prompts without a BOS.
        identities: The same, of what must hold.
    """
    dtype = draw(st.sampled_from(DTYPES))
    noise = draw(st.sampled_from([None, None, None, GaussianNoise, UniformNoise, MatchedNoise]))
    left_out = {"float64": NO_DOUBLE, "bfloat16": NO_HALF}.get(dtype, frozenset())
    left_out = left_out if noise is None else left_out | NO_NOISE
    family = draw(st.sampled_from([one for one in EVERY_FAMILY if one not in left_out]))
    options: dict[str, Any] = {
        "direction": draw(st.sampled_from(parity.DIRECTIONS)),
        "prepend_bos": draw(st.booleans()),
        "metric": draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=3, unique=True)),
    }
    if noise is not None:
        options |= {"corruption": noise(k=2.0, draws=draw(st.integers(1, 2))), "at": "changed"}
    sweep, asked = draw(_asked(family))
    source = {} if (name := draw(st.sampled_from(SOURCES))) == "other" else {"source": name}
    if name == "mean_by_role" and sweep != "paths_from":
        asked |= {"positions": "roles"}
    if name == "resample":
        source |= {"seed": draw(st.integers(0, 3))}
    cells = draw(st.lists(st.integers(0, 500), min_size=1, max_size=CELLS))
    has = {name, asked.get("positions"), dtype, "noise" if noise is not None else None}
    has |= set() if options["prepend_bos"] else {"no BOS"}
    way, identity = (
        draw(st.sampled_from([one for one, without in known.items() if not has & set(without)]))
        for known in (ways, identities)
    )
    whole = draw(pairs()), options, sweep, asked, tuple(cells), way, identity, source, dtype
    return Case(family, *whole)


@st.composite
def _asked(draw: st.DrawFn, family: str) -> tuple[str, dict[str, Any]]:
    """Draw a sweep or a path map, and its options."""
    kind = draw(st.sampled_from(["sweep", "sweep", "path", "path", "paths_from"]))
    if kind == "paths_from":
        sender = draw(st.sampled_from(SENDERS))
        return kind, {"sender": sender, "form": draw(st.sampled_from(parity.FORMS))}
    if kind == "path":
        receivers = draw(st.lists(st.sampled_from(RECEIVERS), min_size=1, max_size=2, unique=True))
        form, through = draw(st.sampled_from(parity.FORMS)), draw(st.sampled_from([None, *STOPS]))
        asked: dict[str, Any] = {"receivers": receivers, "form": form}
        asked |= {} if through is None else {"through": [through]}
        asked |= {"positions": draw(st.sampled_from([None, None, "roles", "each"]))}
        return kind, asked
    site = draw(st.sampled_from([one for one in parity.SWEEP_OF if has_site(family, one)]))
    sweep, asked = parity.SWEEP_OF[site], parity.asked_of(site)
    asked |= {"positions": draw(st.sampled_from([None, "roles", "each"]))}
    if sweep in ("mlp", "attn"):
        asked |= {"window": draw(st.integers(1, 3))}
    return sweep, asked
