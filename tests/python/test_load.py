"""Time and memory of a crawl, compared with landing the same records from a file."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BIN, ROOT
from live import crawl_file, land_file, measured, model

BIG, SMALL = 50_000, 10_000


def write_records(path: Path, count: int) -> Path:
    """Write records of 2 kB, like the Hub's, that hardly compress."""
    noise = random.Random(count)
    with path.open("wb") as file:
        for number in range(count):
            file.write(model(number, cardData={"text": noise.randbytes(850).hex()}) + b"\n")
    return path


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, tuple[Path, str]]]:
    """File and URL of fake hubs in child processes, by number of records."""
    folder = tmp_path_factory.mktemp("load")
    processes, found = [], {}
    for count in (SMALL, BIG):
        path = write_records(folder / f"{count}.jsonl", count)
        process = subprocess.Popen(
            [str(BIN / "phylohub"), "fakehub", str(path), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        found[count] = (path, process.stdout.readline().split()[0].partition("=")[2])
    yield found
    for process in processes:
        process.terminate()
        process.wait(10)


def test_crawl_takes_less_than_three_times_as_long_as_a_file(hubs: dict[int, tuple[Path, str]], tmp_path: Path) -> None:
    path, url = hubs[SMALL]
    # Other processes may slow a single run, so compare the fastest of several.
    files, crawls = [], []
    for number in range(4):
        files.append(measured(land_file, tmp_path / f"file-{number}.duckdb", path)[0])
        crawls.append(measured(crawl_file, tmp_path / f"crawl-{number}.duckdb", url)[0])
    multiple = min(crawls) / min(files)
    print(f"a crawl takes {multiple:.2f} times as long as the file: {min(crawls):.2f} s, {min(files):.2f} s")
    assert multiple < 3.0  # about 1 on an idle machine


def test_memory_of_a_crawl_does_not_grow_with_the_records(hubs: dict[int, tuple[Path, str]], tmp_path: Path) -> None:
    small, big = (
        measured(crawl_file, tmp_path / f"{count}.duckdb", hubs[count][1], memory_limit="50MB")[1]
        for count in (SMALL, BIG)
    )
    print(f"peak memory of {SMALL:,} records: {small:.0f} MB, of {BIG:,}: {big:.0f} MB")
    assert big - small < 78  # the additional records take 80 MB
