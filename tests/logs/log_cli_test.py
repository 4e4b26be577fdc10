#!/usr/bin/env python3
"""`conclave trace` of logs from outside: the shipped ones, altered ones, wrong input.

usage: log_cli_test.py PROGRAM [unittest arguments], in the project's folder
"""
import gzip
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SHIPPED = [f"examples/logs/{sid}.log" for sid in (1, 2, 3)]
# Their quorum ports, as far as the logs show them, and their election ports; all of 127.0.0.1.
PORTS = {1: (2888, 39595), 2: (43383, 37215), 3: (41205, 40457)}
OTHERS = "server.4=127.0.0.1:1:2\nserver.5=127.0.0.1:3:4\n"


def zoo_cfg(hosts=None, ports=None, roles=None):
    """Of the shipped logs' servers, but for what is given by id."""
    hosts, ports, roles = hosts or {}, {**PORTS, **(ports or {})}, roles or {}
    return "dataDir=/var\nclientPort=2181\n" + "".join(
        f"server.{sid}={hosts.get(sid, '127.0.0.1')}:{quorum}:{election}{roles.get(sid, '')}\n"
        for sid, (quorum, election) in sorted(ports.items()))


def trace(*arguments):
    return subprocess.run([PROGRAM, "trace", *arguments], capture_output=True, text=True, timeout=60, check=False)


