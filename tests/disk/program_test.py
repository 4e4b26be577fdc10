#!/usr/bin/env python3
"""conclave-node on a disk that cannot be written: it ends, says why, and with a code that says so.

usage: program_test.py NODE [unittest arguments]
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import loopback

NODE = os.path.abspath(sys.argv.pop(1))
ABORTED = 3
BAD_INPUT = 4


class AtTheEndOfTheDisk(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-disk-"))
        self.processes = []
        ports = loopback.free_ports(6)
        servers = [f"server.{i}=127.0.0.1:{ports[2 * i - 2]}:{ports[2 * i - 1]}" for i in (1, 2, 3)]
        for i in (1, 2, 3):
            (self.folder / str(i)).mkdir()
            (self.folder / str(i) / "myid").write_text(f"{i}\n", encoding="utf-8")
            (self.folder / f"{i}.cfg").write_text("\n".join([
                "tickTime=200", "initLimit=20", "syncLimit=10", f"dataDir={self.folder}/{i}", *servers, ""]),
                encoding="utf-8")

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()
        shutil.rmtree(self.folder)

    def start(self, sid, *options, **more):
        process = subprocess.Popen([NODE, str(self.folder / f"{sid}.cfg"), "--log", "off", *options], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.processes.append(process)
        return process

    def assert_ends(self, process, code, *words):
        said = process.communicate(timeout=30)[1]
        self.assertEqual(process.returncode, code, said)
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(said.count("\n"), 1, said)

    def test_a_folder_that_is_in_use(self):
        first = self.start(3)
        self.assertIn("state=LOOKING", first.stdout.readline())
        other = self.folder / "other.cfg"
        text = (self.folder / "2.cfg").read_text(encoding="utf-8")
        other.write_text(text.replace(f"dataDir={self.folder}/2", f"dataDir={self.folder}/./3"), encoding="utf-8")
        self.assert_ends(self.run_node(other), BAD_INPUT, "/./3: found it in use by another node")
        first.kill()
        first.wait()
        again = self.start(3)  # whoever was killed holds nothing
        self.assertIn("state=LOOKING", again.stdout.readline())

    def test_an_id_that_is_not_the_folders(self):
        self.assert_ends(self.run_node(self.folder / "2.cfg", "--sid", "3"), BAD_INPUT,
                         "--sid: found 3, and 2 in", "/2/myid")

    def run_node(self, cfg, *options):
        process = subprocess.Popen([NODE, str(cfg), "--log", "off", *options], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.processes.append(process)
        return process

    def test_nobody_reads_what_it_says(self):
        node = subprocess.Popen([NODE, str(self.folder / "3.cfg")], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, restore_signals=True)
        self.processes.append(node)
        self.assertIn("LOOKING", node.stdout.readline())
        node.stdout.close()
        node.stderr.close()
        others = [self.start(1), self.start(2)]
        for other in others:  # it has to say a lot, and is there all the same
            line = ""
            while "leader=3 epoch=1 established" not in line:
                line = other.stdout.readline()
                self.assertTrue(line)
        node.terminate()
        self.assertEqual(node.wait(30), 0)

    def test_no_epoch_can_be_written(self):
        recording = self.folder / "3.rec"
        node = self.start(3, "--record", str(recording))
        self.assertIn("LOOKING", node.stdout.readline())
        # Where the new file would be is a folder.
        (self.folder / "3" / "version-2" / "acceptedEpoch.tmp").mkdir()
        self.start(1)
        self.start(2)
        self.assert_ends(node, ABORTED, f"conclave node: {self.folder}/3/version-2/acceptedEpoch.tmp: can't be opened",
                         "Is a directory")
        self.assertEqual((self.folder / "3" / "version-2" / "acceptedEpoch").read_text(encoding="utf-8"), "0")
        last = json.loads(recording.read_text(encoding="utf-8").splitlines()[-1])
        self.assertEqual(last["kind"], "end")
        self.assertIn("acceptedEpoch.tmp: can't be opened", last["why"])

    def test_the_disk_is_full(self):
        def no_byte_more():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        self.assert_ends(self.start(3, preexec_fn=no_byte_more), ABORTED, "currentEpoch.tmp: can't be written",
                         "File too large")

    def test_an_epoch_that_cannot_be_read(self):
        (self.folder / "3" / "version-2").write_text("a file where a folder has to be", encoding="utf-8")
        self.assert_ends(self.start(3), BAD_INPUT, "version-2/acceptedEpoch: can't be read: Not a directory")

    def test_a_torn_epoch(self):
        (self.folder / "3" / "version-2").mkdir()
        (self.folder / "3" / "version-2" / "currentEpoch").write_text("7", encoding="utf-8")
        (self.folder / "3" / "version-2" / "acceptedEpoch").write_text("", encoding="utf-8")
        self.assert_ends(self.start(3), BAD_INPUT, "version-2/acceptedEpoch: found an empty file; expected an epoch")


if __name__ == "__main__":
    unittest.main(verbosity=2)
