/*
 * client/job.c - see job.h.
 *
 *   scan -> plan --local--------------------------------------------> run here
 *             |
 *             +--remote--> [ lease ] -> preprocess -> attempt on a host --answer--> deliver
 *                                          |              |    ^                      |
 *                                          |     host fault    +-- next host     status not 0
 *                                          |              |                           |
 *                                          +-- fails -----+-- none left --------------+--> run here
 *
 * Three kinds of fault are kept apart: of the host (it is avoided for a while), of the host and this
 * compiler (another host is tried), of the job (nobody is blamed).
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "client/attempt.h"
#include "client/blame.h"
#include "client/delivery.h"
#include "client/farm.h"
#include "client/journal.h"
#include "client/local.h"
#include "client/mail.h"
#include "client/mode.h"
#include "client/native.h"
#include "client/origin.h"
#include "client/pick.h"
#include "client/plan.h"
#include "client/preprocess.h"
#include "client/pump.h"
#include "client/saved.h"
#include "client/toolchain.h"
#include "compiler/asm-files.h"
#include "compiler/commands.h"
#include "compiler/response.h"
#include "compiler/rewrite.h"
#include "hosts/source.h"
#include "net/gateway.h"
#include "state/jobnote.h"

struct job {
	const struct settings *settings;
	const struct argv *command;
	struct scan scan;
	struct host_list hosts;
	char *hosts_source;
	bool has_gateway;		/* scheduling and display are the gateway's: no state files then */
	struct preprocess cpp;
	struct blame blame;
	bool asked_again;		/* with text of another kind */
	bool has_object;		/* ... only for the messages: the first answer's object is kept */
	struct buf object;
	struct argv server_command;
	struct attempt attempt;
	struct pump pump;
	struct here here;		/* a place on this machine, while one is held */
	/* the same from the list's own "localhost", for the run that follows */
	struct pick place;
	int64_t start_ms;
};

static const char *source_name(const struct job *job)
{
	return job->scan.input_at ? job->scan.command.words[job->scan.input_at] : "-";
}

static bool is_gateway(const struct host_spec *host)
{
	return host->kind == HOST_UNIX && !host->raw;
}

/* Gateways count why jobs were not for them: distcc-gateway --status. */
static void tell_gateway(const struct job *job, const char *reason)
{
	const struct gateway_note note = {
		.reason = reason,
		.source = source_name(job),
		.build = env_get("DISTCC_BUILD"),
		.ms = clock_now_ms() - job->start_ms,
	};

	for (size_t i = 0; i < job->hosts.n_hosts; i++) {
		if (is_gateway(&job->hosts.hosts[i])) {
			gateway_note_local(job->hosts.hosts[i].path, &note);
			return;
		}
	}
}

static int finish(const struct job *job, const char *where, const char *server, const char *reason,
		  int status)
{
	const struct journal_result result = {
		.source = source_name(job),
		.where = where,
		.server = server,
		.reason = reason,
		.start_ms = job->start_ms,
		.status = status,
		.lease_id = job->attempt.lease_id,
	};

	journal_result(&result);
	if (str_equal(where, "local") && job->has_gateway)
		tell_gateway(job, reason);
	return status;
}

static void note(void *context, enum job_phase phase, const char *host, int slot)
{
	const struct job *job = context;

	if (!job->has_gateway)
		jobnote_set(phase, source_name(job), host, slot);
}

/* --------------------------------------------------------------- here */

static void take_local_slot(struct job *job, struct pick *pick, const char *kind, int limit)
{
	if (here_take(&job->here, &job->hosts, kind, source_name(job)) ||
	    (job->has_gateway && here_is_inherited()))
		return;
	/* Beside a gateway nothing is written anywhere unless the user has named a place for it. */
	if (!job->has_gateway || env_get("DISTCC_DIR"))
		pick_local(pick, limit, job->settings);
}

