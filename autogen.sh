#!/bin/sh
# Makes configure from configure.ac. Needs autoconf and autoconf-archive (README, "Packages").
set -e
cd "$(dirname "$0")"
exec autoreconf -fi
