/* gateway/pick.c - see pick.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/pick.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* How the servers stand towards one job. */
struct survey {
	bool any_fits, any_untried, any_up;
	double known_ms;			/* sum of what is expected of each server that is known */
	unsigned n_known;
	double rate;				/* jobs per ms that the busy ones are good for */
	double fastest_busy_ms;			/* the least that is expected of one of them */
};

bool pick_is_named(const char *use, const char *name)
{
	size_t len = strlen(name);

	for (const char *word = use; word; word = strchr(word, '+')) {
		word += *word == '+';
		if (strcspn(word, "+") == len && strncasecmp(word, name, len) == 0)
			return true;
	}
	return false;
}

static bool list_names(const char *use, const struct server *server)
{
	autofree char *copy = mem_strdup(use);
	char *rest = copy, *name;

	while ((name = strsep(&rest, "+")))
		if (*name && server_is_named(server, name))
			return true;
	return false;
}

static bool was_tried(const struct pick_wish *wish, const struct server *server)
{
	for (size_t i = 0; i < wish->n_tried; i++)
		if (wish->tried[i] == server->id)
			return true;
	return false;
}

/* Is it one that could take the job, if it had a slot? Notes what it is that stands against it. */
static bool is_up(struct survey *survey, const struct pick_wish *wish, const struct server *server, int64_t now_ms)
{
	if (server->draining || server->spec.down || !server_protocol(server, wish->protocol_min, wish->protocol_max) ||
	    (wish->use && !list_names(wish->use, server)))
		return false;
	survey->any_fits = true;
	if (was_tried(wish, server) || server_refuses(server, wish->compiler ? wish->compiler : "", now_ms))
		return false;
	survey->any_untried = true;
	if (breaker_state(&server->breaker, now_ms) == BREAKER_OPEN)
		return false;
	survey->any_up = true;
	return true;
}

static bool has_a_slot(const struct server *server, int64_t now_ms)
{
	return server_has_room(server) && breaker_lets_through(&server->breaker, now_ms) &&
	       (server->n_addrs || server->spec.kind == HOST_SSH);
}

/* What a slot costs grows with the load: cores are shared, and estimates are only that. */
static double score(const struct server *server, double ms)
{
	return ms * (1 + (double)server->in_flight / server->slots);
}

static bool is_less_loaded(const struct server *a, const struct server *b)
{
	return (int64_t)a->in_flight * b->slots < (int64_t)b->in_flight * a->slots;
}

/* Both may take the job now; usual_ms stands for those that nothing is known of. */
static bool is_better(const struct pick_wish *wish, const struct server *a, const struct server *b, double usual_ms)
{
	double a_ms = server_expected_ms(a, wish->size), b_ms = server_expected_ms(b, wish->size);
	double a_score, b_score;

	if (a->id == wish->preferred || b->id == wish->preferred)
		return a->id == wish->preferred;
	if (usual_ms == 0)
		return is_less_loaded(a, b);
	a_score = score(a, a_ms > 0 ? a_ms : usual_ms);
	b_score = score(b, b_ms > 0 ? b_ms : usual_ms);
	return a_score < b_score;
}

static void look_at_busy(struct survey *survey, const struct server *server, double ms)
{
	if (!estimate_is_sure(&server->service) || server->in_flight == 0 || server->breaker.failures)
		return;
	survey->rate += server->in_flight / ms;
	if (survey->fastest_busy_ms == 0 || ms < survey->fastest_busy_ms)
		survey->fastest_busy_ms = ms;
}

/* Until the last of those that wait is done, if only the busy servers do them. */
static double wait_ms(const struct survey *survey, size_t n_queued)
{
	return survey->rate > 0 ? (double)(n_queued ? n_queued : 1) / survey->rate + survey->fastest_busy_ms : 0;
}

static enum pick_result why_none(const struct survey *survey)
{
	return survey->any_up ? PICK_WAIT : survey->any_untried ? PICK_ALL_DOWN :
	       survey->any_fits ? PICK_ALL_TRIED : PICK_NO_SERVER;
}

struct pick pick_server(const struct pick_wish *wish, struct server *const *servers, size_t n_servers,
			size_t n_queued, int64_t now_ms)
{
	struct survey survey = { 0 }, faster = { 0 };
	struct server *best = NULL;
	struct pick pick = { 0 };
	double best_ms;

	for (size_t i = 0; i < n_servers; i++) {
		double ms = server_expected_ms(servers[i], wish->size);

		survey.known_ms += ms;
		survey.n_known += ms > 0;
	}
	pick.usual_ms = survey.n_known ? survey.known_ms / survey.n_known : 0;
	for (size_t i = 0; i < n_servers; i++) {
		struct server *server = servers[i];

		if (!is_up(&survey, wish, server, now_ms))
			continue;
		if (!has_a_slot(server, now_ms))
			look_at_busy(&survey, server, server_expected_ms(server, wish->size));
		else if (!best || is_better(wish, server, best, pick.usual_ms))
			best = server;
	}
	if (!best) {
		pick.result = why_none(&survey);
		pick.expected_ms = wait_ms(&survey, n_queued);
		return pick;
	}
	best_ms = server_expected_ms(best, wish->size);
	for (size_t i = 0; i < n_servers; i++) {
		double ms = server_expected_ms(servers[i], wish->size);

		if (ms > 0 && ms < best_ms && is_up(&survey, wish, servers[i], now_ms) && !has_a_slot(servers[i], now_ms))
			look_at_busy(&faster, servers[i], ms);
	}
	pick.expected_ms = wait_ms(&faster, n_queued);
	if (estimate_is_sure(&best->service) && best->id != wish->preferred && pick.expected_ms > 0 && pick.expected_ms < best_ms) {
		pick.result = PICK_WAIT;
		pick.slot_is_free = true;
		return pick;
	}
	pick.result = PICK_FOUND;
	pick.server = best;
	pick.protocol = server_protocol(best, wish->protocol_min, wish->protocol_max);
	pick.expected_ms = best_ms;
	return pick;
}