static int run_by_nature(struct job *job, const struct plan *plan)
{
	autopick slot = PICK_INIT;

	log_info("local: reason=%s detail=%s: %s", plan->reason, plan->detail, plan->explanation);
	if (job->settings->guard_level == 0 && hosts_load(&job->hosts, &job->hosts_source, NULL) == 0) {
		for (size_t i = 0; i < job->hosts.n_hosts; i++)
			job->has_gateway |= job->hosts.hosts[i].kind == HOST_UNIX;
		if (plan->where == PLAN_LOCAL_CPP)
			take_local_slot(job, &slot, "cpp", job->hosts.localslots_cpp);
		else
			take_local_slot(job, &slot,
					str_equal(plan->reason, "not-a-compile") ? "link" : "local",
					job->hosts.localslots);
		note(job, JOB_COMPILE, "localhost", slot.slot);
	}
	return finish(job, "local", "localhost", plan->reason, local_run(job->command, source_name(job)));
}

static int run_here(struct job *job, const char *reason)
{
	autopick slot = PICK_INIT;

	log_info("local: reason=%s", reason);
	if (job->place.host)
		slot.slot = job->place.slot;
	else
		take_local_slot(job, &slot, "local", job->hosts.localslots);
	note(job, JOB_COMPILE, "localhost", slot.slot);
	return finish(job, "local", "localhost", reason, local_compile(job->command, &job->scan));
}

/* --------------------------------------------------------------- the text to send */

static enum outcome must_run_here(struct job *job, const char *reason)
{
	job->attempt.local_reason = reason;
	return OUTCOME_LOCAL;
}

static void make_server_command(struct job *job, enum text_kind kind)
{
	autofree char *dir = getcwd(NULL, 0);
	struct scan_place place = { kind, dir, preprocess_terminal() };

	argv_release(&job->server_command);
	scan_server_command(&job->scan, &place, &job->server_command);
}

static void show_text_to_attempt(struct job *job)
{
	make_server_command(job, job->cpp.kind);
	job->attempt.text = job->cpp.text;
	job->attempt.text_len = job->cpp.text_len;
	if (!language_is_preprocessed(job->scan.language))
		saved_keep("distcc", language_preprocessed_extension(job->scan.language),
			   job->cpp.text, job->cpp.text_len);
}

/* Will the compiler perhaps say something that needs the source itself? */
static bool may_mislead(const struct job *job)
{
	const struct guard_warnings wanted = {
		.indentation = job->scan.warnings.indentation && job->scan.family != FAMILY_CLANG,
		.empty_bodies = job->scan.warnings.empty_bodies && job->scan.family != FAMILY_GCC,
	};

	return (wanted.indentation || wanted.empty_bodies) &&
	       origin_may_mislead(job->cpp.text, job->cpp.text_len, &wanted);
}

/* OUTCOME_ANSWER: the text is there. */
static enum outcome ensure_text(void *context)
{
	struct job *job = context;
	autopick slot = PICK_INIT;
	struct err err = ERR_INIT;
	bool got;

	if (job->cpp.finished)
		return OUTCOME_ANSWER;
	if (!language_is_preprocessed(job->scan.language)) {
		take_local_slot(job, &slot, "cpp", job->hosts.localslots_cpp);
		note(job, JOB_PREPROCESS, "localhost", slot.slot);
	}
	got = preprocess_run_best(&job->cpp, &job->scan, &err) == 0;
	if (got && !language_is_preprocessed(job->scan.language)) {
		journal_usage("cpp", &job->cpp.source.usage);
		journal_end("cpp", source_name(job), "localhost", job->cpp.status);
	}
	/* nothing else is waited for while it is held */
	here_give(&job->here, true);
	if (!got) {
		log_info("%s", err.text);
		return must_run_here(job, "preprocessor-start");
	}
	/* The compiler itself says best what is wrong, once. */
	if (job->cpp.status != 0)
		return must_run_here(job, "preprocessor-failed");
	if (asm_reads_files(job->cpp.text, job->cpp.text_len, true))
		return must_run_here(job, "assembler-reads-files");
	if (may_mislead(job))
		return must_run_here(job, "messages");
	show_text_to_attempt(job);
	return OUTCOME_ANSWER;
}

