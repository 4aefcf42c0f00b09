"""`python -m guichet`: the same as the `guichet` command."""

import sys

from guichet.cli import main

if __name__ == "__main__":
    sys.exit(main())
