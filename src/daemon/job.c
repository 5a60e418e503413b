/*
 * daemon/job.c - see job.h.
 *
 * The compiler runs in a process group of its own with a guard (base/proc.h), in a directory of its
 * own. While it runs the connection is watched: its end ends the compiler, at once.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tmp.h"
#include "compiler/scan.h"
#include "daemon/allow.h"
#include "daemon/strays.h"
#include "wire/compress.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/version.h"

enum {
	CHUNK = 65536,
	FIRST_BYTE_MS = 15000,		/* a connection that says nothing */
	HEAD_MS = 300000,		/* the client's preprocessor runs between ARGV and DOTI */
	SOURCE_MAX = 1 << 30
};

static const char *const class_names[] = {
	"COMPILE_OK", "COMPILE_ERROR", "COMPILE_TIMEOUT", "CLI_DISCONN", "REJ_BAD_REQ", "REJ_OVERLOAD", "OTHER",
};

struct job {
	int in_fd, out_fd;
	const struct options *options;
	const struct confine *confine;
	struct request request;
	struct scan_request scan;
	struct buf serr_extra;		/* what the server itself says to the client */
	struct reply reply;
	char *dir;
	int dir_fd;			/* the same: a compiler cannot put another in its place */
	char *source, *object;		/* inside dir */
	char *input_name;		/* as the client wrote it */
	char *compiler;			/* after mapping */
	enum job_class class;
	bool refused;			/* by policy */
};

#define OBJECT_NAME ".object.o"

static volatile sig_atomic_t compiler_group;

void job_kill_compiler(void)
{
	if (compiler_group)
		kill(-(pid_t)compiler_group, SIGKILL);
}

/* ------------------------------------------------------------------ the request */

static int read_request(struct job *job, struct err *err)
{
	autofree char *chunk = mem_alloc(CHUNK);
	int complete = 0;

	while (complete == 0) {
		int idle_ms = !walk_started(&job->request.walk) ? FIRST_BYTE_MS : job->request.source.len ? job->options->io_idle_ms : HEAD_MS;
		ssize_t n = fd_read_some(job->in_fd, chunk, CHUNK, idle_ms, err);
		size_t n_used;

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err, walk_started(&job->request.walk) ? ERR_IO : ERR_TRUNCATED, "the client closed before its request was whole");
		complete = request_feed(&job->request, chunk, (size_t)n, &n_used, err);
	}
	return complete < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ the compile */

/* The client's own base name where that is harmless, so that messages make sense. */
static char *source_name(const struct job *job)
{
	const char *base = path_base(job->input_name), *extension = language_preprocessed_extension(job->scan.language);
	autofree char *stem = path_with_extension(base, "");

	if (!*stem || stem[0] == '-' || stem[0] == '.' || strlen(stem) > 200 || strchr(stem, '/'))
		return str_format("%s/source%s", job->dir, extension);
	return str_format("%s/%s%s", job->dir, stem, extension);
}

