"""Advice: what to mind in a study, a result or a comparison. README.md says how to add a rule."""

from patchwidgets.advice._advice import Advice, Rule, rule
from patchwidgets.advice._listed import AdviceList
from patchwidgets.advice._silence import RULES, restore, silence

__all__ = ["RULES", "Advice", "AdviceList", "Rule", "restore", "rule", "silence"]
