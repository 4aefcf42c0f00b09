"""The `guichet` command, also run as `python -m guichet`."""

from guichet.loading import loading


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    with loading():
        from guichet.cli import main as run
    run(arguments)


if __name__ == "__main__":
    main()
