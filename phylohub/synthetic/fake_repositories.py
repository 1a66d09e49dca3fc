"""Repositories of the fake hub: commits with files, and the parts of the Hub's API that read them.

Files can be listed by folder and by path with the last commit that changed them, commits by page, and contents by
revision, with ETag, X-Repo-Commit and ranges. A file in large file storage is served by another host, as on the Hub.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from phylohub.ingest.card_rows import blob_id
from phylohub.synthetic.fake_hub import API, RESOLVE, FakeHub, Handler, Reply

LFS_SUFFIXES = (".parquet", ".gz", ".zst", ".csv")
PAGE_ENTRIES = 50
_TYPES = {"datasets": "dataset", "models": "model", "spaces": "space"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class Commit:
    """A commit with all files of the repository. `changed` holds, for every path, the number of its last commit."""

    id: str
    at: datetime
    title: str
    files: Mapping[str, bytes]
    changed: Mapping[str, int]


@dataclass
class Repository:
    """A repository of models, datasets or Spaces. `about` is what its card's metadata says, such as the license."""

    kind: str
    id: str
    about: dict[str, Any] = field(default_factory=dict)
    is_gated: bool = False
    commits: list[Commit] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(
        self, at: datetime, files: Mapping[str, bytes], *, delete: Iterable[str] = (), title: str = "Upload"
    ) -> str:
        """Add a commit that writes and deletes files, on the branch main, and return its id."""
        before = self.commits[-1] if self.commits else Commit("", at, "", {}, {})
        gone = set(delete)
        kept = {path: content for path, content in {**before.files, **files}.items() if path not in gone}
        number = len(self.commits)
        changed = {path: number if path in files else before.changed[path] for path in kept}
        lines = [before.id, at.isoformat(), title, *(f"{path} {blob_id(kept[path])}" for path in sorted(kept))]
        commit_id = hashlib.sha1("\n".join(lines).encode()).hexdigest()  # noqa: S324, as git names commits
        self.commits.append(Commit(commit_id, at, title, kept, changed))
        self.refs["main"] = commit_id
        return commit_id

    def at(self, revision: str) -> int | None:
        """The number of the commit that a branch, tag or commit id names, or None."""
        commit_id = self.refs.get(revision, revision)
        return next((number for number, commit in enumerate(self.commits) if commit.id == commit_id), None)


