/* client/doctor.c - see doctor.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/doctor.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/tmp.h"
#include "client/attempt.h"
#include "client/farm.h"
#include "client/survey.h"
#include "compiler/rewrite.h"
#include "net/dial.h"
#include "state/statedir.h"

enum { STEP_MS = 5000, OBJECT_MAX = 1 << 20 };

/* Preprocessed already. The marker gives both objects the same file name. */
static const char text[] = "# 1 \"doctor.c\"\nint distcc_doctor(void) { return 42; }\n";

struct check {
	const struct settings *settings;
	const struct host_spec *host;
	int n_failures;
};

static void step(struct check *check, bool ok, const char *what, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void step(struct check *check, bool ok, const char *what, const char *format, ...)
{
	va_list args;

	printf("  %-4s %s: ", ok ? "ok" : "FAIL", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	check->n_failures += !ok;
}

static const char *first_line(const struct buf *said, char line[200])
{
	str_copy(line, 200, said->len ? said->data : "it said nothing");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* --------------------------------------------------------------- the way to a host */

static bool check_resolves(struct check *check)
{
	autofree struct sock_addr *addrs = NULL;
	char address[SOCK_TEXT_MAX];
	struct err err = ERR_INIT;
	size_t n_addrs = 0;

	if (sock_resolve(check->host->name, check->host->port, &addrs, &n_addrs, &err) < 0) {
		step(check, false, "resolve", "%s", err.text);
		return false;
	}
	step(check, true, "resolve", "%s%s", sock_addr_format(&addrs[0], address),
	     n_addrs > 1 ? " and others" : "");
	return true;
}

static bool check_connects(struct check *check)
{
	autostream stream = STREAM_INIT;
	int64_t start = clock_now_us();
	struct err err = ERR_INIT;

	if (dial(check->host, deadline_after_ms(STEP_MS), &stream, &err) < 0) {
		step(check, false, "connect", "%s", err.text);
		return false;
	}
	step(check, true, "connect", "in %.1f ms", (double)(clock_now_us() - start) / 1000);
	return true;
}

static bool check_gateway(struct check *check)
{
	struct err err = ERR_INIT;
	char features[64];
	int slots;

	if (survey_gateway(check->host, deadline_after_ms(STEP_MS), &slots, features, &err) < 0)
		step(check, false, "gateway", "%s", err.text);
	else if (!slots)
		step(check, false, "gateway",
		     "it has no usable server: see distcc-gateway --status where it runs");
	else
		step(check, true, "gateway", "%d slots%s%s", slots, *features ? ", " : "", features);
	return err.code == ERR_NONE && slots;
}

/* --------------------------------------------------------------- a compile */

static bool is_cxx(const char *compiler)
{
	return strstr(path_base(compiler), "++") != NULL;
}

/* The same line, compiled by the same compiler here. */
static int compile_here(const char *compiler, struct buf *object, struct err *err)
{
	autoclose int in = tmp_memory("distcc-doctor", err), out = tmp_memory("distcc-doctor", err);
	autoclose int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct proc_spec spec = PROC_SPEC_INIT;
	autoargv command = ARGV_INIT;
	autoproc proc = PROC_INIT;
	int status;

	if (in < 0 || out < 0 || fd_write_full(in, text, strlen(text), -1, err) < 0 ||
	    lseek(in, 0, SEEK_SET) < 0)
		return -1;
	fd_set_cloexec(out, false);
	argv_add(&command, compiler);
	argv_add(&command, "-x");
	argv_add(&command, is_cxx(compiler) ? "c++-cpp-output" : "cpp-output");
	argv_add(&command, "-c");
	argv_add(&command, "-");
	argv_add(&command, "-o");
	argv_add_format(&command, "/proc/self/fd/%d", out);
	spec.argv = command.words;
	spec.stdin_fd = in;
	spec.stderr_fd = null_fd;
	spec.own_group = true;
	if (proc_start(&proc, &spec, err) < 0 || proc_wait(&proc, deadline_never(), &status, NULL, err) < 0)
		return -1;
	if (status != 0)
		return err_set(err, ERR_FAILED, "%s fails here, too", compiler);
	return lseek(out, 0, SEEK_SET) < 0 ? -1 : fd_read_all(out, OBJECT_MAX, object, err);
}

static enum outcome text_is_there(void *context)
{
	struct attempt *attempt = context;

	attempt->text = text;
	attempt->text_len = strlen(text);
	return OUTCOME_ANSWER;
}

static void judge(struct check *check, const char *compiler, const struct attempt *attempt, int64_t us)
{
	int status = attempt->reply.status;
	autobuf here = BUF_INIT;
	struct err err = ERR_INIT;
	char line[200];

	if (WIFEXITED(status) && WEXITSTATUS(status) == ERR_NO_COMPILER)
		step(check, false, compiler,
		     "server '%s' has no such compiler: install it there, or leave this host out",
		     attempt->server);
	else if (status != 0)
		step(check, false, compiler, "fails on server '%s': %s", attempt->server,
		     first_line(&attempt->reply.serr, line));
	else if (compile_here(compiler, &here, &err) < 0)
		step(check, true, compiler, "compiled on '%s' in %.1f ms; not compared: %s",
		     attempt->server, (double)us / 1000, err.text);
	else if (here.len != attempt->reply.object.len ||
		 memcmp(here.data, attempt->reply.object.data, here.len) != 0)
		step(check, false, compiler,
		     "server '%s' gives another object than this machine: install the same version on both",
		     attempt->server);
	else
		step(check, true, compiler,
		     "compiled on '%s' in %.1f ms, the object equals a local one", attempt->server,
		     (double)us / 1000);
}

static void check_compiles(struct check *check, const char *compiler)
{
	struct attempt attempt = { .settings = check->settings, .source = "doctor.c",
				   .ensure_text = text_is_there };
	const char *source = is_cxx(compiler) ? "doctor.ii" : "doctor.i";
	int64_t start = clock_now_us();
	autoargv command = ARGV_INIT;
	struct err err = ERR_INIT;
	enum outcome outcome;

	argv_add(&command, compiler);
	argv_add(&command, "-c");
	argv_add(&command, source);
	argv_add(&command, "-o");
	argv_add(&command, "doctor.o");
	attempt.command = &command;
	attempt.context = &attempt;
	outcome = attempt_at(&attempt, check->host, 0, &err);
	if (outcome == OUTCOME_HOST_FAULT)
		step(check, false, compiler, "%s", err.text);
	else if (outcome == OUTCOME_LOCAL)
		step(check, true, compiler, "not tried: it is this machine's turn (%s)",
		     attempt.local_reason);
	else
		judge(check, command.words[0], &attempt, clock_now_us() - start);
	reply_release(&attempt.reply);
}

/* --------------------------------------------------------------- all of it */

static void check_host(struct check *check, const struct argv *compilers)
{
	const struct host_spec *host = check->host;
	bool reached = true;

	printf("host %s\n", host->text);
	if (host->down || host->kind == HOST_LOCAL) {
		step(check, true, "skipped", "%s",
		     host->down ? "marked ',down' in the list" : "this machine");
		return;
	}
	if (host->kind == HOST_UNIX && !host->raw)
		reached = check_gateway(check);
	else if (host->kind != HOST_SSH)
		reached = (host->kind != HOST_TCP || getenv("DISTCC_SOCKS_PROXY") ||
			   check_resolves(check)) &&
			  check_connects(check);
	for (size_t i = 0; reached && i < compilers->n; i++)
		check_compiles(check, compilers->words[i]);
}

/* The names that jobs would ask for: cc is gcc, and that x86_64-linux-gnu-gcc. */
static void name_compilers(struct argv *out, char *const *given, const struct settings *settings)
{
	static char *const usual[] = { "cc", "c++", NULL };

	for (char *const *name = *given ? given : usual; *name; name++) {
		autofree char *program = path_find_program(*name, NULL, NULL, NULL);
		autoargv command = ARGV_INIT;

		if (!*given && !program)
			continue;
		argv_add(&command, *name);
		if (settings->rewrite_cross && !strstr(*name, "clang"))
			rewrite_command(&command, NULL, NATIVE_TRIPLE);
		argv_add(out, command.words[0]);
	}
}

static void check_surroundings(struct check *check, const char *source, const struct host_list *list)
{
	struct err err = ERR_INIT;
	autofree char *dir = statedir_get("lock", &err);

	printf("this machine\n");
	step(check, list->n_hosts > 0, "hosts", "%zu in %s", list->n_hosts, source);
	step(check, true, "locks", "%s", dir ? dir : err.text);
}

int doctor_run(char *const *given, const struct settings *settings)
{
	struct check check = { .settings = settings };
	struct host_list list = HOST_LIST_INIT;
	autoargv compilers = ARGV_INIT;
	autofree char *source = NULL;
	struct err err = ERR_INIT, nobody = ERR_INIT;

	if (farm_load(&list, &source, &nobody, &err) < 0) {
		step(&check, false, "hosts", "%s", err.text);
	} else {
		name_compilers(&compilers, given, settings);
		check_surroundings(&check, source, &list);
		if (nobody.code != ERR_NONE)
			step(&check, false, "hosts", "%s", nobody.text);
		for (size_t i = 0; i < list.n_hosts; i++) {
			check.host = &list.hosts[i];
			check_host(&check, &compilers);
		}
	}
	printf("%s\n", check.n_failures ? "Something is wrong: see the lines with FAIL." : "All is well.");
	host_list_release(&list);
	return check.n_failures ? ERR_FAILED : 0;
}
