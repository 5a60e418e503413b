# SPDX-License-Identifier: GPL-2.0-or-later
"""What other programs rely on, and what distcc 3.4 got wrong: each row names the tests that hold it; those
for other programs that belong nowhere else follow."""

import os
import pathlib
import re
import subprocess

import pytest

from lib import compare, peers, wait
from lib.pump import PUMP, IncludeServer

TESTS = pathlib.Path(__file__).resolve().parents[1]
COMMAND = ["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"]

# --------------------------------------------------------------- rows -> tests
# "FILE::TEST" or "FILE::TEST ROW", where ROW is a text that stands in the file.

OUTCOMES = {
    "a compile in plain mode, with lzo, in pump mode": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives stock pump"],
    "-o X, -oX, no -o": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives glued output"],
    "an absolute source": ["test_outcomes::test_symlinked_headers_and_absolute_sources", "test_pump::test_a_stock_server_gives_what_a_local_compile_gives"],
    "linking, explicit and implicit": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives linking, implicit"],
    "header names with commas and backslashes, computed includes, macros named like headers":
        ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives macros that are not used and are named like headers"],
    "an include through an unused directory": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives dotdot.c"],
    "headers that are links": ["test_outcomes::test_symlinked_headers_and_absolute_sources", "test_pump_server::test_links_of_the_clients_tree_lead_to_its_files"],
    "C++, Objective-C, Objective-C++": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives objcxx.mm"],
    "-I of a system directory": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives a system directory named"],
    "UTF-8": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives utf8.c"],
    "-D with blanks and quotes": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives blanks and quotes in a macro"],
    "a debugger finds the source": ["test_contracts::test_a_debugger_finds_the_source_from_anywhere",
                                    "test_outcomes::test_a_stripped_program_of_distributed_objects_equals_a_local_one"],
    "lzo given twice": ["test_contracts::test_the_same_option_twice"],
    "output to /dev/null": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives output to a device"],
    "two sources": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives two sources"],
    "-S with -c": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives assembly wins over object"],
    "-E, also into a file": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives preprocessing into a file"],
    "-E without a host list": ["test_contracts::test_preprocessing_needs_no_host_list"],
    "-MD -MFf -MTt": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives glued dependency options"],
    "-Wp,-MD,f": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives dependencies through -Wp"],
    ".s and .S": ["test_outcomes::test_every_quiet_command_gives_what_a_local_one_gives assembler with macros"],
    "#error": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed an error of the preprocessor"],
    "a missing header": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed a missing header",
                         "test_contracts::test_a_missing_header_in_pump_mode"],
    "a syntax error without fallback": ["test_outcomes::test_a_syntax_error_of_the_server_is_shown_when_it_is_final"],
    "a compiler that the server lacks": ["test_outcomes::test_a_compiler_that_the_server_lacks_is_status_110"],
    "a program that fails without reading": ["test_outcomes::test_a_program_that_fails_without_reading_gives_its_status"],
    "a program that succeeds without output": ["test_outcomes::test_a_program_that_succeeds_without_output_gives_an_empty_object"],
    "an empty .i": ["test_outcomes::test_preprocessed_text_may_be_empty"],
    "a host that cannot be resolved or refuses": ["test_contracts::test_a_host_that_cannot_be_had_is_a_line_in_the_log_only"],
    "a server that denies access": ["test_outcomes::test_a_server_that_denies_access_costs_a_line_in_the_log_only"],
    "a bad pump host before a good plain one": ["test_contracts::test_a_bad_pump_host_before_a_good_plain_one"],
    "an empty host list": ["test_fallback::test_a_host_list_that_cannot_be_used no hosts"],
    "a host list in DISTCC_DIR only": ["test_outcomes::test_host_files_in_their_order"],
    "a log file that cannot be written": ["test_outcomes::test_a_log_file_that_cannot_be_written"],
    "umask 0": ["test_outcomes::test_the_umask_decides_the_modes"],
    "100 in a row, 50 at once": ["test_contracts::test_a_hundred_in_a_row", "test_outcomes::test_fifty_at_once_wait_for_the_four_slots_of_one_host"],
    "several megabytes": ["test_outcomes::test_a_source_of_several_megabytes"],
    "an unknown option": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed an unknown option"],
    "--scan-includes": ["test_pump::test_scan_includes_lists_what_would_be_sent"],
}

