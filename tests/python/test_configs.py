"""config.json of models: which are fetched first, with which outcome, and what the marts say about them."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import MemoryWarehouse, run_phylohub
from hypothesis import given, settings
from hypothesis import strategies as st
from live import Clock, memory, model

from phylohub.core.errors import PhylohubError
from phylohub.ingest.cards import Budget
from phylohub.ingest.configs import fetch_configs, plan
from phylohub.ingest.crawl import crawl
from phylohub.ingest.hub import Web
from phylohub.synthetic.fake_hub import Reply
from phylohub.synthetic.fake_repositories import RepositoryHub

FILES = [{"rfilename": "config.json"}, {"rfilename": "README.md"}]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def hub() -> Iterator[RepositoryHub]:
    # Model 4 has most children, model 5 most downloads; model 6 has no config.json, and nobody knows about model 7.
    parents = {1: 4, 2: 4, 3: 1}
    records = []
    for number in range(1, 8):
        tags = [f"base_model:finetune:org/model-{parents[number]}"] if number in parents else []
        fields = {"siblings": FILES[1:]} if number == 6 else {} if number == 7 else {"siblings": FILES}
        records.append(model(number, tags=tags, downloads=number if number != 5 else 99, **fields))
    records[6] = records[6].replace(b'"siblings"', b'"other"')
    with RepositoryHub(records) as hub:
        for number in (1, 2, 4, 5):
            content = b"{broken" if number == 2 else json.dumps({"hidden_size": number}).encode()
            hub.add("model", f"org/model-{number}").commit(datetime(2025, 1, 1), {"config.json": content})
        yield hub


def landed(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str | None]]:
    rows = connection.execute("select model_id, outcome, config from raw.configs order by fetched_at").fetchall()
    return {model_id: (outcome, config) for model_id, outcome, config in rows}


def asked(hub: RepositoryHub) -> list[str]:
    return [path.split("/resolve/")[0][1:] for path in hub.requests if "/resolve/" in path]


def test_models_that_matter_come_first_and_every_outcome_is_stored(hub: RepositoryHub, clock: Clock) -> None:
    web = Web(hub.url, now=clock.now, sleep=clock.sleep)
    with memory() as connection:
        crawl(connection, web, "s")
        assert plan(connection, "s") == 6
        result = fetch_configs(connection, web, budget=Budget(requests=2), workers=1)
        assert asked(hub) == ["org/model-4", "org/model-5"]
        assert (result.outcomes, result.n_left) == ({"ok": 2}, 4)
        fetch_configs(connection, web, workers=1)
        assert asked(hub)[2] == "org/model-1"  # the other one with a child
        assert landed(connection) == {
            **{f"org/model-{number}": ("ok", json.dumps({"hidden_size": number})) for number in (1, 4, 5)},
            "org/model-2": ("invalid", None),
            "org/model-3": ("none", None),
            "org/model-7": ("none", None),
        }
        hub.requests.clear()
        assert fetch_configs(connection, web).outcomes == {}
        assert not hub.requests
        with pytest.raises(PhylohubError, match="no complete snapshot other"):
            fetch_configs(connection, web, "other")


def test_changed_model_is_checked_again(hub: RepositoryHub, clock: Clock) -> None:
    web = Web(hub.url, now=clock.now, sleep=clock.sleep)
    with memory() as connection:
        crawl(connection, web, "s")
        fetch_configs(connection, web, workers=1)
        changed = hub.repository("model", "org/model-4")
        sha = changed.commit(datetime(2025, 1, 2), {"config.json": b'{"hidden_size":44}'})
        hub.remove("org/model-4")
        hub.put(model(4, sha=sha, siblings=FILES))
        hub.requests.clear()
        crawl(connection, web, "t")
        fetch_configs(connection, web, workers=1)
        # The commits of the other repositories are not those that the list states, as after a change since.
        assert landed(connection)["org/model-4"] == ("ok", '{"hidden_size":44}')
        unchanged = [outcome for outcome, _ in landed(connection).values() if outcome == "unchanged"]
        assert len(unchanged) == 2


def test_faults_are_retried_and_a_proxy_has_no_outcome(hub: RepositoryHub, clock: Clock) -> None:
    web = Web(hub.url, now=clock.now, sleep=clock.sleep)
    with memory() as connection:
        crawl(connection, web, "s")
        first = hub.n_requests
        hub.alter_reply = lambda number, path, reply: Reply(503) if number % 2 and number > first else reply
        fetch_configs(connection, web, workers=1)
        assert Counter(outcome for outcome, _ in landed(connection).values()) == {"ok": 3, "none": 2, "invalid": 1}
        connection.execute("delete from raw.configs")
        hub.alter_reply = lambda number, path, reply: Reply(200, b"<html>sign in</html>")
        with pytest.raises(PhylohubError, match="ingest configs"):
            fetch_configs(connection, web, workers=1)
        assert landed(connection) == {}


def test_command_and_missing_snapshot(hub: RepositoryHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    database = tmp_path / "w.duckdb"
    assert run_phylohub(database, "ingest", "models").returncode == 0
    done = run_phylohub(database, "ingest", "configs", "--budget", "3")
    assert done.returncode == 0
    assert "configurations: 3 ok; 3 left to fetch" in done.stdout


NUMBERS = {"vocab_size": "vocabulary_size", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}
CONFIGS = st.lists(
    st.none() | st.fixed_dictionaries({}, optional={name: st.integers(1, 3) for name in NUMBERS}),
    min_size=4,
    max_size=6,
)


@settings(max_examples=15)
@given(
    CONFIGS,
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["finetune", "merge"])), max_size=8),
)
def test_marts_equal_a_count_by_hand(
    warehouse: MemoryWarehouse, configs: list[dict[str, int] | None], declared: list[tuple[int, int, str]]
) -> None:
    edges = {(a, b, word) for a, b, word in declared if a != b and max(a, b) < len(configs)}
    records: list[dict[str, Any]] = [
        {
            "id": f"o/m{number}",
            "createdAt": f"2024-01-0{number + 1}T00:00:00.000Z",
            "tags": sorted(f"base_model:{word}:o/m{a}" for a, b, word in edges if b == number),
        }
        for number in range(len(configs))
    ]
    warehouse.connection.execute("delete from raw.configs")
    for number, config in enumerate(configs):
        if config is not None:
            warehouse.connection.execute(
                "insert into raw.configs by name select ? as model_id, 'ok' as outcome, "
                "timestamp '2026-01-01' as fetched_at, uuid() as content_hash, ? as config",
                [f"o/m{number}", json.dumps(config)],
            )
    warehouse.build(records)
    shown = warehouse.rows("select model_id, vocabulary_size, n_layers, n_heads from marts.model_architectures")
    assert set(shown) == {
        (f"o/m{number}", *(config.get(name) for name in NUMBERS))
        for number, config in enumerate(configs)
        if config is not None
    }
    compared: Counter[tuple[str, str]] = Counter()
    changed: Counter[tuple[str, str]] = Counter()
    findings = set()
    pairs = {(a, b, "all") for a, b, _ in edges} | edges
    for a, b, relation in pairs:
        parent, child = configs[a] or {}, configs[b] or {}
        for name, column in NUMBERS.items():
            if name in parent and name in child:
                compared[relation, column] += 1
                if parent[name] != child[name]:
                    changed[relation, column] += 1
                    if relation == "finetune":
                        severity = "info" if name == "vocab_size" else "warn"
                        findings.add((f"o/m{a}", f"o/m{b}", column, parent[name], child[name], severity))
    rows = warehouse.rows("select relation, number, n_edges, n_edges_changed from marts.architecture_changes")
    assert set(rows) == {(*key, n, changed[key]) for key, n in compared.items()}
    listed = warehouse.rows(
        "select parent_id, child_id, number, parent_value, child_value, severity from marts.architecture_findings"
    )
    assert set(listed) == findings
