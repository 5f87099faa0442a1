"""Study: a model and a behaviour, ready to be patched. It only strings the steps together."""

from collections.abc import Callable, Sequence
from typing import Any

from patchwidgets.advising import Advised
from patchwidgets.circuiting import Circuiting
from patchwidgets.comparing import Comparing
from patchwidgets.describing import Described
from patchwidgets.detailing import Detailing
from patchwidgets.engine.cluster import Cluster
from patchwidgets.engine.corrupting import tokens_of
from patchwidgets.engine.cost import Cost
from patchwidgets.engine.memory import parse_bytes
from patchwidgets.engine.screen import Screen
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._chosen import chosen_source
from patchwidgets.engine.sources._source import Source
from patchwidgets.estimating import Estimating
from patchwidgets.exploring import Exploring
from patchwidgets.jobs import Job
from patchwidgets.keeping import Keeping
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import Loader, TransformerBridge, load_model
from patchwidgets.nodes import Node
from patchwidgets.opening import (
    code_of,
    metrics_of,
    noising_of,
    pairs_in,
    pairs_of,
    redrawn_of,
    written_screen,
    written_source,
)
from patchwidgets.plans._grid import Positions
from patchwidgets.plans._receivers import Stop
from patchwidgets.plans.paths import path_plan, written_options
from patchwidgets.plans.paths_from import paths_from_plan
from patchwidgets.plans.plan import PATHS_FROM, Plan
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.refusing import check_asked, check_sweep, check_verify
from patchwidgets.registry import one_of
from patchwidgets.results.draws import mean_baseline
from patchwidgets.results.estimated import Estimated
from patchwidgets.results.result import Result
from patchwidgets.sending import Sending
from patchwidgets.types import DIRECTIONS, EXECUTORS
from patchwidgets.undone import undone, warn_if_weak


