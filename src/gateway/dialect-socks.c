/* gateway/dialect-socks.c - see dialect-socks.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/dialect-socks.h"

#include "base/log.h"
#include "gateway/dialect-raw.h"
#include "gateway/socks.h"

static void socks_refuse(struct peer *peer, enum socks_reply code, const char *why)
{
	unsigned char reply[SOCKS_REPLY_LEN];

	peer_complain(peer, "SOCKS request refused: %s", why);
	socks_reply_encode(reply, code);
	buf_add(&peer->out, reply, sizeof(reply));
	peer_close_after_messages(peer);
}

static void socks_request(struct peer *peer, const struct socks_request *request)
{
	struct gateway *gateway = peer->gateway;
	unsigned char reply[SOCKS_REPLY_LEN];

	if (request->command != 1) {
		socks_refuse(peer, SOCKS_BAD_COMMAND, "only CONNECT is served");
		return;
	}
	if (request->address_type != 1 && request->address_type != 3 && request->address_type != 4) {
		socks_refuse(peer, SOCKS_BAD_ADDRESS, "an unknown type of address");
		return;
	}
	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (server_is_destination(gateway->servers[i], request->host, request->port)) {
			peer->job.preferred = gateway->servers[i]->id;
			break;
		}
	}
	if (!peer->job.preferred) {
		gateway->counters.foreign_destinations++;
		socks_refuse(peer, SOCKS_NOT_ALLOWED, "the destination is no configured server");
		return;
	}
	socks_reply_encode(reply, SOCKS_GRANTED);
	buf_add(&peer->out, reply, sizeof(reply));
	peer_flush(peer);
	if (peer->state != PEER_CLOSED)
		dialect_raw_enter(peer);
}

/* Both may come in pieces. */
void dialect_socks_input(struct peer *peer)
{
	const unsigned char *in = (const unsigned char *)peer->in.data;
	struct socks_request request;
	int offers_none;
	ssize_t n;

	if (peer->state == PEER_GREETING) {
		n = socks_greeting_decode(in, peer->in.len, &offers_none);
		if (n < 0)
			peer_offend(peer, "a bad SOCKS greeting");
		if (n <= 0)
			return;
		buf_remove_front(&peer->in, (size_t)n);
		buf_add(&peer->out, offers_none ? "\5\0" : "\5\377", 2);
		if (!offers_none) {
			peer_complain(peer, "a SOCKS client that insists on a password; closed");
			peer_close_after_messages(peer);
			return;
		}
		peer->state = PEER_SOCKS;
		peer_flush(peer);
	}
	if (peer->state != PEER_SOCKS || !peer->in.len)
		return;
	n = socks_request_decode((const unsigned char *)peer->in.data, peer->in.len, &request);
	if (n < 0)
		peer_offend(peer, "a bad SOCKS request");
	if (n <= 0)
		return;
	buf_remove_front(&peer->in, (size_t)n);
	socks_request(peer, &request);
}
