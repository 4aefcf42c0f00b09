"""The demonstration town: an invented commune, the same each time for the same seed."""