PARTNERS = {
    "pump: --show-hosts, lines and those with ,cpp": ["test_hosts::test_both_clients_read_a_list_alike h,lzo,cpp",
                                                      "test_contracts::test_pump_takes_the_hosts_that_lsdistcc_finds"],
    "pump: the counter of discrepancies beside the socket": ["test_contracts::test_a_discrepancy_is_counted_beside_the_socket"],
    "mail about discrepancies, unless a file has changed": ["test_contracts::test_a_discrepancy_is_mailed_to_whoever_wants_to_know",
                                                           "test_contracts::test_a_file_that_has_changed_during_the_build_is_named_and_not_mailed"],
    "temporary files that are kept": ["test_contracts::test_temporary_files_stay_when_that_is_asked_for"],
    "pump: which limits of discrepancies are valid": ["test_contracts::test_a_limit_of_discrepancies_that_is_none"],
    "include server: request, answer, mirror": ["test_pump::test_it_survives_everything_a_client_can_do",
                                                "test_pump::test_a_stock_server_gives_what_a_local_compile_gives STOCK_CLIENT"],
    "daemon: protocols 1 to 3, ssh": ["test_tcp::test_our_client_at_a_stock_server_gives_what_a_local_compile_gives",
                                      "test_hosts::test_ssh_gets_its_words --enable-tcp-insecure"],
    "ccache": ["test_builds::test_ccache_and_distcc_in_any_order", "test_builds::test_messages_go_to_the_descriptor_of_ccache"],
    "monitors": ["test_monitors::test_each_monitor_reads_the_others_client", "test_monitors::test_both_monitors_show_the_same_of_the_same_notes"],
    "build systems": ["test_builds::test_configure_finds_the_same_and_the_objects_are_equal", "test_builds::test_cmake_builds_the_same"],
    "packagers": ["test_contract::test_without_the_gateway_exactly_the_files_of_3_4_are_installed", "test_contract::test_switches_of_3_4_are_taken"],
}

