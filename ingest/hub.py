"""HTTP requests with rate limits and retries.

All waiting and retrying of ingestion happens in `Web.get`. Sessions, headers and the parsing of rate limits come from
huggingface_hub. Its `http_backoff` gives up after five tries and does not report waits, which is not enough for a crawl
of hours.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

# huggingface_hub reads this on import; otherwise its first request is telemetry.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # documented, but not in __all__
    build_hf_headers,
    get_session,
    parse_ratelimit_headers,
)

from phylohub.core.errors import PhylohubError

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0  # without a byte
ANSWER_SECONDS = 900.0  # for a complete answer, so that a slow one cannot block a crawl
MAX_WAIT_SECONDS = 300.0
GIVE_UP_SECONDS = 24 * 3600.0
RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})


@dataclass(frozen=True)
class Answer:
    """A complete answer. `url` is its address after redirects; `first_headers` come from the host of the request."""

    url: str
    status: int
    headers: httpx2.Headers
    first_headers: httpx2.Headers
    links: dict[str | None, dict[str, str]]
    body: bytes

    @property
    def reason(self) -> str:
        """The status and the server's message, in one line."""
        message = self.headers.get("X-Error-Message")
        if message is None:
            with suppress(ValueError, RecursionError, AttributeError):
                message = json.loads(self.body).get("error")
        return f"{self.status} {message or ''}".strip()[:1000]


@dataclass(frozen=True)
class RateLimit:
    """A rate limit that the server reports: requests per window of `seconds`."""

    kind: str
    requests: int
    seconds: int


class TooLargeError(Exception):
    """The body is larger than the caller accepts."""


class GaveUpError(Exception):
    """All tries that the caller allows have failed, or the address cannot be requested."""


