"""The table in `patchwidgets/paper/README.md` is that of the run that is kept."""

import json

from patchwidgets.paper import CLAIMS
from tests.front_page import written
from tests.paper.page import PAGE, RUN, TABLES


def test_the_table_is_that_of_the_run():
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, TABLES) == page, "python -m tests.paper.page"


def test_the_run_is_of_every_claim_as_it_is_worded_now():
    kept = {one["name"]: one for one in json.loads(RUN.read_text("utf-8"))["claims"]}
    assert set(kept) == set(CLAIMS.names())
    for name, one in kept.items():
        claim = CLAIMS.get(name)
        assert (one["says"], one["criterion"]) == (claim.says, claim.criterion)
