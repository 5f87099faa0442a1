"""Nouns and verbs in the singular and the plural."""


def _numbers(listed: str) -> dict[str, str]:
    """Return plurals by their singulars, from words such as `key/keys`."""
    both = (pair.partition("/") for pair in listed.split())
    return {singular: plural for singular, _, plural in both}


SUBJECTS = _numbers("""
    author/authors pilot/pilots farmer/farmers manager/managers customer/customers
    officer/officers teacher/teachers senator/senators doctor/doctors lawyer/lawyers
    student/students writer/writers singer/singers driver/drivers player/players
    leader/leaders worker/workers artist/artists engineer/engineers scientist/scientists
    friend/friends neighbor/neighbors brother/brothers sister/sisters king/kings queen/queens
    book/books letter/letters picture/pictures car/cars key/keys house/houses
""")

NEIGHBOURS = _numbers("""
    guard/guards chef/chefs judge/judges actor/actors dancer/dancers soldier/soldiers
    farmer/farmers teacher/teachers student/students doctor/doctors lawyer/lawyers
    cabinet/cabinets table/tables tree/trees building/buildings garden/gardens bridge/bridges
    window/windows painting/paintings statue/statues
""")

VERBS = {" is": " are", " was": " were", " has": " have"}
