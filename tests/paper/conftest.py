"""Fewer resamples than a report has, because these tests are not about their number."""

import pytest


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    from patchwidgets.paper import _sheet

    monkeypatch.setattr(_sheet, "RESAMPLES", 40)
