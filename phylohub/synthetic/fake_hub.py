"""A fake hub: a local HTTP server (127.0.0.1) that imitates the Hub's API, model cards and arXiv.

It lists models by page (Link header, cursors, `expand`), serves model cards with ETag and X-Error-Code, counts requests
against a rate limit, and answers arXiv queries. Tests can alter its answers to simulate faults. It keeps everything
that it serves in memory.
"""

import base64
import gzip
import json
import re
import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from phylohub.ingest.card_rows import blob_id

PAGE_ROWS = 1000  # the Hub's maximum
EXPANDABLE = frozenset(
    {"author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime"}
    | {"evalResults", "gated", "gguf", "inferenceProviderMapping", "lastModified", "library_name", "likes"}
    | {"model-index", "pipeline_tag", "private", "resourceGroup", "safetensors", "sha", "siblings", "tags"}
    | {"transformersInfo", "trendingScore", "widgetData", "xetEnabled"}
)
# The Hub's names for the two kinds of requests that it limits.
API, RESOLVE = "api", "resolvers"


@dataclass(frozen=True)
class Reply:
    """An answer of the fake hub. `cut` breaks the connection after that many bytes of the body. `stall` sends nothing
    until the client gives up or the hub closes. Without `has_length` the end of the connection ends the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: bool = False
    has_length: bool = True


@dataclass(frozen=True)
class Limit:
    """The number of requests allowed in a fixed window."""

    requests: int
    seconds: int = 300


@dataclass(frozen=True)
class Paper:
    """A paper of the fake arXiv. `categories` are separated by spaces; the first is the primary one."""

    title: str
    abstract: str
    categories: str
    comment: str = ""


# Called with the number of the request (from 1), its path with the query, and the answer; returns the answer to send.
AlterReply = Callable[[int, str, Reply], Reply]
Key = tuple[str, str, int]  # createdAt, id, and a number as tie-break


class FakeHub:
    """The server. Use it as a context manager, or call start() and close().

    A page holds at most `page_rows` records. Records are served byte for byte, whatever fields are requested. If
    `token` is given, it is the only accepted one and opens gated models. `requests` holds the latest paths requested,
    and `authorizations` their Authorization headers.
    """

    def __init__(
        self,
        records: Iterable[bytes] = (),
        cards: Mapping[str, bytes] | None = None,
        papers: Mapping[str, Paper] | None = None,
        *,
        port: int = 0,
        page_rows: int = PAGE_ROWS,
        limits: Mapping[str, Limit] | None = None,
        token: str | None = None,
        compress: bool = False,
        now: Callable[[], float] = time.monotonic,
        alter_reply: AlterReply = lambda number, path, reply: reply,
    ) -> None:
        self.cards = dict(cards or {})
        self.papers = dict(papers or {})
        self.limits = dict(limits or {})
        self.token = token
        self.page_rows = page_rows
        self.compress = compress
        self.alter_reply = alter_reply
        self.n_requests = 0
        self.requests: deque[str] = deque(maxlen=100_000)
        self.authorizations: deque[str | None] = deque(maxlen=100_000)
        self.closing = threading.Event()
        self._now = now
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._listed: list[tuple[Key, bytes]] = []
        self._models: dict[str, dict[str, Any]] = {}
        self._n_put = 0
        for record in records:
            self._listed.append(self._keyed(record))
        self._listed.sort(key=_sort_key)
        self._server = _Server(("127.0.0.1", port), self.handler())
        self._server.hub = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @staticmethod
    def handler() -> type["Handler"]:
        """The class that answers a connection."""
        return Handler

    @property
    def url(self) -> str:
        """The value for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Start to answer requests in background threads."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop the server and end stalled requests."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, record: bytes) -> None:
        """Add a record to the list. Records with the same id stay listed."""
        with self._lock:
            insort(self._listed, self._keyed(record), key=_sort_key)

    def remove(self, model_id: str) -> None:
        """Delete a model."""
        with self._lock:
            self._listed = [listed for listed in self._listed if listed[0][1] != model_id]
            self._models.pop(model_id, None)

    def listed(self) -> list[bytes]:
        """The records in the order of the list, oldest first."""
        return [record for _, record in self._listed]

    def reply(self, target: str, headers: Message) -> Reply:
        """Answer a request, before `alter_reply` applies."""
        url = urlsplit(target)
        kind = RESOLVE if "/resolve/" in url.path else API
        allowed, rate = self._count(kind)
        if not allowed:
            return _error(429, None, "Too Many Requests", rate)
        if self.token is not None and headers.get("Authorization") not in (None, f"Bearer {self.token}"):
            return _error(401, None, "Invalid credentials in Authorization header")
        authorized = self.token is not None and headers.get("Authorization") == f"Bearer {self.token}"
        if url.path == "/api/models":
            reply = self._list(parse_qs(url.query, keep_blank_values=True))
        elif url.path == "/api/query":
            reply = self._papers(parse_qs(url.query))
        elif url.path == "/api/whoami-v2":
            headers_sent = {"Content-Type": "application/json; charset=utf-8"}
            known = Reply(200, b'{"type":"user","name":"fake","isPro":false}', headers_sent)
            reply = known if authorized else _error(401, None, "Invalid username or password.")
        elif match := re.fullmatch("/api/models/(.+)", url.path):
            reply = self._model(unquote(match[1]))
        elif match := re.fullmatch("/(.+)/resolve/([^/]+)/(.+)", url.path):
            reply = self._file(unquote(match[1]), unquote(match[3]), authorized, headers.get("If-None-Match"))
        else:
            reply = _error(404, None, "Not Found")
        if self.compress and reply.body and "gzip" in headers.get("Accept-Encoding", ""):
            packed = {**reply.headers, "Content-Encoding": "gzip"}
            if "ETag" in packed:  # a compressed body is only weakly equal
                packed["ETag"] = "W/" + packed["ETag"]
            reply = replace(reply, body=gzip.compress(reply.body, 1), headers=packed)
        return replace(reply, headers={**rate, **reply.headers})

    def _keyed(self, record: bytes) -> tuple[Key, bytes]:
        self._n_put += 1
        try:
            fields = json.loads(record)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            fields = {}
        created, model_id = fields.get("createdAt"), fields.get("id")
        if isinstance(model_id, str):
            # Keep only the fields that model and file requests need, to save memory.
            self._models[model_id] = {
                "gated": fields.get("gated"),
                "disabled": fields.get("disabled"),
                "sha": fields.get("sha"),
                "record": record,
            }
        return (str(created or ""), str(model_id or ""), self._n_put), record

    def _count(self, kind: str) -> tuple[bool, dict[str, str]]:
        """Count a request. Return whether the limit allows it, and the rate limit headers."""
        limit = self.limits.get(kind)
        if limit is None:
            return True, {}
        with self._lock:
            start, used = self._windows.get(kind, (self._now(), 0))
            if self._now() - start >= limit.seconds:
                start, used = self._now(), 0
            self._windows[kind] = (start, used + 1)
            ends_in = int(start + limit.seconds - self._now()) + 1
        return used < limit.requests, {
            "RateLimit": f'"{kind}";r={max(limit.requests - used - 1, 0)};t={ends_in}',
            "RateLimit-Policy": f'"fixed window";"{kind}";q={limit.requests};w={limit.seconds}',
        }

    def _list(self, query: dict[str, list[str]]) -> Reply:
        expand = query.get("expand", []) + query.get("expand[]", [])
        unknown = [name for name in expand if name not in EXPANDABLE]
        if unknown:
            return _error(400, None, f'"expand" must be one of [{", ".join(sorted(EXPANDABLE))}], got {unknown[0]}')
        if expand and query.get("full", ["false"])[0].lower() in ("true", "1"):
            return _error(400, None, '"full" and "expand" cannot be used together')
        sort, ascending = query.get("sort", ["createdAt"])[0], query.get("direction", ["-1"])[0] == "1"
        if sort != "createdAt":
            return _error(400, None, f"The fake hub sorts by createdAt only, not by {sort}")
        rows = min(max(int(query.get("limit", [str(PAGE_ROWS)])[0]), 1), self.page_rows)
        with self._lock:
            listed = self._listed
            try:
                after = _cursor_key(query) if "cursor" in query else None
                if ascending:
                    start = bisect_right(listed, after, key=_sort_key) if after else 0
                    page, more = listed[start : start + rows], start + rows < len(listed)
                else:
                    end = bisect_left(listed, after, key=_sort_key) if after else len(listed)
                    page, more = listed[max(end - rows, 0) : end][::-1], end > rows
            except ValueError:
                return _error(400, None, "Invalid cursor")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if more:
            cursor = base64.urlsafe_b64encode(json.dumps(page[-1][0]).encode()).decode()
            following = urlencode({**query, "cursor": [cursor]}, doseq=True)
            headers["Link"] = f'<{self.url}/api/models?{following}>; rel="next"'
        return Reply(200, b"[" + b",".join([record for _, record in page]) + b"]", headers)

    def _model(self, model_id: str) -> Reply:
        model = self._models.get(model_id)
        if model is None:
            return _error(401, "RepoNotFound", "Repository not found")
        return Reply(200, model["record"], {"Content-Type": "application/json; charset=utf-8"})

    def _file(self, model_id: str, name: str, authorized: bool, known_etag: str | None) -> Reply:
        model = self._models.get(model_id)
        if model is None:
            return _error(401, "RepoNotFound", "Repository not found")
        if model["disabled"]:
            return _error(403, None, "Access to this resource is disabled.")
        if model["gated"] and not authorized:
            return _error(401, "GatedRepo", f"Access to model {model_id} is restricted.")
        sha = model["sha"] if isinstance(model["sha"], str) else blob_id(model_id.encode())
        card = self.cards.get(model_id) if name == "README.md" else None
        if card is None:
            return _error(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": sha})
        headers = {"ETag": f'"{blob_id(card)}"', "X-Repo-Commit": sha}
        if known_etag is not None and known_etag.removeprefix("W/") == headers["ETag"]:
            return Reply(304, b"", headers)
        return Reply(200, card, {**headers, "Content-Type": "text/plain; charset=utf-8"})

    def _papers(self, query: dict[str, list[str]]) -> Reply:
        asked = query.get("id_list", [""])[0].split(",")
        rows = int(query.get("max_results", ["10"])[0])
        entries = []
        for arxiv_id in asked:
            if not re.fullmatch(r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7})(v[0-9]+)?", arxiv_id):
                # Like arXiv: one malformed id replaces the whole answer by an error, with status 200.
                where = f"http://arxiv.org/api/errors#incorrect_id_format_for_{quote(arxiv_id)}"
                entries = [
                    f"<entry><id>{where}</id><title>Error</title>"
                    f"<summary>incorrect id format for {escape(arxiv_id)}</summary></entry>"
                ]
                break
            paper = self.papers.get(re.sub("v[0-9]+$", "", arxiv_id))
            if paper is not None:
                version = "" if re.search("v[0-9]+$", arxiv_id) else "v1"
                categories = "".join(f'<category term="{escape(name)}"/>' for name in paper.categories.split())
                comment = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
                entries.append(
                    f"<entry>\n    <id>http://arxiv.org/abs/{arxiv_id}{version}</id>\n"
                    f"    <title>{escape(paper.title)}</title>\n    <summary>{escape(paper.abstract)}</summary>\n"
                    f"    {comment}{categories}\n  </entry>"
                )
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
            'xmlns:arxiv="http://arxiv.org/schemas/atom">\n  <title>ArXiv Query</title>\n  '
            + "\n  ".join(entries[:rows])
            + "\n</feed>\n"
        )
        return Reply(200, body.encode(), {"Content-Type": "application/atom+xml; charset=UTF-8"})


