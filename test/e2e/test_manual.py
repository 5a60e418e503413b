# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages know every option that --help prints and every variable that the code reads."""

import pathlib
import re
import subprocess

import pytest

from lib import peers

MAN = peers.TOP / "doc" / "man"
PAGES = sorted(MAN.glob("*.[1-8]"))
PROGRAMS = re.search(r"^PROGRAMS = (.*)$", (peers.BUILD / "Makefile").read_text(), re.M).group(1).split()
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z#][\w-]*")


def words_of(page):
    """The text of a page without the marks of roff that stand inside words."""
    return re.sub(r"\\f[BIPR]|\\&", "", page.read_text()).replace("\\-", "-")


def has_word(text, word):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)


def options_of(program):
    """The options at the beginning of the lines of --help: "  -j, --jobs N   jobs at once"."""
    text = subprocess.run([peers.BUILD / program, "--help"], capture_output=True, text=True, timeout=20).stdout
    found = set()
    for line in text.splitlines():
        if re.match(r" +-", line):
            found.update(OPTION.findall(re.split(r" {2,}(?=[^-])", line.strip())[0]))
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_option_of_help_is_in_the_manual(program):
    options = options_of(program)
    assert "--help" in options or program == "lsdistcc", f"{program} --help prints no options"
    page = next((p for p in PAGES if p.stem == program), None)
    assert page, f"{program} has no manual page"
    text = words_of(page)
    assert not [o for o in sorted(options) if not has_word(text, o)], f"these are not in {page.name}"


def test_the_page_of_compiler_options_is_made_of_the_table():
    """If this fails: "make options-page" in the build tree."""
    made = subprocess.run([peers.BUILD / "doc" / "list-options"], capture_output=True, text=True, check=True).stdout
    assert (peers.TOP / "doc" / "options.txt").read_text() == made
    assert max(map(len, made.splitlines())) <= 132
    for option in ("-frecord-gcc-switches", "-march=native", "-I ARG, -IARG", "-fplugin..."):
        assert len(re.findall(rf"^ .*(?<!\S){re.escape(option)}(?!\S)", made, re.M)) == 1


def test_every_variable_that_is_read_is_in_a_manual():
    read = set()
    for source in (peers.TOP / "src").glob("*/*.c"):
        read.update(re.findall(r'"(_?DISTCCD?_[A-Z_]+|UNCACHED_ERR_FD|TMPDIR)"', source.read_text()))
    assert {"DISTCC_HOSTS", "DISTCC_FALLBACK", "_DISTCC_SAFEGUARD"} <= read
    text = "\n".join(words_of(page) for page in PAGES)
    assert not [v for v in sorted(read) if not has_word(text, v)], "these are in no manual page"


def test_every_variable_of_a_manual_is_read():
    """distcc 3.4's manual has one that no program knows. Ours says so of this one."""
    programs = [source for folder in ("src", "include_server", "pump", "contrib") for source in (peers.TOP / folder).rglob("*") if source.is_file()]
    code = "\n".join(source.read_text(errors="replace") for source in programs)
    named = {word for page in PAGES for word in re.findall(r"\b_?(?:DISTCCD?|DCC|INCLUDE_SERVER|LSDISTCC|UNCACHED)_[A-Z_]*[A-Z]\b", words_of(page))}
    assert {"DISTCC_EMAILLOG_WHOM_TO_BLAME", "DISTCC_SSH", "INCLUDE_SERVER_ARGS"} <= named
    assert [name for name in sorted(named) if not has_word(code, name)] == ["INCLUDE_SERVER_STUB"], "no program reads these"


def test_the_phases_of_a_job_are_those_that_are_shown():
    shown = re.search(r'"Startup", .*"Done"', (peers.TOP / "src" / "state" / "jobnote.c").read_text())[0]
    phases = re.findall(r'"(\w+)"', shown)
    text = words_of(MAN / "distccmon-text.1")
    listed = re.findall(r"\w+", re.search(r"phase \(([\w, \n]+)\)", text)[1])
    assert listed == [phase for phase in phases if phase in listed], "not in the order in which a job has them"
    # no client is ever seen in the two at the ends
    assert [phase for phase in phases if not has_word(text, phase)] == ["Startup", "Done"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_is_set_without_a_warning(page):
    run = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_linters_have_nothing_to_say_about_a_page(page):
    """But that lines of its source are longer than 80 bytes, which nobody sees."""
    said = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, timeout=60).stdout
    assert [line for line in said.splitlines() if "input text line longer than 80 bytes" not in line] == []
    man = subprocess.run(["man", "--warnings", "--local-file", page], capture_output=True, text=True, timeout=60)
    assert (man.returncode, man.stderr) == (0, "") and "NAME" in man.stdout


