"""A reader's desk: five studies and twenty views on one kernel, and pages that click on them.

No page is there: what the widgets send is serialized as a kernel would, counted and dropped, and
messages are handed over one after another in one thread, as a kernel does.
"""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import comm
import numpy as np
from comm.base_comm import BaseComm
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.results.result import Result
from patchwidgets.types import DIRECTIONS
from patchwidgets.views._explorer import by_key
from patchwidgets.widgets import heatmap, live
from patchwidgets.widgets.comparison import LiveComparison
from patchwidgets.widgets.explorer import LiveExplorer
from patchwidgets.widgets.question import LiveQuestion
from tests.families import PAIRS, RAGGED, study_of, tiny
from tests.prove._subject import snapshot, wrong

STUDIES, VIEWS = 5, 20
CHOICES = ["early", "late"]


@dataclass
class Sent:
    """What went out to the pages.

    Args:
        messages: Of widgets.
        outputs: Written into the notebook, updates among them.
        bytes: Of both.
    """

    messages: int = 0
    outputs: int = 0
    bytes: int = 0


@contextmanager
def recorded() -> Iterator[Sent]:
    """Count what widgets that are made meanwhile send, and what is displayed."""
    sent = Sent()

    class Recording(BaseComm):
        def publish_msg(
            self,
            msg_type: str,
            data: Any = None,
            metadata: Any = None,
            buffers: Any = None,
            **_: Any,
        ) -> None:
            sent.messages += 1
            sent.bytes += len(json.dumps(data)) + sum(
                memoryview(one).nbytes for one in buffers or []
            )

    def written(bundle: Any, **_: Any) -> None:
        sent.outputs += 1
        sent.bytes += len(json.dumps(bundle))

    places = [(comm, "create_comm", Recording)]
    places += [(live, name, written) for name in ("show", "update_display")]
    places += [(heatmap, name, written) for name in ("display", "update_display")]
    were = [getattr(module, name) for module, name, _ in places]
    for module, name, ours in places:
        setattr(module, name, ours)
    try:
        yield sent
    finally:
        for (module, name, _), was in zip(places, were, strict=True):
            setattr(module, name, was)


@dataclass
class Place:
    """One study and its four views.

    Args:
        study: The study.
        views: An explorer first.
    """

    study: Any
    views: list[Any] = field(default_factory=list)

    def widgets(self) -> list[Widget]:
        """Return what the pages talk to."""
        return [getattr(view, "widget", view) for view in self.views]


