"""A study from a file: everything that was measured, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from patchwidgets.results._document import Precision
from patchwidgets.saving._charts import Charts, chosen_charts, foot_of
from patchwidgets.saving._document import LARGEST, StudyPart, pack, read, unpack
from patchwidgets.saving._kept import Kept, Pictures, as_page
from patchwidgets.saving._opened import arguments_of
from patchwidgets.saving._overview import overview
from patchwidgets.saving._sizes import Sizes, sizes_of, written
from patchwidgets.saving._writing import write

if TYPE_CHECKING:
    from patchwidgets.models.load import Loader, TransformerBridge
    from patchwidgets.study import Study


class SavedStudy:
    """What `study.save` wrote: every map, comparison and circuit; no model is needed.

    Attributes:
        results: By key, as in the study.
        circuits: What was pinned and measured, in order.
        comparisons: What was compared, in order.
        title: What was studied.
        code: Python that makes the study again.
        path: The file.
        precision: `exact`, or `float16` where the author let the numbers be rounded.
    """

    def __init__(self, document: StudyPart, kept: Kept, path: Path) -> None:
        self._opened = document.opened.model_dump(exclude_unset=True)
        self._kept = kept
        self.results = dict(kept.results)
        self.circuits = list(kept.circuits)
        self.comparisons = list(kept.comparisons)
        self.title = document.title
        self.code = document.code
        self.path = path
        self.precision: Precision = "float16" if document.precision == "float16" else "exact"

    @property
    def provenance(self) -> dict[str, Any]:
        """Everything needed to measure the first result again."""
        return next(iter(self.results.values())).provenance

    def table(self) -> pd.DataFrame:
        """Return a row per result: what was patched, how much is measured, the strongest node."""
        return overview(self.results)

    def explore(self) -> None:
        """Show everything in the current notebook cell; what was not measured says what to run."""
        from IPython.display import display

        from patchwidgets.widgets._bundle import mime_bundle

        for header, block in self._pictures():
            display(mime_bundle(header, block, ""), raw=True)

    def to_html(self, path: str | Path, *, charts: Charts = False) -> Path:
        """Write everything as one page that needs no network, and return where.

        Args:
            path: Where.
            charts: As in `Study.to_html`.

        Raises:
            FileError: It cannot be written there, or what is in `charts` is no chart.
        """
        foot = foot_of(chosen_charts(charts, self._kept))
        return write(as_page(self._pictures(), foot), path)

    def save(self, path: str | Path, *, precision: Precision | None = None) -> Path:
        """Write the study to another file, and return where.

        Args:
            path: Ends in `.study.json` where JupyterLab shall open it.
            precision: As it is if `None`; `float16` rounds all numbers to three or four digits.

        Raises:
            FileError: It cannot be written there, or a number is too large for `precision`.
        """
        return write(written(self._document(precision or self.precision)), path)

    def size(self) -> Sizes:
        """Return how large the study is as a file, as a page and in a notebook."""
        return sizes_of(self._document(self.precision), self._pictures())

    def reopen(self, model: str | TransformerBridge | Loader | None = None, **own: Any) -> Study:
        """Return the live study again, with these results in it and more to measure.

        Nothing of the file is run as code: the study is made from the names it holds.

        Args:
            model: The model, where its name alone does not load it.
            **own: Arguments of `Study` that were its author's own: a task, a metric, a corruption.

        Raises:
            FileError: Something was the author's own and is not given, or the prompts are others.
            ModelError: The model cannot be loaded, or has other weights.
        """
        from patchwidgets.saving._reopening import reopened

        given = own if model is None else own | {"model": model}
        arguments = arguments_of(self._opened, given, f"`{self.path}`")
        return reopened(arguments, self._opened.get("kept"), self._kept, f"`{self.path}`")

    def _pictures(self) -> Pictures:
        return self._kept.pictures(self.precision)

    def _document(self, precision: Precision) -> dict[str, Any]:
        return pack(self._kept, self.code, self._opened, precision)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        from patchwidgets.widgets._bundle import mime_bundle

        return mime_bundle(*self._pictures()[0], ""), {}

    def _ipython_display_(self) -> None:
        self.explore()

    def __repr__(self) -> str:
        about = self.provenance
        on = f" on {about['model']['name']}" if "model" in about else ""
        rounded = "" if self.precision == "exact" else ", rounded to 3 to 4 digits"
        return (
            f"<SavedStudy {self.title}{on}: {', '.join(self.results)}{self._beside()}; "
            f"{len(about.get('prompts', []))} prompt pairs{rounded}>"
        )

    def _beside(self) -> str:
        counts = {"comparison": len(self.comparisons), "circuit": len(self.circuits)}
        return "".join(f", {n} {name}{'s' * (n > 1)}" for name, n in counts.items() if n)


def open_study(path: str | Path, *, limit: int | None = LARGEST) -> SavedStudy:
    """Return the study that `study.save` wrote; needs no model.

    Args:
        path: The file.
        limit: Bytes above which a file is refused; `None` for no limit.

    Raises:
        FileError: The file is missing, not a study, damaged, too new or too large.
    """
    at = Path(path)
    document, kept = unpack(read(at, limit), f"`{at}`")
    return SavedStudy(document, kept, at)
