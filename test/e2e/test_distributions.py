# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of distributions: those of this tree (contrib/gentoo, contrib/alpine) are run function by function,
and the commands of those for 3.4, edited as doc/migration.txt says, still make packages."""

import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from lib import peers

RECIPES = peers.TOP / "test" / "e2e" / "recipes"
PACKAGERS = sorted((RECIPES / "packagers").glob("*.sh"))
EBUILD = peers.TOP / "contrib" / "gentoo" / "distcc-4.0.ebuild"

pytestmark = pytest.mark.skipif(peers.is_sanitized(), reason="the run without sanitizers does this")


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    """(the tarball of make dist, a directory for the objects that one build and the next have in common, a file
    with what the system's headers and libraries are, which each configure would find out again)"""
    place = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "-s", "-f", peers.BUILD / "Makefile", "dist", f"srcdir={peers.TOP}"], cwd=place, check=True,
                   env=peers.clean_env(MAKEFLAGS=""), capture_output=True)
    site = place / "config.site"
    subprocess.run([peers.TOP / "configure", "--quiet", "--no-create", f"--cache-file={place}/cache"], cwd=place, check=True, env=peers.clean_env())
    known = re.findall(r"^(ac_cv_(?:header|lib|search)_\w+)=\$\{\1=(.*)\}$", (place / "cache").read_text(), re.M)
    assert len(known) > 15
    site.write_text("".join(f": ${{{name}={value}}}\n" for name, value in known))
    return next(place.glob("*.tar.gz")), place / "ccache", site


@pytest.fixture
def run(tarball, tmp_path):
    """run(words..., cwd) -> what it said; the programs are not for use, so they are made quickly."""
    def answer(*words, cwd=tmp_path, **more):
        env = peers.clean_env(**more, MAKEFLAGS="-j2", CC="ccache gcc", CFLAGS="-O0", CCACHE_DIR=tarball[1], CCACHE_BASEDIR="/", CCACHE_NOHASHDIR="1",
                              HOME=tmp_path, CONFIG_SITE=tarball[2])
        done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, timeout=400, check=False, env=env)
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout + done.stderr
    return answer


@pytest.fixture
def source(tarball, tmp_path):
    """A source tree of the test's own, as it comes out of the tarball."""
    subprocess.run(["tar", "xzf", tarball[0], "-C", tmp_path], check=True)
    return next(path for path in tmp_path.iterdir() if path.name.startswith("distcc-"))


def files_below(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_symlink() or not path.is_dir()}


