"""What people type first that no study can be opened with, and what to type instead."""

import reprlib
from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from patchwidgets.errors import PlanError, PromptError, UnknownNameError
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.registry import nearest_to, unknown_name

OWN = (
    "`pw.PromptPairs(clean=[...], corrupted=[...], answers=[...], wrong_answers=[...])`, because "
    "patching compares the runs on two prompts"
)


def check_asked(model: Any, behaviour: Any, n: object, seed: object, corruption: Any) -> None:
    """Check what a study is opened with, before anything is loaded.

    Raises:
        PromptError: The behaviour is none, or `n` or `seed` is no whole number.
        UnknownNameError: There is no task or corruption of that name.
    """
    _check_behaviour(model, behaviour)
    for name, number in (("n", n), ("seed", seed)):
        if not isinstance(number, int) or isinstance(number, bool):
            raise PromptError(
                f"`{name}={number!r}` is no whole number. `n` says how many prompt pairs are "
                f"drawn, and the same `seed` draws the same ones. Write `{name}=8`."
            )
    if not isinstance(corruption, str) and not hasattr(corruption, "acts_on"):
        raise unknown_name("corruption", corruption, CORRUPTIONS.names())


def _check_behaviour(model: Any, behaviour: Any) -> None:
    if isinstance(behaviour, PromptPairs | Task):
        return
    tasks = TASKS.names()
    if isinstance(model, str) and model in tasks:
        other = behaviour if isinstance(behaviour, str) else "mini"
        raise PromptError(
            f"`{model}` is a task, and the model comes first. Write "
            f"`pw.Study({other!r}, {model!r})`."
        )
    if behaviour is None:
        raise PromptError(
            "A study needs a model and a behaviour. Name a task, as in `pw.Study(model, 'ioi')`, "
            f"or give prompts of your own as {OWN}. `patchwidgets tasks` lists the tasks."
        )
    if isinstance(behaviour, str):
        if " " in behaviour.strip():
            raise PromptError(
                f"{reprlib.repr(behaviour)} is a prompt, and no task is called so. Give prompts of "
                f"your own as {OWN}."
            )
        TASKS.get(behaviour)
        return
    if isinstance(behaviour, Mapping):
        raise PromptError(
            "The behaviour is a dictionary. Prompts of your own are `pw.PromptPairs`, which checks "
            "that they are aligned. Write `pw.PromptPairs(**pairs)`."
        )
    if isinstance(behaviour, Sequence):
        raise PromptError(
            f"The behaviour is a list of {len(behaviour)}, and it does not say which prompts and "
            f"answers belong together. Give prompts of your own as {OWN}."
        )
    raise PromptError(
        f"The behaviour is a `{type(behaviour).__name__}`. Name a task, as in "
        f"`pw.Study(model, 'ioi')`, or give prompts of your own as {OWN}."
    )


def check_sweep(sweep: Any, options: Mapping[str, Any]) -> None:
    """Check that a sweep is one, and has the options that were given.

    Raises:
        PlanError: It is no function.
        UnknownNameError: It has no such option.
    """
    if not callable(sweep):
        raise PlanError(
            f"`study.sweep` got a `{type(sweep).__name__}`. It takes the name of a sweep, or a "
            "function of (spec, shape) that makes a plan. Write `study.sweep('heads')`."
        )
    taken = signature(sweep).parameters.values()
    if any(one.kind is Parameter.VAR_KEYWORD for one in taken):
        return
    known = [one.name for one in taken if one.kind is not Parameter.POSITIONAL_ONLY][2:]
    for name in options:
        if name not in known:
            listed = ", ".join(f"`{one}`" for one in known) or "none"
            raise UnknownNameError(
                f"The sweep `{getattr(sweep, '__name__', sweep)}` has no option `{name}`."
                f"{nearest_to(name, known)} Its own: {listed}."
            )


def check_verify(verify: Any) -> None:
    """Check that `verify` says how many stored cells are measured again.

    Raises:
        PlanError: It is no such number.
    """
    if not isinstance(verify, int) or isinstance(verify, bool) or verify < 0:
        raise PlanError(
            f"`verify={verify!r}` is no number of cells. So many of those that are read from the "
            "store are measured again and compared. Write `verify=5`, or leave it out."
        )
