/* gateway/weight.c - see weight.h. The paths are the kernel's, of names that users chose: none leads out of
 * the mount point, and what is read there is a number. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/weight.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

enum { TEXT_MAX = 4096 };

static bool read_text(const char *path, char text[TEXT_MAX])
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* "0::/user.slice/..." -> "/user.slice/...", or NULL. */
static char *unified_path(char *cgroups)
{
	char *line, *rest = cgroups;

	while ((line = strsep(&rest, "\n")))
		if (str_starts_with(line, "0::/"))
			return strstr(line, "/..") ? NULL : line + 3;
	return NULL;
}

unsigned weight_below(const char *mount, const char *cgroups)
{
	char path[2 * TEXT_MAX], text[TEXT_MAX], *group;
	int64_t weight;

	str_copy(text, sizeof(text), cgroups);
	group = unified_path(text);
	if (!group || strcmp(group, "/") == 0)
		return WEIGHT_USUAL;
	for (char *end = group + strlen(group); end > group; end = strrchr(group, '/')) {
		char value[TEXT_MAX];

		*end = '\0';
		snprintf(path, sizeof(path), "%s%s/cpu.weight", mount, group);
		if (read_text(path, value)) {
			value[strcspn(value, "\n")] = '\0';
			return str_to_int(value, 1, WEIGHT_MAX, &weight) ? (unsigned)weight : WEIGHT_USUAL;
		}
	}
	return WEIGHT_USUAL;
}

unsigned weight_of(pid_t pid)
{
	char path[64], cgroups[TEXT_MAX];

	if (pid <= 0)
		return WEIGHT_USUAL;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	return read_text(path, cgroups) ? weight_below("/sys/fs/cgroup", cgroups) : WEIGHT_USUAL;
}
