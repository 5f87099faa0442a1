"""Find out which parts of a language model cause a behaviour, by clicking.

Importing this imports neither torch nor a widget library; each name loads when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from patchwidgets.versions import require_python, require_transformer_lens

if TYPE_CHECKING:
    from patchwidgets.models.load import load_model
    from patchwidgets.prompts.pairs import PromptPairs
    from patchwidgets.recomputing import recompute
    from patchwidgets.results.result import Result
    from patchwidgets.saving.saved import open_study
    from patchwidgets.study import Study
    from patchwidgets.widgets._showing import display
    from patchwidgets.widgets.ask import ask
    from patchwidgets.widgets.heatmap import heatmap

__all__ = [
    "PromptPairs",
    "Result",
    "Study",
    "ask",
    "display",
    "heatmap",
    "load_model",
    "open_study",
    "recompute",
]

require_python()

_HOMES = {
    "PromptPairs": "patchwidgets.prompts.pairs",
    "Result": "patchwidgets.results.result",
    "Study": "patchwidgets.study",
    "ask": "patchwidgets.widgets.ask",
    "display": "patchwidgets.widgets._showing",
    "heatmap": "patchwidgets.widgets.heatmap",
    "load_model": "patchwidgets.models.load",
    "open_study": "patchwidgets.saving.saved",
    "recompute": "patchwidgets.recomputing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'patchwidgets' has no attribute {name!r}")
    if name in ("Study", "load_model", "recompute"):
        require_transformer_lens()
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "patchwidgets"}]
