"""How a crawl compares with reading the same records from a file, in time and in memory."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BIN, ROOT
from live import crawl_file, land_file, measured, model

BIG, SMALL = 50_000, 10_000


def write_records(path: Path, count: int) -> Path:
    """Records of 2 kB, as the Hub's are, that hardly compress."""
    noise = random.Random(count)
    with path.open("wb") as file:
        for number in range(count):
            file.write(model(number, cardData={"text": noise.randbytes(850).hex()}) + b"\n")
    return path


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, tuple[Path, str]]]:
    """Fake hubs in processes of their own, by the number of records: their file and address."""
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


def test_a_crawl_takes_hardly_longer_than_landing_the_same_bytes_from_a_file(
    hubs: dict[int, tuple[Path, str]], tmp_path: Path
) -> None:
    path, url = hubs[SMALL]
    # The machine may be busy with other things for a while; the best of several tries in turn is a fair measure.
    files, crawls = [], []
    for number in range(4):
        files.append(measured(land_file, tmp_path / f"file-{number}.duckdb", path)[0])
        crawls.append(measured(crawl_file, tmp_path / f"crawl-{number}.duckdb", url)[0])
    multiple = min(crawls) / min(files)
    print(f"a crawl takes {multiple:.2f} times as long as the file: {min(crawls):.2f} s, {min(files):.2f} s")
    assert multiple < 3.0  # 1.0 to 1.3 on a quiet machine with two cores; a busy one has given 2


def test_a_crawl_of_more_records_takes_no_more_memory(hubs: dict[int, tuple[Path, str]], tmp_path: Path) -> None:
    small, big = (
        measured(crawl_file, tmp_path / f"{count}.duckdb", hubs[count][1], memory_limit="50MB")[1]
        for count in (SMALL, BIG)
    )
    print(f"peak memory of {SMALL:,} records: {small:.0f} MB, of {BIG:,}: {big:.0f} MB")
    assert big - small < 78  # the records themselves are 80 MB more
