"""The result does not say how it was made."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["provenance_incomplete"]

NEEDED = ("model", "fingerprint", "dtype", "prepend_bos", "prompts", "source", "versions", "code")


@rule(
    "result",
    "warning",
    reason=(
        "Without these nobody can measure it again, and numbers of other settings cannot be "
        "told from it."
    ),
    source=(
        "Good practice; Miller, Chughtai & Saunders 2024, arXiv 2407.08734, on scores that "
        "depend on every setting"
    ),
    todo=("Measure with `study.sweep(...)`, which records them, and save with `result.save(...)`."),
)
def provenance_incomplete(result: Result) -> Found | None:
    """The result does not say how it was made."""
    missing = [name for name in NEEDED if name not in result.provenance]
    if not missing:
        return None
    return len(missing), (
        f"The provenance lacks {counted(len(missing), 'entry', 'entries')}: "
        f"{', '.join(f'`{name}`' for name in missing)}."
    )
