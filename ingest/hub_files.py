"""Files in repositories of the Hub: at which commits an address finds them, and their download.

Downloads go to the client's own cache, by its own functions. The client starts a download over when its process was
killed; here the part that has arrived stays in the cache, and the next run requests the rest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import has_magic
from fsspec.utils import glob_translate
from huggingface_hub import HfUri, constants, get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.file_download import http_get, repo_folder_name
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils import WeakFileLock, build_hf_headers  # type: ignore[attr-defined]  # not in __all__

from phylohub.core.errors import PhylohubError
from phylohub.ingest.card_rows import blob_id
from phylohub.ingest.hub import RetryableError, origin
from phylohub.ingest.hub_client import HubClient
from phylohub.ingest.readers import MAYBE_SUFFIXES, SUFFIXES

# The number of bytes that have arrived of a file, and its size, if it is known.
Progress = Callable[[str, int, int | None], None]

PATHS_PER_REQUEST = 50  # of which the Hub is asked for the last commit
MIN_COMMIT_CHARACTERS = 8


@dataclass(frozen=True)
class HubFile:
    """A file of a repository. `blob` tells whether its content is that of another commit."""

    path: str
    size: int
    blob: str


@dataclass(frozen=True)
class Revision:
    """The files that an address names at one commit, the last one that changed any of them, and its time in UTC."""

    uri: HfUri
    commit: str
    committed_at: datetime
    files: tuple[HubFile, ...]

    @property
    def name(self) -> str:
        """The name of the snapshot: what the address names, the day, and the commit."""
        path = PurePosixPath(fixed_part(self.uri.path_in_repo))
        words = [self.uri.id.partition("/")[2], *path.parent.parts, path.name.partition(".")[0]]
        name = "-".join(word for word in words if word and word not in (".", ".."))
        return f"{name}-{self.committed_at:%Y-%m-%d}-{self.commit[:MIN_COMMIT_CHARACTERS]}"

    @property
    def series(self) -> str:
        """The address without the revision, and without the wildcards of a glob."""
        return f"{_root(self.uri)}/{fixed_part(self.uri.path_in_repo)}".rstrip("/")

    def source_name(self, file: HubFile) -> str:
        """The name of a file in the warehouse: its address without the revision, the same in every snapshot."""
        return f"{_root(self.uri)}/{file.path}"


def fixed_part(path: str) -> str:
    """The path, or for a glob the folder above its first wildcard."""
    parts = path.split("/")
    fixed = next((number for number, part in enumerate(parts) if has_magic(part)), len(parts))
    return "/".join(parts[:fixed])


def revisions(client: HubClient, uri: HfUri, count: int = 1, *, max_tries: int | None = None) -> list[Revision]:
    """The newest revisions of what an address names, newest first: one per commit that changed it, at most `count`.

    Raises PhylohubError if the address names no file that may hold records.
    """
    shown = shown_uri(uri)
    api = client.api
    where: dict[str, Any] = {"repo_id": uri.id, "repo_type": uri.type}
    ask = partial(client.ask, shown, max_tries=max_tries)
    head = str(ask(lambda: api.repo_info(**where, revision=uri.revision, timeout=constants.HF_HUB_ETAG_TIMEOUT)).sha)

    def files_at(commit: str) -> list[RepoFile]:
        return ask(lambda: _files_at(client, uri, commit))

    files = files_at(head)
    if not files:
        raise PhylohubError(
            f"{shown}: there is no such file, or none that may hold records, at commit {head}. Check the path."
        )
    last = files[0].last_commit
    if count == 1 and len(files) == 1 and last is not None:
        return [_revision(uri, last.oid, last.date, files)]
    commits = ask(lambda: api.list_repo_commits(**where, revision=head))
    places = {commit.commit_id: place for place, commit in enumerate(commits)}
    found: list[Revision] = []
    place = 0
    while files and len(found) < count:
        # The Hub states which commit changed a file last. Commits before it are compared until the content differs.
        stated = [places.get(file.last_commit.oid, place) for file in files if file.last_commit is not None]
        if len(stated) == len(files) and (
            len(files) == 1 or _blobs(files_at(commits[min(stated)].commit_id)) == _blobs(files)
        ):
            place = max(min(stated), place)
        older: list[RepoFile] = []
        for next_place in range(place + 1, len(commits)):
            older = files_at(commits[next_place].commit_id)
            if _blobs(older) != _blobs(files):
                break
            place, older = next_place, []
        found.append(_revision(uri, commits[place].commit_id, commits[place].created_at, files))
        files, place = older, place + 1
    return found


def download(
    client: HubClient, revision: Revision, file: HubFile, progress: Progress = lambda name, n_done, n_all: None
) -> Path:
    """The file in the client's cache, where it is downloaded to unless it is there."""
    uri = revision.uri
    where: dict[str, Any] = {"repo_id": uri.id, "repo_type": uri.type, "revision": revision.commit}
    cached = try_to_load_from_cache(filename=file.path, **where)
    if isinstance(cached, str):
        return Path(cached)

    def fetch() -> Path:
        _fetch_blob(client, where, file, progress)
        own: dict[str, Any] = {"endpoint": client.api.endpoint, "headers": client.headers, "token": False}
        return Path(hf_hub_download(filename=file.path, **where, **own))

    return client.ask(revision.source_name(file), fetch)


