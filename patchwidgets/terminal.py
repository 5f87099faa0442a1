"""A progress bar while a person waits in a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from patchwidgets.jobs import Job


@contextmanager
def progress_bar(job: Job, what: str) -> Iterator[None]:
    """Show how far `job` is while the body waits for it; nothing where nobody is looking."""
    if job.ended or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task(f"measuring {what}", total=1)
        bar.update(line, completed=job.share)
        job.listen(lambda job: bar.update(line, completed=job.share))
        yield
