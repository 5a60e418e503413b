# SPDX-License-Identifier: GPL-2.0-or-later
"""The include server never answers from what was: each change, made after it has answered often enough to trust its
memory, is in the next answer. The header that is changed decides which other header is named."""

import mmap
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest

from lib import pumpask, wait
from lib.pump import IncludeServer

SETTLED_S = 0.05        # of a stamp: younger ones are never trusted
A, B = "#include \"a.h\"\n", "#include \"b.h\"\n"


def rewrite(path):
    path.write_text(B)


def rewrite_with_old_times(path):
    before = path.stat()
    path.write_text(B)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename_over(path):
    (path.parent / "new").write_text(B)
    (path.parent / "new").rename(path)


def remove_and_make(path):
    path.unlink()
    path.write_text(B)


def write_through_another_name(path):
    """...that nobody watches."""
    (path.parents[2] / "elsewhere").mkdir()
    other = path.parents[2] / "elsewhere" / "other"
    os.link(path, other)
    other.write_text(B)


def write_through_a_mapping(path):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), len(B)) as memory:
        memory[:] = B.encode()


def append_by_an_old_descriptor(path):
    with open(path, "w", encoding="ascii") as file:
        path.rename(path.parent / "aside")
        (path.parent / "aside").rename(path)
        file.write(B)


def rename_its_directory(path):
    path.parent.rename(path.parents[1] / "old")
    shutil.copytree(path.parents[1] / "old", path.parent)
    path.write_text(B)


def rename_a_directory_above(path):
    top = path.parents[1]
    shutil.copytree(top, top.parent / "copy")
    (top.parent / "copy" / "inc" / "h.h").write_text(B)
    top.rename(top.parent / "old")
    (top.parent / "copy").rename(top)


def put_a_link_in_the_way(path):
    shutil.copytree(path.parent, path.parents[1] / "other")
    (path.parents[1] / "other" / "h.h").write_text(B)
    path.parent.rename(path.parents[1] / "old")
    path.parent.symlink_to("other")


def come_earlier_on_the_path(path):
    (path.parents[1] / "first" / "h.h").write_text(B)


def come_earlier_with_its_directory(path):
    (path.parents[1] / "new" / "below").mkdir(parents=True)
    (path.parents[1] / "new" / "below" / "h.h").write_text(B)


def come_earlier_by_renaming(path):
    (path.parents[1] / "made").mkdir()
    (path.parents[1] / "made" / "h.h").write_text(B)
    (path.parents[1] / "made").rename(path.parents[1] / "later")


def vanish(path):
    path.unlink()


def lose_permission(path):
    path.unlink()
    path.mkdir()


def be_written_among_many(path):
    """So many changes that the kernel's queue overflows."""
    for number in range(9000):
        other = path.parent / f"x{number}"
        other.write_text("")
        other.unlink()
    path.write_text(B)


CHANGES = [rewrite, rewrite_with_old_times, rename_over, remove_and_make, write_through_another_name, write_through_a_mapping,
           append_by_an_old_descriptor, rename_its_directory, rename_a_directory_above, put_a_link_in_the_way, come_earlier_on_the_path,
           come_earlier_with_its_directory, come_earlier_by_renaming, vanish, lose_permission, be_written_among_many]


def make_project(top):
    for name, text in (("t.c", "#include <h.h>\n"), ("inc/h.h", A), ("inc/a.h", ""), ("inc/b.h", ""), ("first/other.h", ""), ("last/h.h", B)):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    for name in ("a.h", "b.h"):
        for directory in ("first", "last"):
            (top / directory / name).write_text("")


COMMAND = ["gcc", "-Ifirst", "-Inew/below", "-Ilater", "-Iinc", "-Ilast", "-c", "t.c"]


def ask_until_it_remembers(includes, top):
    """What the file includes: the names of a.h and b.h that are sent."""
    time.sleep(SETTLED_S)
    answers = [included(includes, top) for _ in range(4)]
    assert len(set(answers)) == 1
    return answers[0]


