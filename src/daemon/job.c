/*
 * daemon/job.c - see job.h.
 *
 * Each job has a directory of its own; in it a work directory, where the compiler's outputs go, which
 * is read back through a descriptor: a compiler may put anything in its place. With version 3 the
 * directory is also the root of the client's files.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
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
#include "base/str.h"
#include "base/tmp.h"
#include "compiler/scan.h"
#include "daemon/allow.h"
#include "daemon/jobroot.h"
#include "daemon/load.h"
#include "daemon/place.h"
#include "daemon/plain.h"
#include "daemon/pumped.h"
#include "daemon/run.h"
#include "daemon/slot.h"
#include "daemon/view.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/version.h"

enum {
	CHUNK = 65536,
	FIRST_BYTE_MS = 15000,		/* a connection that says nothing */
	HEAD_MS = 300000,		/* the client's preprocessor runs between ARGV and DOTI */
	GRACE_MS = 60000,		/* after which a client that sends ... */
	RATE_MIN = 256,			/* ... fewer bytes a second is not sending but holding a place */
	MEMORY_STEP = 1 << 20,		/* bytes of a request, after which free memory is looked at again */
	OUTPUT_MAX = 1 << 30
};

#define OBJECT_NAME ".object.o"
#define DEPS_NAME ".deps"

static const char *const class_names[JOB_N_CLASSES] = {
	[JOB_OK] = "COMPILE_OK", [JOB_ERROR] = "COMPILE_ERROR", [JOB_TIMEOUT] = "COMPILE_TIMEOUT",
		[JOB_DISCONNECTED] = "CLI_DISCONN",
	[JOB_BAD_REQUEST] = "REJ_BAD_REQ", [JOB_OVERLOAD] = "REJ_OVERLOAD", [JOB_OTHER] = "OTHER",
};

struct job {
	struct job_site *site;
	const struct options *options;
	int in_fd, out_fd;
	const char *peer;
	struct request request;
	struct request_files files;
	struct scan_request scan;
	struct reply reply;
	char *dir;			/* of the job */
	char *work_dir;			/* in it, as the server sees it ... */
	const char *work_seen;		/* ... and as the compiler does */
	int work_fd;
	struct jobroot root;		/* version 3 */
	struct view view;
	bool has_view;
	char *input_name;		/* as the client wrote it */
	char *compiler;			/* after mapping */
	enum job_class class;
	bool refused;			/* by policy */
};

/* ------------------------------------------------------------------ directories */

