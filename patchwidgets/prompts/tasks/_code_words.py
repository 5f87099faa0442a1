"""Words for functions and their descriptions, usually one token each."""

_IDENTIFIERS = """
    size file data name path value index key node list item count length width height color text
    line word user group level state mode type format version target source result output input
    model layer table field column row block page image frame point label title query filter limit
    offset token step time date option param root parent child event error message port host url
    order price rate score weight mask shape scale angle speed depth range start end
    """
IDENTIFIERS = tuple(_IDENTIFIERS.split())

_NOUNS = """
    river city house garden window street market station bridge school church forest mountain ocean
    island village castle palace museum library hospital office factory farm field road train ship
    plane car engine wheel bottle cup table chair bed door wall floor roof kitchen bread milk
    water fire snow rain storm summer winter spring morning evening night friend brother sister
    mother father child teacher doctor lawyer soldier king queen letter book story song movie game
    team player coach ball race prize
    """
NOUNS = tuple(_NOUNS.split())