# Errors of 3.4, most of them seen. What is not here concerns its own insides.
NOT_HERE = {
    "a warning about .incbin after any failure": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed"],
    "the same in pump mode": ["test_pump::test_an_error_is_the_compilers_own"],
    "the host's slot stays taken while .incbin is compiled here": ["test_better::test_a_job_that_runs_here_holds_no_slot_of_a_host"],
    "errors of the preprocessor twice, the host blamed": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed"],
    "a syntax error puts the host into back-off": ["test_outcomes::test_a_syntax_error_of_the_server_is_shown_when_it_is_final not the host"],
    "a missing .i puts all hosts into back-off": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed preprocessed text that is missing"],
    "DISTCC_SSH works once": ["test_hosts::test_a_second_ssh_host_gets_all_the_words_too"],
    "corking never takes effect": ["test_better::test_a_request_is_one_write"],
    "errors while sending are not seen": ["test_better::test_a_broken_server_is_passed_over_without_a_word reset"],
    "a missing dependency part is a success": ["test_better::test_a_reply_without_its_dependencies_is_no_success"],
    "stdout of a job that is then done here": ["test_better::test_output_of_a_job_that_is_done_again_is_not_shown"],
    "missing directories are made": ["test_outcomes::test_a_failure_is_reported_once_and_the_host_is_not_blamed a directory that is missing"],
    "a truncated object": ["test_kill::test_kills_at_random_moments_of_a_kill_build", "test_surroundings::test_a_full_disk_is_the_compilers_error"],
    "a child that cannot start runs our exit hooks": ["test_hosts::test_an_ssh_that_cannot_be_had_is_one_failed_host"],
    "the preprocessor once for each host": ["test_better::test_the_preprocessor_runs_once_for_all_hosts"],
    "Ctrl-C does not reach the preprocessor": ["test_better::test_a_signal_ends_the_preprocessor"],
    "handlers over ignored signals": ["test_surroundings::test_nohup_is_respected"],
    "a state file is left after a signal": ["test_surroundings::test_a_signal_while_a_server_works_ends_the_client_and_nothing_is_left"],
    "-o as the last word": ["test_matrix::test_rows_give_the_same_through", "matrix::OUTPUT_FORMS -c a.c -o\")"],
    "names are searched beyond the end of PATH": ["unit/test-rewrite.c::gcc_is_named_by_its_target_where_that_program_exists",
                                                  "unit/test-path.c::without_a_path_nothing_is_found"],
    "--scan-includes compiles": ["test_better::test_scan_includes_never_compiles"],
    "an endless wait when all hosts are down": ["test_fallback::test_a_host_list_that_cannot_be_used all down"],
    "host lists that nobody means": ["test_hosts::test_what_nobody_means_is_refused"],
    "-MTx, dotted directories, -MP alone; names of dependency files": ["matrix::DEPENDENCIES dot.dir/name"],
    "the word behind -xLANG decides": ["unit/test-scan.c::a_command_can_be_distributed_or_has_its_reason"],
    "any word that ends in .o is the output": ["unit/test-scan.c::a_command_can_be_distributed_or_has_its_reason gcc -c a.c r.o"],
    "jobs with more outputs are sent": ["test_matrix::test_what_runs_here_would_be_wrong_from_a_server_of_distcc_3_4"],
    "long jobs vanish from monitors": ["test_monitors::test_notes_of_the_dead_go_after_a_minute_and_foreign_ones_are_named"],
    "a state file is empty for a moment": ["unit/test-jobnote.c::a_note_has_the_layout_of_distcc_and_follows_the_job"],
    "two ways to one machine by ssh share their slots: kept, since clients share the locks":
        ["test_better::test_two_users_at_one_machine_share_its_slots"],
    "processor times are always 0": ["test_better::test_the_log_tells_what_a_job_took"],
    "documents that are wrong about variables, ssh, host files and phases":
        ["test_manual::test_every_variable_of_a_manual_is_read", "test_manual::test_the_phases_of_a_job_are_those_that_are_shown",
         "test_hosts::test_ssh_gets_its_words -p  22 -q", "test_outcomes::test_host_files_in_their_order"],
    "lengths beyond 32 bits are cut": ["unit/test-request.c::what_32_bits_cannot_say_is_refused",
                                       "unit/test-compress.c::nothing_stays_nothing_and_too_much_is_refused"],
    "compilers inherit descriptors": ["test_better::test_a_compiler_inherits_nothing"],
    "closed standard descriptors": ["test_surroundings::test_closed_standard_descriptors", "unit/test-proc.c::streams_may_change_places"],
    "a negative pause": ["unit/test-settings.c::numbers_beyond_sense_are_clamped"],
    "clang-tidy gets a target": ["unit/test-rewrite.c::clang_is_told_its_target_once clang-tidy a.c"],
    "arguments of options are taken for inputs": ["matrix::DEPENDENCIES -include pre.c -c needs.c"],
    "lsdistcc: status 0 with hosts that are down, long names, hidden names":
        ["test_monitors::test_both_print_the_same_of_the_same_servers", "test_better::test_lsdistcc_takes_a_long_name",
         "test_monitors::test_a_name_that_does_not_resolve_hides_no_other"],
    "a preprocessor that cannot be started is status 1": ["test_better::test_a_compiler_that_is_not_here_is_status_110"],
    "a long name of the include server's socket": ["test_better::test_a_socket_name_that_is_too_long_is_a_warning"],
    "messages in a file that others can read": ["test_thin::test_with_a_gateway_no_file_is_made_but_the_object"],
    "a second client where ssh cannot be executed": ["test_hosts::test_an_ssh_that_cannot_be_had_is_one_failed_host"],
    "success is logged after a failure": ["test_better::test_a_broken_server_is_passed_over_without_a_word completed ok"],
}