class Desk:
    """Studies with their views, all shown.

    Args:
        chance: Chooses what is clicked.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.places = [self._laid_out(number) for number in range(STUDIES)]

    def _laid_out(self, number: int) -> Place:
        """Open a study, start its sweeps, and show its views."""
        study = _study(number)
        explorer, mlp = study.explore(), study.sweep("mlp", positions="roles")
        heads = explorer.results["heads"]
        views = [explorer, mlp._live()]
        if number % 2:
            compared = study.compare("attn", directions=["denoising", "noising"])
            views += [compared._live(), study.attention_view("L1H1")]
        elif number:
            views += [heads.effects_view("L1H1"), pw.heatmap(np.zeros((20, 30)))]
        else:
            given = {"right": "early", "choices": CHOICES}
            views += [heads.ask("Which head does most?"), pw.ask("When?", **given)]
        for view in views:
            view.show() if isinstance(view, live.LiveView) else view._ipython_display_()
        return Place(study, views)

    @property
    def models(self) -> list[Any]:
        """Every model, once."""
        return list({id(place.study.model): place.study.model for place in self.places}.values())

    def open_again(self, number: int) -> None:
        """Run the cells of one study again, as a reader does who changed something."""
        for widget in self.places[number].widgets():
            widget.close()
        self.places[number] = self._laid_out(number)

    def click(self) -> str:
        """Hand over one message of a page, and return of what kind it was."""
        place = self._chance.choice(self.places)
        view = self._chance.choice(place.views)
        if isinstance(view, heatmap.HeatmapWidget) and self._chance.random() < 0.5:
            view.show(np.random.default_rng(0).standard_normal((20, 30)))
            return "arrays of a reader's own"
        kind, message = _message(view, place, self._chance)
        widget = getattr(view, "widget", view)
        data = {"method": "custom", "content": message}
        if kind == "chosen":
            data = {"method": "update", "state": message, "buffer_paths": []}
        widget._handle_msg({"content": {"data": data}, "buffers": []})
        return f"clicks: {kind}"

    def results(self) -> list[Result]:
        """Return everything that explorers and comparisons show."""
        views = [view for place in self.places for view in place.views]
        shown = [view._shown() for view in views if isinstance(view, LiveExplorer | LiveComparison)]
        return [result for them in shown for result in them]

    def wrong(self, most: int) -> list[str]:
        """Return which maps have other numbers than the same work undisturbed.

        Args:
            most: How many are measured again, chosen at random.
        """
        found = []
        results = [result for result in self.results() if result.progress.state != "failed"]
        failed = [one for one in self.results() if one.progress.state == "failed"]
        found += [f"{one.plan.name} failed: {one.progress.message}" for one in failed]
        for result in self._chance.sample(results, min(most, len(results))):
            study: Any = result.study
            fresh = study._again(store=False)
            whole = snapshot(fresh._start(result.plan, "").wait())
            complete = result.progress.state == "done"
            problems = wrong(snapshot(result), whole, exact=True, complete=complete)
            found += [f"{result.plan.name} has {what}" for what in problems]
        return found

    def close(self) -> None:
        """Close every view, and stop what is measured."""
        for place in self.places:
            for widget in place.widgets():
                widget.close()
        for result in self.results():
            result.cancel()


def _study(number: int) -> Any:
    metrics = ["logit_diff", "prob"]
    if number < 2:
        return study_of(tiny("llama"), (PAIRS, RAGGED)[number], metric=metrics, store=False)
    if number == 2:
        return study_of(tiny("gpt2"), PAIRS, metric=metrics, store=False)
    return pw.Study("mini", ("ioi", "agreement")[number - 3], n=4, metric=metrics, store=False)


def _message(view: Any, place: Place, chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a message that a page could send of a view, and its kind."""
    spec = place.study._session.model.spec
    layer, head = chance.randrange(spec.n_layers), chance.randrange(spec.n_kv_heads)
    node, pair = f"L{layer}H{head}", chance.randrange(len(place.study.prompts.pairs))
    if isinstance(view, LiveQuestion):
        answers = CHOICES if view._asked.kind == "choice" else [node]
        return "chosen", chance.choice([{"given": [chance.choice(answers)]}, {"hinted": 1}])
    if not isinstance(view, LiveExplorer) or chance.random() < 0.4:
        traits = {"prompt": pair, "matrix": chance.random() < 0.5, "metric": "prob"}
        widget: Any = getattr(view, "widget", view)
        own = [{name: value} for name, value in traits.items() if name in widget.keys]
        return "chosen", chance.choice([{"selection": node}, *own])
    results = by_key(list(view._results))  # a page waits for no lock
    key, last, asker = chance.choice(list(results)), spec.n_layers - 1, view._asks
    asks = ["sweep", "compare"] if asker else []
    command = chance.choice([*["detail"] * 6, *["drill"] * 6, "cancel", "circuit", *asks])
    match command:
        case "detail":
            chosen = str(chance.choice(results[key].plan.names))
            asked = {"map": key, "node": chosen, "prompt": pair}
        case "drill":
            receiver = f"{node}.{chance.choice('qkv')}" if layer else f"L{last}.mlp_in"
            ends = [{"receiver": receiver}] * 4 + [{"receiver": "", "sender": node}]
            asked = {"setting": "", "form": chance.choice(["", "direct"])} | chance.choice(ends)
        case "cancel":
            asked = {"key": key}
        case "circuit":
            asked = {"nodes": sorted({node, f"L{last}H0"}), "setting": ""}
        case "compare":
            asked = {"tab": chance.choice(["heads", ""])}
        case _:
            corruption = asker.offers().corruptions[0].value if asker else ""
            asked = {"tab": chance.choice(["heads", "mlp", "attn"]), "metrics": ["prob"]}
            asked |= {"direction": chance.choice(DIRECTIONS), "corruption": corruption}
            asked |= {"now": chance.random() < 0.3}
    return f"{command}s", {"command": command, **asked}
