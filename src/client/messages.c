/*
 * client/messages.c - see messages.h.
 *
 * Each text is cut into messages: lines that say where ("In file included from ..."), the head
 * ("FILE:LINE:COLUMN: warning: ..."), then its quotes and notes. Two messages with the same head are
 * one; what the preprocessor says about it is shown, since it can quote the source.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/messages.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "client/columns.h"

struct message {
	size_t start, end;	/* in the text */
	char *head;		/* without colours; NULL if there is none */
	bool is_used;
	bool is_closing;	/* gcc says it when all is read (-H) */
};

struct message_list {
	const struct buf *text;
	struct message *messages;
	size_t n;
	bool had_summary;	/* clang's "2 warnings generated." */
	bool is_coloured;	/* it ends the colour of the line before */
	char *errors_summary;	/* such a line with errors in it: shown as it is */
};

static char *without_colour(const char *line, size_t len)
{
	char *plain = mem_alloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\033') {
			while (i < len && line[i] != 'm' && line[i] != 'K')
				i++;
			continue;
		}
		plain[n++] = line[i];
	}
	plain[n] = '\0';
	return plain;
}

static bool is_head(const char *line)
{
	return line[0] != ' ' &&
	       (strstr(line, ": warning: ") || strstr(line, ": error: ") ||
		strstr(line, ": fatal error: ") || str_starts_with(line, "warning: ") ||
		str_starts_with(line, "error: "));
}

/* "FILE:LINE:": about the source. Others are about the command ("gcc: warning: ...", "warning: ..."). */
static bool has_place(const char *head)
{
	for (const char *at = strchr(head, ':'); at && at[1] != ' '; at = strchr(at + 1, ':')) {
		size_t n_digits = strspn(at + 1, "0123456789");

		if (n_digits && at[1 + n_digits] == ':')
			return true;
	}
	return false;
}

static bool is_closing(const char *line)
{
	return strcmp(line, "Multiple include guards may be useful for:") == 0;
}

static bool is_context(const char *line)
{
	return str_starts_with(line, "In file included from ") ||
	       str_starts_with(line, "                 from ") || strstr(line, ": In ") ||
	       strstr(line, ": At ") || strstr(line, "   required from ");
}

static bool is_summary(const char *line)
{
	return line[0] >= '1' && line[0] <= '9' && str_ends_with(line, " generated.");
}

static struct message *new_message(struct message_list *list, size_t start)
{
	list->messages = mem_resize(list->messages, list->n + 1, sizeof(*list->messages));
	list->messages[list->n] = (struct message){ start, start, NULL, false, false };
	return &list->messages[list->n++];
}

static void add_line(struct message_list *list, size_t start, size_t end)
{
	autofree char *line = without_colour(list->text->data + start,
					     end - start - (list->text->data[end - 1] == '\n'));
	struct message *last = list->n ? &list->messages[list->n - 1] : NULL;

	if (is_summary(line)) {
		list->had_summary = true;
		list->is_coloured = list->text->data[start] == '\033';
		if (strstr(line, "error") && !list->errors_summary)
			list->errors_summary = mem_steal(&line);
		return;
	}
	if (is_closing(line)) {
		last = new_message(list, start);
		last->is_closing = true;
	} else if (is_head(line) || is_context(line)) {
		if (!last || last->head)
			last = new_message(list, start);
		if (is_head(line))
			last->head = mem_steal(&line);
	} else if (!last) {
		last = new_message(list, start);
	} else if (!last->head && !last->is_closing && list->n > 1) {
		/* the context belonged to a note of the message before */
		last[-1].end = end;
		list->n--;
		return;
	}
	last->end = end;
}

static void cut(struct message_list *list, const struct buf *text)
{
	*list = (struct message_list){ text, NULL, 0, false, false, NULL };
	for (size_t start = 0; start < text->len;) {
		const char *stop = memchr(text->data + start, '\n', text->len - start);
		size_t end = stop ? (size_t)(stop - text->data) + 1 : text->len;

		add_line(list, start, end);
		start = end;
	}
}

static void list_release(struct message_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->messages[i].head);
	free(list->messages);
	free(list->errors_summary);
}

static struct message *find_same(struct message_list *list, const struct message *message)
{
	for (size_t i = 0; i < list->n; i++)
		if (!list->messages[i].is_used && message->head &&
		    str_equal(list->messages[i].head, message->head))
			return &list->messages[i];
	return NULL;
}

/* "FILE:LINE:..." of both: the same file, and not behind? */
static bool is_before(const char *head, const char *other)
{
	size_t file_len = strcspn(head, ":");

	return strncmp(head, other, file_len + 1) == 0 &&
	       atoi(head + file_len + 1) <= atoi(other + file_len + 1);
}

