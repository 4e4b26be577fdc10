"""One program that stands in for apt-get, dpkg-query, sudo, cmake, ctest and all that apt would install.

It is started under the name of what it stands for, notes each call as a line of JSON in $STAND_IN/calls, and does what
the start script can see of the real one: packages become installed, their commands appear, a build leaves a program.
"""

import json
import os
import pathlib
import sys

HOME = pathlib.Path(os.environ["STAND_IN"])
COMMANDS = {"g++": ["g++"], "cmake": ["cmake", "ctest"], "ninja-build": ["ninja"], "python3": ["python3"],
            "git": ["git"], "spin": ["spin"], "rumur": ["rumur"], "openssl": ["openssl"], "graphviz": ["dot"]}
PROGRAM = '#!/bin/sh\necho "program: $*"\n'


def provide(command):
    link = HOME / "bin" / command
    if not link.exists():
        link.symlink_to(HOME / "stand_in")


def apt_get(arguments):
    if "update" in arguments:
        return 0
    packages = [word for word in arguments[arguments.index("install") + 1:] if not word.startswith("-")]
    if (HOME / "apt-fails").exists():
        print(f"E: Unable to locate package {packages[0]}")
        return 100
    with open(HOME / "installed", "a", encoding="utf-8") as installed:
        for package in packages:
            installed.write(package + "\n")
            for command in COMMANDS.get(package, []):
                provide(command)
    return 0


def dpkg_query(arguments):
    known = (HOME / "installed").read_text(encoding="utf-8").split()
    asked = arguments[arguments.index("-f") + 2:]
    for package in asked:
        if package in known:
            print(f"installed {package}")
    return 0 if all(package in known for package in asked) else 1


def sudo(arguments):
    if not (HOME / "sudo-allowed").exists():
        return 1
    arguments = [word for word in arguments if word not in ("-n", "-v")]
    os.environ["BY_SUDO"] = "yes"
    os.execvp(arguments[0], arguments)


def cmake(arguments):
    if "--preset" in arguments:
        folder = pathlib.Path("build") / arguments[arguments.index("--preset") + 1]
        tests = next(word for word in arguments if word.startswith("-DCONCLAVE_TESTS="))
        (folder / "build.ninja").write_text("")
        (folder / "CMakeCache.txt").write_text(
            f"CMAKE_HOME_DIRECTORY:INTERNAL={os.getcwd()}\nCONCLAVE_TESTS:BOOL={tests.partition('=')[2]}\n")
        return 0
    if (HOME / "build-fails").exists():
        print("model/include/conclave/model/vote.hpp:1:1: error: such a pity")
        return 1
    folder = pathlib.Path(arguments[arguments.index("--build") + 1]) / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "conclave").write_text(PROGRAM)
    (folder / "conclave").chmod(0o755)
    return 0


def main():
    name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
    call = {"name": name, "arguments": arguments, "root": os.geteuid() == 0, "sudo": "BY_SUDO" in os.environ,
            "frontend": os.environ.get("DEBIAN_FRONTEND")}
    with open(HOME / "calls", "a", encoding="utf-8") as calls:
        calls.write(json.dumps(call) + "\n")
    done = {"apt-get": apt_get, "dpkg-query": dpkg_query, "sudo": sudo, "cmake": cmake}
    return done.get(name, lambda _: 0)(arguments)


if __name__ == "__main__":
    sys.exit(main())
