#!/bin/sh
# Compilers have come or gone in /usr/bin.
update-distcc-symlinks >/dev/null
