/* base/log.h - one line for one event, to a file, a descriptor or syslog. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {		/* numbers as in syslog(3) */
	LOG_LEVEL_EMERGENCY = 0,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRITICAL,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Where lines go. One line is one write(2) of at most 4090 bytes: "PROGRAM[PID] Severity: text\n". */
void log_set_program(const char *program);		/* kept by reference */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_to_fd(int fd);					/* borrowed; the default is 2 */
/* appends, 0666 & ~umask; -1 and errno if it cannot */
int log_to_file(const char *path);
void log_to_syslog(void);				/* facility daemon */

/* An additional sink, or NULL for none: gets each line (without level filter) after formatting. */
void log_set_tap(void (*tap)(void *context, enum log_level level, const char *line), void *context);

/* "err", "warning", "info", ...: the names of distccd --log-level. False if unknown. */
bool log_level_parse(const char *name, enum log_level *level);

/* Control characters in the finished line are written as \ooo, so no peer can forge a line. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_critical(...) log_at(LOG_LEVEL_CRITICAL, __VA_ARGS__)
#define log_error(...)    log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...)  log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)   log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)     log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)    log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
