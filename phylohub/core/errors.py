"""The errors that a user can fix."""


class PhylohubError(Exception):
    """Something that the user can fix. The message says what happened, where, and what to do next."""
