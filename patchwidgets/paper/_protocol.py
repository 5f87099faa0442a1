"""Which prompts the paper takes for a task: on its own model the same are taken here."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchwidgets.paper._need import Need


@dataclass(frozen=True)
class Protocol:
    """How prompts of a task are taken.

    Args:
        names: Of the models on which the paper takes them so, in TransformerLens.
        known: As in `Study`: `None` keeps all pairs.
        prepend_bos: As in `Study`: `None` as TransformerLens does.
        says: What these are, and where that is from.
        task: Of which pairs are drawn; that of the need if empty.
    """

    names: tuple[str, ...] = ()
    known: bool | str | None = True
    prepend_bos: bool | None = None
    says: str = ""
    task: str = ""


OTHERS = Protocol(says="the pairs that the model knows, with a BOS token where it usually has one")
"""On models that the paper has not: they may not do the task."""

GPT2_SMALL = ("gpt2", "gpt2-small")
GPT_J = ("gpt-j-6B", "EleutherAI/gpt-j-6B")

PROTOCOLS = {
    "ioi": Protocol(
        GPT2_SMALL,
        None,
        False,
        "all pairs, as the paper names no filter, without a BOS token, as in the code of Wang et "
        "al. that it runs",
    ),
    "greater_than": Protocol(
        GPT2_SMALL,
        None,
        None,
        "all pairs, as the paper names no filter, with TransformerLens' BOS token, as it says "
        "nothing of that",
    ),
    "docstring": Protocol(
        ("attn-only-4l",),
        None,
        True,
        "all pairs, as the paper names no filter, with a BOS token, as in the code of Conmy et al.",
    ),
    "facts": Protocol(
        ("gpt2-xl", "gpt2-large", *GPT_J),
        "top",
        True,
        "the pairs whose answers are the model's first choice, each in both directions, with a BOS "
        "token, as the lengths in figure 31 have it",
        "paired_facts",
    ),
    "arithmetic": Protocol(
        GPT_J,
        "top",
        None,
        "the pairs whose answers are the model's first choice, with TransformerLens' BOS token, "
        "as the paper says nothing of that",
    ),
}


def protocol(task: str, model: str) -> Protocol:
    """Return how prompts of a task are taken on a model."""
    papers = PROTOCOLS[task]
    return papers if model in papers.names else OTHERS


def taken(model: str) -> str:
    """Return a sentence on the prompts that are taken on a model."""
    same = [task for task, one in PROTOCOLS.items() if model in one.names]
    if not same:
        return f"Prompts are {OTHERS.says}."
    mine = "; ".join(f"of {task} {PROTOCOLS[task].says}" for task in same)
    return f"Prompts are, as in the paper, {mine}; of other tasks {OTHERS.says}."


def written(needs: Sequence[Need]) -> str:
    """Return which prompts are taken for these sweeps, on the paper's models and on others."""
    tasks = dict.fromkeys(need.task for need in needs)
    said = [f"on {PROTOCOLS[task].names[0]} {PROTOCOLS[task].says}" for task in tasks]
    return f"Prompts: {'; '.join(said)}; on other models {OTHERS.says}."
