"""The fake hub, used through huggingface_hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    BadRequestError,
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]  # no __all__ there
from live import Clock, model, models

from phylohub.ingest.card_rows import blob_id
from phylohub.synthetic.fake_hub import API, FakeHub, Limit

TOKEN = "hf_madeUp"  # noqa: S105, made up
CARD = "---\nlicense: mit\n---\n# Zoë\n".encode()


@pytest.fixture(scope="module")
def hub() -> Iterator[FakeHub]:
    records = [*models(25), model(30, gated="auto"), model(31, disabled=True)]
    cards = {"org/model-1": CARD, "org/model-30": CARD, "org/model-31": CARD}
    with FakeHub(records, cards, page_rows=10, token=TOKEN) as hub:
        yield hub


@pytest.fixture
def api(hub: FakeHub) -> HfApi:
    return HfApi(endpoint=hub.url, token=False)


def test_client_lists_all_models_by_page(hub: FakeHub, api: HfApi) -> None:
    n_before = hub.n_requests
    listed = list(api.list_models(sort="created_at"))
    assert [info.id for info in listed] == [json.loads(record)["id"] for record in hub.listed()][::-1]
    assert hub.n_requests - n_before == 3


def test_directions_and_page_sizes_list_the_same_models() -> None:
    # Models created in the same second are sorted by id.
    same_second = [model(number, createdAt="2022-03-02T23:29:04.000Z") for number in range(7)]
    with FakeHub([*same_second, *models(30)[7:]]) as hub:
        for direction, expected in (("1", hub.listed()), ("-1", hub.listed()[::-1])):
            for rows in (1, 2, 3, 7, 29, 30, 31):
                url: str | None = f"{hub.url}/api/models?sort=createdAt&direction={direction}&limit={rows}"
                seen = []
                while url:
                    answer = httpx2.get(url)
                    seen += [json.dumps(record, separators=(",", ":")).encode() for record in answer.json()]
                    url = answer.links.get("next", {}).get("url")
                assert seen == expected


def test_unknown_field_is_refused_with_the_valid_names(hub: FakeHub, api: HfApi) -> None:
    answer = httpx2.get(f"{hub.url}/api/models?expand=does_not_exist")
    assert (answer.status_code, "baseModels" in answer.json()["error"]) == (400, True)
    with pytest.raises(BadRequestError):
        list(api.list_models(sort="created_at", expand=["childrenModelCount"]))


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=e30=", "sort=likes", "full=true&expand=sha"])
def test_invalid_queries_are_refused(hub: FakeHub, query: str) -> None:
    assert httpx2.get(f"{hub.url}/api/models?{query}").status_code == 400


def test_client_downloads_a_card(hub: FakeHub, tmp_path: Path) -> None:
    path = hf_hub_download("org/model-1", "README.md", endpoint=hub.url, cache_dir=tmp_path, token=False)
    assert Path(path).read_bytes() == CARD
    assert (f"{1:040x}", blob_id(CARD)) == (Path(path).parent.name, Path(path).resolve().name)


@pytest.mark.parametrize(
    ("model_id", "token", "error"),
    [
        ("org/model-2", False, RemoteEntryNotFoundError),
        ("org/nowhere", False, RepositoryNotFoundError),
        ("org/model-30", False, GatedRepoError),
        ("org/model-31", False, DisabledRepoError),
        ("org/model-1", TOKEN + "x", HfHubHTTPError),
    ],
)
def test_client_raises_the_same_errors_as_on_the_hub(
    hub: FakeHub, model_id: str, token: str | bool, error: type[Exception]
) -> None:
    with pytest.raises(error):
        HfApi(endpoint=hub.url, token=token).get_hf_file_metadata(
            url=f"{hub.url}/{model_id}/resolve/main/README.md", token=token
        )


def test_token_opens_gated_models(hub: FakeHub, tmp_path: Path) -> None:
    path = hf_hub_download("org/model-30", "README.md", endpoint=hub.url, cache_dir=tmp_path, token=TOKEN)
    assert Path(path).read_bytes() == CARD


def test_unchanged_card_is_not_sent_again(hub: FakeHub) -> None:
    url = f"{hub.url}/org/model-1/resolve/main/README.md"
    first = httpx2.get(url)
    again = httpx2.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, first.headers["X-Repo-Commit"]) == (304, b"", f"{1:040x}")


def test_client_reads_the_rate_limit_and_the_window_resets() -> None:
    clock = Clock()
    with FakeHub(models(1), limits={API: Limit(2, seconds=60)}, now=clock.now) as hub:

        def request_status() -> tuple[int, int]:
            answer = httpx2.get(f"{hub.url}/api/models")
            info = parse_ratelimit_headers(answer.headers)
            assert info is not None
            assert (info.limit, info.window_seconds, info.resource_type) == (2, 60, "api")
            return answer.status_code, info.remaining

        assert [request_status(), request_status(), request_status()] == [(200, 1), (200, 0), (429, 0)]
        clock.sleep(60)
        assert request_status() == (200, 1)


def test_invalid_records_are_served_unchanged() -> None:
    records = [b'{"id": "a"}', b"7", b'{"broken', b"[" * 2000 + b"]" * 2000]
    with FakeHub(records) as hub:
        assert httpx2.get(f"{hub.url}/api/models?sort=createdAt&direction=1").content.count(b"[[[") > 0
        assert sorted(hub.listed()) == sorted(records)
