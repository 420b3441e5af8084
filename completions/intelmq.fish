# SPDX-License-Identifier: Apache-2.0
# fish completion for intelmq

function __intelmq_bots
    for line in (intelmq list 2>/dev/null)
        set -l row (string match -r '^(\S+)\s+(\S+)\s+(.*)$' -- $line)
        or continue
        printf '%s\t%s\n' $row[2] $row[4]
        printf '%s\t%s\n' (string replace -r '^intelmq-[a-z]+-' '' -- $row[2]) $row[4]
    end
end

set -l all list describe check test dead-letters swap help

complete -c intelmq -f
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -l help -d 'Show this help'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -l version -d 'Show the version'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a list -d 'List the bots of this machine'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a describe -d 'Show what a bot needs, sets and takes'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a check -d 'Tell whether a pipeline would work'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a test -d 'Run golden cases'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a dead-letters -d 'Look at records that failed'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a swap -d 'Let intelmqctl start a native bot'
complete -c intelmq -n "not __fish_seen_subcommand_from $all" -a help -d 'Show the help of a command'

complete -c intelmq -n "__fish_seen_subcommand_from list describe check test dead-letters swap" -l help -d 'Show the help'
complete -c intelmq -n "__fish_seen_subcommand_from list describe check dead-letters" -l json -d 'Print JSON'

complete -c intelmq -n "__fish_seen_subcommand_from describe" -a '(__intelmq_bots)'
complete -c intelmq -n "__fish_seen_subcommand_from describe" -F

complete -c intelmq -n "__fish_seen_subcommand_from check" -l dot -d 'Print the graph for Graphviz'
complete -c intelmq -n "__fish_seen_subcommand_from check" -l strict -d 'Warnings are failures'
complete -c intelmq -n "__fish_seen_subcommand_from check" -F

complete -c intelmq -n "__fish_seen_subcommand_from test" -l update -d 'Rewrite what differs'
complete -c intelmq -n "__fish_seen_subcommand_from test" -l junit -r -F -d 'File for a report of JUnit'
complete -c intelmq -n "__fish_seen_subcommand_from test" -a '(__fish_complete_directories)'

complete -c intelmq -n "__fish_seen_subcommand_from dead-letters; and not __fish_seen_subcommand_from show retry" -a 'show retry'
complete -c intelmq -n "__fish_seen_subcommand_from dead-letters; and __fish_seen_subcommand_from show retry" -F
complete -c intelmq -n "__fish_seen_subcommand_from dead-letters" -l reason -x -d 'Only letters with this text'
complete -c intelmq -n "__fish_seen_subcommand_from dead-letters" -l limit -x -d 'Most letters'
complete -c intelmq -n "__fish_seen_subcommand_from dead-letters" -l remove -d 'Take sent letters out of the file'

complete -c intelmq -n "__fish_seen_subcommand_from swap" -l undo -d 'Put the Python bot back'
complete -c intelmq -n "__fish_seen_subcommand_from swap" -l directory -x -a '(__fish_complete_directories)' -d 'Where programs are'
