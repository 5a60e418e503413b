/*
 * include_server/toolchain.c - see toolchain.h.
 *
 * One run, "CC OPTIONS -x LANG -E -dD -v -", tells everything: its stderr lists the directories, its
 * stdout the predefined macros. The environment is PATH alone, as for the include server of 3.4: a
 * locale would change the words, CPATH the directories.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/toolchain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tmp.h"
#include "include_server/view.h"

enum { ASK_MS = 20000, OUTPUT_MAX = 8 << 20, MACROS_MAX = 4096 };

/* usual: what headers of systems and of big libraries ask. That is asked before they do, since a run costs far more. */
static const struct {
	const char *name, *usual;
} operators[] = {
	{ "__has_attribute",
	  "__access__ __aligned__ __alloc_align__ __alloc_size__ __always_inline__ __artificial__ __cold__ __const__ "
	  "__constructor__ __copy__ __deprecated__ __diagnose_if__ __error__ __externally_visible__ __fallthrough__ "
	  "__format__ __format_arg__ __gnu_inline__ __indirect_return__ __leaf__ __malloc__ __may_alias__ __noinline__ "
	  "__nonnull__ __nonstring__ __noreturn__ __nothrow__ __packed__ __pure__ __returns_nonnull__ __section__ "
	  "__sentinel__ __unused__ __used__ __visibility__ __warn_unused_result__ __warning__ __weak__ "
	  "always_inline cold const deprecated fallthrough format malloc noinline nonnull noreturn pure unused visibility" },
	{ "__has_cpp_attribute",
	  "__no_unique_address__ carries_dependency deprecated fallthrough likely maybe_unused no_unique_address nodiscard "
	  "noreturn unlikely" },
	{ "__has_c_attribute",
	  "__deprecated__ __fallthrough__ __maybe_unused__ __nodiscard__ __noreturn__ deprecated fallthrough maybe_unused nodiscard" },
	{ "__has_declspec_attribute", "" },
	{ "__has_builtin",
	  "__builtin_add_overflow __builtin_addressof __builtin_assume __builtin_bit_cast __builtin_constant_p __builtin_expect "
	  "__builtin_fclose __builtin_is_constant_evaluated __builtin_is_corresponding_member "
	  "__builtin_is_pointer_interconvertible_with_class __builtin_launder __builtin_memcmp __builtin_memcpy "
	  "__builtin_memset __builtin_mul_overflow __builtin_mul_overflow_p __builtin_operator_new __builtin_source_location "
	  "__builtin_sprintf __builtin_strcmp __builtin_strlen __builtin_sub_overflow __builtin_trap __builtin_unreachable "
	  "__has_unique_object_representations __is_aggregate __is_layout_compatible __is_pointer_interconvertible_base_of "
	  "__is_same __make_integer_seq __type_pack_element" },
	{ "__has_constexpr_builtin", "" },
	{ "__has_feature",
	  "address_sanitizer cxx_exceptions cxx_rtti memory_sanitizer modules thread_sanitizer undefined_behavior_sanitizer" },
	{ "__has_extension", "attribute_unavailable_with_message" },
	{ "__has_warning", "" },
	{ "__is_identifier", "" },
	{ "__building_module", "" },
};
enum { N_OPERATORS = sizeof(operators) / sizeof(operators[0]) };

/* A wrapper would answer too, but later, and it may go the long way round. */
static bool is_wrapper(const char *dir, const char *file, void *context)
{
	char real[PATH_MAX];
	const char *base;

	(void)dir;
	(void)context;
	if (!realpath(file, real))
		return true;
	base = path_base(real);
	return strstr(base, "distcc") || strstr(base, "ccache") || strstr(base, "icecc");
}

static char *find_compiler(const char *compiler, const char *cwd)
{
	char *found;

	if (compiler[0] == '/')
		return mem_strdup(compiler);
	if (strchr(compiler, '/'))
		return path_join(cwd, compiler);
	found = path_find_program(compiler, NULL, is_wrapper, NULL);
	return found ? found : path_find_program(compiler, NULL, NULL, NULL);
}

static int run(struct toolchain *toolchain, const struct argv *more, const char *input, struct buf *out,
	       struct buf *said, struct err *err)
{
	autoargv argv = ARGV_INIT, envp = ARGV_INIT;
	autoclose int in_fd = tmp_memory("questions", err), out_fd = tmp_memory("answers", err),
		      err_fd = tmp_memory("words", err);
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;
	const char *path = getenv("PATH"), *developer = env_get("DEVELOPER_DIR");
	int status = -1;

