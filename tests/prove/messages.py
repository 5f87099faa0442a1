"""Widgets obey the commands they define, and no other message harms them.

Commands and traits of an explorer and of a comparison are changed at random and handed over as a
page would send them. Afterwards everything that was measured is still drawn, and a good command is
still obeyed.
"""

import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from traitlets import TraitError

from patchwidgets.widgets.explorer import LiveExplorer
from tests.families import PAIRS, study_of, tiny
from tests.prove._mutate import HOSTILE, mutate
from tests.prove._proof import Proof

PROMISE = "widgets obey their own commands and survive every other message"

EVERY = 200
"""Messages after which an explorer is looked at and replaced, so that it does not grow for ever."""


def prove(times: int, seed: int = 0) -> Proof:
    """Send so many messages."""
    proof = Proof(PROMISE)
    chance = random.Random(seed)
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    heads = study.sweep("heads").wait()
    with _quiet():
        for first in range(0, times, EVERY):
            explorer = LiveExplorer([heads], None)
            for attempt in range(first, min(first + EVERY, times)):
                kind, message = _message(chance)
                problem = _send(explorer, kind, message)
                proof.count(kind)
                proof.fell += [f"{kind} (attempt {attempt}) {message!r:.300}: {problem}"] * bool(
                    problem
                )
            proof.fell += [f"after {EVERY} messages: {what}" for what in _lost(explorer, heads)]
    return proof


COMMANDS: tuple[dict[str, Any], ...] = (
    {"command": "drill", "receiver": "L2H1.q", "setting": "", "sender": "", "form": ""},
    {"command": "drill", "receiver": "", "setting": "", "sender": "L0H1", "form": "direct"},
    {"command": "detail", "map": "heads", "node": "L1H1", "prompt": 0},
    {"command": "pair", "map": "heads", "prompt": 1},
    {"command": "circuit", "nodes": ["L1H1", "L2H0"], "setting": "", "limit": 60.0},
    {"command": "compare", "tab": "heads"},
    {"command": "cancel", "key": "heads"},
    {"command": "silence", "rule": "few_prompts"},
    {"command": "store"},
    {
        "command": "sweep",
        "tab": "mlp",
        "direction": "denoising",
        "corruption": "",
        "metrics": ["logit_diff"],
        "now": False,
    },
)
TRAITS: dict[str, Any] = {
    "selection": "L1H1",
    "trail": ["heads", "L2H1.q"],
    "metric": "prob",
    "prompt": 1,
    "alone": True,
    "estimates": False,
    "form": "direct",
    "pins": ["L1H1", "L2H0", "L1H1 -> L2H0.q"],
}
STRANGE: tuple[Any, ...] = (None, 0, "cancel", [], {}, [{"command": "cancel"}], *HOSTILE)


def _message(chance: random.Random) -> tuple[str, Any]:
    match chance.choice(["command", "command", "command", "traits", "other"]):
        case "command":
            return "changed commands", _parsed(chance.choice(COMMANDS), chance)
        case "traits":
            name = chance.choice(list(TRAITS))
            return "changed traits", _parsed({name: TRAITS[name]}, chance)
        case _:
            return "other messages", chance.choice(STRANGE)


def _parsed(message: dict[str, Any], chance: random.Random) -> Any:
    """Return a changed message; those that are no JSON any more never reach a kernel."""
    while True:
        try:
            return json.loads(mutate(message, chance))
        except (ValueError, RecursionError):
            continue


def _send(explorer: LiveExplorer, kind: str, message: Any) -> str:
    """Hand over a message, wait until it is dealt with, and return what went wrong."""
    widget = explorer.widget
    widget._on_command = explorer._answer  # in this thread, so that nothing is lost
    try:
        if kind == "changed traits":
            widget.set_state(message if isinstance(message, dict) else {})
        else:
            widget._receive(widget, message, [])
        for result in explorer.results.values():
            result.wait()
    except TraitError:
        return ""
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def _lost(explorer: LiveExplorer, heads: Any) -> list[str]:
    """Return what an explorer no longer does."""
    found = [] if explorer.results.get("heads") is heads else ["its first map is gone"]
    problem = _send(explorer, "", {"command": "drill", "receiver": "L1H1.v"} | _DRILL)
    found += [f"a good command raised {problem}"] if problem else []
    if "L1H1.v" not in explorer.results:
        found.append("a good command was not obeyed")
    html = explorer.widget.bundle()["text/html"]
    return found + ["a tag of a message is in the page"] * ("<script>window.harmed" in html)


_DRILL = {"setting": "", "sender": "", "form": ""}


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the log's line for every message that is ignored."""
    log = logging.getLogger("patchwidgets.widgets.widget")
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(logging.NOTSET)