class RepositoryHub(FakeHub):
    """A fake hub that also has repositories with commits; `add` creates one. `files` are served as any web server does,
    by their path."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._known: dict[tuple[str, str], Repository] = {}
        self.files: dict[str, bytes] = {}

    @staticmethod
    def handler() -> type[Handler]:
        """The class that answers a connection."""
        return _ReadingHandler

    def add(self, kind: str, repo_id: str, *, is_gated: bool = False, **about: Any) -> Repository:
        """Create a repository of the kind dataset, model or space. `about` is the metadata of its card."""
        repository = Repository(kind, repo_id, about, is_gated)
        self._known[kind, repo_id] = repository
        return repository

    def repository(self, kind: str, repo_id: str) -> Repository:
        """A repository that was added."""
        return self._known[kind, repo_id]

    def answer(self, target: str, headers: Message, body: bytes) -> Reply:
        """Answer a request with a body, before `alter_reply` applies."""
        url = urlsplit(target)
        if url.path.startswith("/lfs/"):
            return self._large_file(url.path.removeprefix("/lfs/"), headers)
        if url.path in self.files:
            return ranged(self.files[url.path], blob_id(self.files[url.path]), headers, {"Accept-Ranges": "bytes"})
        sent = headers.get("Authorization")
        is_known = sent is None or self.token is None or sent == f"Bearer {self.token}"
        found = self._routed(url, headers, body, sent is not None) if is_known else None
        if found is None:
            return self.reply(target, headers)
        allowed, rate = self._count(RESOLVE if "/resolve/" in url.path else API)
        reply = found if allowed else _refusal(429, None, "Too Many Requests")
        return replace(reply, headers={**rate, **reply.headers})

    def _routed(self, url: SplitResult, headers: Message, body: bytes, authorized: bool) -> Reply | None:
        """The answer to a request about a repository, or None if this is no such request, or not about a known one."""
        pattern = "/api/(datasets|models|spaces)/([^/]+/[^/]+)(?:/([^/]+)(?:/([^/]+)(?:/(.*))?)?)?"
        if match := re.fullmatch(pattern, url.path):
            repository = self._known.get((_TYPES[match[1]], unquote(match[2])))
            if repository is None:
                return None if match[1] == "models" else _refusal(401, "RepoNotFound", "Repository not found")
            return self._about(repository, match[3], unquote(match[4] or "main"), unquote(match[5] or ""), url, body)
        if match := re.fullmatch("/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", url.path):
            repository = self._known.get((_TYPES[match[1] or "models"], unquote(match[2])))
            if repository is None:
                return _refusal(401, "RepoNotFound", "Repository not found") if match[1] else None
            if repository.is_gated and not authorized:
                return _refusal(401, "GatedRepo", f"Access to {repository.id} is restricted.")
            return self._content(repository, unquote(match[3]), unquote(match[4]), headers)
        return None

    def _about(
        self, repository: Repository, what: str | None, revision: str, path: str, url: SplitResult, body: bytes
    ) -> Reply:
        number = repository.at(revision)
        if number is None:
            return _refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        commit = repository.commits[number]
        query = parse_qs(url.query)
        if what in (None, "revision"):
            return _json_reply(_described(repository, commit))
        if what == "commits":
            page = int(query.get("p", ["0"])[0])
            older = repository.commits[number::-1]
            shown = older[page * PAGE_ENTRIES :][:PAGE_ENTRIES]
            answer = [
                {"id": each.id, "date": _time(each.at), "title": each.title, "message": "", "authors": [{"user": "a"}]}
                for each in shown
            ]
            more = len(older) > (page + 1) * PAGE_ENTRIES
            return self._page(answer, f"{url.path}?p={page + 1}" if more else None)
        if what == "paths-info":
            form = parse_qs(body.decode())
            expand = form.get("expand", ["false"])[0].lower() == "true"
            entries = [_entry(repository, commit, name, expand) for name in form.get("paths", [])]
            return _json_reply([entry for entry in entries if entry is not None])
        if what == "tree":
            return self._tree(repository, commit, path, query, url)
        return _refusal(404, None, "Not Found")

    def _tree(
        self, repository: Repository, commit: Commit, path: str, query: Mapping[str, list[str]], url: SplitResult
    ) -> Reply:
        prefix = f"{path}/" if path else ""
        below = [name for name in commit.files if name.startswith(prefix)]
        if path and not below:
            return _refusal(404, "EntryNotFound", f"{path} does not exist", {"X-Repo-Commit": commit.id})
        folders = {
            prefix + "/".join(parts[:depth])
            for name in below
            for parts in [name[len(prefix) :].split("/")]
            for depth in range(1, len(parts))
        }
        names = sorted({*below, *folders})
        if query.get("recursive", ["false"])[0].lower() != "true":
            names = [name for name in names if "/" not in name[len(prefix) :]]
        expand = query.get("expand", ["false"])[0].lower() == "true"
        start = int(query.get("cursor", ["0"])[0])
        shown = [_entry(repository, commit, name, expand) for name in names[start : start + PAGE_ENTRIES]]
        end = start + PAGE_ENTRIES
        flags = "&".join(f"{name}={value[0]}" for name, value in query.items() if name != "cursor")
        return self._page(shown, f"{url.path}?{flags}&cursor={end}" if end < len(names) else None)

    def _page(self, entries: list[Any], following: str | None) -> Reply:
        link = {} if following is None else {"Link": f'<{self.url}{following}>; rel="next"'}
        return Reply(200, json.dumps(entries).encode(), {**_JSON, **link})

    def _content(self, repository: Repository, revision: str, path: str, headers: Message) -> Reply:
        number = repository.at(revision)
        if number is None:
            return _refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        commit = repository.commits[number]
        content = commit.files.get(path)
        about = {"X-Repo-Commit": commit.id, "Accept-Ranges": "bytes"}
        if content is None:
            return _refusal(404, "EntryNotFound", "Entry not found", about)
        if not path.endswith(LFS_SUFFIXES):
            return ranged(content, blob_id(content), headers, about)
        digest = hashlib.sha256(content).hexdigest()
        # `localhost` is another host than 127.0.0.1: like the Hub's storage, it must not see the token.
        where = f"{self.url.replace('127.0.0.1', 'localhost')}/lfs/{digest}"
        linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content)), "Location": where}
        return Reply(302, b"", {**about, **linked, "ETag": f'"{blob_id(content)}"'})

    def _large_file(self, digest: str, headers: Message) -> Reply:
        for repository in self._known.values():
            for commit in repository.commits:
                for content in commit.files.values():
                    if hashlib.sha256(content).hexdigest() == digest:
                        return ranged(content, digest, headers, {})
        return _refusal(404, None, "Not Found")


def ranged(content: bytes, etag: str, headers: Message, about: Mapping[str, str]) -> Reply:
    """The content, or the part of it that the request's Range names, or 304 if the client has it."""
    described = {**about, "ETag": f'"{etag}"', "Content-Type": "application/octet-stream"}
    if headers.get("If-None-Match", "").removeprefix("W/") == described["ETag"]:
        return Reply(304, b"", described)
    match = re.fullmatch("bytes=([0-9]+)-([0-9]*)", headers.get("Range", ""))
    if match is None:
        return Reply(200, content, described)
    start, end = int(match[1]), min(int(match[2] or len(content)), len(content) - 1)
    if start >= len(content):
        return Reply(416, b"", {**described, "Content-Range": f"bytes */{len(content)}"})
    return Reply(206, content[start : end + 1], {**described, "Content-Range": f"bytes {start}-{end}/{len(content)}"})


