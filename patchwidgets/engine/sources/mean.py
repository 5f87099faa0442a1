"""Mean ablation: patches write the mean over reference prompts."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.sources._source import Rewrite, require_one_token
from patchwidgets.errors import PromptError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import record
from patchwidgets.models.tokenizing import tokens_for
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tokens import TokenPairs
from patchwidgets.widening import widened

__all__ = ["Mean"]


@dataclass(frozen=True, eq=False)
class Mean:
    """Writes the mean over reference prompts of the same template and length, by position.

    A template is a label (`groups` of the pairs). Where pairs have none and their words stand at
    other positions, a position's mean mixes words; `mean_by_role` does not.

    Differs from the paper: none of theirs. Source: Wang et al. 2022, section 2.1, whose reference
    is the ABC set (three unrelated names), template by template.

    Args:
        reference: Their corrupted prompts are averaged.
    """

    reference: PromptPairs
    name: str = "mean"

    @property
    def key(self) -> str:
        """Name, number of prompts and a hash of their texts and templates."""
        texts = repr([(pair.corrupted, pair.group) for pair in self.reference])
        digest = hashlib.sha256(texts.encode()).hexdigest()[:12]
        return f"mean over {len(self.reference)} prompts {digest}"

    def rewriting(
        self,
        model: LensModel,
        prompts: TokenPairs,
        runs: GroupRuns,
        sites: Iterable[str],
        check: Callable[[], None],
    ) -> Rewrite:
        """Return the function that gives each prompt the mean of its template.

        Raises:
            PlanError: Answers have several tokens.
            PromptError: No reference prompt has the template and length of some prompt.
        """
        require_one_token(self.name, runs)
        tokens = tokens_for(model, self.reference, prepend_bos=prompts.prepend_bos)
        labels = [prompts.pairs[prompts.pair_of(row)].group for row in runs.group.members]
        rows = {label: self._rows(tokens, label, runs.base.length) for label in labels}
        kept = sorted(set(runs.base.activations) | set(sites))
        means = {label: record(model, reference, kept, check) for label, reference in rows.items()}

        def rewrite(activation: Tensor, site: str, layer: int) -> Tensor:
            read = {
                label: one.residual[layer] if site == "resid_pre" else one.site(site, layer)
                for label, one in means.items()
            }
            found = {
                label: widened(one).mean(0).to(activation.dtype) for label, one in read.items()
            }
            return torch.stack([found[label] for label in labels])

        return rewrite

    def _rows(self, tokens: TokenPairs, label: str, length: int) -> Tensor:
        found = [
            group.corrupted[row]
            for group in tokens.groups
            for row, member in enumerate(group.members)
            if tokens.pairs[member].group == label and group.corrupted.shape[1] == length
        ]
        if not found:
            raise PromptError(
                f"`source='mean'` needs reference prompts of every template and length, but none "
                f"of the {len(self.reference)} is {f'of `{label}` and ' if label else ''}{length} "
                "tokens long. Give more `reference` prompts, or ones made from the same templates. "
                "At roles, `source='mean_by_role'` takes reference prompts of any length."
            )
        return torch.stack(found)
