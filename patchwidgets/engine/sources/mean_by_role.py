"""Mean ablation by role: patches write the mean over what reference prompts hold at a role."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Int
from torch import Tensor

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.sources._source import Rewrite, require_one_token
from patchwidgets.errors import PlanError, PromptError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import record
from patchwidgets.models.tokenizing import tokens_for
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tokens import TokenPairs
from patchwidgets.widening import widened

__all__ = ["MeanByRole"]

UNALIGNED = "pattern"
"""As wide as a prompt is long, so that prompts of several lengths have no mean of it."""


@dataclass(frozen=True, eq=False)
class MeanByRole:
    """Writes at a role the mean over that role in all reference prompts, of any length or template.

    `mean` averages by position, where prompts of several templates have other words. Here a role
    is averaged with the same role alone, wherever it stands. Only patches at roles can be made.

    Differs from Wang et al. 2022, section 2.1: their mean is of every template by itself.

    Args:
        reference: Their corrupted prompts are averaged.
    """

    reference: PromptPairs
    name: str = "mean_by_role"

    @property
    def key(self) -> str:
        """Name, number of prompts and a hash of their texts and roles."""
        texts = repr([(pair.corrupted, sorted(pair.roles.items())) for pair in self.reference])
        digest = hashlib.sha256(texts.encode()).hexdigest()[:12]
        return f"mean by role over {len(self.reference)} prompts {digest}"

    def require_roles(self, plan: Plan) -> None:
        """Check that every patch is at a role that the reference prompts have.

        Raises:
            PlanError: One is at every position, at a numbered one, at a role they lack, or writes
                an attention pattern.
        """
        have = set.intersection(*(set(pair.roles) for pair in self.reference))
        nodes = {
            node
            for patch in plan.patches
            for node in ((patch.path.sender,) if patch.path else patch.nodes)
        }
        for node in sorted(nodes, key=str):
            if node.site == UNALIGNED:
                raise PlanError(
                    f"`source='{self.name}'` has no mean of `{node}`: an attention pattern is as "
                    "wide as its prompt is long. Patch another site, or write `source='mean'`, "
                    "over reference prompts of the same template and length."
                )
            if not isinstance(node.position, str) or node.position.startswith("!"):
                raise PlanError(
                    f"`source='{self.name}'` has a mean for every role, and `{node}` is not "
                    "written at a role. At other positions stand other words in every prompt, and "
                    "their mean would mix them. Ask for `positions='roles'` or "
                    "`positions=['END']`, or write `source='mean'`, over reference prompts of the "
                    "same template and length."
                )
            if node.position not in have:
                known = ", ".join(f"`{role}`" for role in sorted(have))
                raise PlanError(
                    f"`source='{self.name}'` has no mean for `{node}`: not every reference prompt "
                    f"has the role `{node.position}`; all have {known}. Give the reference prompts "
                    "that role (`pw.PromptPairs(..., roles={...})`), or name roles in `positions=`."
                )

    def rewriting(
        self,
        model: LensModel,
        prompts: TokenPairs,
        runs: GroupRuns,
        sites: Iterable[str],
        check: Callable[[], None],
    ) -> Rewrite:
        """Return the function that gives each role its mean, and leaves all else as it was.

        Raises:
            PlanError: Answers have several tokens.
            PromptError: Two roles are the same token here, and are not in some reference prompt.
        """
        require_one_token(self.name, runs)
        tokens = tokens_for(model, self.reference, prepend_bos=prompts.prepend_bos)
        roles = {role: at for role, at in runs.group.roles.items() if role in tokens.roles}
        references = [group.roles for group in tokens.groups]
        _require_apart(roles, references)
        kept = sorted((set(runs.base.activations) | set(sites)) - {UNALIGNED})
        records = [record(model, group.corrupted, kept, check) for group in tokens.groups]

        @cache
        def mean(role: str, site: str, layer: int) -> Tensor:
            found = [
                one.site(site, layer)[torch.arange(len(at[role])), at[role]]
                for one, at in zip(records, references, strict=True)
            ]
            return widened(torch.cat(found)).mean(0)

        def rewrite(activation: Tensor, site: str, layer: int) -> Tensor:
            written = activation.clone()
            for role, at in roles.items() if site != UNALIGNED else ():
                rows = torch.arange(len(at))
                written[rows, at] = mean(role, site, layer).to(activation.dtype)
            return written

        return rewrite


def _require_apart(
    roles: Mapping[str, Int[Tensor, " batch"]], references: list[Mapping[str, Tensor]]
) -> None:
    for one in roles:
        for other in roles:
            together = one < other and bool((roles[one] == roles[other]).any())
            if together and not all((at[one] == at[other]).all() for at in references):
                raise PromptError(
                    f"`{one}` and `{other}` are the same token in some prompt and different ones "
                    "in some reference prompt, so that two means would be written at one place. "
                    "Leave one of these roles out of the prompt pairs."
                )
