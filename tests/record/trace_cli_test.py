#!/usr/bin/env python3
"""`conclave trace` from outside: the shipped recordings, altered ones, wrong input.

usage: trace_cli_test.py PROGRAM [unittest arguments], in the project's folder
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SHIPPED = [f"examples/recordings/{sid}.rec" for sid in (1, 2, 3)]


def trace(*arguments):
    return subprocess.run([PROGRAM, "trace", *arguments], capture_output=True, text=True, timeout=60, check=False)


class Trace(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="conclave-trace-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def altered(self, path, change):
        """A copy of a recording of which `change` has got the lines, as JSON."""
        lines = [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
        change(lines)
        copy = self.folder / pathlib.Path(path).name
        copy.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8")
        return str(copy)

    def test_the_shipped_recordings_are_what_the_model_does(self):
        done = trace(*SHIPPED)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for sentence in ["votes now for server 3", "decides: leads, round 1; {2 3} voted alike",
                         "is established in epoch 2", "joins those that have decided: follows server 2",
                         "gives up its role: the connection to the leader is lost"]:
            self.assertIn(sentence, " ".join(done.stdout.split()))
        self.assertIn("verdict: same - the model takes each of the", done.stdout)

    def test_nobody_hears_what_has_not_been_said_whatever_the_clocks_say(self):
        def an_hour_early(lines):
            for line in lines:
                if line["kind"] == "run":
                    line["time"] = line["time"].replace("T19:", "T18:")
        story = json.loads(trace(self.altered(SHIPPED[0], an_hour_early), *SHIPPED[1:], "--json").stdout)["story"]
        texts = [(line["sid"], line["text"]) for line in story]
        said = next(i for i, (sid, text) in enumerate(texts) if sid == 3 and "looks for a leader" in text)
        heard = next(i for i, (sid, text) in enumerate(texts) if sid == 1 and "hears server 3" in text)
        self.assertLess(said, heard)

    def test_recordings_of_two_ensembles_are_pointed_out(self):
        def of_five(lines):
            members = next(line for line in lines if line["kind"] == "run")["ensemble"]["configurations"][0]["members"]
            members += [{**members[-1], "id": 4}, {**members[-1], "id": 5}]
        self.assertEqual(json.loads(trace(*SHIPPED, "--json").stdout)["notes"], [])
        path = self.altered(SHIPPED[0], of_five)
        note = f"{SHIPPED[1]}:1 is of servers {{1 2 3}}, {path}:1 of servers {{1 2 3 4 5}}: of one ensemble, each?"
        self.assertEqual(json.loads(trace(path, *SHIPPED[1:], "--json").stdout)["notes"], [note])
        self.assertIn(f"note: {note}", trace(path, *SHIPPED[1:]).stdout)

    def test_a_file_twice_and_a_pipe(self):
        done = trace(SHIPPED[0], f"./{SHIPPED[0]}")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn(f"./{SHIPPED[0]}: found the same file twice, also as {SHIPPED[0]}; expected each once",
                      done.stderr)
        fifo = self.folder / "pipe"
        os.mkfifo(fifo)
        done = trace(str(fifo))
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("found a pipe or a device", done.stderr)

    def test_a_decision_for_another_is_noticed(self):
        def follow_two(lines):
            line = next(line for line in lines if any(e["type"] == "decided" for e in line.get("effects", [])))
            next(e for e in line["effects"] if e["type"] == "decided")["leader"] = 2
        path = self.altered(SHIPPED[0], follow_two)
        done = trace(path, "--json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["verdict"]), (1, "differs"))
        self.assertEqual(len(report["differences"]), 1)
        difference = report["differences"][0]
        self.assertEqual((difference["recorded"], difference["model"]), ("2", "3"))
        self.assertIn("leader", difference["field"])
        self.assertGreater(report["files"][0]["not_looked_at"], 0)
        self.assertIn(f"DIFFERS  {path}:{difference['line']}: server 1", trace(path).stdout)

    def test_a_notification_that_nobody_has_sent_is_noticed_between_files(self):
        def of_another_round(lines):
            # One that is thrown away: by itself the file is right.
            line = next(line for line in lines if line["kind"] == "election" and line["event"]["type"] == "received"
                        and "finalizing-discard" in line.get("rules", []))
            line["event"]["round"] += 7
        path = self.altered(SHIPPED[1], of_another_round)
        self.assertEqual(trace(path).returncode, 0)
        done = trace(path, SHIPPED[0], SHIPPED[2], "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["differences"][0]["event"],
                         "a notification that its sender has not sent")

    def test_all_tells_every_line(self):
        told = json.loads(trace(SHIPPED[0], "--all", "--json").stdout)
        steps = [line for line in pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len(told["story"]), len(steps))

    def test_wrong_input(self):
        cut = self.folder / "cut.rec"
        cut.write_bytes(pathlib.Path(SHIPPED[0]).read_bytes()[:5000])
        self.assertEqual(trace(str(cut)).returncode, 0)  # as by a kill
        self.assertIn("was not written to its end, as by a kill", trace(str(cut)).stdout)
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        missing = self.folder / "missing.rec"
        missing.write_text("".join(lines[:3] + lines[4:]), encoding="utf-8")
        empty = self.folder / "empty.rec"
        empty.touch()
        for path, words in [("no-such.rec", "found no such file; expected a recording"),
                            ("examples/five-voters.cfg", ":1: found a text of another kind; expected a recording"),
                            ("examples", "found a folder"),
                            (str(empty), "found an empty file"),
                            (PROGRAM, "found bytes that are no text"),
                            (str(missing), ":4: n: found 4; expected 3")]:
            with self.subTest(path=path):
                done = trace(SHIPPED[0], path)
                self.assertEqual((done.returncode, done.stdout), (4, ""))
                self.assertIn(path, done.stderr)
                self.assertIn(words, done.stderr)
        self.assertEqual(trace().returncode, 5)


if __name__ == "__main__":
    unittest.main()