def included(includes, top):
    names = pumpask.names(includes.socket, top, COMMAND)
    return tuple(sorted(name.removesuffix(".lzo").rsplit("/", 1)[1] for name in names if name.endswith(("/a.h.lzo", "/b.h.lzo"))))


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    with IncludeServer(tmp_path_factory.mktemp("pump") / "server") as server:
        yield server


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("where", ["disk", "memory"])
def test_each_change_is_in_the_next_answer(where, change, tmp_path, stack, shared_server):
    top = tmp_path
    if where == "memory":
        top = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="distcc-stale-")))
    top = top / "home" / "p"
    make_project(top)
    assert ask_until_it_remembers(shared_server, top) == ("a.h",)
    change(top / "inc" / "h.h")
    assert included(shared_server, top) == ("b.h",)
    assert ask_until_it_remembers(shared_server, top) == ("b.h",)
    # and back, since what was watched may have been replaced
    for directory in ("first", "inc", "last"):
        if (top / directory / "h.h").is_file():
            (top / directory / "h.h").write_text(A)
    for directory in ("new/below", "later"):
        if (top / directory / "h.h").is_file():
            (top / directory / "h.h").unlink()
    assert included(shared_server, top) == ("a.h",)


def test_other_names_in_the_same_directories_cost_nothing(base):
    """A build writes its objects beside its sources: that makes no answer doubtful, and none stale."""
    top = base / "p"
    make_project(top)
    with IncludeServer(base / "pump", "-s", "--time") as server:
        assert ask_until_it_remembers(server, top) == ("a.h",)
        for number in range(50):
            (top / "inc" / f"{number}.o").write_text("")
            (top / "first" / f"{number}.o").write_text("")
            assert included(server, top) == ("a.h",)
        (top / "first" / "h.h").write_text(B)
        assert included(server, top) == ("b.h",)
    wait.until(lambda: "answered from memory" in server.log, "its counters")
    assert re.search(r"^include server: elapsed \d+\.\d\d s, user \d+\.\d\d s, system \d+\.\d\d s, user\+system \d+\.\d\d s$", server.log, re.M)
    remembered = int(re.search(r"(\d+) answered from memory", server.log)[1])
    assert remembered >= 50, server.log


def test_a_mount_over_a_directory_is_noticed(base):
    """In a mount namespace of its own, which ends with the test."""
    top = base / "p"
    make_project(top)
    shutil.copytree(top / "inc", base / "other")
    (base / "other" / "h.h").write_text(B)
    directory = base / "pump"
    with subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout.readline() == "ready\n"
        enter = ["nsenter", "--mount", "-t", str(keeper.pid)]
        with IncludeServer(directory, prefix=enter) as server:
            assert ask_until_it_remembers(server, top) == ("a.h",)
            subprocess.run([*enter, "mount", "--bind", base / "other", top / "inc"], check=True)
            assert included(server, top) == ("b.h",)
            assert ask_until_it_remembers(server, top) == ("b.h",)
            subprocess.run([*enter, "umount", top / "inc"], check=True)
            assert included(server, top) == ("a.h",)


@pytest.mark.parametrize("change", [rewrite_with_old_times, rename_over, remove_and_make, come_earlier_on_the_path], ids=lambda change: change.__name__)
def test_where_the_kernel_tells_nothing_each_request_looks(change, base):
    """An overlay is a file system whose lower half may be changed by others."""
    for name in ("lower", "upper", "work", "top"):
        (base / name).mkdir()
    make_project(base / "lower" / "home" / "p")
    with subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                           f"mount -t overlay none -o lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work {base}/top && "
                           "echo ready && exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:
        if keeper.stdout.readline() != "ready\n":
            pytest.skip("no overlay file system here")
        enter = ["nsenter", "--mount", "-t", str(keeper.pid)]
        top = base / "top" / "home" / "p"
        with IncludeServer(base / "pump", prefix=enter) as server:
            assert ask_until_it_remembers(server, top) == ("a.h",)
            script = f"import pathlib, test_pump_stale as t; t.{change.__name__}(pathlib.Path('{top}/inc/h.h'))"
            subprocess.run([*enter, "/usr/bin/env", f"PYTHONPATH={pathlib.Path(__file__).parent}", "/usr/bin/python3", "-B", "-c", script], check=True)
            assert included(server, top) == ("b.h",)
