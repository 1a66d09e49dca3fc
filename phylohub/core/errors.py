"""Errors that the user can fix."""


class PhylohubError(Exception):
    """An error that the user can fix. The message states what happened, where, and what to do next."""


class LockedError(PhylohubError):
    """Another refresh of the same build file is running."""


class NoSuchModelError(PhylohubError):
    """No model has this id, or several models match it.

    `near` holds one line per likely candidate, best first.
    """

    def __init__(self, message: str, near: list[str]) -> None:
        super().__init__(message)
        self.near = near
