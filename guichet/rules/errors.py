"""The errors a person can act on; anything else that escapes is a bug. Their sentences get French spaces here."""

from guichet.rules.typography import french


class UserError(Exception):
    """A refusal explained in a French sentence that says what to do.

    `field` names the form field or command-line option the sentence stands beside; `code` is a stable key for tests and `--json`.
    """

    def __init__(self, message: str, *, field: str | None = None, code: str = "user_error") -> None:
        self.message = french(message)
        super().__init__(self.message)
        self.field = field
        self.code = code


class PermissionDenied(UserError):
    """The account that acts does not hold the permission that the act needs."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="permission_denied")


class StaleVersion(UserError):
    """Somebody else changed the row since it was read; the sentence says who, what and when."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="stale_version")


class AlreadyApplied(UserError):
    """The command's id was recorded by an earlier attempt that succeeded: there is nothing left to do."""

    def __init__(self, message: str, *, subject: str = "") -> None:
        super().__init__(message, code="already_applied")
        self.subject = subject


class EnvironmentProblem(Exception):
    """Something outside the program failed (database away, disk full, portal down): worth trying again unchanged."""

    def __init__(self, message: str, *, code: str = "environment") -> None:
        self.message = french(message)
        super().__init__(self.message)
        self.code = code
