/*
 * gateway/guard-programs.c - see guard-programs.h.
 *
 * Written as instructions: a compiler for BPF, or a library, would be one more thing to need. r6 keeps
 * the context; the key is built in the 24 bytes below the frame pointer. Each program returns 1 to let
 * the connection, or the packet, pass, and 0 to refuse it.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/guard-programs.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

enum { R0, R1, R2, R3, R4, R6 = 6, FP = 10 };
enum { KEY = -(int)sizeof(struct guard_key), WORD = -28 /* below it: bytes of a packet */, CODE_MAX = 160 };

#define INSN(op, dst, src, offset, number) \
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (int16_t)(offset), .imm = (int32_t)(number) })
#define MOVE(dst, src)			INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, number)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, number)
#define ADD(dst, number)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, number)
#define AND(dst, number)		INSN(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, number)
#define SHIFT_LEFT(dst, number)		INSN(BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, number)
#define LOAD(size, dst, src, offset)	INSN(BPF_LDX | (size) | BPF_MEM, dst, src, offset, 0)
#define STORE(size, dst, offset, src)	INSN(BPF_STX | (size) | BPF_MEM, dst, src, offset, 0)
#define PUT(size, dst, offset, number)	INSN(BPF_ST | (size) | BPF_MEM, dst, 0, offset, number)
#define CALL(helper)			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT()				INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define SKIP_IF(condition, reg, number, n) INSN(BPF_JMP | (condition) | BPF_K, reg, 0, n, number)

struct code {
	struct bpf_insn at[CODE_MAX];
	uint32_t n;
	int map_fd;
};

static void add(struct code *code, struct bpf_insn insn)
{
	assert(code->n < CODE_MAX);
	code->at[code->n++] = insn;
}

static void add_end(struct code *code, int verdict)
{
	add(code, SET(R0, verdict));
	add(code, EXIT());
}

/* "Unless the register has this value: no." */
static void add_check(struct code *code, int reg, int32_t value)
{
	add(code, SKIP_IF(BPF_JEQ, reg, value, 2));
	add_end(code, 0);
}

/* Is the key in the map? That is the verdict. */
static void add_verdict(struct code *code)
{
	add(code, INSN(BPF_LD | BPF_IMM | BPF_DW, R1, BPF_PSEUDO_MAP_FD, 0, code->map_fd));
	add(code, INSN(0, 0, 0, 0, 0));
	add(code, MOVE(R2, FP));
	add(code, ADD(R2, KEY));
	add(code, CALL(BPF_FUNC_map_lookup_elem));
	add(code, SKIP_IF(BPF_JNE, R0, 0, 2));
	add_end(code, 0);
	add_end(code, 1);
}

/* The part of an IPv4 address's key that is the same for all. */
static void add_mapped_prefix(struct code *code)
{
	add(code, PUT(BPF_DW, FP, KEY, 0));
	add(code, PUT(BPF_W, FP, KEY + 8, htonl(0x0000ffff)));
}

/* ------------------------------------------------------------------ connect(2) */

static void make_connect(struct code *code, bool ipv6)
{
	add(code, MOVE(R6, R1));
	add(code, LOAD(BPF_W, R1, R6, offsetof(struct bpf_sock_addr, protocol)));
	add_check(code, R1, IPPROTO_TCP);
	if (ipv6) {
		for (int i = 0; i < 4; i++) {
			add(code, LOAD(BPF_W, R1, R6, (int)offsetof(struct bpf_sock_addr, user_ip6) + 4 * i));
			add(code, STORE(BPF_W, FP, KEY + 4 * i, R1));
		}
	} else {
		add_mapped_prefix(code);
		add(code, LOAD(BPF_W, R1, R6, offsetof(struct bpf_sock_addr, user_ip4)));
		add(code, STORE(BPF_W, FP, KEY + 12, R1));
	}
	/* 16 bits in network order, as a number of 32 */
	add(code, LOAD(BPF_W, R1, R6, offsetof(struct bpf_sock_addr, user_port)));
	add(code, PUT(BPF_DW, FP, KEY + 16, 0));
	add(code, STORE(BPF_H, FP, KEY + 16, R1));
	add_verdict(code);
}

