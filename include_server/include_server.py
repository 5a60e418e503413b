#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The include server of distcc's pump mode: the process, its options and its life.

It tells a distcc client which files a compilation needs from this machine. The analysis is in the C
extension distcc_pump_c_extensions; this file parses options, goes into the background, and makes
sure that nothing is left when the end comes, however it comes.
"""

import argparse
import fcntl
import glob
import os
import shutil
import signal
import socket
import stat
import sys
import time

import distcc_pump_c_extensions as extensions

BACKLOG = 4096
SOCKET_PATH_MAX = 106           # stock clients accept no longer one
SOCKET_LEFT_OVER = "distcc-pump.??????"
LEFT_OVER = "distcc??????.include_server-*-*"
# What a socket directory of `pump` may hold.
SOCKET_DIR_FILES = ("socket", "life", "stdout", "stderr", "discrepancy_counter", "plain_units")


class Failure(Exception):
    """Something that the user must know; the process ends with status 1."""


def parse_options(words):
    """The options of 3.4. Those that tuned its analysis are accepted, and --help says so."""
    parser = argparse.ArgumentParser(prog="include_server.py", description=__doc__.splitlines()[0],
                                     epilog="Options of distcc 3.4 without a meaning here are accepted: "
                                            "--email_bound, --stat_reset_triggers, --unsafe_absolute_includes, "
                                            "--unsafe_no_unexpanded_functions, -x, -v, -w, -e.")
    parser.add_argument("--port", metavar="PATH", help="the UNIX socket to make")
    parser.add_argument("--pid_file", metavar="PATH", help="file for the process id of the server")
    parser.add_argument("--life", metavar="FIFO", help="end, and remove the socket's directory, when its last writer is gone")
    parser.add_argument("--threads", metavar="N", type=int, default=0, help="threads that analyse; default: one a processor")
    parser.add_argument("-d", "--debug_pattern", metavar="BITS", type=int, default=1, help="bit 1: say why a command is not covered")
    parser.add_argument("-s", "--statistics", action="store_true", help="print counters at the end")
    parser.add_argument("--no_force_dirs", action="store_true", help="no placeholders for directories without a file")
    parser.add_argument("-t", "--time", action="store_true", help="print what it has cost at the end")
    for name in ("-e", "--email"), ("--no-email",), ("-v", "--verify"), ("-w", "--write_include_closure"), \
            ("-x", "--exact_analysis"), ("--unsafe_absolute_includes",), ("--unsafe_no_unexpanded_functions",):
        parser.add_argument(*name, action="store_true", help=argparse.SUPPRESS)
    for name in "--email_bound", "--path_observation_re", "--stat_reset_triggers":
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.exit_on_error = False
    try:
        options, _ = parser.parse_known_args(until_first_operand(parser, words))
    except argparse.ArgumentError as error:
        raise Failure(f"{error}\n{parser.format_usage().rstrip()}") from error
    if not options.port:
        raise Failure("INCLUDE_SERVER_PORT not provided. Aborting.\n" + parser.format_usage().rstrip())
    return options


def until_first_operand(parser, words):
    """What stands behind the first word that is no option is ignored; an unknown option is an error."""
    takes_value = {}
    for action in parser._actions:  # pylint: disable=protected-access
        for name in action.option_strings:
            takes_value[name] = action.nargs != 0
    kept = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if word.startswith("--"):
            matches = [known for known in takes_value if known == name] or \
                [known for known in takes_value if known.startswith(name)]
            if not matches:
                raise Failure(f"option {word} not recognized\n{parser.format_usage().rstrip()}")
            name = matches[0]
            kept.append(name + ("=" + value if "=" in word else ""))
            if takes_value[name] and "=" not in word and rest:
                kept.append(rest.pop(0))
            continue
        kept.append(word)
        if word[:2] not in takes_value:
            raise Failure(f"option {word} not recognized\n{parser.format_usage().rstrip()}")
        if takes_value[word[:2]] and len(word) == 2 and rest:
            kept.append(rest.pop(0))
    return kept


def temporary_area():
    """Where the mirror goes: at most two components, since clients count them."""
    area = os.environ.get("DISTCC_CLIENT_TMP")
    if area:
        area = area.rstrip("/") or "/"
        if not area.startswith("/"):
            raise Failure("DISTCC_CLIENT_TMP must start with '/'.")
        if len([part for part in area.split("/") if part]) > 2:
            raise Failure("DISTCC_CLIENT_TMP must have at most two directory levels.")
        return area
    if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.R_OK | os.W_OK | os.X_OK):
        return "/dev/shm"
    return "/tmp"


def remove_left_overs(area):
    """Mirrors of servers that were killed: those that nobody has locked any more."""
    for path in glob.glob(os.path.join(glob.escape(area), LEFT_OVER)):
        try:
            root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if os.fstat(root).st_uid == os.geteuid():
                fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(root)


def remove_dead_sockets(area):
    """Directories of `pump` whose include server was killed: nobody listens there any more."""
    for path in glob.glob(os.path.join(glob.escape(area), SOCKET_LEFT_OVER, "socket")):
        try:
            found = os.lstat(path)
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
                continue
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.setblocking(False)
                probe.connect(path)
        except ConnectionRefusedError:
            remove_socket_dir(path)
        except OSError:
            pass


def listen(path):
    """The listening socket, at its name; nobody else may connect."""
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise Failure(f"the socket's name '{path}' is longer than {SOCKET_PATH_MAX} bytes")
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        listener.bind(path)
    except OSError as error:
        raise Failure(f"cannot listen on '{path}': {error.strerror}") from error
    finally:
        os.umask(old)
    listener.listen(BACKLOG)
    return listener


def stop_pipe():
    """A descriptor that becomes readable with the first signal that ends us."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return reader


