"""Plans by bucket: which positions are measured, and what is refused."""

import re

import pytest

from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from patchwidgets.plans.sweeps import SWEEPS
from tests.plans.test_plans import ONE, SPEC

SUBJECT = {
    "subject_first": ((2,), (1,)),
    "subject_middle": ((3, 4), ()),
    "subject_last": ((5,), (2,)),
    "subject+1": ((6,), (3,)),
    "subject+further": ((), ()),
    "END": ((6,), (3,)),
}
FACTS = PromptShape(
    lengths=(4, 7), roles=("subject_last", "END"), labels=(), buckets={"subject": SUBJECT}
)
PLACE = {"place_first": ((1,), (1,)), "END": ((6,), (3,))}
TWO_SPANS = PromptShape(
    lengths=(4, 7), roles=("END",), labels=(), buckets={"subject": SUBJECT, "place": PLACE}
)


@pytest.mark.parametrize("name", ["mlp", "attn", "residual"])
@pytest.mark.parametrize("window", [1, 3])
def test_a_plan_by_bucket_has_a_column_for_every_bucket_that_a_prompt_has(name, window):
    plan = SWEEPS.get(name)(SPEC, FACTS, positions="buckets", window=window)
    kept = ("subject_first", "subject_middle", "subject_last", "subject+1", "END")
    for plan_map in plan.maps:
        assert [axis.name for axis in plan_map.axes] == ["layer", "bucket"]
        assert plan_map.axes[1].labels == kept
    assert plan.buckets is not None
    assert plan.buckets.counts() == dict(zip(kept, (2, 1, 2, 2, 2), strict=True))
    assert Plan.from_json(plan.to_json()) == plan
    assert str(plan.patches[-1]).endswith("@END")


def test_every_position_that_some_prompt_has_is_measured_once():
    plan = SWEEPS.get("mlp")(SPEC, FACTS, positions="buckets")
    written = [str(patch) for patch in plan.measured.patches]
    assert written == [f"L{layer}.mlp_out@{at}" for at in range(1, 7) for layer in range(4)]
    assert plan.measured.measured is plan.measured
    assert plan.describe() == "mlp: 20 patches in mlp (layer x bucket), 24 to measure"


def test_windows_are_measured_position_by_position_too():
    plan = SWEEPS.get("mlp")(SPEC, FACTS, positions=["subject_middle"], window=3)
    written = [str(patch) for patch in plan.measured.patches]
    assert written == [
        f"{layers}.mlp_out@{at}"
        for at in (3, 4)
        for layers in ("L0-L1", "L0-L2", "L1-L3", "L2-L3", "L0", "L1", "L2", "L3")
    ]


def test_heads_go_by_bucket():
    plan = SWEEPS.get("heads")(SPEC, FACTS, positions=["subject_middle", "END"])
    assert [axis.name for axis in plan.maps[0].axes] == ["layer", "head", "bucket"]
    assert len(plan.measured.patches) == 4 * 6 * 3  # positions 3, 4 and 6


def test_roles_that_all_prompts_have_stay_roles():
    plan = SWEEPS.get("mlp")(SPEC, FACTS, positions=["subject_last", "END"])
    assert plan.maps[0].axes[1].name == "role"
    assert plan.buckets is None
    assert plan.measured is plan


def test_one_of_several_spans_is_named():
    plan = SWEEPS.get("mlp")(SPEC, TWO_SPANS, positions="buckets:place")
    assert plan.maps[0].axes[1].labels == ("place_first", "END")


REFUSALS = [
    (
        ONE,
        "buckets",
        PlanError,
        "The prompts have no span, that is no role of several tokens that every pair has (their "
        "roles: `S2`, `END`). Buckets are the first, middle and last tokens of a span and what "
        "follows it. Use `positions='roles'`, or mark a span in your own prompt pairs by its text, "
        "as in `roles={'subject': 'Eiffel Tower'}`.",
    ),
    (
        TWO_SPANS,
        "buckets",
        PlanError,
        "The prompts have 2 spans: `subject`, `place`. Buckets are the parts of one of them and "
        "what follows it. Name it, as in `positions='buckets:subject'`.",
    ),
    (
        FACTS,
        "buckets:object",
        UnknownNameError,
        "There is no span called 'object'. Did you mean `subject`? Known: `subject`.",
    ),
    (
        FACTS,
        ["subject_last", "subject+further"],
        PlanError,
        "No prompt has a token in the bucket `subject+further`, so there is nothing to patch in "
        "it. Buckets that some prompts have: `subject_first`, `subject_middle`, `subject_last`, "
        "`subject+1`, `END`.",
    ),
    (
        FACTS,
        ["subject_middle", "S2"],
        PlanError,
        "'S2' is not a bucket, and 'subject_middle' is one. A map is by bucket or by single "
        "positions. Use buckets only: `subject_first`, `subject_middle`, `subject_last`, "
        "`subject+1`, `subject+further`, `END`.",
    ),
    (
        FACTS,
        "bukets",
        UnknownNameError,
        "There is no way to choose positions called 'bukets'. Did you mean `buckets`? Known: "
        "`each`, `roles`, `buckets`.",
    ),
]


@pytest.mark.parametrize(("shape", "positions", "kind", "said"), REFUSALS)
def test_buckets_that_there_are_not_are_refused(shape, positions, kind, said):
    with pytest.raises(kind, match=f"^{re.escape(said)}$"):
        SWEEPS.get("mlp")(SPEC, shape, positions=positions)


def test_a_window_wider_than_the_model_is_refused_by_bucket_too():
    with pytest.raises(PlanError, match=r"^`window=5` is not a number of layers of `llama`"):
        SWEEPS.get("mlp")(SPEC, FACTS, positions="buckets", window=5)


@pytest.mark.parametrize("name", ["neurons", "pattern"])
def test_other_sweeps_are_not_by_bucket(name):
    said = (
        "`positions='buckets'` asks for buckets, which are several positions each, and this map "
        "takes one position of every prompt at a time. Use `positions='roles'`, or one of the "
        "sweeps by bucket: `mlp`, `attn`, `residual` or `heads`."
    )
    with pytest.raises(PlanError, match=f"^{re.escape(said)}$"):
        SWEEPS.get(name)(SPEC, FACTS, positions="buckets")
    with pytest.raises(PlanError, match=f"^{re.escape(said)}$"):
        path_plan(SPEC, ["logits"], shape=FACTS, positions="buckets")


def test_buckets_know_their_positions():
    buckets = Buckets(("a", "b"), (((1, 2), (4,)), ((), (3,))))
    assert buckets.positions("a") == [1, 2, 4]
    assert buckets.counts() == {"a": 2, "b": 1}
    assert Buckets.from_json(buckets.to_json()) == buckets
