"""What a change can touch: the desk announces topics, each page says which ones it shows."""

from enum import Enum


class Topic(Enum):
    """A body of data shown on screen."""

    REQUESTS = "requests"
    IMPORTS = "imports"
    FAMILIES = "families"
    BOOKINGS = "bookings"
    BILLING = "billing"
    ATTESTATIONS = "attestations"
    SETTINGS = "settings"


Topics = frozenset[Topic]

NOTHING: Topics = frozenset()
DECISION: Topics = frozenset({Topic.REQUESTS, Topic.BOOKINGS, Topic.FAMILIES, Topic.BILLING})
IMPORT: Topics = frozenset({Topic.IMPORTS, *DECISION})
SETTINGS: Topics = frozenset({Topic.SETTINGS})
MONEY: Topics = frozenset({Topic.BILLING, Topic.ATTESTATIONS})
