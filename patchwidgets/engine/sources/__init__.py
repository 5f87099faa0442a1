"""Where patched values come from, besides the other run. One per file; see README.md."""

from patchwidgets.registry import Registry

SOURCES = Registry("patchwidgets.engine.sources", "source")