static int write_source(struct job *job, struct err *err)
{
	autobuf expanded = BUF_INIT;
	const struct buf *text = &job->request.source;
	autoclose int fd = open(job->source, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot write the source");
	if (job->request.version == PROTOCOL_LZO) {
		if (lzo_expand(&expanded, text->data, text->len, SOURCE_MAX, err) < 0)
			return -1;
		text = &expanded;
	}
	if (text->len && fd_write_full(fd, text->data, text->len, -1, err) < 0)
		return -1;
	return 0;
}

/* Input and output become files of the job's directory. */
static void localise(struct job *job)
{
	struct argv *argv = &job->request.argv;

	argv_replace(argv, job->scan.input_at, job->source);
	if (job->scan.output_at >= argv->n) {
		argv_add(argv, "-o");
		argv_add(argv, job->object);
	} else if (job->scan.output_is_joined) {
		autofree char *joined = str_format("-o%s", job->object);

		argv_replace(argv, job->scan.output_at, joined);
	} else {
		argv_replace(argv, job->scan.output_at, job->object);
	}
}

/* True when the client has gone. Stray bytes are taken off, or they would wake us for ever. */
static bool client_is_gone(int fd, short revents, const char *peer, bool *told)
{
	char stray[256];
	ssize_t n;

	if (revents & (POLLERR | POLLNVAL))
		return true;
	if (!(revents & (POLLIN | POLLHUP)))
		return false;
	n = read(fd, stray, sizeof(stray));
	if (n > 0 && !*told) {
		log_warning("client %s sends bytes after its request; they are ignored", peer);
		*told = true;
	}
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Until the compiler has ended, the client has gone or the job is too old. */
static int watch(struct job *job, struct proc *proc, const char *peer, int *status, struct err *err)
{
	struct deadline deadline = job->options->job_lifetime_s ? deadline_after_ms((int64_t)job->options->job_lifetime_s * 1000) :
				   deadline_never();
	bool told = false;

	/* A kernel without pidfds (before 5.3) cannot tell both; the compile is then waited for. */
	if (proc->pidfd < 0)
		return proc_wait(proc, deadline_never(), status, NULL, err);
	for (;;) {
		struct pollfd fds[2] = { { proc->pidfd, POLLIN, 0 }, { job->in_fd, POLLIN, 0 } };
		int n = poll(fds, 2, deadline_poll_ms(deadline));

		if (n < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, "cannot wait for the compiler");
		if (n > 0 && fds[0].revents)
			return proc_wait(proc, deadline_never(), status, NULL, err);
		if (n > 0 && fds[1].revents && client_is_gone(job->in_fd, fds[1].revents, peer, &told)) {
			job->class = JOB_DISCONNECTED;
			*status = ERR_IO << 8;
			return err_set(err, ERR_IO, "Client fd disconnected, killing job");
		}
		if (deadline_passed(deadline)) {
			job->class = JOB_TIMEOUT;
			*status = ERR_TIMEOUT << 8;
			log_error("Compilation takes too long, timeout.");
			buf_add_str(&job->serr_extra, "distccd: Compilation takes too long, timeout.\n");
			return 0;
		}
	}
}

static int open_in(const struct job *job, const char *name, struct err *err)
{
	int fd = openat(job->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(err, ERR_IO, "cannot write in the job's directory") : fd;
}

/* Between fork and exec: only system calls. */
static void confine_child(void *context)
{
	if (confine_enter(context) < 0)
		_exit(ERR_PRIVILEGES);
}

static int run_compiler(struct job *job, const char *peer, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;
	autoclose int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	autoclose int out_fd = open_in(job, ".stdout", err);
	autoclose int err_fd = out_fd < 0 ? -1 : open_in(job, ".stderr", err);
	struct err start = ERR_INIT;
	int result;

	if (err_fd < 0)
		return -1;
	/* A compiler that is killed leaves its own temporary files: they go with the directory. */
	setenv("TMPDIR", job->dir, 1);
	if (job->options->prefix)
		argv_insert(&job->request.argv, 0, job->options->prefix);
	spec.argv = job->request.argv.words;
	spec.in_child = confine_child;
	spec.context = (void *)(uintptr_t)job->confine;
	spec.dir = job->dir;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = out_fd;
	spec.stderr_fd = err_fd;
	spec.own_group = true;
	if (proc_start(&proc, &spec, &start) < 0) {
		log_error("%s", start.text);
		job->reply.status = ERR_NO_COMPILER << 8;
		buf_add_format(&job->serr_extra, "distccd[%ld] ERROR: %s\n", (long)getpid(), start.text);
	} else {
		compiler_group = proc.pid;
		result = watch(job, &proc, peer, &job->reply.status, err);
		proc_kill(&proc);
		compiler_group = 0;
		strays_end(NULL, NULL);
		if (result < 0)
			return -1;
	}
	if (lseek(out_fd, 0, SEEK_SET) < 0 || lseek(err_fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(out_fd, SOURCE_MAX, &job->reply.sout, err) < 0 || fd_read_all(err_fd, SOURCE_MAX, &job->reply.serr, err) < 0)
		return -1;
	buf_add(&job->reply.serr, job->serr_extra.data, job->serr_extra.len);
	return 0;
}

/* A compiler that succeeds without an object leaves an empty one (as "true -c x.i" does). What it left may
 * be anything: a link to a file of ours, a pipe without end. */
static int read_output(const struct job *job, const char *name, struct buf *out, struct err *err)
{
	autoclose int fd = openat(job->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, ERR_IO, "cannot read the compiler's output");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(err, ERR_IO, "the compiler's output is no file of its own");
	return fd_read_all(fd, SOURCE_MAX, out, err);
}

static int read_object(struct job *job, struct err *err)
{
	return job->reply.status != 0 ? 0 : read_output(job, OBJECT_NAME, &job->reply.object, err);
}

static int send_reply(struct job *job, struct err *err)
{
	autobuf bytes = BUF_INIT;

	job->reply.version = job->request.version;
	if (reply_encode(&bytes, &job->reply, err) < 0)
		return -1;
	return fd_write_full(job->out_fd, bytes.data, bytes.len, job->options->io_idle_ms, err);
}

/*
 * The protocol has no word for a refusal. A stock client takes a status and a sentence for a compile
 * that failed: it compiles at home, and its user can read why. A closed connection would tell nothing.
 */
static int tell_refusal(struct job *job, struct err *err)
{
	struct err sending = ERR_INIT;

	job->reply.status = ERR_DENIED << 8;
	buf_add_format(&job->reply.serr, "distccd[%ld] ERROR: refused: %s\n", (long)getpid(), err->text);
	if (send_reply(job, &sending) < 0)
		log_debug("the client did not wait for the reason: %s", sending.text);
	return -1;
}

static int make_dir(struct job *job, const char *base_dir, struct err *err)
{
	job->dir = path_join(base_dir, "job");
	if (tmp_dir_remove(job->dir, err) < 0)
		return -1;
	if (mkdir(job->dir, 0700) < 0)
		return err_sys(err, ERR_IO, "cannot make '%s'", job->dir);
	job->dir_fd = open(job->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (job->dir_fd < 0)
		return err_sys(err, ERR_IO, "cannot open '%s'", job->dir);
	job->source = source_name(job);
	job->object = path_join(job->dir, OBJECT_NAME);
	return 0;
}

static int serve(struct job *job, const char *peer, const char *base_dir, struct err *err)
{
	job->class = JOB_OTHER;
	if (read_request(job, err) < 0) {
		if (err->code == ERR_PROTOCOL)
			job->class = JOB_BAD_REQUEST;
		else if (err->code == ERR_IO)
			job->class = JOB_DISCONNECTED;
		return -1;
	}
	if (scan_request(&job->scan, &job->request.argv, err) < 0)
		return tell_refusal(job, err);
	if (allow_command(&job->request.argv, job->options->insecure, job->options->sysroot, err) < 0) {
		job->refused = true;
		return tell_refusal(job, err);
	}
	job->compiler = mem_strdup(job->request.argv.words[0]);
	job->input_name = mem_strdup(job->request.argv.words[job->scan.input_at]);
	if (make_dir(job, base_dir, err) < 0 || write_source(job, err) < 0)
		return -1;
	localise(job);
	if (run_compiler(job, peer, err) < 0 || read_object(job, err) < 0)
		return -1;
	if (job->class != JOB_TIMEOUT)
		job->class = job->reply.status == 0 ? JOB_OK : JOB_ERROR;
	return send_reply(job, err);
}

/* The line that programs read; its words and their order are those of distcc 3.4. */
static void summarise(const struct job *job, const char *peer, int ret, int64_t ms)
{
	int status = job->reply.status;
	bool named = job->class == JOB_OK || job->class == JOB_ERROR;

	log_notice("(dcc_job_summary) client: %s %s exit:%d sig:%d core:%d ret:%d time:%lldms %s%s%s", peer,
		   class_names[job->class], WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		   WIFSIGNALED(status) && WCOREDUMP(status) ? 128 : 0, ret, (long long)ms,
		   named ? job->compiler : "", named ? " " : "", named ? job->input_name : "");
}

/* For a line of words: what a client named may hold anything. */
static void copy_word(char to[OUTCOME_TEXT_MAX], const char *from)
{
	str_copy(to, OUTCOME_TEXT_MAX, from ? from : "");
	for (char *at = to; *at; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at == 0x7f)
			*at = '_';
}

static void release(struct job *job)
{
	request_release(&job->request);
	reply_release(&job->reply);
	buf_release(&job->serr_extra);
	fd_close(&job->dir_fd);
	free(job->dir);
	free(job->source);
	free(job->object);
	free(job->input_name);
	free(job->compiler);
}

void job_serve(int in_fd, int out_fd, const char *peer, const char *base_dir, const struct options *options,
	       const struct confine *confine, struct job_outcome *outcome)
{
	struct job job = { .in_fd = in_fd, .out_fd = out_fd, .options = options, .confine = confine, .dir_fd = -1 };
	int64_t start_ms = clock_now_ms();
	struct err err = ERR_INIT;

	*outcome = (struct job_outcome){ .ret = 0 };
	request_init(&job.request, &walk_limits_default);
	reply_init(&job.reply, PROTOCOL_PLAIN, &walk_limits_default, false);
	if (serve(&job, peer, base_dir, &err) < 0) {
		/* a refusal is a job that was served, in the words of distcc 3.4 */
		outcome->ret = job.refused ? 0 : (int)err.code;
		if (job.class == JOB_OTHER && err.code == ERR_TRUNCATED)
			log_info("client %s: %s", peer, err.text);
		else
			log_warning("client %s: %s", peer, err.text);
	}
	if (job.dir && tmp_dir_remove(job.dir, &err) < 0)
		log_error("%s", err.text);
	outcome->class = job.class;
	outcome->ms = clock_now_ms() - start_ms;
	copy_word(outcome->compiler, job.compiler);
	copy_word(outcome->input, job.input_name);
	summarise(&job, peer, outcome->ret, outcome->ms);
	release(&job);
}