@pytest.mark.parametrize("table", [OUTCOMES, PARTNERS, NOT_HERE], ids=["outcomes", "partners", "not here"])
def test_each_row_has_its_tests(table):
    for row, names in table.items():
        for name in names:
            file, _, rest = name.partition("::")
            test, _, text = rest.partition(" ")
            path = TESTS / file if file.startswith("unit/") else TESTS / "e2e" / f"{file}.py"
            content = path.read_text()
            assert re.search(rf"\b{test}", content), f"{row}: no {test} in {path.name}"
            assert not text or text in content, f"{row}: {path.name} has no {text!r}"


# --------------------------------------------------------------- outcomes

def test_a_debugger_finds_the_source_from_anywhere(workplace, client_env, stock_server):
    server = stock_server()
    done = workplace.run([peers.CLIENT, "g++", "-g", "-O1", "-c", "sub/shape.cc", "-o", "shape.o"], client_env(server.host))
    assert (done.rc, done.stderr) == (0, b"")
    server.wait_count(1)
    shown = subprocess.run(["objdump", "--source", workplace.path / "shape.o"], cwd="/", capture_output=True, text=True, check=True).stdout
    assert "std::vector<int> v(s.sides)" in shown


def test_the_same_option_twice(workplace, client_env, stock_server):
    server = stock_server()
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(f"{server.host},lzo,lzo")))
    server.wait_count(1)


@pytest.mark.parametrize("hosts", [None, ""], ids=["unset", "empty"])
def test_preprocessing_needs_no_host_list(workplace, client_env, hosts):
    command = ["gcc", "-E", "hello.c"]
    local = workplace.run(command, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], client_env(hosts, DISTCC_DIR="/nonexistent", HOME=None)))


def test_a_missing_header_in_pump_mode(workplace, client_env, stack, stock_server, base):
    server, includes = stock_server(), stack.enter_context(IncludeServer(base / "pump"))
    workplace.files = {"missing.c": "#include \"gone.h\"\n"}
    local = workplace.run(["gcc", "-MD", "-c", "missing.c"], peers.clean_env())
    env = client_env(f"{server.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_FALLBACK=1, DISTCC_LOG=base / "log")
    compare.assert_same(local, workplace.run([peers.CLIENT, "gcc", "-MD", "-c", "missing.c"], env))


@pytest.mark.parametrize("host", ["nobody.invalid", "127.0.0.1:1"])
def test_a_host_that_cannot_be_had_is_a_line_in_the_log_only(workplace, client_env, base, host):
    log = base / "log"
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], client_env(host, DISTCC_FALLBACK=1, DISTCC_LOG=log)))
    assert f"failed to distribute hello.c to {host}, running locally instead" in log.read_text()


def test_a_bad_pump_host_before_a_good_plain_one(workplace, client_env, stack, stock_server, base):
    server, includes = stock_server(), stack.enter_context(IncludeServer(base / "pump"))
    log = base / "log"
    local = workplace.run(COMMAND, peers.clean_env())
    env = client_env(f"127.0.0.1:1,cpp,lzo {server.host}", INCLUDE_SERVER_PORT=includes.socket, DISTCC_LOG=log)
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    assert f"compile hello.c on {server.host} completed ok" in log.read_text()
    server.wait_count(1)


def test_a_hundred_in_a_row(workplace, client_env, stock_server):
    server = stock_server()
    workplace.files = {"ready.i": "int ready;\n"}
    done = workplace.run(["sh", "-ec", f"i=0; while [ $i -lt 100 ]; do {peers.CLIENT} gcc -c ready.i -o $i.o; i=$((i + 1)); done"],
                         client_env(server.host))
    assert (done.rc, done.stdout, done.stderr) == (0, b"", b"")
    assert len(done.files) == 101
    server.wait_count(100)


# --------------------------------------------------------------- other programs