class RetryableError(Exception):
    """The answer is unusable and worth a retry. `seconds` is the time to wait, if known."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Web:
    """Requests to one host; safe to use from several threads.

    `token` is sent to this host only. `reserve` requests of the rate limit stay unused: set it to the number of
    concurrent requests. `gap` is the minimum number of seconds between requests. `say` receives a line for each wait.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        token: str | None = None,
        reserve: int = 1,
        gap: float = 0.0,
        say: Callable[[str], None] = lambda line: None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.n_requests = 0
        self.limit: RateLimit | None = None
        self._headers = build_hf_headers(token=token or False, library_name="phylohub", library_version="0.1")
        self._timeout = httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS)
        self._reserve = reserve
        self._gap = gap
        self._say = say
        self.now = now
        self._sleep = sleep
        self._not_before = now()
        self._pause_reason: str | None = None
        self._lock = threading.Lock()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int,
        max_tries: int | None = None,
        check: Callable[[Answer], None] = lambda answer: None,
    ) -> Answer:
        """Request the URL until there is an answer, for up to 24 hours.

        Retries after timeouts, broken connections, rate limits, server errors, and a RetryableError that `check`
        raises. The caller handles any other status. Raises TooLargeError if the body exceeds max_bytes, GaveUpError
        after max_tries (rate limits do not count) or for an invalid address, and PhylohubError after 24 hours.
        """
        deadline = self.now() + GIVE_UP_SECONDS
        n_tries = 0
        while True:
            self._await_turn()
            try:
                answer = self._send(url, headers or {}, max_bytes)
                limited = _seconds_until_reset(answer) if answer.status == 429 else None
                if limited is not None and self.now() + limited <= deadline:
                    self._pause(limited, f"{self.endpoint}: answered {answer.reason}")
                    continue
                if answer.status in RETRY_STATUSES:
                    raise RetryableError(f"answered {answer.reason}", _retry_after(answer))
                check(answer)
                return answer
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
                problem = RetryableError(str(error) or type(error).__name__)
            except httpx2.DecodingError as error:
                problem = RetryableError(f"the answer cannot be decompressed: {error}")
            except RetryableError as error:
                problem = error
            except OfflineModeIsEnabled as error:
                raise PhylohubError(
                    "HF_HUB_OFFLINE is set, so no request is possible. Run `unset HF_HUB_OFFLINE`."
                ) from error
            except (httpx2.InvalidURL, httpx2.RequestError) as error:
                raise GaveUpError(f"{type(error).__name__}: {error}") from error
            n_tries += 1
            if n_tries == max_tries:
                raise GaveUpError(str(problem)) from problem
            seconds = problem.seconds
            if seconds is None:
                seconds = min(2.0 ** min(n_tries - 1, 30), MAX_WAIT_SECONDS)
            if self.now() + seconds > deadline:
                raise PhylohubError(
                    f"{self.endpoint} has not sent a valid answer for {GIVE_UP_SECONDS / 3600:.0f} hours "
                    f"(last error: {problem}). All landed data is kept; run the same command again to resume."
                ) from problem
            self._report_wait(seconds, f"{self.endpoint}: {problem} (try {n_tries})")
            self._sleep(seconds)

    def _send(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Answer:
        give_up = time.monotonic() + ANSWER_SECONDS
        with self._lock:
            self.n_requests += 1
        # The session drops the token when a redirect leads to another host.
        with get_session().stream(
            "GET", url, headers={**self._headers, **headers}, timeout=self._timeout, follow_redirects=True
        ) as response:
            self._observe_limit(response.headers)
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise TooLargeError(f"more than {max_bytes:,} bytes")
                if time.monotonic() > give_up:
                    raise RetryableError(f"not complete after {ANSWER_SECONDS:.0f} seconds")
            first = response.history[0] if response.history else response
            return Answer(
                url=str(response.url),
                status=response.status_code,
                headers=response.headers,
                first_headers=first.headers,
                links=response.links,
                body=bytes(body),
            )

    def _observe_limit(self, headers: httpx2.Headers) -> None:
        """Pause before the rate limit is used up, since the Hub counts refused requests as well."""
        if self._gap:
            with self._lock:
                self._not_before = max(self._not_before, self.now() + self._gap)
        info = parse_ratelimit_headers(headers)
        if info is None:
            return
        if info.limit and info.window_seconds:
            self.limit = RateLimit(info.resource_type, info.limit, info.window_seconds)
        if info.remaining < self._reserve:
            self._pause(info.reset_in_seconds + 1, f"{self.endpoint}: the rate limit is used up")

    def _pause(self, seconds: float, reason: str) -> None:
        """Send no request for that many seconds, from any thread."""
        with self._lock:
            if self.now() + seconds > self._not_before:
                self._not_before = self.now() + seconds
                self._pause_reason = reason

    def _report_wait(self, seconds: float, reason: str) -> None:
        clock = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S UTC")
        self._say(f"waiting {seconds:.0f} s, until {clock}: {reason}")

    def _await_turn(self) -> None:
        while (seconds := self._not_before - self.now()) > 0:
            with self._lock:
                reason, self._pause_reason = self._pause_reason, None
            if reason is not None:  # only the first waiting thread reports it
                self._report_wait(seconds, reason)
            self._sleep(seconds)


def hub_endpoint() -> str:
    """The value of HF_ENDPOINT, by default the Hub."""
    return constants.ENDPOINT


def hub_token() -> str | None:
    """The token in HF_TOKEN, or None. Raises PhylohubError if it holds characters that no token has."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        return None
    if not (token.isascii() and token.isprintable()):
        raise PhylohubError("HF_TOKEN holds characters that no token has. Run `export HF_TOKEN=...` with a valid one.")
    return token


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL. Raises ValueError if the port is not a number."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _seconds_until_reset(answer: Answer) -> float | None:
    """Seconds until the rate limit resets, or None if the rate limit is not the reason for the refusal."""
    info = parse_ratelimit_headers(answer.headers)
    return float(info.reset_in_seconds + 1) if info is not None and info.remaining == 0 else None


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait as Retry-After states. Dates are rare and ignored."""
    seconds = answer.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isdecimal() and seconds.isascii() else None
