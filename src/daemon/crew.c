/* daemon/crew.c - see crew.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "daemon/slot.h"
#include "daemon/worker.h"

enum {
	RESPAWN_PAUSE_MS = 1000,	/* after a worker that failed at once */
	SPARE_MAX = 64,			/* workers beyond --jobs, for clients that are slow */
	SPARE_IDLE_MS = 3000,		/* after which they end */
	/* what a client may take for its request or its answer when all workers have such clients */
	SLOW_MS = 10000,
};

void crew_init(struct crew *crew, const struct options *options, const char *base, struct entrance *entrance)
{
	int n_spare = options->queue < SPARE_MAX ? options->queue : SPARE_MAX;

	*crew = (struct crew){ .options = options, .base = base, .entrance = entrance, .n = options->jobs, .n_max = options->jobs + n_spare };
	crew->workers = mem_array((size_t)crew->n_max, sizeof(*crew->workers));
	for (int i = 0; i < crew->n_max; i++)
		crew->workers[i].channel = -1;
}

void crew_release(struct crew *crew)
{
	crew_close_channels(crew);
	free(crew->workers);
	crew->workers = NULL;
}

static void set_state(struct crew_worker *worker, enum crew_state state)
{
	worker->state = state;
	worker->since_ms = clock_now_ms();
}

static int count(const struct crew *crew, enum crew_state state)
{
	int n = 0;

	for (int i = 0; i < crew->n_max; i++)
		n += crew->workers[i].state == state;
	return n;
}

/* The one that has been in this state for longest, or NULL. */
static struct crew_worker *find_oldest(struct crew *crew, enum crew_state state)
{
	struct crew_worker *oldest = NULL;

	for (int i = 0; i < crew->n_max; i++)
		if (crew->workers[i].state == state &&
		    (!oldest || crew->workers[i].since_ms < oldest->since_ms))
			oldest = &crew->workers[i];
	return oldest;
}

/* ------------------------------------------------------------------ they come ... */

static void start(struct crew *crew, int number)
{
	struct crew_worker *worker = &crew->workers[number];
	autofree char *dir = str_format("%s/%d", crew->base, number);
	pid_t parent = getpid(), pid;
	int channel[2];

	worker->started_ms = clock_now_ms();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) {
		log_error("cannot make a channel: %s", strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0) {
		/* the connections of others would stay open as long as we live */
		entrance_release(crew->entrance);
		crew_close_channels(crew);
		fd_close(&channel[0]);
		worker_run(crew->options, dir, channel[1], parent);
	}
	close(channel[1]);
	if (pid < 0) {
		log_error("cannot fork: %s", strerror(errno));
		close(channel[0]);
		return;
	}
	worker->pid = pid;
	worker->channel = channel[0];
	set_state(worker, CREW_IDLE);
}

/* ... and go: without its channel one ends, which crew_note_death() hears. */
static void dismiss(struct crew_worker *worker)
{
	fd_close(&worker->channel);
	set_state(worker, CREW_ENDING);
}

/* The shorter of two waits, of which -1 is for ever. */
static int sooner(int a_ms, int64_t b_ms)
{
	return a_ms < 0 || b_ms < a_ms ? (int)b_ms : a_ms;
}

static struct crew_worker *find_slowest(struct crew *crew)
{
	struct crew_worker *reading = find_oldest(crew, CREW_READING),
			   *sending = find_oldest(crew, CREW_SENDING);

	return !reading || (sending && sending->since_ms < reading->since_ms) ? sending : reading;
}

int crew_tend(struct crew *crew)
{
	const struct crew_worker *slowest = crew->entrance->n_ready ? find_slowest(crew) : NULL;
	int64_t now_ms = clock_now_ms();
	int wait_ms = -1;

	for (int i = 0; i < crew->n; i++) {
		struct crew_worker *worker = &crew->workers[i];

		if (worker->state != CREW_ABSENT)
			continue;
		/* one that failed at once has to wait */
		if (worker->started_ms && now_ms - worker->started_ms < RESPAWN_PAUSE_MS)
			wait_ms = sooner(wait_ms, worker->started_ms + RESPAWN_PAUSE_MS - now_ms);
		else
			start(crew, i);
	}
	for (int i = crew->n; i < crew->n_max; i++) {
		struct crew_worker *worker = &crew->workers[i];

		if (worker->state != CREW_IDLE)
			continue;
		if (now_ms - worker->since_ms < SPARE_IDLE_MS)
			wait_ms = sooner(wait_ms, worker->since_ms + SPARE_IDLE_MS - now_ms);
		else
			dismiss(worker);
	}
	/* when crew_find_idle() may close it for those who wait */
	if (slowest && slowest->since_ms + SLOW_MS > now_ms)
		wait_ms = sooner(wait_ms, slowest->since_ms + SLOW_MS - now_ms);
	return wait_ms;
}

static struct crew_worker *start_spare(struct crew *crew)
{
	for (int i = crew->n; i < crew->n_max; i++) {
		if (crew->workers[i].state != CREW_ABSENT)
			continue;
		start(crew, i);
		return crew->workers[i].state == CREW_IDLE ? &crew->workers[i] : NULL;
	}
	return NULL;
}

