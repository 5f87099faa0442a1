"""How large the forms are in which a study is handed on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patchwidgets.reports.html import page
from patchwidgets.saving._kept import Pictures
from patchwidgets.widgets._bundle import mime_bundle


@dataclass(frozen=True)
class Sizes:
    """Bytes of everything that a study can be saved as. Printing it says so in words.

    Args:
        file: What `study.save` writes.
        page: What `study.to_html` writes.
        output: What a notebook stores for every time it shows the study.
        maps: How many maps are in each of them.
    """

    file: int
    page: int
    output: int
    maps: int

    def __str__(self) -> str:
        maps = "1 map" if self.maps == 1 else f"{self.maps} maps"
        return (
            f"{maps}: {written_size(self.file)} as a study file, {written_size(self.page)} as a "
            f"page, {written_size(self.output)} in a notebook"
        )

    __repr__ = __str__


def sizes_of(document: Mapping[str, Any], drawn: Pictures) -> Sizes:
    """Return the sizes of a study.

    Args:
        document: Its file.
        drawn: What is drawn of it.
    """
    (header, block), *below = drawn
    return Sizes(
        file=len(written(document)),
        page=len(page(header, block, header.title, below).encode()),
        output=sum(len(json.dumps(mime_bundle(*one, ""))) for one in drawn),
        maps=sum(len(getattr(one, "maps", [])) for one, _ in drawn),
    )


def written(document: Mapping[str, Any]) -> str:
    """Return a document as the text of its file."""
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def written_size(size: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
