"""Measures what claims ask for: each sweep once, whoever asks, with an eye on the time."""

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from patchwidgets.engine.cost import EFFICIENCY, multiply_rate
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import TransformerBridge
from patchwidgets.paper._check import NothingToMeasure
from patchwidgets.paper._need import Need, Prompts
from patchwidgets.paper._protocol import protocol
from patchwidgets.paper._sheet import Attention, Sheet
from patchwidgets.paper._sizes import Sizes
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.words import TokenizerWords
from patchwidgets.results.draws import mean_baseline
from patchwidgets.results.result import Result
from patchwidgets.study import Study

ATTENDED = ("IO", "S1", "S2")

CHANGED = 0.4
"""Part of a prompt's tokens that a patch changes, those before the corruption left out: a guess."""


class NoTimeLeft(Exception):  # noqa: N818 - an answer, not a mistake
    """A sweep does not fit into what is left of the time; `seconds` is what it takes."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it takes about {written_minutes(seconds)}")
        self.seconds = seconds


class Lab:
    """Measures sweeps when they are first asked for, and keeps what claims read of them.

    Args:
        model: The model; never changed.
        n: Prompt pairs of every sweep, times what the need says.
        seed: Of the draw of the prompts.
        draws: Of noise, per prompt pair.
        minutes: Of wall-clock time; a sweep that does not fit into what is left is not begun.
        tell: Called with a line about every sweep before and after it is measured.
    """

    def __init__(
        self,
        model: TransformerBridge,
        n: int,
        seed: int,
        draws: int,
        minutes: float | int,
        tell: Callable[[str], None],
    ) -> None:
        self._model = model
        self._lens = LensModel(model)
        self._n = n
        self._seed = seed
        self._draws = draws
        self._deadline = time.monotonic() + 60 * minutes
        self._tell = tell
        self._pairs: dict[Prompts, PromptPairs] = {}
        self._open: tuple[Need, Study] | None = None
        self._sheets: dict[Need, dict[tuple[str, str], Sheet]] = {}
        self._attention: dict[Need, Attention] = {}
        self._expected: dict[Need, float] = {}
        self.provenance: dict[str, dict[str, Any]] = {}
        self.sizes = Sizes()

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._lens.spec.name

    def expected(self, needs: tuple[Need, ...]) -> float:
        """Return about how many seconds these sweeps take, as if nothing were stored."""
        asked = dict.fromkeys(needs)
        for need in asked:
            if need not in self._expected:
                self._expected[need] = self._estimate(need)
        return sum((self._expected[need] for need in asked), 0.0)

    def read(self, need: Need, metric: str, map: str = "") -> Sheet:
        """Return one map of a sweep by one metric; the first map by default.

        Raises:
            NoTimeLeft: It was not measured yet, and does not fit into what is left.
            PatchwidgetsError: It cannot be measured on this model.
        """
        if need not in self._sheets:
            self._sheets[need] = self._measure(need)
        return self._sheets[need][metric, map]

    def attention(self, need: Need) -> Attention:
        """Return what every head attends to from the last position, in both runs."""
        if need not in self._attention:
            study = self._study(need)
            found = study.attention(ATTENDED)
            self.sizes.ask(need, study)
            layers, heads = range(found.sizes["layer"]), range(found.sizes["head"])
            runs = [
                {
                    role: found.sel(run=run, role=role)
                    .to_numpy()
                    .reshape(-1, found.sizes["prompt"])
                    for role in ATTENDED
                }
                for run in ("clean", "corrupted")
            ]
            names = tuple(f"L{layer}H{head}" for layer in layers for head in heads)
            self._attention[need] = Attention(names, *runs)
        return self._attention[need]

    def kv_heads(self, heads: list[str]) -> list[str]:
        """Return the values that these heads read, as nodes."""
        spec = self._lens.spec
        shared = spec.n_heads // spec.n_kv_heads
        read = (head.removeprefix("L").split("H") for head in heads)
        return list(dict.fromkeys(f"L{layer}H{int(head) // shared}.v" for layer, head in read))

    def _measure(self, need: Need) -> dict[tuple[str, str], Sheet]:
        if time.monotonic() > self._deadline:
            raise NoTimeLeft(self._estimate(need))
        study = self._study(need)
        seconds = study.cost(need.sweep, **need.options).seconds
        if seconds > self._deadline - time.monotonic():
            raise NoTimeLeft(seconds)
        started = time.monotonic()
        self._tell(f"{need}: {len(study.prompts.pairs)} pairs, about {seconds:.0f} s")
        result = study.sweep(need.sweep, **need.options).wait()
        taken, cells = time.monotonic() - started, len(result.plan.patches)
        stored = result.provenance.get("cells_from_store", 0)
        others = set(self._expected) - set(self._sheets) - {need}
        left = self.expected(tuple(others))
        self._tell(
            f"  {cells} cells in {taken:.0f} s, {stored} from the store; "
            f"about {written_minutes(left)} left"
        )
        self.sizes.ask(need, study)
        self.provenance[str(need)] = _kept(result) | {"seconds": round(taken, 1)}
        return _sheets(result)

    def _study(self, need: Need) -> Study:
        """Return the study of a need's prompts; the one that is open if it has the same."""
        asked = replace(need, sweep="", positions=None, window=1, sets=())
        if self._open is not None and self._open[0] == asked:
            return self._open[1]
        self._open = None  # first let go of the runs that it holds
        study = self._opened(asked)
        self._open = (asked, study)
        return study

    def _opened(self, need: Need) -> Study:
        as_taken = protocol(need.task, self.model)
        options: dict[str, Any] = {"metric": list(need.metrics), "seed": self._seed}
        options["prepend_bos"] = as_taken.prepend_bos
        with warnings.catch_warnings():
            # How many pairs there are, and how sure the model is of them, is in the table.
            warnings.simplefilter("ignore", UserWarning)
            if need.prompts not in self._pairs:
                n = max(1, round(self._n * need.times))
                drawn = 4 * n if need.having else n
                asked = {"at": need.at, "known": as_taken.known}
                task = as_taken.task or need.task
                study = Study(self._model, task, drawn, **asked, **options)
                self._pairs[need.prompts] = _having(study, need.having)[:n]
                if not need.noise and not need.having:
                    return study
            pairs = self._pairs[need.prompts]
            noise = {"corruption": replace(CORRUPTIONS.get("gaussian_noise"), draws=self._draws)}
            return Study(self._model, pairs, **options, **(noise if need.noise else {}))

    def _estimate(self, need: Need) -> float:
        """Return about how many seconds a sweep takes, from its sizes: nothing is run."""
        task, spec = TASKS.get(need.task), self._lens.spec
        words = TokenizerWords(self._lens.tokenizer)
        try:
            (pair,) = task.pairs(1, self._seed, at=need.at, words=words)
        except PatchwidgetsError:
            return 0.0  # the claim that asks for it says why it cannot be measured
        heads = spec.n_heads if need.sweep == "heads" else 1
        cells = spec.n_layers * heads * len(need.positions or (None,)) * (1 + (need.window > 1))
        tokens = 1 if need.positions == ("END",) else CHANGED * words.length(pair.clean)
        block = 4 * spec.d_model**2 + 3 * spec.d_model * (spec.d_mlp or 0)
        rows = self._n * need.times * (self._draws if need.noise else 1)
        work = rows * cells * tokens * block * spec.n_layers / 2
        return work / (EFFICIENCY * multiply_rate(self._lens))


