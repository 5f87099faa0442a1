"""A view as HTML that needs nothing but a browser: no kernel, no network."""

import base64
import json
import zlib
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from patchwidgets.reports._code import digests, loader
from patchwidgets.reports._question import question_still
from patchwidgets.views._still import Pictured, Shown, WithoutMaps, still
from patchwidgets.views._wire import bundle, packed
from patchwidgets.views.question import Question

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ max-width: 1240px; margin: 16px auto; padding: 0 12px; background: #eef1f4; }}
.pw-static + .pw-static, .pw-figure-data {{ margin-top: 16px; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0e1013; }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def fragment(header: Shown, block: bytes) -> str:
    """Return the HTML of one notebook output: interactive, or a picture where scripts are off."""
    return f"{_data(header, block)}\n<script>{loader(_code_for(header)).script}</script>"


class Foot(NamedTuple):
    """What a page has below its views.

    Args:
        body: As HTML.
        digests: Of the scripts in it, as a policy names them.
    """

    body: str = ""
    digests: str = ""


def page(
    header: Shown,
    block: bytes,
    title: str,
    below: Sequence[tuple[Shown, bytes]] = (),
    foot: Foot | None = None,
) -> str:
    """Return a complete page, which its browser keeps from using the network.

    Args:
        header: What is shown.
        block: Its arrays.
        title: Of the page.
        below: Header and arrays of what else is shown, from top to bottom.
        foot: What comes last, such as charts.
    """
    scripts = digests(_code_for(header))
    # BokehJS makes images of its own.
    images = "data: blob:" if foot else "data:"
    policy = (
        f"default-src 'none'; script-src {f'{scripts} {foot.digests}' if foot else scripts}; "
        f"style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'"
    )
    above = "".join(f"{_data(*one)}\n" for one in [(header, block), *below][:-1])
    last = below[-1] if below else (header, block)
    body = f"{above}{fragment(*last)}" + (f"\n{foot.body}" if foot else "")
    return PAGE.format(policy=policy, title=escape(title), body=body)


def _code_for(header: Shown) -> str:
    return "question.js" if isinstance(header, Question) else "standalone.js"


def _image(header: Pictured, block: bytes) -> str:
    last = "" if isinstance(header, WithoutMaps) else header.maps[-1].key
    image = base64.b64encode(still(header, block, last)).decode("ascii")
    source = f"data:image/png;base64,{image}"
    return f'<img class="pw-still" alt="{escape(header.title)}" src="{source}">'


def _data(header: Shown, block: bytes) -> str:
    shown = question_still(header) if isinstance(header, Question) else _image(header, block)
    payload = json.dumps(packed(bundle(header, block)), allow_nan=False).encode()
    # Of base64 nothing can end the script element.
    small = base64.b64encode(zlib.compress(payload, 9)).decode("ascii")
    stored = json.dumps({"packed": small, "unpacked": len(payload)})
    return (
        f'<div class="pw-static" data-code="{loader(_code_for(header)).key}">'
        f"{shown}"
        f'<script type="application/json">{stored}</script>'
        "</div>"
    )
