# SPDX-License-Identifier: GPL-2.0-or-later
"""A compile, done locally and distributed in two clean copies of one directory at the same path:
exit status, stdout, stderr, file set and every byte must be equal."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

FILE_TIME = 1_000_000_000


@dataclasses.dataclass
class Outcome:
    """What a command left behind."""
    rc: int
    stdout: bytes
    stderr: bytes
    files: dict         # relative name -> bytes (None for a directory, str for a link's target)

    def __str__(self):
        listing = " ".join(sorted(self.files))
        return f"rc {self.rc}\nstdout {self.stdout!r}\nstderr {self.stderr.decode(errors='replace')}\nfiles {listing}"


def snapshot(directory):
    """Every file below a directory, by relative name."""
    files = {}
    for path in sorted(pathlib.Path(directory).rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            files[name] = str(path.readlink()) if hasattr(path, "readlink") else "link"
        elif path.is_dir():
            files[name] = None
        else:
            files[name] = path.read_bytes()
    return files


class Workplace:
    """One path that is filled afresh from a template for every run."""

    def __init__(self, path, files):
        self.path = pathlib.Path(path)
        self.files = files

    def reset(self):
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True)
        self.path.chmod(0o777)
        for name, content in self.files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.parent.chmod(0o777)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
            target.chmod(0o666)
            os.utime(target, (FILE_TIME, FILE_TIME))    # __TIMESTAMP__ tells it

    def run(self, command, env, prefix=(), timeout=120, stdin=b""):
        """Runs a command in a fresh copy (behind `prefix`, a sandbox recipe, that keeps the cwd)."""
        self.reset()
        done = subprocess.run([str(word) for word in (*prefix, *command)], cwd=self.path, env=env,
                              input=stdin, capture_output=True, timeout=timeout, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr, snapshot(self.path))


def assert_same(local, distributed):
    """Equal in everything that a build could notice."""
    assert distributed.rc == local.rc, f"local:\n{local}\ndistributed:\n{distributed}"
    assert distributed.stdout == local.stdout, f"local:\n{local}\ndistributed:\n{distributed}"
    assert distributed.stderr == local.stderr, f"local:\n{local}\ndistributed:\n{distributed}"
    assert sorted(distributed.files) == sorted(local.files)
    different = [name for name in local.files if local.files[name] != distributed.files[name]]
    assert not different, f"these files differ: {different}"
