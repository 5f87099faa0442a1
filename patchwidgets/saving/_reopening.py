"""Makes the study of a file again, and gives it what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from patchwidgets.errors import FileError, ModelError, UnknownNameError
from patchwidgets.saving._kept import Kept
from patchwidgets.views._keys import corrupted_how

if TYPE_CHECKING:
    from patchwidgets.study import Study

SAME = ("clean_ids", "corrupted_ids", "answers", "wrong_answers")


def reopened(
    arguments: Mapping[str, Any],
    kept: list[str] | None,
    measured: Kept,
    where: str,
) -> Study:
    """Return a study with these results in it.

    Args:
        arguments: Of `Study`.
        kept: Groups of prompts that it keeps.
        measured: What was measured.
        where: What the file is called in messages.

    Raises:
        FileError: The prompts are not those that were measured.
        ModelError: The model cannot be loaded, or has other weights.
    """
    from patchwidgets.models.load import load_model
    from patchwidgets.study import Study

    rest = dict(arguments)
    named = rest.pop("model")
    try:
        model = load_model(named)
    except (UnknownNameError, ModelError) as problem:
        if not isinstance(named, str):
            raise
        raise ModelError(
            f"{where} was measured on `{named}`, which does not load by its name here: {problem} "
            "Load it yourself and pass it: `saved.reopen(model)`."
        ) from None
    study = Study(model, rest.pop("behaviour"), rest.pop("n"), **rest)
    study = study if kept is None else study.keep(kept)
    _require_same(study, _of_the_study(study, measured), where)
    study.adopt(measured.results.values(), measured.circuits, measured.comparisons)
    return study


def _of_the_study(study: Study, measured: Kept) -> Mapping[str, Any]:
    """Return the provenance of something that was measured on the study's own prompts."""
    own = study.provenance
    every = [one.provenance for one in [*measured.results.values(), *measured.circuits]]
    same = [one for one in every if corrupted_how(one) == corrupted_how(own)]
    return (same or every)[0]


def _require_same(study: Study, about: Mapping[str, Any], where: str) -> None:
    found = study.provenance
    if found["fingerprint"] != about["fingerprint"]:
        raise ModelError(
            f"{where} was measured on a `{about['model']['name']}` whose weights have the "
            f"fingerprint {about['fingerprint']}; this model's have {found['fingerprint']}. "
            "Numbers of two models must not stand in one study. Pass the model that was measured: "
            "`saved.reopen(model)`, or measure again with `pw.Study`."
        )
    prompts = [[[one[part] for part in SAME] for one in of["prompts"]] for of in (found, about)]
    if prompts[0] != prompts[1]:
        raise FileError(
            f"{where} was measured on other prompts than the study that its settings make here: "
            f"{len(prompts[1])} pairs then, {len(prompts[0])} now, or other tokens. The task or "
            "the tokenizer has changed since. Open the file to look at what was measured, and "
            "measure anew with `pw.Study`."
        )
