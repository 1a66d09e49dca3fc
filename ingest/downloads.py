"""Files at other addresses than the Hub's: https:// and everything that fsspec knows (s3://, gs://, ...).

They are kept in huggingface_hub's folder for assets. A download continues from where an earlier run stopped, as long as
the address still names the same content.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx2
from fsspec.core import has_magic
from fsspec.spec import AbstractFileSystem
from huggingface_hub import cached_assets_path, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status  # type: ignore[attr-defined]  # not in __all__

from phylohub.core.addresses import open_store
from phylohub.core.errors import PhylohubError
from phylohub.ingest.hub import RETRY_STATUSES, RetryableError, split_login
from phylohub.ingest.hub_client import HubClient
from phylohub.ingest.hub_files import Progress, continue_download
from phylohub.ingest.readers import MAYBE_SUFFIXES, SUFFIXES

CHUNK_BYTES = 4 * 1024 * 1024
MAX_NAME = 200


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address. `name` is the address as the warehouse stores it: without a login and a signature."""

    name: str
    path: Path


def shown_address(address: str) -> str:
    """The address without a login, and without the query and fragment, which may sign it."""
    parts = urlsplit(split_login(address)[0])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def download_url(client: HubClient, url: str, progress: Progress) -> RemoteFile:
    """Download the file at an http(s) address. The token of the Hub is not sent."""
    name = shown_address(url)

    def fetch() -> Path:
        sent = build_hf_headers(token=False, library_name="phylohub", headers={"Accept-Encoding": "identity"})
        response = get_session().head(url, headers=sent, follow_redirects=True)
        described: Any = {}
        if response.status_code not in (403, 405, 501):  # a signed address may allow GET only
            hf_raise_for_status(response)
            described = response.headers
        etag, modified = described.get("ETag"), described.get("Last-Modified")
        length = described.get("Content-Length", "")
        size = (
            int(length) if length.isdecimal() and described.get("Content-Encoding", "identity") == "identity" else None
        )
        place = _place(name, f"{etag} {modified} {length}")
        is_same_content = etag is not None or modified is not None
        if place.exists() and is_same_content:
            return place
        part = place.with_name(f"{place.name}.incomplete")
        if not is_same_content:
            part.unlink(missing_ok=True)
        continue_download(url, part, size, {}, place.name, progress)
        return _complete(part, place, _http_time(modified))

    def tried() -> Path:
        try:
            return fetch()
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status in RETRY_STATUSES:
                raise
            raise PhylohubError(f"{name} answered {status}. Check the address, and whether it has expired.") from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise PhylohubError(f"{name} is not a valid address: {error}.") from error

    return RemoteFile(name, client.ask(name, tried))


def download_store(client: HubClient, address: str, progress: Progress) -> list[RemoteFile]:
    """Download the file, the files of the folder, or those that match the glob at an address that fsspec knows."""
    store = open_store(address)
    filesystem: AbstractFileSystem = store.filesystem
    scheme = shown_address(address).partition("://")[0]

    def find() -> list[str]:
        filesystem.invalidate_cache()
        if has_magic(store.path):
            found = filesystem.glob(store.path)
        elif filesystem.isdir(store.path):
            found = filesystem.find(store.path)
        else:
            return [str(filesystem.info(store.path)["name"])]
        return sorted(str(path) for path in found if str(path).endswith(SUFFIXES + MAYBE_SUFFIXES))

    paths = _answered(client, store.shown, find)
    if not paths:
        raise PhylohubError(f"{store.shown} holds no file that ends in {', '.join(SUFFIXES)}. Check the address.")
    files = []
    for path in paths:
        name = f"{scheme}://{path.lstrip('/')}"

        def fetch(path: str = path, name: str = name) -> Path:
            return _copy(filesystem, path, name, progress)

        files.append(RemoteFile(name, _answered(client, name, fetch)))
    return files


def _answered(client: HubClient, name: str, call: Callable[[], Any]) -> Any:
    """The result of a call to a filesystem, with the retries of the Hub for what may pass."""

    def tried() -> Any:
        try:
            return call()
        except FileNotFoundError as error:
            raise PhylohubError(f"{name}: there is no such file or folder. Check the address.") from error
        except PermissionError as error:
            raise PhylohubError(
                f"{name}: access is denied ({error}). Set the credentials of this store, then run the command again."
            ) from error
        except (TimeoutError, ConnectionError) as error:
            raise RetryableError(str(error) or type(error).__name__) from error
        except (OSError, PhylohubError, RetryableError):
            raise
        except Exception as error:  # each filesystem has errors of its own
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PhylohubError(
                f"{name} cannot be read: {client.web.mask(reason)}. Check the address and the credentials of this "
                "store, then run the same command again."
            ) from error

    return client.ask(name, tried)


def _copy(filesystem: AbstractFileSystem, path: str, name: str, progress: Progress) -> Path:
    size = filesystem.info(path).get("size")
    place = _place(name, str(filesystem.ukey(path)))
    if place.exists():
        return place
    part = place.with_name(f"{place.name}.incomplete")
    n_done = part.stat().st_size if part.exists() else 0
    if size is not None and n_done > size:
        part.unlink()
        n_done = 0
    with filesystem.open(path, "rb") as source, part.open("ab") as target:
        source.seek(n_done)
        while chunk := source.read(CHUNK_BYTES):
            target.write(chunk)
            n_done += len(chunk)
            progress(place.name, n_done, size)
    if size is not None and n_done != size:
        raise RetryableError(f"sent {n_done:,} of {size:,} bytes")
    modified = None
    with suppress(NotImplementedError, KeyError, TypeError):
        modified = filesystem.modified(path)
    return _complete(part, place, modified)


def _place(name: str, version: str) -> Path:
    """Where a version of a file is kept, under its own name. No part of the path looks like a date."""
    key = hashlib.sha256(f"{name} {version}".encode(errors="surrogatepass")).hexdigest()
    folder = cached_assets_path("phylohub", "downloads", key, assets_dir=constants.HF_ASSETS_CACHE) / "file"
    folder.mkdir(exist_ok=True)
    file_name = posixpath.basename(unquote(urlsplit(name).path).rstrip("/")).replace("\0", "")[-MAX_NAME:]
    return folder / (file_name if file_name.strip(".") else "download")


def _complete(part: Path, place: Path, modified: datetime | None) -> Path:
    """Give a complete download its name and the time of its original."""
    if modified is not None:
        stamp = modified.timestamp() if modified.tzinfo else modified.replace(tzinfo=UTC).timestamp()
        os.utime(part, (stamp, stamp))
    return part.replace(place)


def _http_time(text: str | None) -> datetime | None:
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(text or "")
    return None
