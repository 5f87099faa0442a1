"""What a study is opened with: metrics, prompt pairs, where they come from, and the code for it."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from patchwidgets.engine.screen import Screen
from patchwidgets.engine.session import Session
from patchwidgets.errors import PlanError
from patchwidgets.metrics import METRICS, Metric, as_metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import single_token_test
from patchwidgets.registry import Registry


def metrics_of(metric: Any) -> list[Metric]:
    """Return the metrics that the argument of `Study` names.

    Raises:
        PlanError: The list is empty.
        UnknownNameError: There is no metric of that name.
    """
    listed = list(metric) if isinstance(metric, list | tuple) else [metric]
    if not listed:
        raise PlanError(
            "`metric` is an empty list, so nothing would be measured. Give at least one, such as "
            "`metric='logit_diff'`."
        )
    return [as_metric(one) for one in listed]


def pairs_of(
    lens: LensModel, behaviour: Any, n: int, seed: int, corruption: Any, at: str | None
) -> tuple[PromptPairs, dict[str, Any]]:
    """Return the prompt pairs of a behaviour, and where they come from, for the provenance.

    Raises:
        UnknownNameError: There is no task or corruption of that name.
        PromptError: The task cannot draw them for this tokenizer.
    """
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


def code_of(
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


def about_run(session: Session) -> dict[str, Any]:
    """Return what a result must remember of a session, to be told apart and made again."""
    return {
        "model": session.model.spec.to_json(),
        "fingerprint": session.model.fingerprint(),
        "dtype": str(session.model.dtype).removeprefix("torch."),
        "device": str(session.model.device),
        "prepend_bos": session.prompts.prepend_bos,
        "executor": session.executor,
        "prompts": session.describe_prompts(),
        "versions": {
            name: version(name)
            for name in ("patchwidgets", "torch", "transformer_lens", "transformers")
        },
    }


def written_screen(screen: Screen | None) -> str:
    """Return how code asks for a screen; an estimate made before is called `estimated`."""
    if screen is None:
        return ""
    by = repr(screen.by) if isinstance(screen.by, str) else "estimated"
    return f", estimate={by}" + ("" if screen.top is None else f", top={screen.top}")
