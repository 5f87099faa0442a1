"""A source by name or as an object."""

from typing import Any

from patchwidgets.engine.sources import SOURCES
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import PlanError
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.registry import unknown_name

OTHER = "other"
TAKES = {"mean": "reference", "mean_by_role": "reference", "resample": "seed"}


def chosen_source(
    source: Any, reference: PromptPairs | None = None, seed: int | None = None
) -> Source | None:
    """Return the source that `source` names; `None` for the other run of each pair.

    Args:
        source: `other`, a name in this folder, or an object like those in it.
        reference: Prompts that `mean` and `mean_by_role` average.
        seed: Of the draw of `resample`.

    Raises:
        UnknownNameError: There is no source of that name.
        PlanError: A mean without reference prompts, or an option that the source does not take.
    """
    if isinstance(source, str) and source not in (OTHER, *SOURCES.names()):
        raise unknown_name("source", source, [OTHER, *SOURCES.names()])
    takes = TAKES.get(source, "") if isinstance(source, str) else ""
    if takes == "reference" and reference is None:
        raise PlanError(
            f"`source={source!r}` has no prompts to average. A mean says what is typical, so it "
            "must be said of which prompts. Give `reference=` with prompt pairs whose corrupted "
            "prompts are averaged, such as those of the same task with unrelated names."
        )
    if not isinstance(source, str | Source):
        raise PlanError(
            f"`source` is a `{type(source).__name__}`, which has no values to write. It takes "
            f"{', '.join(f'`{name}`' for name in (OTHER, *SOURCES.names()))}, or an object with "
            "`name`, `key` and `rewriting`, as in `engine/sources/README.md`. Write "
            "`source='zero'`."
        )
    given = {"reference": reference, "seed": seed}
    for option, value in given.items():
        if value is not None and option != takes:
            raise PlanError(
                f"`{option}=` means nothing with `source={source!r}`. It belongs to "
                f"`source={'mean' if option == 'reference' else 'resample'!r}`; leave it out."
            )
    if not isinstance(source, str):
        return source
    if reference is not None and not isinstance(reference, PromptPairs):
        raise PlanError(
            f"`reference` is a `{type(reference).__name__}`. The mean is taken over corrupted "
            "prompts of the same templates, which prompt pairs say. Write "
            "`reference=pw.PromptPairs(...)`, or `reference=study.prompts.pairs`."
        )
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise PlanError(
            f"`seed={seed!r}` is no whole number. The same `seed` draws the same partners for "
            "`source='resample'`. Write `seed=1`."
        )
    if source == OTHER:
        return None
    return SOURCES.get(source)(**{k: v for k, v in given.items() if v is not None})
