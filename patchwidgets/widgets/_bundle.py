"""Everything one notebook output stores."""

import base64
from typing import Any

from patchwidgets.reports.html import fragment
from patchwidgets.views._still import Shown, still, words
from patchwidgets.views._wire import MIME_TYPE, bundle, lean, packed
from patchwidgets.views.question import Question


def mime_bundle(header: Shown, block: bytes, live_id: str, key: str = "") -> dict[str, Any]:
    """Return an output that stays interactive without its kernel.

    There is no widget-view in it: every notebook front end would prefer that, and could draw
    nothing from it once the kernel is gone.

    Args:
        header: What is drawn, except for its arrays.
        block: The arrays.
        live_id: Model id of the widget that answers while its kernel runs, or empty.
        key: Which map of an explorer the still picture and the text show.
    """
    made = {
        MIME_TYPE: lean(packed(bundle(header, block, live_id))),
        "text/html": fragment(header, block),
    }
    if not isinstance(header, Question):
        made["image/png"] = base64.b64encode(still(header, block, key)).decode("ascii")
    return made | {"text/plain": words(header, block, key)}
