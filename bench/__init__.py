"""What the program exists for, timed on stated data: `make bench`, or `python -m bench [NAME …]`."""
