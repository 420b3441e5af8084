# SPDX-License-Identifier: Apache-2.0
"""What a program says of itself, and how it takes its parameters."""
import json
import re
import shutil
import subprocess

from program import ROOT, Skipped, expect, same, short

SCHEMA = json.loads((ROOT / "lib/render/describe.schema.json").read_text())


def check_help(program):
    done = program.bare("--help").ended(0)
    same(done.err, b"", "standard error of --help")
    text = done.out.decode()
    expect(text.startswith(f"Usage: {program.name} "), "help begins with the usage")
    for name, parameter in program.parameters().items():
        expect(re.search(rf"^  {re.escape(parameter['x-cli'])}\b", text, re.M),
               f"{parameter['x-cli']} is not in --help")
        expect(parameter.get("description"), f"{name} has no description")
    same(program.bare("-h").ended(0).out, done.out, "-h")


def check_help_width(program):
    wide = [line for line in program.bare("--help").out.decode().splitlines()
            if len(line) > 80 and "intelmq-" not in line and not line.startswith("  --")]
    expect(not wide, f"--help has lines over 80 columns: {short(wide)}")


def check_version(program):
    done = program.bare("--version").ended(0)
    expect(re.fullmatch(rf"{program.name} \d+\.\d+\.\d+\n", done.out.decode()),
           f"--version prints {short(done.out)}")


def check_describe(program):
    described = program.describe()
    same(described["name"], program.name, "name")
    same(described["kind"], program.kind, "kind")
    try:
        import jsonschema
    except ImportError:
        missing = [name for name in SCHEMA["required"] if name not in described]
        expect(not missing, f"--describe lacks {missing}")
        return
    errors = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}"
              for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(described)]
    expect(not errors, f"--describe is not valid: {errors[:3]}")


def check_names(program):
    for name, parameter in program.parameters().items():
        same(parameter["x-cli"], "--" + name.replace("_", "-"), "option")
        same(parameter["x-env"], "INTELMQ_" + name.upper(), "environment variable")


def check_examples(program):
    expect(program.describe()["self_test"]["vectors"] >= 3, "fewer than three examples")
    done = program.bare("--self-test").ended(0)
    expect(b"examples hold" in done.out, f"--self-test prints {short(done.out)}")


def check_unknown_option(program):
    done = program.run("--logging-leve").ended(64)
    same(done.out, b"", "output")
    messages = done.messages()
    expect(len(messages) == 1 and "'--logging-leve'" in messages[0] and "'--logging-level'" in messages[0],
           f"an unknown option is not answered with a proposal: {short(done.text)}")
    done = program.run("--completely-unknown=3").ended(64)
    expect("'--completely-unknown'" in done.text, f"the option is not named: {short(done.text)}")
    program.run("stray").ended(64)
    program.run("--logging-level").ended(64)


def bad_value(parameter):
    """A value that the parameter cannot take, or None if it takes any text."""
    if "enum" in parameter:
        return "no-such-word"
    if parameter.get("format") in ("x-duration", "x-byte-size"):
        return "5x"
    kinds = parameter.get("type")
    kinds = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return "twelve" if kinds and kinds <= {"integer", "number", "boolean", "null"} else None


def check_bad_value(program):
    tried = 0
    for parameter in program.parameters().values():
        value = bad_value(parameter)
        if value is None:
            continue
        done = program.run(f"{parameter['x-cli']}={value}").ended(64)
        expect(parameter["x-cli"] in done.text and value in done.text,
               f"{parameter['x-cli']}={value}: option and value are not named: {short(done.text)}")
        done = program.run(env={parameter["x-env"]: value})
        given = any(word == parameter["x-cli"] for word in program.args)
        expect(done.code == 78 or given, f"{parameter['x-env']}={value} ends with {done.code}")
        tried += 1
    expect(tried > 3, "no parameter could be given a bad value")


def check_empty_value(program):
    for words in (["--dead-letters", ""], ["--dead-letters="]):
        text = program.run(*words, "--show-parameters").ended(0).out.decode()
        expect('dead_letters = ""  # command line' in text, f"{words} is not an empty text")


def check_required(program):
    required = program.describe()["parameters"]["required"]
    if not required:
        return
    done = program.bare().ended(64)
    options = [program.parameters()[name]["x-cli"] for name in required]
    expect(any(option in done.text for option in options), f"not named: {short(done.text)}")


