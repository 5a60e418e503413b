/* client/mail.h - DISTCC_ENABLE_DISCREPANCY_EMAIL: telling somebody of a server's failure that was none here. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_MAIL_H
#define CLIENT_MAIL_H

#include "base/str.h"

/* With DISTCC_ENABLE_DISCREPANCY_EMAIL=1: from now on everything that could be logged is kept for a mail. */
void mail_begin(void);

/* Sends what was kept and what the server's compiler said to DISTCC_EMAILLOG_WHOM_TO_BLAME, by mail(1), which
 * is not waited for. Nothing without mail_begin(). */
void mail_send(const struct buf *server_said);

#endif
