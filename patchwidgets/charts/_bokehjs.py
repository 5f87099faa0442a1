"""The script that draws Bokeh figures in a page."""

from functools import cache


@cache
def bokehjs() -> str:
    """Return BokehJS, without its parts for tables, inputs and formulas: 1.3 MB."""
    from bokeh.resources import Resources

    parts = Resources(mode="inline", components=["bokeh"]).js_raw
    # The last part sets a log level, and says so on the page's console.
    return "\n".join(part for part in parts if not part.startswith("Bokeh.set_log_level"))
