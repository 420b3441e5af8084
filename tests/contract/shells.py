# SPDX-License-Identifier: Apache-2.0
"""Completions in the shells that are installed."""
import pathlib
import re
import select
import shutil
import subprocess
import time
import os
import pty

from program import Skipped, expect, short


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")


def write(program, shell, name):
    file = program.tmp / name
    file.write_bytes(program.bare("--generate", shell).ended(0).out)
    return file


def shell(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **more)


def check_bash(program):
    need("bash")
    file = write(program, "bash", program.name)
    library = pathlib.Path("/usr/share/bash-completion/bash_completion")
    lead = f"source {library}\n" if library.exists() else ""

    def complete(*words):
        script = (f"{lead}source '{file}' || exit 9\n"
                  f"spec=$(complete -p {program.name}) || exit 8\n"
                  f"function=${{spec#*-F }}; function=${{function%% *}}\n"
                  f"COMP_WORDS=({program.name} {' '.join(map(repr, words))})\n"
                  "COMP_CWORD=$((${#COMP_WORDS[@]}-1))\nCOMP_LINE=${COMP_WORDS[*]}\n"
                  "COMP_POINT=${#COMP_LINE}\n$function\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
        done = shell("bash", "--norc", "--noprofile", "-c", script)
        expect(done.returncode == 0 and not done.stderr, f"bash: {done.returncode} {short(done.stderr)}")
        return done.stdout.split()

    options = complete("--")
    for parameter in program.parameters().values():
        expect(parameter["x-cli"] in options, f"bash does not complete {parameter['x-cli']}")
    expect(complete("--logging-level", "wa") == ["warning"], "bash does not complete a choice")
    expect(complete("--logging-l") == ["--logging-level"], "bash does not complete an option")


def check_fish(program):
    need("fish")
    file = write(program, "fish", f"{program.name}.fish")

    def complete(line):
        home = program.tmp / "home"
        home.mkdir(exist_ok=True)
        done = shell("fish", "--no-config", "-c", f"source '{file}'; complete -C '{program.name} {line}'",
                     env=program.environment({"HOME": str(home), "XDG_CONFIG_HOME": str(home)}))
        expect(done.returncode == 0 and not done.stderr, f"fish: {short(done.stderr)}")
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    options = complete("--")
    for parameter in program.parameters().values():
        expect(parameter["x-cli"] in options, f"fish does not complete {parameter['x-cli']}")
    expect(complete("--logging-level wa") == ["warning"], "fish does not complete a choice")


class Terminal:
    """An interactive shell on a pseudo-terminal."""

    def __init__(self, words, env):
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.execvpe(words[0], words, env)
        self.seen = ""

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, word, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(word, self.seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                return False
            try:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:
                return re.search(word, self.seen) is not None
        return True

    def close(self):
        os.close(self.master)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)


def check_zsh(program):
    need("zsh")
    folder = program.tmp / "zsh"
    folder.mkdir(exist_ok=True)
    file = write(program, "zsh", f"zsh/_{program.name}")
    done = shell("zsh", "-n", str(file))
    expect(done.returncode == 0, f"zsh -n: {short(done.stderr)}")
    start = (f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep; "
             "unsetopt zle_bracketed_paste; zstyle ':completion:*' list-prompt ''; LISTMAX=1000; "
             "PROMPT=''; print READY-$((1+1))\n")
    terminal = Terminal(["zsh", "-f", "-i"], program.environment({"TERM": "dumb", "COLUMNS": "200",
                                                                  "LINES": "200"}))
    try:
        terminal.send("stty rows 200 cols 200\n" + start)
        expect(terminal.wait_for("READY-2"), f"zsh does not start: {short(terminal.seen)}")
        terminal.seen = ""
        terminal.send(f"{program.name} --logging-level wa\t")
        expect(terminal.wait_for("warning"), f"zsh does not complete a choice: {short(terminal.seen)}")
        terminal.seen = ""
        terminal.send("\x15" + f"{program.name} --\t")
        for parameter in program.parameters().values():
            expect(terminal.wait_for(re.escape(parameter["x-cli"]) + r"\b"),
                   f"zsh does not list {parameter['x-cli']}: {short(terminal.seen)}")
    finally:
        terminal.close()


CHECKS = [check_bash, check_fish, check_zsh]
