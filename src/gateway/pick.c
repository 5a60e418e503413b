/* gateway/pick.c - see pick.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/pick.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* Estimates differ by chance: what is within a third of the best is as good. And a job is not kept
 * waiting for a gain that may be none. */
static const double alike = 4.0 / 3, worth_waiting = 4.0 / 5;

/* How the servers stand towards one job. */
struct survey {
	bool any_fits, any_untried, any_up;
	double rate;				/* jobs per ms that the busy ones are good for */
	int n_busy;				/* jobs that they have */
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
static bool is_up(struct survey *survey, const struct pick_wish *wish, const struct server *server,
		  int64_t now_ms)
{
	if (server->draining || server->spec.down ||
	    !server_protocol(server, wish->protocol_min, wish->protocol_max) ||
	    (wish->use && !list_names(wish->use, server)))
		return false;
	survey->any_fits = true;
	if (was_tried(wish, server) || server_refuses(server, wish->toolchain ? wish->toolchain : "", now_ms))
		return false;
	survey->any_untried = true;
	if (breaker_state(&server->breaker, now_ms) == BREAKER_OPEN)
		return false;
	survey->any_up = true;
	return true;
}

static bool has_a_slot(const struct server *server, int64_t now_ms)
{
	return server_has_room(server, now_ms) && breaker_lets_through(&server->breaker, now_ms) &&
	       (server->n_addrs || server->spec.kind == HOST_SSH);
}

/* What a slot costs grows with the load, ours and others': cores are shared, and estimates are only that. best_ms: of the
 * fastest that may take the job; one of which nothing is known is given the chance to be as fast. */
static double score(const struct server *server, uint64_t size, double best_ms, int64_t now_ms)
{
	double busy = server->in_flight + published_others(&server->published, now_ms);
	double ms = server_expected_ms(server, size, now_ms);

	if (ms <= best_ms * alike)
		ms = best_ms > 0 ? best_ms : 1;
	return ms * (1 + busy / server_slots(server));
}

/* Both may take the job now. */
static bool is_better(const struct pick_wish *wish, const struct server *a, const struct server *b, double best_ms,
		      int64_t now_ms)
{
	double a_score, b_score;

	if (a->id == wish->preferred || b->id == wish->preferred)
		return a->id == wish->preferred;
	a_score = score(a, wish->size, best_ms, now_ms);
	b_score = score(b, wish->size, best_ms, now_ms);
	return a_score < b_score || (a_score <= b_score && a->granted_at < b->granted_at);
}

static void look_at_busy(struct survey *survey, const struct server *server, double ms, int64_t now_ms)
{
	if (!server_is_known(server, now_ms) || server->in_flight == 0 || server->breaker.failures)
		return;
	survey->rate += server->in_flight / ms;
	survey->n_busy += server->in_flight;
}

/* Until the last of those that wait, and of those that will come within ahead_ms, is done, if only the
 * busy servers do them. 0: there are none that are known. */
static double wait_ms(const struct survey *survey, const struct demand *demand, double ahead_ms,
		      int64_t now_ms)
{
	double job_ms, n;

	if (survey->rate <= 0)
		return 0;
	job_ms = survey->n_busy / survey->rate;
	/* Jobs of equal length end together, and the next come together: a window of one job's length may
	 * have none of them. */
	n = demand_within(demand, ahead_ms, job_ms * 3 / 2, now_ms);
	return (n < 1 ? 1 : n) / survey->rate + job_ms;
}

static enum pick_result why_none(const struct survey *survey)
{
	return survey->any_up ? PICK_WAIT : survey->any_untried ? PICK_ALL_DOWN :
	       survey->any_fits ? PICK_ALL_TRIED : PICK_NO_SERVER;
}

double pick_usual_ms(struct server *const *servers, size_t n_servers, uint64_t size, int64_t now_ms)
{
	double sum_ms = 0;
	unsigned n = 0;

	for (size_t i = 0; i < n_servers; i++) {
		double ms = server_expected_ms(servers[i], size, now_ms);

		sum_ms += ms;
		n += ms > 0;
	}
	return n ? sum_ms / n : 0;
}

/* The least that is expected of one that may take the job now; 0: nothing is known of any. */
static double least_ms(const struct pick_wish *wish, struct server *const *servers,
		       size_t n_servers, int64_t now_ms)
{
	struct survey unused = { 0 };
	double least = 0;

	for (size_t i = 0; i < n_servers; i++) {
		double ms = server_expected_ms(servers[i], wish->size, now_ms);

		if (ms > 0 && (least <= 0 || ms < least) && has_a_slot(servers[i], now_ms) &&
		    is_up(&unused, wish, servers[i], now_ms))
			least = ms;
	}
	return least;
}

/* How long it takes if `best` is left alone, and those do it that are faster and busy; 0: there are none. */
static double elsewhere_ms(const struct pick_wish *wish, struct server *const *servers,
			   size_t n_servers, const struct demand *demand, double best_ms,
			   int64_t now_ms)
{
	struct survey faster = { 0 };

	for (size_t i = 0; i < n_servers; i++) {
		double ms = server_expected_ms(servers[i], wish->size, now_ms);

		if (ms > 0 && ms < best_ms && is_up(&faster, wish, servers[i], now_ms) &&
		    !has_a_slot(servers[i], now_ms))
			look_at_busy(&faster, servers[i], ms, now_ms);
	}
	return wait_ms(&faster, demand, best_ms, now_ms);
}

struct pick pick_server(const struct pick_wish *wish, struct server *const *servers, size_t n_servers,
			const struct demand *demand, int64_t now_ms)
{
	static const struct demand none = { .n_queued = 1 };
	double least = least_ms(wish, servers, n_servers, now_ms), best_ms;
	struct pick pick = { .usual_ms = pick_usual_ms(servers, n_servers, wish->size, now_ms) };
	struct survey survey = { 0 };
	struct server *best = NULL;

	for (size_t i = 0; i < n_servers; i++) {
		struct server *server = servers[i];

		if (!is_up(&survey, wish, server, now_ms))
			continue;
		if (!has_a_slot(server, now_ms))
			look_at_busy(&survey, server, server_expected_ms(server, wish->size, now_ms), now_ms);
		else if (!best || is_better(wish, server, best, least, now_ms))
			best = server;
	}
	if (!best) {
		pick.result = why_none(&survey);
		pick.expected_ms = wait_ms(&survey, demand ? demand : &none, 0, now_ms);
		return pick;
	}
	best_ms = server_expected_ms(best, wish->size, now_ms);
	if (demand && server_is_known(best, now_ms) && best->id != wish->preferred) {
		pick.expected_ms = elsewhere_ms(wish, servers, n_servers, demand, best_ms, now_ms);
		if (pick.expected_ms > 0 && pick.expected_ms < best_ms * worth_waiting) {
			pick.result = PICK_WAIT;
			pick.slot_is_free = true;
			return pick;
		}
	}
	pick.result = PICK_FOUND;
	pick.server = best;
	pick.protocol = server_protocol(best, wish->protocol_min, wish->protocol_max);
	pick.expected_ms = best_ms;
	return pick;
}
