# SPDX-License-Identifier: GPL-2.0-or-later
"""Places without a network, as package managers make them (test/e2e/recipes)."""

import ctypes
import os
import pathlib
import subprocess

from lib import peers

RECIPES = pathlib.Path(__file__).resolve().parents[1] / "recipes"

# An ordinary user for tests that run as root: no account needed.
USER_ID = 30777
AS_USER = ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups"]

# name -> (takes the socket's directory?, path of that directory inside or None for unchanged)
ALL = {
    "unshare": (False, None),
    "portage-root": (False, None),
    "portage-install": (False, None),
    "portage-user": (False, None),
    "nix-like": (True, "/run/distcc"),
    "nix-bwrap": (True, "/run/distcc"),
    "bwrap-net": (True, "/run/distcc"),
    "abuild": (True, "/home/user/.abuild"),
    "podman": (True, "/run/distcc-gw"),
    "mock": (True, "/run/distcc-gw"),
    "sbuild": (True, "/run/distcc-gw"),
    "bazel": (False, None),
}
# abuild refuses to be run by root
AS_ROOT = ["unshare", "portage-root", "portage-install", "nix-like", "nix-bwrap", "bwrap-net", "podman", "mock"]
AS_ORDINARY_USER = ["portage-user", "nix-like", "nix-bwrap", "bwrap-net", "abuild", "sbuild", "bazel"]


class Sandbox:
    """A recipe, applied: the prefix of a command, its environment, and the socket's name inside."""

    def __init__(self, name, socket_path, build_dir, tmp, as_user=False):
        self.name = name
        takes_dir, inside = ALL[name]
        socket_path = pathlib.Path(socket_path)
        self.socket = f"{inside}/{socket_path.name}" if inside else str(socket_path)
        self.prefix = list(AS_USER) if as_user else []
        if name == "unshare":
            self.prefix += ["unshare", "-n"]
        else:
            script = "portage-root" if name == "portage-install" else name
            self.prefix.append(str(RECIPES / f"{script}.sh"))
            if takes_dir:
                self.prefix.append(str(socket_path.parent))
        tmp = pathlib.Path(tmp)
        tmp.mkdir(parents=True, exist_ok=True)
        tmp.chmod(0o777)
        self.extra_env = {"TMPDIR": tmp, "PORTAGE_TMPDIR": tmp / "pt", "BUILD_DIR": build_dir, "PROGRAM_DIR": peers.BUILD,
                          "RECIPE_ROOT": "1" if name == "portage-install" else None}

    def env(self, **more):
        return peers.clean_env(**{**self.extra_env, "HOME": "/nonexistent", **more})


def user_namespaces_work():
    """False where the system forbids them to ordinary users."""
    done = subprocess.run([*AS_USER, "unshare", "--user", "--net", "true"], capture_output=True, check=False)
    return done.returncode == 0


def unshare_net():
    """For preexec_fn: puts the process into a network namespace of its own, with nothing in it."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
