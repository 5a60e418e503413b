/* gateway/reception.h - new peers: who may come in, which dialect they speak, what they send in time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_RECEPTION_H
#define GATEWAY_RECEPTION_H

#include "gateway/state.h"

/* Takes a connected socket over. */
void reception_open(struct gateway *gateway, int fd);

#endif
