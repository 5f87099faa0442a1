"""What a study was opened with, as plain data, and the arguments of `Study` made from it again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from patchwidgets.errors import FileError
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions._named import settings_of
from patchwidgets.prompts.corruptions._noise import Noise
from patchwidgets.prompts.corruptions._replacement import Replacement
from patchwidgets.prompts.pairs import PromptPair, PromptPairs

PLAIN = ("n", "seed", "at", "known", "direction", "prepend_bos", "executor")
"""Arguments of `Study` that are text and numbers anyway."""


def opened_with(
    asked: Mapping[str, Any], model: str, pairs: Sequence[PromptPair], metrics: Sequence[str]
) -> dict[str, Any]:
    """Return the arguments of a study as JSON knows them.

    What a reader cannot make again from its name alone stands in `own`: argument to name.

    Args:
        asked: The arguments of `Study`.
        model: Its name.
        pairs: The prompt pairs it was given, where it was given any.
        metrics: Names of all metrics.
    """
    behaviour, corruption = asked["behaviour"], asked["corruption"]
    written: dict[str, Any] = {"model": model} | {name: asked[name] for name in PLAIN}
    written["metric"] = list(metrics)
    own: dict[str, str] = {}
    if isinstance(behaviour, PromptPairs):
        written["pairs"] = [_written_pair(pair) for pair in pairs]
    elif isinstance(behaviour, str):
        written["task"] = behaviour
    else:
        own["behaviour"] = behaviour.name
    listed = asked["metric"] if isinstance(asked["metric"], list | tuple) else [asked["metric"]]
    mine = [name for name, one in zip(metrics, listed, strict=True) if not isinstance(one, str)]
    if mine:
        own["metric"] = ", ".join(mine)
    if isinstance(corruption, str):
        written["corruption"] = corruption
    elif _is_ours(corruption):
        written["corruption"] = {"name": corruption.name, **asdict(corruption)}
    else:
        own["corruption"] = corruption.name
    settings = settings_of(asked["known_in"])
    theirs = [one.name for one, _ in settings if one.name not in CORRUPTIONS.names()]
    if theirs:
        own["known_in"] = ", ".join(theirs)
    elif settings:
        written["known_in"] = [[one.name, at] for one, at in settings]
    return written | {"own": own}


def arguments_of(written: Mapping[str, Any], own: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the arguments of `Study` that `opened_with` was given.

    Args:
        written: What it returned.
        own: What the reader gives in place of what is written.
        where: What the file is called in messages.

    Raises:
        FileError: Something was the writer's own, and the reader does not give it.
    """
    missing = [(name, one) for name, one in written["own"].items() if name not in own]
    if missing:
        name, one = missing[0]
        raise FileError(
            f"{where} was measured with a {_WHAT[name]} of its author's own, `{one}`, and a file "
            "holds nothing that runs, so that opening one is safe. Give it: "
            f"`saved.reopen({name}=...)`."
        )
    arguments = {name: written[name] for name in (*PLAIN, "model", "metric")}
    if "pairs" in written:
        arguments["behaviour"] = PromptPairs.of(_pair(one) for one in written["pairs"])
    elif "task" in written:
        arguments["behaviour"] = written["task"]
    if "corruption" in written:
        arguments["corruption"] = _corruption(written["corruption"])
    if "known_in" in written:
        arguments["known_in"] = [tuple(one) for one in written["known_in"]]
    return arguments | dict(own)


_WHAT = {
    "behaviour": "task",
    "metric": "metric",
    "corruption": "corruption",
    "known_in": "corruption",
}


def _is_ours(corruption: Any) -> bool:
    """Whether a corruption is one of ours, perhaps with other settings."""
    names = CORRUPTIONS.names()
    return (
        isinstance(corruption, Noise | Replacement)
        and corruption.name in names
        and type(corruption) is type(CORRUPTIONS.get(corruption.name))
    )


def _corruption(written: str | dict[str, Any]) -> Any:
    if isinstance(written, str):
        return written
    settings = dict(written)
    return type(CORRUPTIONS.get(settings.pop("name")))(**settings)


def _written_pair(pair: PromptPair) -> dict[str, Any]:
    return {
        "clean": pair.clean,
        "corrupted": pair.corrupted,
        "answers": list(pair.answers),
        "wrong_answers": list(pair.wrong_answers),
        "roles": {name: at if isinstance(at, int) else list(at) for name, at in pair.roles.items()},
        "group": pair.group,
    }


def _pair(written: Mapping[str, Any]) -> PromptPair:
    return PromptPair(
        clean=written["clean"],
        corrupted=written["corrupted"],
        answers=tuple(written["answers"]),
        wrong_answers=tuple(written["wrong_answers"]),
        roles={
            name: at if isinstance(at, int) else (at[0], at[1])
            for name, at in written["roles"].items()
        },
        group=written["group"],
    )
