/* base/log.c - see log.h. One write(2) a line, so lines of many processes do not mix. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4090 };

static const char *program = "distcc";
static enum log_level max_level = LOG_LEVEL_WARNING;
static int log_fd = 2;
static bool use_syslog;
static void (*tap_function)(void *context, enum log_level level, const char *line);
static void *tap_context;

static const char *const severities[] = {
	"EMERGENCY! ", "ALERT! ", "CRITICAL! ", "ERROR: ", "Warning: ", "", "", "",
};

static const struct {
	const char *name;
	enum log_level level;
} level_names[] = {
	{ "emerg", LOG_LEVEL_EMERGENCY }, { "emergency", LOG_LEVEL_EMERGENCY }, { "alert", LOG_LEVEL_ALERT },
	{ "critical", LOG_LEVEL_CRITICAL }, { "crit", LOG_LEVEL_CRITICAL }, { "error", LOG_LEVEL_ERROR },
	{ "err", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARNING }, { "warn", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE }, { "note", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};

void log_set_program(const char *name)
{
	program = name;
}

void log_set_level(enum log_level level)
{
	max_level = level;
}

enum log_level log_get_level(void)
{
	return max_level;
}

void log_to_fd(int fd)
{
	log_fd = fd;
	use_syslog = false;
}

int log_to_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return -1;
	log_to_fd(fd);
	return 0;
}

void log_to_syslog(void)
{
	openlog(program, LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

void log_set_tap(void (*tap)(void *context, enum log_level level, const char *line), void *context)
{
	tap_function = tap;
	tap_context = context;
}

bool log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(level_names[i].name, name) == 0) {
			*level = level_names[i].level;
			return true;
		}
	}
	return false;
}

/* Copies text with control characters as \ooo; returns the length used. */
static size_t escape(char *to, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text && n + 5 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			n += (size_t)snprintf(to + n, room - n, "\\%03o", c);
		else
			to[n++] = *text;
	}
	to[n] = '\0';
	return n;
}

void log_at(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_LEN], line[LINE_MAX_LEN + 2];
	int saved = errno;
	size_t prefix, len;
	va_list args;

	if (level > max_level && !tap_function)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	prefix = (size_t)snprintf(line, sizeof(line), "%s[%ld] ", program, (long)getpid());
	len = prefix + (size_t)snprintf(line + prefix, sizeof(line) - prefix, "%s", severities[level]);
	len += escape(line + len, LINE_MAX_LEN - len, text);
	line[len++] = '\n';
	line[len] = '\0';
	if (tap_function)
		tap_function(tap_context, level, line);
	if (level <= max_level) {
		if (use_syslog)
			syslog((int)level, "%s", line + prefix);
		else if (write(log_fd, line, len) < 0 && log_fd != 2 && write(2, line, len) < 0)
			log_fd = 2;
	}
	errno = saved;
}
