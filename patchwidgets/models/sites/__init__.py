"""Sites, one per file. See README.md."""

from patchwidgets.registry import Registry

SITES = Registry("patchwidgets.models.sites", "site")
