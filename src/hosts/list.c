/* hosts/list.c - see list.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char separators[] = " \t\n\f\v\r";

void host_list_release(struct host_list *list)
{
	for (size_t i = 0; i < list->n_hosts; i++)
		host_spec_release(&list->hosts[i]);
	free(list->hosts);
	*list = (struct host_list)HOST_LIST_INIT;
}

/* "--localslots=N" or "/N": 1 taken, 0 another word, -1 error. */
static int take_slots(const char *token, const char *keyword, int *slots, struct err *err)
{
	size_t len = strlen(keyword);
	int64_t number;

	if (strncmp(token, keyword, len) != 0 || (token[len] && token[len] != '=' && token[len] != '/'))
		return 0;
	if (!token[len])
		return 1;
	if (!str_to_int(token + len + 1, 1, HOST_LIMIT_MAX, &number))
		return err_set(err, ERR_HOSTSPEC,
			       "bad multiplier in '%s': a number from 1 to %d is needed", token,
			       HOST_LIMIT_MAX);
	*slots = (int)number;
	return 1;
}

static int take_token(struct host_list *list, const char *token, struct err *err)
{
	struct host_spec spec;
	int taken;

	if (str_starts_with(token, "--randomize")) {
		list->randomize = true;
		return 0;
	}
	if (strcmp(token, "+zeroconf") == 0) {
		if (!list->zeroconf)
			list->zeroconf_at = list->n_hosts;
		list->zeroconf = true;
		return 0;
	}
	taken = take_slots(token, "--localslots_cpp", &list->localslots_cpp, err);
	if (taken == 0)
		taken = take_slots(token, "--localslots", &list->localslots, err);
	if (taken != 0)
		return taken < 0 ? -1 : 0;
	if (host_spec_parse(&spec, token, err) < 0)
		return -1;
	list->hosts = mem_resize(list->hosts, list->n_hosts + 1, sizeof(*list->hosts));
	list->hosts[list->n_hosts++] = spec;
	return 0;
}

int host_list_parse(struct host_list *list, const char *text, struct err *err)
{
	int line = 1;

	host_list_release(list);
	while (*text) {
		autofree char *token = NULL;
		size_t len;

		if (*text == '\n')
			line++;
		if (strchr(separators, *text)) {
			text++;
			continue;
		}
		if (*text == '#') {
			text += strcspn(text, "\n\r");
			continue;
		}
		/* A '#' glued to an option, a limit or localhost ends the token cleanly; after another
		 * host name it is part of the token, and the parser refuses it. */
		len = strcspn(text, separators);
		if (memchr(text, ',', len) || memchr(text, '/', len) || str_starts_with(text, "localhost#")) {
			const char *hash = memchr(text, '#', len);

			if (hash)
				len = (size_t)(hash - text);
		}
		token = mem_strndup(text, len);
		if (take_token(list, token, err) < 0) {
			host_list_release(list);
			return err_prefix(err, "line %d", line);
		}
		text += len;
	}
	return 0;
}

void host_list_insert_found(struct host_list *list, struct host_list *from)
{
	size_t n_after = list->n_hosts - list->zeroconf_at;

	if (!from->n_hosts)
		return;
	list->hosts = mem_resize(list->hosts, list->n_hosts + from->n_hosts, sizeof(*list->hosts));
	memmove(list->hosts + list->zeroconf_at + from->n_hosts, list->hosts + list->zeroconf_at,
		n_after * sizeof(*list->hosts));
	memcpy(list->hosts + list->zeroconf_at, from->hosts, from->n_hosts * sizeof(*list->hosts));
	list->n_hosts += from->n_hosts;
	free(from->hosts);
	*from = (struct host_list)HOST_LIST_INIT;
}

/* Fisher and Yates; its own generator, so that nobody else's rand() is disturbed. */
void host_list_shuffle(struct host_list *list, unsigned seed)
{
	unsigned long long state = seed * 2862933555777941757ULL + 3037000493ULL;

	for (size_t i = list->n_hosts; i > 1; i--) {
		struct host_spec moved;
		size_t j;

		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		j = (size_t)(state >> 33) % i;
		moved = list->hosts[i - 1];
		list->hosts[i - 1] = list->hosts[j];
		list->hosts[j] = moved;
	}
}
