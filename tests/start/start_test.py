#!/usr/bin/env python3
"""The start script where something is missing: what it installs, with whose rights, and what it says when it may not.

Each case is a copy of the script in a folder of its own, and a PATH that holds this machine's ordinary tools but none
of what the project needs: those are stand-ins (stand_in.py).
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED = {"g++", "c++", "cmake", "ctest", "ninja", "python3", "git", "spin", "rumur", "openssl", "dot", "clang++"}
HIDDEN = NEEDED | {"apt-get", "apt", "sudo", "dpkg-query"}
NOBODY = 65534


def packages(name):
    """A list of packages as the script itself has it."""
    text = (ROOT / "conclave").read_text(encoding="utf-8")
    return re.search(rf"readonly packages_{name}=\(([^)]*)\)", text).group(1).split()


class Machine:
    """A machine as bare as a test can make it."""

    def __init__(self, folder, apt=True, sudo=None, installed=()):
        self.home = folder / "stand-in"
        self.checkout = folder / "checkout"
        (self.home / "bin").mkdir(parents=True)
        self.checkout.mkdir()
        shutil.copy(ROOT / "conclave", self.checkout)
        shutil.copy(ROOT / "CMakePresets.json", self.checkout)
        for lists in ("CMakeLists.txt", "model/CMakeLists.txt", "tests/CMakeLists.txt"):
            (self.checkout / lists).parent.mkdir(exist_ok=True)
            (self.checkout / lists).touch()
        (self.home / "installed").write_text("".join(f"{package}\n" for package in installed))
        (self.home / "calls").touch()
        self._tools(folder / "tools")
        stand_in = self.home / "stand_in"
        source = pathlib.Path(__file__).with_name("stand_in.py").read_text(encoding="utf-8")
        # One that a user without rights can start as well: ours may live in root's home.
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or os.path.realpath(sys.executable)
        stand_in.write_text(f"#!{python} -B\n{source}", encoding="utf-8")
        stand_in.chmod(0o755)
        for command in ["dpkg-query"] + ["apt-get"] * apt + ["sudo"] * (sudo is not None):
            (self.home / "bin" / command).symlink_to(stand_in)
        if sudo:
            (self.home / "sudo-allowed").touch()
        for path in [folder, *folder.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o666 | (0o111 if path.is_dir() else 0))
        self.path = f"{self.home / 'bin'}:{folder / 'tools'}"

    @staticmethod
    def _tools(folder):
        folder.mkdir()
        for source in ("/usr/bin", "/bin"):
            for tool in pathlib.Path(source).iterdir():
                if tool.name not in HIDDEN and not (folder / tool.name).exists():
                    (folder / tool.name).symlink_to(tool)

    def run(self, *arguments, root):
        command = [str(self.checkout / "conclave"), *arguments]
        if root and os.geteuid() != 0:
            command = ["/usr/bin/unshare", "--map-root-user", *command]
        if not root and os.geteuid() == 0:
            command = ["/usr/bin/setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        environment = {"PATH": self.path, "STAND_IN": str(self.home), "HOME": str(self.home)}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=120)

    def calls(self, name):
        lines = (self.home / "calls").read_text(encoding="utf-8").splitlines()
        return [call for call in map(json.loads, lines) if call["name"] == name]

    def installs(self):
        return [call["arguments"][call["arguments"].index("install") + 1:]
                for call in self.calls("apt-get") if "install" in call["arguments"]]


def can_be_root():
    return os.geteuid() == 0 or subprocess.run(["/usr/bin/unshare", "--map-root-user", "true"], check=False,
                                               capture_output=True).returncode == 0


class StartScript(unittest.TestCase):
    def machine(self, **options):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="conclave-start-"))
            self.addCleanup(stack.pop_all().close)
        return Machine(pathlib.Path(folder), **options)

    def wanted(self, *lists):
        return [package for name in lists for package in packages(name)]

    @unittest.skipUnless(can_be_root(), "needs to be root, or a user namespace")
    def test_a_bare_machine_gets_what_is_missing_builds_once_and_runs(self):
        machine = self.machine()
        first = machine.run("check", "zoo.cfg", root=True)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout, "program: check zoo.cfg\n")
        self.assertEqual(machine.installs(), [["-y", "--no-install-recommends", *self.wanted("program")]])
        self.assertEqual({call["frontend"] for call in machine.calls("apt-get")}, {"noninteractive"})
        self.assertIn("update", machine.calls("apt-get")[0]["arguments"])
        self.assertIn("conclave: installing g++ cmake", first.stderr)
        cmake = [call["arguments"][0] for call in machine.calls("cmake")]
        self.assertEqual(cmake, ["--preset", "--build"])

        before = (machine.home / "calls").read_text()
        second = machine.run("check", root=True)
        self.assertEqual((second.stdout, second.stderr), ("program: check\n", ""))
        self.assertEqual((machine.home / "calls").read_text(), before)

    @unittest.skipUnless(can_be_root(), "needs to be root, or a user namespace")
    def test_only_what_is_missing_is_installed(self):
        machine = self.machine(installed=[p for p in packages("program") if p != "libfmt-dev"])
        for command in ("g++", "cmake", "ctest", "ninja"):
            (machine.home / "bin" / command).symlink_to(machine.home / "stand_in")
        self.assertEqual(machine.run("check", root=True).returncode, 0)
        self.assertEqual(machine.installs(), [["-y", "--no-install-recommends", "libfmt-dev"]])

    @unittest.skipUnless(can_be_root(), "needs to be root, or a user namespace")
    def test_the_tests_bring_their_own_packages_and_hand_their_arguments_on(self):
        machine = self.machine()
        result = machine.run("test", "-R", "quorum", root=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertCountEqual(machine.installs()[0],
                              ["-y", "--no-install-recommends", *self.wanted("program", "test")])
        self.assertEqual(machine.calls("ctest")[-1]["arguments"][-2:], ["-R", "quorum"])
        self.assertIn("step fast: passed", result.stderr)

    def test_a_user_with_sudo_installs_by_sudo(self):
        machine = self.machine(sudo=True)
        result = machine.run("check", root=False)
        self.assertEqual((result.returncode, result.stdout), (0, "program: check\n"), result.stderr)
        self.assertEqual([call["sudo"] for call in machine.calls("apt-get")], [True, True])
        self.assertEqual([call["sudo"] for call in machine.calls("cmake")], [False, False])

    def test_without_the_right_it_prints_the_exact_command_and_stops(self):
        for sudo in (None, False):
            with self.subTest(sudo=sudo):
                machine = self.machine(sudo=sudo)
                result = machine.run("check", root=False)
                self.assertEqual((result.returncode, result.stdout), (6, ""))
                self.assertIn("\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends "
                              + " ".join(self.wanted("program")) + "\n", result.stderr)
                self.assertEqual(machine.calls("apt-get") + machine.calls("cmake"), [])

    def test_without_apt_it_names_the_packages(self):
        machine = self.machine(apt=False)
        result = machine.run("check", root=False)
        self.assertEqual(result.returncode, 6)
        self.assertIn("there is no apt-get here; please install what Debian calls: "
                      + " ".join(self.wanted("program")), result.stderr)

    def test_a_failed_installation_shows_why_and_is_tried_again(self):
        machine = self.machine(sudo=True)
        (machine.home / "apt-fails").touch()
        failed = machine.run("check", root=False)
        self.assertEqual((failed.returncode, failed.stdout), (6, ""))
        self.assertIn("| E: Unable to locate package g++", failed.stderr)
        self.assertEqual(machine.calls("cmake"), [])
        (machine.home / "apt-fails").unlink()
        self.assertEqual(machine.run("check", root=False).stdout, "program: check\n")

    def test_a_failed_build_shows_why_and_is_tried_again(self):
        machine = self.machine(sudo=True)
        (machine.home / "build-fails").touch()
        failed = machine.run("check", root=False)
        self.assertEqual((failed.returncode, failed.stdout), (6, ""))
        self.assertIn("error: such a pity", failed.stderr)
        (machine.home / "build-fails").unlink()
        self.assertEqual(machine.run("check", root=False).stdout, "program: check\n")

    def test_a_changed_source_is_built_again_and_a_changed_test_is_not(self):
        machine = self.machine(sudo=True)
        self.assertEqual(machine.run("check", root=False).returncode, 0)
        built = len(machine.calls("cmake"))
        later = (machine.checkout / "build/release/.built").stat().st_mtime + 10
        (machine.checkout / "tests/new_test.cpp").touch()
        os.utime(machine.checkout / "tests/new_test.cpp", (later, later))
        machine.run("check", root=False)
        self.assertEqual(len(machine.calls("cmake")), built)
        (machine.checkout / "model/vote.hpp").touch()
        os.utime(machine.checkout / "model/vote.hpp", (later, later))
        machine.run("check", root=False)
        self.assertEqual(len(machine.calls("cmake")), built + 1)

    def test_the_overview_needs_nothing(self):
        machine = self.machine(apt=False)
        for arguments in ((), ("help",), ("test", "--list")):
            result = machine.run(*arguments, root=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertTrue(result.stdout)
        self.assertEqual((machine.home / "calls").read_text(), "")


if __name__ == "__main__":
    unittest.main()