/* Its worker goes with it, which is the surest way to be rid of both; another one comes. */
static void close_slowest(struct crew *crew)
{
	struct crew_worker *slowest = find_slowest(crew);
	int64_t age_ms = slowest ? clock_now_ms() - slowest->since_ms : 0;

	if (!slowest || age_ms < SLOW_MS || find_oldest(crew, CREW_ENDING))
		return;
	log_warning("a client is closed after %lld s with %s, since others wait", (long long)age_ms / 1000,
		    slowest->state == CREW_READING ? "its request" : "its answer");
	kill(slowest->pid, SIGTERM);
	dismiss(slowest);
	slowest->started_ms = 0;
	crew->n_closed++;
}

struct crew_worker *crew_find_idle(struct crew *crew)
{
	struct crew_worker *spare;

	for (int i = 0; i < crew->n_max; i++)
		if (crew->workers[i].state == CREW_IDLE)
			return &crew->workers[i];
	/* with all slots taken, or soon taken, another request would only lie about here */
	if (count(crew, CREW_COMPILING) + count(crew, CREW_WAITING) >= crew->n)
		return NULL;
	spare = start_spare(crew);
	if (!spare)
		close_slowest(crew);
	return spare;
}

int crew_count_idle(const struct crew *crew)
{
	return count(crew, CREW_IDLE);
}

/* ------------------------------------------------------------------ what they do */

void crew_hand_over(struct crew_worker *worker, int fd)
{
	/* one that has just died is reaped next; its job is lost as if it had died a moment later */
	set_state(worker, CREW_READING);
	if (fdpass_send(worker->channel, "j", 1, fd) < 0)
		log_error("cannot hand a job to child %ld: %s", (long)worker->pid, strerror(errno));
}

size_t crew_watch(const struct crew *crew, struct pollfd *fds)
{
	for (int i = 0; i < crew->n_max; i++)
		fds[i] = (struct pollfd){ crew->workers[i].channel, POLLIN, 0 };
	return (size_t)crew->n_max;
}

/* Free slots go to those that have waited longest. */
static void give_slots(struct crew *crew)
{
	struct crew_worker *worker;
	char word = SLOT_YOURS;

	while (count(crew, CREW_COMPILING) < crew->n && (worker = find_oldest(crew, CREW_WAITING))) {
		set_state(worker, CREW_COMPILING);
		if (send(worker->channel, &word, 1, MSG_NOSIGNAL) < 0)
			log_error("cannot give a slot to child %ld: %s", (long)worker->pid, strerror(errno));
	}
}

bool crew_hear(struct crew *crew, size_t i, const struct pollfd *fd, struct job_outcome *outcome)
{
	struct crew_worker *worker = &crew->workers[i];
	bool is_outcome = false;
	ssize_t n;

	if (!fd->revents || fd->fd < 0 || worker->channel != fd->fd)
		return false;
	n = recv(worker->channel, outcome, sizeof(*outcome), MSG_DONTWAIT);
	if (n == 1) {
		char word = *(const char *)outcome;

		if (word == SLOT_WANTED && worker->state == CREW_READING)
			set_state(worker, CREW_WAITING);
		else if (word == SLOT_DONE && worker->state == CREW_COMPILING)
			set_state(worker, CREW_SENDING);
	} else if (n == (ssize_t)sizeof(*outcome) && (unsigned)outcome->class < JOB_N_CLASSES) {
		outcome->compiler[OUTCOME_TEXT_MAX - 1] = outcome->input[OUTCOME_TEXT_MAX - 1] = '\0';
		set_state(worker, CREW_IDLE);
		is_outcome = true;
	} else if (n == 0) {
		/* its end is reported by SIGCHLD */
		fd_close(&worker->channel);
	}
	give_slots(crew);
	return is_outcome;
}

/* ------------------------------------------------------------------ the end */

static void report_death(const struct crew_worker *worker, int status)
{
	if (worker->state == CREW_ENDING)
		log_debug("child %ld ended, as it should", (long)worker->pid);
	else if (WIFSIGNALED(status))
		log_error("child %ld: signal %d (%s)", (long)worker->pid, WTERMSIG(status),
			  WCOREDUMP(status) ? "core dumped" : "no core");
	else
		log_info("child %ld exited: exit status %d", (long)worker->pid, WEXITSTATUS(status));
}

bool crew_note_death(struct crew *crew, pid_t pid, int status)
{
	for (int i = 0; i < crew->n_max; i++) {
		struct crew_worker *worker = &crew->workers[i];
		autofree char *dir = NULL;

		if (worker->pid != pid)
			continue;
		report_death(worker, status);
		worker->pid = 0;
		fd_close(&worker->channel);
		set_state(worker, CREW_ABSENT);
		dir = str_format("%s/%d", crew->base, i);
		tmp_dir_remove(dir, NULL);
		give_slots(crew);
		return true;
	}
	return false;
}

bool crew_has(const struct crew *crew, pid_t pid)
{
	for (int i = 0; i < crew->n_max; i++)
		if (crew->workers[i].pid == pid)
			return true;
	return false;
}

bool crew_is_empty(const struct crew *crew)
{
	for (int i = 0; i < crew->n_max; i++)
		if (crew->workers[i].pid)
			return false;
	return true;
}

void crew_kill(const struct crew *crew, int signal_number)
{
	for (int i = 0; i < crew->n_max; i++)
		if (crew->workers[i].pid)
			kill(crew->workers[i].pid, signal_number);
}

void crew_close_channels(struct crew *crew)
{
	for (int i = 0; i < crew->n_max; i++)
		fd_close(&crew->workers[i].channel);
}
