"""The files that `conclave check` writes beside its report.

usage: outputs_test.py PROGRAM [--write | unittest arguments], in the project's folder

--write renews the page in docs/.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
SHOWN = [THREE, "--show", "single-leading"]
PAGE = pathlib.Path("docs/pictures/single-leading.html")
NOT_WRITTEN = 74


def check(*arguments, **more):
    return subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, text=True, timeout=120, **more)


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def files(self):
        return sorted(path.name for path in self.folder.rglob("*"))

    def test_a_page_for_a_run_without_end(self):
        page = self.folder / "endless.html"
        ended = check("examples/three-voters.cfg", "--role-ends", "any", "--liveness", "--html", page, "--json")
        self.assertEqual(ended.returncode, 1, ended.stderr)
        lasso = json.loads(ended.stdout)["liveness"]["lasso"]
        last = len(lasso["steps"]) - 1
        text = page.read_text(encoding="utf-8")
        self.assertIn("<title>eventually-settled: Never: ", text)
        self.assertIn(f"after step {last} all is as after step {lasso['cycle_from']}", text)
        self.assertEqual(text.count('<g class="again">'), 1)
        self.assertEqual(text.count("<article id="), last + 1)
        self.assertIn("The steps on grey come over and over", text)

    def test_traces_for_other_tools(self):
        ended = check(*SHOWN, "--show", "late-joiner", "--itf", f"{self.folder}/", "--html", self.folder / "run.html",
                      "--json", "--history", "1=1:1,2=2147483647:0x7fffffff00000001,3=1:2")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(self.files(), ["late-joiner.itf.json", "run-2.html", "run.html", "single-leading.itf.json"])
        runs = {run["property"]: run for run in json.loads(ended.stdout)["runs"]}
        for name, run in runs.items():
            trace = json.loads((self.folder / f"{name}.itf.json").read_text(encoding="utf-8"))
            self.assertEqual(trace["#meta"]["format"], "ITF")
            self.assertEqual(len(trace["states"]), run["length"] + 1)
            self.assertNotIn("loop", trace)
            for number, state in enumerate(trace["states"]):
                self.assertEqual(set(state), {"#meta", *trace["vars"]})
                self.assertEqual(state["#meta"]["index"], number)
                step = run["steps"][number]
                self.assertEqual(state["action"], step.get("action", "init"))
                servers = dict((id, record) for id, record in state["servers"]["#map"])
                for server in step["servers"]:
                    if server["life"] != "up":
                        continue
                    record = servers[server["id"]]
                    self.assertEqual((record["state"], record["round"]), (server["state"], server["round"]))
                    zxid = record["proposal"]["zxid"]
                    self.assertEqual(int(zxid["#bigint"]) if isinstance(zxid, dict) else zxid, server["zxid"])
                    self.assertEqual(isinstance(zxid, dict), server["zxid"] >= 2**53)

    def test_the_trace_of_a_run_without_end_says_where_it_goes_on(self):
        path = self.folder / "endless.itf.json"
        ended = check(THREE, "--role-ends", "any", "--liveness", "--itf", path, "--json")
        lasso = json.loads(ended.stdout)["liveness"]["lasso"]
        trace = json.loads(path.read_text(encoding="utf-8"))
        self.assertEqual(trace["loop"], lasso["cycle_from"] + 1)
        self.assertEqual(trace["states"][-1]["servers"], trace["states"][lasso["cycle_from"]]["servers"])

    def test_two_kinds_in_one_file_are_refused(self):
        ended = check(*SHOWN, "--itf", self.folder / "a", "--html", f"{self.folder}/./a")
        self.assertEqual((ended.returncode, ended.stdout), (5, ""))
        self.assertIn("--itf: found", ended.stderr)

    def test_a_page_for_a_run(self):
        page = self.folder / "run.html"
        ended = check(*SHOWN, "--html", page)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn(f"written: {page}, the run to single-leading", ended.stdout)
        text = page.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        for word in ("At most one server is LEADING in a round.", "LEADING at once: 2 (round 1) and 3 (round 1)"):
            self.assertIn(word, text)
        for word in ("http:", "https:", "src=", "@import", "url(http"):
            self.assertNotIn(word, text)
        self.assertEqual(self.files(), ["run.html"])

    def test_the_page_in_the_docs_is_todays(self):
        page = self.folder / "run.html"
        check(*SHOWN, "--html", page)
        self.assertEqual(page.read_text(encoding="utf-8"), PAGE.read_text(encoding="utf-8"), "--write renews it")

    def test_several_runs(self):
        several = [*SHOWN, "--show", "all-settled"]
        self.assertEqual(check(*several, "--html", f"{self.folder}/pages/").returncode, 0)
        self.assertEqual(self.files(), ["all-settled.html", "pages", "single-leading.html"])
        ended = check(*several, "--json", "--html", self.folder / "run.html")
        outputs = json.loads(ended.stdout)["outputs"]
        self.assertEqual([output["path"] for output in outputs],
                         [str(self.folder / "run.html"), str(self.folder / "run-2.html")])
        self.assertEqual([output["error"] for output in outputs], [None, None])
        for output in outputs:
            name = output["what"].split()[-1]
            self.assertIn(f"<title>{name}:", pathlib.Path(output["path"]).read_text(encoding="utf-8"))

    def test_a_violation_has_a_page(self):
        page = self.folder / "run.html"
        ended = check(THREE, "--seed-bug", "no-majority", "--html", page)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("seeded bug", page.read_text(encoding="utf-8"))

    def test_no_run_no_page(self):
        page = self.folder / "run.html"
        page.write_text("an older one")
        ended = check(THREE, "--html", page)
        self.assertEqual(ended.returncode, 0)
        self.assertIn("there is no run to show", ended.stdout)
        self.assertEqual(page.read_text(), "an older one")

    def test_a_place_that_can_not_be_written_is_refused_at_once(self):
        for place, words in ((self.folder / "none/run.html", "No such file or directory"),
                             (pathlib.Path(THREE) / "run.html", "Not a directory")):
            ended = check("no-such.cfg", "--html", place)
            self.assertEqual((ended.returncode, ended.stdout), (5, ""))
            self.assertIn(f"--html: can't write {place}: {words}", ended.stderr)

    def test_a_full_disk_leaves_the_report_and_what_was_there(self):
        page = self.folder / "run.html"
        page.write_text("an older one")
        for options in ([], ["--json"]):
            # A file may not grow beyond a few bytes: what was a full disk to the program. Pipes are not concerned.
            ended = check(*SHOWN, *options, "--html", page, restore_signals=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
            self.assertEqual(ended.returncode, NOT_WRITTEN)
            self.assertIn(f"can't write {page}: File too large", ended.stderr)
            if options:
                report = json.loads(ended.stdout)
                self.assertEqual((report["verdict"], report["exit_code"]), ("exhausted", NOT_WRITTEN))
                self.assertIn("File too large", report["outputs"][0]["error"])
            else:
                self.assertIn(f"NOT WRITTEN: {page}", ended.stdout)
                self.assertIn("verdict: exhausted", ended.stdout)
            self.assertEqual(page.read_text(), "an older one")
            self.assertEqual(self.files(), ["run.html"])
        ended = check(*SHOWN, "--html", "/dev/full")
        self.assertEqual(ended.returncode, NOT_WRITTEN)
        self.assertIn("No space left on device", ended.stderr)

    def test_a_report_that_can_not_be_printed(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            ended = subprocess.run([PROGRAM, "check", THREE], stdout=full, stderr=subprocess.PIPE, text=True,
                                   timeout=120, check=False)
        self.assertEqual(ended.returncode, NOT_WRITTEN)
        self.assertIn("No space left on device", ended.stderr)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(check(*SHOWN, "--html", PAGE).returncode)
    unittest.main()
