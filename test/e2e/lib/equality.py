# SPDX-License-Identifier: GPL-2.0-or-later
"""What may differ between a local compile and one by a server of distcc 3.4, and nothing else:
gcc's quotes of source lines, and what debug sections tell about the preprocessing."""

import re
import subprocess
import tempfile

# gcc's quote of a source line, and what is drawn below and beside it.
QUOTED = re.compile(rb"^ *([0-9]+|\+\+\+)? \|.*\n?", re.MULTILINE)
COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")


def strip_debug(content):
    """An object after strip -g; anything else as it is."""
    if not content or not content.startswith(b"\x7fELF"):
        return content
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        subprocess.run(["strip", "-g", file.name], stderr=subprocess.DEVNULL, check=True)
        with open(file.name, "rb") as stripped:     # strip may have made a new file
            return stripped.read()


def names_in_dwarf(content):
    """The compilation units' names and directories."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        done = subprocess.run(["readelf", "--debug-dump=info", file.name], capture_output=True, check=False)
    unit = re.findall(rb"DW_TAG_compile_unit\)\n(.*?)\n <", done.stdout, re.DOTALL)
    return [re.findall(rb"DW_AT_(?:name|comp_dir) .*: (.*)", attributes) for attributes in unit]


def debug_but_columns(content):
    """What debug sections tell, but for columns (of macro uses, after preprocessing elsewhere), views that only they tell
    apart, and where things lie. In which form a number is written depends on whether all of a kind are equal, columns too."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        dump = subprocess.run(["readelf", "-W", "--debug-dump=info", "--debug-dump=decodedline", file.name], capture_output=True, check=True).stdout
    dump = re.sub(rb"<(0x)?[0-9a-f]+>|Abbrev Number: \d+|\(indirect[^)]*\)|Length: .*|Offset: .*|\(offset: 0x[0-9a-f]+\)|(?<=: )\([a-z]+[a-z0-9_]*\)", b"", dump)
    told, last = [], None
    for line in dump.splitlines():
        row = re.match(rb"(\S+ +(\d+|-)) +(0x[0-9a-f]+|0)\b", line)
        # a row of the line table may say no more than another column
        if b"_column" not in line and b"_view" not in line and file.name.encode() not in line and not (row and row[1] == last):
            told.append(row[0] if row else line)
        last = row[1] if row else None
    return told


def _text(compiler, where, text):
    """stderr without what a stock server cannot give."""
    if where == "remote" and not compiler.startswith("clang"):
        return QUOTED.sub(b"", COLOUR.sub(b"", text)) if b"\x1b[" in text else QUOTED.sub(b"", text)
    return text


def differences(compiler, where, local, distributed, has_debug=False):
    """What a build could notice between two outcomes (lib/compare.py) of one command, as sentences."""
    found = []
    if distributed.rc != local.rc:
        found.append(f"rc {distributed.rc}, locally {local.rc}")
    if distributed.stdout != local.stdout:
        found.append(f"stdout {distributed.stdout!r}, locally {local.stdout!r}")
    if _text(compiler, where, distributed.stderr) != _text(compiler, where, local.stderr):
        found.append(f"stderr\n{distributed.stderr.decode(errors='replace')}\nlocally\n{local.stderr.decode(errors='replace')}")
    if sorted(distributed.files) != sorted(local.files):
        found.append(f"files {sorted(set(distributed.files) ^ set(local.files))}")
        return found
    for name, content in local.files.items():
        other = distributed.files[name]
        if other == content:
            continue
        if has_debug and where == "remote" and strip_debug(other) == strip_debug(content):
            if names_in_dwarf(other) == names_in_dwarf(content) and b"distccd_" not in other:
                continue
        found.append(f"bytes of {name}")
    return found
