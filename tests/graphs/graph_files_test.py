"""The graphs that `conclave check --graph` writes, held against what the exploration counts and tells.

usage: graph_files_test.py PROGRAM [unittest arguments], in the project's folder
"""
import collections
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

PROGRAM = os.path.abspath(sys.argv.pop(1))
THREE = "examples/three-voters.cfg"
ALL = ["--graph-max", "100000"]
NAMESPACE = "{http://graphml.graphdrawing.org/xmlns}"
NOT_WRITTEN = 74


def check(*arguments, **more):
    return subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, text=True, timeout=240,
                          check=False, **more)


class Graph:
    """A GraphML file, read by a library that knows nothing of it."""

    def __init__(self, path):
        root = ElementTree.parse(path).getroot()
        names = {key.get("id"): (key.get("attr.name"), key.get("attr.type")) for key in root.iter(NAMESPACE + "key")}
        graph = root.find(NAMESPACE + "graph")

        def data_of(element):
            data = {}
            for entry in element.findall(NAMESPACE + "data"):
                name, kind = names[entry.get("key")]
                text = entry.text or ""
                data[name] = text in ("1", "true") if kind == "boolean" else int(text) if kind != "string" else text
            return data
        self.directed = graph.get("edgedefault") == "directed"
        self.data = data_of(graph)
        self.nodes = {node.get("id"): data_of(node) for node in graph.findall(NAMESPACE + "node")}
        self.edges = [(edge.get("source"), edge.get("target"), data_of(edge))
                      for edge in graph.findall(NAMESPACE + "edge")]

    def levels(self):
        counts = collections.Counter(node["level"] for node in self.nodes.values())
        return [counts[level] for level in range(len(counts))]


