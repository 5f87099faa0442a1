"""A page of JupyterLab under load, in short: `python -m tests.prove browser` is the long form."""

import pytest

from tests.prove import browser_load
from tests.test_html_page import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]


@pytest.mark.timeout(600)
def test_a_page_that_is_clicked_fast_says_what_python_says():
    proof = browser_load.prove(1)
    # How long a frame takes depends on the machine, and is no test.
    assert [what for what in proof.fell if not what.startswith("the page did not answer")] == []
    assert proof.tried["outputs"] == browser_load.VIEWS + 1
    assert proof.tried["clicks"] > 0
