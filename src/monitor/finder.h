/*
 * monitor/finder.h - lsdistcc --zeroconf DIRECTORY: finds servers for the clients of one user. Which form is
 * chosen by configure: finder-avahi.c or finder-none.c.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_FINDER_H
#define MONITOR_FINDER_H

/*
 * A client starts it when a host list has +zeroconf and none runs, so that clients need neither D-Bus nor
 * avahi. It returns when the first list can be read; the rest of it stays behind, with nothing of the
 * client's but its environment, until nobody reads the list any more. 0, or a code of base/err.h:
 * ERR_BUSY when there is one already.
 */
int finder_run(const char *dir);

#endif
