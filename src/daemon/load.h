/* daemon/load.h - how busy this machine is, as the kernel tells. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_LOAD_H
#define DAEMON_LOAD_H

#include <stdint.h>

struct load {
	int running;			/* processes that could run now; -1: unknown, so also below */
	double average[3];		/* of 1, 5 and 15 minutes */
	int n_waiting;			/* processes that wait for a disk */
	int64_t max_rss_kib;
	char max_rss_name[64];		/* with brackets */
	int64_t io_rate;		/* sectors a second */
	int64_t free_space_mib;		/* where jobs write */
	int64_t free_memory_mib;
};

/* Where the last reading of the disks is kept. */
struct load_memory {
	int64_t read_ms;
	uint64_t sectors;
	int64_t io_rate;
};
#define LOAD_MEMORY_INIT { 0, 0, -1 }

void load_read(struct load *load, struct load_memory *memory, const char *dir);

/* What a new process may still take, by the machine and by our control group; -1: unknown. */
int64_t load_free_memory_mib(void);

#endif
