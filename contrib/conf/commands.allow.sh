# Which compilers distccd may run, for start scripts that still keep such a list. They set CMDLIST to
# the name of a file and source this one; it fills the file and sets two variables for distccd:
#
#   DISTCC_CMDLIST           the file: one permitted command to a line
#   DISTCC_CMDLIST_NUMWORDS  how many trailing words of a command's path must match
#
# Without these variables distccd allows what has a link in its masquerade directory (see
# update-distcc-symlinks), which needs no list to be kept by hand.

numwords=1
allowed_compilers="
/usr/bin/cc
/usr/bin/c++
/usr/bin/c89
/usr/bin/c99
/usr/bin/gcc
/usr/bin/g++
/usr/bin/clang
/usr/bin/clang++
/usr/bin/*gcc-*
/usr/bin/*g++-*
/usr/bin/clang-*
/usr/bin/clang++-*
"

if [ -z "${CMDLIST-}" ]; then
	echo "commands.allow.sh: to be sourced by a start script that sets CMDLIST" >&2
	exit 1
fi

# Unquoted on purpose: the patterns become the names that exist now.
for compiler in $allowed_compilers; do
	echo "$compiler"
done >"$CMDLIST"
DISTCC_CMDLIST=$CMDLIST
DISTCC_CMDLIST_NUMWORDS=$numwords
export DISTCC_CMDLIST DISTCC_CMDLIST_NUMWORDS
