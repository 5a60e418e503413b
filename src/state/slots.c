/* state/slots.c - see slots.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/slots.h"

#include "base/lockfile.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/statedir.h"

static char *slot_path(const struct host_spec *host, int slot, struct err *err)
{
	autofree char *dir = statedir_get("lock", err);
	autofree char *stem = host_spec_file_stem(host, "cpu");

	return dir ? str_format("%s/%s_%d", dir, stem, slot) : NULL;
}

int slot_try(const struct host_spec *host, int slot, int *fd, struct err *err)
{
	autofree char *path = slot_path(host, slot, err);

	return path ? lockfile_try(path, fd, err) : -1;
}

int slot_wait(const struct host_spec *host, int slot, int wait_ms, int *fd, struct err *err)
{
	autofree char *path = slot_path(host, slot, err);

	return path ? lockfile_wait(path, wait_ms, fd, err) : -1;
}

int slot_try_local(int limit, int *fd, int *slot, struct err *err)
{
	struct host_spec localhost = HOST_SPEC_INIT;

	for (int i = 0; i < limit; i++) {
		struct err busy = ERR_INIT;

		if (slot_try(&localhost, i, fd, &busy) == 0) {
			*slot = i;
			return 0;
		}
		if (busy.code != ERR_BUSY) {
			if (err)
				*err = busy;
			return -1;
		}
	}
	return err_set(err, ERR_BUSY, "all %d local slots are taken", limit);
}

int slots_count_taken(const struct host_spec *host)
{
	int n = 0;

	for (int i = 0; i < host->limit; i++) {
		autofree char *path = slot_path(host, i, NULL);

		n += path && lockfile_is_held(path);
	}
	return n;
}
