"""Corruptions: how the corrupted input is made. README.md says how to add one."""

from patchwidgets.registry import Registry

CORRUPTIONS = Registry("patchwidgets.prompts.corruptions", "corruption")
"""Every corruption, by file name."""

__all__ = ["CORRUPTIONS"]