	if (in_fd < 0 || out_fd < 0 || err_fd < 0 ||
	    fd_write_full(in_fd, input, strlen(input), -1, err) < 0 ||
	    lseek(in_fd, 0, SEEK_SET) < 0)
		return -1;
	argv_add_all(&argv, toolchain->command.words);
	argv_add_all(&argv, more->words);
	argv_add_format(&envp, "PATH=%s", path ? path : "/usr/bin:/bin");
	argv_add(&envp, "LC_ALL=C");
	if (developer)
		argv_add_format(&envp, "DEVELOPER_DIR=%s", developer);
	spec.argv = argv.words;
	spec.envp = envp.words;
	spec.dir = toolchain->cwd;
	spec.stdin_fd = in_fd;
	spec.stdout_fd = out_fd;
	spec.stderr_fd = err_fd;
	if (proc_start(&proc, &spec, err) < 0 ||
	    proc_wait(&proc, deadline_after_ms(ASK_MS), &status, NULL, err) < 0)
		return err_prefix(err, "Couldn't determine default system include directories");
	if (lseek(out_fd, 0, SEEK_SET) < 0 || fd_read_all(out_fd, OUTPUT_MAX, out, err) < 0 ||
	    lseek(err_fd, 0, SEEK_SET) < 0 || fd_read_all(err_fd, OUTPUT_MAX, said, err) < 0)
		return -1;
	if (status != 0) {
		autofree char *words = str_quote(said->data ? said->data : "");

		return err_set(err, ERR_FAILED,
			       "Couldn't determine default system include directories: %s says %s",
			       toolchain->command.words[0], words);
	}
	return 0;
}

/* --------------------------------------------------------------- what it said */

static int read_dirs(struct toolchain *toolchain, char *said, struct err *err)
{
	char *at = strstr(said, "#include <...> search starts here:"),
	     *end = at ? strstr(at, "End of search list") : NULL;
	char *line;

	if (!end)
		return err_set(err, ERR_FAILED,
			       "Couldn't determine default system include directories: no list from %s",
			       toolchain->command.words[0]);
	*end = '\0';
	strsep(&at, "\n");
	while ((line = strsep(&at, "\n"))) {
		char real[PATH_MAX];

		while (*line == ' ')
			line++;
		if (!*line || str_ends_with(line, " (framework directory)") || !realpath(line, real))
			continue;
		toolchain->real_dirs = mem_resize(toolchain->real_dirs, toolchain->n_dirs + 1,
						  sizeof(char *));
		toolchain->real_dirs[toolchain->n_dirs++] = mem_strdup(real);
	}
	return 0;
}

/* --------------------------------------------------------------- feature tests */

static struct answer *find_answer(struct toolchain *toolchain, const char *question)
{
	struct answer *answer = toolchain->answers;

	while (answer && strcmp(answer->question, question) != 0)
		answer = answer->next;
	return answer;
}

bool toolchain_answer(struct world *world, struct toolchain *toolchain, const char *question,
		      long long *value,
		      bool *asked)
{
	struct answer *answer;

	pthread_mutex_lock(&world->lock);
	answer = find_answer(toolchain, question);
	*asked = answer != NULL;
	if (answer)
		*value = answer->value;
	pthread_mutex_unlock(&world->lock);
	return answer && answer->known;
}

/* Values are 0, 1, or the month of a standard, "201907": each of its months is tried. */
static void add_question(struct buf *input, const char *question, size_t index)
{
	static const int months[] = { 1,      200809, 201309, 201603, 201803, 201904, 201907,
				      202002, 202003, 202106, 202207, 202306, 202311 };

	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++)
		buf_add_format(input, "#%s %s == %d\n@%zu %d\n", i ? "elif" : "if", question,
			       months[i], index, months[i]);
	buf_add_format(input, "#elif !%s\n@%zu 0\n#endif\n", question, index);
}

struct values {
	const struct argv *questions;
	long long *values;
	bool *known;
};

static void values_start(struct values *values, const struct argv *questions)
{
	*values = (struct values){ questions, mem_array(questions->n + 1, sizeof(*values->values)),
				   mem_array(questions->n + 1, sizeof(*values->known)) };
}

/* A line of the compiler's output. */
static void values_take(struct values *values, const char *line)
{
	unsigned long index;
	long long value;

	if (sscanf(line, "@%lu %lld", &index, &value) == 2 && index < values->questions->n) {
		values->known[index] = true;
		values->values[index] = value;
	}
}