static void show(struct buf *out, const struct message_list *list, struct message *message, int *n_warnings)
{
	message->is_used = true;
	/* the driver's own are not in clang's count */
	*n_warnings += message->head && strstr(message->head, "warning: ") && !str_starts_with(message->head, "clang");
	buf_add(out, list->text->data + message->start, message->end - message->start);
}

static void show_unused(struct buf *out, struct message_list *list, size_t i, int *n_warnings)
{
	if (!list->messages[i].is_used)
		show(out, list, &list->messages[i], n_warnings);
}

/* What concerns the command, and the list of headers (-H), is said before the source is compiled.
 * Returns how many of ours that were. */
static size_t show_first(struct buf *out, struct message_list *here, struct message_list *server,
			 int *n_warnings)
{
	size_t next = 0;

	for (; next < here->n; next++) {
		struct message *ours = &here->messages[next], *same;

		if (ours->is_closing || (ours->head && has_place(ours->head)))
			break;
		same = find_same(server, ours);
		if (same)
			same->is_used = true;
		show(out, here, ours, n_warnings);
	}
	return next;
}

static void interleave(struct buf *out, struct message_list *here, struct message_list *server,
		       int *n_warnings)
{
	size_t next = show_first(out, here, server, n_warnings);

	for (size_t i = 0; i < server->n; i++) {
		struct message *message = &server->messages[i], *same = find_same(here, message);

		if (message->is_used)
			continue;

		/* what only the preprocessor said comes before what follows it in the source */
		for (; next < here->n; next++) {
			const struct message *ours = &here->messages[next];

			if (same ? ours >= same :
				   !message->head || !ours->head ||
					    !is_before(ours->head, message->head))
				break;
			show_unused(out, here, next, n_warnings);
		}
		if (same)
			show(out, here, same, n_warnings);
		else
			show(out, server, message, n_warnings);
	}
	for (; next < here->n; next++)
		show_unused(out, here, next, n_warnings);
}

/* clang counts at the end; the sum of two runs is not the count of one. */
static void add_summary(struct buf *out, const struct message_list *here,
			const struct message_list *server, int n_warnings)
{
	if (server->errors_summary)
		buf_add_format(out, "%s\n", server->errors_summary);
	else if ((here->had_summary || server->had_summary) && n_warnings)
		buf_add_format(out, "%s%d warning%s generated.\n", server->is_coloured ? "\033[0m" : "", n_warnings, n_warnings == 1 ? "" : "s");
}

/* A driver calls itself by its name ("gcc: warning: ..."): it shall be the one that the user knows. */
static void rename_driver(struct buf *out, const struct buf *text, const struct scan *scan)
{
	autofree char *name = str_format("%s:", path_base(scan->command.words[0]));
	const char *given = path_base(scan->given_compiler);

	for (size_t start = 0; start < text->len;) {
		const char *line = text->data + start, *stop = memchr(line, '\n', text->len - start);
		size_t len = stop ? (size_t)(stop - line) + 1 : text->len - start, at = 0;

		while (at < len && line[at] == '\033')
			for (at++; at < len && line[at - 1] != 'm' && line[at - 1] != 'K'; at++)
				;
		buf_add(out, line, at);
		if (len - at >= strlen(name) && strncmp(line + at, name, strlen(name)) == 0) {
			buf_add_format(out, "%s:", given);
			at += strlen(name);
		}
		buf_add(out, line + at, len - at);
		start += len;
	}
}

void messages_merge(struct buf *out, const struct buf *here, const struct buf *server,
		    const struct scan *scan)
{
	autobuf converted = BUF_INIT, here_renamed = BUF_INIT, server_renamed = BUF_INIT;
	struct message_list here_list, server_list;
	bool in_bytes = false;
	int n_warnings = 0;

	if (!str_equal(scan->command.words[0], scan->given_compiler)) {
		rename_driver(&here_renamed, here, scan);
		rename_driver(&server_renamed, server, scan);
		here = &here_renamed;
		server = &server_renamed;
	}
	for (size_t i = 1; i < scan->command.n; i++)
		in_bytes |= strcmp(scan->command.words[i], "-fdiagnostics-column-unit=byte") == 0;
	if (server->len && scan->family == FAMILY_GCC && !in_bytes) {
		columns_convert(&converted, server, &scan->command);
		server = &converted;
	}
	if (!here->len || !server->len) {
		const struct buf *only = here->len ? here : server;

		buf_add(out, only->data, only->len);
		return;
	}
	cut(&here_list, here);
	cut(&server_list, server);
	interleave(out, &here_list, &server_list, &n_warnings);
	add_summary(out, &here_list, &server_list, n_warnings);
	list_release(&here_list);
	list_release(&server_list);
}
