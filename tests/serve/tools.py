# SPDX-License-Identifier: Apache-2.0
"""Tools from npm and PyPI, installed once into ${XDG_CACHE_HOME:-~/.cache}/intelmq-tests."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
from harness import Skipped  # noqa: E402  pylint: disable=wrong-import-position

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
PLACE = CACHE / "intelmq-tests"
VERSIONS = {
    "@redocly/cli": "2.77.0",
    "@stoplight/spectral-cli": "6.16.3",
    "@stoplight/prism-cli": "5.14.2",  # 5.16 needs node 24
    "playwright-core": "1.65.1",
    "axe-core": "4.14.1",
    "schemathesis": "4.32.5",
}


def _install(folder, name, steps):
    """Runs the steps that make `folder`, once, whoever else is at it."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / f"{folder.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / ".installed"
        if done.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for step in steps:
            made = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=560,
                                  stdin=subprocess.DEVNULL, check=False)
            if made.returncode:
                why = (made.stderr or made.stdout).strip().splitlines()[-1:]
                raise Skipped(f"{name} missing ({' '.join(why)})")
        done.touch()


def _flat(name, version):
    return name.strip("@").replace("/", "-") + "-" + version


def node_tool(name, version=None):
    """The directory of an npm package; its programs are in ../.bin of it."""
    version = version or VERSIONS[name]
    if not shutil.which("npm"):
        raise Skipped("npm missing")
    folder = PLACE / _flat(name, version)
    _install(folder, name, [["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
                             "--prefix", ".", f"{name}@{version}"]])
    return folder / "node_modules" / name


def node_program(name, program, version=None):
    node_tool(name, version)
    return PLACE / _flat(name, version or VERSIONS[name]) / "node_modules" / ".bin" / program


def python_tool(name, version=None, program=None):
    """A program of a PyPI package, in an environment of its own."""
    version = version or VERSIONS[name]
    folder = PLACE / _flat(name, version)
    _install(folder, name, [[sys.executable, "-m", "venv", "."],
                            ["bin/pip", "install", "-q", "--disable-pip-version-check",
                             f"{name}=={version}"]])
    return folder / "bin" / (program or name)
