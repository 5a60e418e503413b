# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the matrix gives what a local compile gives, wherever it runs; and it runs where the
row says. All rows of a lane share one server, and run two at a time in directories of their own."""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

import matrix
from lib import compare, peers

# Every so many rows go that way; all of them all ways with "test/run --soak matrix".
SOAK = bool(os.environ.get("DISTCC_SOAK"))
LANES = {"stock": 1 if SOAK else 4, "ours": 1 if SOAK else 20, "gateway": 1 if SOAK else 20}
THREADS = 2
RESULT = re.compile(r"result: source=.* where=(\w+) server=.* reason=(\S+) ms=")
# gcc's quote of a source line, and what is drawn below and beside it.
QUOTED = re.compile(rb"^ *([0-9]+|\+\+\+)? \|.*\n?", re.MULTILINE)
COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")


def _run(place, row, prefix, env):
    return place.run([*prefix, row.compiler, *row.words], {**env, **dict(row.env)}, stdin=row.stdin)


def _strip_debug(content):
    if not content or not content.startswith(b"\x7fELF"):
        return content
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "object"
        path.write_bytes(content)
        subprocess.run(["strip", "-g", str(path)], stderr=subprocess.DEVNULL, check=True)
        return path.read_bytes()


def _names_in_dwarf(content):
    """The compilation units' names and directories."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        done = subprocess.run(["readelf", "--debug-dump=info", file.name], capture_output=True, check=False)
    unit = re.findall(rb"DW_TAG_compile_unit\)\n(.*?)\n <", done.stdout, re.DOTALL)
    return [re.findall(rb"DW_AT_(?:name|comp_dir) .*: (.*)", attributes) for attributes in unit]


def _text(row, where, text):
    """stderr without what a stock server cannot give."""
    if where == "remote" and not row.compiler.startswith("clang"):
        return QUOTED.sub(b"", COLOUR.sub(b"", text)) if b"\x1b[" in text else QUOTED.sub(b"", text)
    return text


def _differences(row, where, local, distributed):
    found = []
    if distributed.rc != local.rc:
        found.append(f"rc {distributed.rc}, locally {local.rc}")
    if distributed.stdout != local.stdout:
        found.append(f"stdout {distributed.stdout!r}, locally {local.stdout!r}")
    if _text(row, where, distributed.stderr) != _text(row, where, local.stderr):
        found.append(f"stderr\n{distributed.stderr.decode(errors='replace')}\nlocally\n{local.stderr.decode(errors='replace')}")
    if sorted(distributed.files) != sorted(local.files):
        found.append(f"files {sorted(set(distributed.files) ^ set(local.files))}")
        return found
    for name, content in local.files.items():
        other = distributed.files[name]
        if other == content:
            continue
        if row.debug and where == "remote" and _strip_debug(other) == _strip_debug(content):
            if _names_in_dwarf(other) == _names_in_dwarf(content) and b"distccd_" not in other:
                continue
        found.append(f"bytes of {name}")
    return found


class Lane:
    """All rows of one way to a server, run once; what each gave, by row."""

    def __init__(self, name, root, host, locally):
        self.name = name
        self.root = root
        self.host = host
        self.locally = locally
        self.rows = matrix.ROWS[::LANES[name]] if name == "stock" else matrix.ROWS[len(name)::LANES[name]]
        self.problems = {}

    def _try(self, row, place):
        local = self.locally(row, place)
        state = self.root / "state" / str(id(row))
        state.mkdir(parents=True)
        log = state / "log"
        env = peers.clean_env(HOME=state, DISTCC_DIR=state, TMPDIR=state, DISTCC_HOSTS=self.host, DISTCC_LOG=log)
        distributed = _run(place, row, [peers.CLIENT], env)
        results = RESULT.findall(log.read_text(errors="replace"))
        where = [reason if where == "local" else where for where, reason in results]
        problems = _differences(row, where[0] if where else "", local, distributed)
        if where != [row.where]:
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


@pytest.fixture(scope="module")
def lanes(tmp_path_factory, places, locally):
    """lanes(name) -> the lane, after its one run."""
    done = {}

    def get(name):
        if name not in done:
            root = _open_to_all(tmp_path_factory.mktemp(name))
            with contextlib.ExitStack() as stack:
                host = stack.enter_context({
                    "stock": lambda: peers.stock_server(root / "server", jobs=THREADS),
                    "ours": lambda: peers.our_server(root / "server", jobs=THREADS),
                    "gateway": lambda: peers.our_server(root / "server", jobs=THREADS),
                }[name]())
                if name == "gateway":
                    host = stack.enter_context(peers.Gateway(root / "gateway", f"{host.host}/{THREADS},lzo\n"))
                lane = Lane(name, root, host.host, locally)
                lane.run(places)
            done[name] = lane
        return done[name]
    return get


@pytest.mark.parametrize("row", matrix.ROWS[::LANES["stock"]], ids=lambda row: row.name)
def test_a_row_gives_through_a_stock_server_what_it_gives_locally(lanes, row):
    assert not lanes("stock").problems[row], "\n".join(lanes("stock").problems[row])


@pytest.mark.parametrize("name", ["ours", "gateway"])
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
        return bool(was_sent) and not _differences(row, "remote", local, done)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        jobs = [(row, pool.submit(needless, row, place)) for row, place in decided[::1 if SOAK else 4]]
        needless_rows = [row.name for row, job in jobs if job.result()]
    needless_rows = [name for name in needless_rows if not any(name.startswith(start) for start in HARMLESS)]
    assert not needless_rows, "\n".join(needless_rows)


def test_the_matrix_is_large():
    assert len(matrix.ROWS) >= 200
    assert len({row.name for row in matrix.ROWS}) == len(matrix.ROWS)
