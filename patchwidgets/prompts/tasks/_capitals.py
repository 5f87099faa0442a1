"""Countries and their capitals, where both are usually one token."""

_BOTH = """
    France/Paris Germany/Berlin Italy/Rome Spain/Madrid Japan/Tokyo China/Beijing
    Russia/Moscow Egypt/Cairo Greece/Athens Poland/Warsaw Austria/Vienna Cuba/Havana Peru/Lima
    Iran/Tehran Iraq/Baghdad Sweden/Stockholm Norway/Oslo Finland/Helsinki Denmark/Copenhagen
    Portugal/Lisbon Ireland/Dublin Turkey/Ankara Canada/Ottawa Latvia/Riga Lebanon/Beirut
    Syria/Damascus Libya/Tripoli Afghanistan/Kabul Thailand/Bangkok Tunisia/Tunis
    Hungary/Budapest Belgium/Brussels England/London Kenya/Nairobi Vietnam/Hanoi
    Scotland/Edinburgh Bulgaria/Sofia Romania/Bucharest Jordan/Amman Nepal/Kathmandu
    Croatia/Zagreb Chile/Santiago Venezuela/Caracas Colombia/Bogota Qatar/Doha Armenia/Yerevan
    Uganda/Kampala Somalia/Mogadishu Zimbabwe/Harare Serbia/Belgrade
"""
_SPLIT = (both.partition("/") for both in _BOTH.split())
CAPITALS = {country: capital for country, _, capital in _SPLIT}
