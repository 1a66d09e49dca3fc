"""HTTP requests with rate limits and retries.

All waiting and retrying of ingestion happens in `Web.get`. Sessions, headers and the parsing of rate limits come from
huggingface_hub. Its `http_backoff` gives up after five tries and does not report waits, which is not enough for a crawl
of hours.
"""

import base64
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from urllib.parse import unquote, urljoin, urlsplit

# huggingface_hub reads this on import; otherwise its first request is telemetry.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import httpx2

from phylohub.core.errors import PhylohubError

try:
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # documented, but not in __all__
        RateLimitInfo,
        build_hf_headers,
        fix_hf_endpoint_in_url,
        get_session,
        parse_ratelimit_headers,
    )
except ValueError as error:  # it parses the endpoint on import
    raise PhylohubError(
        "The address in HF_ENDPOINT is not valid. Set it to an address such as https://huggingface.co, or run "
        "`unset HF_ENDPOINT`."
    ) from error

from phylohub.ingest.links import next_link

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0  # without a byte
ANSWER_SECONDS = 900.0  # for a complete answer, so that a slow one cannot block a crawl
MAX_WAIT_SECONDS = 300.0
GIVE_UP_SECONDS = 24 * 3600.0
# A wait that a server states is followed up to this limit. The Hub's windows last five minutes.
MAX_STATED_SECONDS = 3600.0
# Tries before the caller learns that something other than the Hub answers, unless it sets a maximum: two minutes.
MAX_FOREIGN_TRIES = 8
MAX_REDIRECTS = 10
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})


