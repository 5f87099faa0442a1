"""Tasks: named behaviours that make their own prompt pairs. README.md says how to add one."""

from patchwidgets.registry import Registry

TASKS = Registry("patchwidgets.prompts.tasks", "task")
"""Every task, by file name."""

__all__ = ["TASKS"]
