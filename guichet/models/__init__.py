"""The mapped classes. Importing this package registers every table."""

from guichet.models import bookings, dossiers, money, offer, people, requests, settings
from guichet.models.base import Base

__all__ = ["Base", "bookings", "dossiers", "money", "offer", "people", "requests", "settings"]
