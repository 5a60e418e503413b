# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program as on a kernel that lacks something: missing.py landlock|seccomp PROGRAM ARG..."""

import ctypes
import os
import sys

ALLOW, ERRNO = 0x7fff0000, 0x00050000
ENOSYS, EINVAL = 38, 22
PR_GET_SECCOMP = 21


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def main():
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    context = lib.seccomp_init(ALLOW)
    if sys.argv[1] == "landlock":
        number = lib.seccomp_syscall_resolve_name(b"landlock_create_ruleset")
        result = lib.seccomp_rule_add_array(context, ERRNO | ENOSYS, number, 0, None)
    else:
        number = lib.seccomp_syscall_resolve_name(b"prctl")
        what = Comparison(0, 4, PR_GET_SECCOMP, 0)
        result = lib.seccomp_rule_add_array(context, ERRNO | EINVAL, number, 1, ctypes.byref(what))
    if result or lib.seccomp_load(context):
        sys.exit("the filter cannot be loaded")
    os.execv(sys.argv[2], sys.argv[2:])


main()
