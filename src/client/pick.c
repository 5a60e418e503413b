/* client/pick.c - see pick.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pick.h"

#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/backoff.h"
#include "state/slots.h"

enum { SLOT_MAX = 9999 };

void pick_release(struct pick *pick)
{
	fd_close(&pick->lock_fd);
	*pick = (struct pick)PICK_INIT;
}

void pick_move(struct pick *to, struct pick *from)
{
	pick_release(to);
	*to = *from;
	*from = (struct pick)PICK_INIT;
}

static bool is_unlimited(const struct host_spec *host)
{
	return host->kind == HOST_UNIX && !host->has_limit;
}

/* 0 taken, 1 some host has that many slots but they are busy, 2 no host has. */
static int try_slot(struct pick *pick, const struct host_list *list, const bool *usable, int slot)
{
	int result = 2;

	for (size_t i = 0; i < list->n_hosts; i++) {
		const struct host_spec *host = &list->hosts[i];
		struct err cause = ERR_INIT;

		if (!usable[i] || (!is_unlimited(host) && host->limit <= slot))
			continue;
		result = 1;
		if (is_unlimited(host)) {
			*pick = (struct pick){ host, slot, -1 };
			return 0;
		}
		if (slot_try(host, slot, &pick->lock_fd, &cause) == 0) {
			pick->host = host;
			pick->slot = slot;
			return 0;
		}
		/* Nowhere to put lock files: the job is worth more than the count of slots. */
		if (cause.code != ERR_BUSY) {
			log_debug("no slot is locked: %s", cause.text);
			*pick = (struct pick){ host, slot, -1 };
			return 0;
		}
	}
	return result;
}

/* Blocks in the kernel on one slot of one host; other clients wait on others, by their pid. */
static void wait_for_a_slot(const struct host_list *list, const bool *usable, const struct settings *settings)
{
	size_t n = 0, which;

	for (size_t i = 0; i < list->n_hosts; i++)
		n += usable[i];
	which = (size_t)getpid() % n;
	for (size_t i = 0; i < list->n_hosts; i++) {
		int fd = -1;

		if (!usable[i] || which-- > 0)
			continue;
		log_debug("all slots are taken: waiting for host '%s'", list->hosts[i].text);
		slot_wait(&list->hosts[i], getpid() % list->hosts[i].limit, settings->pause_ms, &fd, NULL);
		/* what was waited for may be another client's turn: the search starts from the front */
		fd_close(&fd);
		return;
	}
}

static int nobody_left(const struct host_list *list, const struct settings *settings, struct err *err)
{
	for (size_t i = 0; i < list->n_hosts; i++)
		if (!list->hosts[i].down)
			return err_set(err, ERR_NO_HOSTS, "every host failed less than %d s ago, '%s' for one; DISTCC_BACKOFF_PERIOD=0 tries them again now",
				       settings->backoff_s, list->hosts[i].text);
	return err_set(err, ERR_NO_HOSTS, "every host in the list is marked ',down'");
}

int pick_host(struct pick *pick, const struct host_list *list, const bool *failed,
	      const struct settings *settings,
	      struct err *err)
{
	autofree bool *usable = mem_array(list->n_hosts, sizeof(*usable));
	size_t n_usable = 0;

	for (size_t i = 0; i < list->n_hosts; i++) {
		const struct host_spec *host = &list->hosts[i];

		usable[i] = !failed[i] && !host->down && !backoff_is_disliked(host, settings->backoff_s);
		n_usable += usable[i];
	}
	if (!n_usable)
		return nobody_left(list, settings, err);
	for (;;) {
		for (int slot = 0; slot <= SLOT_MAX; slot++) {
			int result = try_slot(pick, list, usable, slot);

			if (result == 0)
				return 0;
			if (result == 2)
				break;
		}
		wait_for_a_slot(list, usable, settings);
	}
}

void pick_local(struct pick *pick, int limit, const struct settings *settings)
{
	static const struct host_spec localhost = HOST_SPEC_INIT;

	for (;;) {
		struct err err = ERR_INIT;
		int fd = -1;

		if (slot_try_local(limit, &pick->lock_fd, &pick->slot, &err) == 0 || err.code != ERR_BUSY)
			return;
		slot_wait(&localhost, getpid() % limit, settings->pause_ms, &fd, NULL);
		fd_close(&fd);
	}
}