/* ------------------------------------------------------------------ packets, from the IP header on */

/* Copies bytes of the packet to the stack; a packet that is too short does not pass. r4 and r2 are the caller's. */
static void add_copy(struct code *code, int to, int n)
{
	add(code, MOVE(R1, R6));
	add(code, MOVE(R3, FP));
	add(code, ADD(R3, to));
	add(code, SET(R4, n));
	add(code, CALL(BPF_FUNC_skb_load_bytes));
	add_check(code, R0, 0);
}

static void add_copy_at(struct code *code, int from, int to, int n)
{
	add(code, SET(R2, from));
	add_copy(code, to, n);
}

static void add_check_byte(struct code *code, int from, int value)
{
	add_copy_at(code, from, WORD, 1);
	add(code, LOAD(BPF_B, R1, FP, WORD));
	add_check(code, R1, value);
}

/* What is behind an extension header, or in a later fragment, does not say whose it is. */
static void make_packet(struct code *code, bool ipv6, bool egress)
{
	enum { IPV4_PROTOCOL = 9, IPV4_FRAGMENT = 6, IPV4_SOURCE = 12, IPV4_TARGET = 16 };
	enum { IPV6_NEXT = 6, IPV6_SOURCE = 8, IPV6_TARGET = 24, IPV6_LEN = 40 };

	if (ipv6) {
		add_check_byte(code, IPV6_NEXT, IPPROTO_TCP);
		add_copy_at(code, egress ? IPV6_TARGET : IPV6_SOURCE, KEY, 16);
		add(code, PUT(BPF_W, FP, KEY + 16, 0));
		add_copy_at(code, IPV6_LEN + (egress ? 2 : 0), KEY + 16, 2);
	} else {
		add_check_byte(code, IPV4_PROTOCOL, IPPROTO_TCP);
		add_copy_at(code, IPV4_FRAGMENT, WORD, 2);
		add(code, LOAD(BPF_H, R1, FP, WORD));
		add(code, AND(R1, htons(0x1fff)));
		add_check(code, R1, 0);
		add_mapped_prefix(code);
		add_copy_at(code, egress ? IPV4_TARGET : IPV4_SOURCE, KEY + 12, 4);
		add(code, PUT(BPF_W, FP, KEY + 16, 0));
		/* the header's length, in words, in the low half of its first byte */
		add_copy_at(code, 0, WORD, 1);
		add(code, LOAD(BPF_B, R2, FP, WORD));
		add(code, AND(R2, 0x0f));
		add(code, SHIFT_LEFT(R2, 2));
		add(code, ADD(R2, egress ? 2 : 0));
		add_copy(code, KEY + 16, 2);
	}
	add(code, PUT(BPF_W, FP, KEY + 20, 0));
	add_verdict(code);
}

static void make_filter(struct code *code, bool egress)
{
	struct code ipv4 = { .map_fd = code->map_fd };

	make_packet(&ipv4, false, egress);
	add(code, MOVE(R6, R1));
	add(code, LOAD(BPF_W, R1, R6, offsetof(struct __sk_buff, protocol)));
	add(code, SKIP_IF(BPF_JNE, R1, htons(ETH_P_IP), (int)ipv4.n));
	for (uint32_t i = 0; i < ipv4.n; i++)
		add(code, ipv4.at[i]);
	add_check(code, R1, htons(ETH_P_IPV6));
	make_packet(code, true, egress);
}

/* ------------------------------------------------------------------ the kernel */

static int call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static uint64_t pointer(const void *at)
{
	return (uint64_t)(uintptr_t)at;
}

static int load(const struct code *code, enum bpf_prog_type type, enum bpf_attach_type at)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = at;
	attr.insns = pointer(code->at);
	attr.insn_cnt = code->n;
	attr.license = pointer("GPL");
	return call(BPF_PROG_LOAD, &attr);
}

