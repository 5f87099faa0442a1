"""What a committed output says depends on the notebook alone."""

import nbformat
import pytest

from tests.notebooks.execute import execute

CELL = """import patchwidgets as pw
from patchwidgets.models.cache import cache_folder

study = pw.Study(pw.load_model("mini"), "agreement", n=2, seed=0)
before = study.cost("heads")
study.sweep("heads").wait()
print(before.stored, study.cost("heads").stored, cache_folder("models").resolve())"""


@pytest.mark.timeout(300)
def test_a_notebook_finds_models_and_no_measured_cells_of_its_author(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path / "author"))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    path = tmp_path / "one.ipynb"
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbformat.write(written, path)
    for _ in range(2):
        (output,) = execute(path).cells[0].outputs
        assert output.text == f"0 32 {tmp_path / 'author' / 'models'}\n"
    assert not (tmp_path / "author" / "cells").exists()
