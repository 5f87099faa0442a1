"""Sweeps, one per file. See README.md."""

from patchwidgets.registry import Registry

SWEEPS = Registry("patchwidgets.plans.sweeps", "sweep")
