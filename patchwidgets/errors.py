"""Every error patchwidgets raises on purpose, by the part of the work that went wrong."""

import inspect
import warnings


class PatchwidgetsError(ValueError):
    """Something asked of patchwidgets cannot be done; the message says what to type instead."""


class UnknownNameError(PatchwidgetsError):
    """A task, metric, site, corruption, sweep or model that does not exist."""


class PromptError(PatchwidgetsError):
    """Prompt pairs that cannot be aligned, tokenised or answered."""


class TooFewPairsError(PromptError):
    """More prompt pairs were asked for than a task can make; `available` is how many it can."""

    def __init__(self, text: str, *, available: int) -> None:
        super().__init__(text)
        self.available = available


class ModelError(PatchwidgetsError):
    """A model that cannot be loaded, or cannot be patched as it stands."""


class PlanError(PatchwidgetsError):
    """A node, position or receiver that the model or the prompts do not have."""


class MeasurementError(PatchwidgetsError):
    """A measurement that failed its own checks, so no number is returned."""


class FileError(PatchwidgetsError):
    """A saved file that is not ours, is damaged, or is too new."""


class MemoryBudgetError(PatchwidgetsError):
    """A measurement that does not fit the memory it was given, or the machine's."""


class ClusterError(PatchwidgetsError):
    """Workers of a cluster that cannot measure, or are gone; what was measured is kept."""


def clipped(text: str, most: int = 300) -> str:
    """Return a text of which too much is left out in the middle, for what a message quotes."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def warn(text: str) -> None:
    """Warn at the line that called this package, from however deep inside."""
    frame, depth, ours = inspect.currentframe(), 0, 0
    while frame is not None:
        depth += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] == "patchwidgets":
            ours = depth
        frame = frame.f_back
    warnings.warn(text, stacklevel=ours + 1)