static int attach(int cgroup_fd, const struct code *code, enum bpf_prog_type type, enum bpf_attach_type at, const char *name,
		  struct err *err)
{
	autoclose int fd = load(code, type, at);
	union bpf_attr attr;

	if (fd < 0)
		return err_sys(err, ERR_PRIVILEGES, "bpf(BPF_PROG_LOAD) of %s", name);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = at;
	/* not by a link, whose end would open what it shuts; a cgroup above may have programs, too */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return call(BPF_PROG_ATTACH, &attr) < 0 ? err_sys(err, ERR_PRIVILEGES, "bpf(BPF_PROG_ATTACH) of %s", name) : 0;
}

int guard_programs_attach(int cgroup_fd, int map_fd, struct err *err)
{
	static const struct {
		const char *name;
		enum bpf_prog_type type;
		enum bpf_attach_type at;
	} programs[] = {
		{ "connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
		{ "connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT },
		{ "egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
		{ "ingress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS },
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct code code = { .map_fd = map_fd };

		if (programs[i].type == BPF_PROG_TYPE_CGROUP_SKB)
			make_filter(&code, programs[i].at == BPF_CGROUP_INET_EGRESS);
		else
			make_connect(&code, programs[i].at == BPF_CGROUP_INET6_CONNECT);
		if (attach(cgroup_fd, &code, programs[i].type, programs[i].at, programs[i].name, err) < 0)
			return -1;
	}
	return 0;
}

int guard_map_create(struct err *err)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = sizeof(struct guard_key);
	attr.value_size = sizeof(uint32_t);
	attr.max_entries = GUARD_ADDRS_MAX;
	attr.map_flags = BPF_F_NO_PREALLOC;
	fd = call(BPF_MAP_CREATE, &attr);
	return fd < 0 ? err_sys(err, ERR_PRIVILEGES, "bpf(BPF_MAP_CREATE)") : fd;
}

void guard_key_init(struct guard_key *key, const struct sock_addr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;

	memset(key, 0, sizeof(*key));
	if (addr->storage.ss_family == AF_INET) {
		key->addr[10] = key->addr[11] = 0xff;
		memcpy(key->addr + 12, &in->sin_addr, 4);
		memcpy(&key->port, &in->sin_port, 2);
	} else {
		memcpy(key->addr, &in6->sin6_addr, 16);
		memcpy(&key->port, &in6->sin6_port, 2);
	}
}

int guard_map_put(int map_fd, const struct guard_key *key, uint32_t mark, struct err *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map_fd;
	attr.key = pointer(key);
	attr.value = pointer(&mark);
	return call(BPF_MAP_UPDATE_ELEM, &attr) < 0 ? err_sys(err, ERR_PRIVILEGES, "bpf(BPF_MAP_UPDATE_ELEM)") : 0;
}

static bool is_among(uint32_t mark, const uint32_t *marks, size_t n_marks)
{
	for (size_t i = 0; i < n_marks; i++)
		if (marks[i] == mark)
			return true;
	return false;
}

void guard_map_keep(int map_fd, const uint32_t *marks, size_t n_marks)
{
	struct guard_key key, next;
	uint32_t mark = 0;
	bool first = true, gone = false;
	union bpf_attr attr;

	for (;;) {
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (uint32_t)map_fd;
		attr.key = first ? 0 : pointer(&key);
		attr.next_key = pointer(&next);
		if (call(BPF_MAP_GET_NEXT_KEY, &attr) < 0)
			return;
		key = next;
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (uint32_t)map_fd;
		attr.key = pointer(&key);
		attr.value = pointer(&mark);
		gone = call(BPF_MAP_LOOKUP_ELEM, &attr) == 0 && !is_among(mark, marks, n_marks);
		attr.value = 0;
		if (gone)
			call(BPF_MAP_DELETE_ELEM, &attr);
		/* after a key that is gone the kernel begins anew */
		first = gone;
	}
}
