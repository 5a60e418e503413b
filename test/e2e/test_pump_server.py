# SPDX-License-Identifier: GPL-2.0-or-later
"""Version 3 at the server: what comes back is what a compile at the client gives, in every byte, also
where the kernel gives the job no file system of its own."""

import os
import subprocess

import pytest

from lib import peers, wire

SOURCES = {
    "main.c": b"#include <stdio.h>\n#include \"sub/../inc.h\"\n#include <own.h>\n"
              b"int main(void)\n{\n\tint unused;\n\tputs(__FILE__ OWN);\n\treturn V;\n}\n",
    "inc.h": b"#define V 7\n",
    "sub/deep.c": b"#include \"../inc.h\"\nconst char *f(void) { return __FILE__; }\nint v = V;\n",
    "own/own.h": b"#define OWN __FILE__\nstatic inline int own(int a) { return a * 3; }\n",
    "bad.c": b"#include \"inc.h\"\nint main(void) { return missing; }\n",
    "shape.cc": b"#include <string>\n#include <vector>\nstd::string f(int n) { std::vector<int> v(n); return std::to_string(v.size()); }\n",
}

COMMANDS = {
    "debug and dependencies": ["gcc", "-g", "-O2", "-Wall", "-MD", "-I{p}/own", "-c", "main.c", "-o", "main.o"],
    "joined and separate": ["gcc", "-g", "-MMD", "-MP", "-MT", "tgt", "-I", "{p}/own", "-isystem", "own", "-c", "main.c", "-omain.o"],
    "an absolute source": ["gcc", "-g", "-MD", "-Iown", "-c", "{p}/main.c", "-o", "main.o"],
    "an absolute output": ["gcc", "-g", "-MD", "-Iown", "-c", "main.c", "-o", "{p}/sub/main.o"],
    "below": ["gcc", "-g3", "-MD", "-c", "sub/deep.c", "-o", "sub/deep.o"],
    "include by option": ["gcc", "-g", "-MD", "-include", "{p}/inc.h", "-c", "sub/deep.c", "-o", "deep.o"],
    "assembly": ["gcc", "-S", "-O1", "-MD", "-Iown", "-o", "main.s", "main.c"],
    "an error": ["gcc", "-c", "bad.c", "-o", "bad.o"],
    "c++": ["g++", "-g", "-O1", "-MD", "-c", "shape.cc", "-o", "shape.o"],
    "clang": ["clang", "-g", "-O2", "-MD", "-Iown", "-c", "main.c", "-o", "main.o"],
    "old debug format": ["gcc", "-gdwarf-4", "-MD", "-Iown", "-c", "main.c", "-o", "main.o"],
}


def system_dirs():
    text = subprocess.run(["g++", "-v", "-E", "-x", "c++", "/dev/null"], capture_output=True, text=True, check=True).stderr
    block = text.split("#include <...> search starts here:")[1].split("End of search list")[0]
    found = {os.path.realpath(line) for line in block.split()}
    # as clients do: what is below another is reached through that one
    return sorted(path for path in found if not any(path.startswith(other + "/") for other in found))


@pytest.fixture
def project(base):
    top = base / "home" / "p"
    for name, content in SOURCES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
    return top


def sent_files(top):
    files = [(str(top / name), content) for name, content in SOURCES.items()]
    return files + [wire.system_link(path) for path in system_dirs()] + [(str(top / "sub/forcing_technique_271828"), b"")]


def as_there(argv, top):
    return [word.format(p=top) for word in argv]


@pytest.mark.parametrize("extra", [(), ("--no-view",), ("--sandbox=off",)], ids=["view", "mapped", "not confined"])
@pytest.mark.parametrize("name", COMMANDS)
def test_everything_is_as_if_compiled_at_the_client(our_server, project, name, extra):
    argv = as_there(COMMANDS[name], project)
    local = subprocess.run(argv, cwd=project, capture_output=True, env=peers.clean_env(), check=False)
    output = next(argv[i + 1] if word == "-o" else word[2:] for i, word in enumerate(argv) if word.startswith("-o"))
    server = our_server(jobs=1, extra=extra)
    reply = wire.ask(server.port, wire.pump(argv, str(project), sent_files(project)))
    assert reply["DONE"] == 3
    assert reply["STAT"] == local.returncode << 8, reply["SERR"]
    assert reply["SERR"] == local.stderr
    if local.returncode:
        assert reply["DOTO"] == b"" and "DOTD" not in reply
        return
    assert reply["DOTO"] == (project / output).read_bytes()
    deps = project / (output.rsplit(".", 1)[0] + ".d")
    assert reply["DOTD"] == deps.read_bytes()


