"""Study: a model and a behaviour, ready to be patched. It only strings the steps together."""

import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from patchwidgets.engine.session import Session
from patchwidgets.errors import PlanError, PromptError
from patchwidgets.jobs import Job
from patchwidgets.metrics import METRICS, Metric, as_metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import TransformerBridge, load_model
from patchwidgets.nodes import Node
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import TokenPairs, single_token_test, tokenize
from patchwidgets.registry import Registry, unknown_name
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

    Raises:
        UnknownNameError: A task, metric, corruption, direction, executor or model that does not
            exist.
        PromptError: Prompt pairs that cannot be aligned or answered on this tokenizer.
        ModelError: A model that cannot be loaded or patched.
        MeasurementError: Logits or a metric that are not finite.

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
    ) -> None:
        if direction not in DIRECTIONS:
            raise unknown_name("direction", direction, list(DIRECTIONS))
        if executor not in EXECUTORS:
            raise unknown_name("executor", executor, list(EXECUTORS))
        chosen = DIRECTIONS[DIRECTIONS.index(direction)]
        wanted = EXECUTORS[EXECUTORS.index(executor)]
        metrics = _metrics(metric)
        self.model = load_model(model)
        lens = LensModel(self.model)
        bos = lens.default_prepend_bos if prepend_bos is None else prepend_bos
        pairs, self._origin = _pairs(lens, behaviour, n, seed, corruption, at)
        prompts = tokenize(pairs, lens.tokenizer, prepend_bos=bos, n_ctx=lens.spec.n_ctx)
        self._code = _code(lens, behaviour, self._origin, metrics, direction, bos, wanted)
        self._begin(Session(lens, prompts, metrics, chosen, seed, wanted))

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

    def sweep(self, name: str | Callable[..., Plan] = "heads", **options: Any) -> Result:
        """Patch every node of a sweep, one at a time; returns at once and measures in a thread.

        Args:
            name: `heads`, `residual`, `mlp`, `attn`, or your own function of (spec, shape).
            **options: The sweep's own, such as `site="resid_mid"` or `positions="roles"`.

        Raises:
            UnknownNameError: No sweep or site of that name.
            PlanError: Positions the prompts do not have, or a site the model lacks.
        """
        sweep = SWEEPS.get(name) if isinstance(name, str) else name
        plan = sweep(self._session.model.spec, self.shape, **options)
        given = "".join(f", {option}={value!r}" for option, value in options.items())
        return self._start(plan, f"study.sweep({plan.name!r}{given})")

    def path(self, receivers: Sequence[str | Node], *, form: str = "pinned") -> Result:
        """Patch the paths from every sender into `receivers`; returns at once.

        Source: Wang et al. 2022 (arXiv 2211.00593), appendix B, in either direction.

        Args:
            receivers: `["logits"]`, or `q`, `k`, `v` inputs of heads, such as `["L20H0.v"]`; `k`
                and `v` count key/value heads.
            form: Which nodes are frozen on the way: `pinned` freezes every other head and
                recomputes MLPs and norms, `pinned_all` freezes MLPs too, `direct` adds the
                change at each receiver's own input and leaves everything else live.

        Raises:
            PlanError: A receiver that does not exist.
        """
        if isinstance(receivers, str):
            receivers = [receivers]
        plan = path_plan(self._session.model.spec, receivers, form, self.shape)
        written = [str(node) for node in receivers]
        return self._start(plan, f"study.path(receivers={written!r}, form={form!r})")

    @property
    def shape(self) -> PromptShape:
        """Lengths and roles of the prompts, for sweeps."""
        prompts = self.prompts
        return PromptShape(
            lengths=tuple(group.clean.shape[1] for group in prompts.groups),
            roles=prompts.roles,
            labels=prompts.strings[prompts.groups[0].members[0]][0],
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
        kept._begin(Session(old.model, prompts, old.metrics, old.direction, old.seed, old.wanted))
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

    def _start(self, plan: Plan, call: str) -> Result:
        session = self._session
        session.model.require_eval()
        result = Result(
            plan,
            metrics=[MetricInfo(m.name, m.label, m.unit) for m in self.metrics],
            direction=self.direction,
            baseline=Baseline.unmeasured(len(self.metrics), len(self.prompts.pairs)),
            groups=[pair.group for pair in self.prompts.pairs],
            provenance=self._provenance() | {"code": f"{self._code}\nresult = {call}"},
        )
        result.open_paths = self.path
        job = Job(lambda job: session.measure(plan, result, job), total=len(plan.patches))
        result.attach(job)
        session.model.worker.submit(job)
        return result

    def _provenance(self) -> dict[str, Any]:
        session = self._session
        return {
            **self._origin,
            "model": session.model.spec.to_json(),
            "fingerprint": session.model.fingerprint(),
            "dtype": str(session.model.dtype).removeprefix("torch."),
            "device": str(session.model.device),
            "prepend_bos": self.prompts.prepend_bos,
            "executor": session.executor,
            "prompts": session.describe_prompts(),
            "versions": {
                name: version(name)
                for name in ("patchwidgets", "torch", "transformer_lens", "transformers")
            },
        }

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


def _metrics(metric: Any) -> list[Metric]:
    listed = list(metric) if isinstance(metric, list | tuple) else [metric]
    if not listed:
        raise PlanError(
            "`metric` is an empty list, so nothing would be measured. Give at least one, such as "
            "`metric='logit_diff'`."
        )
    return [as_metric(one) for one in listed]


def _pairs(
    lens: LensModel, behaviour: Any, n: int, seed: int, corruption: Any, at: str | None
) -> tuple[PromptPairs, dict[str, Any]]:
    if isinstance(behaviour, PromptPairs):
        return behaviour, {"behaviour": "your own prompt pairs", "corruption": "as given"}
    task = TASKS.get(behaviour) if isinstance(behaviour, str) else behaviour
    chosen = CORRUPTIONS.get(corruption) if isinstance(corruption, str) else corruption
    single = single_token_test(lens.tokenizer)
    pairs = chosen.pairs(task, n, seed, at=at, is_single_token=single)
    return pairs, {
        "behaviour": task.title,
        "task": task.name,
        "citation": task.citation,
        "corruption": chosen.name,
        "at": at or task.default_site,
        "seed": seed,
        "n": n,
    }


def _by_name(registry: Registry, member: Any) -> str:
    """Return how code names a member: in quotes if it is ours, else as a variable of the user's."""
    ours = member.name in registry.names() and registry.get(member.name) is member
    return repr(member.name) if ours else member.name


def _code(
    lens: LensModel,
    behaviour: Any,
    origin: dict[str, Any],
    metrics: Sequence[Metric],
    direction: str,
    bos: bool,
    executor: str,
) -> str:
    """Return the Python that makes a study again; your own pairs are called `pairs`."""
    own = isinstance(behaviour, PromptPairs)
    asked: dict[str, Any] = {}
    if not own:
        asked |= {name: origin[name] for name in ("n", "seed", "corruption", "at")}
    asked |= {"direction": direction, "prepend_bos": bos}
    if executor != "auto":
        asked["executor"] = executor
    named = [_by_name(METRICS, metric) for metric in metrics]
    options = f", metric={named[0] if len(named) == 1 else '[' + ', '.join(named) + ']'}"
    options += "".join(f", {name}={value!r}" for name, value in asked.items())
    first = "pairs" if own else repr(origin["task"])
    return (
        "import patchwidgets as pw\n\n"
        f"model = pw.load_model({lens.spec.name!r})\n"
        f"study = pw.Study(model, {first}{options})"
    )
