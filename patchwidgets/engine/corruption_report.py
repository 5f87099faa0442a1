"""How far a corruption goes: in the metrics, the answer, the residual stream and attention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from patchwidgets.engine.continuing import answered
from patchwidgets.engine.session import Session
from patchwidgets.models.records import Record, record
from patchwidgets.prompts.tokens import TokenGroup, TokenPairs

ROWS = 32
"""Prompts whose attention patterns are held at once."""

DISTANCES = ["residual norm ratio", "residual distance", "attention divergence"]
"""Of a corrupted run from the clean one; `CorruptionReport` says what they are."""


@dataclass(frozen=True, eq=False, repr=False)
class CorruptionReport:
    """How far corrupted runs are from clean ones, one row per corruption.

    `table` has the mean over prompts of every metric, clean and corrupted; `P(answer)`, clean and
    corrupted; and of the prompts that the clean run gets right the share that the corrupted run
    gets wrong, `share flipped` (NaN where it gets none right). Then three distances, each the mean
    over prompts, over positions from the first corrupted one on, and over blocks: `residual norm
    ratio` (corrupted by clean length of the residual stream after a block; 1 = the same), `residual
    distance` (length of the difference by the clean length; 0 = the same) and `attention
    divergence` (total variation between the patterns, mean over heads; 0 = the same, 1 = they
    attend to nothing in common). For noise also the standard deviation `sigma` of the embeddings it
    was measured on, `noise sd` of what was added, and `draws`; NaN and 1 for other corruptions.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, section 3.2, which shows such a change of
        attention under noise. The distances are our own.

    Args:
        table: One row per corruption.
        by_block: One row per corruption and block, with the three distances.
    """

    table: pd.DataFrame
    by_block: pd.DataFrame

    def __repr__(self) -> str:
        return self.table.T.to_string(float_format="{:.3g}".format)


def corruption_report(sessions: Mapping[str, Session]) -> CorruptionReport:
    """Return the report on one or more sets of prompts, by the name of their corruption.

    Raises:
        ModelError: The model has no attention pattern to compare.
    """
    rows, blocks = {}, {}
    for name, session in sessions.items():
        compared = _compared(session)
        blocks[name] = pd.DataFrame(
            np.mean([one.distances for one in compared], axis=0).T, columns=DISTANCES
        )
        rows[name] = _metrics(session) | _answers(compared) | dict(blocks[name].mean())
        rows[name] |= _noise(session.prompts)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("corruption")
    return CorruptionReport(table, pd.concat(blocks, names=["corruption", "block"]))


@dataclass(frozen=True, eq=False)
class _Compared:
    """A clean and a corrupted run of one prompt.

    Args:
        answer: Probability of the answers, clean and corrupted.
        right: Whether an answer is preferred to every wrong one, clean and corrupted.
        distances: Of `DISTANCES`, in every block.
    """

    answer: tuple[float, float]
    right: tuple[bool, bool]
    distances: Float[np.ndarray, "distance block"]


def _compared(session: Session) -> list[_Compared]:
    found = []
    with session.model.measuring():
        for group in session.prompts.groups:
            for first in range(0, len(group.members), ROWS):
                found += _some(session, group, slice(first, first + ROWS))
    return found


def _some(session: Session, group: TokenGroup, rows: slice) -> list[_Compared]:
    some = group.select(rows)
    clean = record(session.model, some.clean, ["pattern"])
    corrupted = record(session.model, some.corrupted, ["pattern"], noise=some.noise)
    answers = session.prompts.answers.select(some.members)
    # From the first difference of each prompt on: before it the runs are the same.
    after = some.differs.cummax(dim=1).values.to(clean.logits.device)
    distances = _distances(clean, corrupted, after).cpu().numpy()
    then, now = (
        answered(session.model, some, answers, corrupted=corrupted) for corrupted in (False, True)
    )
    return [
        _Compared(
            (float(then.probability[row]), float(now.probability[row])),
            (bool(then.right[row]), bool(now.right[row])),
            distances[:, :, row],
        )
        for row in range(len(after))
    ]


def _distances(
    clean: Record, corrupted: Record, after: Bool[Tensor, "batch pos"]
) -> Float[Tensor, "distance block batch"]:
    """Return every distance in every block, as the mean over some positions of each prompt."""
    by_block = []
    for layer in range(len(clean.calls)):
        before, then = (run.site("resid_post", layer).float() for run in (clean, corrupted))
        p, q = (run.site("pattern", layer).float() for run in (clean, corrupted))
        length = before.norm(dim=-1)
        by_position = [
            then.norm(dim=-1) / length,
            (then - before).norm(dim=-1) / length,
            (p - q).abs().sum(-1).mean(-1) / 2,
        ]
        sums = torch.stack([each.where(after, 0).sum(1) for each in by_position])
        by_block.append(sums / after.sum(1))
    return torch.stack(by_block, dim=1)


def _metrics(session: Session) -> dict[str, float]:
    baseline = session.baseline()
    return {
        f"{metric.name} {side}": float(values[m].mean())
        for m, metric in enumerate(session.metrics)
        for side, values in (("clean", baseline.clean), ("corrupted", baseline.corrupted))
    }


def _answers(compared: Sequence[_Compared]) -> dict[str, float]:
    probability = np.mean([one.answer for one in compared], axis=0)
    flipped = [not one.right[1] for one in compared if one.right[0]]
    return {
        "P(answer) clean": float(probability[0]),
        "P(answer) corrupted": float(probability[1]),
        "share flipped": float(np.mean(flipped)) if flipped else float("nan"),
    }


def _noise(prompts: TokenPairs) -> dict[str, float]:
    if prompts.noise is None:
        return {"sigma": float("nan"), "noise sd": float("nan"), "draws": prompts.draws}
    added = [group.noise[group.differs] for group in prompts.groups if group.noise is not None]
    sd = float(torch.cat(added).std())
    return {"sigma": prompts.noise.sigma, "noise sd": sd, "draws": prompts.draws}
