"""Our own list of facts, by relation: true, and not expected to change.

A subject occurs once in a relation. Answers are one common word each.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from patchwidgets.errors import PromptError

SLOT = "[SUBJECT]"


@dataclass(frozen=True)
class Fact:
    """One fact, as a prompt and the word that follows it.

    Args:
        relation: What is asked, such as `sport`.
        template: A text with one `[SUBJECT]`.
        subject: Whom or what it is asked of.
        answer: The next word, without its leading space.
    """

    relation: str
    template: str
    subject: str
    answer: str

    @property
    def prompt(self) -> str:
        """The template with the subject in it."""
        return self.template.replace(SLOT, self.subject)

    @property
    def article(self) -> str:
        """The article before the subject: `the ` or nothing."""
        return "the " if self.subject.startswith("the ") else ""

    def asked_of(self, subject: str) -> str:
        """Return the same question about another subject."""
        return self.template.replace(SLOT, subject)


_CONTINENTS = {
    "Africa": """Egypt, Kenya, Nigeria, Ghana, Ethiopia, Morocco, Algeria, Tunisia, Libya, Sudan,
        Uganda, Tanzania, Zambia, Zimbabwe, Angola, Senegal, Mali, Niger, Chad, Cameroon, Rwanda,
        Somalia, Namibia, Botswana""",
    "Asia": """China, Japan, India, Vietnam, Thailand, Mongolia, Nepal, Pakistan, Bangladesh, Iran,
        Iraq, Malaysia, Cambodia, Laos, Jordan, Yemen""",
    "Europe": """France, Germany, Italy, Spain, Portugal, Poland, Austria, Belgium, Sweden, Norway,
        Finland, Denmark, Ireland, Hungary, Switzerland, Greece""",
}

_SIGHTS = {
    "Paris": """the Eiffel Tower, the Louvre, the Moulin Rouge, the Arc de Triomphe,
        the Centre Pompidou""",
    "London": """Big Ben, Buckingham Palace, Tower Bridge, Trafalgar Square, Piccadilly Circus,
        Westminster Abbey, the British Museum""",
    "Rome": "the Colosseum, the Trevi Fountain, the Spanish Steps, the Roman Forum",
    "Berlin": "the Brandenburg Gate, the Reichstag, Checkpoint Charlie, Alexanderplatz",
    "Moscow": "Red Square, the Kremlin, the Bolshoi Theatre, Gorky Park",
    "Athens": "the Acropolis, the Parthenon, Syntagma Square",
    "Tokyo": "Shibuya Crossing, the Sensoji Temple, Ueno Park",
    "Kyoto": "the Golden Pavilion, the Kinkakuji Temple, Nijo Castle",
    "Beijing": "the Forbidden City, Tiananmen Square, the Summer Palace, the Temple of Heaven",
    "Madrid": "the Prado, Puerta del Sol, Retiro Park",
    "Barcelona": "the Sagrada Familia, Park Guell, Camp Nou, La Rambla",
    "Vienna": "the Hofburg, the Prater, Schonbrunn Palace",
    "Sydney": "Bondi Beach, Darling Harbour, Taronga Zoo",
    "Istanbul": "Hagia Sophia, the Blue Mosque, Topkapi Palace, Dolmabahce Palace",
    "Chicago": "Wrigley Field, Millennium Park, the Willis Tower, Navy Pier",
    "Boston": "Fenway Park, Faneuil Hall, the Freedom Trail",
    "Prague": "the Charles Bridge, Wenceslas Square, the Dancing House",
    "Florence": "the Uffizi, the Ponte Vecchio, the Pitti Palace",
    "Venice": "the Rialto Bridge, the Bridge of Sighs, the Doge's Palace",
    "Amsterdam": "the Rijksmuseum, the Anne Frank House, Vondelpark",
    "Seattle": "the Space Needle, Pike Place Market",
}

_PRODUCTS = {
    "Apple": "the iPhone, the iPad, the Macintosh, Final Cut Pro, iTunes, Safari, the iPod, macOS",
    "Google": "Gmail, Android, the Chromebook Pixel, TensorFlow, Chromecast, Street View",
    "Microsoft": """Windows, Excel, PowerPoint, the Xbox, Outlook, Azure, Visual Studio,
        Internet Explorer, OneDrive""",
    "Sony": "the PlayStation, the Walkman, the Trinitron, the Vaio",
    "Nintendo": "the Game Boy, the Wii, Super Mario, the GameCube, Donkey Kong, Wii Sports",
    "Adobe": "Photoshop, Illustrator, Acrobat, InDesign, Premiere Pro, Lightroom",
    "Amazon": "the Kindle, Alexa, the Echo, Prime Video",
    "Intel": "the Pentium, the Xeon, the Celeron, the Itanium",
    "Toyota": "the Corolla, the Prius, the Camry, the Hilux, the Yaris",
    "Honda": "the Civic, the Accord, the Gold Wing",
    "Ford": "the Mustang, the Model T, the Fiesta, the Thunderbird",
    "IBM": "Deep Blue, Watson, the Selectric typewriter",
}

_SPORTS = {
    "baseball": """Babe Ruth, Honus Wagner, Mickey Mantle, Derek Jeter, Willie Mays, Hank Aaron,
        Ty Cobb, Joe DiMaggio, Jackie Robinson, Yogi Berra, Lou Gehrig""",
    "basketball": """Michael Jordan, LeBron James, Kobe Bryant, Larry Bird, Magic Johnson,
        Stephen Curry, Tim Duncan, Bill Russell, Kevin Durant, Wilt Chamberlain""",
    "football": """Tom Brady, Peyton Manning, Joe Montana, Jerry Rice, Brett Favre, Johnny Unitas,
        Emmitt Smith, Drew Brees""",
    "tennis": """Roger Federer, Rafael Nadal, Serena Williams, Novak Djokovic, Andre Agassi,
        Pete Sampras, Steffi Graf, Billie Jean King, John McEnroe, Andy Murray""",
    "golf": """Tiger Woods, Jack Nicklaus, Arnold Palmer, Phil Mickelson, Rory McIlroy, Ben Hogan,
        Gary Player""",
    "hockey": "Wayne Gretzky, Mario Lemieux, Gordie Howe, Bobby Orr, Sidney Crosby, Mark Messier",
    "cricket": """Sachin Tendulkar, Don Bradman, Shane Warne, Ricky Ponting, Virat Kohli,
        Brian Lara""",
}

_LANGUAGES = {
    "French": "France, Monaco, Quebec",
    "Spanish": """Spain, Mexico, Argentina, Colombia, Chile, Peru, Cuba, Ecuador, Guatemala,
        Honduras, Panama, Uruguay, Venezuela, Nicaragua, Costa Rica""",
    "Portuguese": "Portugal, Brazil",
    "German": "Germany, Austria, Liechtenstein",
    "Arabic": """Egypt, Iraq, Syria, Jordan, Libya, Yemen, Lebanon, Saudi Arabia, Tunisia""",
    "English": "Australia, Jamaica, England, New Zealand, Scotland",
    "Italian": "Italy, San Marino",
    "Greek": "Greece, Cyprus",
    "Russian": "Russia",
    "Chinese": "China, Taiwan",
    "Japanese": "Japan",
    "Korean": "South Korea, North Korea",
    "Dutch": "the Netherlands",
    "Polish": "Poland",
    "Swedish": "Sweden",
    "Turkish": "Turkey",
    "Thai": "Thailand",
    "Hungarian": "Hungary",
    "Danish": "Denmark",
    "Vietnamese": "Vietnam",
}

_CITIES = {
    "Japan": "Tokyo, Osaka, Kyoto, Nagoya, Sapporo, Yokohama",
    "Germany": "Berlin, Munich, Hamburg, Frankfurt, Cologne, Dresden, Leipzig",
    "France": "Paris, Lyon, Marseille, Bordeaux, Toulouse, Strasbourg",
    "Italy": "Rome, Milan, Naples, Turin, Florence, Venice, Bologna",
    "Spain": "Madrid, Barcelona, Seville, Bilbao, Malaga",
    "China": "Beijing, Shanghai, Wuhan, Shenzhen, Guangzhou",
    "India": "Mumbai, Delhi, Chennai, Kolkata, Bangalore",
    "Russia": "Moscow, Novosibirsk, Vladivostok",
    "Egypt": "Cairo, Luxor, Aswan",
    "Canada": "Toronto, Montreal, Calgary, Ottawa, Winnipeg",
    "Brazil": "Rio de Janeiro, Recife, Sao Paulo, Brasilia",
    "Australia": "Sydney, Brisbane, Adelaide, Canberra",
    "Poland": "Warsaw, Krakow, Gdansk",
    "Turkey": "Ankara, Istanbul, Izmir",
}

_LIVING = {
    "bird": """sparrow, eagle, owl, penguin, parrot, pigeon, crow, robin, falcon, ostrich, duck,
        seagull""",
    "fish": "salmon, trout, tuna, cod, herring, carp, eel, goldfish",
    "insect": "ant, beetle, butterfly, moth, mosquito, grasshopper, wasp, housefly",
    "mammal": "dolphin, whale, bat, horse, elephant, kangaroo, monkey, mouse, rabbit, squirrel",
    "flower": "rose, tulip, daisy, orchid, lily, daffodil",
    "tree": "oak, maple, birch, willow, beech, spruce, sycamore",
}

_INSTRUMENTS = {
    "guitar": """Jimi Hendrix, Eric Clapton, Jimmy Page, Carlos Santana, Keith Richards, Brian May,
        Chuck Berry, Django Reinhardt""",
    "piano": """Glenn Gould, Vladimir Horowitz, Arthur Rubinstein, Lang Lang, Herbie Hancock,
        Thelonious Monk, Bill Evans, Oscar Peterson, Martha Argerich, Art Tatum""",
    "trumpet": "Miles Davis, Louis Armstrong, Dizzy Gillespie, Chet Baker, Wynton Marsalis",
    "violin": "Itzhak Perlman, Yehudi Menuhin, Jascha Heifetz, Niccolo Paganini, Hilary Hahn",
    "drums": "Ringo Starr, Keith Moon, John Bonham, Buddy Rich, Charlie Watts, Ginger Baker",
    "cello": "Pablo Casals, Mstislav Rostropovich, Jacqueline du Pre",
}

_FIELDS = {
    "physics": """Albert Einstein, Isaac Newton, Niels Bohr, Richard Feynman, Stephen Hawking,
        Enrico Fermi, Max Planck, Werner Heisenberg, Paul Dirac, Ludwig Boltzmann""",
    "chemistry": "Antoine Lavoisier, Dmitri Mendeleev, Linus Pauling, Fritz Haber, John Dalton",
    "biology": "Charles Darwin, Francis Crick, Ernst Mayr, Barbara McClintock",
    "mathematics": """Leonhard Euler, Carl Gauss, Emmy Noether, David Hilbert, Bernhard Riemann,
        Pierre de Fermat, Terence Tao, Andrew Wiles, Euclid""",
    "psychology": "Sigmund Freud, Carl Jung, Jean Piaget, Abraham Maslow, Alfred Adler",
    "economics": """Adam Smith, John Maynard Keynes, Milton Friedman, Friedrich Hayek,
        Paul Krugman, Paul Samuelson""",
    "philosophy": "Immanuel Kant, David Hume, Plato, Aristotle, Friedrich Nietzsche, Spinoza",
}

_RELATIONS = {
    "continent": (f"The country of {SLOT} is on the continent of", _CONTINENTS),
    "sight": (f"If you want to see {SLOT} you must go to the city of", _SIGHTS),
    "product": (f"As everybody knows, {SLOT} is a product of the company", _PRODUCTS),
    "sport": (f"The athlete {SLOT} is famous for playing", _SPORTS),
    "language": (f"Most of the people in {SLOT} speak", _LANGUAGES),
    "city": (f"The city of {SLOT} is in the country of", _CITIES),
    "living": (f"In biology, the {SLOT} is a kind of", _LIVING),
    "instrument": (f"The musician {SLOT} is famous for playing the", _INSTRUMENTS),
    "field": (f"The thinker {SLOT} is famous for work in the field of", _FIELDS),
}

FACTS = tuple(
    Fact(relation, template, " ".join(subject.split()), answer)
    for relation, (template, subjects_of) in _RELATIONS.items()
    for answer, subjects in subjects_of.items()
    for subject in subjects.split(",")
)

OF_COUNTRIES = frozenset({"continent", "language"})
"""Relations that ask about the same kind of subject."""


def own_facts(rows: Iterable[tuple[str, str, str]]) -> tuple[Fact, ...]:
    """Return facts from rows of prompt, subject and answer.

    Facts whose prompts are the same but for their subjects are of one relation.

    Raises:
        PromptError: A subject that does not stand once in its prompt, or no rows.
    """
    facts = []
    for i, (prompt, subject, answer) in enumerate(rows):
        times = prompt.count(subject) if subject else 0
        if times != 1:
            found = "is not in its prompt" if times == 0 else f"is {times} times in its prompt"
            raise PromptError(
                f"The subject {subject!r} of fact {i} {found}, {prompt!r}. It must stand there "
                "once, because it is what is replaced in the corrupted prompt. Write prompt, "
                "subject and answer, such as ('The Eiffel Tower is in the city of', 'Eiffel "
                "Tower', 'Paris')."
            )
        template = prompt.replace(subject, SLOT)
        facts.append(Fact(template, template, subject, answer.removeprefix(" ")))
    if not facts:
        raise PromptError(
            "There are no facts. A pair is made of two of the same relation. Give rows of prompt, "
            "subject and answer."
        )
    return tuple(facts)
