"""The user manual, read by the program as the package `guichet_manual`."""