def test_links_of_the_clients_tree_lead_to_its_files(our_server, project):
    server = our_server(jobs=1)
    for extra in ([(str(project / "link.h"), str(project / "inc.h"))], [(str(project / "link.h"), "inc.h")]):
        files = [(str(project / "inc.h"), b"#define V 7\n"), (str(project / "m.c"), b"#include \"link.h\"\nint v = V;\n"), *extra]
        reply = wire.ask(server.port, wire.pump(["gcc", "-c", "m.c", "-o", "m.o"], str(project), files))
        assert reply["STAT"] == 0, reply


def test_a_tree_among_the_systems_directories(our_server):
    """/usr/src/x is the client's, the rest of /usr the server's."""
    server = our_server(jobs=1)
    files = [("/usr/src/x/m.c", b"#include <stdio.h>\n#include \"m.h\"\nint v = V;\n"), ("/usr/src/x/m.h", b"#define V 3\n"),
             *[wire.system_link(path) for path in system_dirs()]]
    reply = wire.ask(server.port, wire.pump(["gcc", "-g", "-c", "/usr/src/x/m.c", "-o", "m.o"], "/usr/src/x", files))
    assert reply["STAT"] == 0, reply
    assert b"/usr/src/x" in reply["DOTO"] and server.tmp.name.encode() not in reply["DOTO"]


BAD_NAMES = ["relative.c", "/a/../../etc/x", "/a/./b", "//a", "/a//b", "/", "/a/", "/.distccd/x", "/" + "n" * 300, ""]


@pytest.mark.parametrize("extra", [(), ("--no-view",)], ids=["view", "mapped"])
def test_names_and_links_that_lead_out_are_a_bad_request(our_server, project, extra):
    server = our_server(jobs=1, extra=extra)
    argv = ["gcc", "-c", "m.c", "-o", "m.o"]
    bad = [[(name, b"x")] for name in BAD_NAMES]
    bad += [[("/d", "/etc"), ("/d/x", b"through a link")], [("/d/x", "../../../../etc/passwd")], [("/l", "../etc")],
            [("/usr/include", "../" * 25 + "usr/share")], [("/a", b"x"), ("/a/b", b"x")], [("/a", b"x"), ("/a", "/b")], [("/l", "/../etc")]]
    for files in bad:
        assert wire.ask(server.port, wire.pump(argv, "/", files)) == {}, files
    server.wait_count(len(bad), "REJ_BAD_REQ")
    for cwd in ("rel", "/a/../b", "/.distccd"):
        assert wire.ask(server.port, wire.pump(argv, cwd, [("/m.c", b"int x;\n")])) == {}
    good = wire.ask(server.port, wire.pump(argv, "/", [("/m.c", b"int x;\n")]))
    assert good["STAT"] == 0


@pytest.mark.parametrize("name", ["joined and separate", "c++", "an absolute source"])
def test_without_debug_information_the_object_is_that_of_a_stock_server(our_server, stock_server, project, name):
    argv = [word for word in as_there(COMMANDS[name], project) if word != "-g"] + ["-DOWN_FILE=0"]
    argv = ["-D__FILE__=\"f\"" if word == "-DOWN_FILE=0" else word for word in argv] + ["-Wno-builtin-macro-redefined"]
    request = wire.pump(argv, str(project), sent_files(project))
    ours, stock = (wire.ask(server.port, request) for server in (our_server(jobs=1), stock_server(jobs=1)))
    assert stock["STAT"] == 0
    assert ours["DOTO"] == stock["DOTO"]
