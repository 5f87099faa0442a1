"""What a plan will cost, said before anything of it is measured."""

import statistics
import time
from dataclasses import dataclass
from functools import cache

import torch

from patchwidgets.engine.execute import CHUNK_TOKENS, Measurement
from patchwidgets.engine.memory import written_bytes
from patchwidgets.models.bridge import LensModel

EFFICIENCY = 0.7
"""Part of the measured rate that sweeps reach where waves are full (measured on SmolLM2)."""

CALL_SECONDS = 1e-3
"""Time a call of one block takes besides its arithmetic."""


@dataclass(frozen=True)
class Cost:
    """What measuring a plan takes. Printing it says so in words.

    How good it is, SmolLM2-135M, 8 IOI pairs of 15 tokens, two cores that a dozen other processes
    shared (predicted and real seconds): heads 129 and 95, residual by position 26 and 22, MLP by
    position 38 and 32, paths into one value 110 and 77. The rate of a busy machine moves within
    seconds, and the estimate with it. Memory, predicted and grown: heads 62 and 73 MB. The two
    self-checked cells, and runs for sites not kept yet, are not in it.

    Args:
        plan: Name of the plan.
        cells: Patches of the plan.
        unchanged: Of these, patches that change nothing and are not run: 0 by identity.
        stored: Of these, patches whose numbers are in the store and are not run.
        chunks: Lists of patches measured together; progress and cancel act between them.
        multiply_adds: Arithmetic of the patches that are run.
        rate: Multiply-adds per second of this device, measured.
        seconds: Estimate of the time.
        peak_bytes: Estimate of the most memory that chunks measured at the same time take, besides
            the model and its two unpatched runs.
    """

    plan: str
    cells: int
    unchanged: int
    stored: int
    chunks: int
    multiply_adds: int
    rate: float
    seconds: float
    peak_bytes: int

    @property
    def time(self) -> str:
        """The time in words, such as `about 7 s`."""
        return written_seconds(self.seconds)

    def __str__(self) -> str:
        not_run = [f"{self.unchanged} change nothing"] if self.unchanged else []
        not_run += [f"{self.stored} are stored"] if self.stored else []
        runs = self.cells - self.unchanged - self.stored
        return (
            f"{self.plan}: {self.cells} patches, {runs} to run"
            + (f" ({', '.join(not_run)})" if not_run else "")
            + f"\n{self.time}: {self.multiply_adds:.2g} multiply-adds "
            f"in {self.chunks} chunks, at a measured {self.rate:.2g} a second\n"
            f"about {written_bytes(self.peak_bytes)} besides the model and its unpatched runs"
        )


def cost_of(measurement: Measurement) -> Cost:
    """Return what a measurement will cost."""
    model = measurement.model
    waves = measurement.unstored()
    total = sum(group.work(cell) for group, wave in waves for cell in wave)
    n_layers = model.spec.n_layers
    calls = sum(
        n_layers - wave[0].entry if measurement.fast else n_layers * len(wave) for _, wave in waves
    )
    rate = multiply_rate(model)
    return Cost(
        plan=measurement.plan.name,
        cells=len(measurement.patches),
        unchanged=len(measurement.patches) - len(measurement.live),
        stored=len(measurement.from_store),
        chunks=sum(measurement.is_run(chunk) for chunk in measurement.chunks),
        multiply_adds=total,
        rate=rate,
        seconds=total / (EFFICIENCY * rate) + CALL_SECONDS * calls,
        peak_bytes=sum(
            sorted(sum(map(group.bytes, wave)) for group, wave in waves)[-measurement.at_once :]
        ),
    )


def multiply_rate(model: LensModel) -> float:
    """Return multiply-adds per second on a matrix of this model's sizes, measured once."""
    return _rate(model.spec.d_model, model.spec.d_mlp, model.dtype, model.device)


@cache
def _rate(d_in: int, d_out: int, dtype: torch.dtype, device: torch.device) -> float:
    activation = torch.ones(CHUNK_TOKENS, d_in, dtype=dtype, device=device)
    weight = torch.ones(d_out, d_in, dtype=dtype, device=device)
    seconds = []
    for _ in range(9):
        started = time.perf_counter()
        torch.nn.functional.linear(activation, weight)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - started)
    return CHUNK_TOKENS * d_in * d_out / statistics.median(seconds)


def written_seconds(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