def _sort_key(listed: tuple[Key, bytes]) -> Key:
    return listed[0]


def _cursor_key(query: dict[str, list[str]]) -> Key:
    """The sort key in a cursor. Raises ValueError if the cursor is invalid."""
    place = json.loads(base64.urlsafe_b64decode(query["cursor"][0]))
    if not (isinstance(place, list) and [type(part) for part in place] == [str, str, int]):
        raise ValueError("not a cursor")
    return (place[0], place[1], place[2])


def _error(status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    about = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    body = json.dumps({"error": message}).encode()
    return Reply(status, body, {**about, **(headers or {}), "Content-Type": "application/json; charset=utf-8"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: FakeHub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request and sends the reply of the hub."""

    protocol_version = "HTTP/1.1"  # keep connections open, as the Hub does
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024  # send headers and body in one write
    server: _Server

    def do_GET(self) -> None:
        self._answer(send_body=True)

    def do_HEAD(self) -> None:
        self._answer(send_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a crawl makes thousands of requests."""

    def reply(self) -> Reply:
        """The reply to this request."""
        return self.server.hub.reply(self.path, self.headers)

    def _answer(self, *, send_body: bool) -> None:
        hub = self.server.hub
        if hub.closing.is_set():  # an open connection outlives the server that accepted it
            self.close_connection = True
            return
        with hub._lock:
            hub.n_requests += 1
            number = hub.n_requests
            hub.requests.append(self.path)
            hub.authorizations.append(self.headers.get("Authorization"))
        reply = hub.alter_reply(number, self.path, self.reply())
        if reply.stall:
            hub.closing.wait()
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304 and reply.has_length:
            self.send_header("Content-Length", str(len(reply.body)))
        if not reply.has_length:
            self.send_header("Connection", "close")
        self.end_headers()
        if send_body and reply.status != 304:
            self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
        if reply.cut is not None or not reply.has_length:
            self.close_connection = True
