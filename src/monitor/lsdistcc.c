/*
 * monitor/lsdistcc.c - which of these names are hosts that compile?
 *
 * Each name goes its own way from a look-up to a line of output; one poll(2) waits for all of them.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "monitor/finder.h"
#include "monitor/probe.h"
#include "monitor/resolver.h"

enum { TRIES_MAX = 5 };

enum stage { STAGE_NEW, STAGE_LOOKUP, STAGE_PROBE, STAGE_OVER };

struct host {
	char *name;
	enum stage stage;
	int n_tries;
	struct deadline retry;		/* the look-up is begun anew */
	struct lookup lookup;
	struct in_addr addr;
	struct probe probe;
};

struct scan {
	struct search search;
	struct buf request;
	bool wants_compile;
	struct host hosts[SEARCH_NAMES_MAX];
	int n_names;			/* all there may be */
	int n_begun;			/* looked up, or being */
	int n_lookups;			/* that run */
	int n_unresolved, n_up;
	bool has_first;
	struct in_addr first;		/* the network of -m */
};

static const char usage[] =
	"Usage: lsdistcc [-tTIMEOUT] [-mBITS] [-nvd] [format]\n"
	"       lsdistcc [OPTION...] NAME...\n"
	"Prints the names of hosts that serve distcc. Names are made from the format by counting from 1\n"
	"until one does not resolve; the default format is distcc%d.\n"
	"Options:\n"
	"-l       Append the latency in milliseconds (without the name look-up)\n"
	"-n       Print the address instead of the name\n"
	"-x       Print hosts that are down, too, with \",down\" appended\n"
	"-tN      Stop after N seconds [7]\n"
	"-hN      Ask for a name again after N milliseconds [500]\n"
	"-cN      Milliseconds for a connect [900]; 0: do not connect\n"
	"-kN      Milliseconds for a compile [1500]; 0: do not compile\n"
	"-mN      Bits of the address that must equal the first host's [0]\n"
	"-oN      How many more look-ups than one to begin at once [1]\n"
	"-gN      How many names may fail to resolve before the rest is left [0]\n"
	"-rN      Port [3632]\n"
	"-PN      Protocol of the compile, 1 to 3 [1]\n"
	"-pNAME   Compiler of the compile [none: connecting is enough]\n"
	"-d       Append the DNS domain to each name\n"
	"-v       Say on stderr what happens; may be repeated\n"
	"\n"
	"Exit status is 0 if a host is up.\n";

static void say(const struct scan *scan, const struct host *host, const char *what)
{
	if (scan->search.verbosity)
		fprintf(stderr, "%s: %s\n", host->name, what);
}

static void print(const struct scan *scan, const struct host *host, bool up)
{
	autobuf line = BUF_INIT;

	search_format(&line, &scan->search, scan->search.numeric ? inet_ntoa(host->addr) : host->name, up,
		      host->probe.latency_ms);
	fputs(line.data, stdout);
	fflush(stdout);
}

static void take_verdict(struct scan *scan, struct host *host)
{
	bool up = host->probe.state == PROBE_UP;

	if (!probe_is_over(&host->probe))
		return;
	host->stage = STAGE_OVER;
	scan->n_up += up;
	if (!up)
		say(scan, host, host->probe.why);
	if (up || scan->search.show_down)
		print(scan, host, up);
	probe_release(&host->probe);
}

static bool is_near(struct scan *scan, struct in_addr addr)
{
	uint32_t mask = scan->search.match_bits ? ~(uint32_t)0 << (32 - scan->search.match_bits) : 0;

	if (!scan->has_first)
		scan->first = addr;
	scan->has_first = true;
	return ((ntohl(addr.s_addr) ^ ntohl(scan->first.s_addr)) & mask) == 0;
}

static void looked_up(struct scan *scan, struct host *host)
{
	bool found = lookup_finish(&host->lookup, &host->addr);

	scan->n_lookups--;
	if (!found || !is_near(scan, host->addr)) {
		say(scan, host, found ? "in another network" : "does not resolve");
		scan->n_unresolved++;
		host->stage = STAGE_OVER;
		return;
	}
	host->stage = STAGE_PROBE;
	probe_start(&host->probe, &scan->search, scan->wants_compile ? &scan->request : NULL, host->addr);
	take_verdict(scan, host);
}

static void look_up(struct scan *scan, struct host *host)
{
	if (!lookup_start(&host->lookup, host->name)) {
		host->stage = STAGE_OVER;
		scan->n_unresolved++;
		return;
	}
	host->stage = STAGE_LOOKUP;
	host->n_tries++;
	host->retry = host->n_tries < TRIES_MAX ? deadline_after_ms(scan->search.dns_ms) : deadline_never();
	scan->n_lookups++;
}

/* A name that counts on is left alone once too many before it do not resolve. One that the user has
 * written is always looked up. */
static bool may_begin(const struct scan *scan)
{
	int limit = scan->search.overlap < RESOLVER_N - 1 ? scan->search.overlap + 1 : RESOLVER_N;

	return scan->n_begun < scan->n_names && scan->n_lookups < limit &&
	       (!search_counts(&scan->search) || scan->n_unresolved <= scan->search.gap);
}

