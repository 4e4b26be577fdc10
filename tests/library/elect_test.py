"""Five processes of examples/elect: one leads, and when it is killed or hangs another one does, in a higher epoch.

usage: elect_test.py PROGRAM [unittest arguments]
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import loopback

PROGRAM = os.path.abspath(sys.argv.pop(1))
SERVERS = range(1, 6)
PATIENCE_S = 60


class Five(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="conclave-elect-")
        self.addCleanup(shutil.rmtree, self.folder)
        ports = loopback.free_ports(2 * len(SERVERS))
        self.addresses = [f"{ports[2 * i]}:{ports[2 * i + 1]}" for i in range(len(SERVERS))]
        self.heard = threading.Condition()
        self.processes = {}
        self.last_line = {}
        self.addCleanup(self.kill_all)
        for server in SERVERS:
            self.start(server)

    def kill_all(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def start(self, server):
        process = subprocess.Popen([PROGRAM, str(server), self.folder, *self.addresses], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.processes[server] = process
        threading.Thread(target=self.listen, args=(server, process), daemon=True).start()

    def listen(self, server, process):
        with process.stdout:
            for line in process.stdout:
                with self.heard:
                    if self.processes.get(server) is process:
                        self.last_line[server] = line.strip()
                    self.heard.notify_all()

    def kill(self, server):
        with self.heard:
            process = self.processes.pop(server)
            self.last_line.pop(server, None)
        process.kill()
        process.wait()

    def leads(self, but=()):
        """(leader, epoch) that all say who run, the leader among them; or None."""
        lines = {self.last_line.get(server) for server in self.processes if server not in but}
        if len(lines) != 1:
            return None
        found = re.fullmatch(r"server (\d+) leads in epoch (\d+)", lines.pop() or "")
        # Who has just been killed is believed in for a moment.
        return (int(found[1]), int(found[2])) if found and int(found[1]) in self.processes else None

    def wait_for(self, condition):
        """What `condition` gives, once that is something."""
        with self.heard:
            self.heard.wait_for(condition, PATIENCE_S)
            result = condition()
            self.assertTrue(result, (self.last_line, self.work()))
            return result

    def work(self):
        """(epoch, server) of each line."""
        try:
            with open(os.path.join(self.folder, "work"), encoding="utf-8") as file:
                return [tuple(map(int, line.split())) for line in file]
        except FileNotFoundError:
            return []

    def wait_for_work(self, epoch, leader):
        deadline = time.monotonic() + PATIENCE_S
        while (epoch, leader) not in self.work():
            self.assertLess(time.monotonic(), deadline, (epoch, leader, self.work()))
            time.sleep(0.02)

    def assert_work_is_fenced(self, epochs):
        work = self.work()
        self.assertEqual([epoch for epoch, _ in work], sorted(epoch for epoch, _ in work))
        leaders = dict(work)
        self.assertEqual(set(work), set(leaders.items()), "an epoch with two leaders")
        self.assertEqual({epoch: leaders.get(epoch) for epoch in epochs}, epochs)

    def test_the_leader_is_killed_again_and_again(self):
        epochs = {}
        for _ in range(6):
            leader, epoch = self.wait_for(self.leads)
            self.assertIn(leader, self.processes)
            self.assertGreater(epoch, max(epochs, default=0))
            epochs[epoch] = leader
            self.wait_for_work(epoch, leader)
            self.kill(leader)
            next_leader, next_epoch = self.wait_for(self.leads)
            self.assertNotEqual(next_leader, leader)
            self.assertGreater(next_epoch, epoch)
            # Who comes back follows, and does not disturb.
            self.start(leader)
            self.assertEqual(self.wait_for(self.leads), (next_leader, next_epoch))
        self.assert_work_is_fenced(epochs)

    def test_a_leader_that_hangs_is_replaced_and_fenced(self):
        leader, epoch = self.wait_for(self.leads)
        self.wait_for_work(epoch, leader)
        self.processes[leader].send_signal(signal.SIGSTOP)
        next_leader, next_epoch = self.wait_for(lambda: (self.leads(but=[leader]) or (leader, 0))[0] != leader and
                                                self.leads(but=[leader]))
        self.assertGreater(next_epoch, epoch)
        self.wait_for_work(next_epoch, next_leader)
        self.processes[leader].send_signal(signal.SIGCONT)
        # It notices, and follows.
        self.assertEqual(self.wait_for(self.leads), (next_leader, next_epoch))
        self.assert_work_is_fenced({epoch: leader, next_epoch: next_leader})

    def test_without_a_quorum_nobody_works(self):
        leader, epoch = self.wait_for(self.leads)
        for server in [server for server in SERVERS if server != leader][:3]:
            self.kill(server)
        self.wait_for(lambda: "LOOKING" in {self.last_line.get(server) for server in self.processes} and
                      self.last_line[leader] == "LOOKING")
        before = self.work()
        self.assertEqual({line for line in before}, {(epoch, leader)} if before else set())
        for server in SERVERS:
            if server not in self.processes:
                self.start(server)
        again, next_epoch = self.wait_for(self.leads)
        self.assertGreater(next_epoch, epoch)
        self.wait_for_work(next_epoch, again)
        self.assertEqual(self.work()[:len(before)], before)
        self.assertEqual(self.work()[len(before)], (next_epoch, again))


if __name__ == "__main__":
    unittest.main(verbosity=2)
