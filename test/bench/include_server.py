#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the include server costs, beside `gcc -E` of the same units in the same run.

    test/bench/include_server.py [--packages | --boost] [--units N]

CPU times are those that the kernel charged to the include server and its compilers (first request), as a part of
what the preprocessor took. The units are this project's sources and one for each standard C++ header; --packages takes
500 C and 200 C++ units of three source packages from Debian instead (fetched and built once: minutes), --boost
one for each header of /usr/include/boost, copied out of the system's directory so that it counts.
"""

import argparse
import multiprocessing
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))
from lib import packages  # noqa: E402  pylint: disable=wrong-import-position
from lib.pump import IncludeServer  # noqa: E402  pylint: disable=wrong-import-position


def ask(path, message):
    """The whole answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(message)
        data = b""
        while part := sock.recv(1 << 20):
            data += part
    return data


def message_of(cwd, words):
    words = [os.fsencode(word) for word in words]
    cwd = os.fsencode(cwd)
    return b"".join((b"CDIR%08x" % len(cwd), cwd, b"ARGC%08x" % len(words), *(b"ARGV%08x" % len(word) + word for word in words)))


def cpu_s(pid):
    """Of all its threads and of the compilers that it asked."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return total / 1e9 + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    line = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def own_units(directory, limit):
    """(cwd, command) for this project's C sources and for each standard C++ header."""
    units = [(TOP, ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-DPACKAGE_VERSION=\"4\"", "-DSYSCONFDIR=\"/etc\"", "-DGNU_HOST=\"x\"", "-DNATIVE_TRIPLE=\"x\"",
                    f"-I{TOP}/src", f"-I{TOP}", "-c", str(path.relative_to(TOP))]) for path in sorted(TOP.glob("src/*/*.c"))]
    headers = next(iter(sorted(pathlib.Path("/usr/include/c++").iterdir(), reverse=True)))
    for header in sorted(path.name for path in headers.iterdir() if path.is_file()):
        (directory / f"{header}.cc").write_text(f"#include <{header}>\n")
        units.append((directory, ["g++", "-std=c++17", "-c", f"{header}.cc"]))
    return units[:limit]


def boost_units(directory, limit):
    shutil.copytree("/usr/include/boost", directory / "include" / "boost")
    units = []
    for number, header in enumerate(sorted((directory / "include").rglob("*.hpp"))):
        (directory / f"u{number}.cc").write_text(f"#include <{header.relative_to(directory / 'include')}>\n")
        units.append((directory, ["g++", "-Iinclude", "-c", f"u{number}.cc"]))
    return units[::max(1, len(units) // limit)]


def package_units(_directory, _limit):
    cache = pathlib.Path(os.environ.get("DISTCC_TEST_PACKAGES", "/var/tmp/distcc-test-packages"))
    cache.mkdir(parents=True, exist_ok=True)
    in_c, in_cxx = [packages.compile_commands(name, cache) for name in ("git", "coreutils")], packages.compile_commands("bullet", cache)
    return (in_c[0][:250] + in_c[1])[:500] + in_cxx[:200]


def in_many_directories(directory, unit, count):
    """The unit's source, copied into so many directories of its own, as recursive makes have them."""
    cwd, command = unit
    source = next(word for word in command if word.endswith((".c", ".cc", ".cpp")))
    text = (pathlib.Path(cwd) / source).read_bytes()
    words = [f"-iquote{(pathlib.Path(cwd) / source).parent}" if word == "-c" else word for word in command if word != source]
    words = [f"-I{pathlib.Path(cwd) / word[2:]}" if word.startswith("-I") else word for word in words]
    messages = []
    for number in range(count):
        place = directory / "places" / str(number)
        place.mkdir(parents=True)
        (place / "unit.c").write_bytes(text)
        messages.append(message_of(place, [*words, f"-I{cwd}", "-c", "unit.c"]))
    return messages


def preprocess(units):
    """CPU seconds of `gcc -E` for each unit that it can do, and those units."""
    good, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = []
    for cwd, command in units:
        done = subprocess.run([*packages.without_outputs(command), "-E", "-o", "/dev/null"], cwd=cwd, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode == 0:
            good.append((cwd, command))
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        before = after
    return spent, good


def hammer(arguments):
    path, messages, seconds = arguments
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        ask(path, messages[count % len(messages)])
        count += 1
    return count


def report(name, spent, count, yardstick):
    print(f"{name:34} {1e3 * spent / count:8.3f} ms CPU each   1/{yardstick / (spent / count):.0f} of the preprocessor")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=400)
    parser.add_argument("--boost", action="store_true")
    parser.add_argument("--packages", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        units = (boost_units if options.boost else package_units if options.packages else own_units)(directory, options.units)
        spent, units = preprocess(units)
        yardstick = sum(spent) / len(units)
        print(f"{len(units)} units, preprocessor {1e3 * yardstick:.1f} ms CPU each")
        messages = [message_of(cwd, command) for cwd, command in units]
        with IncludeServer(directory / "pump") as server:
            path = str(server.socket)

            def measure(what, wanted):
                start, answers = cpu_s(server.pid), [ask(path, message) for message in wanted]
                report(what, cpu_s(server.pid) - start, len(wanted), yardstick)
                return answers
            begin = time.monotonic()
            measure("first request (asks the compiler)", messages[:1])
            print(f"{'':34} {1e3 * (time.monotonic() - begin):8.1f} ms until its answer")
            covered, worst = 0, 0.0
            start = cpu_s(server.pid)
            for message, alone in zip(messages, spent):
                before = cpu_s(server.pid)
                covered += ask(path, message) != b"ARGC00000000"
                worst = max(worst, (cpu_s(server.pid) - before) / alone)
            report("all, for the first time", cpu_s(server.pid) - start, len(messages), yardstick)
            print(f"the worst of them: {worst:.2f} of its preprocessor run")
            print(f"covered: {covered} of {len(messages)}")
            for turn in range(3):
                measure("cold: files known, command new", [message_of(cwd, [*command, f"-DTHIS_IS={turn}"]) for cwd, command in units])
            time.sleep(0.1)     # files of the last clock tick are never remembered
            measure("the same again", messages)
            for _ in range(3):
                measure("warm", messages)
            print(f"memory {memory_mb(server.pid):.0f} MB")
            if not options.boost:
                many = [message_of(units[0][0], [*units[0][1], f"-DN={number}"]) for number in range(3000)]
                measure("3000 values of a -D, first 100", many[:100])
                measure("3000 values of a -D, last 100", many[100:][-100:] if not [ask(path, m) for m in many[100:-100]] else many[-100:])
                print(f"memory {memory_mb(server.pid):.0f} MB")
                places = in_many_directories(directory, units[0], 500)
                measure("500 working directories, first 100", places[:100])
                for message in places[100:400]:
                    ask(path, message)
                measure("500 working directories, last 100", places[400:])
                print(f"memory {memory_mb(server.pid):.0f} MB")
            start, spent = time.monotonic(), cpu_s(server.pid)
            with multiprocessing.Pool(8) as pool:
                done = sum(pool.map(hammer, [(path, messages, 3.0)] * 8))
            print(f"8 clients: {done / (time.monotonic() - start):.0f} requests a second, "
                  f"{1e6 * (cpu_s(server.pid) - spent) / done:.0f} us CPU of the include server each")


if __name__ == "__main__":
    main()
