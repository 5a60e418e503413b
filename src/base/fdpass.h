/* base/fdpass.h - descriptors over AF_UNIX (SCM_RIGHTS). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FDPASS_H
#define BASE_FDPASS_H

#include <stddef.h>
#include <sys/types.h>

/* Sends bytes with one descriptor (fd -1: none) by one sendmsg(2): the number of bytes sent, or
 * -1 and errno. len must be > 0: Linux drops the descriptors of an empty message. */
ssize_t fdpass_send(int sock, const void *bytes, size_t len, int fd);

/* Receives bytes and at most one descriptor. All surplus descriptors are closed and counted in
 * *n_refused (so is any when fd is NULL). *fd is -1 when none came. Returns like recv(2). */
ssize_t fdpass_recv(int sock, void *bytes, size_t len, int *fd, int *n_refused);

#endif
