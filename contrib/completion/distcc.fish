# fish completion for distcc's programs. The options are what --help says, so they are never stale.

function __distcc_options
    set -l program (commandline -opc)[1]
    command $program --help 2>/dev/null | string match -ra -- '--[a-zA-Z][a-zA-Z0-9-]*' | sort -u
end

for program in distccd distcc-gateway distccmon-text lsdistcc
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__distcc_options)'
end
complete -c distcc -n 'test (count (commandline -opc)) -eq 1' -a '(__distcc_options)'
complete -c distcc -n 'test (count (commandline -opc)) -eq 1' -a '(__fish_complete_command)'
complete -c distcc -n 'test (count (commandline -opc)) -gt 1' -a '(__fish_complete_subcommand)'
complete -c pump -a '(__fish_complete_subcommand)'
complete -c pump -l startup -d 'start an include server for this shell'
complete -c pump -l shutdown -d 'end it'
