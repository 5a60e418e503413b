/* monitor/keeper.c - see keeper.h. One thread, avahi's own small loop. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/keeper.h"

#include <arpa/inet.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/timeval.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "net/browse.h"
#include "net/service.h"
#include "state/found.h"

enum {
	FIRST_MS = 1500,		/* a server that cannot be resolved keeps nobody waiting */
	LOOK_MS = 5000,
	UNREAD_S = 20			/* as that of distcc 3.4 */
};

struct server {
	char *name;			/* of its machine, and ... */
	int port;			/* ... this: which one it is */
	char *line;			/* its entry of a host list */
};

struct keeper {
	AvahiSimplePoll *simple;
	const AvahiPoll *poll;
	struct found found;
	struct server *servers;
	size_t n_servers;
	char *trouble;			/* why there is nobody, or NULL */
	bool is_ready;
	time_t opened_at;
	int opened_fd;			/* inotify, or -1 */
	void (*on_ready)(void *context);
	void *context;
};

/* ------------------------------------------------------------------ the list */

static void write_list(struct keeper *keeper)
{
	autobuf text = BUF_INIT;

	if (!keeper->is_ready)
		return;
	for (size_t i = 0; i < keeper->n_servers; i++)
		buf_add_format(&text, "%s\n", keeper->servers[i].line);
	if (!keeper->n_servers)
		buf_add_format(&text, "# %s\n", keeper->trouble ? keeper->trouble : "no server has announced itself for this compiler");
	if (found_write(&keeper->found, text.data, text.len, NULL) < 0)
		avahi_simple_poll_quit(keeper->simple);
}

static void make_ready(struct keeper *keeper)
{
	if (keeper->is_ready)
		return;
	keeper->is_ready = true;
	write_list(keeper);
	keeper->on_ready(keeper->context);
}

/* IPv4 before IPv6, and what needs no interface before what does: older clients read this, too. */
static char *format_line(const struct browse_host *host)
{
	const struct sock_addr *best = &host->addrs[0];
	const struct sockaddr_in6 *in6;
	char text[SOCK_TEXT_MAX], interface[IF_NAMESIZE], address[INET6_ADDRSTRLEN];
	const char *lzo = host->lzo ? ",lzo" : "";

	for (size_t i = 0; i < host->n_addrs; i++) {
		if (host->addrs[i].storage.ss_family == AF_INET) {
			best = &host->addrs[i];
			break;
		}
	}
	in6 = (const struct sockaddr_in6 *)&best->storage;
	if (best->storage.ss_family == AF_INET6 && in6->sin6_scope_id &&
	    if_indextoname(in6->sin6_scope_id, interface) &&
	    inet_ntop(AF_INET6, &in6->sin6_addr, address, sizeof(address)))
		return str_format("[%s%%%s]:%d/%d%s", address, interface, host->port, host->slots, lzo);
	return str_format("%s/%d%s", sock_addr_format(best, text), host->slots, lzo);
}

static struct server *find_server(struct keeper *keeper, const char *name, int port)
{
	for (size_t i = 0; i < keeper->n_servers; i++)
		if (keeper->servers[i].port == port && strcmp(keeper->servers[i].name, name) == 0)
			return &keeper->servers[i];
	return NULL;
}

static void keeper_on_found(void *context, const struct browse_host *host)
{
	struct keeper *keeper = context;
	struct server *server = find_server(keeper, host->name, host->port);

	if (!server) {
		keeper->servers = mem_resize(keeper->servers, keeper->n_servers + 1,
					     sizeof(*keeper->servers));
		server = &keeper->servers[keeper->n_servers++];
		*server = (struct server){ .name = mem_strdup(host->name), .port = host->port };
	}
	free(server->line);
	server->line = format_line(host);
	write_list(keeper);
}

static void forget(struct server *server)
{
	free(server->name);
	free(server->line);
}

static void keeper_on_lost(void *context, const char *name, int port)
{
	struct keeper *keeper = context;
	struct server *server = find_server(keeper, name, port);

	if (!server)
		return;
	forget(server);
	memmove(server, server + 1,
		(size_t)(keeper->servers + --keeper->n_servers - server) * sizeof(*server));
	write_list(keeper);
}

