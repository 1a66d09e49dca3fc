"""Requests that leave the machine: who asks, when the next one may go out, and what is tried again.

All waiting and all retries of ingestion are in `Web.get`. The session, the headers and the reading of the rate
limit are huggingface_hub's own. Its `http_backoff` gives up after five tries and sleeps out of reach; a crawl of
hours needs more patience than that, and has to say what it waits for.
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

# Read when huggingface_hub is imported. Without it the first request would be one to say who is asking.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # documented there, but not in an __all__
    build_hf_headers,
    get_session,
    parse_ratelimit_headers,
)

from phylohub.core.errors import PhylohubError

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0  # without a byte
ANSWER_SECONDS = 900.0  # for the whole of an answer: one that drips must not hold up a crawl for ever
LONGEST_WAIT_SECONDS = 300.0
PATIENCE_SECONDS = 24 * 3600.0
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})


@dataclass(frozen=True)
class Answer:
    """An answer that was received whole. `url` is where it came from, after redirects; `first_headers` are those
    of the host that was asked."""

    url: str
    status: int
    headers: httpx2.Headers
    first_headers: httpx2.Headers
    links: dict[str | None, dict[str, str]]
    body: bytes

    @property
    def reason(self) -> str:
        """The status and what the server says about it, in one line."""
        said = self.headers.get("X-Error-Message")
        if said is None:
            with suppress(ValueError, RecursionError, AttributeError):
                said = json.loads(self.body).get("error")
        return f"{self.status} {said or ''}".strip()[:1000]


@dataclass(frozen=True)
class RateLimit:
    """A limit that the server has told of: so many requests in so many seconds."""

    kind: str
    requests: int
    seconds: int


class TooLargeError(Exception):
    """The body is larger than the caller takes."""


class GaveUpError(Exception):
    """As many tries as the caller allows have failed, or the address cannot be asked."""


class TryAgainError(Exception):
    """The answer is no good, and another try may bring a better one. `seconds` is how long to wait, if known."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Web:
    """Requests to one host, from several threads at a time.

    `token` goes to that host only. `reserve` requests of the rate limit are left unused: as many as may be under
    way at the same time. `gap` seconds lie between requests. `say` hears what is being waited for.
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
        self._held_for: str | None = None
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
        """Ask until there is an answer. Time-outs, broken connections, rate limits and errors of the server are
        waited out, up to a day; so is a TryAgainError that `check` raises on an answer it does not like.

        Any other status is the caller's to judge. Raises TooLargeError; GaveUpError after max_tries (a rate limit
        is not counted), or if there is no asking such an address; PhylohubError when patience ends.
        """
        deadline = self.now() + PATIENCE_SECONDS
        n_tries = 0
        while True:
            self._await_turn()
            try:
                answer = self._ask(url, headers or {}, max_bytes)
                limited = _until_reset(answer) if answer.status == 429 else None
                if limited is not None and self.now() + limited <= deadline:
                    self._hold(limited, f"{self.endpoint}: answered {answer.reason}")
                    continue
                if answer.status in TRY_AGAIN:
                    raise TryAgainError(f"answered {answer.reason}", _retry_after(answer))
                check(answer)
                return answer
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
                problem = TryAgainError(str(error) or type(error).__name__)
            except httpx2.DecodingError as error:
                problem = TryAgainError(f"the answer cannot be unpacked: {error}")
            except TryAgainError as error:
                problem = error
            except OfflineModeIsEnabled as error:
                raise PhylohubError("HF_HUB_OFFLINE is set, so nothing can be asked. Unset it.") from error
            except (httpx2.InvalidURL, httpx2.RequestError) as error:
                raise GaveUpError(f"{type(error).__name__}: {error}") from error
            n_tries += 1
            if n_tries == max_tries:
                raise GaveUpError(str(problem)) from problem
            seconds = problem.seconds
            if seconds is None:
                seconds = min(2.0 ** min(n_tries - 1, 30), LONGEST_WAIT_SECONDS)
            if self.now() + seconds > deadline:
                raise PhylohubError(
                    f"{self.endpoint} has not given a good answer in {PATIENCE_SECONDS / 3600:.0f} hours "
                    f"(the last one: {problem}). What has landed is kept; run the same command again to go on."
                ) from problem
            self._tell(seconds, f"{self.endpoint}: {problem} (try {n_tries})")
            self._sleep(seconds)

    def _ask(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Answer:
        give_up = time.monotonic() + ANSWER_SECONDS
        with self._lock:
            self.n_requests += 1
        # The session drops the token when a redirect leads to another host.
        with get_session().stream(
            "GET", url, headers={**self._headers, **headers}, timeout=self._timeout, follow_redirects=True
        ) as response:
            self._heed(response.headers)
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise TooLargeError(f"more than {max_bytes:,} bytes")
                if time.monotonic() > give_up:
                    raise TryAgainError(f"not done after {ANSWER_SECONDS:.0f} seconds")
            first = response.history[0] if response.history else response
            return Answer(
                url=str(response.url),
                status=response.status_code,
                headers=response.headers,
                first_headers=first.headers,
                links=response.links,
                body=bytes(body),
            )

    def _heed(self, headers: httpx2.Headers) -> None:
        """Stop before the rate limit is used up: a request too many would be counted, and answered 429."""
        if self._gap:
            with self._lock:
                self._not_before = max(self._not_before, self.now() + self._gap)
        info = parse_ratelimit_headers(headers)
        if info is None:
            return
        if info.limit and info.window_seconds:
            self.limit = RateLimit(info.resource_type, info.limit, info.window_seconds)
        if info.remaining < self._reserve:
            self._hold(info.reset_in_seconds + 1, f"{self.endpoint}: the rate limit is used up")

    def _hold(self, seconds: float, reason: str) -> None:
        """Let no request out for so long, from any thread."""
        with self._lock:
            if self.now() + seconds > self._not_before:
                self._not_before = self.now() + seconds
                self._held_for = reason

    def _tell(self, seconds: float, reason: str) -> None:
        clock = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S UTC")
        self._say(f"waiting {seconds:.0f} s, until {clock}: {reason}")

    def _await_turn(self) -> None:
        while (seconds := self._not_before - self.now()) > 0:
            with self._lock:
                reason, self._held_for = self._held_for, None
            if reason is not None:  # the first thread that waits says so
                self._tell(seconds, reason)
            self._sleep(seconds)


def hub_endpoint() -> str:
    """HF_ENDPOINT, or the Hub itself."""
    return constants.ENDPOINT


def hub_token() -> str | None:
    """The token, from the environment only: HF_TOKEN. Raises PhylohubError if it cannot be one."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        return None
    if not (token.isascii() and token.isprintable()):
        raise PhylohubError("HF_TOKEN holds characters that no token has. Set it again.")
    return token


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address. Raises ValueError if the port is no number."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _until_reset(answer: Answer) -> float | None:
    """Seconds until the rate limit starts over, if that is why the answer is a refusal."""
    info = parse_ratelimit_headers(answer.headers)
    return float(info.reset_in_seconds + 1) if info is not None and info.remaining == 0 else None


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait as the server asks. A date instead of a number is rare, and not read."""
    seconds = answer.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isdecimal() and seconds.isascii() else None
