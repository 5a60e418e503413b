/* gateway/via.c - see via.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/via.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/lease.h"

void via_make_name(char name[VIA_NAME_LEN + 1])
{
	uint64_t number;

	/* it need not be secret, only its own */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = (uint64_t)getpid() << 40 ^ (uint64_t)clock_now_ms();
	snprintf(name, VIA_NAME_LEN + 1, "%016llx", (unsigned long long)number);
}

bool via_is_loop(const char *names, const char *own)
{
	autofree char *copy = mem_strdup(names);
	char *rest = copy, *name;
	int n = 0;

	while (rest && (name = strsep(&rest, ",")))
		if (strcmp(name, own) == 0 || ++n >= VIA_HOPS_MAX)
			return true;
	return false;
}

void via_add_message(struct buf *out, const char *names, const char *own)
{
	autofree char *all = names ? str_format("%s,%s", names, own) : mem_strdup(own);
	struct lease_writer writer;

	lease_begin(&writer, out, LEASE_HOPS);
	lease_add(&writer, "names", all);
	lease_end(&writer);
}