def shown_uri(uri: HfUri) -> str:
    """The address as messages show it."""
    revision = "" if uri.revision is None else f"@{uri.revision}"
    return f"{_root(uri)}{revision}/{uri.path_in_repo}".rstrip("/")


def _root(uri: HfUri) -> str:
    return f"hf://{'' if uri.type == 'model' else f'{uri.type}s/'}{uri.id}"


def _revision(uri: HfUri, commit: str, date: datetime, files: Sequence[RepoFile]) -> Revision:
    committed_at = date.astimezone(UTC).replace(tzinfo=None)
    return Revision(uri, commit, committed_at, tuple(HubFile(file.path, file.size, file.blob_id) for file in files))


def _blobs(files: Sequence[RepoFile]) -> list[tuple[str, str]]:
    return [(file.path, file.blob_id) for file in files]


def _files_at(client: HubClient, uri: HfUri, commit: str) -> list[RepoFile]:
    """The files that an address names at a commit, sorted by path. In a folder or a glob, files without a suffix of
    records are left out."""
    path = uri.path_in_repo
    where: dict[str, Any] = {"repo_id": uri.id, "repo_type": uri.type, "revision": commit}
    named = client.api.get_paths_info(paths=[path], expand=True, **where) if path else []
    if named and isinstance(named[0], RepoFile):
        return [named[0]]
    is_glob = has_magic(path) and not named
    if path and not named and not is_glob:
        return []
    folder = fixed_part(path) if is_glob else path
    matches = re.compile(glob_translate(path)) if is_glob else None
    try:
        listed = list(client.api.list_repo_tree(path_in_repo=folder or None, recursive=True, **where))
    except EntryNotFoundError:
        return []
    paths = [
        entry.path
        for entry in listed
        if not isinstance(entry, RepoFolder)
        and entry.path.endswith(SUFFIXES + MAYBE_SUFFIXES)
        and not any(part.startswith(".") for part in entry.path.split("/"))
        and (matches is None or matches.match(entry.path))
    ]
    described = [
        entry
        for start in range(0, len(paths), PATHS_PER_REQUEST)
        for entry in client.api.get_paths_info(paths=paths[start : start + PATHS_PER_REQUEST], expand=True, **where)
    ]
    return sorted((entry for entry in described if isinstance(entry, RepoFile)), key=lambda entry: entry.path)


def _fetch_blob(client: HubClient, where: dict[str, Any], file: HubFile, progress: Progress) -> None:
    """Download the content of a file to the place where the client keeps it, from where an earlier run stopped.

    The client does the rest, as for a file that it has: it names the content. It also does everything for files that
    HTTP cannot send, and for a server whose ETag is not the hash of the content.
    """
    url = hf_hub_url(filename=file.path, **where, endpoint=client.api.endpoint)
    metadata = get_hf_file_metadata(url, token=False, headers=client.headers, endpoint=client.api.endpoint)
    etag = metadata.etag or ""
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", etag) or (metadata.size or 0) > constants.MAX_HTTP_DOWNLOAD_SIZE:
        return
    folder = repo_folder_name(repo_id=where["repo_id"], repo_type=where["repo_type"])
    blob = Path(constants.HF_HUB_CACHE, folder, "blobs", etag)
    lock = Path(constants.HF_HUB_CACHE, ".locks", folder, f"{etag}.lock")
    for path in (blob, lock):
        path.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        if blob.exists():
            return
        part = blob.with_name(f"{etag}.phylohub.incomplete")
        is_own = origin(metadata.location) == origin(client.api.endpoint)
        continue_download(metadata.location, part, metadata.size, client.headers if is_own else {}, file.path, progress)
        if _git_hash(part, len(etag)) != etag:
            part.unlink()
            raise RetryableError("sent content that does not match its ETag")
        part.replace(blob)


def continue_download(
    url: str, part: Path, size: int | None, headers: dict[str, str], name: str, progress: Progress
) -> None:
    """Download the rest of a file to `part`, which holds its beginning or does not exist yet."""
    if size is not None and part.exists() and part.stat().st_size > size:
        part.unlink()
    sent = build_hf_headers(token=False, library_name="phylohub", headers={"Accept-Encoding": "identity", **headers})
    with part.open("ab") as content:
        http_get(
            url,
            content,
            resume_size=content.tell(),
            headers=sent,
            expected_size=size,
            displayed_filename=name,
            tqdm_class=_bar(name, progress),
        )


def _bar(name: str, progress: Progress) -> Any:
    """A progress bar as the client expects it, which reports instead of drawing."""

    class Bar:
        def __init__(self, *, total: int | None = None, initial: int = 0, **_: Any) -> None:
            self._n_done, self._total = initial, total

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

        def update(self, n_bytes: int) -> None:
            self._n_done += n_bytes
            progress(name, self._n_done, self._total)

    return Bar


def _git_hash(path: Path, length: int) -> str:
    """The hash by which the Hub names a content: SHA-256 of a file in large file storage, else the git blob id."""
    if length == 64:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    return blob_id(path.read_bytes())  # such files are small
