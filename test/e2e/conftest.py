# SPDX-License-Identifier: GPL-2.0-or-later
"""What every end-to-end test has: its own marker in the environment of all its processes (nothing
with it may be left at the end), factories for peers, and a place to compile in."""

import contextlib
import os
import pathlib
import signal
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lib import compare, peers, wait  # noqa: E402

# Skips that CI accepts: what a machine of this kind cannot do, by the start of the reason.
ACCEPTED_SKIPS = ("this kernel has no CONFIG_TLS", "soak only", "the run without sanitizers does this")


# A run in the background ignores it, and all its children would: tests send it to them.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a skip that is not accepted is a failure: it would hide a missing peer."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(accepted in reason for accepted in ACCEPTED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, which must be able to run it: {reason}"


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch):
    """Fails a test that leaves a process behind: each one carries this test's DISTCC_TEST_ID."""
    marker = uuid.uuid4().hex
    monkeypatch.setenv("DISTCC_TEST_ID", marker)
    for name in list(os.environ):
        if name.startswith("DISTCC_") and name not in ("DISTCC_TEST_ID", "DISTCC_SOAK"):
            monkeypatch.delenv(name)
    yield
    left = None

    def gone():
        nonlocal left
        left = wait.processes_with(f"DISTCC_TEST_ID={marker}")
        return not left
    try:
        wait.until(gone, "all processes of the test to be gone", deadline_s=wait.within(5))
    except AssertionError:
        names = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in left
                 if os.path.exists(f"/proc/{pid}")]
        pytest.fail(f"left running: {names}")


@pytest.fixture
def stack():
    """Peers entered here end in reverse order."""
    with contextlib.ExitStack() as entered:
        yield entered


@pytest.fixture
def base(tmp_path):
    """The test's directory, open to the ordinary users that some sandboxes become."""
    for path in (tmp_path, *tmp_path.parents):
        if path == pathlib.Path("/tmp"):
            break
        path.chmod(0o755)
    return tmp_path


@pytest.fixture
def stock_server(stack, base):
    """start(jobs=4, ...) -> a running stock distccd 3.4."""
    count = 0

    def start(**options):
        nonlocal count
        count += 1
        return stack.enter_context(peers.stock_server(base / f"stock{count}", **options))
    return start


@pytest.fixture
def our_server(stack, base):
    """start(jobs=4, unix=None, ...) -> our distccd."""
    count = 0

    def start(**options):
        nonlocal count
        count += 1
        return stack.enter_context(peers.our_server(base / f"ours{count}", **options))
    return start


@pytest.fixture
def gateway(stack, base):
    """start(hosts, pass_fds=None, ...) -> our distcc-gateway."""
    count = 0

    def start(hosts, **options):
        nonlocal count
        count += 1
        return stack.enter_context(peers.Gateway(base / f"g{count}", hosts, **options))
    return start


SMALL_SOURCES = {
    "hello.c": "#include <stdio.h>\n#include \"hello.h\"\nint main(void)\n{\n\tputs(GREETING);\n\treturn 0;\n}\n",
    "hello.h": "#define GREETING \"hello, farm\"\n",
    "sub/shape.cc": "#include <string>\n#include <vector>\n#include \"shape.hh\"\n"
                    "std::string name(const shape &s) { std::vector<int> v(s.sides); return s.label + std::to_string(v.size()); }\n",
    "sub/shape.hh": "#include <string>\nstruct shape { std::string label; unsigned sides; };\n",
    "empty.c": "",
}


@pytest.fixture
def workplace(base):
    """A directory with a few sources, made anew for each run in it."""
    return compare.Workplace(base / "src", SMALL_SOURCES)


@pytest.fixture
def client_env(base):
    """env(hosts, **more) -> the environment of a client that must not fall back."""
    state = base / "state"
    state.mkdir(exist_ok=True)
    state.chmod(0o777)

    def env(hosts, **more):
        return peers.clean_env(**{"HOME": state, "DISTCC_DIR": state, "TMPDIR": state, "DISTCC_HOSTS": hosts,
                                  "DISTCC_FALLBACK": "0", **more})
    return env


@pytest.fixture
def liar(stack, base):
    """A stock server whose gcc fails."""
    tools = base / "liar-tools"
    tools.mkdir()
    for name in ("gcc", "x86_64-linux-gnu-gcc"):
        (tools / name).write_text("#!/bin/sh\necho no >&2\nexit 1\n")
        (tools / name).chmod(0o755)
    server = peers.Server(peers.STOCK_SERVER, base / "liar", extra=["--enable-tcp-insecure"])
    server.env["DISTCCD_PATH"] = str(tools)
    return stack.enter_context(server)
