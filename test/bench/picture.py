#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws doc/page.png, the picture of the gateway's page in the guide.

    test/bench/picture.py [--light] [--width N] [--seconds N] FILE.png

A real gateway and the real page in headless Chromium. The farm is make-believe: servers that wait
instead of compiling, and four builds that ask for places as clients do, all in this one process and
in namespaces of its own (as root). pngquant makes the file smaller where it is installed.
"""

import argparse
import asyncio
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))

from lib import browser, lease, peers, wait  # noqa: E402  pylint: disable=wrong-import-position

FARM = {"build1": (8, 1.0), "build2": (8, 1.1), "atlas": (12, .7), "rack-3": (6, 1.6), "attic": (4, 3.0), "laptop-eva": (2, 2.2)}
BUILDS = {  # label: (jobs at once, seconds of a job, compiler, sources)
    "llvm-18.1": (22, 5.2, "g++", "ADT APFloat APInt CodeGen DAGCombiner InstCombine Lexer LoopVectorize ParseDecl ScalarEvolution "
                  "SelectionDAG SemaExpr SROA TargetLowering Verifier X86ISelLowering".split()),
    "linux-6.12": (12, 1.7, "gcc", "af_inet dcache exec ext4_jbd2 fork inode mmap namei page_alloc sched_fair slub tcp_input".split()),
    "qtbase-6.8": (6, 3.1, "g++", "qabstractitemmodel qevent qpainter qregion qstring qtextlayout qvariant qwidget".split()),
    "openssl-3.4": (4, .8, "gcc", "bn_exp ec_mult p12_add rsa_ossl s3_lib sha512 x509_vfy".split()),
}
SUFFIX = {"g++": ".cpp", "gcc": ".c"}
ANSWER = b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000004\x7fELF"
LOCAL = ["conftest"] * 9 + ["output-stdout"] * 2 + ["preprocess-only"] * 3


async def serve(reader, writer, speed):
    """A distccd: the source's first word says how long it takes."""
    request = await reader.readuntil(b"DOTI")
    size = int(await reader.readexactly(8), 16)
    seconds = float((await reader.readexactly(size)).split()[0])
    assert request.startswith(b"DIST00000001")
    await asyncio.sleep(seconds * speed)
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


async def message_from(reader):
    head = await reader.readexactly(12)
    return head[:4], await reader.readexactly(int(head[4:], 16))


async def client(path, label, source, compiler, seconds):
    """One job in the lease dialect."""
    reader, writer = await asyncio.open_unix_connection(path)
    text = f"{seconds:.3f} ".encode() + bytes(20000)
    writer.write(b"GATE00000001" + lease.message("WANT", kind="compile", proto="1", modes="relay", compiler=compiler, source=source,
                                                 build=label) + lease.message("REDY", size=len(text)))
    while (await message_from(reader))[0] != b"GRNT":
        pass
    words = [compiler, "-c", source, "-o", "x.o"]
    writer.write(b"DIST00000001" + b"ARGC%08x" % len(words) + b"".join(b"ARGV%08x" % len(w) + w.encode() for w in words) +
                 b"DOTI%08x" % len(text) + text)
    await reader.read()
    writer.close()


async def tell_local(path, label):
    """A client's note that it ran something itself."""
    _, writer = await asyncio.open_unix_connection(path)
    writer.write(b"GATE00000001" + lease.message("NOTE", where="local", reason=random.choice(LOCAL), build=label))
    await writer.drain()
    writer.close()


async def build(path, label):
    """As many clients as make -jN keeps."""
    jobs, seconds, compiler, sources = BUILDS[label]

    async def lane(number):
        await asyncio.sleep(number * .05)
        while True:
            source = random.choice(sources) + SUFFIX[compiler]
            await asyncio.sleep(random.expovariate(12))
            await client(path, label, source, compiler, seconds * random.lognormvariate(0, .5))
            if random.random() < .04:
                await tell_local(path, label)
    await asyncio.gather(*(lane(number) for number in range(jobs)))


async def farm(path, seconds, fault):
    for i, (slots, speed) in enumerate(FARM.values()):
        await asyncio.start_server(lambda r, w, s=speed: serve(r, w, s), f"127.0.0.{i + 2}", 3632, backlog=slots)
    builds = asyncio.gather(*(build(path, label) for label in BUILDS))
    await asyncio.sleep(seconds)
    fault()
    await asyncio.sleep(2)
    builds.cancel()
    await asyncio.gather(builds, return_exceptions=True)


def draw(args, place):
    hosts = "".join(f"127.0.0.{i + 2} {name}\n" for i, name in enumerate([*FARM, "cellar"]))
    entries = [f"{name}/{slots}" for name, (slots, _) in FARM.items()] + ["cellar/4"]  # where nobody listens
    (place / "hosts").write_text(hosts)
    subprocess.run(["mount", "--bind", place / "hosts", "/etc/hosts"], check=True)
    (place / "distcc").mkdir()
    (place / "distcc" / "gateway.hosts").write_text("\n".join(entries))
    subprocess.run(["mount", "--bind", place / "distcc", "/etc/distcc"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    gate = peers.Gateway(place / "g", entries, extra=["--http", "127.0.0.1:8080"])
    gate.command[gate.command.index("--hosts") + 1] = "/etc/distcc/gateway.hosts"
    with gate, browser.Browser(place / "profile") as view:
        view.show("http://127.0.0.1:8080/", width=args.width, height=1000, dark=not args.light)
        asyncio.run(farm(str(gate.path), args.seconds, lambda: view.screenshot(args.file)))
        wait.until(lambda: not view.errors, f"a page without errors: {view.errors}")
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--ext", ".png", "--speed", "1", "--strip", "96", args.file], check=True)
    print(f"{args.file}: {os.path.getsize(args.file)} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--seconds", type=float, default=62)
    args = parser.parse_args()
    if "DISTCC_PICTURE" not in os.environ:
        os.environ["DISTCC_PICTURE"] = str(time.time())
        os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private", sys.executable, *sys.argv])
    random.seed(4)
    with tempfile.TemporaryDirectory() as place:
        draw(args, pathlib.Path(place))


if __name__ == "__main__":
    main()