def test_pump_takes_the_hosts_that_lsdistcc_finds(client_env, stock_server, base):
    server = stock_server()
    (base / "tmp").mkdir()
    env = client_env(None, DISTCC_POTENTIAL_HOSTS="127.0.0.1 127.0.0.2", LSDISTCC_ARGS=f"-r{server.port}", DISTCC_LOCATION=peers.BUILD,
                     TMPDIR=base / "tmp", DISTCC_TESTING_INCLUDE_SERVER="1")
    done = subprocess.run([PUMP, "sh", "-c", "echo \"$DISTCC_HOSTS\"; distcc --show-hosts"], env=env, capture_output=True, text=True,
                          timeout=60, check=True)
    assert done.stdout == f"--randomize 127.0.0.1:{server.port},cpp,lzo\n127.0.0.1:{server.port},cpp,lzo\n"


def test_a_discrepancy_is_counted_beside_the_socket(workplace, client_env, stack, liar, base):
    """What pump reports at the end, and what makes the rest of the build plain."""
    includes = stack.enter_context(IncludeServer(base / "pump"))
    counter = includes.dir / "discrepancy_counter"
    log = base / "log"
    env = client_env(f"{liar.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_FALLBACK=1, DISTCC_LOG=log, DISTCC_MAX_DISCREPANCY=2)
    local = workplace.run(COMMAND, peers.clean_env())
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    assert counter.read_bytes() == b"@"
    assert "now using plain distcc" not in log.read_text()
    # this source is not guessed again
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env))
    assert counter.read_bytes() == b"@"
    assert "source=hello.c mode=plain reason=remembered" in log.read_text()
    workplace.files = {**workplace.files, "other.c": "int other;\n", "third.c": "int third;\n"}
    assert workplace.run([peers.CLIENT, "gcc", "-c", "other.c"], env).rc == 0
    assert counter.read_bytes() == b"@@"
    assert "now using plain distcc, possibly due to inconsistent file system changes during build" in log.read_text()
    assert workplace.run([peers.CLIENT, "gcc", "-c", "third.c"], env).rc == 0
    assert counter.read_bytes() == b"@@"
    assert "source=third.c mode=plain reason=discrepancies" in log.read_text()


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_limit_of_discrepancies_that_is_none(workplace, client_env, stack, stock_server, base, value):
    includes = stack.enter_context(IncludeServer(base / "pump"))
    server = stock_server()
    env = client_env(f"{server.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_MAX_DISCREPANCY=value)
    done = workplace.run([peers.CLIENT, *COMMAND], env)
    assert done.rc == 101 and f"Bad DISTCC_MAX_DISCREPANCY value: {value}".encode() in done.stderr
    # it concerns nobody else
    del env["INCLUDE_SERVER_PORT"]
    assert workplace.run([peers.CLIENT, *COMMAND], {**env, "DISTCC_HOSTS": server.host}).rc == 0


@pytest.fixture
def postman(base):
    """A mail(1) that writes down what it gets: (environment, prefix, the file)."""
    program, letter = base / "post" / "mail", base / "letter"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{{ printf '<%s>' \"$@\"; echo; cat; }} >{letter}.new\nmv {letter}.new {letter}\n")
    program.chmod(0o755)
    # where the machine has one it is not to be run
    prefix = ["unshare", "-m", "sh", "-ec", f'mount --bind {program} /bin/mail; exec "$@"', "sh"] if os.path.exists("/bin/mail") else []
    return {"PATH": f"{program.parent}:{os.environ['PATH']}", "DISTCC_ENABLE_DISCREPANCY_EMAIL": "1"}, prefix, letter


@pytest.mark.parametrize("whom", [None, "builders"])
def test_a_discrepancy_is_mailed_to_whoever_wants_to_know(workplace, client_env, liar, base, postman, whom):
    env, prefix, letter = postman
    local = workplace.run(COMMAND, peers.clean_env())
    env = client_env(liar.host, DISTCC_FALLBACK=1, DISTCC_LOG=base / "log", DISTCC_EMAILLOG_WHOM_TO_BLAME=whom, **env)
    compare.assert_same(local, workplace.run([peers.CLIENT, *COMMAND], env, prefix=prefix))
    wait.until(letter.exists, "the mail")
    first, _, text = letter.read_text().partition("\n")
    assert first == f"<-s><distcc-pump email><{whom or 'distcc-pump-errors'}>"
    assert f"exec on {liar.host}: " in text and "\nBEGIN server-side stderr\nno\n\nEND server-side stderr\n" in text
    assert f"Will send an email to {whom or 'distcc-pump-errors'}" in (base / "log").read_text()


def test_without_mail_somebody_is_asked_to_tell(workplace, client_env, liar, base):
    prefix = ["unshare", "-m", "sh", "-ec", 'mount --bind /dev/null /bin/mail; exec "$@"', "sh"] if os.path.exists("/bin/mail") else []
    env = client_env(liar.host, DISTCC_FALLBACK=1, DISTCC_LOG=base / "log", DISTCC_ENABLE_DISCREPANCY_EMAIL=1, PATH="/usr/bin:/bin")
    done = workplace.run([peers.CLIENT, *COMMAND], env, prefix=prefix)
    assert done.rc == 0 and "hello.o" in done.files
    assert done.stderr.startswith(b"Please notify distcc-pump-errors that distcc tried to send them email but failed: ")


@pytest.mark.parametrize("exclude, changed", [(None, True), ("*.[ch]", False)], ids=["", "excluded"])
def test_a_file_that_has_changed_during_the_build_is_named_and_not_mailed(workplace, client_env, stack, liar, base, postman, exclude, changed):
    """The sources here are younger than the include server."""
    includes = stack.enter_context(IncludeServer(base / "pump"))
    more, prefix, letter = postman
    workplace.files = {"own.c": "#include \"own.h\"\n", "own.h": "int own;\n"}
    env = client_env(f"{liar.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_FALLBACK=1, DISTCC_LOG=base / "log",
                     DISTCC_EXCLUDE_FRESH_FILES=exclude, **more)
    assert workplace.run([peers.CLIENT, "gcc", "-MD", "-c", "own.c"], env, prefix=prefix).rc == 0
    if changed:
        assert "file 'own.c', a dependency of own.c, changed during the build" in (base / "log").read_text()
        assert "Will send an email" not in (base / "log").read_text()
    else:
        wait.until(letter.exists, "the mail")
        assert "changed during the build" not in (base / "log").read_text().replace("possibly due to inconsistent file system changes during build", "")


@pytest.mark.parametrize("client", [peers.CLIENT, peers.STOCK_CLIENT], ids=["ours", "stock"])
def test_temporary_files_stay_when_that_is_asked_for(workplace, client_env, stock_server, base, client):
    """Under the names that 3.4 gives them."""
    server = stock_server()
    (base / "tmp").mkdir()
    workplace.files = {"warn.c": "int f(void) { int unused; return 1; }\n", "plus.cc": "int g;\n"}
    for keep in "", "1":
        for command in (["gcc", "-Wall", "-c", "warn.c"], ["g++", "-c", "plus.cc"]):
            assert workplace.run([client, *command], client_env(server.host, DISTCC_SAVE_TEMPS=keep, TMPDIR=base / "tmp")).rc == 0
        names = {re.sub("_[0-9a-f]{8}", "_X", path.name) for path in (base / "tmp").iterdir()}
        assert names == ({"distcc_X.i", "distcc_X.ii", "distcc_server_stderr_X.txt"} if keep else set())
    kept = {path.suffix: path for path in (base / "tmp").iterdir() if path.suffix != ".txt"}
    assert "int f(void)" in kept[".i"].read_text() and "int g;" in kept[".ii"].read_text()
    assert {path.stat().st_mode & 0o777 for path in (base / "tmp").iterdir()} == {0o600}
    assert any("unused" in path.read_text() for path in (base / "tmp").glob("distcc_server_stderr_*.txt"))