/* --------------------------------------------------------------- what became of it */

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The server's compiler failed: what does ours say? If it succeeds the sources must have been the reason. */
static int retry_here(struct job *job)
{
	bool was_pump = job->attempt.sources != NULL;
	int status;

	log_info("fault=job: remote compilation of '%s' failed, retrying locally", source_name(job));
	status = run_here(job, "remote-status");
	if (was_pump && status == 0) {
		autofree char *what = str_format("remote compilation of '%s' failed, retried locally and got a different result.",
						 source_name(job));

		mode_note_discrepancy(&job->scan, what);
	}
	if (status != exit_status(job->attempt.reply.status) &&
	    !(was_pump && mode_sources_changed(&job->scan, source_name(job))))
		mail_send(&job->attempt.reply.serr);
	return status;
}

static int deliver(struct job *job)
{
	int status = job->attempt.reply.status;
	struct err err = ERR_INIT;

	saved_keep("distcc_server_stderr", ".txt", job->attempt.reply.serr.data, job->attempt.reply.serr.len);
	if (status == 0 && job->has_object) {
		buf_release(&job->attempt.reply.object);
		job->attempt.reply.object = job->object;
		job->object = (struct buf)BUF_INIT;
		if (toolchain_check(&job->scan, &job->attempt.reply.object, &err) < 0) {
			log_info("%s", err.text);
			return run_here(job, "toolchain");
		}
	}
	if (status == 0) {
		/* gcc quotes the source only where it is */
		if (job->settings->exact && !job->attempt.sources && job->attempt.reply.serr.len &&
		    job->scan.family != FAMILY_CLANG)
			return run_here(job, "exact");
		if (delivery_write(&job->attempt, &job->scan, &err) < 0) {
			log_info("%s", err.text);
			return run_here(job, "output");
		}
		delivery_show(&job->attempt, &job->scan, &job->cpp);
		journal_end("compile", source_name(job), job->attempt.server, status);
		return finish(job, "remote", job->attempt.server, "-", 0);
	}
	if (plan_after_failure(job->settings) == VERDICT_RETRY_LOCALLY)
		return retry_here(job);
	delivery_show(&job->attempt, &job->scan, &job->cpp);
	journal_end("compile", source_name(job), job->attempt.server, status);
	return finish(job, "remote", job->attempt.server, "-", exit_status(status));
}

/* No host could do it: exactly one line says why, and what to do about it. */
static int give_up(struct job *job, const char *host, const struct err *cause)
{
	if (!job->settings->fallback) {
		log_error("failed to distribute and fallbacks are disabled: %s", cause->text);
		return finish(job, "nowhere", "-", err_code_name(cause->code), err_exit_status(cause));
	}
	if (host)
		log_warning("failed to distribute %s to %s, running locally instead: %s",
			    source_name(job), host, cause->text);
	else
		log_warning("failed to distribute, running locally instead: %s", cause->text);
	return run_here(job, job->blame.refusal == REFUSAL_MISFIT ? "toolchain" : err_code_name(cause->code));
}

static int load_hosts(struct job *job, struct err *err)
{
	struct err nobody = ERR_INIT;

	if (farm_load(&job->hosts, &job->hosts_source, &nobody, err) < 0) {
		err->code = ERR_NO_HOSTS;
		return -1;
	}
	if (nobody.code != ERR_NONE && !job->hosts.n_hosts)
		return err_set(err, ERR_NO_HOSTS, "%s: %s", job->hosts_source, nobody.text);
	if (!job->hosts.n_hosts)
		return err_set(err, ERR_NO_HOSTS, "%s contained no hosts; can't distribute work",
			       job->hosts_source);
	for (size_t i = 0; i < job->hosts.n_hosts; i++)
		job->has_gateway |= job->hosts.hosts[i].kind == HOST_UNIX;
	return 0;
}

