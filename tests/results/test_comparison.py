"""Comparisons of results whose numbers can be worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import PlanError

NODES = [f"L{layer}H0" for layer in range(10)]
FLAT = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.fixture
def compared():
    """Two corruptions, two metrics, ten nodes on two prompts; a clean run of 1, corrupted of 0."""
    from patchwidgets.nodes import Node
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap
    from patchwidgets.results import Baseline, MetricInfo, Result
    from patchwidgets.results.comparison import Comparison, Setting

    patches = tuple(Patch((Node("z", layer, 0),)) for layer in range(10))
    axes = (Axis("layer", tuple(range(10))),)
    plan = Plan("heads", patches, (PlanMap("heads", axes, tuple(range(10))),))
    metrics = [
        MetricInfo("logit_diff", "logit difference", "logit"),
        MetricInfo("kl_div", "KL divergence", "nat"),
    ]
    clean = np.array([[1.0, 1.0], [0.0, 0.0]])
    corrupted = np.array([[0.0, 0.0], [2.0, 2.0]])

    def result(logit_diff, kl_div):
        effects = np.array([logit_diff, kl_div])
        values = corrupted[:, None, :] + effects[:, :, None]
        return Result(
            plan,
            metrics=metrics,
            direction="denoising",
            baseline=Baseline(clean=clean, corrupted=corrupted),
            groups=["", ""],
            provenance={},
            values=values,
        )

    return Comparison(
        {
            Setting("replacement", "denoising", 1): result([0.9, -0.6, *FLAT], [-1.8, 0.0, *FLAT]),
            Setting("noise", "denoising", 1): result([-0.9, 0.0, *FLAT], [0.0, -2.0, *FLAT]),
        }
    )


def test_a_row_is_labelled_by_what_differs(compared):
    assert compared.effects().index.names == ["corruption", "metric"]
    assert list(compared.effects().index) == [
        ("replacement", "logit_diff"),
        ("replacement", "kl_div"),
        ("noise", "logit_diff"),
        ("noise", "kl_div"),
    ]


def test_effects_count_towards_the_source_run(compared):
    table = compared.effects(normalized=False)
    assert list(table.columns) == NODES
    assert table["L0H0"].to_list() == pytest.approx([0.9, 1.8, -0.9, 0.0])
    assert table["L1H0"].to_list() == pytest.approx([-0.6, 0.0, 0.0, 2.0])


def test_normalized_effects_are_shares_of_the_gap(compared):
    assert compared.effects()["L0H0"].to_list() == pytest.approx([0.9, 0.9, -0.9, 0.0])
    assert compared.effects()["L1H0"].to_list() == pytest.approx([-0.6, 0.0, 0.0, 1.0])


def test_the_detection_matrix_has_a_sign_per_method_and_node(compared):
    table = compared.detections()
    assert list(table.columns) == ["L0H0", "L1H0"]
    assert table["L0H0"].to_list() == [1, 1, -1, 0]
    assert table["L1H0"].to_list() == [0, 0, 0, 1]


def test_a_wider_rule_reaches_the_matrix(compared):
    assert compared.detections(sd=1.5)["L1H0"].to_list() == [-1, 0, 0, 1]


def test_flips_are_nodes_on_which_methods_disagree(compared):
    rows = compared.flips()
    assert rows.loc["L0H0"].to_list() == [2, 1, 1, True]
    assert rows.loc["L1H0"].to_list() == [1, 0, 3, False]
    assert rows.index[0] == "L0H0"


def test_overlap_is_the_share_of_nodes_found_by_both_with_one_sign(compared):
    table = compared.overlap().to_numpy()
    np.testing.assert_array_equal(table, table.T)
    np.testing.assert_array_equal(np.diag(table), 1)
    assert table[0].tolist() == [1, 1, 0, 0]


def test_rank_correlation_is_of_the_order_towards_the_source(compared):
    table = compared.rank_correlations().to_numpy()
    np.testing.assert_allclose(np.diag(table), 1)
    one = [10, 1, *[5.5] * 8]  # ranks: the largest, the smallest, and eight ties
    other = [1, *[6] * 9]
    assert table[0, 2] == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_one_method_is_no_comparison(compared, sentence):
    from patchwidgets.results.comparison import Comparison, Setting

    (first, *_) = compared.results.values()
    alone = type(first)(
        first.plan,
        metrics=first.metrics[:1],
        direction="denoising",
        baseline=type(first.baseline)(
            clean=first.baseline.clean[:1], corrupted=first.baseline.corrupted[:1]
        ),
        groups=first.groups,
        provenance={},
    )
    message = (
        "There is 1 method to compare, and a comparison needs two or more. Name several "
        "corruptions, metrics, directions or windows, such as "
        "`study.compare(metrics=['logit_diff', 'prob'])`."
    )
    with pytest.raises(PlanError, match=sentence(message)):
        Comparison({Setting("replacement", "denoising", 1): alone})