def check_parameters_file(program):
    for suffix, text in (("json", '{"loging_level": "info"}'), ("yaml", "loging_level: info\n")):
        file = program.tmp / f"bad.{suffix}"
        file.write_text(text)
        done = program.run("--parameters", file).ended(78)
        for word in (str(file), "'loging_level'", "'logging_level'"):
            expect(word in done.text, f"{word} is not in the answer: {short(done.text)}")
    file.write_text("logging_level: loud\n")
    expect("loud" in program.run("--parameters", file).ended(78).text, "the value is not named")
    file.write_text("logging_level: [\n")
    program.run("--parameters", file).ended(78)
    file.write_text("[1]\n")
    program.run("--parameters", file).ended(78)
    program.run("--parameters", program.tmp / "absent").ended(66)


def origin(program, name, *words, **more):
    text = program.run(*words, "--show-parameters", **more).ended(0).out.decode()
    match = re.search(rf"^{name} = (.*)  # (.*)$", text, re.M)
    expect(match, f"--show-parameters lacks {name}")
    return match.groups()


def check_origins(program):
    file = program.tmp / "origin.yaml"
    file.write_text("error_retry_delay: 5s\n")
    name, env = "error_retry_delay", {"INTELMQ_ERROR_RETRY_DELAY": "6s"}
    same(origin(program, name), ('"15s"', "default"), "default")
    same(origin(program, name, "--parameters", file), ('"5s"', str(file)), "file over default")
    same(origin(program, name, "--parameters", file, env=env), ('"6s"', "environment"),
         "environment over file")
    same(origin(program, name, "--parameters", file, "--error-retry-delay", "7s", env=env),
         ('"7s"', "command line"), "command line over environment")
    text = program.run("--show-parameters").out.decode()
    for parameter, sheet in program.parameters().items():
        if sheet.get("x-group") != "inspect":
            expect(f"{parameter} = " in text, f"--show-parameters lacks {parameter}")


def check_runtime(program):
    file = program.tmp / "runtime.yaml"
    values = "\n".join(f"      {program_name}: 5s" for program_name in ("error_retry_delay",))
    file.write_text(f"global:\n  logging_level: WARNING\n  redis_cache_host: localhost\n"
                    f"{program.name}:\n  enabled: true\n  parameters:\n{values}\n"
                    f"    unknown_thing: 1\n".replace("      ", "    "))
    place = ("--runtime", file, "--id", program.name)
    same(origin(program, "error_retry_delay", *place)[0], '"5s"', "the bot's section")
    same(origin(program, "logging_level", *place)[0].lower(), '"warning"', "the global section")
    done = program.run("--runtime", file, "--id", program.name[:-1]).ended(78)
    expect(program.name in done.text, f"no id proposed: {short(done.text)}")


def check_config_test(program):
    program.forget()
    before = sorted(program.tmp.rglob("*"))
    expect(b"fine" in program.run("--config-test").ended(0).out, "--config-test says nothing")
    same(sorted(program.tmp.rglob("*")), before, "the files after --config-test")
    program.run("--config-test", "--logging-level", "loud").ended(64)


def check_generate(program):
    for surface in ("man", "bash", "zsh", "fish", "markdown", "schema"):
        done = program.bare("--generate", surface).ended(0)
        same(done.err, b"", f"standard error of --generate {surface}")
        expect(len(done.out) > 200, f"--generate {surface} prints nearly nothing")
        text = done.out.decode()
        if surface == "schema":
            same(json.loads(text), program.describe()["parameters"], "the schema")
            continue
        for parameter in program.parameters().values():
            word = parameter["x-cli"].lstrip("-")
            expect(word in text.replace("\\-", "-"), f"--generate {surface} lacks {word}")
    program.bare("--generate", "troff").ended(64)


def check_man(program):
    if not shutil.which("mandoc"):
        raise Skipped("mandoc is not installed")
    page = program.tmp / f"{program.name}.1"
    page.write_bytes(program.bare("--generate", "man").out)
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True,
                          text=True, check=False)
    expect(done.returncode == 0, f"mandoc: {done.stdout[:1000]}")


def check_full_said(program):
    for words in (["--help"], ["--describe"], ["--generate", "man"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program.path, *words], stdout=full, capture_output=False,
                                  stderr=subprocess.PIPE, check=False, cwd=ROOT)
        same(done.returncode, 74, f"{words[0]} > /dev/full")


CHECKS = [check_help, check_help_width, check_version, check_describe, check_names, check_examples,
          check_unknown_option, check_bad_value, check_empty_value, check_required, check_parameters_file,
          check_origins, check_runtime, check_config_test, check_generate, check_man,
          check_full_said]
