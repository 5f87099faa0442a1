"""Measures what a person has pinned: how much of the behaviour a circuit carries."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from patchwidgets.circuits.circuit import Circuit, curve_sizes
from patchwidgets.circuits.pinned import Paths, effects_of, order_of, paths_of
from patchwidgets.circuits.random_circuits import LAYERS, draw
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.circuits.universe import MLPS, nodes_of, universe_of
from patchwidgets.engine.cost import Cost
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._chosen import chosen_source
from patchwidgets.engine.sources._source import Source
from patchwidgets.jobs import Job
from patchwidgets.nodes import Node
from patchwidgets.opening import about_run, shape_of
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.registry import one_of
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result

RANDOM = 20
"""Random circuits by default: as few as can show p = 0.05."""


class Circuiting:
    """A study that measures circuits."""

    _session: Session
    _refuse_undone: Callable[[], None]
    _origin: dict[str, Any]
    _code: str
    _keeping: Session | None = None
    adopt: Callable[..., None]

    def circuit(
        self,
        nodes: Iterable[str | Node],
        *,
        paths: Paths = (),
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        mlps: str = "live",
        random: int = RANDOM,
        layers: str = "any",
        order: Result | Sequence[str | Node] | None = None,
        seed: int = 0,
    ) -> CircuitResult:
        """Measure how much of the behaviour some nodes carry; returns at once.

        On the clean prompt, everything outside the circuit is set to its values in the corrupted
        run; in another run the circuit itself is. Whatever the study's own direction is: these
        runs are of the clean prompt.

        Source: Hanna et al. 2024 (arXiv 2403.17806), Mueller et al. 2025 (MIB, arXiv 2504.13151)
            and Wang et al. 2022 (arXiv 2211.00593). `circuits/README.md` says more, and how
            faithfulness misleads.

        Args:
            nodes: Heads, such as `L9H6` or `L9H6@END`, and with `mlps="counted"` MLPs, such as
                `L9.mlp_out`. A head that is kept at some positions is overwritten at the others.
            paths: Paths that are drawn with the circuit, such as `["L5H1 -> L9H6.q"]`, or each
                with the path map in which it was measured, for its effect. They are not tested.
            source: What is written: the values of the `other` run, `zero`, the `mean` over
                `reference` prompts, `resample` for those of another prompt pair, or an object.
            reference: With `source="mean"`: prompt pairs whose corrupted prompts are averaged.
            mlps: `live`, MLPs are no nodes and go on computing; or `counted`, they are nodes.
            random: How many circuits of the same size to draw and measure; 0 for none.
            layers: Where these have their nodes: in `any` layer, or as many in the `same` layers.
            order: In which nodes are added for the curve: by the effects in a head map, the
                largest first, which waits for the map; or in that of a list. Nodes that are not
                in the circuit follow after it. By default the circuit's own order.
            seed: Of the random circuits.

        Raises:
            UnknownNameError: No source of that name, or no such way with MLPs or layers.
            PlanError: A node that does not exist, is outside of what the circuit chooses from or
                is there twice, no node at all, fewer other circuits than `random`, or a path with
                an end that is not in the circuit.
            PromptError: As in `sweep`.
        """
        self._refuse_undone()
        chosen = chosen_source(source, reference)
        asked: dict[str, Any] = {"mlps": mlps, "random": random, "layers": layers, "seed": seed}
        circuit = self._chosen(nodes, order, **asked)
        session, mine = self._clean_first(), circuit.nodes
        drawn = paths_of(session.model.spec, mine, paths)
        code = _written(mine, drawn, source, reference, asked, order)
        measured = self._measure(session, circuit, chosen, code)
        effects = effects_of(mine, order if isinstance(order, Result) else None)
        found = CircuitResult(circuit, measured, effects, drawn)
        self.adopt((), [found])
        return found

    def circuit_cost_now(
        self,
        nodes: Iterable[str | Node],
        *,
        mlps: str = "live",
        order: Result | Sequence[str | Node] | None = None,
    ) -> Cost | None:
        """Return what `circuit` takes, without waiting for what is measured just now.

        Args:
            nodes: As in `circuit`.
            mlps: As in `circuit`.
            order: As in `circuit`.

        Returns:
            `None` where the runs that say it are not made yet.

        Raises:
            UnknownNameError: As in `circuit`.
            PlanError: As in `circuit`.
        """
        plan = self._chosen(nodes, order, mlps=mlps).plan
        # The same two runs, whichever is patched, are as much work.
        return self._clean_first().cost_now(plan) or self._session.cost_now(plan)

    def _chosen(
        self,
        nodes: Iterable[str | Node],
        order: Result | Sequence[str | Node] | None,
        mlps: str,
        random: int = RANDOM,
        layers: str = "any",
        seed: int = 0,
    ) -> Circuit:
        among = one_of("way with MLPs", mlps, MLPS)
        spread = one_of("way to choose layers", layers, LAYERS)
        spec, shape = self._session.model.spec, shape_of(self._session.prompts)
        universe = universe_of(spec, among)
        mine = nodes_of(spec, shape, among, nodes)
        ranked = order_of(universe, mine, order)
        return Circuit(
            nodes=mine,
            universe=universe,
            mlps=among,
            random=draw(universe, mine, random, spread, seed),
            layers=spread,
            seed=seed,
            order=ranked,
            sizes=curve_sizes(len(mine), len(ranked), len(universe)),
        )

    def _clean_first(self) -> Session:
        """Return a session whose base is the clean run, on the same prompts."""
        old = self._session
        if old.direction == "noising":
            return old
        if self._keeping is None or self._keeping.prompts is not old.prompts:
            how = (old.seed, old.wanted, old.memory, old.store)
            self._keeping = Session(old.model, old.prompts, old.metrics, "noising", *how)
        return self._keeping

    def _measure(
        self, session: Session, circuit: Circuit, source: Source | None, code: str
    ) -> Result:
        session.model.require_eval()
        prompts, plan = session.prompts, circuit.plan
        result = Result(
            plan,
            metrics=[MetricInfo(one.name, one.label, one.unit) for one in session.metrics],
            direction="noising",
            baseline=Baseline.unmeasured(len(session.metrics), prompts.n_rows),
            groups=[pair.group for pair in prompts.pairs],
            draws=prompts.draws,
            provenance=self._origin
            | about_run(session)
            | {
                "source": "other" if source is None else source.key,
                "code": f"{self._code}\ncircuit = {code}",
            },
        )

        def measure(job: Job) -> None:
            session.measure(plan, result, job, source=source)

        job = Job(measure, total=len(plan.patches))
        result.attach(job)
        session.model.submit(job)
        return result


DEFAULTS = {"mlps": "live", "random": RANDOM, "layers": "any", "seed": 0}


def _written(
    nodes: Sequence[Node],
    paths: Sequence[Any],
    source: str | Source,
    reference: PromptPairs | None,
    asked: dict[str, Any],
    order: Result | Sequence[str | Node] | None,
) -> str:
    """Return how code asks for a circuit; a head map that gave the order is called `heads`."""
    given = [repr([str(node) for node in nodes])]
    if paths:
        given.append(f"paths={[path.name for path in paths]!r}")
    if source != "other":
        written = source if isinstance(source, str) else source.name
        given.append(f"source={written!r}")
    given += ["reference=reference"] if reference is not None else []
    given += [f"{name}={value!r}" for name, value in asked.items() if value != DEFAULTS[name]]
    if isinstance(order, Result):
        _, _, call = order.provenance.get("code", "").rpartition("\nresult = ")
        given.append(f"order={call or f'study.sweep({order.plan.name!r})'}")
    elif order is not None:
        given.append(f"order={[str(node) for node in order]!r}")
    return f"study.circuit({', '.join(given)})"