@dataclass(frozen=True)
class Answer:
    """A complete answer. `url` is its address after redirects; `first_headers` come from the host of the request.

    `is_measured` says whether the transfer showed that the body is complete: without a length and without chunks, a
    cut body looks like a short one. `secrets` never appear in `reason`.
    """

    url: str
    status: int
    headers: httpx2.Headers
    first_headers: httpx2.Headers
    body: bytes
    is_measured: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def next_link(self) -> str | None:
        """The target of the link to the next page as the server wrote it, or None."""
        return next_link(self.headers.get_list("Link"))

    @property
    def message(self) -> str | None:
        """The message with which the Hub explains an error, in a header or in JSON; None if there is neither."""
        message = self.headers.get("X-Error-Message")
        if message is None:
            with suppress(ValueError, RecursionError, AttributeError):
                message = json.loads(self.body).get("error")
        return message if isinstance(message, str) else None

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page: the Hub's API and files never are."""
        start = self.body[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        is_named = "html" in self.headers.get("Content-Type", "").lower()
        return start.startswith((b"<!doctype html", b"<html")) or (is_named and start.startswith(b"<"))

    @property
    def reason(self) -> str:
        """The status and the server's message, in one line."""
        return mask(f"{self.status} {self.message or ''}".strip()[:1000], self.secrets)


@dataclass(frozen=True)
class RateLimit:
    """A rate limit that the server reports: requests per window of `seconds`."""

    kind: str
    requests: int
    seconds: int


class TooLargeError(Exception):
    """The body is larger than the caller accepts."""


class GaveUpError(Exception):
    """All tries that the caller allows have failed, or the address cannot be requested.

    `is_foreign` says that the last answer came from something between this machine and the Hub.
    """

    def __init__(self, reason: str, *, is_foreign: bool = False) -> None:
        super().__init__(reason)
        self.is_foreign = is_foreign


class RetryableError(Exception):
    """The answer is unusable and worth a retry. `seconds` is the time to wait, if known."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class ForeignAnswerError(RetryableError):
    """The Hub did not give this answer: a proxy, a cache or a sign-in page did. It says nothing about a model."""


class Web:
    """Requests to one host; safe to use from several threads.

    `token`, and the user and password in `endpoint`, are sent to this host only and never appear in a message.
    `reserve` requests of the rate limit stay unused: set it to the number of concurrent requests. `gap` is the minimum
    number of seconds between requests. `say` receives a line for each wait.
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
        self.endpoint, login = split_login(endpoint.strip().rstrip("/"))
        if (problem := address_problem(self.endpoint)) is not None:
            raise PhylohubError(
                f"{self.endpoint} cannot be requested: {problem}. Set HF_ENDPOINT to an address such as "
                "https://huggingface.co, or run `unset HF_ENDPOINT`."
            )
        self.n_requests = 0
        self.limit: RateLimit | None = None
        self.has_token = token is not None
        headers = build_hf_headers(token=token or False, library_name="phylohub", library_version=version("phylohub"))
        self.client = headers.get("user-agent", "phylohub")
        self._secrets = tuple(text for text in (token, *_spellings(login)) if text)
        self._headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        self._authorization = _basic(login) if login else f"Bearer {token}" if token else None
        self._timeout = httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS)
        self._reserve = reserve
        self._gap = gap
        self._say = say
        self.now = now
        self._sleep = sleep
        self._not_before = now()
        self._pause_reason: str | None = None
        self._lock = threading.Lock()

    @property
    def authorization(self) -> str | None:
        """The value of the header Authorization for this host, or None."""
        return self._authorization

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show: the token, and the spellings of the password."""
        return self._secrets

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
        after max_tries (rate limits do not count), after repeated answers of something other than the Hub, or for an
        invalid address, and PhylohubError after 24 hours.
        """
        deadline = self.now() + GIVE_UP_SECONDS
        n_tries = n_foreign = 0
        while True:
            self._await_turn()
            try:
                answer = self._send(url, headers or {}, max_bytes)
                limited = _seconds_until_reset(answer) if answer.status == 429 else None
                if limited is not None and self.now() + limited <= deadline:
                    self._pause(limited, f"answered {answer.reason}")
                    continue
                if answer.status in RETRY_STATUSES:
                    raise RetryableError(f"answered {answer.reason}", _retry_after(answer))
                check(answer)
                return answer
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
                problem = RetryableError(self.mask(str(error)) or type(error).__name__)
            except httpx2.DecodingError as error:
                problem = RetryableError(f"the answer cannot be decompressed: {error}")
            except RetryableError as error:
                problem = error
            except OfflineModeIsEnabled as error:
                raise PhylohubError(
                    "HF_HUB_OFFLINE is set, so no request is possible. Run `unset HF_HUB_OFFLINE`."
                ) from error
            except (httpx2.InvalidURL, httpx2.RequestError, UnicodeError) as error:
                raise GaveUpError(self.mask(f"{type(error).__name__}: {error}")) from error
            n_tries += 1
            is_foreign = isinstance(problem, ForeignAnswerError)
            n_foreign = n_foreign + 1 if is_foreign else 0
            if n_tries == max_tries or (max_tries is None and n_foreign == MAX_FOREIGN_TRIES):
                raise GaveUpError(str(problem), is_foreign=is_foreign) from problem
            seconds = problem.seconds
            if seconds is None or seconds > MAX_STATED_SECONDS:
                seconds = min(2.0 ** min(n_tries - 1, 30), MAX_WAIT_SECONDS)
            if self.now() + seconds > deadline:
                raise PhylohubError(
                    f"{self.endpoint} has not sent a valid answer for {GIVE_UP_SECONDS / 3600:.0f} hours "
                    f"(last error: {problem}). All landed data is kept; run the same command again to resume."
                ) from problem
            self.wait(seconds, f"{problem} (try {n_tries})")

    def mask(self, text: str) -> str:
        """The text without the token and the password."""
        return mask(text, self._secrets)

    def wait(self, seconds: float, reason: str, who: str | None = None) -> None:
        """Announce a wait for `who`, by default the endpoint, and wait."""
        self._report_wait(seconds, reason, who)
        self._sleep(seconds)

    def _send(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Answer:
        give_up = time.monotonic() + ANSWER_SECONDS
        with self._lock:
            self.n_requests += 1
        first_headers: httpx2.Headers | None = None
        for _ in range(MAX_REDIRECTS + 1):
            url, _login = split_login(url)
            is_own = origin(url) == origin(self.endpoint)
            sent = {**self._headers, **headers}
            if is_own and self._authorization is not None:
                sent["Authorization"] = self._authorization
            with get_session().stream(
                "GET", url, headers=sent, timeout=self._timeout, follow_redirects=False
            ) as response:
                if is_own:
                    self._observe_limit(response.headers)
                if first_headers is None:
                    first_headers = response.headers
                if response.status_code in REDIRECT_STATUSES and "Location" in response.headers:
                    url = self._redirect(url, response.headers["Location"])
                    continue
                return Answer(
                    url=url,
                    status=response.status_code,
                    headers=response.headers,
                    first_headers=first_headers,
                    body=_read_body(response, max_bytes, give_up),
                    is_measured="Content-Length" in response.headers
                    or "chunked" in response.headers.get("Transfer-Encoding", "").lower()
                    or response.http_version == "HTTP/2",
                    secrets=self._secrets,
                )
        raise GaveUpError(f"more than {MAX_REDIRECTS} redirects")

    def _redirect(self, url: str, location: str) -> str:
        """The address to which a redirect leads. Raises ForeignAnswerError if it cannot be requested."""
        try:
            target = urljoin(url, location)
            problem = address_problem(target)
        except ValueError as error:
            problem = str(error)
        if problem is not None:
            raise ForeignAnswerError(f"redirects to {self.mask(shown_url(location))}: {problem}")
        return target

    def _observe_limit(self, headers: httpx2.Headers) -> None:
        """Pause before the rate limit is used up, since the Hub counts refused requests as well."""
        if self._gap:
            with self._lock:
                self._not_before = max(self._not_before, self.now() + self._gap)
        info = _rate_limit(headers)
        if info is None:
            return
        if info.limit and info.window_seconds and info.limit <= 10**9 and info.window_seconds <= 24 * 3600:
            self.limit = RateLimit(info.resource_type[:100], info.limit, info.window_seconds)
        if info.remaining < self._reserve:
            if info.reset_in_seconds + 1 > MAX_STATED_SECONDS:
                self._say(
                    f"{self.endpoint}: states that the rate limit resets in {info.reset_in_seconds:,} s, which is not "
                    f"believed (the longest wait is {MAX_STATED_SECONDS:,.0f} s); going on until a request is refused"
                )
            else:
                self._pause(info.reset_in_seconds + 1, "the rate limit is used up")

    def _pause(self, seconds: float, reason: str) -> None:
        """Send no request for that many seconds, from any thread."""
        with self._lock:
            if self.now() + seconds > self._not_before:
                self._not_before = self.now() + seconds
                self._pause_reason = reason

    def _report_wait(self, seconds: float, reason: str, who: str | None = None) -> None:
        clock = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S UTC")
        self._say(self.mask(f"waiting {seconds:.0f} s, until {clock}: {who or self.endpoint}: {reason}"))

    def _await_turn(self) -> None:
        while (seconds := self._not_before - self.now()) > 0:
            with self._lock:
                reason, self._pause_reason = self._pause_reason, None
            if reason is not None:  # only the first waiting thread reports it
                self._report_wait(seconds, reason)
            self._sleep(seconds)


def endpoint_in_url(url: str, endpoint: str) -> str:
    """The URL with the Hub's own address replaced by this endpoint, since a mirror passes links on unchanged."""
    return fix_hf_endpoint_in_url(url, endpoint)


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


def address_problem(url: str) -> str | None:
    """Why the URL cannot be requested, or None if it can."""
    try:
        scheme, host, _ = origin(url)
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL) as error:
        return f"the address is not valid ({error})"
    if scheme not in ("http", "https"):
        return f"the scheme is {scheme or 'missing'}, not http or https"
    return None if host else "the address names no host"