@pytest.mark.parametrize("recipe", PACKAGERS, ids=lambda path: path.stem)
def test_the_edited_recipe_of_a_distribution_makes_a_package(run, source, tmp_path, recipe):
    run("sh", "-exc", f"D={tmp_path}/image\n{recipe.read_text()}", cwd=source)
    assert "distcc-gateway" not in "".join(files_below(tmp_path / "image"))
    programs = [path for path in (tmp_path / "image").rglob("distcc") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    assert len(programs) == 1


USE = {"none": "", "all": "gateway gssapi gui hardened ipv6 pump seccomp selinux xinetd zeroconf"}
PROGRAMS = {"distcc", "distccd", "distccmon-text", "lsdistcc", "distcc-config"}


@pytest.mark.parametrize("flags", USE.values(), ids=USE)
def test_the_ebuild_makes_its_image(run, source, tmp_path, flags):
    image = tmp_path / "image"
    said = run(RECIPES / "ebuild.sh", EBUILD, source, image, *flags.split())
    files = files_below(image)
    programs = {name.rsplit("/", 1)[1] for name in files if name.startswith("usr/bin/")}
    assert programs - {"distcc-gateway", "pump"} == PROGRAMS
    assert ("distcc-gateway" in programs, "pump" in programs) == ("gateway" in flags, "pump" in flags)
    assert ("etc/init.d/distcc-gateway" in files, "etc/xinetd.d/distcc" in files) == ("gateway" in flags, "xinetd" in flags)
    assert {"etc/init.d/distccd", "etc/conf.d/distccd", "etc/env.d/02distcc", "etc/distcc/hosts", "usr/share/shadowman/tools/distcc",
            "usr/share/man/man1/distcc.1", "usr/share/man/man1/pump.1", "usr/lib/systemd/system/distccd.service"} <= files
    assert not {"etc/default/distcc", "etc/distcc/clients.allow", "etc/distcc/commands.allow.sh"} & files
    assert (image / "usr/lib/distcc/bin").readlink() == pathlib.Path(".")
    assert (image / "usr/share/shadowman/tools/distcc").read_text() == "/usr/lib/distcc\n"
    assert "stays uncompressed" in said
    assert not subprocess.run(["grep", "-rl", image, image], capture_output=True, text=True, check=False).stdout


def test_the_use_flags_of_3_4_are_all_there():
    flags = next(line for line in EBUILD.read_text().splitlines() if line.startswith("IUSE="))
    assert set("gssapi gui hardened ipv6 selinux xinetd zeroconf".split()) <= set(flags.split('"')[1].replace("+", "").split())


def test_the_harness_of_the_ebuild_stops_at_what_portage_would_stop_at(source, tmp_path):
    for wrong in ("src_compile() { no_such_function; }", "src_install() { rm \"${ED}\"/etc/missing || die; }",
                  "src_configure() { use nonsense; }", "inherit cmake"):
        ebuild = tmp_path / "files" / "distcc-4.0.ebuild"
        ebuild.parent.mkdir(exist_ok=True)
        ebuild.write_text(f'EAPI=8\nIUSE="one"\n{wrong}\n')
        done = subprocess.run([RECIPES / "ebuild.sh", ebuild, source, tmp_path / "image"], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "die: " in done.stderr, wrong


def test_the_apkbuild_makes_its_packages_in_busybox(run, tarball, tmp_path):
    run("busybox", "ash", RECIPES / "apkbuild.sh", peers.TOP / "contrib/alpine/APKBUILD", tarball[0], peers.TOP / "contrib/openrc", tmp_path,
        RECIPE_CHECK=os.environ.get("DISTCC_SOAK"))
    packages = {path.name: files_below(path) for path in (tmp_path / "pkg").iterdir()}
    python = {name for name in packages["distcc-pump"] if "/include_server/" in name}
    assert len(python) == 2 and all(name.startswith("usr/lib/python3") or name.startswith("usr/local/lib/python3") for name in python)
    assert packages["distcc-pump"] - python == {"usr/bin/pump"}
    assert packages["distcc"] == {
        "usr/bin/distcc", "usr/bin/distccd", "usr/bin/distccmon-text", "usr/bin/lsdistcc", "usr/bin/distcc-config", "usr/lib/distcc/bin",
        "usr/sbin/update-distcc-symlinks", "etc/distcc/hosts", "etc/distcc/clients.allow", "etc/distcc/commands.allow.sh"}
    assert packages["distcc-gateway"] == {"usr/bin/distcc-gateway", "usr/lib/distcc-gw-ssh"}
    assert packages["distcc-openrc"] == {"etc/init.d/distccd", "etc/conf.d/distccd"}
    assert packages["distcc-gateway-openrc"] == {"etc/init.d/distcc-gateway", "etc/conf.d/distcc-gateway"}
    assert len(packages["distcc-doc"]) > 30
    for name, shell in (("bash", "usr/share/bash-completion/completions/distcc"), ("zsh", "usr/share/zsh/site-functions/_distcc"),
                        ("fish", "usr/share/fish/vendor_completions.d/distcc.fish")):
        assert packages[f"distcc-{name}-completion"] == {shell}


def test_alpines_trigger_links_the_compilers_and_its_user_is_made_once(tmp_path):
    """update-distcc-symlinks, addgroup and adduser stand in for the system's."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, status in (("update-distcc-symlinks", 0), ("addgroup", 1), ("adduser", 1)):
        (tools / name).write_text(f"#!/bin/sh\necho {name} \"$@\" >>{tmp_path}/called\necho noise\nexit {status}\n")
        (tools / name).chmod(0o755)
    for script in ("distcc.trigger", "distcc.pre-install", "distcc-gateway.pre-install"):
        path = peers.TOP / "contrib/alpine" / script
        assert path.stat().st_mode & stat.S_IXUSR
        subprocess.run(["busybox", "ash", path, "4.0-r0"], env={"PATH": f"{tools}:{os.environ['PATH']}"}, check=True, timeout=20)
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0] == "update-distcc-symlinks " or called[0] == "update-distcc-symlinks"
    assert [line.split()[0] for line in called[1:]] == ["addgroup", "adduser"] * 2
    assert all(line.endswith(" distcc") for line in called[1:])


@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox is missing")
@pytest.mark.parametrize("place", ["home/user/.abuild/distcc-gw", "host/.abuild/distcc-gw", None])
def test_abuilds_settings_find_the_socket_inside_and_outside_of_the_build_root(base, gateway, place):
    gw = gateway(["127.0.0.1:1"])
    root = base / "root"
    if place:
        (root / place).parent.mkdir(parents=True)
        (root / place).symlink_to(gw.dir)
    settings = (peers.TOP / "contrib/alpine/abuild.conf").read_text().replace("/home/user", f"{root}/home/user").replace("/run/distcc-gw", f"{root}/run")
    done = subprocess.run(["busybox", "ash", "-euc", f'{settings}\necho "${{DISTCC_HOSTS-none}}"; echo "$PATH"'], capture_output=True, text=True,
                          check=True, env={"HOME": f"{root}/host", "PATH": "/usr/bin:/bin"})
    hosts, path = done.stdout.splitlines()
    assert hosts == (f"unix:{root}/{place}/socket" if place else "none")
    assert path.startswith("/usr/lib/distcc/bin:")