static void begin_lookups(struct scan *scan)
{
	while (may_begin(scan))
		look_up(scan, &scan->hosts[scan->n_begun++]);
}

static void retry_lookups(struct scan *scan)
{
	for (int i = 0; i < scan->n_begun; i++) {
		struct host *host = &scan->hosts[i];

		if (host->stage != STAGE_LOOKUP || !deadline_passed(host->retry))
			continue;
		say(scan, host, "asking again");
		lookup_stop(&host->lookup);
		scan->n_lookups--;
		look_up(scan, host);
	}
}

static int nearer(int wait_ms, struct deadline deadline)
{
	int left_ms = deadline_poll_ms(deadline);

	return left_ms < 0 ? wait_ms : wait_ms < 0 || left_ms < wait_ms ? left_ms : wait_ms;
}

/* One round; false when nothing is under way any more. */
static bool step(struct scan *scan, struct deadline whole)
{
	struct pollfd polled[SEARCH_NAMES_MAX];
	struct host *owners[SEARCH_NAMES_MAX];
	int wait_ms = deadline_poll_ms(whole);
	nfds_t n = 0;

	for (int i = 0; i < scan->n_begun; i++) {
		struct host *host = &scan->hosts[i];

		if (host->stage != STAGE_LOOKUP && host->stage != STAGE_PROBE)
			continue;
		owners[n] = host;
		polled[n] = (struct pollfd){ .fd = host->stage == STAGE_LOOKUP ? host->lookup.fd : host->probe.fd,
					     .events = host->stage == STAGE_LOOKUP ? POLLIN : host->probe.events };
		wait_ms = nearer(wait_ms, host->stage == STAGE_LOOKUP ? host->retry : host->probe.deadline);
		n++;
	}
	if (!n || poll(polled, n, wait_ms) < 0)
		return n > 0;
	for (nfds_t i = 0; i < n; i++) {
		if (owners[i]->stage == STAGE_PROBE) {
			probe_step(&owners[i]->probe, polled[i].revents);
			take_verdict(scan, owners[i]);
		} else if (polled[i].revents) {
			looked_up(scan, owners[i]);
		}
	}
	return true;
}

static int run(struct scan *scan)
{
	struct deadline whole = deadline_after_ms((int64_t)scan->search.whole_s * 1000);
	bool busy = true;

	while (scan->n_names < SEARCH_NAMES_MAX &&
	       (scan->hosts[scan->n_names].name = search_name(&scan->search, scan->n_names)))
		scan->n_names++;
	while (busy && !deadline_passed(whole)) {
		retry_lookups(scan);
		begin_lookups(scan);
		busy = step(scan, whole);
	}
	if (busy && scan->search.verbosity)
		fputs("Timeout!\n", stderr);
	for (int i = 0; i < scan->n_names; i++) {
		struct host *host = &scan->hosts[i];

		if (host->stage == STAGE_LOOKUP)
			lookup_stop(&host->lookup);
		if (host->stage == STAGE_PROBE)
			probe_release(&host->probe);
		free(host->name);
	}
	return scan->n_up ? 0 : 1;
}

/* Of -d: what follows the first dot of the longest name that we have for ourselves. */
static char *find_domain(void)
{
	const char *names[] = { env_get("HOST"), env_get("HOSTNAME") }, *best = NULL;
	struct addrinfo hints = { .ai_flags = AI_CANONNAME }, *found = NULL;
	char host[256] = "";
	char *domain = NULL;

	for (int i = 0; i < 2; i++)
		if (names[i] && strchr(names[i], '.') && (!best || strlen(names[i]) > strlen(best)))
			best = names[i];
	if (!best && gethostname(host, sizeof(host) - 1) == 0)
		best = host;
	if (best == host && !strchr(host, '.') && getaddrinfo(host, NULL, &hints, &found) == 0 &&
	    found->ai_canonname)
		best = found->ai_canonname;
	if (best && strchr(best, '.'))
		domain = mem_strdup(strchr(best, '.') + 1);
	if (found)
		freeaddrinfo(found);
	return domain;
}

int main(int argc, char **argv)
{
	static struct scan scan;
	autofree char *domain = NULL;
	struct err err = ERR_INIT;
	int result;

	if (argc == 3 && str_equal(argv[1], "--zeroconf") && argv[2][0] == '/')
		return finder_run(argv[2]);
	if (!search_parse(&scan.search, argv)) {
		fputs(usage, stdout);
		return 1;
	}
	if (scan.search.add_domain) {
		scan.search.domain = domain = find_domain();
		if (!domain) {
			fputs("Can't get domain name\n", stderr);
			return 1;
		}
	}
	scan.wants_compile = scan.search.compiler && scan.search.compile_ms;
	if (scan.wants_compile && probe_request(&scan.request, &scan.search, &err) < 0) {
		fprintf(stderr, "lsdistcc: %s\n", err.text);
		return 1;
	}
	result = run(&scan);
	buf_release(&scan.request);
	return result;
}