class Study(
    Described,
    Advised,
    Estimating,
    Comparing,
    Circuiting,
    Sending,
    Detailing,
    Exploring,
    Keeping,
):
    """A model and prompt pairs, ready to be patched.

    The two unpatched runs are made here, so that you see at once whether the model does the task.

    Args:
        model: A name for `load_model`, a TransformerLens bridge, or a function that makes one. It
            is never changed.
        behaviour: The name of a task, a task, or your own `PromptPairs`.
        n: Number of prompt pairs to draw from the task.
        seed: Of the draw; the same seed gives the same pairs.
        corruption: Name of a corruption, or the object, such as `GaussianNoise(k=3.0, draws=10)`.
        at: What is corrupted: one of the task's corruption sites, its default one if `None`; for
            noise also roles, such as `S1`, several joined by `+`.
        known: Whether to keep only pairs that the model knows: `True` or `"preferred"`, it has
            a right answer before every wrong one; `"top"`, before every other token. Both prompts
            count where the corrupted one's answer is the wrong answer. All pairs are kept if
            `None` or `False`; a model that is right on no clean prompt is measured if `False`
            only (and where every metric is a function of yours).
        known_in: With `known`: the corruptions under which a pair must be known, each as in
            `compare`; this study's own if `None`. Studies that name the same ones have the same
            clean prompts.
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
        PromptError: Prompt pairs that cannot be aligned or answered on this tokenizer, or, with
            `known`, that the model knows none of.
        ModelError: A model that cannot be loaded or patched.
        MeasurementError: Logits or a metric that are not finite.
        MemoryBudgetError: `memory` does not hold one cell.

    Warns:
        UserWarning: The model prefers the wrong answer on half of the clean prompts or more. On
            all of them: what it says instead, and that nothing is measured.
    """

    def __init__(
        self,
        model: str | TransformerBridge | Loader,
        behaviour: str | PromptPairs | Any = None,
        n: int = 64,
        *,
        seed: int = 0,
        corruption: str | Any = "token_replacement",
        at: str | None = None,
        known: bool | str | None = None,
        known_in: Sequence[Any] | None = None,
        metric: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = "logit_diff",
        direction: str = "denoising",
        prepend_bos: bool | None = None,
        executor: str = "auto",
        memory: str | int | float | None = None,
        store: bool = True,
    ) -> None:
        self._opened: dict[str, Any] = {
            "model": model,
            "behaviour": behaviour,
            "n": n,
            "seed": seed,
            "corruption": corruption,
            "at": at,
            "known": known,
            "known_in": known_in,
            "metric": metric,
            "direction": direction,
            "prepend_bos": prepend_bos,
            "executor": executor,
            "memory": memory,
            "store": store,
        }
        self._kept: list[str] | None = None
        self._asked: dict[Any, Any] = {}
        self._open()

    def _open(self) -> None:
        """Make the unpatched runs of what was asked for, of the groups that are kept."""
        asked = self._opened
        check_asked(*(asked[name] for name in ("model", "behaviour", "n", "seed", "corruption")))
        direction = one_of("direction", asked["direction"], DIRECTIONS)
        wanted = one_of("executor", asked["executor"], EXECUTORS)
        metrics = metrics_of(asked["metric"])
        memory = None if asked["memory"] is None else parse_bytes(asked["memory"])
        self.model = load_model(asked["model"])
        lens = LensModel(self.model)
        bos = lens.default_prepend_bos if asked["prepend_bos"] is None else asked["prepend_bos"]
        self._opened, seed = asked | {"model": self.model, "prepend_bos": bos}, asked["seed"]
        behaviour, corruption, at = asked["behaviour"], asked["corruption"], asked["at"]
        pairs, self._origin = pairs_of(lens, self._opened, metrics, self._asked)
        self._noising = noising_of(behaviour, corruption, at)
        about = self._origin | {"noising": self._noising}
        self._code = code_of(lens, self._opened, about, metrics)
        if self._kept is not None:
            pairs = pairs_in(pairs, self._kept)
            self._code += f"\nstudy = study.keep({self._kept!r})"
        redrawn = redrawn_of(lens, self._opened, pairs)
        prompts = tokens_of(lens, pairs, bos, self._noising, metrics, redrawn=redrawn)
        how = (seed, wanted, memory, asked["store"])
        self._begin(Session(lens, prompts, metrics, direction, *how))

    def _again(self, **changes: Any) -> "Study":
        """Return this study opened in another way, with the same groups of prompts kept."""
        study = object.__new__(Study)
        study._opened, study._kept = self._opened | changes, self._kept
        study._asked = self._asked
        study._open()
        return study

    def _begin(self, session: Session) -> None:
        self._session = session
        self._started: dict[Any, Result] = {}
        self._circuits, self._comparisons = {}, {}
        self._baseline = mean_baseline(session.baseline(), session.prompts.draws)
        self._undone = undone(session, self._opened["known"])
        warn_if_weak(session, self._undone)

    def plan(self, name: str | Callable[..., Plan] = "heads", **options: Any) -> Plan:
        """Return what a sweep or a path map would measure, without measuring it.

        `print(plan.describe(study.cost(plan)))` says how many cells in how many chunks, about how
        long it would take and in how much memory.

        Args:
            name: As in `sweep`; or `path` or `paths_from`, with the options of these.
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
        if name == PATHS_FROM:
            return paths_from_plan(spec, options.pop("sender", ""), shape=self.shape, **options)
        sweep = SWEEPS.get(name) if isinstance(name, str) else name
        check_sweep(sweep, options)
        return sweep(spec, self.shape, **options)

    def cost(
        self,
        plan: Plan | str | Callable[..., Plan] = "heads",
        *,
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> Cost:
        """Return what a plan would take if it was measured now: patches, time and memory.

        The time is the arithmetic of the patches that are run, divided by the rate at which this
        device multiplies matrices just now; `Cost` says how good that is.

        Args:
            plan: A plan, or what `plan` makes one of.
            source: As in `sweep`.
            reference: As in `sweep`.
            seed: As in `sweep`.
            **options: The sweep's own.
        """
        chosen = chosen_source(source, reference, seed)
        asked = plan if isinstance(plan, Plan) else self.plan(plan, **options)
        return self._session.cost(asked.measured, chosen)

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
        client: Any = None,
        **options: Any,
    ) -> Result:
        """Patch every node of a sweep, one at a time; returns at once and measures in a thread.

        Args:
            name: `heads`, `residual`, `mlp`, `attn`, `joint`, or your own function of (spec,
                shape).
            source: What patches write: the values of the `other` run, `zero`, the `mean` over
                `reference` prompts of the same templates and lengths, `mean_by_role` over those of
                any, at roles, `resample` for those of another prompt pair, or an object.
            reference: With a mean: prompt pairs whose corrupted prompts are averaged.
            seed: With `source="resample"`: of the draw.
            verify: How many cells that are read from the store to measure again. If one has
                another number, beyond rounding, the result raises and the store drops the sweep.
            estimate: `attribution`, or what `study.estimate` returned: every effect is estimated
                first, then cells are measured in the order of their estimated size. Estimates are
                kept apart, as `result.estimate`; `result.agreement()` compares them.
            top: With `estimate`: measure so many cells only. The others stay NaN, not measured.
            client: A Dask client whose workers measure, each with its own copy of the model: see
                `engine/README.md`. The checks are made here too.
            **options: The sweep's own, such as `site="resid_mid"` or `positions="roles"`.

        Raises:
            UnknownNameError: No sweep, site or source of that name.
            PlanError: Positions the prompts do not have, a site the model lacks, a source without
                what it needs, or a `client` that is none.
            PromptError: The model is right on no clean prompt; `known=False` measures it.
            ModelError: Workers of `client` cannot load the model.
        """
        chosen = chosen_source(source, reference, seed)
        plan = self.plan(name, **options)
        screen = self._screen(plan, estimate, top, chosen)
        given = "".join(f", {option}={value!r}" for option, value in options.items())
        given += written_source(source, chosen, seed, reference) + written_screen(screen)
        call = f"study.sweep({plan.name!r}{given})"
        return self._start(plan, call, chosen, verify, screen, client)

    def path(
        self,
        receivers: str | Node | Sequence[str | Node],
        *,
        through: Sequence[Stop] = (),
        senders: Sequence[str] | None = None,
        block: int | None = None,
        positions: Positions = None,
        form: str = "pinned",
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        seed: int | None = None,
        estimate: str | Estimated | None = None,
        top: int | None = None,
        verify: int = 0,
        client: Any = None,
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
                attention outputs), `neurons` (of MLPs, in blocks), `embed`; `heads`, `mlp` and
                `embed` if `None`.
            block: Neighbouring neurons that send together; 64 if `None`, 1 for each by itself.
            positions: `None` sends all positions of a sender together; `"each"`, `"roles"` or a
                list of positions or roles sends each by itself.
            form: Which nodes are frozen on the way: `pinned` freezes every other head and
                recomputes MLPs and norms, `pinned_all` freezes MLPs too, `direct` adds the
                change at each receiver's own input and leaves everything else live.
            source: What senders write; as in `sweep`.
            reference: As in `sweep`.
            seed: As in `sweep`.
            estimate: `eap` or `eap_ig`, or what `study.estimate` returned; as in `sweep`.
            top: With `estimate`: measure so many cells only.
            verify: How many stored cells to measure again; as in `sweep`.
            client: A Dask client whose workers measure; as in `sweep`.

        Returns:
            A result whose cells are NaN where the sender cannot reach a receiver.

        Raises:
            UnknownNameError: A form, a source or a kind of sender that does not exist.
            PlanError: A receiver or a position that does not exist, receivers that undo each
                other, a chain that goes backwards, or nothing that reaches the receivers; and as
                in `sweep`.
            PromptError: As in `sweep`.
        """
        chosen = chosen_source(source, reference, seed)
        asked: dict[str, Any] = {"through": through, "senders": senders}
        asked |= {"positions": positions, "block": block}
        plan = path_plan(self._session.model.spec, receivers, form, self.shape, **asked)
        screen = self._screen(plan, estimate, top, chosen)
        given = written_options(plan, senders, positions, block)
        given += written_source(source, chosen, seed, reference) + written_screen(screen)
        return self._start(plan, f"study.path({given})", chosen, verify, screen, client)

    def keep(self, groups: str | Sequence[str]) -> "Study":
        """Return a study of the prompt pairs in these groups only.

        Raises:
            PromptError: No pair is in any of them.
        """
        groups = [groups] if isinstance(groups, str) else list(groups)
        pairs = pairs_in(self.prompts.pairs, groups)
        kept, old = object.__new__(Study), self._session
        kept.model, kept._origin = self.model, self._origin
        kept._code = f"{self._code}\nstudy = study.keep({groups!r})"
        kept._opened, kept._kept, kept._asked = self._opened, groups, self._asked
        kept._noising, used = self._noising, self.prompts
        how = (used.prepend_bos, kept._noising, old.metrics, used.noise)
        redrawn = redrawn_of(old.model, self._opened, pairs)
        prompts = tokens_of(old.model, pairs, *how, redrawn=redrawn)
        how = (old.seed, old.wanted, old.memory, old.store)
        kept._begin(Session(old.model, prompts, old.metrics, old.direction, *how))
        return kept

    def _start(
        self,
        plan: Plan,
        call: str,
        source: Source | None = None,
        verify: int = 0,
        screen: Screen | None = None,
        client: Any = None,
    ) -> Result:
        session = self._session
        self._refuse_undone()
        check_verify(verify)
        session.model.require_eval()
        cluster = None if client is None else Cluster(client, session.model)
        result = self._new_result(plan, call, source, None if screen is None else screen.top)

        def measure(job: Job) -> None:
            order = None if screen is None else screen.order(session, result, source, job)
            session.measure(plan.measured, result, job, order, source, verify, cluster)

        job = Job(measure, total=len(plan.measured.patches))
        result.attach(job)
        session.model.submit(job)
        return self._remember(result)