def test_every_command_that_is_installed_has_a_page():
    makefile = (peers.BUILD / "Makefile").read_text()
    pages = {page.stem for page in PAGES}
    assert {*PROGRAMS, "pump", "update-distcc-symlinks"} <= pages
    listed = " ".join(re.findall(r"^MAN8? = (.*)$", makefile, re.M)).split()
    assert sorted(listed) == sorted(page.name for page in PAGES), "see MAN in Makefile.in"


# Of distcc 3.4 and its distributions.
VARIABLES = """DISTCC_HOSTS DISTCC_DIR DISTCC_LOG DISTCC_VERBOSE DISTCC_FALLBACK DISTCC_SKIP_LOCAL_RETRY DISTCC_SAVE_TEMPS DISTCC_SSH
    DISTCC_TCP_CORK DISTCC_IO_TIMEOUT DISTCC_BACKOFF_PERIOD DISTCC_PAUSE_TIME_MSEC DISTCC_MAX_DISCREPANCY DISTCC_PRINCIPAL
    DISTCC_NO_REWRITE_CROSS DISTCC_NO_CROSS_REWRITE DISTCC_ENABLE_DISCREPANCY_EMAIL DISTCC_EMAILLOG_WHOM_TO_BLAME
    DISTCC_EXCLUDE_FRESH_FILES DISTCC_SOCKS_PROXY UNCACHED_ERR_FD TMPDIR INCLUDE_SERVER_PORT INCLUDE_SERVER_STUB DISTCC_LOCATION
    DISTCC_POTENTIAL_HOSTS LSDISTCC_ARGS INCLUDE_SERVER_ARGS INCLUDE_SERVER_PID INCLUDE_SERVER_DIR PYTHONOPTIMIZE
    DISTCC_TESTING_INCLUDE_SERVER DISTCC_CLIENT_TMP DISTCCD_PATH DISTCC_CMDLIST DISTCC_CMDLIST_NUMWORDS DISTCC_CMDLIST_MATCHWORDS
    DISTCC_TCP_DEFER_ACCEPT DISTCCD_PRINCIPAL""".split()


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_of_3_4_is_in_a_manual_or_among_the_differences(variable):
    differences = (peers.TOP / "doc/migration.txt").read_text().split("Deliberate differences\n")[1]
    assert any(has_word(words_of(page), variable) for page in PAGES) or has_word(differences, variable)


# What recipes of packages of 3.4 name in its source tree.
NAMES = """autogen.sh configure.ac Makefile.in install-sh mkinstalldirs config.guess config.sub m4/ update-distcc-symlinks.py pump.in
    find_c_extension.sh src/serve.c src/daemon.c src/help.c lzo/minilzo.c include_server/setup.py doc/example/* man/*.1
    gnome/distccmon-gnome.png contrib/redhat/sysconfig packaging/RedHat AUTHORS COPYING INSTALL NEWS README README.md README.pump TODO
    survey.txt test/testdistcc.py""".split()


@pytest.mark.parametrize("name", NAMES)
def test_what_recipes_name_is_here_or_in_the_table_of_what_replaces_it(name):
    table = (peers.TOP / "doc/migration.txt").read_text().split("Recipes of packages\n")[1].split("Deliberate differences\n")[0]
    assert (peers.TOP / name).exists() or has_word(table, name)


def test_each_page_names_itself_and_has_the_usual_sections():
    for page in PAGES:
        text = words_of(page)
        assert re.search(rf"^\.TH {re.escape(page.stem)} {page.suffix[1:]} ", text, re.M | re.I), f"{page.name}: no .TH with its name"
        for section in ("NAME", "SYNOPSIS", "SEE ALSO"):
            assert re.search(rf'^\.SH "?{section}"?$', text, re.M), f"{page.name}: no {section}"


def test_see_also_leads_to_pages_that_exist():
    names = {page.name for page in PAGES}
    ours = re.compile(r"\b((?:distcc|lsdistcc|pump|include_server)[\w-]*)\s*\"?\s*\((\d)\)")
    for page in PAGES:
        section = re.split(r'^\.SH "?SEE ALSO"?$', words_of(page), flags=re.M)[1]
        led_to = {f"{name}.{number}" for name, number in ours.findall(section)}
        assert led_to and led_to <= names, f"{page.name} leads to {sorted(led_to - names) or 'none of ours'}"


def test_every_time_out_of_the_page_has_the_value_of_the_source():
    rows = re.findall(r"^(\w+) +(\d+) +([\w/.]+\.[ch]) ", (peers.TOP / "doc" / "scheduling.txt").read_text(), re.M)
    assert len(rows) > 20
    sources = {path.name: path.read_text() for path in (peers.TOP / "src" / "gateway").glob("*.[ch]")}
    wrong = [row for row in rows if not re.search(rf"\.?\b{row[0]} = {row[1]}\b", sources[row[2]])]
    assert not wrong, "these differ in the source"
