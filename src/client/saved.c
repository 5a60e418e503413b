/* client/saved.c - see saved.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum { NAMES_MAX = 1000 };		/* that others may have taken */

void saved_keep(const char *prefix, const char *suffix, const char *bytes, size_t len)
{
	uint32_t number = (uint32_t)getpid() << 16 ^ (uint32_t)clock_now_us();
	struct err err = ERR_INIT;

	if (!env_bool("DISTCC_SAVE_TEMPS", false))
		return;
	for (int i = 0; i < NAMES_MAX; i++) {
		autofree char *name = str_format("%s/%s_%08x%s", env_tmpdir(), prefix,
						 number + (uint32_t)i, suffix);
		autoclose int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			log_info("'%s' cannot be made: %s", name, strerror(errno));
		else if (len && fd_write_full(fd, bytes, len, -1, &err) < 0)
			log_info("'%s': %s", name, err.text);
		else
			log_info("kept: %s", name);
		return;
	}
}