static void keeper_on_settled(void *context, const char *trouble)
{
	struct keeper *keeper = context;

	free(keeper->trouble);
	keeper->trouble = trouble ? mem_strdup(trouble) : NULL;
	if (keeper->is_ready)
		write_list(keeper);
	make_ready(keeper);
}

static void keeper_on_first(AvahiTimeout *timeout, void *context)
{
	struct keeper *keeper = context;

	keeper->poll->timeout_update(timeout, NULL);
	make_ready(keeper);
}

/* ------------------------------------------------------------------ is it read? */

static void look_again(const struct keeper *keeper, AvahiTimeout *timeout)
{
	struct timeval when;

	avahi_elapse_time(&when, LOOK_MS, 0);
	keeper->poll->timeout_update(timeout, &when);
}

static void keeper_on_look(AvahiTimeout *timeout, void *context)
{
	struct keeper *keeper = context;
	int64_t read_at = found_read_at(&keeper->found);
	time_t last = read_at > keeper->opened_at ? (time_t)read_at : keeper->opened_at;

	if (read_at < 0 || time(NULL) - last > UNREAD_S)
		avahi_simple_poll_quit(keeper->simple);
	look_again(keeper, timeout);
}

/* File systems seldom keep the time of access, so the opening is seen as it happens. */
static void keeper_on_opened(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *context)
{
	struct keeper *keeper = context;
	char events[4096];

	(void)event;
	if (read(fd, events, sizeof(events)) <= 0)
		keeper->poll->watch_free(watch);
	keeper->opened_at = time(NULL);
	if (found_read_at(&keeper->found) < 0)
		avahi_simple_poll_quit(keeper->simple);
}

static void watch_readers(struct keeper *keeper, const char *dir)
{
	autofree char *hosts = path_join(dir, "hosts");

	keeper->opened_at = time(NULL);
	keeper->opened_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (keeper->opened_fd >= 0 && inotify_add_watch(keeper->opened_fd, hosts, IN_OPEN | IN_ATTRIB) >= 0)
		keeper->poll->watch_new(keeper->poll, keeper->opened_fd, AVAHI_WATCH_IN,
					keeper_on_opened, keeper);
}

/* ------------------------------------------------------------------ the whole */

static void begin(struct keeper *keeper, const char *dir)
{
	struct timeval when;

	watch_readers(keeper, dir);
	look_again(keeper, keeper->poll->timeout_new(keeper->poll, NULL, keeper_on_look, keeper));
	avahi_elapse_time(&when, FIRST_MS, 0);
	keeper->poll->timeout_new(keeper->poll, &when, keeper_on_first, keeper);
}

/* Clients of distcc 3.4 look for servers with their own compiler. */
static char *own_subtype(void)
{
	autofree char *machine = service_ask_compiler("-dumpmachine"),
		      *version = service_ask_compiler("-dumpversion");

	return machine && version ? service_subtype(machine, version) : NULL;
}

int keeper_run(const char *dir, void (*on_ready)(void *context), void *context, struct err *err)
{
	static const struct browse_events events = { keeper_on_found, keeper_on_lost, keeper_on_settled };
	struct keeper keeper = { .found = FOUND_INIT, .opened_fd = -1, .on_ready = on_ready,
				 .context = context };
	autofree char *subtype = NULL;
	struct browse *browse;

	if (found_take(&keeper.found, dir, err) < 0)
		return -1;
	keeper.simple = avahi_simple_poll_new();
	if (!keeper.simple) {
		found_release(&keeper.found);
		return err_set(err, ERR_MEMORY, "no loop for avahi");
	}
	keeper.poll = avahi_simple_poll_get(keeper.simple);
	begin(&keeper, dir);
	subtype = own_subtype();
	browse = browse_start(keeper.poll, subtype, &events, &keeper);
	avahi_simple_poll_loop(keeper.simple);
	browse_end(browse);
	avahi_simple_poll_free(keeper.simple);
	fd_close(&keeper.opened_fd);
	found_release(&keeper.found);
	for (size_t i = 0; i < keeper.n_servers; i++)
		forget(&keeper.servers[i]);
	free(keeper.servers);
	free(keeper.trouble);
	return 0;
}