def remove_socket_dir(path):
    """Only what is known to belong there."""
    directory = os.path.dirname(path)
    for name in SOCKET_DIR_FILES:
        try:
            os.unlink(os.path.join(directory, name))
        except OSError:
            pass
    try:
        os.rmdir(directory)
    except OSError:
        pass


def hung_up(life_fd):
    """Is the last writer of the FIFO gone?"""
    if life_fd < 0:
        return False
    try:
        return os.read(life_fd, 1) == b""
    except BlockingIOError:
        return False


def serve(options, ready):
    """From the first client to the end. ready() is called when connections are taken."""
    begun = time.monotonic()
    path = os.path.abspath(options.port)
    area = temporary_area()
    remove_left_overs(area)
    remove_dead_sockets(os.environ.get("TMPDIR") or "/tmp")
    stop_fd = stop_pipe()
    life_fd = os.open(options.life, os.O_RDONLY | os.O_NONBLOCK) if options.life else -1
    listener = listen(path)
    made = os.lstat(path)
    try:
        ready()
        counts = extensions.serve(listener.fileno(), stop_fd, life_fd, path, area, options.threads or (os.cpu_count() or 2),
                                  not options.no_force_dirs, 2 if options.debug_pattern & 1 else -1)
    finally:
        try:
            now = os.lstat(path)
            if (now.st_dev, now.st_ino) == (made.st_dev, made.st_ino):
                os.unlink(path)
        except OSError:
            pass
        if hung_up(life_fd):
            remove_socket_dir(path)
    if options.time:
        spent = os.times()
        user, system = spent.user + spent.children_user, spent.system + spent.children_system
        print(f"include server: elapsed {time.monotonic() - begun:.2f} s, user {user:.2f} s, system {system:.2f} s, "
              f"user+system {user + system:.2f} s", flush=True)
    if options.statistics:
        print("include server: %d requests, %d answered from memory, %d not covered" % counts, flush=True)


def start_in_background(options):
    """Returns in the command when the server takes connections; the server itself never returns."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        if options.pid_file:
            with open(options.pid_file, "w", encoding="ascii") as file:
                file.write(f"{pid}\n")
        if os.read(reader, 1) == b"\n":
            return 0
        os.waitpid(pid, 0)
        return 1
    os.close(reader)

    def ready():
        os.write(writer, b"\n")
        os.close(writer)
    status = 1
    try:
        serve(options, ready)
        status = 0
    except (Failure, OSError, RuntimeError) as failure:
        print(failure, file=sys.stderr, flush=True)
    finally:
        sys.stdout.flush()
        os._exit(status)  # pylint: disable=protected-access


def main(words):
    """The exit status."""
    try:
        return start_in_background(parse_options(words))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
