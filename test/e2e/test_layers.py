# SPDX-License-Identifier: GPL-2.0-or-later
"""src/README and the sources say the same: who may include whom, and which files there are."""

import pathlib
import re

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"
README = (SRC / "README").read_text()
MAY_USE = {row[0]: set(row[1].split()) - {"-"}
           for row in re.findall(r"^(\w+) {2,}(\S+(?: \S+)*) {2,}\S", README, re.M) if row[0] != "folder"}
PROGRAMS = {"client", "daemon", "gateway", "monitor"}
FILES = sorted(SRC.glob("*/*.[ch]"))


def ours(path):
    return re.findall(r'^#include "(.*)"', path.read_text(), re.M)


def test_a_folder_uses_only_those_that_the_readme_allows():
    assert set(p.parent.name for p in FILES) <= set(MAY_USE), "src/README: a folder is missing from the table"
    assert not [f"{p.parent.name} uses {used}" for p in FILES for used in (i.split("/")[0] for i in ours(p))
                if used != p.parent.name and used not in MAY_USE[p.parent.name]]
    assert not [f for f, used in MAY_USE.items() if used & PROGRAMS], "programs never include each other"


def test_includes_start_at_src_and_a_file_proves_its_own_header_first():
    for path in FILES:
        assert all((SRC / i).is_file() for i in ours(path)), f"{path}: an include does not start at src/"
        if path.suffix == ".c" and path.with_suffix(".h").exists():
            first = re.search(r"^#include (\S+)", path.read_text(), re.M).group(1)
            assert first == f'"{path.relative_to(SRC).with_suffix(".h")}"', f"{path}: its own header comes first"


def test_no_files_of_a_folder_include_each_other_in_a_circle():
    uses = {}
    for path in FILES:
        noun = str(path.relative_to(SRC).with_suffix(""))
        uses.setdefault(noun, set()).update(i[:-2] for i in ours(path) if i[:-2] != noun)
    while leaves := {noun for noun, used in uses.items() if not used & uses.keys()}:
        for noun in leaves:
            del uses[noun]
    assert not uses, f"these include each other in a circle, or lead into one: {sorted(uses)}"


def test_the_readme_has_a_line_for_every_file():
    blocks = re.findall(r"^(\w+)/\n((?:  .*\n)+)", README, re.M)
    listed = {f"{folder}/{noun}" for folder, lines in blocks for noun in re.findall(r"^ {2,}(\S+) +\S", lines, re.M)}
    there = {str(p.relative_to(SRC).with_suffix("")) for p in FILES}
    for noun in sorted(there - listed):
        folder, name = noun.split("/")
        print(f'src/README, under "{folder}/": add a line "  {name:<13} what it is for"')
    assert there == listed, f"add to src/README: {sorted(there - listed)}; take out: {sorted(listed - there)}"
