"""Picking cells on one half of the prompts and testing them on the other."""

from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil, log2

import numpy as np

from patchwidgets.errors import MeasurementError, UnknownNameError
from patchwidgets.results.detection import Bar, Cells, detect_far
from patchwidgets.results.sign_flips import draw_flips, flip_signs, refuse_test
from patchwidgets.types import Unit


@dataclass(frozen=True)
class Confirmation:
    """Whether a node that stands out on one half of the prompts has an effect on the other.

    Effects are means towards the source run, in the metric's unit. The strongest cells of a map
    are partly the luckiest, so the second is usually smaller than the first.

    Args:
        node: The node.
        picked: Whether it stands out on the picking half, among `n_picked` nodes that do.
        n_picked: How many nodes do.
        effect_picking: Its mean effect on the half it was picked on.
        effect_testing: Its mean effect on the other half.
        p: Of `effect_testing`, by sign flips, corrected for the picked nodes (largest mean of all
            of them); NaN where it was not picked, because it was then chosen on all prompts and
            no half is left to test it on.
        alpha: Largest p that confirms.
        smallest_p: The smallest p that can come out.
        n_picking: Prompt pairs of the half that picks.
        n_testing: Prompt pairs of the half that tests.
        seed: Of the split.
        unit: The metric's unit.
    """

    node: str
    picked: bool
    n_picked: int
    effect_picking: float
    effect_testing: float
    p: float
    alpha: float
    smallest_p: float
    n_picking: int
    n_testing: int
    seed: int
    unit: Unit

    @property
    def confirmed(self) -> bool:
        """Whether it was picked, and has an effect of the same sign on the other half."""
        same = self.effect_picking * self.effect_testing > 0
        return self.picked and same and self.p <= self.alpha

    def __str__(self) -> str:
        if not self.picked:
            return (
                f"{self.node} does not stand out on the {self.n_picking} prompt pairs that pick, "
                f"so there is nothing to confirm on the other {self.n_testing}."
            )
        return (
            f"{self.node} is one of {self.n_picked} picked on {self.n_picking} prompt pairs "
            f"(effect {self.effect_picking:+.3g}), and is {'' if self.confirmed else 'not '}"
            f"confirmed on the other {self.n_testing} (effect {self.effect_testing:+.3g} "
            f"{self.unit}, p = {self.p:.3g})."
        )


def confirm_node(
    cells: Cells,
    node: str,
    *,
    rule: Bar = "sd",
    sd: float | int = 2,
    ddof: int = 0,
    alpha: float = 0.05,
    flips: int = 10_000,
    seed: int = 0,
) -> Confirmation:
    """Pick nodes on a random half of the prompts, and test `node` on the other half.

    Split the prompts once: trying seeds until a node is confirmed is picking again.

    Raises:
        UnknownNameError: No measured cell of that name.
        MeasurementError: Too few prompts for two halves of which one can test.
    """
    if node not in cells.names:
        raise _unknown(node, cells.names)
    n = cells.effect.shape[1]
    order = np.random.default_rng(seed).permutation(n)
    picking, testing = order[: n // 2], order[n // 2 :]
    _refuse_halves(n, len(testing), alpha, flips)
    one = Cells(cells.names, cells.effect[:, picking], cells.identity, cells.unit)
    found = detect_far(one, rule, sd, ddof)
    stand_out = (*found.positive, *found.negative)
    place = cells.names.index(node)
    drawn = draw_flips(len(testing), flips, seed)
    p = np.nan
    if node in stand_out:
        rows = [cells.names.index(name) for name in stand_out]
        flipped = flip_signs(cells.effect[rows][:, testing], drawn)
        p = float(flipped.p_max[stand_out.index(node)])
    return Confirmation(
        node=node,
        picked=node in stand_out,
        n_picked=len(stand_out),
        effect_picking=float(cells.effect[place, picking].mean()),
        effect_testing=float(cells.effect[place, testing].mean()),
        p=p,
        alpha=alpha,
        smallest_p=drawn.smallest_p,
        n_picking=len(picking),
        n_testing=len(testing),
        seed=seed,
        unit=cells.unit,
    )


def _unknown(node: str, names: tuple[str, ...]) -> UnknownNameError:
    near = get_close_matches(node, names, n=1, cutoff=0.4) or names[:1]
    example = f" Write a name as `result.table()` does, such as `{near[0]}`." if near else ""
    return UnknownNameError(
        f"There is no cell called {node!r} among the {len(names)} that were measured on this map."
        f"{example}"
    )


def _refuse_halves(n: int, n_testing: int, alpha: float, flips: int) -> None:
    refuse_test(n, alpha, flips)
    if 2.0 ** (1 - n_testing) > alpha:
        needed = ceil(1 - log2(alpha))
        raise MeasurementError(
            f"Half of {n} prompt pairs are {n_testing}, and the smallest p that so few can give is "
            f"{2.0 ** (1 - n_testing):.3g}, above `alpha` = {alpha:g}, so that nothing could be "
            f"confirmed. Use at least {2 * needed - 1} prompt pairs."
        )
