"""What stands out of a result, how sure that is, and whether other prompts would say the same."""

import numpy as np
import xarray as xr

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.registry import unknown_name
from patchwidgets.results import meanings, stats
from patchwidgets.results.confirmation import Confirmation, confirm_node
from patchwidgets.results.detection import (
    BARS,
    RULES,
    TESTS,
    Bar,
    Cells,
    Detection,
    Testing,
    detect_far,
    detect_tested,
)
from patchwidgets.results.labels import find_map
from patchwidgets.results.measured import IDENTITY, NOISE_FLOOR, NOT_MEASURED, Snapshot
from patchwidgets.results.readings import Readings
from patchwidgets.results.sign_flips import STATISTICS, Statistic
from patchwidgets.results.stability import Stability, stability_of
from patchwidgets.types import Unit


class Findings(Readings):
    """The nodes that stand out of a map. Every method waits for the job.

    Effects are counted towards the source run, so that positive means the same for every metric
    and direction: a falling KL divergence is positive when denoising, and so is a falling logit
    difference when noising. Where the two runs nearly coincide there is no such side, and an
    effect keeps its own sign.

    `metric` is the name of a metric, by default the first; `map` the name of one of the plan's
    maps, by default the first. Cells that were not measured on every prompt are left out.
    """

    def detect(
        self,
        rule: str = "sd",
        metric: str | None = None,
        map: str | None = None,
        *,
        sd: float | int = 2,
        ddof: int = 0,
        alpha: float = 0.05,
        flips: int = 10_000,
        seed: int = 0,
        statistic: str = "mean",
    ) -> Detection:
        """Return the nodes that stand out.

        Args:
            rule: `sd` (the paper's: far from the mean over the map), `mad` (far from the median,
                in robust spreads), `max_t` (the effect is not 0, with the chance of any false
                detection in the map below `alpha`) or `bh` (the effect is not 0, with the
                expected share of false detections below `alpha`). `sd` and `mad` always say what
                is large in this map; `max_t` and `bh` say what is more than chance, which an
                effect can be without being large.
            metric: Name of a metric.
            map: Name of a map.
            sd: Of `sd` and `mad`: how many spreads from the center is far.
            ddof: Of `sd`: 0 divides by the number of cells, 1 by one less, and flags no more.
            alpha: Of `max_t` and `bh`: the error that is allowed.
            flips: Of `max_t` and `bh`: how many flips of the prompts' signs are drawn, where
                there are more than that.
            seed: Of these draws.
            statistic: Of `max_t`: the largest `mean` effect of the map, in the metric's unit, or
                the largest `t`, which finds small effects that are much alike on all prompts,
                and relies more on effects being symmetric where a patch does nothing.

        Source: Zhang & Nanda 2024, section 3; see `detect_far` for what the paper leaves open,
            and `detect_tested`.

        Raises:
            UnknownNameError: No such rule, metric, map or statistic.
            PatchwidgetsError: `sd`, `ddof`, `alpha` or `flips` mean nothing.
            MeasurementError: Too few prompts for `alpha`, or no spread for `mad`.
        """
        if isinstance(rule, int | float):
            raise PatchwidgetsError(
                f"`detect({rule!r})` names no rule: the first argument is one, such as 'sd' or "
                f"'max_t'. Write `detect(sd={rule!r})` for cells that far from the mean."
            )
        cells = self.cells(metric, map)
        if rule in BARS:
            return detect_far(cells, _bar(rule), sd, ddof)
        return detect_tested(
            cells, _test(rule), alpha=alpha, flips=flips, seed=seed, statistic=_known(statistic)
        )

    def p_values(
        self,
        rule: str = "max_t",
        metric: str | None = None,
        map: str | None = None,
        *,
        alpha: float = 0.05,
        flips: int = 10_000,
        seed: int = 0,
        statistic: str = "mean",
    ) -> xr.DataArray:
        """Return the p value of every cell, corrected for their number, on the map's axes.

        From 0 to 1: the smaller, the less can a mean effect of 0 explain it. 1 where a cell is
        zero by identity. The options are those of `detect`.
        """
        found = self.detect(
            _test(rule), metric, map, alpha=alpha, flips=flips, seed=seed, statistic=statistic
        )
        assert found.tested is not None  # rules that test always say so
        m, plan_map, snapshot = self._read(metric, map)
        numbers = np.where(snapshot.status == IDENTITY, 1.0, np.nan)
        for cell in (cell for cell in plan_map.cells if cell is not None):
            name = self.plan.names[cell]
            numbers[cell] = found.tested.p_values.get(name, numbers[cell])
        attrs = meanings.patched_attrs(self.metrics[m], self.direction) | {
            "unit": "1",
            "rule": rule,
            "statistic": statistic,
            "smallest_p": found.tested.smallest_p,
            "n_tested": found.tested.n_tested,
            "n_flips": found.tested.n_flips,
            "exact": found.tested.exact,
            "seed": seed,
        }
        return self._label(plan_map, snapshot, numbers, "p", attrs)

    def stability(
        self,
        rule: str = "sd",
        metric: str | None = None,
        map: str | None = None,
        *,
        sd: float | int = 2,
        ddof: int = 0,
        n_resamples: int = 200,
        seed: int = 0,
    ) -> Stability:
        """Return how much the detected nodes change when the prompts are redrawn.

        Args:
            rule: `sd` or `mad`. A resample holds some prompts twice, which a rule that tests
                would take for two independent ones.
            metric: Name of a metric.
            map: Name of a map.
            sd: How many spreads from the center is far.
            ddof: Of `sd`: as in `detect`.
            n_resamples: How often the prompts are redrawn.
            seed: Of the draws.

        Raises:
            UnknownNameError: No such rule, metric or map.
            PatchwidgetsError: Fewer than two resamples.
            MeasurementError: One prompt pair.
        """
        return stability_of(self.cells(metric, map), _bar(rule), sd, n_resamples, seed, ddof)

    def confirm(
        self,
        node: str,
        metric: str | None = None,
        map: str | None = None,
        *,
        rule: str = "sd",
        sd: float | int = 2,
        ddof: int = 0,
        alpha: float = 0.05,
        flips: int = 10_000,
        seed: int = 0,
    ) -> Confirmation:
        """Pick nodes on one half of the prompts and test `node` on the other.

        A node that was chosen because its effect was large has an effect that is partly luck, and
        its p value on the same prompts is too small. The half that tests knows nothing of that.

        Args:
            node: Written name, such as `L9H6`.
            metric: Name of a metric.
            map: Name of a map.
            rule: `sd` or `mad`: by which nodes are picked.
            sd: How many spreads from the center is far.
            ddof: Of `sd`: as in `detect`.
            alpha: Largest p that confirms.
            flips: How many flips of the testing half are drawn, where there are more than that.
            seed: Of the split and of the flips. Split once: trying seeds until a node is
                confirmed is picking again.

        Raises:
            UnknownNameError: No such node, rule, metric or map.
            MeasurementError: Too few prompts for two halves.
        """
        cells = self.cells(metric, map)
        return confirm_node(
            cells, node, rule=_bar(rule), sd=sd, ddof=ddof, alpha=alpha, flips=flips, seed=seed
        )

    def cells(self, metric: str | None = None, map: str | None = None) -> Cells:
        """Return the measured cells of a map: names, and effects per prompt pair.

        Where a prompt lacks a bucket of positions its effect there is 0, and those of the others
        weigh as much more as keeps the mean.
        """
        m, plan_map = self._index(metric), find_map(self.plan, map)
        snapshot = self.wait().snapshot()
        unit = self.metrics[m].unit
        sign = towards_source(snapshot, m, unit)
        places = [cell for cell in plan_map.cells if cell is not None]
        cells = [cell for cell in places if snapshot.status[cell] != NOT_MEASURED]
        return Cells(
            names=tuple(self.plan.names[cell] for cell in cells),
            effect=sign * stats.filled(snapshot.effect(m)[cells]),
            identity=snapshot.status[cells] == IDENTITY,
            unit=unit,
        )


def towards_source(snapshot: Snapshot, metric: int, unit: Unit) -> int:
    """Return the sign that makes effects towards the source run positive; 1 where none is."""
    return -1 if snapshot.gap(metric).mean() <= -NOISE_FLOOR[unit] else 1


def _test(rule: str) -> Testing:
    for known in TESTS:
        if rule == known:
            return known
    raise unknown_name("rule", rule, list(RULES if rule not in BARS else TESTS))


def _bar(rule: str) -> Bar:
    for known in BARS:
        if rule == known:
            return known
    raise unknown_name("rule that compares cells with one another", rule, list(BARS))


def _known(statistic: str) -> Statistic:
    for known in STATISTICS:
        if statistic == known:
            return known
    raise unknown_name("statistic", statistic, list(STATISTICS))
