"""huggingface_hub's client with the token of the environment only, with timeouts, and with patience.

The client gives up after a few tries and has no timeout for its requests to the API. Here an outage is retried for up
to 24 hours, as in a crawl, every wait is reported, and an error states what to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx2
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import logging as hub_logging

from phylohub.core.errors import PhylohubError
from phylohub.ingest.hub import (
    CONNECT_SECONDS,
    GIVE_UP_SECONDS,
    MAX_FOREIGN_TRIES,
    MAX_STATED_SECONDS,
    MAX_WAIT_SECONDS,
    READ_SECONDS,
    RETRY_STATUSES,
    Answer,
    ForeignAnswerError,
    RetryableError,
    Web,
    is_refused_token,
    seconds_to_wait,
)

_Result = TypeVar("_Result")

# What the client raises when the network fails, or when a body ends early.
_BROKEN = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError)


def _client() -> httpx2.Client:
    """The client's own HTTP client, which has no timeout otherwise: a stalled server would block it forever."""
    from huggingface_hub.utils._http import default_client_factory  # its hooks stay

    client = default_client_factory()
    client.timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return client


set_client_factory(_client)
hub_logging.set_verbosity(logging.CRITICAL)  # its warnings name addresses with what they are signed with


class HubClient:
    """The client `api`, and `ask`, which retries. `web` holds the address, the token and the reports of waits."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.headers = {} if web.authorization is None else {"authorization": web.authorization}
        # The token goes into the headers by hand, so that the client never looks for another one.
        self.api = HfApi(endpoint=web.endpoint, token=False, library_name="phylohub", headers=self.headers)

    def ask(self, what: str, call: Callable[[], _Result], *, max_tries: int | None = None) -> _Result:
        """The result of a call to the client. `what` names in a message what was asked for.

        Retries after timeouts, broken connections, rate limits and server errors, for up to 24 hours or `max_tries`
        tries. Raises PhylohubError if the Hub refuses the request, or something else answers again and again.
        """
        web = self.web
        deadline = web.now() + GIVE_UP_SECONDS
        n_tries = n_foreign = 0
        while True:
            try:
                return call()
            except PhylohubError:
                raise
            except RetryableError as error:
                problem, cause = error, error.__cause__
            except Exception as error:
                problem, cause = self._problem(what, error), error
            n_tries += 1
            n_foreign = n_foreign + 1 if isinstance(problem, ForeignAnswerError) else 0
            if n_tries == max_tries or n_foreign == MAX_FOREIGN_TRIES:
                raise PhylohubError(
                    f"{what} cannot be fetched: {problem}. Everything fetched so far is kept; check the network, then "
                    "run the same command again."
                ) from cause
            seconds = problem.seconds
            if seconds is None or seconds > MAX_STATED_SECONDS:
                seconds = min(2.0 ** min(n_tries - 1, 30), MAX_WAIT_SECONDS)
            if web.now() + seconds > deadline:
                raise PhylohubError(
                    f"{what} could not be fetched for {GIVE_UP_SECONDS / 3600:.0f} hours (last error: {problem}). "
                    "Everything fetched so far is kept; run the same command again to resume."
                ) from cause
            web.wait(seconds, f"{problem} (try {n_tries})", what)

    def _problem(self, what: str, error: Exception) -> RetryableError:
        """Why a call failed, if another try may help. Raises PhylohubError if not, and any other error as it is."""
        cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None
        if isinstance(cause, Exception):  # the client's answer if a request fails for a file that it has not cached
            error = cause
        if isinstance(error, OfflineModeIsEnabled):
            raise PhylohubError("HF_HUB_OFFLINE is set, so no request is possible. Run `unset HF_HUB_OFFLINE`.")
        if isinstance(error, HFValidationError):
            raise PhylohubError(f"{what} is not a valid address: {error}. Check it.") from error
        if isinstance(error, HfHubHTTPError):
            return self._refused(what, error)
        if isinstance(error, _BROKEN):
            return RetryableError(self.web.mask(str(error)) or type(error).__name__)
        if isinstance(error, httpx2.DecodingError):
            return RetryableError(f"the answer cannot be decompressed: {error}")
        if isinstance(error, FileMetadataError):
            return ForeignAnswerError("sent a file without the headers of the Hub; is there a proxy or a sign-in page?")
        if isinstance(error, OSError) and error.errno is None:  # the client's check of the size
            return RetryableError("sent a part of the file only")
        if isinstance(error, LookupError | TypeError | ValueError):
            return ForeignAnswerError(f"sent an answer that the Hub does not send ({type(error).__name__})")
        raise error

    def _refused(self, what: str, error: HfHubHTTPError) -> RetryableError:
        response = error.response
        body = b""
        with suppress(httpx2.StreamError):  # the body of a download is not read
            body = response.content
        answer = Answer(
            str(response.url), response.status_code, response.headers, response.headers, body, secrets=self.web.secrets
        )
        if answer.status in RETRY_STATUSES:
            return RetryableError(f"answered {answer.reason}", seconds_to_wait(answer))
        if is_refused_token(answer):
            raise PhylohubError(
                f"{self.web.endpoint} refused the request: {answer.reason}. Is HF_TOKEN a valid token? Everything "
                "fetched so far is kept."
            )
        has_token = "HF_TOKEN is set" if self.web.has_token else "HF_TOKEN is not set"
        for kind, reason in (
            (GatedRepoError, f"access must be requested on the Hub ({has_token}). Accept its terms there first"),
            (DisabledRepoError, "the Hub has disabled it. Choose another address"),
            (RevisionNotFoundError, "there is no such revision. Check what follows the @"),
            (EntryNotFoundError, "there is no such file. Check the path"),
            (RepositoryNotFoundError, f"it does not exist or is private ({has_token}). Check the name"),
        ):
            if isinstance(error, kind):
                raise PhylohubError(f"{what}: {reason}, then run the same command again.")
        if answer.message is None and "X-Error-Code" not in answer.headers:
            return ForeignAnswerError(f"answered {answer.status} without the Hub's message")
        raise PhylohubError(f"{what} was refused: {answer.reason}. Check the address, then run the command again.")
