"""A comparison as a page of its own."""

from pathlib import Path

from patchwidgets.reports.html import page
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.writing import write_text
from patchwidgets.views._comparison import comparison


def save(compared: Comparison, path: Path) -> Path:
    """Write a comparison as it is now as one page that needs no network, and return where."""
    header, block = comparison(compared)
    return write_text(page(header, block, header.title), path)
