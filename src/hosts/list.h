/* hosts/list.h - the text of a host list. The grammar is in distcc(1), "HOST SPECIFICATIONS". */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTS_LIST_H
#define HOSTS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "hosts/spec.h"

enum { LOCALSLOTS_DEFAULT = 4, LOCALSLOTS_CPP_DEFAULT = 8, HOST_LIST_MAX = 1 << 20 };

struct host_list {
	struct host_spec *hosts;
	size_t n_hosts;
	bool randomize;
	bool zeroconf;			/* "+zeroconf" stood in it ... */
	size_t zeroconf_at;		/* ... before this host */
	int localslots, localslots_cpp;
};
#define HOST_LIST_INIT { NULL, 0, false, false, 0, LOCALSLOTS_DEFAULT, LOCALSLOTS_CPP_DEFAULT }

/* Replaces what is in list. ERR_HOSTSPEC ("line 3: ..."); the list is left empty then. A text
 * without any host is a success with n_hosts 0. The order is as written: see host_list_shuffle. */
int host_list_parse(struct host_list *list, const char *text, struct err *err);
void host_list_release(struct host_list *list);
/* Moves the hosts of another list to where +zeroconf stands; from holds none afterwards. */
void host_list_insert_found(struct host_list *list, struct host_list *from);
void host_list_shuffle(struct host_list *list, unsigned seed);

#endif