def split_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """The URL without the user and password that it may hold, and these two."""
    scheme, mark, rest = url.partition("://")
    authority = rest[: min((rest.find(end) for end in "/?#" if end in rest), default=len(rest))]
    login, at, host = authority.rpartition("@")
    if not (mark and at):
        return url, None
    user, _, password = login.partition(":")
    return f"{scheme}://{host}{rest[len(authority) :]}", (unquote(user), unquote(password))


def shown_url(url: str, length: int = 200) -> str:
    """The URL as a message shows it: shortened, and without a password."""
    return split_login(url)[0][:length]


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """The text with the secrets replaced."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _spellings(login: tuple[str, str] | None) -> list[str]:
    """The forms in which a server may repeat a password. A short one would also match other text."""
    if login is None or len(login[1]) < 4:
        return []
    return [login[1], _basic(login).removeprefix("Basic ")]


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


def _read_body(response: httpx2.Response, max_bytes: int, give_up: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise TooLargeError(f"more than {max_bytes:,} bytes")
        if time.monotonic() > give_up:
            raise RetryableError(f"not complete after {ANSWER_SECONDS:.0f} seconds")
    return bytes(body)


def _rate_limit(headers: httpx2.Headers) -> RateLimitInfo | None:
    """The rate limit of an answer; None if there is none, or if its numbers have thousands of digits."""
    try:
        return parse_ratelimit_headers(headers)
    except ValueError:
        return None


def _seconds_until_reset(answer: Answer) -> float | None:
    """Seconds until the rate limit resets; None if that is not the reason for the refusal, or not to be believed."""
    info = _rate_limit(answer.headers)
    if info is None or info.remaining != 0 or info.reset_in_seconds + 1 > MAX_STATED_SECONDS:
        return None
    return float(info.reset_in_seconds + 1)


def seconds_to_wait(answer: Answer) -> float | None:
    """Seconds to wait after a refused request, as the rate limit or Retry-After states; None if neither does."""
    limited = _seconds_until_reset(answer) if answer.status == 429 else None
    return _retry_after(answer) if limited is None else limited


def is_refused_token(answer: Answer) -> bool:
    """Whether the Hub refuses the token, which says nothing about the repository."""
    message = answer.message or ""
    if message.startswith("Invalid credentials"):
        return True
    is_named = "X-Error-Code" in answer.headers
    return (
        answer.status in (401, 403)
        and not is_named
        and bool(re.search(r"(?i)\btoken\b.*\b(expired|invalid|revoked)\b", message))
    )


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait as Retry-After states. Dates are rare and ignored."""
    seconds = answer.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isdecimal() and seconds.isascii() else None
