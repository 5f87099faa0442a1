"""Two methods against each other, in numbers that can be worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, PlanError, UnknownNameError


def by_group(chart):
    table = chart.table()
    return {
        label: table.node[table.group == label].tolist() for label in table.group.drop_duplicates()
    }


def test_a_dot_is_a_node_at_its_two_normalized_effects(compared):
    table = compared.scatter("logit_diff", "prob").table().set_index("node")
    assert len(table) == 20
    assert table.loc[["L0H0", "L1H0", "L3H0"], "x"].tolist() == pytest.approx([0.9, -0.9, 0.0])
    assert table.loc[["L0H0", "L1H0", "L3H0"], "y"].tolist() == pytest.approx([0.9, 0.9, -0.9])


def test_who_detects_a_node_is_its_group_and_what_is_detected_comes_last(compared):
    groups = by_group(compared.scatter("logit_diff", "prob"))
    assert len(groups.pop("neither")) == 16
    assert list(groups.items()) == [
        ("x only", ["L2H0"]),
        ("y only", ["L3H0"]),
        ("both", ["L0H0"]),
        ("opposite signs", ["L1H0"]),
    ]


def test_every_group_has_a_shape_and_a_colour_of_its_own(compared):
    groups = compared.scatter("logit_diff", "prob").drawing.groups
    assert len({(group.marker, group.filled) for group in groups}) == len(groups)
    assert len({group.color for group in groups}) == len(groups)


def test_colours_stand_out_from_both_themes(compared):
    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for group in compared.scatter("logit_diff", "prob").drawing.groups:
        for background in ("#ffffff", "#16191e"):
            light, dark = sorted([luminance(group.color), luminance(background)], reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, (group, background)


def test_the_title_has_the_rank_correlation(compared):
    # Ranks 1, 10 (17 ties) and 19.5 (twice) of both; they agree on L0H0 and oppose on L1H0.
    x, y = np.full(20, 10.0), np.full(20, 10.0)
    x[[0, 1, 2]] = [19.5, 1, 19.5]
    y[[0, 1, 3]] = [19.5, 19.5, 1]
    assert round(np.corrcoef(x, y)[0, 1], 3) == -0.001
    chart = compared.scatter("logit_diff", "prob")
    assert chart.drawing.title == "Rank correlation 0.00 over 20 nodes"


def test_what_is_said_has_values_intervals_and_signs(compared):
    # Two prompts at 0.8 and 1.0: the bootstrap draws means of 0.8, 0.9 and 1.0 only.
    said = compared.scatter("logit_diff", "prob").table().set_index("node")["said"]
    assert said["L0H0"] == (
        "logit difference: +0.90 (+0.80 to +1.00), detected as positive\n"
        "probability: +0.90 (+0.90 to +0.90), detected as positive"
    )
    assert said["L3H0"] == (
        "logit difference: 0.00 (0.00 to 0.00)\n"
        "probability: −0.90 (−0.90 to −0.90), detected as negative"
    )


def test_axes_say_what_they_show(compared):
    drawing = compared.scatter("prob", "logit_diff").drawing
    assert drawing.x_label == "probability (normalized effect)"
    assert drawing.y_label == "logit difference (normalized effect)"
    assert drawing.diagonal


def test_in_their_own_units_there_is_no_diagonal(compared):
    chart = compared.scatter("logit_diff", "prob", normalized=False)
    assert not chart.drawing.diagonal
    assert chart.drawing.x_label == "logit difference (effect, logits)"
    row = chart.table().set_index("node").loc["L0H0"]
    assert (row.x, row.y) == pytest.approx((1.8, 0.45))
    assert row.said.startswith("logit difference: +1.80 (+1.60 to +2.00), detected")


def test_another_rule_detects_others(compared):
    wide = compared.scatter("logit_diff", "prob", sd=5)
    assert list(by_group(wide)) == ["neither"]


def test_methods_are_named_by_row_or_by_what_no_other_has(corruptions):
    row = corruptions.scatter("token_replacement prob", ("gaussian_noise", "prob"))
    whole = corruptions.scatter(corruptions.methods[1], corruptions.methods[3])
    assert row.drawing.x_label == "probability, token replacement (normalized effect)"
    assert row.drawing.y_label == "probability, gaussian noise (normalized effect)"
    assert row.table().equals(whole.table())


def test_a_row_whose_parts_have_spaces_is_named_whole_or_by_some_of_its_words(make_result):
    from patchwidgets.results.comparison import Comparison, Setting

    one, other = make_result({0: 0.9}, {0: 0.9}), make_result({0: 0.8}, {0: 0.5})
    compared = Comparison(
        {
            Setting("noise k=3 at S2", "denoising", 1): one,
            Setting("noise k=3 at S2 and more", "denoising", 1): other,
        }
    )
    whole = compared.scatter("noise k=3 at S2 prob", "noise k=3 at S2 and more prob")
    words = compared.scatter("noise k=3 at S2 prob", "noise more prob")
    assert whole.drawing.x_label == "probability, noise k=3 at S2 (normalized effect)"
    assert whole.drawing.y_label == "probability, noise k=3 at S2 and more (normalized effect)"
    assert words.table().equals(whole.table())


def test_nodes_that_only_one_method_has_are_counted(corruptions):
    chart = corruptions.scatter("token_replacement prob", "gaussian_noise prob")
    assert "L1H0" not in set(chart.table().node)
    assert chart.drawing.note == (
        "Detected by the rule `sd`. Measured but not shown: 1 by probability, token replacement "
        "only."
    )


def test_one_prompt_pair_has_no_interval(make_result):
    from patchwidgets.results import Baseline, Result
    from patchwidgets.results.comparison import Comparison, Setting

    two = make_result({0: 0.9}, {0: 0.9})
    values, _, baseline = two.numbers()
    one = Result(
        two.plan,
        metrics=two.metrics,
        direction="denoising",
        baseline=Baseline(clean=baseline.clean[:, :1], corrupted=baseline.corrupted[:, :1]),
        groups=[""],
        provenance={},
        values=values[:, :, :1],
    )
    compared = Comparison({Setting("x", "denoising", 1): one})
    said = compared.scatter("logit_diff", "prob").table().set_index("node")["said"]
    assert str(said["L0H0"]).startswith("logit difference: +0.90, detected as positive\n")


def test_a_name_that_fits_several_methods_is_refused(corruptions, sentence):
    message = (
        "'prob', given for `y`, fits 2 methods, and an axis shows one. Name one of them whole, as "
        "in `y='token_replacement prob'`: `token_replacement prob`, `gaussian_noise prob`."
    )
    with pytest.raises(PlanError, match=sentence(message)):
        corruptions.scatter("token_replacement logit_diff", "prob")


def test_an_unknown_name_is_refused_with_the_known_ones(compared, sentence):
    message = (
        "No method of this comparison is called 'rank', which was given for `x`. A method is named "
        "by a row of its tables, or by a part that no other has: `logit_diff`, `prob`."
    )
    with pytest.raises(UnknownNameError, match=sentence(message)):
        compared.scatter("rank", "prob")


def test_a_method_is_not_compared_with_itself(compared, sentence):
    message = "`x` and `y` are both `prob`, which would be compared with itself. Name two methods."
    with pytest.raises(PlanError, match=sentence(message)):
        compared.scatter("prob", "prob")


def test_methods_without_a_node_in_common_are_refused(make_result, sentence):
    from patchwidgets.results.comparison import Comparison, Setting

    nothing = dict.fromkeys(range(1, 20), np.nan)
    first = make_result(nothing, nothing)
    second = make_result({0: np.nan}, {0: np.nan})
    compared = Comparison(
        {Setting("a", "denoising", 1): first, Setting("b", "denoising", 1): second}
    )
    message = (
        "`a prob` and `b prob` have no measured node in common: the first has 1 (`L0H0` first), "
        "the second 19 (`L1H0` first). A dot needs both. Choose two methods of one window whose "
        "sweeps were not stopped."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        compared.scatter("a prob", "b prob")
