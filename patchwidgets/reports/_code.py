"""The code that draws stored views, small enough to be repeated in every notebook output."""

import base64
import hashlib
import zlib
from functools import cache
from typing import NamedTuple

from patchwidgets.views._static import static_text

LOADER = """(() => {{
const page = globalThis, key = "{key}", packed = "{packed}";
const loading = (page.__patchwidgetsLoading ??= {{}});
loading[key] ??= new Response(
  new Blob([Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))])
    .stream().pipeThrough(new DecompressionStream("deflate"))
).text().then((code) => {{
  const script = document.createElement("script");
  page.__patchwidgetsCode = key;
  script.textContent = code;
  document.head.append(script);
  script.remove();
}});
loading[key].then(() => page.__patchwidgetsMount[key]());
}})();"""
"""Unpacks the code once for each page, and draws what is on the page by then. A policy that names
the code by its digest lets the browser run it."""


class Loader(NamedTuple):
    """A script that brings the code with it.

    Args:
        key: Tells apart the code of several versions on one page.
        script: What a script element holds.
    """

    key: str
    script: str


@cache
def loader(name: str = "standalone.js") -> Loader:
    """Return the script of every output: all views, or `question.js`, which is far smaller.

    Raises:
        FileNotFoundError: The front end was never built.
    """
    code = _code(name)
    key = hashlib.sha256(code.encode()).hexdigest()[:12]
    packed = base64.b64encode(zlib.compress(code.encode(), 9)).decode("ascii")
    return Loader(key, LOADER.format(key=key, packed=packed))


@cache
def digests(name: str = "standalone.js") -> str:
    """Return the scripts that a page may run, as its policy names them."""
    scripts = (loader(name).script, _code(name))
    return " ".join(f"'sha256-{_digest(script)}'" for script in scripts)


def _code(name: str = "standalone.js") -> str:
    return static_text(name).strip()


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
