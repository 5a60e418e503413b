/* base/path.h - file names as text, and finding programs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

const char *path_base(const char *path);	/* after the last '/'; the whole if the slash is last */
const char *path_extension(const char *path);	/* ".c" of the last component, or NULL; ".foo" has none */
char *path_join(const char *dir, const char *name);		/* yours to free */
char *path_dir(const char *path);				/* "." when there is no '/'; yours to free */
char *path_with_extension(const char *path, const char *ext);	/* replaces or appends; yours to free */
/* Absolute against cwd, "." and "x/.." collapsed as text (symbolic links are not looked at). */
char *path_absolute(const char *path);

/*
 * The first executable regular file NAME on a PATH string (NULL: the environment's; an empty
 * component is the current directory). Components for which skip() is true are passed over;
 * skip may be NULL. Yours to free; NULL when there is none.
 */
char *path_find_program(const char *name, const char *path_list,
			bool (*skip)(const char *dir, const char *file, void *context), void *context);

#endif