def roles_of(node):
    """By server: its line in the label of a state."""
    return dict(line.split(": ", 1) for line in node["label"].split("\n") if re.match(r"\d+: ", line))


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.two = self.folder / "two.cfg"
        self.two.write_text("server.1=a:2888:3888\nserver.2=b:2888:3888\n", encoding="utf-8")

    def graph(self, *arguments, status=0):
        path = self.folder / "graph.graphml"
        done = check(*arguments, "--graph", path, "--json")
        self.assertEqual(done.returncode, status, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual([output["error"] for output in report["outputs"]], [None])
        self.assertEqual((report["outputs"][0]["kind"], report["outputs"][0]["path"]), ("graph", str(path)))
        return Graph(path), report, done

    # --- states ------------------------------------------------------------------------------------------------------

    def test_all_states_and_steps_are_there(self):
        for arguments in ([self.two], [self.two, "--crashes", 1, "--restarts", 1], [self.two, "--no-reduction", "all"],
                          [self.two, "--network", "fifo:1", "--losses", 1, "--rounds", 1],
                          [self.two, "--grain", "fine", "--rounds", 1], [THREE, "--rounds", 1],
                          [THREE, "--start", "together", "--timing", "timely"]):
            with self.subTest(arguments=arguments[1:]):
                graph, report, done = self.graph(*arguments, *ALL)
                scenario = report["scenarios"][0]
                self.assertTrue(graph.directed)
                self.assertEqual(len(graph.nodes), scenario["states"])
                self.assertEqual(len(graph.edges), scenario["steps"])
                self.assertEqual(graph.levels(), [level["states"] for level in scenario["levels"]])
                steps = collections.Counter(graph.nodes[source]["level"] for source, _, _ in graph.edges)
                self.assertEqual([steps[level] for level in range(len(scenario["levels"]))],
                                 [level["steps"] for level in scenario["levels"]])
                self.assertEqual([node["initial"] for node in graph.nodes.values()].count(True), 1)
                self.assertEqual((graph.data["cut"], done.stderr), (False, ""))
                self.assertEqual(sum(node["undrawn"] for node in graph.nodes.values()), 0)
                sources = {source for source, _, _ in graph.edges}
                for name, node in graph.nodes.items():
                    self.assertEqual(node["end"], name not in sources)
                    self.assertEqual(len(roles_of(node)), len(scenario["history"]))

    def test_what_is_marked_is_what_the_report_says(self):
        graph, report, _ = self.graph(THREE, *ALL)
        first = {entry["name"]: entry["first_seen"] for entry in report["properties"]}
        broken = [node["level"] for node in graph.nodes.values() if node["breaks"]]
        self.assertEqual(min(broken), first["single-leading"])
        self.assertEqual({node["breaks"] for node in graph.nodes.values()}, {"", "single-leading"})
        for node in graph.nodes.values():
            leading = [role for role in roles_of(node).values() if role.startswith("LEADING")]  # and its round
            self.assertEqual(node["breaks"] == "single-leading", len(set(leading)) < len(leading), node["label"])
        settled = [node["level"] for node in graph.nodes.values() if node["settled"]]
        self.assertEqual(min(settled), first["all-settled"])

    def test_cut_it_shows_the_nearest_and_says_so(self):
        whole, report, _ = self.graph(THREE, *ALL)
        states = report["scenarios"][0]["states"]
        for number in (1, 7, 50):
            graph, _, done = self.graph(THREE, *(["--graph-max", number] if number != 50 else []))
            self.assertEqual(len(graph.nodes), number)
            levels = sorted(node["level"] for node in whole.nodes.values())
            self.assertEqual(sorted(node["level"] for node in graph.nodes.values()), levels[:number])
            self.assertTrue(graph.data["cut"])
            shown = f"{number} of {states:,} states"
            self.assertIn(shown, graph.data["title"])
            self.assertEqual(done.stderr, f"conclave: {self.folder / 'graph.graphml'} shows {shown} "
                                          "(--graph-max shows more)\n")
            # No step is forgotten: what is not drawn is counted.
            by_label = {node["label"]: name for name, node in whole.nodes.items()}
            steps = collections.Counter(source for source, _, _ in whole.edges)
            drawn = collections.Counter(source for source, _, _ in graph.edges)
            if len(by_label) == len(whole.nodes):
                for name, node in graph.nodes.items():
                    self.assertEqual(drawn[name] + node["undrawn"], steps[by_label[node["label"]]])

    def test_where_a_limit_ended_it(self):
        graph, report, done = self.graph(THREE, "--depth", 3, *ALL, status=2)
        self.assertEqual(len(graph.nodes), report["scenarios"][0]["states"])
        self.assertEqual(len(graph.edges), report["scenarios"][0]["steps"])
        self.assertIn("of at least", graph.data["title"])
        self.assertIn("of at least", done.stderr)
        for node in graph.nodes.values():
            self.assertEqual(node["undrawn"] > 0, node["level"] == 3 and not node["end"])

    # --- runs --------------------------------------------------------------------------------------------------------

    def test_a_run_and_what_is_beside_it(self):
        graph, report, _ = self.graph(THREE, "--property", "single-leading", "--graph-of", "runs", *ALL, status=1)
        run = report["runs"][0]
        on_run = sorted((node["level"], name) for name, node in graph.nodes.items() if node["on_run"])
        self.assertEqual([level for level, _ in on_run], list(range(run["length"] + 1)))
        names = [name for _, name in on_run]
        taken = {(source, target): data["step"] for source, target, data in graph.edges if data["step_on_run"]}
        self.assertEqual(sorted(taken), sorted(zip(names, names[1:])))
        for number in range(1, len(names)):
            self.assertTrue(taken[names[number - 1], names[number]].startswith(f"{run['steps'][number]['server']} "))
            for server in run["steps"][number]["servers"]:
                role = roles_of(graph.nodes[names[number]])[str(server["id"])]
                self.assertTrue(role.startswith(server.get("state", "not started")), role)
        self.assertEqual(graph.nodes[names[-1]]["breaks"], "single-leading")
        self.assertTrue(graph.nodes[names[0]]["initial"])
        # Everything else is one step from the run, and each such step is there.
        beside = set(graph.nodes) - set(names)
        reached = {target for source, target, _ in graph.edges if source in names}
        self.assertEqual(beside, reached - set(names))
        self.assertEqual([graph.nodes[name]["undrawn"] for name in names], [0] * len(names))

    def test_several_runs_in_one_graph(self):
        graph, report, _ = self.graph(THREE, "--property", "single-leading", "--counterexamples", 3, "--graph-of",
                                      "runs", *ALL, status=1)
        ends = [node for node in graph.nodes.values() if node["on_run"] and node["breaks"]]
        self.assertEqual(len(ends), len(report["runs"]))

    def test_a_run_without_end_goes_round(self):
        graph, report, _ = self.graph(THREE, "--role-ends", "any", "--liveness", "--graph-of", "runs", status=1)
        lasso = report["liveness"]["lasso"]
        cycle = len(lasso["steps"]) - 1 - lasso["cycle_from"]
        self.assertGreater(cycle, 1)
        over_and_over = {source: target for source, target, data in graph.edges if data["step_on_cycle"]}
        self.assertEqual(len(over_and_over), cycle)
        at = first = next(name for name in over_and_over if graph.nodes[name]["level"] == lasso["cycle_from"])
        for number in range(lasso["cycle_from"], len(lasso["steps"]) - 1):
            for server in lasso["steps"][number]["servers"]:
                self.assertTrue(roles_of(graph.nodes[at])[str(server["id"])].startswith(server["state"]))
            at = over_and_over[at]
        self.assertEqual(at, first)
        once = [edge for edge in graph.edges if edge[2]["step_on_run"] and not edge[2]["step_on_cycle"]]
        self.assertEqual(len(once), lasso["cycle_from"])

    def test_no_run_no_file(self):
        path = self.folder / "graph.dot"
        path.write_text("an older one", encoding="utf-8")
        done = check(THREE, "--graph", path, "--graph-of", "runs")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--graph: no file was written, for there is no run to draw", " ".join(done.stdout.split()))
        self.assertEqual(path.read_text(encoding="utf-8"), "an older one")

    # --- one server --------------------------------------------------------------------------------------------------

    def test_the_roles_of_a_server_are_those_of_the_states(self):
        for arguments in ([THREE], [self.two, "--crashes", 1, "--restarts", 1],
                          [self.two, "--network", "fifo:1", "--losses", 1, "--rounds", 1],
                          [self.two, "--grain", "fine", "--rounds", 1],
                          ["examples/three-voters-two-observers.cfg", "--depth", 6]):
            limited = "--depth" in arguments
            states, report, _ = self.graph(*arguments, *ALL, status=2 if limited else 0)
            for server in {str(entry["id"]) for entry in report["scenarios"][0]["history"]}:
                with self.subTest(arguments=arguments[1:], server=server):
                    graph, _, _ = self.graph(*arguments, "--graph-of", f"server:{server}", *ALL,
                                             status=2 if limited else 0)
                    roles = {name: node["label"].split("\n")[0] for name, node in graph.nodes.items()}
                    self.assertEqual(len(set(roles.values())), len(roles))
                    least = {}
                    for node in states.nodes.values():
                        role = roles_of(node)[server]
                        least[role] = min(node["level"], least.get(role, node["level"]))
                    self.assertEqual({roles[name]: node["level"] for name, node in graph.nodes.items()}, least)
                    moves = set()
                    for source, target, data in states.edges:
                        before, after = (roles_of(states.nodes[name])[server] for name in (source, target))
                        if before != after and data["step"].startswith(f"{server} "):
                            moves.add((before, after, data["step"]))
                    drawn = {(roles[source], roles[target], step) for source, target, data in graph.edges
                             for step in data["step"].split("\n")}
                    # What a limit left unexplored, the one may look at and the other not.
                    self.assertTrue(moves <= drawn if limited else moves == drawn, moves ^ drawn)

    # --- the files ---------------------------------------------------------------------------------------------------

    def test_any_number_of_threads_draws_the_same(self):
        for of in ("states", "runs", "server:2"):
            for ending in ("dot", "graphml"):
                files = set()
                for threads in (1, 2, 4):
                    path = self.folder / f"{threads}.{ending}"
                    done = check(THREE, "--show", "single-leading", "--graph", path, "--graph-of", of, "--threads",
                                 threads)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(f"written: {path}, ", done.stdout)
                    files.add(path.read_bytes())
                self.assertEqual(len(files), 1, (of, ending))

    @unittest.skipUnless(shutil.which("dot"), "Graphviz is not there")
    def test_graphviz_draws_it(self):
        for of in ("states", "runs", "server:1"):
            paths = [self.folder / f"graph.{ending}" for ending in ("gv", "graphml")]
            for path in paths:
                check(THREE, "--show", "single-leading", "--graph", path, "--graph-of", of)
            drawn = subprocess.run(["dot", "-Tsvg", paths[0]], capture_output=True, text=True, timeout=120, check=True)
            self.assertEqual(drawn.stderr, "")
            groups = collections.Counter(group.get("class") for group in ElementTree.fromstring(drawn.stdout).iter(
                "{http://www.w3.org/2000/svg}g"))
            graph = Graph(paths[1])
            self.assertEqual((groups["node"], groups["edge"]), (len(graph.nodes), len(graph.edges)))
            text = " ".join(ElementTree.fromstring(drawn.stdout).itertext())
            for words in ("START", "LOOKING, round 1, votes 3", graph.data["title"].split(";")[0]):
                self.assertIn(words, text)

    def test_wrong_use(self):
        dot = self.folder / "graph.dot"
        (self.folder / "folder.dot").mkdir()
        for arguments, words in (
                (["--graph", ""], ["--graph", "empty name"]),
                (["--graph", "graph.png"], ["--graph: found 'graph.png'; expected a name that ends with .dot"]),
                (["--graph", ".dot"], ["--graph: found '.dot'"]),
                (["--graph", f"{self.folder}/x.dot/"], ["--graph: found"]),
                (["--graph", self.folder / "folder.dot"], ["--graph: can't write", "Is a directory"]),
                (["--graph", self.folder / "none/graph.dot"], ["--graph: can't write", "No such file or directory"]),
                (["--graph-of", "states"], ["--graph-of", "--graph"]),
                (["--graph-max", "9"], ["--graph-max", "--graph"]),
                (["--graph", dot, "--graph-max", "0"], ["--graph-max", "0"]),
                (["--graph", dot, "--graph-max", "100001"], ["--graph-max"]),
                (["--graph", dot, "--graph-max", "many"], ["--graph-max", "many"]),
                *((["--graph", dot, "--graph-of", what], ["--graph-of: found '" + what + "'; expected states, runs"])
                  for what in ("server", "server:", "server:x", "server:1x", "Server:1", "trace")),
                (["--graph", dot, "--graph-of", ""], ["--graph-of: found nothing; expected a value"]),
                (["--graph", dot, "--graph-of", "server:4"], ["server:4; expected one of the servers {1 2 3}"]),
                (["--graph", dot, "--itf", self.folder / "./graph.dot"], ["--graph: found", "--itf's as well"]),
                (["--graph", dot, "--html", dot], ["--graph: found", "--html's as well"])):
            with self.subTest(arguments=arguments):
                done = check(THREE, *arguments)
                self.assertEqual((done.returncode, done.stdout), (5, ""), done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)
        cfg = self.folder / "cfg.dot"
        cfg.write_bytes(self.two.read_bytes())
        done = check(cfg, "--graph", f"{self.folder}/./cfg.dot")
        self.assertEqual(done.returncode, 5)
        self.assertIn("--graph: found", done.stderr)
        self.assertIn("the configuration itself", done.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["cfg.dot", "folder.dot", "two.cfg"])

    def test_a_server_of_some_explorations_only(self):
        groups = ["examples/three-groups.cfg", "--starts", 4, "--depth", 2]
        graph, _, _ = self.graph(*groups, "--graph-of", "server:8", *ALL, status=2)
        self.assertIn("not started", [node["label"].split("\n")[0] for node in graph.nodes.values()])

    def test_a_full_disk_leaves_what_was_there(self):
        for ending in ("dot", "graphml"):
            path = self.folder / f"graph.{ending}"
            path.write_text("an older one", encoding="utf-8")
            done = check(THREE, "--graph", path, "--json", restore_signals=False,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
            self.assertEqual(done.returncode, NOT_WRITTEN)
            self.assertIn(f"can't write {path}: File too large", done.stderr)
            self.assertNotIn("shows", done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual((report["verdict"], report["exit_code"]), ("exhausted", NOT_WRITTEN))
            self.assertIn("File too large", report["outputs"][0]["error"])
            self.assertEqual(path.read_text(encoding="utf-8"), "an older one")
        full = self.folder / "full.dot"
        full.symlink_to("/dev/full")
        done = check(THREE, "--graph", full)
        self.assertEqual(done.returncode, NOT_WRITTEN)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["full.dot", "graph.dot", "graph.graphml", "two.cfg"])


if __name__ == "__main__":
    unittest.main()
