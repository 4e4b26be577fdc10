"""`conclave check --checkpoint` and `--resume`: an exploration in pieces is one exploration.

usage: checkpoint_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
FIFO = [THREE, "--network", "fifo:2", "--start", "together", "--crashes", "1", "--rounds", "2"]
LONG = [*FIFO, "--restarts", "1"]
LATEST = ["examples/five-voters.cfg", "--timing", "timely", "--start", "together"]
# Of a document: what says how it was done, not what was found.
HOW = {"seconds", "bytes", "bytes_on_disk", "outputs", "version"}


def limit_files():
    """A bound on the size of files stands for a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def without_how(value):
    if isinstance(value, dict):
        return {key: without_how(inner) for key, inner in value.items() if key not in HOW}
    return [without_how(inner) for inner in value] if isinstance(value, list) else value


class Checkpoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(folder.name, "run.checkpoint")

    def check(self, *arguments, **more):
        return subprocess.run([PROGRAM, "check", *arguments], capture_output=True, text=True, timeout=250, **more)

    def document(self, *arguments):
        ended = self.check(*arguments, "--json")
        self.assertTrue(ended.stdout, ended.stderr)
        return json.loads(ended.stdout)

    def pieces(self, scope, depths, *more):
        """Explores to each depth in turn, from checkpoint to checkpoint, and then to the end."""
        arguments = []
        for depth in depths:
            found = self.document(*scope, "--depth", str(depth), "--checkpoint", self.file, *arguments, *more)
            self.assertIn(found["verdict"], ("bounded", "violated"))  # one of several violations may be behind it
            self.assertEqual([output["kind"] for output in found["outputs"]], ["checkpoint"])
            self.assertIn(f"level {depth},", found["outputs"][0]["what"])
            arguments = ["--resume", self.file]
        return self.document(*scope, *arguments, *more)

    def test_what_is_no_regular_file_stays_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            command = [PROGRAM, "check", THREE, "--depth", "3", "--checkpoint"]
            ended = subprocess.run([*command, pipe], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((ended.returncode, ended.stdout), (5, ""))
            self.assertIn(f"--checkpoint: found {pipe}, which is no regular file; expected one", ended.stderr)
            self.assertTrue(stat.S_ISFIFO(os.stat(pipe).st_mode))
            real, link = os.path.join(folder, "real"), os.path.join(folder, "link")
            with open(real, "wb"):
                pass
            os.symlink(real, link)
            ended = subprocess.run([*command, link], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(ended.returncode, 2)
            self.assertTrue(os.path.islink(link))
            self.assertGreater(os.path.getsize(real), 0)

    def test_in_pieces_it_finds_what_it_finds_at_once(self):
        for scope, states, more in [(FIFO, 20784, []), (FIFO, 20784, ["--threads", "3"]),
                                    (FIFO, 20784, ["--fingerprints"]), (LATEST, 400849, [])]:
            with self.subTest(scope=scope, more=more):
                whole = self.document(*scope, *more)
                self.assertEqual(whole["totals"]["states"], states)
                self.assertEqual(without_how(self.pieces(scope, [3, 9, 14], *more)), without_how(whole))

    def test_a_violation_after_the_checkpoint_is_the_same_run(self):
        scope = [*FIFO, "--property", "single-leading"]
        whole = self.document(*scope)
        self.assertEqual(whole["verdict"], "violated")
        length = whole["runs"][0]["length"]
        self.assertEqual(without_how(self.pieces(scope, [2, length - 1])), without_how(whole))
        several = [*scope, "--counterexamples", "7"]
        whole = self.document(*several)
        self.assertEqual(len(whole["runs"]), 7)
        self.assertEqual(without_how(self.pieces(several, [2, length, length + 1])), without_how(whole))

    def test_what_memory_or_time_ends_goes_on(self):
        whole = self.document(*LONG)
        ended = self.document(*LONG, "--time", "0.5", "--checkpoint", self.file)
        self.assertEqual(ended["verdict"], "bounded")
        self.assertEqual(without_how(self.document(*LONG, "--resume", self.file)), without_how(whole))

    def test_killed_at_any_moment_the_last_checkpoint_is_whole(self):
        whole = self.document(*FIFO)
        for _ in range(3):
            arguments = ["--resume", self.file] if os.path.exists(self.file) else []
            before = os.stat(self.file).st_ino if arguments else None
            process = subprocess.Popen([PROGRAM, "check", *FIFO, *arguments, "--checkpoint", self.file,
                                        "--checkpoint-every", "0.01"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            # Another file is there each time that one is written.
            while process.poll() is None and (not os.path.exists(self.file) or os.stat(self.file).st_ino == before):
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertEqual(without_how(self.document(*FIFO, "--resume", self.file)), without_how(whole))

    def test_a_signal_leaves_one(self):
        process = subprocess.Popen([PROGRAM, "check", *LONG, "--losses", "3", "--checkpoint", self.file],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)  # to have something to keep
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, output)
        self.assertIn(f"written: {self.file}, the checkpoint at level", output)
        more = self.document(*LONG, "--losses", "3", "--resume", self.file, "--time", "1")
        self.assertEqual(more["verdict"], "bounded")

    def refused(self, arguments, *said):
        ended = self.check(*arguments)
        self.assertEqual(ended.returncode, 4, ended.stderr)
        self.assertEqual(ended.stdout, "")
        for part in said:
            self.assertIn(part, ended.stderr)

    def test_what_it_is_not_of_is_refused(self):
        self.document(*FIFO, "--depth", "5", "--checkpoint", self.file)
        self.refused([*FIFO, "--losses", "1", "--resume", self.file], "--resume: ", "a checkpoint of another scope",
                     "0 losses; expected", "1 loss")
        self.refused([*FIFO, "--seed-bug", "zk-1514", "--resume", self.file],
                     "another rules: zookeeper; expected zk-1514")
        self.refused([*FIFO, "--no-reduction", "all", "--resume", self.file], "another reductions")
        self.refused([*FIFO, "--property", "single-leading", "--resume", self.file],
                     "another set of claims: all; expected all and single-leading")
        self.refused([*FIFO, "--fingerprints", "--resume", self.file],
                     "another states kept: whole; expected fingerprints")
        self.refused(["examples/one-server.cfg", *FIFO[1:], "--resume", self.file], "another ensemble")
        with open(self.file, "rb") as source:
            content = source.read()
        # Another build: the file says so itself, and its checksum is right.
        other = content[:-4].replace(b"build ", b"build X", 1)
        with open(self.file, "wb") as out:
            out.write(other + zlib.crc32(other).to_bytes(4, "little"))
        self.refused([*FIFO, "--resume", self.file], "a checkpoint of another program")

    def test_what_is_not_whole_is_refused(self):
        self.document(*FIFO, "--depth", "5", "--checkpoint", self.file)
        with open(self.file, "rb") as source:
            content = source.read()
        places = [0, 10, 100, len(content) // 2, len(content) - 5, len(content) - 1]
        for place in places:
            with self.subTest(cut=place):
                with open(self.file, "wb") as out:
                    out.write(content[:place])
                self.refused([*FIFO, "--resume", self.file], "found no checkpoint" if place < 21 else "is wrong")
            with self.subTest(changed=place):
                with open(self.file, "wb") as out:
                    out.write(content[:place] + bytes([content[place] ^ 1]) + content[place + 1:])
                self.refused([*FIFO, "--resume", self.file], "found no checkpoint" if place < 21 else "is wrong")
        self.refused([*FIFO, "--resume", self.folder + "/none"], "none: No such file")
        self.refused([*FIFO, "--resume", self.folder], "found no checkpoint")
        self.refused([*FIFO, "--resume", THREE], "found no checkpoint; expected one that --checkpoint wrote")

    def test_a_full_disk_leaves_the_last_one(self):
        self.document(*FIFO, "--depth", "3", "--checkpoint", self.file)
        kept = self.file + ".kept"
        shutil.copy(self.file, kept)
        ended = self.check(*FIFO, "--depth", "14", "--checkpoint", self.file, preexec_fn=limit_files)
        self.assertEqual(ended.returncode, 74)
        self.assertIn(f"NOT WRITTEN: {self.file}: File too large", ended.stdout)
        with open(self.file, "rb") as left, open(kept, "rb") as right:
            self.assertEqual(left.read(), right.read())
        self.assertEqual(sorted(os.listdir(self.folder)), ["run.checkpoint", "run.checkpoint.kept"])

    def test_wrong_use(self):
        for arguments, wrong in [
                ([*FIFO, "--checkpoint", "/nowhere/x"], "--checkpoint: can't write /nowhere/x: No such file"),
                ([*FIFO, "--checkpoint-every", "3"], "--checkpoint-every requires --checkpoint"),
                ([*FIFO, "--checkpoint", self.file, "--bitstate", "1M"], "--checkpoint: found it with --bitstate"),
                ([*FIFO, "--resume", self.file, "--bitstate", "1M"], "--resume: found it with --bitstate"),
                (["examples/three-groups.cfg", "--starts", "4", "--checkpoint", self.file],
                 "--checkpoint: found 13 histories")]:
            with self.subTest(arguments=arguments):
                ended = self.check(*arguments)
                self.assertEqual(ended.returncode, 5)
                self.assertEqual(ended.stdout, "")
                self.assertIn(f"conclave: {wrong}", ended.stderr)


if __name__ == "__main__":
    unittest.main()
