"""Charts as HTML that needs nothing but a browser: a picture, or the live figure with BokehJS."""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from typing import Any

from patchwidgets.reports.html import PAGE, Foot
from patchwidgets.views._static import static_text
from patchwidgets.views.figure import Figure, figure_bundle


def image(header: Figure) -> str:
    """Return the still picture as an image, which stays where scripts are not trusted."""
    if not header.picture:
        return f"<pre>{escape(header.title)}\n{escape(header.text)}</pre>"
    data = base64.b64encode(header.picture.encode()).decode("ascii")
    text = escape(f"{header.title}\n{header.text}", quote=True)
    return f'<img alt="{text}" src="data:image/svg+xml;base64,{data}">'


def figure_page(charts: Sequence[tuple[Figure, dict[str, Any]]], title: str, bokehjs: str) -> str:
    """Return a complete page of charts that its browser keeps from using the network.

    Args:
        charts: The still picture of each, and its figure as JSON.
        title: Of the page.
        bokehjs: The script that draws them, which the page holds once.
    """
    foot = figures(charts, bokehjs)
    policy = (
        f"default-src 'none'; script-src {foot.digests}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(policy=policy, title=escape(title), body=foot.body)


def figures(charts: Sequence[tuple[Figure, dict[str, Any]]], bokehjs: str) -> Foot:
    """Return charts as part of a page, with what draws them.

    Args:
        charts: As in `figure_page`.
        bokehjs: As in `figure_page`.
    """
    scripts = [bokehjs.strip(), static_text("figure.js").strip()]
    parts = [_data(header, item) for header, item in charts]
    parts += [f"<script>{script}</script>" for script in scripts]
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return Foot("\n".join(parts), digests)


def _data(header: Figure, item: dict[str, Any]) -> str:
    # In a script element only `<` could end the data, so it is written as JSON may write it.
    data = json.dumps(figure_bundle(header) | {"figure": item}).replace("<", "\\u003c")
    return (
        f'<div class="pw-figure-data">{image(header)}'
        f'<script type="application/json">{data}</script></div>'
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
