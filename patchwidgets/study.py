"""Study: a model and a behaviour, ready to be patched. It only strings the steps together."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from patchwidgets.engine.cost import Cost
from patchwidgets.engine.estimating import METHODS
from patchwidgets.engine.memory import parse_bytes
from patchwidgets.engine.screen import Screen, screen_of
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._chosen import chosen_source
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import PromptError
from patchwidgets.jobs import Job
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import TransformerBridge, load_model
from patchwidgets.nodes import Node
from patchwidgets.opening import about_run, code_of, metrics_of, pairs_of, written_screen
from patchwidgets.plans._grid import Positions
from patchwidgets.plans._receivers import Stop
from patchwidgets.plans.paths import path_plan, written_options
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tokens import TokenPairs, tokenize
from patchwidgets.registry import unknown_name
from patchwidgets.results.estimated import Estimated
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from patchwidgets.types import DIRECTIONS, EXECUTORS, Direction


class Study:
    """A model and prompt pairs, ready to be patched.

    The two unpatched runs are made here, so that you see at once whether the model does the task.

    Args:
        model: A name for `load_model`, or a TransformerLens bridge. It is never changed.
        behaviour: The name of a task, a task, or your own `PromptPairs`.
        n: Number of prompt pairs to draw from the task.
        seed: Of the draw; the same seed gives the same pairs.
        corruption: Name of a corruption, or the object.
        at: What is corrupted: one of the task's corruption sites, its default one if `None`.
        metric: Name of a metric, a callable, or a list of them, all read off the same runs. The
            first is drawn by default.
        direction: `denoising` patches clean values into the corrupted run, `noising` the reverse.
        prepend_bos: Whether prompts start with a BOS token; as TransformerLens does for this
            model if `None`.
        executor: `auto`, or `reference` to measure every cell by a whole forward pass of
            TransformerLens: slow, and the same numbers.
        memory: What cells that are measured together may take besides the model and its two
            unpatched runs, as `"2 GB"` or bytes; `None` for no limit. Where memory runs out all
            the same, cells are measured in halves.
        store: Whether measured cells are kept in the cache folder, so that a sweep that was
            killed goes on where it stopped and one that was made before is read. A changed
            model, prompt, metric or version finds nothing there; cells read by metrics that you
            wrote are not kept. The environment variable `PATCHWIDGETS_STORE=off` turns it off.

    Raises:
        UnknownNameError: A task, metric, corruption, direction, executor or model that does not
            exist.
        PromptError: Prompt pairs that cannot be aligned or answered on this tokenizer.
        ModelError: A model that cannot be loaded or patched.
        MeasurementError: Logits or a metric that are not finite.
        MemoryBudgetError: `memory` does not hold one cell.

    Warns:
        UserWarning: The model prefers the wrong answer on half of the clean prompts or more.
    """

    def __init__(
        self,
        model: str | TransformerBridge,
        behaviour: str | PromptPairs | Any,
        n: int = 64,
        *,
        seed: int = 0,
        corruption: str | Any = "token_replacement",
        at: str | None = None,
        metric: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = "logit_diff",
        direction: str = "denoising",
        prepend_bos: bool | None = None,
        executor: str = "auto",
        memory: str | int | float | None = None,
        store: bool = True,
    ) -> None:
        if direction not in DIRECTIONS:
            raise unknown_name("direction", direction, list(DIRECTIONS))
        if executor not in EXECUTORS:
            raise unknown_name("executor", executor, list(EXECUTORS))
        chosen = DIRECTIONS[DIRECTIONS.index(direction)]
        wanted = EXECUTORS[EXECUTORS.index(executor)]
        metrics = metrics_of(metric)
        budget = None if memory is None else parse_bytes(memory)
        self.model = load_model(model)
        lens = LensModel(self.model)
        bos = lens.default_prepend_bos if prepend_bos is None else prepend_bos
        pairs, self._origin = pairs_of(lens, behaviour, n, seed, corruption, at)
        prompts = tokenize(pairs, lens.tokenizer, prepend_bos=bos, n_ctx=lens.spec.n_ctx)
        self._code = code_of(lens, behaviour, self._origin, metrics, direction, bos, wanted)
        self._begin(Session(lens, prompts, metrics, chosen, seed, wanted, budget, store))

    def _begin(self, session: Session) -> None:
        self._session = session
        self._baseline = session.baseline()
        self._warn_if_weak()

    @property
    def prompts(self) -> TokenPairs:
        """The prompt pairs as tokens; `study.prompts.show()` prints them aligned."""
        return self._session.prompts

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is read off every run."""
        return self._session.metrics

    @property
    def direction(self) -> Direction:
        """Which run is patched with the other's values."""
        return self._session.direction

    def plan(self, name: str | Callable[..., Plan] = "heads", **options: Any) -> Plan:
        """Return what a sweep or a path map would measure, without measuring it.

        Args:
            name: As in `sweep`; or `path`, with the options of `path`.
            **options: The sweep's own.

        Raises:
            UnknownNameError: No sweep or site of that name.
            PlanError: Positions or receivers that do not exist, or a site the model lacks.
        """
        spec = self._session.model.spec
        if name == "path":
            receivers = options.pop("receivers", None) or []
            receivers = [receivers] if isinstance(receivers, str) else receivers
            return path_plan(spec, receivers, shape=self.shape, **options)
        sweep = SWEEPS.get(name) if isinstance(name, str) else name
        return sweep(spec, self.shape, **options)

    def cost(self, plan: Plan | str | Callable[..., Plan] = "heads", **options: Any) -> Cost:
        """Return what a plan would take if it was measured now: patches, time and memory.

        The time is the arithmetic of the patches that are run, divided by the rate at which this
        device multiplies matrices just now; `Cost` says how good that is.

        Args:
            plan: A plan, or what `plan` makes one of.
            **options: The sweep's own.
        """
        return self._session.cost(plan if isinstance(plan, Plan) else self.plan(plan, **options))

    def sweep(
        self,
        name: str | Callable[..., Plan] = "heads",
        *,
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        seed: int | None = None,
        verify: int = 0,
        estimate: str | Estimated | None = None,
        top: int | None = None,
        **options: Any,
    ) -> Result:
        """Patch every node of a sweep, one at a time; returns at once and measures in a thread.

        Args:
            name: `heads`, `residual`, `mlp`, `attn`, `joint`, or your own function of (spec,
                shape).
            source: What patches write: the values of the `other` run, `zero`, the `mean` over
                `reference` prompts, `resample` for those of another prompt pair, or an object.
            reference: With `source="mean"`: prompt pairs whose corrupted prompts are averaged.
            seed: With `source="resample"`: of the draw.
            verify: How many cells that are read from the store to measure again. If one has
                another number, beyond rounding, the result raises and the store drops the sweep.
            estimate: `attribution`, or what `study.estimate` returned: every effect is estimated
                first, then cells are measured in the order of their estimated size. Estimates are
                kept apart, as `result.estimate`; `result.agreement()` compares them.
            top: With `estimate`: measure so many cells only. The others stay NaN, not measured.
            **options: The sweep's own, such as `site="resid_mid"` or `positions="roles"`.

        Raises:
            UnknownNameError: No sweep, site or source of that name.
            PlanError: Positions the prompts do not have, a site the model lacks, or a source
                without what it needs.
        """
        chosen = chosen_source(source, reference, seed)
        plan = self.plan(name, **options)
        screen = screen_of(plan, estimate, top)
        if chosen is not None:
            options["source"] = chosen.name if isinstance(source, str) else source
        options |= {} if seed is None else {"seed": seed}
        given = "".join(f", {option}={value!r}" for option, value in options.items())
        given += ", reference=reference" if reference is not None else ""
        given += written_screen(screen)
        return self._start(plan, f"study.sweep({plan.name!r}{given})", chosen, verify, screen)

    def path(
        self,
        receivers: str | Node | Sequence[str | Node],
        *,
        through: Sequence[Stop] = (),
        senders: Sequence[str] | None = None,
        positions: Positions = None,
        form: str = "pinned",
        estimate: str | Estimated | None = None,
        top: int | None = None,
    ) -> Result:
        """Patch the paths from every sender into `receivers`; returns at once.

        Source: Wang et al. 2022 (arXiv 2211.00593), appendix B, in either direction.

        Args:
            receivers: `["logits"]`, or any of: `q`, `k`, `v` inputs of heads, such as
                `["L20H0.v"]`, where `k` and `v` count key/value heads; `L9.mlp_in`, what an MLP
                reads; `L9.resid_post`, what everything after a layer reads.
            through: Stops on the way, in order, such as `["L15H3.q"]`; a list in it is several
                heads' inputs of one layer. A change reaches only the next stop, and what that
                writes because of it is what travels on. Or all in one, as text:
                `study.path("L15H3.q -> L20H0.v")`.
            senders: Kinds of senders, each a map of its own: `heads`, `mlp`, `attn` (whole
                attention outputs), `embed`; all but `attn` if `None`.
            positions: `None` sends all positions of a sender together; `"each"`, `"roles"` or a
                list of positions or roles sends each by itself.
            form: Which nodes are frozen on the way: `pinned` freezes every other head and
                recomputes MLPs and norms, `pinned_all` freezes MLPs too, `direct` adds the
                change at each receiver's own input and leaves everything else live.
            estimate: `eap` or `eap_ig`, or what `study.estimate` returned; as in `sweep`.
            top: With `estimate`: measure so many cells only.

        Returns:
            A result whose cells are NaN where the sender cannot reach a receiver.

        Raises:
            UnknownNameError: A form or a kind of sender that does not exist.
            PlanError: A receiver or a position that does not exist, receivers that undo each
                other, a chain that goes backwards, or nothing that reaches the receivers.
        """
        asked: dict[str, Any] = {"through": through, "senders": senders, "positions": positions}
        plan = path_plan(self._session.model.spec, receivers, form, self.shape, **asked)
        screen = screen_of(plan, estimate, top)
        call = f"study.path({written_options(plan, senders, positions)}{written_screen(screen)})"
        return self._start(plan, call, screen=screen)

    def estimate(
        self, plan: Plan | str | Callable[..., Plan] = "heads", method: str = "", **options: Any
    ) -> Estimated:
        """Return what every patch of a plan would do, by gradients: nothing is patched.

        As fast as a few forward passes, and not exact: use it to choose what to measure.

        Args:
            plan: A plan, or what `plan` makes one of: the name of a sweep, or `path` with
                `receivers=[...]`.
            method: `attribution` for sweeps; `eap` or `eap_ig` for paths. By default the first
                that fits.
            **options: The plan's own, and the method's: `softmax_fix` and `graddrop` of
                `attribution`, `steps` of `eap_ig`.

        Raises:
            UnknownNameError: No sweep, site or method of that name.
            PlanError: As in `plan`; or the method is not for these patches.
            MeasurementError: The first metric has no slope at the base run.
        """
        own = {name for known in METHODS.values() for name in known}
        asked = {name: options.pop(name) for name in own & set(options)}
        chosen = plan if isinstance(plan, Plan) else self.plan(plan, **options)
        method = method or ("attribution" if chosen.form is None else "eap")
        found = self._session.estimate(chosen, method, **asked)
        return Estimated(chosen, self._metric_infos(), self.direction, self._groups(), found)

    def _metric_infos(self) -> list[MetricInfo]:
        return [MetricInfo(metric.name, metric.label, metric.unit) for metric in self.metrics]

    def _groups(self) -> list[str]:
        return [pair.group for pair in self.prompts.pairs]

    @property
    def shape(self) -> PromptShape:
        """Lengths and roles of the prompts, for sweeps."""
        prompts = self.prompts
        return PromptShape(
            lengths=tuple(group.clean.shape[1] for group in prompts.groups),
            roles=prompts.roles,
            labels=prompts.strings[prompts.groups[0].members[0]][0],
            places={
                role: tuple(int(at) for group in prompts.groups for at in group.roles[role])
                for role in prompts.roles
            },
        )

    def baselines(self) -> pd.DataFrame:
        """Return a row per prompt pair: group, metrics on both runs, and whether clean is right."""
        columns: dict[str, Any] = {"group": [pair.group for pair in self.prompts.pairs]}
        for index, metric in enumerate(self.metrics):
            columns[f"{metric.name} clean"] = self._baseline.clean[index]
            columns[f"{metric.name} corrupted"] = self._baseline.corrupted[index]
        columns["right"] = self._session.right()
        return pd.DataFrame(columns).rename_axis("pair")

    def by_group(self) -> pd.DataFrame:
        """Return a row per group of prompts (template): pairs, mean metrics, share right."""
        groups = self.baselines().groupby("group")
        table = pd.DataFrame(groups.mean()).rename(columns={"right": "share right"})
        table["pairs"] = groups.size()
        return table

    def keep(self, groups: str | Sequence[str]) -> "Study":
        """Return a study of the prompt pairs in these groups only.

        Raises:
            PromptError: No pair is in any of them.
        """
        groups = [groups] if isinstance(groups, str) else list(groups)
        pairs = self.prompts.pairs
        chosen = [index for index, pair in enumerate(pairs) if pair.group in set(groups)]
        if not chosen:
            known = ", ".join(f"`{group}`" for group in dict.fromkeys(p.group for p in pairs))
            raise PromptError(
                f"No prompt pair is in the groups {groups!r}. The groups here are {known}."
            )
        kept, old = object.__new__(Study), self._session
        kept.model, kept._origin = self.model, self._origin
        kept._code = f"{self._code}\nstudy = study.keep({groups!r})"
        prompts = tokenize(
            pairs[chosen],
            old.model.tokenizer,
            prepend_bos=self.prompts.prepend_bos,
            n_ctx=old.model.spec.n_ctx,
        )
        how = (old.seed, old.wanted, old.memory, old.store)
        kept._begin(Session(old.model, prompts, old.metrics, old.direction, *how))
        return kept

    def __repr__(self) -> str:
        right = self._session.right().mean()
        lines = [
            f"Study of {self._origin['behaviour']} on {self._session.model.spec.name}: "
            f"{len(self.prompts.pairs)} pairs, right on {right:.0%} of the clean prompts",
        ]
        for index, metric in enumerate(self.metrics):
            clean, corrupted = self._baseline.clean[index], self._baseline.corrupted[index]
            lines.append(
                f"{metric.label}: {clean.mean():.3g} clean, {corrupted.mean():.3g} corrupted "
                f"({metric.unit})"
            )
        return "\n".join([*lines, "", self.prompts.show(2)])

    def _start(
        self,
        plan: Plan,
        call: str,
        source: Source | None = None,
        verify: int = 0,
        screen: Screen | None = None,
    ) -> Result:
        session = self._session
        session.model.require_eval()
        result = Result(
            plan,
            metrics=self._metric_infos(),
            direction=self.direction,
            baseline=Baseline.unmeasured(len(self.metrics), len(self.prompts.pairs)),
            groups=self._groups(),
            provenance=self._origin
            | about_run(session)
            | {
                "source": "other" if source is None else source.key,
                "code": f"{self._code}\nresult = {call}",
            },
        )
        result.open_paths = self.path

        def measure(job: Job) -> None:
            order = None if screen is None else screen.order(session, result, source, job.check)
            session.measure(plan, result, job, order, source=source, verify=verify)

        job = Job(measure, total=len(plan.patches))
        result.attach(job)
        session.model.worker.submit(job)
        return result

    def _warn_if_weak(self) -> None:
        share = self._session.right().mean()
        if share > 0.5:
            return
        warnings.warn(
            f"`{self._session.model.spec.name}` prefers the answer on {share:.0%} of the clean "
            "prompts. Where a model does not show a behaviour there is nothing to localise. See "
            "`study.by_group()`, and keep the groups it can do with `study.keep([...])`.",
            stacklevel=4,
        )
