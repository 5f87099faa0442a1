"""A view as HTML that needs nothing but a browser: no kernel, no network."""

import base64
import hashlib
import json
from html import escape

from patchwidgets.views._static import static_text
from patchwidgets.views._still import Shown, still
from patchwidgets.views._wire import bundle
from patchwidgets.views.circuit import Circuit

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
    return f"{_data(header, block)}\n<script>{_code()}</script>"


def page(header: Shown, block: bytes, title: str) -> str:
    """Return a complete page, which its browser keeps from using the network."""
    digest = base64.b64encode(hashlib.sha256(_code().encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(policy=policy, title=escape(title), body=fragment(header, block))


def _data(header: Shown, block: bytes) -> str:
    key = "" if isinstance(header, Circuit) else header.maps[-1].key
    image = base64.b64encode(still(header, block, key)).decode("ascii")
    # In a script element only `<` could end the data, so it is written as JSON may write it.
    payload = json.dumps(bundle(header, block), allow_nan=False).replace("<", "\\u003c")
    return (
        '<div class="pw-static">'
        f'<img class="pw-still" alt="{escape(header.title)}" src="data:image/png;base64,{image}">'
        f'<script type="application/json">{payload}</script>'
        "</div>"
    )


def _code() -> str:
    return static_text("standalone.js").strip()
