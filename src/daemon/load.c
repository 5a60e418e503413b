/* daemon/load.c - see load.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { FILE_MAX_BYTES = 1 << 18, DISK_EVERY_MS = 50000 };

static bool read_text(const char *path, struct buf *text)
{
	return file_read(path, FILE_MAX_BYTES, text, NULL) == 0 && text->len;
}

static void read_averages(struct load *load)
{
	autobuf text = BUF_INIT;

	load->running = -1;
	load->average[0] = load->average[1] = load->average[2] = -1;
	if (read_text("/proc/loadavg", &text) &&
	    sscanf(text.data, "%lf %lf %lf %d/", &load->average[0], &load->average[1],
		   &load->average[2], &load->running) != 4)
		load->running = -1;
}

static void look_at_process(struct load *load, const char *pid, long page_kib)
{
	autofree char *path = str_format("/proc/%s/stat", pid);
	autobuf text = BUF_INIT;
	char *open, *close, state;
	long rss;

	if (!read_text(path, &text) || !(open = strchr(text.data, '(')) || !(close = strrchr(text.data, ')')))
		return;
	/* the state follows the name, the resident pages are the 22nd word after it */
	if (sscanf(close + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld",
		   &state, &rss) != 2)
		return;
	load->n_waiting += state == 'D';
	if (rss * page_kib > load->max_rss_kib) {
		load->max_rss_kib = rss * page_kib;
		close[1] = '\0';
		for (char *at = open; *at; at++)
			if ((unsigned char)*at <= ' ')
				*at = '_';
		str_copy(load->max_rss_name, sizeof(load->max_rss_name), open);
	}
}

static void read_processes(struct load *load)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long page_kib = sysconf(_SC_PAGESIZE) / 1024;

	str_copy(load->max_rss_name, sizeof(load->max_rss_name), "none");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(load, entry->d_name, page_kib);
	if (dir)
		closedir(dir);
}

static bool read_sectors(uint64_t *sectors)
{
	autobuf text = BUF_INIT;
	char *rest, *line;
	bool found = false;

	*sectors = 0;
	if (!read_text("/proc/diskstats", &text))
		return false;
	for (rest = text.data; rest && (line = strsep(&rest, "\n"));) {
		unsigned long long in, out;
		char name[32];

		if (sscanf(line, " %*u %*u %31s %*u %*u %llu %*u %*u %*u %llu", name, &in, &out) != 3)
			continue;
		/* whole disks: a partition's sectors are its disk's */
		if ((strlen(name) == 3 &&
		     (str_starts_with(name, "sd") || str_starts_with(name, "hd") ||
		      str_starts_with(name, "vd"))) ||
		    (str_starts_with(name, "nvme") && !strchr(name, 'p'))) {
			*sectors += in + out;
			found = true;
		}
	}
	return found;
}

static int64_t read_io_rate(struct load_memory *memory)
{
	int64_t now = clock_now_ms();
	uint64_t sectors;

	if (memory->read_ms && now - memory->read_ms < DISK_EVERY_MS)
		return memory->io_rate;
	if (!read_sectors(&sectors))
		return -1;
	if (memory->read_ms && sectors >= memory->sectors)
		memory->io_rate = (int64_t)(sectors - memory->sectors) * 1000 / (now - memory->read_ms);
	memory->read_ms = now;
	memory->sectors = sectors;
	return memory->io_rate;
}

/* What the group of control version 2 leaves us, in bytes, or -1. */
static int64_t group_free_bytes(void)
{
	autobuf where = BUF_INIT, max = BUF_INIT, current = BUF_INIT;
	autofree char *dir = NULL, *max_path = NULL, *current_path = NULL;
	long long limit, used;

	if (!read_text("/proc/self/cgroup", &where) || !str_starts_with(where.data, "0::/"))
		return -1;
	where.data[strcspn(where.data, "\n")] = '\0';
	dir = str_format("/sys/fs/cgroup%s", where.data + 3);
	max_path = str_format("%s/memory.max", dir);
	current_path = str_format("%s/memory.current", dir);
	if (!read_text(max_path, &max) || !read_text(current_path, &current) ||
	    sscanf(max.data, "%lld", &limit) != 1 ||
	    sscanf(current.data, "%lld", &used) != 1)
		return -1;
	return limit > used ? limit - used : 0;
}

int64_t load_free_memory_mib(void)
{
	autobuf text = BUF_INIT;
	const char *at;
	long long kib;
	int64_t group;

	if (!read_text("/proc/meminfo", &text) || !(at = strstr(text.data, "MemAvailable:")) ||
	    sscanf(at, "MemAvailable: %lld", &kib) != 1)
		return -1;
	group = group_free_bytes();
	if (group >= 0 && group >> 10 < kib)
		kib = group >> 10;
	return kib >> 10;
}

void load_read(struct load *load, struct load_memory *memory, const char *dir)
{
	struct statvfs fs;

	*load = (struct load){ 0 };
	read_averages(load);
	read_processes(load);
	load->io_rate = read_io_rate(memory);
	load->free_space_mib = statvfs(dir, &fs) == 0 ? (int64_t)(fs.f_bavail * (fs.f_frsize / 1024)) / 1024 : -1;
	load->free_memory_mib = load_free_memory_mib();
}
