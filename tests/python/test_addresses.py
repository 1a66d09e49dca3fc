"""Folders at addresses: writing, reading, listing, and errors that name the address without a password."""

from pathlib import Path

import pytest

from phylohub.core.addresses import is_address, open_store
from phylohub.core.errors import PhylohubError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/folder", True),
        ("memory://x", True),
        ("simplecache::s3://bucket/folder", True),
        ("build/published", False),
        ("C:/published", False),
        ("a:b", False),
        ("/tmp/s3:/bucket", False),  # noqa: S108, no file is written there
    ],
)
def test_only_a_scheme_makes_an_address(text: str, expected: bool) -> None:
    assert is_address(text) == expected


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_files_are_written_read_listed_and_deleted(kind: str, tmp_path: Path) -> None:
    store = open_store(f"{kind}://{tmp_path}/store")
    assert (store.names(), (store / "a").read()) == ([], None)
    (store / "a").write(b"old")
    (store / "a").write(b"new")
    local = tmp_path / "local"
    local.write_bytes(b"copied")
    (store / "folder" / "b").put(local)
    assert ((store / "a").read(), (store / "folder" / "b").read()) == (b"new", b"copied")
    assert (store.names(), (store / "folder").names()) == (["a", "folder"], ["b"])
    (store / "a").delete()
    (store / "a").delete()
    assert store.names() == ["folder"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nosuch://x/y", "no filesystem of fsspec has the scheme nosuch"),
        ("file:///proc/none/x", "Cannot write file:///proc/none/x"),
    ],
)
def test_errors_name_the_address(address: str, words: str) -> None:
    with pytest.raises(PhylohubError, match=words):
        open_store(address).write(b"")


def test_no_password_appears_in_an_error() -> None:
    with pytest.raises(PhylohubError, match="nosuch://host/path") as error:
        open_store("nosuch://user:secret@host/path")
    assert "secret" not in str(error.value)
