"""Without a notebook results print as text: plain Python, IPython in a terminal, a pipe."""

import os
import subprocess
import sys

import pytest

import patchwidgets as pw

LINES = """
import patchwidgets as pw
study = pw.Study("mini", "ioi", n=4, store=False)
heads = study.sweep("heads")
heads
heads.wait()
heads.detect(sd=2)
study.explore()
pw.heatmap([[0.1, -0.4], [0.9, 0.0]], rows="layer", columns="head")
study.compare("mlp", metrics=["logit_diff", "prob"])
"""


def typed(*command, **environment):
    """Type the lines above into a prompt; return what came back, without what IPython adds."""
    done = subprocess.run(
        [sys.executable, *command],
        input=LINES,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


FOUND = """Indirect object identification
model mini · pairs 4 · corruption token replacement at S2 · direction denoising
Which heads restore the answer? (heads)
Logit difference, normalized effect: strongest
  L0H0                 +1.0"""


@pytest.mark.parametrize(
    ("command", "width"),
    [(["-i", "-q"], ""), (["-m", "IPython", "--simple-prompt"], "20")],
    ids=str,
)
def test_everything_is_readable_where_there_are_no_cells(command, width, tmp_path):
    printed = typed(*command, COLUMNS=width, IPYTHONDIR=str(tmp_path))
    assert FOUND in printed
    assert "positive: L0H0\nnegative: none\nby `sd` among 32 cells, at or beyond " in printed
    assert "In JupyterLab this is a view to click on." in printed
    assert "2 x 2 cells, layer by head" in printed
    assert "Indirect object identification: MLPs by 2 methods" in printed
    assert "<patchwidgets" not in printed
    assert " object at 0x" not in printed


def test_leaving_in_the_middle_of_a_measurement_leaves_at_once():
    code = "import patchwidgets as pw, threading, time\n"
    code += "from patchwidgets.jobs import Job, Worker\n"
    code += "def work(job):\n for _ in range(60000): job.check(); time.sleep(0.01)\n"
    code += "Worker().submit(Job(work, 1))\nprint('left')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")


def test_a_result_that_is_not_measured_says_how_to_wait(monkeypatch):
    study = pw.Study("mini", "ioi", n=2, store=False)
    worker = study._session.model.worker
    monkeypatch.setattr(worker, "submit", lambda job, within: None)
    text = repr(study.sweep("mlp"))
    assert text.splitlines()[-1] == "`.wait()` waits for the rest"
    assert "waiting at 0 of 4" in text
