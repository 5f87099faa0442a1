"""First names by the pronoun that most people expect after them."""

_MEN = """
    John Tom James Paul Peter David Daniel Michael Robert William Thomas George Henry Edward
    Charles Joseph Samuel Benjamin Jack Harry Oliver Simon Martin Kevin Brian Jason Justin Ryan Adam
    Eric Scott Steven Stephen Patrick Andrew Matthew Anthony Kenneth Richard Nicholas Joshua Jacob
    Nathan Luke Philip Roger Albert Arthur Walter Frank
    """
MEN = tuple(_MEN.split())

_WOMEN = """
    Mary Sarah Emma Anna Alice Kate Jane Lisa Laura Julia Maria Rachel Rebecca Jessica Jennifer
    Amanda Michelle Nicole Elizabeth Margaret Katherine Helen Susan Karen Linda Barbara Sandra Nancy
    Amy Emily Hannah Lucy Sophie Charlotte Victoria Caroline Christine Diana Martha Ruth Clara
    Ellen Marie Claire Rose Dorothy Betty Carol Donna Sharon
    """
WOMEN = tuple(_WOMEN.split())

_EITHER = "Alex Jordan Taylor Morgan Casey Riley Jamie Robin Sam Pat Terry Lee Avery"
EITHER = tuple(_EITHER.split())
