"""An explorer in a notebook: first maps, and everything that is opened from them."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.result import Measures, Result
from patchwidgets.views._circuit import KEY as CIRCUIT
from patchwidgets.views._circuit import circuit
from patchwidgets.views._explorer import by_key, explorer, key_among
from patchwidgets.views._keys import setting_key, setting_of
from patchwidgets.views.detail import BUSY, Detail
from patchwidgets.views.explorer import Doubt, Offers
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.side_by_side import SideBySide
from patchwidgets.widgets.widget import PatchWidget

MOST_DETAILS = 40
"""Cells of which more than their map says is kept, so that a notebook does not grow for ever."""

COSTS_SHOWN_EVERY = 2.0
"""Seconds after which what is known of the maps' costs is shown before all are known."""

MOST_PROBLEMS = 5
"""Sentences on why a command was not carried out; each is shown once."""


@runtime_checkable
class Asks(Protocol):
    """What measures first maps for an explorer: a study in all its settings."""

    def offers(self) -> Offers:
        """Return what there is to choose from."""
        ...

    def sweep(self, tab: str, direction: str, corruption: str, metrics: Sequence[str]) -> Result:
        """Start a first map in a setting."""
        ...

    def keep(self, result: Result) -> None:
        """Remember a result that was measured in another setting."""
        ...

    def estimate_costs(self) -> Iterator[None]:
        """Find out how long first maps take, one by one; this may wait for a measurement."""
        ...


