"""Guichet: the desktop back office of a French town hall's Guichet unique enfance-jeunesse."""

__version__ = "0.1.0"
