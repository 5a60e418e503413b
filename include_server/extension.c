/*
 * include_server/extension.c - the module distcc_pump_c_extensions: what Python calls.
 *
 * Only the stable part of Python's interface is used (abi3), so that one object serves all versions
 * from 3.9 on. serve() runs without the interpreter's lock from beginning to end.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "include_server/mirror.h"
#include "base/mem.h"
#include "include_server/service.h"
#include "wire/compress.h"

struct explanation {
	int fd;				/* where warnings go, or -1 */
};

/* One write(2): lines of several threads do not mix. */
static void explain(void *context, const char *source, const char *reason)
{
	const struct explanation *explanation = context;
	autofree char *line =
		str_format("WARNING include server: Preprocessing locally. Include server not covering: %s "
					 "for translation unit '%s'\n", reason, source);

	if (explanation->fd >= 0 && write(explanation->fd, line, strlen(line)) < 0)
		return;
}

static PyObject *fail(const struct err *err)
{
	PyErr_SetString(PyExc_RuntimeError, err->text);
	return NULL;
}

/* serve(listen_fd, stop_fd, life_fd, socket_path, area, n_threads, force_dirs, warn_fd)
 * -> (requests, remembered, given up) */
static PyObject *py_serve(PyObject *self, PyObject *args)
{
	struct service_options options = { .explain = explain };
	struct explanation explanation;
	struct answers answers;
	struct mirror mirror;
	struct err err = ERR_INIT;
	const char *area;
	int force_dirs, result;

	(void)self;
	if (!PyArg_ParseTuple(args, "iiissipi:serve", &options.listen_fd, &options.stop_fd,
			      &options.life_fd, &options.socket_path, &area, &options.n_threads,
			      &force_dirs, &explanation.fd))
		return NULL;
	options.context = &explanation;
	if (mirror_init(&mirror, area, &err) < 0)
		return fail(&err);
	answers_init(&answers, &mirror, force_dirs != 0);
	Py_BEGIN_ALLOW_THREADS
	result = service_run(&answers, &options, &err);
	answers_release(&answers);
	mirror_release(&mirror);
	Py_END_ALLOW_THREADS
	if (result < 0)
		return fail(&err);
	return Py_BuildValue("(kkk)", (unsigned long)answers.n_requests, (unsigned long)answers.n_remembered,
			     (unsigned long)answers.n_given_up);
}

static struct world *kept;		/* of closure() */

/* statistics() -> of closure(keep=True): how often a file was replayed, and the bytes that sources take for that. */
static PyObject *py_statistics(PyObject *self, PyObject *args)
{
	unsigned long n = 0;

	(void)self;
	(void)args;
	for (size_t i = 0; kept && i < ENTRY_BUCKETS; i++)
		for (const struct entry *entry = kept->entries[i]; entry; entry = entry->next)
			n += entry->n_replays;
	return Py_BuildValue("{sksn}", "replays", n, "source_bytes", kept ? (Py_ssize_t)kept->trace_bytes[true] : 0);
}

/* closure(cwd, [words], keep=False) -> [real paths], for tests and people: no copies are made. keep: what is learned is
 * kept for the next call, as serve() does. */
static PyObject *py_closure(PyObject *self, PyObject *args)
{
	PyObject *words, *list = NULL;
	const char *cwd;
	autoargv argv = ARGV_INIT;
	struct analysis analysis;
	struct world *world;
	struct err err = ERR_INIT;
	int result, keep = 0;

	(void)self;
	if (!PyArg_ParseTuple(args, "sO!|p:closure", &cwd, &PyList_Type, &words, &keep))
		return NULL;
	for (Py_ssize_t i = 0; i < PyList_Size(words); i++) {
		PyObject *bytes = NULL;

		if (!PyUnicode_FSConverter(PyList_GetItem(words, i), &bytes))
			return NULL;
		argv_add(&argv, PyBytes_AsString(bytes));
		Py_DecRef(bytes);
	}
	if (keep && !kept)
		kept = world_new(watch_new());
	world = keep ? kept : world_new(NULL);
	analysis_init(&analysis);
	Py_BEGIN_ALLOW_THREADS
	result = analysis_run(&analysis, world, cwd, &argv, &err);
	Py_END_ALLOW_THREADS
	if (result == 0) {
		list = PyList_New(0);
		for (size_t i = 0; list && i < analysis.n_needed; i++) {
			PyObject *name = PyUnicode_DecodeFSDefault(analysis.needed[i].entry->real);

			if (!name || PyList_Append(list, name) < 0) {
				Py_XDECREF(list);
				list = NULL;
			}
			Py_XDECREF(name);
		}
	} else {
		fail(&err);
	}
	analysis_release(&analysis);
	if (!keep)
		world_free(world);
	return list;
}

/* CompressLzo1xAlloc(bytes) -> bytes, as in distcc 3.4. */
static PyObject *py_compress(PyObject *self, PyObject *args)
{
	const char *bytes;
	Py_ssize_t len;
	autobuf packed = BUF_INIT;
	struct err err = ERR_INIT;

	(void)self;
	if (!PyArg_ParseTuple(args, "y#:CompressLzo1xAlloc", &bytes, &len))
		return NULL;
	if (lzo_compress(&packed, bytes, (size_t)len, &err) < 0)
		return fail(&err);
	if (!packed.len)
		buf_add(&packed, "\x11\0\0", 3);
	return PyBytes_FromStringAndSize(packed.data, (Py_ssize_t)packed.len);
}

static PyMethodDef methods[] = {
	{ "serve", py_serve, METH_VARARGS, "Answers clients until told to end; see include_server/service.h." },
	{ "closure", py_closure, METH_VARARGS, "The files that a command needs from this machine." },
	{ "statistics", py_statistics, METH_NOARGS, "How much was remembered." },
	{ "CompressLzo1xAlloc", py_compress, METH_VARARGS, "One LZO1X block." },
	{ NULL, NULL, 0, NULL }
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "distcc_pump_c_extensions",
		"The analysis of distcc's include server.", -1, methods,
	NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit_distcc_pump_c_extensions(void);
PyMODINIT_FUNC PyInit_distcc_pump_c_extensions(void)
{
	PyObject *made = PyModule_Create(&module);

	if (made)
		PyModule_AddStringConstant(made, "__version__", PACKAGE_VERSION);
	return made;
}