class LiveExplorer(LiveView[PatchWidget]):
    """Results of one study, and those opened from them.

    Args:
        results: The first map, and whatever else is shown at the start.
        asks: What measures other first maps; `None` where only path maps can be opened.
    """

    def __init__(self, results: Sequence[Result], asks: Asks | None = None) -> None:
        super().__init__()
        self._results = list(results)
        self._asks = asks
        self._asked: set[str] = set()
        self._problems: list[str] = []
        self._details: dict[tuple[str, str], tuple[Detail, bytes]] = {}
        self._circuit: CircuitResult | None = None
        self._circuit_setting = ""
        self._doubts: dict[str, Doubt] = {}
        self._beside = SideBySide()
        self._looked_at, self._pinned = Newest(self._answer), Newest(self._answer)
        self._waited_for = Newest(self._look_patiently)
        self._learning = Newest(self._learn, daemon=False)
        self.widget = PatchWidget(*self._picture(), on_command=self._obey)
        self._follow(results)
        if results[0].done:
            self._learn_costs()
        else:
            self._learn_costs_after(results[0])

    @property
    def results(self) -> dict[str, Result]:
        """Everything that was asked for, by the keys of the maps."""
        with self._lock:
            return by_key(self._results)

    @property
    def circuit(self) -> CircuitResult | None:
        """What was pinned last and measured; `None` before anything was."""
        return self._circuit

    def pin(self, *nodes: str) -> "LiveExplorer":
        """Pin these nodes instead of others, start measuring what they carry, and return this.

        What a reader does with **p** and the button beside the graph. It is saved with the view,
        so that the nodes are pinned for a reader without a kernel too.

        Raises:
            PlanError: As in `study.circuit`.
        """
        self._measure_circuit({"nodes": list(nodes), "paths": [], "setting": "", "limit": 0})
        self.widget.pins = list(nodes)
        return self

    def on_pair(self, prompt: int) -> "LiveExplorer":
        """Show one prompt pair in every map instead of the mean over pairs, and return this.

        What a reader does in the strip of prompt pairs. The maps on that pair are saved with the
        view, for readers without a kernel too. `explorer.widget.alone = False` goes back.

        Args:
            prompt: Which pair, from 0.

        Raises:
            MeasurementError: There is no such pair.
        """
        self._results[0].draw_pair(prompt)
        held = {key for key, result in self.results.items() if prompt < len(result.groups)}
        self._draw_pair(held, prompt)
        self.widget.prompt, self.widget.alone = prompt, True
        return self

    def _ipython_display_(self) -> None:
        self.show()

    def _picture(self) -> Any:
        offers = None if self._asks is None else self._asks.offers()
        measured = self._circuit
        drawn = None if measured is None else (self._circuit_setting, circuit(measured)[0])
        details = list(self._details.values())
        compared = self._beside.picture(self._results)
        doubts = list(self._doubts.values())
        return explorer(self._results, self._problems, offers, details, drawn, compared, doubts)

    def _shown(self) -> Collection[Result]:
        return self._results

    def _obey(self, command: dict[str, Any]) -> None:
        newest = {"detail": self._looked_at, "circuit": self._pinned}.get(command["command"])
        if newest is None:
            super()._obey(command)
        else:
            newest.ask(command)

    def _carry_out(self, command: dict[str, Any]) -> None:
        match command["command"]:
            case "cancel":
                self._cancel(command["key"])
            case "sweep":
                self._sweep(command)
            case "drill":
                self._drill(command)
            case "detail":
                self._look_closely(command)
            case "pair":
                self._draw_pair([command["map"]], command["prompt"])
            case "compare":
                with self._lock:
                    self._beside.tab = command["tab"]
                self._draw()
                self._store()
            case "circuit":
                self._measure_circuit(command)

    def _cancel(self, key: str) -> None:
        if key == CIRCUIT and self._circuit is not None:
            self._circuit.cancel()
        result = self.results.get(key)
        if result is not None:
            result.cancel()

    def _sweep(self, command: dict[str, Any]) -> None:
        asks = self._asks
        if asks is None:
            return
        asked = [command[name] for name in ("tab", "direction", "corruption", "metrics")]
        tab, direction, corruption, metrics = asked
        own = direction, corruption, tuple(metrics)
        key = setting_key(own, setting_of(self._results[0])) + tab
        if command["now"]:
            self._stop_all()
        self._open(key, lambda: asks.sweep(*asked))

    def _drill(self, command: dict[str, Any]) -> None:
        study = self._study_in(command["setting"])
        if study is None:
            return
        receiver, sender = command["receiver"], command["sender"]
        form = command["form"] or "pinned"

        def start() -> Result:
            if sender:
                return study.paths_from(sender, form=form)
            return study.path(receiver.split(", "), form=form)

        def cost() -> Any:
            if sender:
                return study.cost_now("paths_from", sender=sender, form=form)
            return study.cost_now("path", receivers=receiver.split(", "), form=form)

        about = f"from {sender}" if sender else receiver
        written = "" if form == "pinned" else f" ({form})"
        key = f"{command['setting']}{about}{written}"
        self._open(key, start, lambda: self._doubt(key, cost, command["limit"]))

    def _look_closely(self, asked: dict[str, Any], wait: bool = False) -> None:
        key = asked["map"]
        result = self.results.get(key)
        if result is None or result.study is None:
            return
        found, block = result.study.detail(result, asked["node"], asked["prompt"], wait=wait)
        self._keep_detail(found.model_copy(update={"map": key}), block)
        # What is known at once is shown at once; patterns may have to wait for the model.
        if found.note == BUSY:
            self._waited_for.ask(asked)

    def _look_patiently(self, asked: dict[str, Any]) -> None:
        try:
            self._look_closely(asked, wait=True)
        except PatchwidgetsError as problem:
            with self._lock:
                self._details.pop((asked["map"], asked["node"]), None)
            self._complain(problem)
        # The page does not ask again for a cell that it has, and was promised its patterns.
        with self._lock:
            promised = [one for one, _ in self._details.values() if one.note == BUSY]
        if promised:
            self._waited_for.go_on_with(promised[-1].model_dump(include={"map", "node", "prompt"}))

    def _draw_pair(self, keys: Collection[str], prompt: int) -> None:
        """Put maps on one pair into the view, where they stay."""
        for key, result in self.results.items():
            if key in keys:
                result.draw_pair(prompt)
        self._draw()
        self._store()

    def _keep_detail(self, found: Detail, block: bytes) -> None:
        with self._lock:
            self._details.pop((found.map, found.node), None)
            self._details[found.map, found.node] = found, block
            for oldest in list(self._details)[:-MOST_DETAILS]:
                del self._details[oldest]
        self._draw()
        self._store()

    def _measure_circuit(self, command: dict[str, Any]) -> None:
        nodes, paths, setting = (command[name] for name in ("nodes", "paths", "setting"))
        study = self._study_in(setting)
        if study is None:
            return
        heads = self.results.get(f"{setting}heads")
        order = heads if heads is not None and heads.progress.state == "done" else None
        counted = any(node.partition("@")[0].endswith(".mlp_out") for node in nodes)
        mlps = "counted" if counted else "live"
        key = f"{setting}{CIRCUIT} {', '.join(nodes)}"
        cost = partial(study.circuit_cost_now, nodes, order=order, mlps=mlps)
        if self._doubt(key, cost, command["limit"]):
            return
        known = {path: self._map_of(path, setting) for path in paths}
        measured = study.circuit(nodes, paths=known, order=order, mlps=mlps)
        with self._lock:
            old, self._circuit = self._circuit, measured
            self._circuit_setting = setting
        if old is not None:
            old.cancel()
        self._draw()
        self._follow([measured.measured])

    def _map_of(self, path: str, setting: str) -> Result | None:
        """Return a map with the effect of a path, in the form that is looked at if there is one."""
        known = [
            result
            for result in self.results.values()
            if setting_key(setting_of(result), setting_of(self._results[0])) == setting
            and any(str(patch.path) == path for patch in result.plan.patches)
        ]
        known.sort(key=lambda result: result.plan.form != (self.widget.form or "pinned"))
        return known[0] if known else None

    def _complain(self, problem: PatchwidgetsError) -> None:
        with self._lock:
            self._problems = list(dict.fromkeys([*self._problems, str(problem)]))[-MOST_PROBLEMS:]
        self._draw()

    def _study_in(self, setting: str) -> Measures | None:
        """Return the study of a setting; `None` where no map of it was measured here."""
        for key, result in self.results.items():
            own = key.startswith(setting) if setting else ": " not in key
            if own and result.study is not None:
                return result.study
        return None

    def _stop_all(self) -> None:
        for result in self.results.values():
            result.cancel()

    def _doubt(self, key: str, cost: Callable[[], Any], limit: float | int) -> bool:
        """Return whether something takes longer than a limit, and say so in the view if it does."""
        takes = cost() if limit else None
        with self._lock:
            self._doubts.pop(key, None)
            if takes is None or takes.seconds <= limit:
                return False
            self._doubts[key] = Doubt(key=key, cost=takes.time, seconds=takes.seconds)
        self._draw()
        return True

    def _open(
        self,
        key: str,
        start: Callable[[], Result],
        doubted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the map that was asked for, unless it is here or is being started just now."""
        with self._lock:
            here = self.results.get(key)
            if key in self._asked or (here is not None and not _is_stopped(here)):
                return
            self._asked.add(key)
        # Not under the lock: the thread that measures needs it, and this may wait for that thread.
        try:
            if not doubted():
                self.take(start())
        finally:
            with self._lock:
                self._asked.remove(key)

    def take(self, result: Result) -> None:
        """Show a result, in the place of one with the same key that was stopped.

        One that is shown may have got maps on single pairs.
        """
        with self._lock:
            key = key_among(result, self._results[0])
            old = self.results.get(key)
            wanted = old is None or _is_stopped(old)
            if wanted:
                result.draw_pairs(() if old is None else old.drawn_pairs)
                at = len(self._results) if old is None else self._results.index(old)
                self._results[at:] = [result, *self._results[at + 1 :]]
        if not wanted:
            if old is not result:
                result.cancel()
            elif result.drawn_pairs:
                self._draw()
                self._store()
            return
        if self._asks is not None:
            self._asks.keep(result)
        self._draw()
        self._follow([result])
        self._learn_costs_after(result)

    def _learn_costs_after(self, result: Result) -> None:
        """Find out what maps take once one is measured: others of its setting then have a cost."""
        result.listen(lambda job: self._learn_costs() if job.ended else None)

    def _learn_costs(self) -> None:
        if self._asks is not None:
            # The thread that measures must not wait for itself.
            self._learning.ask(self._asks)

    def _learn(self, asks: Asks) -> None:
        drawn = time.monotonic()
        for _ in asks.estimate_costs():
            if time.monotonic() - drawn > COSTS_SHOWN_EVERY:
                self._draw()
                drawn = time.monotonic()
        self._draw()


def _is_stopped(result: Result) -> bool:
    return result.progress.state in ("cancelled", "failed")