static bool must_say_it_here(const struct job *job)
{
	const struct reply *reply = &job->attempt.reply;

	return !reply->status &&
	       text_messages_need_source(job->scan.family, reply->serr.data, reply->serr.len);
}

/* Is text of another kind worth a second question? */
static bool wants_other_text(const struct job *job, enum text_kind *kind)
{
	const struct reply *reply = &job->attempt.reply;

	/* an older compiler there: it gets what any can take */
	if (reply->status && text_was_not_understood(job->cpp.kind, reply->serr.data, reply->serr.len)) {
		*kind = TEXT_EXPANDED;
		return true;
	}
	*kind = TEXT_DIRECTIVES;
	return !job->asked_again && !language_is_preprocessed(job->scan.language) &&
	       text_messages_are_doubtful(job->scan.family, job->cpp.kind, reply->status != 0,
					  reply->serr.data, reply->serr.len);
}

/* OUTCOME_ANSWER: it is there, and may be sent. */
static enum outcome make_other_text(struct job *job, enum text_kind kind)
{
	struct err err = ERR_INIT;
	bool has_failed = job->attempt.reply.status != 0;

	/* whose messages, or object, would be wrong this time */
	if (kind == TEXT_DIRECTIVES &&
	    (job->scan.needs.unused_macros || (has_failed && job->scan.needs.expansion)))
		return must_run_here(job, "messages");
	log_info("asking once more, with text of another kind");
	job->asked_again = true;
	if (!has_failed) {
		/* the object is right: only the messages are asked for */
		job->object = job->attempt.reply.object;
		job->attempt.reply.object = (struct buf)BUF_INIT;
		job->has_object = true;
	}
	reply_release(&job->attempt.reply);
	if (preprocess_run(&job->cpp, &job->scan, kind, &err) < 0 || job->cpp.status)
		return must_run_here(job, "preprocessor-start");
	if (preprocess_must_expand(&job->cpp, &job->scan))
		return must_run_here(job, "messages");
	show_text_to_attempt(job);
	return OUTCOME_ANSWER;
}

static bool fits(void *context)
{
	const struct job *job = context;
	const struct reply *reply = &job->attempt.reply;

	return reply->status || toolchain_check(&job->scan, &reply->object, NULL) == 0;
}

/* A gateway that was told nothing, since only the compiler here knew: it can find another server. */
static bool may_tell_more(struct job *job, const struct host_spec *host)
{
	char expected[OBJECT_KIND_TEXT_MAX];

	if (!is_gateway(host) || !toolchain_expect(&job->scan, true, expected) ||
	    strcmp(expected, job->attempt.object) == 0)
		return false;
	str_copy(job->attempt.object, sizeof(job->attempt.object), expected);
	return true;
}

/* Tries hosts until there is an answer; *last_host is the one tried last, for messages. */
static int try_hosts(struct job *job, const char **last_host, struct err *cause)
{
	autofree bool *failed = mem_array(job->hosts.n_hosts, sizeof(*failed));
	size_t n_left = blame_leave_out(&job->blame, &job->hosts, failed, cause);

	for (;;) {
		autopick pick = PICK_INIT;
		struct err err = ERR_INIT;
		enum outcome outcome;
		enum text_kind kind;

		if (pick_host(&pick, &job->hosts, failed, job->settings, &err) < 0) {
			if (cause->code == ERR_NONE)
				*cause = err;
			return -1;
		}
		*last_host = pick.host->text;
		if (mode_choose(&job->attempt, &job->pump, &job->scan, pick.host, &err) < 0) {
			*cause = err;
			return -1;
		}
		outcome = mode_attempt(&job->attempt, &job->pump, &job->scan, &pick, &err);
		if (outcome == OUTCOME_LOCAL) {
			if (pick.host->kind == HOST_LOCAL)
				pick_move(&job->place, &pick);
			return 0;
		}
		if (outcome == OUTCOME_ANSWER && !job->attempt.sources && must_say_it_here(job)) {
			must_run_here(job, "messages");
			return 0;
		}
		if (outcome == OUTCOME_ANSWER && !job->attempt.sources && wants_other_text(job, &kind)) {
			if (make_other_text(job, kind) == OUTCOME_LOCAL)
				return 0;
			continue;
		}
		if (outcome == OUTCOME_ANSWER && !fits(job) && may_tell_more(job, pick.host)) {
			reply_release(&job->attempt.reply);
			continue;
		}
		failed[pick.host - job->hosts.hosts] = true;
		n_left--;
		if (outcome != OUTCOME_ANSWER)
			blame_failure(&job->blame, pick.host, &job->attempt.reply, &err);
		/* what the last one says of the compiler is the answer */
		else if (blame_nobody(&job->blame, pick.host, &job->attempt.reply, &err) ||
			 (!n_left && blame_is_for_lack(&job->attempt.reply)))
			return 0;
		*cause = err;
		reply_release(&job->attempt.reply);
	}
}