class Logs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="conclave-logs-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_the_shipped_logs_are_what_the_model_does(self):
        done = trace(*SHIPPED)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for sentence in ["ZooKeeper 3.8.0", "server 3 elected, round 1; followed by {1 2}", "is established in epoch 1",
                         "server 2 elected, round 2", "ASSUMED", "accounted for (100.0 %), 0 unknown",
                         "joined those that had decided", "verdict: same"]:
            self.assertIn(sentence, " ".join(done.stdout.split()))

    def test_each_by_itself(self):
        for path in SHIPPED:
            with self.subTest(path=path):
                report = json.loads(trace(path, "--json").stdout)
                self.assertEqual((report["verdict"], report["notifications"]["unknown"]), ("same", 0))
                self.assertTrue(report["voters_assumed"])
                self.assertEqual(report["voters"], [1, 2, 3])

    def test_rotated_and_packed_files(self):
        paths = []
        for path in SHIPPED:
            lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
            half = len(lines) // 2
            name = pathlib.Path(path).name
            paths.append(self.write(name, "".join(lines[half:])))
            with gzip.open(self.folder / f"{name}.1.gz", "wt", encoding="utf-8") as packed:
                packed.writelines(lines[:half])
            paths.append(str(self.folder / f"{name}.1.gz"))
        report = json.loads(trace(*paths, "--json").stdout)
        self.assertEqual((report["verdict"], report["notifications"]["unknown"]), ("same", 0))
        self.assertEqual(len(report["elections"]), 2)
        cut = self.folder / "cut.gz"
        cut.write_bytes(pathlib.Path(paths[1]).read_bytes()[:-100])
        done = trace(str(cut))
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("found a gzip file that ends too early, with byte ", done.stderr)

    def test_gzip_files_that_are_not_whole(self):
        text = pathlib.Path(SHIPPED[0]).read_bytes()
        packed = gzip.compress(text)
        middle = packed[:3000] + bytes(byte ^ 0x55 for byte in packed[3000:3100]) + packed[3100:]
        for name, content, words in [
                ("head.gz", b"\x1f\x8b" + b"\xf5\x8f" * 50, "damaged gzip file, at byte 5: unknown compression method"),
                ("short.gz", packed[:2], "gzip file that ends too early, with byte 2"),
                ("middle.gz", middle, r"damaged gzip file, at byte 3\d\d\d: "),
                ("sum.gz", packed[:-8] + bytes(8), "damaged gzip file, at byte .*: incorrect data check"),
                ("behind.gz", packed + b"junk", f"other bytes behind its gzip data, from byte {len(packed) + 1} on"),
                ("late.gz", packed + bytes(300_000) + b"junk", f"other bytes behind .* {len(packed) + 1} on"),
                ("two.gz", packed + packed[:50], f"gzip file that ends too early, with byte {len(packed) + 50}")]:
            with self.subTest(name=name):
                path = self.folder / name
                path.write_bytes(content)
                for paths in ([str(path)], [*SHIPPED[1:], str(path)]):
                    done = trace(*paths)
                    self.assertEqual((done.returncode, done.stdout), (4, ""))
                    self.assertRegex(done.stderr, f"^{path}: found (a )?{words}.*; expected the log of a ZooKeeper "
                                                  "server, whole, packed by gzip or not\n$")
        for name, content in [("zeros.gz", packed + bytes(300_000)), ("empty.gz", gzip.compress(b"") + packed),
                              ("several.gz", b"".join(gzip.compress(text[at:at + 999])
                                                      for at in range(0, len(text), 999)))]:
            with self.subTest(name=name):
                path = self.folder / name
                path.write_bytes(content)
                told, alone = trace(str(path)).stdout, trace(SHIPPED[0]).stdout
                self.assertEqual(told.replace(str(path), "LOG").split(), alone.replace(SHIPPED[0], "LOG").split())

    def test_files_with_lines_in_common(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        alone = json.loads(trace(*SHIPPED, "--json").stdout)
        parts = {"head": lines[:150], "tail": lines[90:], "middle": lines[80:160], "copy": lines}
        paths = {name: self.write(f"{name}.log", "".join(part)) for name, part in parts.items()}
        for names in (["head", "tail"], ["tail", "head"], ["copy", "middle"], ["middle", "tail", "head"],
                      ["head", "copy", "tail"]):
            with self.subTest(names=names):
                done = trace(*(paths[name] for name in names), *SHIPPED[1:], "--json")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                report = json.loads(done.stdout)
                self.assertEqual(report["notifications"], alone["notifications"])
                self.assertEqual([election["leader"] for election in report["elections"]], [3, 2])
                self.assertGreater(sum(file["repeated"] for file in report["files"]), 0)
        told = trace(paths["copy"], *SHIPPED)
        self.assertEqual(told.returncode, 0)
        self.assertRegex(told.stdout, r"note: \d+ lines of elections are in another file too, and count once")

    def test_a_part_without_a_word_of_an_election(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        begins = next(i for i, line in enumerate(lines) if "LOOKING" in line)
        parts = [self.write("1.log.1", "".join(lines[:begins])), self.write("1.log", "".join(lines[begins:]))]
        done = trace(*parts, *SHIPPED[1:])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("1.log.1\n  67 lines, 67 messages\n  note: no word of an election\n", done.stdout)
        self.assertIn("37 accounted for", done.stdout)
        hello = "2026-11-29 19:09:20,123 - INFO  [main:Other@1] - Hello\n"
        for text in (hello, ""):
            other = self.write("other.log", text)
            for paths in ([*SHIPPED, other], [other, *SHIPPED]):
                done = trace(*paths)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout.count("note: no word of an election"), 1)
        done = trace(other, "examples/recordings/1.rec")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("other.log: found an empty file; expected a recording of", done.stderr)

    def test_files_that_contradict_each_other(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if "n.sid:1, n.state:LOOKING, n.leader:3" in line)
        lines[place] = lines[place].replace("n.leader:3", "n.leader:2")
        path = self.write("1.log", "".join(lines))
        done = trace(SHIPPED[0], path)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(done.stderr, f"{path}:{place + 1}: found another line of server 1 than {SHIPPED[0]} has of "
                                      f"that time, at line {place + 1}; expected the same lines where two files of a "
                                      "server are of the same time\n")

    def test_one_stream_of_all(self):
        shipped = [pathlib.Path(path).read_text(encoding="utf-8").splitlines(keepends=True) for path in SHIPPED]
        lines = [line for one in shipped for line in one if line[:4].isdigit()]
        stream = self.write("all.log", "".join(sorted(lines, key=lambda line: line[:23])))
        done = trace(stream)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("37 notifications heard; 37 accounted for", done.stdout)
        # As a container engine shows it, of servers that do not log their ids.
        named = [(f"zoo{sid}  | ", line) for sid, one in enumerate(shipped, 1) for line in one if line[:4].isdigit()]
        named.sort(key=lambda pair: pair[1][:23])
        lines = [prefix + re.sub(r" \[myid:\d*\] - (\w+ +)\[.*?@\d+\] -", r" - \1-", line) for prefix, line in named]
        self.assertNotIn("myid:", "".join(lines))
        done = trace(self.write("compose.log", "".join(lines)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("37 notifications heard; 37 accounted for", done.stdout)

    # A layout that does not name the server.
    @staticmethod
    def without_ids(line):
        return re.sub(r" \[myid:\d*\] - (\w+ +)\[.*?@\d+\] -", r" - \1-", line)

    def stream(self, name, prefix, text=lambda line: line):
        """All of them in one file, by time; `prefix(sid, n, line)` stands before what the n-th process of one logs."""
        lines = []
        for sid, path in enumerate(SHIPPED, 1):
            starts = 0
            for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines(keepends=True):
                starts += "Starting quorum peer" in line
                if line[:4].isdigit():
                    lines.append((line[:23], prefix(sid, max(starts, 1), line) + text(line)))
        return self.write(name, "".join(line for _, line in sorted(lines, key=lambda pair: pair[0])))

    def test_streams_with_times_before_the_names(self):
        for name, prefix in {
                "compose.log": lambda sid, n, line: f"zoo{sid}-1  | {line[:10]}T{line[11:19]}.{line[20:23]}000000Z ",
                "journal.log": lambda sid, n, line: f"Nov 29 {line[11:19]} host zookeeper[{10 * sid + n}]: ",
                "syslog.log": lambda sid, n, line: f"{line[:10]}T{line[11:19]}.{line[20:23]}+00:00 host{sid} zk[{n}]: ",
        }.items():
            with self.subTest(name=name):
                done = trace(self.stream(name, prefix, self.without_ids))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("37 notifications heard; 37 accounted for", done.stdout)

    def test_files_of_container_engines(self):
        def json_line(line):
            return json.dumps({"log": line, "stream": "stdout", "time": "2026-11-29T19:09:20.123456789Z"}) + "\n"
        wrapped = {
            "zeros": lambda text: "\0" * 100_000 + text,
            "colours": lambda text: re.sub("(?m)^", "\x1b[36mzoo-1 | \x1b[0m", text),
            "cri": lambda text: re.sub(r"(?m)^(\S+) (\d\d:\d\d:\d\d),", r"\1T\2.123456789Z stdout F \1 \2,", text),
            "docker": lambda text: "".join(json_line(line) for line in text.splitlines(keepends=True)),
        }
        for name, wrap in wrapped.items():
            with self.subTest(name=name):
                paths = [self.write(f"{name}{sid}.log", wrap(pathlib.Path(path).read_text(encoding="utf-8")))
                         for sid, path in enumerate(SHIPPED)]
                done = trace(*paths)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("37 notifications heard; 37 accounted for", done.stdout)

    def test_lines_that_are_nobodys(self):
        # Debian's layout: threads name the server, but for the first ones of a process.
        def debian(line):
            return re.sub(r" \[myid:\d*\] -", " -", line)

        def nothing(sid, n, line):
            del sid, n, line
            return ""
        done = trace(self.stream("debian.log", nothing, debian), "--json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["verdict"], report["notifications"]["unknown"]), (0, "same", 0))
        self.assertGreater(report["files"][0]["nobodys"], 0)
        # Before 3.5 the line of the start has no number.
        path = self.stream("old.log", nothing, lambda line: re.sub(", myid=.$", "", debian(line)))
        done = trace(path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"note: of \d+ lines of elections it can't be told whose they are")
        self.assertRegex(done.stdout, r"(?s)UNKNOWN  .*unknown, as lines of its own may be among those that are nobody")
        self.assertNotIn("NEVER heard", trace(self.stream("no.log", nothing, self.without_ids)).stdout)
        self.assertNotIn("DIVERGES", done.stdout)
        report = json.loads(trace(path, "--json").stdout)
        self.assertEqual((report["verdict"], report["divergences"]), ("same", []))
        self.assertGreater(len(report["unknown_places"]), 0)

    def test_clocks_that_differ(self):
        text = pathlib.Path(SHIPPED[1]).read_text(encoding="utf-8")
        zone = self.write("2.log", re.sub(r"(?m)^(\S+) 19:", r"\1 21:", text))
        done = trace(SHIPPED[0], zone, SHIPPED[2])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        told = " ".join(done.stdout.split())
        self.assertRegex(told, r"note: server 2's clock is 7200.0 s ahead of server 1's, give or take \d+ ms, as \d+ "
                               r"votes show; its times below are by server 1's clock")
        self.assertIn("37 accounted for (100.0 %), 0 unknown; 25 of them by others, found as said", told)
        wrong = self.write("wrong.log", re.sub(r"(n\.sid:1, n\.state:LOOKING, n\.leader:)1", r"\g<1>3",
                                               re.sub(r"(?m)^(\S+) 19:", r"\1 21:", text)))
        self.assertEqual(trace(SHIPPED[0], wrong, SHIPPED[2]).returncode, 1)
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        apart = self.write("1.log", "".join(lines[:100]))
        other = self.write("2.log", "".join(line for line in text.splitlines(keepends=True) if " 19:09:22" < line[10:]))
        told = trace(apart, other)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn("have no time in common", " ".join(told.stdout.split()))

    def test_a_clock_that_is_off_changes_no_order(self):
        text = pathlib.Path(SHIPPED[2]).read_text(encoding="utf-8")
        right = [self.write("3.log", text), self.write("right.html", "")]
        off = [self.write("off.log", re.sub(r"(?m)^(\S+) 19:", r"\1 21:", text)), self.write("off.html", "")]

        def told(log, page, *arguments):
            done = trace(*SHIPPED[:2], log, "--html", page, *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return done.stdout.replace(log, "3.log")
        stories = [told(*paths, "--all").partition("\nelections, ")[2].partition("\n") for paths in (right, off)]
        self.assertEqual([head for head, _, _ in stories],
                         ["2026-11-29 by the logs' clocks", "2026-11-29 by the logs' clocks, put right as noted above"])
        self.assertIn("19:09:21.331  server 3: round 1", stories[1][2])
        self.assertEqual(stories[0][2], stories[1][2].replace(", put right as noted above", ""))
        pages = [pathlib.Path(page).read_text(encoding="utf-8").replace(log, "3.log") for log, page in (right, off)]
        self.assertIn("server 3&#39;s clock is 7200.0 s ahead of server 1&#39;s", pages[1])
        self.assertEqual(*(re.findall("(?s)<svg.*</svg>", page) for page in pages))
        report = json.loads(told(*off, "--json"))
        self.assertEqual([(clock["sid"], clock["with"], clock["ahead_ms"], clock["against"])
                          for clock in report["clocks"]], [(3, 1, 7_200_000, 0)])
        self.assertLess(report["clocks"][0]["give_or_take_ms"], 500)
        servers = report["elections"][0]["servers"]
        self.assertEqual([server["sid"] for server in servers], [3, 2, 1])
        self.assertEqual([server["began"].get("own_time") for server in servers],
                         ["2026-11-29T21:09:21.331", None, None])
        self.assertEqual(servers[0]["began"]["time"], "2026-11-29T19:09:21.331")

    def test_what_a_log_says_is_shown_as_text(self):
        text = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").encode()
        evil = text.replace(b"/127.0.0.1:37215", b"\x07\xff\xc2\x9b/127.0.0.1:37215\x7f")
        self.assertNotEqual(text, evil)
        path = self.folder / "1.log"
        path.write_bytes(evil)
        for arguments in ([], ["--all"], ["--json"]):
            done = subprocess.run([PROGRAM, "trace", str(path), *arguments], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0)
            done.stdout.decode("utf-8")
            self.assertFalse(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", done.stdout))
        done = trace(str(path))
        self.assertIn(r"\x07\xff\xc2\x9b/127.0.0.1:37215\x7f", done.stdout)

    def test_why_this_leader_names_who_was_absent(self):
        told = " ".join(trace(*SHIPPED).stdout.split())
        self.assertIn("as up to date as server 2 (epoch 0, zxid 0x0), and its id is larger 19:09", told)
        self.assertIn("zxid 0x100000002), and its id is larger; of {3} nothing was heard then", told)

    def test_a_server_that_is_started_again_as_another_release(self):
        text = pathlib.Path(SHIPPED[2]).read_text(encoding="utf-8")
        done = trace(*SHIPPED[:2], self.write("3.log", text.replace("version=3.8.0", "version=3.4.14", 1)))
        self.assertIn("server 3 ZooKeeper 3.4.14, then 3.8.0; 2 starts", " ".join(done.stdout.split()))

    def test_times_have_no_zone(self):
        report = json.loads(trace(*SHIPPED, "--json").stdout)
        self.assertEqual(report["elections"][0]["servers"][0]["began"]["time"], "2026-11-29T19:09:21.331")

    def test_a_line_that_is_not_understood_makes_no_divergence(self):
        text = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8")
        cut = self.write("1.log", text.replace("My id = 1, proposed zxid=0x0", "My id = 1, pro", 1))
        done = trace(cut, *SHIPPED[1:])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("note: not understood, though of elections: line ", done.stdout)
        self.assertIn(f"UNKNOWN  {cut}:", done.stdout)
        self.assertNotIn("DIVERGES", done.stdout)

    def test_a_word_with_bytes_that_are_no_text_makes_no_divergence(self):
        text = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8")
        for words, damaged in [("] - LOOKING\n", "] - LOO{}KING\n"), ("] - LOOKING\n", "] - LOO{}ING\n"),
                               ("] - FOLLOWING\n", "] - FOL{}OWING\n"), ("- New election", "- New {}lection"),
                               ("- Notification: my state:LOOKING", "- Notification: my state:LOO{}KING"),
                               ("- Notification:", "- Notificat{}on:"), ("changed: following", "changed: foll{}wing")]:
            self.assertIn(words, text)
            for damage in ("\x01", "\x7f\x1b", "\ufffd\ufffd"):
                with self.subTest(damaged=damaged, damage=damage):
                    path = self.write("1.log", text.replace(words, damaged.format(damage), 1))
                    done = trace(path, *SHIPPED[1:])
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn("note: not understood, though of elections: line ", done.stdout)
                    self.assertNotIn("DIVERGES", done.stdout)

    def test_who_has_led_answers_itself_with_its_epoch(self):
        # Of a real server: it leads epoch 1, looks again, follows, and answers its question with its vote of before.
        done = trace("tests/logs/answers_itself.log")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("12 accounted for (100.0 %), 0 unknown", done.stdout)

    def test_what_is_guessed_of_one_server_is_no_evidence_against_another(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        self.assertIn("n.round:0x1", lines[89])
        lines[89] = lines[89].replace("n.round:0x1", "n.round:0xzz")
        done = trace(self.write("1.log", "".join(lines)), *SHIPPED[1:])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("UNKNOWN  ", done.stdout)
        self.assertNotIn("DIVERGES", done.stdout)

    def test_who_never_connected(self):
        told = " ".join(trace(*SHIPPED).stdout.split())
        self.assertIn("every voter was heard by every server", told)
        five = self.write("five.cfg", zoo_cfg() + OTHERS)
        told = " ".join(trace(*SHIPPED, "--config", five).stdout.split())
        self.assertIn("server 1 NEVER heard server 4", told)
        report = json.loads(trace(*SHIPPED, "--config", five, "--json").stdout)
        self.assertEqual({one["with"] for one in report["connections"] if one["never_heard"]}, {4, 5})

    def test_what_no_log_shows_is_not_said_of_a_connection(self):
        texts = [pathlib.Path(path).read_text(encoding="utf-8") for path in SHIPPED]
        head = self.write("head.log", texts[0][:texts[0].index("New election")])
        deaf = self.write("deaf.log", re.sub("(?m)^.*n.sid:2,.*\n", "", texts[0]))
        day_later = self.write("2.log", texts[1].replace("2026-11-29", "2026-11-30"))
        for paths, others in [([head, *SHIPPED[1:]], "{2 3}"), ([deaf, day_later], "{2}")]:
            with self.subTest(paths=paths):
                told = " ".join(trace(*paths).stdout.split())
                self.assertNotIn("NEVER heard", told)
                self.assertNotIn("every voter was heard", told)
                self.assertIn(f"server 1 did not hear {others}, but no log shows that it would have", told)
                report = json.loads(trace(*paths, "--json").stdout)
                self.assertFalse(any(one["never_heard"] for one in report["connections"]))
        for others in ([], [SHIPPED[1]]):
            self.assertIn("and NEVER heard it", " ".join(trace(deaf, *others).stdout.split()))

    def test_why_so_long(self):
        # The others began a second later.
        def later(found):
            return f"19:09:{int(found[1]) + (1 if int(found[1]) > 20 else 0):02}"
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        begins = next(i for i, line in enumerate(lines) if "New election." in line)
        lines[begins + 1:] = [re.sub(r"19:09:(\d\d)", later, line) for line in lines[begins + 1:]]
        told = " ".join(trace(self.write("1.log", "".join(lines))).stdout.split())
        self.assertRegex(told, r"why so long: it heard server 2 after 1\d{3} ms, server 3 after 1\d{3} ms, not before")

    def test_the_order_of_files_does_not_matter(self):
        self.assertEqual(json.loads(trace(*SHIPPED, "--json").stdout)["elections"],
                         json.loads(trace(*SHIPPED[::-1], "--json").stdout)["elections"])

    def test_all_tells_the_steps(self):
        told = " ".join(trace(*SHIPPED, "--all").stdout.split())
        for sentence in ["story, ", "server 1 looks for a leader, round 1; votes for server 1",
                         "agree on server 3: waits 200 ms for something better", "decides: leads, round 1",
                         "gives up its role: Exception when following the leader"]:
            self.assertIn(sentence, told)

    def test_a_configuration_says_who_votes(self):
        done = trace(*SHIPPED, "--config", self.write("zoo.cfg", zoo_cfg()))
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("ASSUMED", done.stdout)
        self.assertNotIn("NOT AS CONFIGURED", done.stdout)
        # Two of five are no quorum.
        five = self.write("five.cfg", zoo_cfg() + OTHERS)
        done = trace(*SHIPPED, "--config", five)
        self.assertEqual(done.returncode, 1)
        self.assertIn("DIVERGES", done.stdout)
        without = self.write("without.cfg", "dataDir=/var\nclientPort=2181\nserver.1=a:1:2\nserver.2=b:1:2\n")
        done = trace(*SHIPPED, "--config", without)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("found no server 3", done.stderr)

    def refused(self, cfg, *paths):
        """Of a configuration: the error, one line."""
        path = self.write("zoo.cfg", cfg)
        done = trace(*(paths or SHIPPED), "--config", path)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        return done.stderr.replace(path, "zoo.cfg")

    def notes(self, cfg, *paths, status=0):
        """Of a configuration: (whose, its line, what the logs say, what it says) for each place."""
        path = self.write("zoo.cfg", cfg)
        done = trace(*(paths or SHIPPED), "--config", path, "--json")
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        told = trace(*(paths or SHIPPED), "--config", path).stdout
        report = json.loads(done.stdout)["not_as_configured"]
        self.assertEqual(told.count("note: NOT AS CONFIGURED: "), len(report))
        for note in report:
            for words in [note["logged"], f"({note['file']}:{note['line']}", note["configured"]]:
                self.assertIn(words, " ".join(told.split()))
        return [(note["sid"], note["config_line"], note["logged"], note["configured"]) for note in report]

    def test_a_configuration_of_other_servers_is_refused(self):
        self.assertEqual(self.refused(zoo_cfg(ports={1: (2888, 3888), 2: (2889, 3889), 3: (2890, 3890)})),
                         "zoo.cfg:3: server.1: found its election port at 127.0.0.1:3888; expected /127.0.0.1:39595, "
                         "as in examples/logs/1.log:70; 5 addresses in the logs, and none is this file's\n")
        self.assertIn("found its election port at 10.0.0.1:39595; expected /127.0.0.1:39595, as in ",
                      self.refused(zoo_cfg(hosts={1: "10.0.0.1", 2: "10.0.0.2", 3: "[::1]"})))
        # Ids: the own one is there, and nobody else.
        others = "dataDir=/var\nclientPort=2181\nserver.1=127.0.0.1:2888:39595\nserver.12=b:1:2\n"
        self.assertEqual(
            self.refused(others, SHIPPED[0]),
            "zoo.cfg: found servers {1 12}; expected those of which the logs speak, {2 3}, as in "
            "examples/logs/1.log:71\n")

    def test_a_configuration_that_fits_in_part_is_noted(self):
        self.assertEqual(self.notes(zoo_cfg(ports={2: (43383, 3888)})),
                         [(2, 4, "server 2's election port is at /127.0.0.1:37215", "it is at 127.0.0.1:3888")])
        self.assertEqual(self.notes(zoo_cfg(ports={2: (2889, 37215)})),
                         [(None, None, "a leader's quorum port is at /127.0.0.1:43383",
                           "nobody's quorum port is there")])
        self.assertEqual([note[0] for note in self.notes(zoo_cfg(ports={2: PORTS[3], 3: PORTS[2]}), status=1)], [2, 3])
        self.assertEqual([note[0] for note in self.notes(zoo_cfg(hosts={3: "10.0.0.3"}))], [None, 3])
        two = "dataDir=/var\nclientPort=2181\nserver.1=127.0.0.1:2888:39595\nserver.2=127.0.0.1:43383:37215\n"
        self.assertIn((3, None, "server 3 takes part", "there is no server 3"), self.notes(two, SHIPPED[0], status=1))
        self.assertIn((3, 5, "server 3 votes", "it observes"), self.notes(zoo_cfg(roles={3: ":observer"}), status=1))
        self.assertIn((1, 3, "server 1 votes", "it observes"),
                      self.notes(zoo_cfg(roles={1: ":observer"}), SHIPPED[0], status=1))

    def test_what_can_not_be_compared_is_no_difference(self):
        for hosts in [{1: "zoo1", 2: "zoo2", 3: "zoo3"}, {1: "0.0.0.0"}, {2: "10.0.0.2|127.0.0.1"}]:
            with self.subTest(hosts=hosts):
                cfg = zoo_cfg(hosts=hosts).replace("10.0.0.2|127.0.0.1:43383:37215",
                                                   "10.0.0.2:1:2|127.0.0.1:43383:37215")
                self.assertEqual(self.notes(cfg), [])

    def test_a_changed_vote_is_noticed(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if "n.sid:1, n.state:LOOKING, n.leader:3" in line)
        lines[place] = lines[place].replace("n.leader:3", "n.leader:2")
        path = self.write("1.log", "".join(lines))
        done = trace(path, *SHIPPED[1:])
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"DIVERGES  {path}:{place + 1}: server 1 hears itself", done.stdout)

    def test_a_vote_that_nobody_sent_is_noticed_between_files(self):
        # By itself the log is right: a vote that is thrown away.
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if "my state:FOLLOWING; n.sid:3, n.state:LOOKING" in line)
        lines[place] = lines[place].replace("n.round:0x1", "n.round:0x7")
        path = self.write("1.log", "".join(lines))
        self.assertEqual(trace(path).returncode, 0)
        done = trace(path, *SHIPPED[1:])
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"DIVERGES  {path}:{place + 1}: server 1 hears what server 3 has not said", done.stdout)
        report = json.loads(trace(path, *SHIPPED[1:], "--json").stdout)
        self.assertEqual([server["unknown"] for server in report["servers"]], [1, 0, 0])
        self.assertEqual(report["notifications"], {"heard": 37, "accounted": 36, "unknown": 1})

    def test_what_can_not_be_judged_is_unknown(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        heard = [line for line in lines if "Notification: " in line]
        done = trace(self.write("1.log", "".join(heard)))
        self.assertEqual(done.returncode, 2)
        self.assertIn("verdict: unknown", done.stdout)

    def test_a_part_that_shows_no_election_is_unknown(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        begins = [i for i, line in enumerate(lines) if "New election" in line]
        role = next(i for i, line in enumerate(lines) if "] - FOLLOWING" in line)
        for name, part in {"from a role to an election": lines[role - 1:begins[1] + 1],
                           "and one vote of its own": lines[role - 1:begins[1] + 12],
                           "to the first election": lines[:begins[0] + 1],
                           "not so far": lines[:begins[0]],
                           "nobody else": [line for line in lines if not re.search("sid:[23]|channel|smaller", line)],
                           }.items():
            with self.subTest(name):
                done = trace(self.write("1.log", "".join(part)))
                self.assertEqual((done.returncode, done.stderr), (2, ""))
                for words in ["voters {1}; ASSUMED", "  no log names another voter\n",
                              "verdict: unknown - nothing in these logs could be judged"]:
                    self.assertIn(words, done.stdout)
                self.assertNotIn("DIVERGES", done.stdout)

    def test_an_election_as_a_page(self):
        page = self.folder / "run.html"
        self.assertEqual(trace(*SHIPPED, "--html", str(page)).returncode, 0)
        last = page.read_text(encoding="utf-8")
        for words in ["Server 2 is elected at 19:09:22.905", "The model explains all of it", "2 hears 1: votes 1 (r2)",
                      "examples/logs/3.log:212", "joins those that have decided"]:
            self.assertIn(words, last)
        self.assertNotIn("DIVERGES", last)
        # What is heard has an arrow from where it was said; two servers had decided already.
        self.assertEqual((last.count('<line class="arrow"'), last.count('<line class="arrow settled"')), (5, 2))
        self.assertEqual(trace(*SHIPPED, "--html", str(page), "--election", "1").returncode, 0)
        self.assertIn("Server 3 is elected at 19:09:21.792", page.read_text(encoding="utf-8"))

    def test_the_page_shows_a_divergence(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if "n.sid:1, n.state:LOOKING, n.leader:3" in line)
        lines[place] = lines[place].replace("n.leader:3", "n.leader:2")
        page = self.folder / "run.html"
        done = trace(self.write("1.log", "".join(lines)), *SHIPPED[1:], "--html", str(page))
        self.assertEqual(done.returncode, 1)
        text = page.read_text(encoding="utf-8")
        self.assertIn("Server 3 is elected", text)
        self.assertIn("1 DIVERGES", text)

    def test_a_log_that_was_cut_is_no_divergence(self):
        for number, name in enumerate(SHIPPED):
            lines = pathlib.Path(name).read_text(encoding="utf-8").splitlines(keepends=True)
            others = SHIPPED[:number] + SHIPPED[number + 1:]
            for place in range(60, len(lines), 10):
                for part in (lines[:place], lines[place:]):
                    done = trace(self.write("cut.log", "".join(part)), *others)
                    self.assertNotEqual(done.returncode, 1, f"{name}, cut at line {place}:\n{done.stdout}")

    def test_a_page_never_takes_a_logs_place(self):
        log = self.write("1.log", pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8"))
        before = pathlib.Path(log).read_text(encoding="utf-8")
        done = trace(log, *SHIPPED[1:], "--html", log)
        self.assertEqual((done.returncode, done.stdout), (5, ""))
        self.assertIn("which is one of the logs; expected another file", done.stderr)
        self.assertEqual(pathlib.Path(log).read_text(encoding="utf-8"), before)

    def test_pages_that_can_not_be(self):
        page = str(self.folder / "run.html")
        for arguments, words in [
                ([*SHIPPED, "--html", page, "--election", "3"], "--election: found 3; expected 1 to 2"),
                ([*SHIPPED, "--election", "1"], "--html"),
                ([*SHIPPED, "--html", "/no/such/folder/run.html"], "can't write /no/such/folder/run.html"),
                (["examples/recordings/1.rec", "--html", page], "--html: found recordings; expected logs")]:
            with self.subTest(arguments=arguments):
                done = trace(*arguments)
                self.assertEqual((done.returncode, done.stdout), (5, ""))
                self.assertIn(words, done.stderr)
                self.assertFalse(os.path.exists(page))

    def test_a_page_on_a_full_disk_leaves_the_report(self):
        page = self.folder / "run.html"
        page.write_text("an older one", encoding="utf-8")
        done = subprocess.run([PROGRAM, "trace", *SHIPPED, "--html", str(page)], capture_output=True, text=True,
                              check=False, restore_signals=False, timeout=60,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
        self.assertEqual((done.returncode, done.stderr), (74, f"conclave: can't write {page}: File too large\n"))
        self.assertEqual(done.stdout, trace(*SHIPPED).stdout)
        self.assertEqual(page.read_text(encoding="utf-8"), "an older one")

    def test_no_page_without_an_election_that_ended(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        ends = next(i for i, line in enumerate(lines) if "Peer state changed: following" in line)
        path = self.write("1.log", "".join(lines[:ends - 4]))
        self.assertIn("without an end in the logs", trace(path).stdout)
        page = self.folder / "run.html"
        for arguments in ([], ["--election", "1"]):
            done = trace(path, "--html", str(page), *arguments)
            self.assertEqual((done.returncode, done.stdout), (5, ""))
            self.assertEqual(done.stderr, "conclave: --html: found no election that ended in this log; expected one to "
                                          "draw; without --html those without an end are told\n")
            self.assertFalse(page.exists())

    def test_one_of_a_kind(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        one = self.write("one.log", next(line for line in lines if "LOOKING" in line))
        self.assertIn("one.log\n  1 line, 1 message\nserver 1  its release is not named; no start, ", trace(one).stdout)
        begins = next(i for i, line in enumerate(lines) if "New election" in line)
        two = self.write("two.log", "".join(lines[begins - 1:begins + 1]))
        self.assertIn("note: 1 line of elections is in another file too, and counts once", trace(one, two).stdout)

    def test_numbers_of_elections(self):
        for number in ("0", "-1", "1x", "1.5", "9" * 30):
            with self.subTest(number=number):
                done = trace(*SHIPPED, "--html", str(self.folder / "run.html"), f"--election={number}")
                self.assertEqual((done.returncode, done.stdout), (5, ""))
                self.assertEqual(done.stderr.splitlines()[0], f"conclave: --election: found '{number}'; expected the "
                                 "number of an election, from 1 on, as the report has it")

    def test_a_log_that_goes_back_in_time_makes_no_divergence(self):
        lines = pathlib.Path(SHIPPED[0]).read_text(encoding="utf-8").splitlines(keepends=True)
        dated = [line for line in lines if line[:4] == "2026"]
        second = next(i for i, line in enumerate(dated) if "PeerState set to LOOKING" in line)
        for name, parts in {"backwards": dated[::-1], "new before old": dated[second:] + dated[:second],
                            "a third": dated[60:90] + dated[:60] + dated[90:]}.items():
            with self.subTest(name):
                path = self.write("1.log", "".join(parts))
                done = trace(path, *SHIPPED[1:])
                self.assertIn(done.returncode, (0, 2))
                self.assertEqual(done.stderr, "")
                self.assertIn(f"note: server 1's log goes back in time at {path}:", done.stdout)
                self.assertNotIn("DIVERGES", done.stdout)
                report = json.loads(trace(path, *SHIPPED[1:], "--json").stdout)
                self.assertEqual([server["goes_back"] is None for server in report["servers"]], [False, True, True])

    def test_wrong_input(self):
        empty = self.write("empty.log", "")
        other = self.write("other.log", "2026-01-31 12:00:00,123 - INFO  [main:Other@1] - Hello\n")
        packed = self.folder / "1.rec.gz"
        packed.write_bytes(gzip.compress(pathlib.Path("examples/recordings/1.rec").read_bytes()))
        nobody = self.write("nobody.log", "2026-01-31 12:00:00,123 - INFO  [main:QuorumPeer@1] - LOOKING\n")
        for paths, words in [
                ([SHIPPED[0], "examples/recordings/1.rec"], "1.rec: found a recording; expected a server's log, as "),
                (["examples/recordings/1.rec", SHIPPED[0]], "1.log: found a server's log; expected a recording, as "),
                ([SHIPPED[0], "README.md"], "README.md:1: found a text of another kind; expected a recording of "
                                            "`conclave node --record`, or the log of a ZooKeeper server"),
                ([empty], "found an empty file"),
                ([other], "found a log without a word of an election"),
                ([nobody], "found a log that nowhere says which server's it is"),
                ([SHIPPED[0], SHIPPED[0]], "found the same file twice"),
                (["no-such.log"], "found no such file"),
                ([str(packed)], f"{packed}: found a recording packed by gzip; expected it unpacked"),
                ([SHIPPED[0], "--config", "no-such.cfg"], "no-such.cfg")]:
            with self.subTest(paths=paths):
                done = trace(*paths)
                self.assertEqual((done.returncode, done.stdout), (4, ""))
                self.assertIn(words, done.stderr)
        done = trace("examples/recordings/1.rec", "--config", "examples/three-voters.cfg")
        self.assertEqual((done.returncode, done.stdout), (5, ""))
        for option in ("--config", "--html"):
            done = trace(*SHIPPED, option, "")
            self.assertEqual((done.returncode, done.stdout), (5, ""))
            self.assertIn(f"{option}: found an empty name; expected that of a file", done.stderr)


if __name__ == "__main__":
    unittest.main()
