# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/nix: a real nix-build in Nix's own sandbox sends every compile of a project to the farm; the module
of NixOS says what the guide says. Nix's package collection is not needed (and not here)."""

import json
import pathlib
import shutil
import subprocess

import pytest

from lib import peers

NIX = peers.TOP / "contrib" / "nix"
WITHIN_S = 400

pytestmark = pytest.mark.skipif(not shutil.which("nix-build"), reason="this system has no nix-build (package nix-bin)")


@pytest.fixture
def nix(base):
    """run(words..., conf="") -> what a Nix says that has its store below the test's directory."""
    home = base / "nix"
    dirs = {"NIX_STORE_DIR": home / "store", "NIX_STATE_DIR": home / "var", "NIX_LOG_DIR": home / "log", "NIX_CONF_DIR": home / "etc",
            "HOME": home / "home", "NIX_REMOTE": ""}
    for path in list(dirs.values())[:5]:
        path.mkdir(parents=True)

    def run(*words, conf=""):
        (home / "etc/nix.conf").write_text("build-users-group =\nsubstituters =\nsandbox = true\nsandbox-fallback = false\n" + conf)
        done = subprocess.run([str(word) for word in words], env=peers.clean_env(**dirs), cwd=base, capture_output=True, text=True,
                              timeout=WITHIN_S, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout.strip()
    yield run
    # the store is not writable
    subprocess.run(["chmod", "-R", "u+w", home], check=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """This project's source tree without anything that was built in it."""
    place = tmp_path_factory.mktemp("source")
    subprocess.run(["make", "-s", "-f", peers.BUILD / "Makefile", "dist", f"srcdir={peers.TOP}"], cwd=place, check=True,
                   env=peers.clean_env(MAKEFLAGS=""), capture_output=True)
    subprocess.run(["tar", "xzf", *place.glob("*.tar.gz")], cwd=place, check=True)
    return next(path for path in place.iterdir() if path.is_dir())


def objects_below(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in pathlib.Path(directory).rglob("*.o")}


def test_a_sandboxed_build_is_compiled_by_the_farm_alone_and_equals_a_local_one(nix, base, source, stock_server, gateway):
    """That the sandbox has no network is looked at, too: the build itself would not notice."""
    targets = "lsdistcc"
    server = stock_server()
    gw = gateway([f"{server.host}/8,lzo"])
    local = base / "local"
    local.mkdir()
    subprocess.run([source / "configure", "--quiet", "CC=gcc", "CFLAGS=-O1"], cwd=local, check=True, env=peers.clean_env())
    subprocess.run(["make", "-s", "-j2", *targets.split()], cwd=local, check=True, env=peers.clean_env())
    more = "{ DISTCC_FALLBACK = \"0\"; LSAN_OPTIONS = \"detect_leaks=0\"; }"
    out = nix("nix-build", NIX / "example.nix", "--no-out-link", "--arg", "src", source, "--argstr", "distcc", peers.CLIENT,
              "--argstr", "targets", targets, "--arg", "more", more,
              conf=f"sandbox-paths = /bin=/usr/bin /usr /lib=/usr/lib /lib64=/usr/lib64 /etc/alternatives {peers.BUILD}\n"
                   f"extra-sandbox-paths = /run/distcc-gw={gw.dir}? /run/nobody-is-here?\n")
    made = objects_below(out)
    assert len(made) > 35 and made == objects_below(local)
    server.wait_count(len(made))
    assert gw.status()["relayed"] == len(made)
    build = (base / "probe.nix")
    build.write_text('derivation { name = "probe"; system = builtins.currentSystem; builder = "/bin/sh"; PATH = "/bin";\n'
                     'args = [ "-c" "cat /proc/net/dev >$out; id -u >>$out; ls -d /homeless-shelter >>$out 2>&1; :" ]; }\n')
    probe = pathlib.Path(nix("nix-build", build, "--no-out-link", conf="sandbox-paths = /bin=/usr/bin /usr /lib=/usr/lib /lib64=/usr/lib64\n"))
    interfaces = [line.split(":")[0].strip() for line in probe.read_text().splitlines() if ":" in line and "|" not in line]
    assert interfaces[0] == "lo" and "1000" in probe.read_text().splitlines()


@pytest.mark.parametrize("file", sorted(path.name for path in NIX.glob("*.nix")))
def test_an_expression_is_well_formed(nix, file):
    assert nix("nix-instantiate", "--parse", NIX / file)


# The few functions of nixpkgs' library that the module uses, and what it is given.
EVALUATE = """
let
  lib = {
    mkOption = option: option; mkEnableOption = text: { default = false; };
    mkIf = condition: value: if condition then value else { };
    types = { package = 1; str = 1; bool = 1; listOf = type: type; };
    concatStringsSep = builtins.concatStringsSep;
    escapeShellArgs = words: builtins.concatStringsSep " " (map (word: "'" + word + "'") words);
  };
  cfg = { enable = true; package = "/pkg"; hosts = [ "a/4,lzo" "b" ]; extraOptions = [ "--pass-fds=never" ]; sandbox = SANDBOX; };
  made = (import FILE {
    inherit lib; pkgs = { coreutils = "/coreutils"; };
    config = { services.distcc-gateway = cfg; environment.etc = made.environment.etc; };
  }).config;
in { inherit (made) environment nix; service = made.systemd.services.distcc-gateway; }
"""


@pytest.mark.parametrize("sandbox", ["true", "false"])
def test_the_module_makes_the_unit_and_shows_the_socket_to_builds(nix, base, sandbox):
    (base / "evaluate.nix").write_text(EVALUATE.replace("FILE", str(NIX / "module.nix")).replace("SANDBOX", sandbox))
    made = json.loads(nix("nix-instantiate", "--eval", "--strict", "--json", base / "evaluate.nix"))
    assert made["environment"]["etc"]["distcc/gateway.hosts"]["text"] == "a/4,lzo\nb\n"
    assert made["nix"]["settings"]["extra-sandbox-paths"] == (["/run/distcc-gw?"] if sandbox == "true" else {})
    command = made["service"]["serviceConfig"]["ExecStart"].replace("'", "").split()
    assert command[0] == "/pkg/bin/distcc-gateway"
    # the gateway takes these options: it says so about a list of its own
    (base / "hosts").write_text("127.0.0.1:1/4\n")
    words = [word for word in command[1:] if not word.startswith(("--hosts", "--user"))]
    checked = subprocess.run([peers.GATEWAY, *words, f"--hosts={base}/hosts", "--check"], capture_output=True, text=True, check=False,
                             env=peers.clean_env())
    assert checked.returncode == 0, checked.stderr
