"""`cmake --install`, and projects outside of the tree that are built against what it installed.

usage: install_test.py --source DIR --build DIR --version V --cmake PROGRAM --compiler PROGRAM --flags=FLAGS
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import certificates
import loopback


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("source", "build", "version", "cmake", "compiler", "flags"):
        parser.add_argument("--" + name, required=True)
    return parser.parse_known_args()


OPTIONS, REST = arguments()
CONSUMERS = pathlib.Path(__file__).resolve().parent / "consumer"
EXAMPLES = pathlib.Path(OPTIONS.source) / "examples"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=240, check=False, **more)


def without(*packages):
    return [f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON" for package in packages]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        first = cls.folder / "first"
        done = run(OPTIONS.cmake, "--install", OPTIONS.build, "--prefix", first)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        # A package that remembers where it was put first would not be found here.
        cls.prefix = cls.folder / "moved"
        first.rename(cls.prefix)

    def configure(self, project, *more):
        build = pathlib.Path(tempfile.mkdtemp(prefix=project.name + "-", dir=self.folder))
        done = run(OPTIONS.cmake, "-G", "Ninja", "-S", project, "-B", build,
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={OPTIONS.compiler}",
                   f"-DCMAKE_CXX_FLAGS={OPTIONS.flags}", "-DCMAKE_BUILD_TYPE=Debug", *more)
        return build, done

    def build(self, project, *more):
        build, done = self.configure(project, *more)
        self.assertEqual(done.returncode, 0, done.stdout)
        done = run(OPTIONS.cmake, "--build", build)
        self.assertEqual(done.returncode, 0, done.stdout)
        return build

    def assert_refused(self, *words, component=None, packages=(), version=""):
        # One folder for all of them: finding out about the compiler takes longer than the rest.
        build = self.folder / "refused"
        wanted = f"{version} REQUIRED " + (f"COMPONENTS {component}" if component else "")
        done = run(OPTIONS.cmake, "-G", "Ninja", "-S", CONSUMERS / "refused", "-B", build,
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={OPTIONS.compiler}",
                   f"-DWANTED={wanted}".replace(" ", ";"), "-UCMAKE_DISABLE_FIND_PACKAGE_*", *without(*packages))
        self.assertNotEqual(done.returncode, 0)
        for word in words:
            self.assertIn(word, " ".join(done.stdout.split()))

    def test_the_explorer_needs_nothing_else(self):
        others = ("Boost", "spdlog", "fmt", "tl-expected", "nlohmann_json", "CLI11")
        build = self.build(CONSUMERS / "checker", *without(*others))
        done = run(build / "puzzle")
        self.assertRegex(done.stdout, "^four litres after 6 steps\none server alone: LEADING\n"
                                      "[0-9]+ properties of elections\n$")

    def test_the_example_of_a_system_of_ones_own(self):
        build = self.build(EXAMPLES / "votes")
        self.assertIn("3 servers, 2 threads: 1540 states, 4349 steps, ", run(build / "votes", "3", "2").stdout)

    def test_the_generators(self):
        done = run(self.build(CONSUMERS / "generators") / "vote_order")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("OK, passed 100 tests", done.stdout)

    def test_the_example_with_a_node(self):
        build = self.build(EXAMPLES / "elect")
        ports = "{}:{}".format(*loopback.free_ports(2))
        with subprocess.Popen([build / "elect", "1", build, ports], stdout=subprocess.PIPE, text=True) as alone:
            lines = [next(alone.stdout) for _ in range(3)]
            alone.kill()
        self.assertEqual(lines, ["LOOKING\n", "LEADING\n", "server 1 leads in epoch 1\n"])

    def test_a_node_with_tls(self):
        build = self.build(CONSUMERS / "tls")
        authority = certificates.Authority(self.folder)
        cfg = build / "zoo.cfg"
        lines = ["tickTime=500", "initLimit=20", "syncLimit=6",
                 "server.1=127.0.0.1:{}:{}".format(*loopback.free_ports(2)),
                 *certificates.settings(authority.issue("one"), authority.trust)]
        cfg.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.assertEqual(run(build / "secure", cfg).stdout,
                         f"{cfg}: found TLS between servers; expected a transport (conclave::tls)\nit leads\n")

    def test_as_a_part_of_another_project(self):
        _, done = self.configure(CONSUMERS / "subproject", f"-DCONCLAVE_SOURCE={OPTIONS.source}")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_is_missing_is_named(self):
        self.assert_refused("Boost", component="node", packages=["Boost"])
        self.assert_refused("spdlog", packages=["spdlog"])
        self.assert_refused("no component 'nodes'", "model, spec, checker, config", component="nodes")
        self.assert_refused(OPTIONS.version, version="99.0")

    def test_the_programs(self):
        for name in ("conclave", "conclave-node", "conclave-node-tls", "conclave-status"):
            done = run(self.prefix / "bin" / name, "--help")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(run(self.prefix / "bin" / "conclave", "--version").stdout, f"conclave {OPTIONS.version}\n")
        # It finds the other program beside itself.
        done = run(self.prefix / "bin" / "conclave", "node", "--help")
        self.assertIn("conclave node", done.stdout)

    def test_no_file_says_where_it_was_built(self):
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".hpp"):
                text = path.read_text(encoding="utf-8")
                self.assertNotIn(OPTIONS.source + os.sep, text, path)
                self.assertNotIn(OPTIONS.build, text, path)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *REST], verbosity=2)
