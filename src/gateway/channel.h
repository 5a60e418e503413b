/* gateway/channel.h - the loop's end of the line to the privileged parent (helper.h). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_CHANNEL_H
#define GATEWAY_CHANNEL_H

#include <event2/event.h>
#include <stdint.h>

#include "gateway/helper.h"

struct channel;

/* fd is what came with the answer, or -1; it is closed afterwards unless taken (set *fd to -1). */
typedef void channel_answer_fn(void *context, const struct helper_answer *answer, int *fd);

/* on_unasked: answers with serial 0 (SIGHUP). on_gone: the parent ended. */
struct channel *channel_open(struct event_base *base, int fd, channel_answer_fn *on_unasked,
			     void (*on_gone)(void *context),
			     void *context);
void channel_close(struct channel *channel);

/* Asks; the serial, or 0 when the line is broken or full. fd goes with the question, or is -1.
 * Without on_answer there will be none. */
uint32_t channel_ask(struct channel *channel, enum helper_operation operation, uint32_t generation, uint32_t index,
		     int fd, channel_answer_fn *on_answer, void *context);
/* The answer, when it comes, is nobody's any more. */
void channel_cancel(struct channel *channel, uint32_t serial);

#endif
