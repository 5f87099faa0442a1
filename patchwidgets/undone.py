"""A model that is right on no clean prompt: what it says instead; no map is measured of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from patchwidgets.engine.cell_keys import are_ours
from patchwidgets.engine.session import Session
from patchwidgets.errors import PromptError, warn
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts._encoding import decoder
from patchwidgets.prompts.tokens import TokenPairs

NOTHING = "Where a model does not show a behaviour there is nothing to localise"

_SAID, _ROWS = 3, 32


@dataclass(frozen=True)
class Undone:
    """A task that a model does on no clean prompt.

    Args:
        model: Its name.
        prompts: How many clean prompts it was given.
        said: Its first choice of token after them, the most frequent first, in words.
        refused: Whether nothing is measured.
    """

    model: str
    prompts: int
    said: str
    refused: bool

    def __str__(self) -> str:
        met = (
            f"`{self.model}` prefers the answer on 0 of {self.prompts} clean prompts. At the "
            f"position of the answer it says {self.said}. {NOTHING}"
        )
        if not self.refused:
            return f"{met}: a map then shows what else the two prompts differ in."
        return (
            f"{met}, so no map is measured. Use another model, other prompts or another task, or "
            "open the study with `known=False` (`--no-known` on the command line) to measure all "
            "the same."
        )

    def lines(self) -> list[str]:
        """Return what a study shows of it."""
        said = [f"at the position of the answer it says {self.said}"]
        refused = "no map is measured; `known=False` measures all the same"
        return [*said, refused] if self.refused else said

    def refuse(self) -> None:
        """Refuse to measure, unless it was asked for.

        Raises:
            PromptError: It was not.
        """
        if self.refused:
            raise PromptError(str(self))


def undone(session: Session, known: bool | str | None) -> Undone | None:
    """Return the report on a model that is right on no clean prompt, `None` where it is on one.

    Metrics that are all your own functions may ask for something else than the answers, so that
    nothing is refused then.

    Args:
        session: Its unpatched runs.
        known: As in `Study`.
    """
    if session.right().any():
        return None
    return Undone(
        model=session.model.spec.name,
        prompts=len(session.prompts.pairs),
        said=_said(_first_choices(session.model, session.prompts)),
        refused=known is None and _reads_answers(session.metrics),
    )


def warn_if_weak(session: Session, nothing: Undone | None) -> None:
    """Say so where the model does not do the task.

    Args:
        session: Its unpatched runs.
        nothing: What `undone` says of it.
    """
    if nothing is not None:
        warn(str(nothing))
        return
    share = session.right().mean()
    if share > 0.5:
        return
    warn(
        f"`{session.model.spec.name}` prefers the answer on {share:.0%} of the clean prompts. "
        f"{NOTHING}. See `study.by_group()`, and keep the groups it can do with "
        "`study.keep([...])`."
    )


def _reads_answers(metrics: Sequence[Metric]) -> bool:
    return any(are_ours([metric]) for metric in metrics)


def _first_choices(model: LensModel, prompts: TokenPairs) -> list[str]:
    """Return the most probable token after every clean prompt."""
    said = []
    with model.measuring():
        for group in prompts.groups:
            rows = [row for row, of in enumerate(group.members) if of % prompts.draws == 0]
            clean = group.clean[rows]
            for start in range(0, len(clean), _ROWS):
                said += model.forward(clean[start : start + _ROWS]).argmax(-1).tolist()
    return list(map(decoder(model.tokenizer), said))


def _said(tokens: Sequence[str]) -> str:
    """Return tokens by how often they were said: `' the' (4 of 6), ' a' (2)`."""
    counted = Counter(tokens).most_common()
    (first, most), *others = counted[:_SAID]
    words = [f"{first!r} ({most} of {len(tokens)})", *(f"{word!r} ({n})" for word, n in others)]
    return ", ".join(words) + (", and others" if len(counted) > _SAID else "")
