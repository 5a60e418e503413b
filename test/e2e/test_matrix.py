# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the matrix gives what a local compile gives, wherever it runs; and it runs where the
row says. All rows of a lane share one server, and run two at a time in directories of their own."""

import concurrent.futures
import contextlib
import os
import re

import pytest

import matrix
from lib import compare, equality, peers

# Every so many rows go that way; all of them all ways with "test/run --soak matrix".
SOAK = bool(os.environ.get("DISTCC_SOAK"))
LANES = {"stock": (0, 4), "ours": (4, 20), "unix": (9, 20), "gateway": (14, 20), "exact": (17, 20)}    # the first row, and the step
THREADS = 2
RESULT = re.compile(r"result: source=.* where=(\w+) server=.* reason=(\S+) ms=")


def _run(place, row, prefix, env):
    return place.run([*prefix, row.compiler, *row.words], {**env, **dict(row.env)}, stdin=row.stdin)


def _rows(lane):
    first, step = LANES[lane]
    return matrix.ROWS if SOAK else matrix.ROWS[first::step]


class Lane:
    """All rows of one way to a server, run once; what each gave, by row."""

    def __init__(self, name, root, host, locally):
        self.name = name
        self.root = root
        self.host = host
        self.locally = locally
        self.rows = _rows(name)
        self.problems = {}

    def _try(self, row, place):
        local = self.locally(row, place)
        state = self.root / "state" / str(id(row))
        state.mkdir(parents=True)
        log = state / "log"
        is_exact = self.name == "exact"
        env = peers.clean_env(HOME=state, DISTCC_DIR=state, TMPDIR=state, DISTCC_HOSTS=self.host, DISTCC_LOG=log,
                              DISTCC_EXACT="1" if is_exact else None)
        distributed = _run(place, row, [peers.CLIENT], env)
        results = RESULT.findall(log.read_text(errors="replace"))
        where = [reason if where == "local" else where for where, reason in results]
        # with DISTCC_EXACT nothing is excused
        excused = "" if is_exact or not where else where[0]
        problems = equality.differences(row.compiler, excused, local, distributed, row.debug)
        if where != [row.where] and not (is_exact and where == ["exact"]):
            problems.append(f"ran {where}, not {row.where}")
        return problems

    def run(self, places):
        rows = set(self.rows)
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            jobs = {row: pool.submit(self._try, row, place) for row, place in places if row in rows}
            self.problems = {row: job.result() for row, job in jobs.items()}


def _open_to_all(root):
    """Servers become an ordinary user."""
    for path in (root, *root.parents):
        if str(path) == "/tmp":
            break
        path.chmod(0o755)
    return root


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A directory for each row."""
    root = tmp_path_factory.mktemp("m")
    return [(row, compare.Workplace(root / f"{number}" / "src", matrix.FILES)) for number, row in enumerate(matrix.ROWS)]


@pytest.fixture(scope="module")
def locally():
    """locally(row, place) -> what the compiler alone gives; asked once for each row."""
    known = {}

    def run(row, place):
        if row not in known:
            known[row] = _run(place, row, [], peers.clean_env())
        return known[row]
    return run


def _enter_way(stack, name, root):
    """The host list entry of a way to a server of its own."""
    if name == "ours":
        return stack.enter_context(peers.our_server(root / "server", jobs=THREADS)).host
    if name == "unix":
        stack.enter_context(peers.our_server(root / "server", jobs=THREADS, unix=root / "socket"))
        return f"unix:{root / 'socket'}/{THREADS},raw"
    host = stack.enter_context(peers.stock_server(root / "server", jobs=THREADS)).host
    if name == "gateway":
        return stack.enter_context(peers.Gateway(root / "gateway", f"{host}/{THREADS},lzo\n")).host
    return host


@pytest.fixture(scope="module")
def lanes(tmp_path_factory, places, locally):
    """lanes(name) -> the lane, after its one run."""
    done = {}

    def get(name):
        if name not in done:
            root = _open_to_all(tmp_path_factory.mktemp(name))
            with contextlib.ExitStack() as stack:
                host = _enter_way(stack, name, root)
                lane = Lane(name, root, host, locally)
                lane.run(places)
            done[name] = lane
        return done[name]
    return get


@pytest.mark.parametrize("row", _rows("stock"), ids=lambda row: row.name)
def test_a_row_gives_through_a_stock_server_what_it_gives_locally(lanes, row):
    assert not lanes("stock").problems[row], "\n".join(lanes("stock").problems[row])


@pytest.mark.parametrize("name", ["ours", "unix", "gateway", "exact"])
def test_rows_give_the_same_through(lanes, name):
    problems = {row.name: found for row, found in lanes(name).problems.items() if found}
    assert not problems, "\n".join(f"{name}: {found}" for name, found in problems.items())


# Here the file that is named, or looked for, happens to change nothing; with another one it would.
HARMLESS = [
    "gcc -B. ", "clang -B. ", "gcc -Wa,-I,dir ", "clang -Wa,-I,dir ", "gcc -wrapper env ", "gcc -fbranch-probabilities ",
    "DEPENDENCIES_OUTPUT=", "SUNPRO_DEPENDENCIES=",     # appended to by each of several runs
]


def test_what_runs_here_would_be_wrong_from_a_server_of_distcc_3_4(tmp_path_factory, places, locally, stock_server):
    """Of the rows that are local by decision, the stock client sends some; each of them comes back wrong."""
    host = stock_server(jobs=THREADS).host
    state = tmp_path_factory.mktemp("stock-client")
    decided = [(row, place) for row, place in places if row.where not in ("remote", "remote-status", "preprocessor-failed")]

    def needless(row, place):
        own = state / str(id(row))
        own.mkdir()
        local = locally(row, place)
        done = _run(place, row, [peers.STOCK_CLIENT],
                    peers.clean_env(HOME=own, DISTCC_DIR=own, TMPDIR=own, DISTCC_HOSTS=host, DISTCC_LOG=own / "log"))
        was_sent = re.search(r" on 127\.0\.0\.1:\d+ completed ok", (own / "log").read_text(errors="replace"))
        return bool(was_sent) and not equality.differences(row.compiler, "remote", local, done, row.debug)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        jobs = [(row, pool.submit(needless, row, place)) for row, place in decided[::1 if SOAK else 4]]
        needless_rows = [row.name for row, job in jobs if job.result()]
    needless_rows = [name for name in needless_rows if not any(name.startswith(start) for start in HARMLESS)]
    assert not needless_rows, "\n".join(needless_rows)


@pytest.mark.parametrize("option, report", [("-ftime-trace", "simple.json"), ("-fproc-stat-report=stat.csv", "stat.csv"),
                                            ("-fproc-stat-report", None)])
def test_reports_that_no_two_runs_write_alike_are_there(tmp_path, stock_server, option, report):
    server = stock_server()
    place = compare.Workplace(tmp_path / "src", {"simple.c": matrix.FILES["simple.c"]})
    command = ["clang", option, "-c", "simple.c"]
    local = place.run(command, peers.clean_env())
    done = place.run([peers.CLIENT, *command], peers.clean_env(HOME=tmp_path, DISTCC_HOSTS=server.host))
    assert (done.rc, done.stderr, sorted(done.files)) == (local.rc, local.stderr, sorted(local.files))
    assert not report or done.files[report]
    assert bool(done.stdout) == bool(local.stdout)
    assert done.files["simple.o"] == local.files["simple.o"]
    assert server.count() == 0


def test_the_matrix_is_large():
    assert len(matrix.ROWS) >= 200
    assert len({row.name for row in matrix.ROWS}) == len(matrix.ROWS)
