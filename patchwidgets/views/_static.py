"""The built JavaScript, as text."""

from functools import cache
from importlib.resources import files


@cache
def static_text(name: str) -> str:
    """Return a built file such as `standalone.js`.

    Raises:
        FileNotFoundError: A source checkout whose front end was never built.
    """
    try:
        return files("patchwidgets").joinpath("static", name).read_text("utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"patchwidgets/static/{name} is missing: this checkout's front end was never built. "
            "Run `npm ci && npm run build` in it, or `pip install .`."
        ) from None
