"""Prompt pairs in a notebook, token by token."""

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from patchwidgets.views._explorer import pair_of
from patchwidgets.views.prompts import Prompts
from patchwidgets.views.token_strip import TokenStrip
from patchwidgets.widgets.widget import CarryingWidget


class PromptsWidget(CarryingWidget):
    """Carries prompt pairs; `study.prompts_view()` makes one."""

    prompt = t.Int(0, min=0).tag(sync=True)
    """Which pair is shown."""


def prompts_widget(prompts: Sequence[Mapping[str, Any]], code: str) -> PromptsWidget:
    """Return prompt pairs as they are drawn.

    Args:
        prompts: As `provenance["prompts"]` has them.
        code: Python that makes the study.
    """
    pairs = [pair_of(dict(prompt)) for prompt in prompts]
    header = Prompts(
        view="prompts",
        title="Prompt pairs",
        caption=f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'}",
        strip=TokenStrip(pairs=pairs),
        code=f"{code}\nstudy.prompts_view()",
    )
    widget = PromptsWidget(header, b"", on_command=lambda _: widget.send_bundle())
    return widget
