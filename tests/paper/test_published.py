"""The published tables as they are kept here, against what else the paper says of them."""

from collections import Counter

import pytest

from patchwidgets.paper import _published as published
from patchwidgets.paper._found import class_counts, methods
from patchwidgets.paper._need import IOI, METRICS
from tests.paper.made import by_table

TABLES = {
    "table 5": (published.IOI_S2, [(5, 2), (5, 1), (5, 2), (6, 2), (4, 3), (3, 3)]),
    "table 4": (published.IOI_S1_IO, [(3, 2), (1, 0), (3, 2), (3, 2), (3, 0), (3, 2)]),
    "table 3": (published.YEARS, [(5, 0), (3, 0), (4, 1), (5, 3), (7, 0), (7, 2)]),
    "table 2": (published.DOCSTRING, [(7, 0), (2, 0), (7, 0), (8, 0), (2, 0), (5, 0)]),
}
"""By table how many positive and negative nodes it has: replacement, then noise, by each metric."""

TABLE_1 = [
    ("1/3", "0/2", "3/4", "2/2", "1/2"),
    ("1/3", "0/2", "3/4", "1/2", "1/2"),
    ("1/3", "0/2", "3/4", "2/2", "1/2"),
    ("1/3", "1/2", "3/4", "2/2", "1/2"),
    ("0/3", "1/2", "2/4", "2/2", "1/2"),
    ("0/3", "0/2", "2/4", "2/2", "1/2"),
]
"""Name movers, duplicate token, S-inhibition, negative name movers, induction."""


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_as_many_nodes_as_the_papers(table):
    kept, expected = TABLES[table]
    asked = [(name, metric) for name in ("replacement", "noise") for metric in METRICS]
    assert list(kept) == asked
    found = [Counter(published.signed(listed).values()) for listed in kept.values()]
    assert [(signs[1], signs[-1]) for signs in found] == expected


def test_table_5_counts_to_table_1():
    made = by_table({"S2": published.IOI_S2})
    rows = class_counts(methods(made, IOI["S2"])).rows
    assert [row[2:] for row in rows] == TABLE_1


def test_sites_and_positions_are_where_the_paper_has_them():
    ends = [
        Counter(node.split("@")[1] for node in published.signed(listed))
        for listed in published.DOCSTRING.values()
    ]
    at = [(one["C_def"], one["END"]) for one in ends]
    assert at == [(3, 4), (0, 2), (4, 3), (1, 7), (0, 2), (0, 5)]
    everywhere = set.intersection(
        *(set(published.signed(one)) for one in published.DOCSTRING.values())
    )
    assert everywhere == {"L3H0@END", "L3H6@END"}
    assert set.intersection(*(set(published.signed(one)) for one in published.IOI_S2.values())) == {
        *("L5H5", "L7H9", "L8H6", "L10H7"),
    }
