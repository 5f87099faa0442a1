"""The pictures of the README are what JupyterLab shows today."""

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.marks import REAL_LAB
from tests.e2e.screenshot import THEMES, path_of, taken

pytestmark = REAL_LAB

SEEN = 40
"""Of 255: a smaller difference of a pixel is not seen."""

LARGEST_SHARE = 0.08
"""Of the pixels: more than text that moves by a pixel, less than a panel that is new."""


@pytest.fixture(scope="module")
def now(lab):
    size = lab.page.viewport_size
    SCREENSHOTS.mkdir(exist_ok=True)
    pictures = dict(taken(lab))
    for name, picture in pictures.items():
        picture.save(SCREENSHOTS / path_of(name).name)
    lab.page.set_viewport_size(size)
    return pictures


@pytest.mark.parametrize("name", THEMES)
def test_the_committed_picture_shows_what_is_there_now(now, name):
    committed, fresh = (
        np.asarray(one.convert("RGB"), dtype=int) for one in (Image.open(path_of(name)), now[name])
    )
    assert committed.shape == fresh.shape
    differs = (abs(committed - fresh) > SEEN).any(axis=-1).mean()
    assert differs < LARGEST_SHARE, "python -m tests.e2e.screenshot"


def test_the_pictures_are_small_enough_for_a_page(now):
    assert all(path_of(name).stat().st_size < 250_000 for name in THEMES)
