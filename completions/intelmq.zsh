#compdef intelmq
# SPDX-License-Identifier: Apache-2.0

_intelmq_bots() {
  local -a bots
  local bot kind summary
  while read -r bot kind summary; do
    bots+=("$bot:${summary//:/\\:}" "${bot#intelmq-*-}:${summary//:/\\:}")
  done < <(_call_program bots intelmq list 2>/dev/null)
  _describe -t bots bot bots
}

_intelmq() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
    'list:List the bots of this machine'
    'describe:Show what a bot needs, sets and takes'
    'check:Tell whether a pipeline would work, without running it'
    'test:Run golden cases'
    'dead-letters:Look at records that failed, or send them again'
    'swap:Let intelmqctl start a native bot instead of its Python twin'
    'help:Show the help of a command'
  )
  _arguments -C \
    '(- *)--help[Show this help]' \
    '(- *)--version[Show the version]' \
    '1:command:->command' \
    '*::argument:->argument'
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $line[1] in
        list) _arguments '--json[Print an array of descriptions]' '--help[Show the help]' ;;
        describe)
          _arguments '--json[Print the description as JSON]' '--help[Show the help]' \
            '1:bot:_intelmq_bots' '*:argument of the bot:_files'
          ;;
        check)
          _arguments '--json[Print the report as JSON]' '--dot[Print the graph for Graphviz]' \
            '--strict[Warnings are failures]' '--help[Show the help]' '1:pipeline or file:_files'
          ;;
        test)
          _arguments '--update[Rewrite what differs]' '--junit[Write a report for JUnit]:file:_files' \
            '--help[Show the help]' '*:directory:_files -/'
          ;;
        dead-letters)
          _arguments '--reason[Only letters with this text]:text:' '--json[Print JSON lines]' \
            '--limit[Most letters]:number:' '--remove[Take sent letters out of the file]' \
            '--help[Show the help]' '1:action:(show retry)' '2:file:_files'
          ;;
        swap)
          _arguments '--undo[Put the Python bot back]' '--directory[Where programs are]:directory:_files -/' \
            '--help[Show the help]' '*:module:'
          ;;
        help) _describe -t commands command commands ;;
      esac
      ;;
  esac
}

_intelmq "$@"