/* Keeps them: from now on each question has an answer, or is known to have none. */
static void values_keep(struct values *values, struct world *world, struct toolchain *toolchain)
{
	pthread_mutex_lock(&world->lock);
	for (size_t i = 0; i < values->questions->n; i++) {
		const char *question = values->questions->words[i];
		struct answer *answer;

		if (find_answer(toolchain, question))
			continue;
		answer = arena_alloc(&world->arena, sizeof(*answer));
		*answer = (struct answer){ toolchain->answers, arena_text(&world->arena, question, strlen(question)),
					   values->known[i], values->values[i] };
		toolchain->answers = answer;
	}
	pthread_mutex_unlock(&world->lock);
	free(values->values);
	free(values->known);
}

void toolchain_ask(struct world *world, struct toolchain *toolchain, const struct argv *questions)
{
	autobuf input = BUF_INIT, out = BUF_INIT, said = BUF_INIT;
	autoargv more = ARGV_INIT;
	struct values values;
	char *rest, *line;

	argv_add(&more, "-E");
	argv_add(&more, "-P");
	argv_add(&more, "-");
	/* gcc evaluates the operators in #if only, so the value is found by comparing. */
	for (size_t i = 0; i < questions->n; i++)
		add_question(&input, questions->words[i], i);
	values_start(&values, questions);
	if (run(toolchain, &more, input.data ? input.data : "", &out, &said, NULL) == 0)
		for (rest = out.data; rest && (line = strsep(&rest, "\n"));)
			values_take(&values, line);
	values_keep(&values, world, toolchain);
}

/* --------------------------------------------------------------- what it said of itself */

static void read_macros(struct world *world, struct toolchain *toolchain, char *text, struct values *values)
{
	char *line;

	toolchain->operators = mem_array(N_OPERATORS, sizeof(struct symbol *));
	for (size_t n = 0; (line = strsep(&text, "\n"));) {
		struct macro *macro;
		char *copy;

		if (str_starts_with(line, "@has ")) {
			toolchain->operators[toolchain->n_operators++] = symbol_get(&world->symbols, line + 5, strlen(line + 5));
		} else if (line[0] == '@') {
			values_take(values, line);
		} else if (line[0] == '#' && strstr(line, "stdc-predef.h\"")) {
			toolchain->preincludes = true;
		} else if (str_starts_with(line, "#define ") && n < MACROS_MAX) {
			copy = arena_text(&toolchain->arena, line + 8, strlen(line + 8));
			macro = macro_parse(&toolchain->arena, &world->symbols, copy, strlen(copy));
			/* gcc lists its operators as macros of themselves */
			if (macro && macro->symbol->role == ROLE_NONE) {
				predefined_add(&toolchain->predefined, macro);
				n++;
			}
		}
	}
}

/* They are quoted, so that no macro touched them. */
static void unquote_operators(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (str_starts_with(from, "@has \"")) {
			memcpy(to, "@has ", 5);
			to += 5;
			for (from += 6; *from && *from != '"' && *from != '\n'; from++)
				*to++ = *from;
			if (*from != '"')
				*to++ = '\n';
			continue;
		}
		*to++ = *from;
	}
	*to = '\0';
}

static void add_usual_questions(struct buf *input, struct argv *questions, const char *operator, const char *usual)
{
	autofree char *words = mem_strdup(usual);
	char *rest = words, *word;

	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		argv_add_format(questions, "%s(%s)", operator, word);
		add_question(input, questions->words[questions->n - 1], questions->n - 1);
	}
}

static int ask_about_itself(struct toolchain *toolchain, bool with_usual, struct argv *questions, struct buf *out,
			    struct buf *said, struct err *err)
{
	autobuf input = BUF_INIT;
	autoargv more = ARGV_INIT;

	for (size_t i = 0; i < N_OPERATORS; i++) {
		buf_add_format(&input, "#ifdef %s\n@has \"%s\"\n", operators[i].name, operators[i].name);
		if (with_usual)
			add_usual_questions(&input, questions, operators[i].name, operators[i].usual);
		buf_add_str(&input, "#endif\n");
	}
	argv_add(&more, "-E");
	argv_add(&more, "-dD");
	argv_add(&more, "-v");
	argv_add(&more, "-");
	return run(toolchain, &more, input.data, out, said, err);
}

static int interrogate(struct world *world, struct toolchain *toolchain, struct err *err)
{
	autobuf out = BUF_INIT, said = BUF_INIT;
	autoargv questions = ARGV_INIT;
	struct err why = ERR_INIT;
	struct values values;

	if (ask_about_itself(toolchain, true, &questions, &out, &said, &why) < 0) {
		if (why.code != ERR_FAILED)
			return err_set(err, why.code, "%s", why.text);
		/* a compiler that fails because of a question does without them */
		argv_release(&questions);
		buf_clear(&out);
		buf_clear(&said);
		if (ask_about_itself(toolchain, false, &questions, &out, &said, err) < 0)
			return -1;
	}
	if (read_dirs(toolchain, said.data, err) < 0)
		return -1;
	unquote_operators(out.data);
	values_start(&values, &questions);
	read_macros(world, toolchain, out.data, &values);
	values_keep(&values, world, toolchain);
	return toolchain->predefined.table ? 0 : err_set(err, ERR_FAILED, "%s told no macros", toolchain->command.words[0]);
}

