"""Resample ablation: patches write the values of another prompt of the same template."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.sources._source import Rewrite, require_one_token
from patchwidgets.errors import PromptError
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.tokens import TokenPairs

__all__ = ["Resample"]


@dataclass(frozen=True)
class Resample:
    """Writes the base run's values of another prompt pair, drawn anew for every seed.

    The other prompt has the same template (`group` of the pair) and the same length, so that every
    position means the same. No prompt is given its own values; with draws of noise, each draw is
    given those of the same draw of the partner.

    Source: resample ablation, Chan et al. 2022 (causal scrubbing).

    Args:
        seed: Of the draw.
    """

    seed: int = 0
    name: str = "resample"

    @property
    def key(self) -> str:
        """Name and seed."""
        return f"resample, seed {self.seed}"

    def rewriting(
        self,
        model: LensModel,
        prompts: TokenPairs,
        runs: GroupRuns,
        sites: Iterable[str],
        check: Callable[[], None],
    ) -> Rewrite:
        """Return the function that gives each prompt the values of its partner.

        Raises:
            PlanError: Answers have several tokens.
            PromptError: A template has a single prompt.
        """
        require_one_token(self.name, runs)
        # The draws of a pair are next to each other: each gets the same draw of the partner.
        draws = prompts.draws
        pairs = [prompts.pairs[prompts.pair_of(row)] for row in runs.group.members[::draws]]
        partners = self._partners([pair.group for pair in pairs])
        partner = torch.tensor([i * draws + draw for i in partners for draw in range(draws)])
        return lambda activation, _site, _layer: activation[partner.to(activation.device)]

    def _partners(self, labels: Sequence[str]) -> list[int]:
        chance = random.Random(self.seed)
        partner = list(range(len(labels)))
        for label in dict.fromkeys(labels):
            rows = [row for row, other in enumerate(labels) if other == label]
            if len(rows) == 1:
                raise PromptError(
                    f"`source='resample'` needs another prompt of the same template and length for "
                    f"every prompt, but {f'`{label}`' if label else 'one length'} has a single "
                    "one. Draw more prompts (`n=...`), or keep the templates with more by "
                    "`study.keep([...])`."
                )
            chance.shuffle(rows)
            for row, other in zip(rows, rows[1:] + rows[:1], strict=True):
                partner[row] = other
        return partner
