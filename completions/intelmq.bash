# SPDX-License-Identifier: Apache-2.0
# bash completion for intelmq

_intelmq_front_words() {
  local cur=$1 word
  shift
  for word in "$@"; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
}

_intelmq_front_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$1")
}

_intelmq_front_directories() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -d -- "$1")
}

_intelmq_front_bots() {
  local bot rest
  while read -r bot rest; do
    if [[ $bot == "$1"* ]]; then COMPREPLY+=("$bot"); fi
    if [[ -n $1 && $bot == intelmq-*-"$1"* ]]; then COMPREPLY+=("${bot#intelmq-*-}"); fi
  done < <("${COMP_WORDS[0]}" list 2>/dev/null)
}

_intelmq() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _intelmq_front_words "$cur" list describe check test dead-letters swap help --help --version
    return
  fi
  case ${COMP_WORDS[1]} in
    list) _intelmq_front_words "$cur" --json --help ;;
    describe)
      if [[ $cur == -* ]]; then _intelmq_front_words "$cur" --json --help
      elif ((COMP_CWORD == 2)) || [[ $prev == --json ]]; then _intelmq_front_bots "$cur"
      else _intelmq_front_files "$cur"
      fi
      ;;
    check)
      if [[ $cur == -* ]]; then _intelmq_front_words "$cur" --json --dot --strict --help
      else
        _intelmq_front_files "$cur"
        if [[ $cur == intelmq-* ]]; then _intelmq_front_bots "$cur"; fi
      fi
      ;;
    test)
      if [[ $prev == --junit ]]; then _intelmq_front_files "$cur"
      elif [[ $cur == -* ]]; then _intelmq_front_words "$cur" --update --junit --help
      else _intelmq_front_directories "$cur"
      fi
      ;;
    dead-letters)
      if [[ $prev == --reason || $prev == --limit ]]; then return
      elif [[ $cur == -* ]]; then
        _intelmq_front_words "$cur" --reason --json --limit --remove --help
      elif ((COMP_CWORD == 2)); then _intelmq_front_words "$cur" show retry
      else _intelmq_front_files "$cur"
      fi
      ;;
    swap)
      if [[ $prev == --directory ]]; then _intelmq_front_directories "$cur"
      elif [[ $cur == -* ]]; then _intelmq_front_words "$cur" --undo --directory --help
      fi
      ;;
    help) _intelmq_front_words "$cur" list describe check test dead-letters swap ;;
    *) ;;
  esac
}

complete -F _intelmq intelmq