/* --------------------------------------------------------------- keeping it */

static void toolchain_free(struct toolchain *toolchain)
{
	if (!toolchain)
		return;
	for (size_t i = 0; i < toolchain->n_dirs; i++)
		free(toolchain->real_dirs[i]);
	free(toolchain->real_dirs);
	free(toolchain->predefined.table);
	free(toolchain->operators);
	free(toolchain->key);
	free(toolchain->cwd);
	free(toolchain->program_path);
	argv_release(&toolchain->command);
	arena_release(&toolchain->arena);
	free(toolchain);
}

void toolchains_free(struct toolchain *list)
{
	while (list) {
		struct toolchain *next = list->next;

		toolchain_free(list);
		list = next;
	}
}

/* A directory in an option may be relative: then the working directory belongs to the key. */
static bool depends_on_cwd(const char *compiler, const struct argv *options)
{
	if (strchr(compiler, '/') && compiler[0] != '/')
		return true;
	for (size_t i = 0; i < options->n; i++)
		if (str_starts_with(options->words[i], "-B") || strstr(options->words[i], "sysroot") ||
		    strstr(options->words[i], "toolchain"))
			return true;
	return false;
}

static char *make_key(const char *compiler, enum language language, const struct argv *options,
		      const char *cwd)
{
	struct buf key = BUF_INIT;

	buf_add_format(&key, "%s\n%d\n%s\n", compiler, language,
		       depends_on_cwd(compiler, options) ? cwd : "");
	for (size_t i = 0; i < options->n; i++)
		buf_add_format(&key, "%s\n", options->words[i]);
	return buf_steal(&key);
}

static struct toolchain *find(struct world *world, const char *key)
{
	struct toolchain *toolchain;

	pthread_mutex_lock(&world->lock);
	for (toolchain = world->toolchains; toolchain; toolchain = toolchain->next)
		if (strcmp(toolchain->key, key) == 0)
			break;
	pthread_mutex_unlock(&world->lock);
	return toolchain;
}

static void look_at_program(struct world *world, struct toolchain *toolchain, struct moment now)
{
	int end;
	bool watched = now.generation && watch_way(world->watch, toolchain->program_path, &end) &&
		watch_file(world->watch, toolchain->program_path);

	observe(toolchain->program_path, &toolchain->program);
	if (watched)
		toolchain->program.epoch = now.epoch;
}

struct toolchain *toolchain_get(struct world *world, const char *compiler, enum language language,
				const struct argv *options, const char *cwd, struct err *err)
{
	static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;
	autofree char *key = make_key(compiler, language, options, cwd);
	struct toolchain *toolchain = find(world, key);
	struct moment now = watch_now(world->watch);

	if (toolchain && observation_holds(&toolchain->program, now))
		return toolchain;
	/* One asks, the others wait for its answer. */
	pthread_mutex_lock(&asking);
	toolchain = find(world, key);
	if (!toolchain || !observation_holds(&toolchain->program, now)) {
		autofree char *path = find_compiler(compiler, cwd);

		toolchain = NULL;
		if (!path) {
			err_set(err, ERR_NO_COMPILER,
				"Couldn't determine default system include directories: no '%s' on PATH",
				compiler);
		} else {
			toolchain = mem_alloc(sizeof(*toolchain));
			toolchain->key = mem_strdup(key);
			toolchain->cwd = mem_strdup(cwd);
			toolchain->language = language;
			toolchain->program_path = mem_steal(&path);
			look_at_program(world, toolchain, now);
			argv_add(&toolchain->command, toolchain->program_path);
			argv_add_all(&toolchain->command,
				     options->words ? options->words : (char *[]){ NULL });
			argv_add(&toolchain->command, "-x");
			argv_add(&toolchain->command, language_x_name(language));
			if (interrogate(world, toolchain, err) < 0) {
				toolchain_free(toolchain);
				toolchain = NULL;
			}
		}
		if (toolchain) {
			pthread_mutex_lock(&world->lock);
			toolchain->next = world->toolchains;
			world->toolchains = toolchain;
			pthread_mutex_unlock(&world->lock);
		}
	}
	pthread_mutex_unlock(&asking);
	return toolchain;
}