static int distribute(struct job *job)
{
	const char *last_host = NULL;
	struct err cause = ERR_INIT;
	const char *output = job->scan.command.words[job->scan.output_at];
	size_t n_given = job->scan.command.n;
	int resolved = 0;

	if (load_hosts(job, &cause) < 0)
		return give_up(job, NULL, &cause);
	if (job->settings->rewrite_cross && rewrite_command(&job->scan.command, NULL, NATIVE_TRIPLE)) {
		journal_rewriting(job->scan.given_compiler, n_given, &job->scan.command);
		resolved = job->scan.is_lto ? native_resolve_triple(&job->scan, &cause) : 0;
	}
	job->scan.family = family_of_name(job->scan.command.words[0]);
	if (resolved < 0 || (job->scan.has_native && native_resolve(&job->scan, &cause) < 0)) {
		log_info("%s", cause.text);
		return run_here(job, "option");
	}
	make_server_command(job, preprocess_best_kind(&job->scan));
	if (!job->scan.has_output)
		log_info("no visible output file, going to add \"-o %s\" at end", output);
	if (job->has_gateway)
		toolchain_expect(&job->scan, false, job->attempt.object);
	log_info("compile from %s to %s", path_base(source_name(job)), path_base(output));
	if (try_hosts(job, &last_host, &cause) < 0)
		return give_up(job, last_host, &cause);
	if (job->attempt.local_reason)
		return run_here(job, job->attempt.local_reason);
	return deliver(job);
}

int job_run(const struct argv *command, const struct settings *settings)
{
	struct job job = { .settings = settings, .command = command, .hosts = HOST_LIST_INIT,
			   .cpp = PREPROCESS_INIT, .pump = PUMP_INIT,
			   .here = HERE_INIT, .place = PICK_INIT, .start_ms = clock_now_ms() };
	autoargv expanded = ARGV_INIT;
	struct plan plan;
	int status;

	mail_begin();
	scan_command(&job.scan, response_is_used(command) && response_expand(command, &expanded) ? &expanded : command);
	job.attempt = (struct attempt){ .settings = settings, .command = &job.server_command,
					.source = source_name(&job),
					.ensure_text = ensure_text, .note = note, .fits = fits,
						.context = &job, .here = &job.here };
	job.blame = (struct blame){ .scan = &job.scan, .backoff_s = settings->backoff_s };
	plan = plan_compile(&job.scan, settings);
	status = plan.where == PLAN_REMOTE ? distribute(&job) : run_by_nature(&job, &plan);
	here_give(&job.here, status == 0);
	journal_close(job.start_ms, status);
	pick_release(&job.place);
	jobnote_remove();
	reply_release(&job.attempt.reply);
	preprocess_release(&job.cpp);
	pump_release(&job.pump);
	buf_release(&job.object);
	argv_release(&job.server_command);
	host_list_release(&job.hosts);
	free(job.hosts_source);
	scan_release(&job.scan);
	return status;
}
