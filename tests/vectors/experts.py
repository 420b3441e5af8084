#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the recorded vectors of experts through the programs that are there.

usage: experts.py BINDIR VECTORDIR [MODULE...]

Reads original/experts.json below VECTORDIR. A row holds a module, its parameters, events, and
what came out by path ("output" is the default one) or an "error"; then the program must refuse
to start or fail on a record. MODULE restricts the run to modules whose name contains the text.
Prints each failure and last "N passed, N failed, N skipped"; exit code 1 if any failed.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# Rows with an error whose events pass here on purpose, and why.
DEVIATIONS = [
    {"module": "experts.filter.expert", "parameters": {"not_before": "2019-12-31"},
     "why": "a bound without a time zone is in UTC"},
]

NAMED_PATHS = ("action_other", "filter_match", "filter_no_match")


def program_of(module):
    """`experts.http.expert_status` -> `intelmq-expert-http-status`"""
    _, folder, file = module.split(".")
    own = file.removeprefix("expert").strip("_")
    name = f"{folder}_{own}" if own and not own.startswith(folder) else own or folder
    return "intelmq-expert-" + name.replace("_", "-")


def read_events(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def without_time(events):
    """Events in an order and a spelling to compare; 1 and 1.0 and true differ."""
    return sorted(json.dumps({k: v for k, v in event.items() if k != "time.observation"},
                             sort_keys=True) for event in events)


def run(program, row, folder):
    """What the program wrote by path, its exit code and its messages."""
    parameters = dict(row["parameters"])
    if "rules" in row:
        rules = folder / "rules"
        rules.write_text(json.dumps(row["rules"]))
        parameters = {k: str(rules) if v == "RULES" else v for k, v in parameters.items()}
    wanted = set(NAMED_PATHS if "filter" in row["module"] else ()) | set(row.get("output", ()))
    destinations = {path: folder / f"path-{path}" for path in wanted - {"output"}}
    (folder / "parameters.json").write_text(json.dumps(parameters))
    command = [program, "--parameters", folder / "parameters.json", "--destination", "-"]
    for path, file in destinations.items():
        command += ["--destination", f"{path}=file:{file}"]
    lines = "".join(json.dumps(event) + "\n" for event in row["input"])
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60,
                          env={k: v for k, v in os.environ.items() if not k.startswith("INTELMQ_")})
    out = {"output": read_events(done.stdout)}
    for path, file in destinations.items():
        out[path] = read_events(file.read_text()) if file.exists() else []
    return out, done.returncode, done.stderr


def expected(row):
    for known in DEVIATIONS:
        if "error" in row and all(known[k] == row[k] for k in ("module", "parameters")):
            return {**{k: v for k, v in row.items() if k != "error"},
                    "output": {"output": row["input"]}}
    return row


def problems_of(program, row):
    row = expected(row)
    with tempfile.TemporaryDirectory() as folder:
        got, code, messages = run(program, row, pathlib.Path(folder))
    if "error" in row:
        return [] if code in (65, 78) else [f"exit code {code}, expected a failure: {row['error']}"]
    found = [f"exit code {code}"] if code else []
    for path in sorted(got.keys() | row["output"].keys()):
        wanted, have = without_time(row["output"].get(path, [])), without_time(got.get(path, []))
        if wanted != have:
            found.append(f"{path}: expected {wanted}\n      got {have}")
    return found + ([messages.strip()] if found else [])


def main(arguments):
    if len(arguments) < 2 or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 64
    bindir = pathlib.Path(arguments[0]).resolve()
    rows = json.loads((pathlib.Path(arguments[1]) / "original" / "experts.json").read_text())
    passed = failed = skipped = 0
    for number, row in enumerate(rows):
        program = bindir / program_of(row["module"])
        if arguments[2:] and not any(name in row["module"] for name in arguments[2:]):
            continue
        # An empty message makes the original read it again without end; here it is an event.
        poison = "There's already a message" in row.get("error", "")
        if poison or not program.exists():
            skipped += 1
            continue
        found = problems_of(program, row)
        if not found:
            passed += 1
            continue
        failed += 1
        print(f"row {number} {row['module']} {json.dumps(row['parameters'])}")
        for line in found:
            print("   ", line)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