def _described(repository: Repository, commit: Commit) -> dict[str, Any]:
    tags = [f"license:{repository.about['license']}"] if "license" in repository.about else []
    return {
        "_id": hashlib.sha256(repository.id.encode()).hexdigest()[:24],
        "id": repository.id,
        "author": repository.id.partition("/")[0],
        "sha": commit.id,
        "lastModified": _time(repository.commits[-1].at),
        "createdAt": _time(repository.commits[0].at),
        "private": False,
        "gated": "auto" if repository.is_gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": tags,
        "cardData": repository.about,
        "siblings": [{"rfilename": path} for path in sorted(commit.files)],
    }


def _entry(repository: Repository, commit: Commit, path: str, expand: bool) -> dict[str, Any] | None:
    content = commit.files.get(path)
    if content is None:
        below = [name for name in commit.files if name.startswith(f"{path}/")]
        oid = hashlib.sha1("\n".join(below).encode()).hexdigest()  # noqa: S324, as git names trees
        return {"type": "directory", "oid": oid, "size": 0, "path": path} if below else None
    entry: dict[str, Any] = {"type": "file", "oid": blob_id(content), "size": len(content), "path": path}
    if path.endswith(LFS_SUFFIXES):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    if expand:
        last = repository.commits[commit.changed[path]]
        entry["lastCommit"] = {"id": last.id, "title": last.title, "date": _time(last.at)}
    return entry


def _json_reply(value: Any) -> Reply:
    return Reply(200, json.dumps(value).encode(), _JSON)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def resolve_path(repository: Repository, revision: str, path: str) -> str:
    """The path at which the hub serves a file."""
    folder = "" if repository.kind == "model" else f"{repository.kind}s/"
    return f"/{folder}{repository.id}/resolve/{quote(revision, safe='')}/{quote(path)}"


def _refusal(status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    about = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return Reply(status, json.dumps({"error": message}).encode(), {**_JSON, **about, **(headers or {})})


class _ReadingHandler(Handler):
    """Also reads the bodies of requests."""

    do_POST = Handler.do_GET  # noqa: N815, http.server calls it by this name

    def reply(self) -> Reply:
        """The reply to this request."""
        hub = self.server.hub
        assert isinstance(hub, RepositoryHub)  # noqa: S101, only it uses this class
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        return hub.answer(self.path, self.headers, body)