def written_minutes(seconds: float) -> str:
    """Return a time as text, such as `3 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _having(study: Study, bucket: str) -> PromptPairs:
    """Return the pairs with a token in this bucket of the subject; all if there is no name."""
    pairs = study.prompts.pairs
    if not bucket:
        return pairs
    places = study.shape.buckets.get("subject", {}).get(bucket, ())
    kept = [pair for pair, at in enumerate(places) if at]
    if not kept:
        raise NothingToMeasure(f"no fact that the model knows has a token in `{bucket}`")
    return pairs[kept]


def _sheets(result: Result) -> dict[tuple[str, str], Sheet]:
    """Return every map by every metric; the first map also under no name."""
    baseline, snapshot = mean_baseline(result.baseline, result.draws), result.snapshot()
    sheets = {}
    for m, metric in enumerate(result.metrics):
        clean, corrupted = baseline.clean[m], baseline.corrupted[m]
        towards = 1 if clean.mean() >= corrupted.mean() else -1
        for plan_map in result.plan.maps:
            # A prompt that lacks a bucket of positions is NaN there: not `result.cells`.
            cells = [cell for cell in plan_map.cells if cell is not None]
            names = tuple(str(result.plan.patches[cell]) for cell in cells)
            effect = towards * snapshot.effect(m)[cells]
            sheet = Sheet(names, effect, clean, corrupted, result.groups)
            sheets[metric.name, plan_map.name] = sheet
        sheets[metric.name, ""] = sheets[metric.name, result.plan.maps[0].name]
    return sheets


def _kept(result: Result) -> dict[str, Any]:
    """Return the part of a result's provenance that a report keeps: not every prompt."""
    left_out = ("prompts", "model", "usable")
    return {key: value for key, value in result.provenance.items() if key not in left_out}
