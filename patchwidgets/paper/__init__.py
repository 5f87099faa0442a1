"""The paper's claims, measured on a model of yours. README.md says how to add one."""

from patchwidgets.registry import Registry

__all__ = ["CLAIMS"]

CLAIMS = Registry("patchwidgets.paper", "claim")
