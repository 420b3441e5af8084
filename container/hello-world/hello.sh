#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the control surface of a bot can do, by curl.
#
# usage: hello.sh SOCKET SPOOL
#
# SOCKET is the control socket, SPOOL the directory with in/ and out.ndjson.
set -eu
[ $# -eq 2 ] || { sed -n '3,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
socket=$1
spool=$2

# Asks the API: METHOD PATH [BODY [TYPE]]
api() {
  if [ $# -gt 2 ]; then
    curl -sS --fail-with-body --unix-socket "$socket" -X "$1" \
      -H "Content-Type: ${4:-application/json}" -d "$3" "http://localhost/api/v1/$2"
  else
    curl -sS --fail-with-body --unix-socket "$socket" -X "$1" "http://localhost/api/v1/$2"
  fi
}

# Hands an event to the bot and shows what became of it: what was there whole comes out in lines.
greet() { # address
  before=$(wc -l 2>/dev/null < "$spool/out.ndjson" || echo 0)
  printf '{"source.ip":"%s"}\n' "$1" > "$spool/$1"
  mv "$spool/$1" "$spool/in/$1.jsonl"
  tries=0
  until [ "$(wc -l 2>/dev/null < "$spool/out.ndjson" || echo 0)" -gt "$before" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "nothing came out" >&2; exit 1; }
    sleep 0.1
  done
  tail -n 1 "$spool/out.ndjson"
}

echo '# What is it, and does it work?'
api GET version
api GET status
api GET describe/fields
api POST self-test/config-test?strict=true '{}'
api POST self-test/unit-test?strict=true '{}'

echo '# Say hello.'
greet 192.0.2.1

echo '# Say it otherwise, without starting anew; a mistake is found before it does harm.'
api PATCH parameters '{"greeting":"good morning,"}' application/merge-patch+json
greet 192.0.2.2
api POST parameters/validate '{"greting":"typo"}'

echo '# Hold it, let it go on.'
api POST lifecycle/pause '{"reason":"hello world"}'
api POST lifecycle/resume '{}'

echo '# How is it?'
api GET health
api GET stats

echo '# As it was.'
api DELETE parameters/greeting
greet 192.0.2.3
