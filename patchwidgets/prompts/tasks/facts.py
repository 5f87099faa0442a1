"""Factual recall: in what city is the Eiffel Tower?"""

from patchwidgets.prompts.tasks._recall import Facts

__all__ = ["facts"]

facts = Facts()