static int open_work_dir(struct job *job, struct err *err)
{
	job->work_fd = open(job->work_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return job->work_fd < 0 ? err_sys(err, ERR_IO, "cannot open '%s'", job->work_dir) : 0;
}

static int name_dir(struct job *job, struct err *err)
{
	job->dir = path_join(job->site->base_dir, "job");
	return tmp_dir_empty(job->site->base_fd, err);
}

static int make_plain_dir(struct job *job, struct err *err)
{
	if (name_dir(job, err) < 0)
		return -1;
	job->work_dir = mem_strdup(job->dir);
	job->work_seen = job->work_dir;
	if (mkdir(job->dir, 0700) < 0)
		return err_sys(err, ERR_IO, "cannot make '%s'", job->dir);
	return open_work_dir(job, err);
}

/* Found out with the first job that asks. */
static bool views_work(struct job_site *site)
{
	if (site->views == VIEWS_UNTRIED) {
		site->views = !site->options->no_view && view_works(site->base_dir) ? VIEWS_WORK : VIEWS_FAIL;
		if (site->views == VIEWS_FAIL)
			log_notice("jobs of version 3 have no file system of their own here: the client's paths are mapped");
	}
	return site->views == VIEWS_WORK;
}

static int on_dir(void *context, const char *cdir, struct err *err)
{
	struct job *job = context;

	if (name_dir(job, err) < 0)
		return -1;
	job->has_view = views_work(job->site);
	if (jobroot_make(&job->root, job->dir, job->has_view, err) < 0)
		return -1;
	job->work_dir = path_join(job->dir, JOBROOT_WORK);
	job->work_seen = job->has_view ? "/" JOBROOT_WORK : job->work_dir;
	if (open_work_dir(job, err) < 0)
		return -1;
	return jobroot_add_dir(&job->root, cdir, err);
}

static int on_file(void *context, const char *name, const struct buf *body, struct err *err)
{
	return jobroot_add_file(&((struct job *)context)->root, name, body, err);
}

static int on_link(void *context, const char *name, const char *target, struct err *err)
{
	return jobroot_add_link(&((struct job *)context)->root, name, target, err);
}

/* ------------------------------------------------------------------ the request */

/* Has the client, since its source began, sent less than anybody who means it? */
static bool is_too_slow(const struct job *job, int64_t since_ms, uint64_t n_before)
{
	int64_t age_ms = clock_now_ms() - since_ms;

	return age_ms > GRACE_MS &&
	       walk_total(&job->request.walk) - n_before < (uint64_t)(age_ms / 1000) * RATE_MIN;
}

/* Many clients may send at once, each as much as a request may hold. */
static int check_memory(const struct job *job, uint64_t *checked_at, struct err *err)
{
	int64_t free_mib;

	if (walk_total(&job->request.walk) - *checked_at < MEMORY_STEP || !job->options->min_memory_mib)
		return 0;
	*checked_at = walk_total(&job->request.walk);
	free_mib = load_free_memory_mib();
	if (free_mib < 0 || free_mib >= job->options->min_memory_mib)
		return 0;
	return err_set(err, ERR_BUSY,
		       "its request is given up: %lld MiB of memory are free, %d are kept",
		       (long long)free_mib, job->options->min_memory_mib);
}

static int read_request(struct job *job, struct err *err)
{
	autofree char *chunk = mem_alloc(CHUNK);
	struct deadline head = deadline_after_ms(HEAD_MS);
	int64_t body_since_ms = 0;
	uint64_t n_head = 0, checked_at = 0;
	int complete = 0;

	while (complete == 0) {
		bool in_body = job->request.source.len || job->root.fd >= 0;
		int idle_ms = in_body ? job->options->io_idle_ms : walk_started(&job->request.walk) ? deadline_poll_ms(head) : FIRST_BYTE_MS;
		ssize_t n = fd_read_some(job->in_fd, chunk, CHUNK, idle_ms, err);
		size_t n_used;

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err,
				       walk_started(&job->request.walk) ? ERR_IO : ERR_TRUNCATED,
				       "the client closed before its request was whole");
		complete = request_feed(&job->request, chunk, (size_t)n, &n_used, err);
		if (in_body && !body_since_ms) {
			body_since_ms = clock_now_ms();
			n_head = walk_total(&job->request.walk);
		}
		if (complete == 0 && body_since_ms && is_too_slow(job, body_since_ms, n_head))
			return err_set(err, ERR_TIMEOUT,
				       "the client sends less than %d bytes a second", RATE_MIN);
		if (complete == 0 && check_memory(job, &checked_at, err) < 0)
			return -1;
	}
	return complete < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ the compile */

static int prepare_plain(struct job *job, struct err *err)
{
	return make_plain_dir(job, err) < 0 ? -1 : plain_prepare(&job->request, &job->scan, job->work_dir, job->work_fd, OBJECT_NAME, err);
}

static int prepare_pumped(struct job *job, struct err *err)
{
	autofree char *object = path_join(job->work_seen, OBJECT_NAME),
		      *deps = path_join(job->work_seen, DEPS_NAME);
	const struct argv *paths = &job->site->confine->paths;

	pumped_command(&job->request.argv, &job->scan, job->has_view ? NULL : job->dir, object, deps);
	if (!job->has_view)
		return 0;
	return view_make(&job->view, job->dir, job->request.cdir, paths->words, paths->n, err);
}

static int compile(struct job *job, struct run_result *result, struct err *err)
{
	bool is_pumped = job->request.version == PROTOCOL_PUMP;
	autofree char *dir = NULL;
	struct run run = {
		.argv = &job->request.argv, .confine = job->site->confine, .client_fd = job->in_fd,
			.peer = job->peer,
		.lifetime_s = job->options->job_lifetime_s,
	};

	if ((is_pumped ? prepare_pumped(job, err) : prepare_plain(job, err)) < 0)
		return -1;
	if (job->options->prefix)
		argv_insert(&job->request.argv, 0, job->options->prefix);
	dir = is_pumped ? str_format("%s%s", job->dir, job->request.cdir) : mem_strdup(job->work_dir);
	run.dir = dir;
	run.view = job->has_view ? &job->view : NULL;
	run.work_fd = job->work_fd;
	run.tmpdir = job->work_seen;
	if (run_compiler(&run, result, err) == 0)
		return 0;
	if (result->end == RUN_CLIENT_GONE)
		job->class = JOB_DISCONNECTED;
	return -1;
}

/* ------------------------------------------------------------------ the answer */

/* A compiler that succeeds without an object leaves an empty one (as "true -c x.i" does). What it left may
 * be anything: a link to a file of ours, a pipe without end. */
static int read_output(const struct job *job, const char *name, struct buf *out, struct err *err)
{
	autoclose int fd = openat(job->work_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, ERR_IO, "cannot read the compiler's output");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(err, ERR_IO, "the compiler's output is no file of its own");
	return fd_read_all(fd, OUTPUT_MAX, out, err);
}

static int read_outputs(struct job *job, struct err *err)
{
	bool is_mapped = job->request.version == PROTOCOL_PUMP && !job->has_view;

	if (is_mapped) {
		pumped_unmap(&job->reply.serr, job->dir);
		pumped_unmap(&job->reply.sout, job->dir);
	}
	if (job->reply.status != 0)
		return 0;
	if (read_output(job, OBJECT_NAME, &job->reply.object, err) < 0)
		return -1;
	if (job->request.version != PROTOCOL_PUMP)
		return 0;
	if (read_output(job, DEPS_NAME, &job->reply.deps, err) < 0)
		return -1;
	if (is_mapped)
		pumped_unmap_deps(&job->reply.deps, job->dir, family_of_name(job->request.argv.words[0]));
	return 0;
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
 * 110 is what a missing compiler is answered with: our clients and gateways remember it for that compiler alone.
 */
static int tell_refusal(struct job *job, struct err *err)
{
	struct err sending = ERR_INIT;

	job->reply.status = (err->code == ERR_NO_COMPILER ? ERR_NO_COMPILER : ERR_DENIED) << 8;
	buf_add_format(&job->reply.serr, "distccd[%ld] ERROR: refused: %s\n", (long)getpid(), err->text);
	if (send_reply(job, &sending) < 0)
		log_debug("the client did not wait for the reason: %s", sending.text);
	return -1;
}

/* What the compiler said and how it ended becomes the reply's. */
static int take_result(struct job *job, struct run_result *result, struct err *err)
{
	job->reply.status = result->status;
	buf_add(&job->reply.serr, result->serr.data, result->serr.len);
	buf_add(&job->reply.sout, result->sout.data, result->sout.len);
	if (read_outputs(job, err) < 0)
		return -1;
	job->class = result->end == RUN_TOO_LONG ? JOB_TIMEOUT : result->status == 0 ? JOB_OK : JOB_ERROR;
	return 0;
}

static int serve(struct job *job, struct err *err)
{
	struct run_result result = RUN_RESULT_INIT;
	struct place place = PLACE_INIT;
	int done;

	job->class = JOB_OTHER;
	if (read_request(job, err) < 0) {
		if (err->code == ERR_PROTOCOL)
			job->class = JOB_BAD_REQUEST;
		else if (err->code == ERR_IO)
			job->class = JOB_DISCONNECTED;
		else if (err->code == ERR_BUSY)
			job->class = JOB_OVERLOAD;
		return -1;
	}
	if (scan_request(&job->scan, &job->request.argv, err) < 0)
		return tell_refusal(job, err);
	if (allow_command(&job->request.argv, job->options->insecure, job->options->sysroot,
			  job->request.version == PROTOCOL_PUMP, err) < 0) {
		job->refused = true;
		return tell_refusal(job, err);
	}
	job->compiler = mem_strdup(job->request.argv.words[0]);
	job->input_name = mem_strdup(job->request.argv.words[job->scan.input_at]);
	if (slot_take(job->site->slots, job->in_fd, err) < 0) {
		job->class = JOB_DISCONNECTED;
		return -1;
	}
	if (job->options->gateway &&
	    place_take(&place, job->options->gateway, job->in_fd, path_base(job->compiler),
		       job->input_name, err) < 0) {
		job->class = err->code == ERR_IO ? JOB_DISCONNECTED : JOB_OVERLOAD;
		return -1;
	}
	done = compile(job, &result, err);
	place_give(&place, done == 0 && result.status == 0);
	if (done == 0)
		done = take_result(job, &result, err);
	else
		job->reply.status = result.status;
	run_result_release(&result);
	slot_give(job->site->slots);
	return done < 0 ? -1 : send_reply(job, err);
}

/* The line that programs read; its words and their order are those of distcc 3.4. */
static void summarise(const struct job *job, int ret, int64_t ms)
{
	int status = job->reply.status;
	bool named = job->class == JOB_OK || job->class == JOB_ERROR;

	log_notice("(dcc_job_summary) client: %s %s exit:%d sig:%d core:%d ret:%d time:%lldms %s%s%s", job->peer,
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
	jobroot_release(&job->root);
	view_release(&job->view);
	fd_close(&job->work_fd);
	free(job->dir);
	free(job->work_dir);
	free(job->input_name);
	free(job->compiler);
}

void job_serve(struct job_site *site, int in_fd, int out_fd, const char *peer, struct job_outcome *outcome)
{
	struct job job = {
		.site = site, .options = site->options, .in_fd = in_fd, .out_fd = out_fd,
			.peer = peer, .work_fd = -1,
		.root = JOBROOT_INIT, .view = VIEW_INIT, .files = { on_dir, on_file, on_link, NULL },
	};
	int64_t start_ms = clock_now_ms();
	struct err err = ERR_INIT;

	*outcome = (struct job_outcome){ .ret = 0 };
	request_init(&job.request, &walk_limits_default);
	job.files.context = &job;
	job.request.files = &job.files;
	reply_init(&job.reply, PROTOCOL_PLAIN, &walk_limits_default, false);
	if (serve(&job, &err) < 0) {
		/* a refusal is a job that was served, in the words of distcc 3.4 */
		outcome->ret = job.refused ? 0 : (int)err.code;
		if (job.class == JOB_OTHER && err.code == ERR_TRUNCATED)
			log_info("client %s: %s", peer, err.text);
		else
			log_warning("client %s: %s", peer, err.text);
	}
	if (job.dir && tmp_dir_empty(site->base_fd, &err) < 0)
		log_error("%s", err.text);
	outcome->class = job.class;
	outcome->ms = clock_now_ms() - start_ms;
	copy_word(outcome->compiler, job.compiler);
	copy_word(outcome->input, job.input_name);
	summarise(&job, outcome->ret, outcome->ms);
	release(&job);
}
