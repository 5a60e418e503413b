/* client/settings.c - see settings.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/log.h"

enum { BACKOFF_S = 60, IO_TIMEOUT_S = 300, PAUSE_MS = 1000, PAUSE_MAX_MS = 60000 };

/* They make gcc write files, or find other programs, behind the command line's back. */
static const char *const local_variables[] = {
	"DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES", "GCC_COMPARE_DEBUG", "GCC_EXEC_PREFIX", "COMPILER_PATH",
	"CCC_OVERRIDE_OPTIONS", "CC_PRINT_OPTIONS", "CC_PRINT_HEADERS", "CC_LOG_DIAGNOSTICS",
};

/* A number that does not parse is garbage, which counts as 1 here: somebody is above us. */
static int read_guard(void)
{
	const char *value = getenv("_DISTCC_SAFEGUARD");
	int level = value ? atoi(value) : 0;

	return value && level == 0 ? 1 : level;
}

int settings_read(struct settings *settings, struct err *err)
{
	int io_timeout_s = env_int("DISTCC_IO_TIMEOUT", env_get("DISTCC_IO_TIMEOUT") ? 0 : IO_TIMEOUT_S);
	int pause_ms = env_int("DISTCC_PAUSE_TIME_MSEC", PAUSE_MS);

	if (io_timeout_s <= 0)
		return err_set(err, ERR_USAGE, "Bad DISTCC_IO_TIMEOUT value: %s",
			       env_get("DISTCC_IO_TIMEOUT"));
	if (env_get("INCLUDE_SERVER_PORT") &&
	    env_int("DISTCC_MAX_DISCREPANCY", env_get("DISTCC_MAX_DISCREPANCY") ? 0 : 1) <= 0)
		return err_set(err, ERR_USAGE, "Bad DISTCC_MAX_DISCREPANCY value: %s",
			       env_get("DISTCC_MAX_DISCREPANCY"));
	*settings = (struct settings){
		.fallback = env_bool("DISTCC_FALLBACK", true),
		.skip_local_retry = env_get("DISTCC_SKIP_LOCAL_RETRY") != NULL,
		.exact = env_bool("DISTCC_EXACT", false),
		.rewrite_cross = !env_get("DISTCC_NO_REWRITE_CROSS") && !env_get("DISTCC_NO_CROSS_REWRITE"),
		.backoff_s = env_int("DISTCC_BACKOFF_PERIOD", BACKOFF_S),
		.io_idle_ms = io_timeout_s > INT_MAX / 1000 ? INT_MAX : io_timeout_s * 1000,
		.pause_ms = pause_ms < 1 ? 1 : pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms,
		.guard_level = read_guard(),
	};
	for (size_t i = 0; i < sizeof(local_variables) / sizeof(local_variables[0]); i++)
		if (env_get(local_variables[i]))
			settings->local_because = local_variables[i];
	return 0;
}

void settings_open_log(void)
{
	const char *file = env_get("DISTCC_LOG");
	int fd = env_int("UNCACHED_ERR_FD", 0);

	log_set_program("distcc");
	log_set_level(LOG_LEVEL_WARNING);
	if (file && log_to_file(file) == 0)
		log_set_level(LOG_LEVEL_INFO);
	else if (file)
		log_error("failed to open logfile %s: %s", file, strerror(errno));
	else if (fd > 0)
		log_to_fd(fd);
	if (env_bool("DISTCC_VERBOSE", false))
		log_set_level(LOG_LEVEL_DEBUG);
}
