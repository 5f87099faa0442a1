"""What lasts from one year to another."""

_LISTED = """
    war battle siege conflict campaign revolt rebellion crisis famine drought plague reign rule
    dispute struggle strike trial project study survey expedition journey voyage mission tour
    festival ceremony marriage friendship partnership alliance affair debate investigation
    experiment construction operation program exhibition season era epidemic depression boom
    crusade occupation peace truce feud search storm tournament training treaty visit
    """
YEAR_NOUNS = tuple(_LISTED.split())
