"""A kernel that is used for hours holds no more in the end than after its first minutes.

The desk of `load` is clicked, and twice a minute one study is opened again, as by a reader who
runs cells again. Memory, threads, hooks, listeners, files, jobs and widgets are sampled, and none
may grow steadily.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from tests.prove._desk import STUDIES, Desk, recorded
from tests.prove._gauge import Held, held, settle, threads
from tests.prove._proof import Proof

PROMISE = "nothing that a kernel holds grows while it is used for hours"

FULL = 120
"""Minutes at full length."""

CLICKS_PER_SECOND = 20
"""A hasty reader; `load` has ten times as many."""

ROUND = 30.0
"""Seconds after which everything is measured, a sample is taken, and a study is opened again."""

WARM_UP = 0.25
"""Part of the samples that is not judged: memory that was given back is kept by the process for a
while, and every study has to be opened again once."""

STEADY = 0.05
"""Growth that nothing is said of, as a part of the mean of what is judged."""

SURE = 4.0
"""Standard errors that a slope has to be above 0."""

FEWEST = 8
"""Samples from which a slope can be told."""


def prove(times: int, seed: int = 0) -> Proof:
    """Use a kernel for so many minutes."""
    proof = Proof(PROMISE)
    use(proof, 60 * times, ROUND, random.Random(seed))
    proof.count("minutes", times)
    return proof


def use(proof: Proof, seconds: float, each: float, chance: random.Random) -> None:
    """Use a kernel for some time, with a sample and a study that is opened again in every round."""
    quiet, at, samples = threads(), [], []
    with recorded():
        desk, began = Desk(chance), time.monotonic()
        while not samples or time.monotonic() - began < seconds:
            ends = time.monotonic() + each
            while time.monotonic() < ends:
                proof.count(desk.click())
                time.sleep(1 / CLICKS_PER_SECOND)
            proof.fell += settle(quiet, 600)
            samples.append(held(desk.models))
            at.append((time.monotonic() - began) / 3600)
            desk.open_again(len(samples) % STUDIES)
        proof.count("studies opened again", len(samples))
        proof.fell += settle(quiet, 600) + desk.wrong(8)
        desk.close()
    for name in (field.name for field in fields(Held)):
        said, grows = judged(name, at, [getattr(one, name) for one in samples])
        (proof.fell if grows else proof.notes).append(said)


def judged(name: str, hours: Sequence[float], values: Sequence[float]) -> tuple[str, bool]:
    """Return what became of what is held, as a sentence, and whether it grows steadily.

    Args:
        name: What is held.
        hours: When.
        values: How much.
    """
    said = f"{name}: {values[0]:.0f} at first, {values[-1]:.0f} at last, {max(values):.0f} at most"
    warm = int(WARM_UP * len(values))
    x, y = np.array(hours[warm:]), np.array(values[warm:], dtype=float)
    if len(y) < FEWEST:
        return f"{said}; too few samples to tell a slope", False
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    error, growth = np.sqrt(covariance[0, 0]), slope * (x[-1] - x[0])
    grows = slope > SURE * error and growth > max(1.0, STEADY * y.mean())
    return f"{said}; {slope:+.1f} an hour (standard error {error:.1f})", bool(grows)
