"""Sources by address: known dumps, files of the Hub, and files elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from huggingface_hub import HfUri, parse_hf_uri
from huggingface_hub.errors import HfUriError

from phylohub.core.addresses import is_address
from phylohub.core.errors import PhylohubError
from phylohub.ingest.downloads import download_store, download_url, shown_address
from phylohub.ingest.hub_client import HubClient
from phylohub.ingest.hub_files import Progress, Revision, download, fixed_part, revisions, shown_uri
from phylohub.ingest.readers import Source, judged, snapshot_name, sources_among


@dataclass(frozen=True)
class KnownDump:
    """A dump that has a name here. `content` says what it holds."""

    address: str
    content: str


KNOWN_DUMPS = {
    "hub-stats": KnownDump(
        "hf://datasets/cfahlgren1/hub-stats/models.parquet", "all models with their files, without cards"
    ),
    "model-cards": KnownDump("hf://datasets/librarian-bots/model_cards_with_metadata", "models with their cards"),
    "study": KnownDump(
        "hf://datasets/modelbiome/ai_ecosystem_withmodelcards", "the 1,860,411 models of the study with their cards"
    ),
}


@dataclass(frozen=True)
class Described:
    """What the Hub says about a known dump now. `size` is in bytes, `changed_at` in UTC."""

    size: int
    changed_at: datetime
    license: str | None


@dataclass(frozen=True)
class Fetched:
    """The files of an address on this machine, as one snapshot. `series` is the address without what changes from one
    snapshot to the next, and `ignored` hold no records."""

    snapshot: str
    series: str
    sources: list[Source]
    ignored: list[str]


def address_of(text: str) -> str | None:
    """The address that a text is or names, or None if it is the path of a local file."""
    if is_address(text):
        return text
    return KNOWN_DUMPS[text].address if text in KNOWN_DUMPS and not Path(text).exists() else None


def hub_uri(address: str, client: HubClient) -> HfUri | None:
    """The file or folder of a repository that an address names: hf://, or a page or file of the Hub's own site. None if
    it names something else. Raises PhylohubError if it is not valid."""
    try:
        uri = parse_hf_uri(address, endpoint=client.web.endpoint)
    except HfUriError as error:
        if address.lower().startswith("hf://"):
            raise PhylohubError(
                f"{address} is not a valid address: {error.msg} Use hf://datasets/OWNER/NAME[@REVISION]/PATH."
            ) from error
        return None
    return None if uri.type == "bucket" else uri


def fetch_revision(client: HubClient, revision: Revision, progress: Progress) -> Fetched:
    """Download the files of a revision of a repository."""
    files = [(revision.source_name(file), download(client, revision, file, progress)) for file in revision.files]
    is_file = [file.path for file in revision.files] == [revision.uri.path_in_repo]
    return Fetched(revision.name, revision.series, *_sources(files, shown_uri(revision.uri), is_file=is_file))


def fetch_elsewhere(client: HubClient, address: str, progress: Progress) -> Fetched:
    """Download the file or files at an address that is not a repository of the Hub."""
    shown = shown_address(address)
    is_web = address.lower().startswith(("http://", "https://"))
    files = [download_url(client, address, progress)] if is_web else download_store(client, address, progress)
    is_file = is_web or [file.name for file in files] == [shown]
    name = snapshot_name(files[0].path) if is_file else fixed_part(shown).rstrip("/").rpartition("/")[2]
    return Fetched(
        name or "unnamed",
        fixed_part(shown),
        *_sources([(file.name, file.path) for file in files], shown, is_file=is_file),
    )


def _sources(files: list[tuple[str, Path]], shown: str, *, is_file: bool) -> tuple[list[Source], list[str]]:
    """The files that hold models, and the names of the others. A file that was named itself is not passed over."""
    if is_file:
        ((name, path),) = files
        return [judged(Source(path, name))], []
    return sources_among(files, shown)


def describe(client: HubClient, dump: KnownDump, *, max_tries: int) -> Described:
    """Ask the Hub about a known dump. Raises PhylohubError if it cannot be reached."""
    uri = parse_hf_uri(dump.address)
    (revision,) = revisions(client, uri, max_tries=max_tries)
    info = client.ask(
        dump.address, lambda: client.api.repo_info(uri.id, repo_type=uri.type, timeout=10.0), max_tries=max_tries
    )
    card = getattr(info, "card_data", None)
    named = card.get("license") if card is not None else None
    licenses = [named] if isinstance(named, str) else named or []
    words = ", ".join(str(each) for each in licenses) or None
    return Described(sum(file.size for file in revision.files), revision.committed_at, words)
