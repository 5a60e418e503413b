# bash completion for distcc's programs. The options are what --help says, so they are never stale.

_distcc_options()
{
	"$1" --help 2>/dev/null | grep -oE -- '--[a-zA-Z][a-zA-Z0-9-]*=?' | sort -u
}

_distcc_program()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	[ "$cur" != = ] || cur=
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_distcc_options "${COMP_WORDS[0]}")" -- "$cur")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace ;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}

# distcc COMPILER ARG...: its own options first, then whatever completes the compiler.
_distcc()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_distcc_options "${COMP_WORDS[0]}")" -- "$cur"; compgen -c -- "$cur" | sort -u)
	elif declare -F _command_offset >/dev/null; then
		_command_offset 1
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _distcc distcc
complete -F _distcc_program distccd distcc-gateway distccmon-text lsdistcc
complete -F _command pump 2>/dev/null || complete -c pump
