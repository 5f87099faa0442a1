"""Words for IOI prompts: common, and one token each for GPT-2 and for SmolLM2."""

_NAMES = """
    Mary John Tom James Sarah Emma Anna Alice Paul Peter David Daniel Michael Robert William Thomas
    George Henry Edward Charles Joseph Samuel Benjamin Jack Harry Oliver Simon Martin Kevin Brian
    Jason Justin Ryan Adam Aaron Eric Scott Steven Stephen Patrick Sean Andrew Matthew Anthony
    Kenneth Richard Nicholas Alexander Christopher Jonathan Joshua Jacob Nathan Luke Philip Roger
    Albert Arthur Walter Kate Jane Lisa Laura Julia Maria Rachel Rebecca Jessica Jennifer Amanda
    Michelle Nicole Elizabeth Margaret Katherine Helen Susan Karen Linda Barbara Sandra Nancy Amy
    Emily Hannah Lucy Sophie Charlotte Victoria Caroline Christine Diana Martha Ruth Clara Ellen
    Marie Claire
"""
NAMES = tuple(_NAMES.split())

_PLACES = """
    store garden restaurant school hospital office house station library museum park beach market
    hotel airport church theater bank farm gym lake bakery pub zoo port stadium temple factory mall
    college harbor castle club court cinema
"""
PLACES = tuple(_PLACES.split())

_OBJECTS = """
    book watch coat map lamp card camera phone flower basket letter bottle guitar ticket candle
    blanket hat bag pen gift key cup ball toy box cake coin knife mirror pillow puzzle ring
    newspaper magazine sandwich pencil jacket bicycle drum poster
"""
OBJECTS = tuple(_OBJECTS.split())
