#!/usr/bin/env python3
"""`conclave status` and the options of `conclave node` that are about the outside, as programs.

usage: status_cli_test.py CONCLAVE NODE [unittest arguments]
"""

import json
import os
import subprocess
import sys
import unittest

import ensemble

CONCLAVE, NODE = (os.path.abspath(program) for program in (sys.argv.pop(1), sys.argv.pop(1)))


def status(*arguments):
    return subprocess.run([CONCLAVE, "status", *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          check=False)


def node(*arguments):
    return subprocess.run([NODE, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


class WrongUse(unittest.TestCase):
    def test_no_file(self):
        ended = status()
        self.assertEqual(ended.returncode, 5)
        self.assertIn("conclave status: FILE is required", ended.stderr)

    def test_no_such_file(self):
        ended = status("no-such.cfg")
        self.assertEqual(ended.returncode, 4)
        self.assertIn("no-such.cfg: can't read the configuration", ended.stderr)

    def test_time_out_that_is_none(self):
        self.assertEqual(status("x", "--timeout", "0").returncode, 5)

    def test_help_names_the_options(self):
        ended = status("--help")
        self.assertEqual(ended.returncode, 0)
        for option in ("--timeout", "--sid", "--json"):
            self.assertIn(option, ended.stdout)

    def test_stdout_that_cannot_be_written(self):
        for program in ([CONCLAVE, "status", "--help"], [NODE, "--help"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                ended = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120,
                                       check=False)
            self.assertEqual(ended.returncode, 74)
            self.assertIn("stdout could not be written: No space left on device", ended.stderr)

    def test_http_address_that_is_none(self):
        ended = node("x.cfg", "--http", "localhost")
        self.assertEqual(ended.returncode, 5)
        self.assertIn("--http: found 'localhost': expected HOST:PORT", ended.stderr)


class OfNodes(unittest.TestCase):
    def setUp(self):
        self.ensemble = ensemble.Ensemble(NODE, 3)

    def tearDown(self):
        self.ensemble.close()

    def test_exit_codes_and_json(self):
        cfg = self.ensemble.cfg(1)
        ended = status(cfg)
        self.assertEqual(ended.returncode, 1, ended.stdout)
        self.assertIn("server 1: Connection refused\n", ended.stdout)
        self.assertTrue(ended.stdout.endswith(
            "no leader: none of 3 voters says that it leads, and 3 can't be asked\n"), ended.stdout)

        self.ensemble.start_node(1, 2, 3)
        self.ensemble.wait_served(s1="follower", s2="follower", s3="leader")
        ended = status(cfg)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertTrue(ended.stdout.endswith("leader 3 in epoch 1, with voters {1 2 3}: a quorum of 3\n"),
                        ended.stdout)

        # It is run where server 1 is: its client port is known, those of the others are not.
        told = json.loads(status(cfg, "--json").stdout)
        self.assertEqual((told["ok"], told["leader"], told["followers"]), (True, 3, [1, 2, 3]))
        self.assertEqual([server["state"] for server in told["servers"]], ["FOLLOWING", "FOLLOWING", "LEADING"])
        self.assertEqual(told["servers"][0]["srvr"]["mode"], "follower")
        self.assertIsNone(told["servers"][2]["clientAddress"])
        as_the_leader = json.loads(status(cfg, "--json", "--sid", 3).stdout)
        self.assertIsNone(as_the_leader["servers"][0]["clientAddress"])
        self.assertIsNotNone(as_the_leader["servers"][2]["clientAddress"])

    def test_a_port_that_is_taken_is_an_error(self):
        self.ensemble.start_node(1)
        ensemble.until(lambda: self.ensemble.mode(1) is not None, lambda: "server 1 listens")
        for arguments in ([self.ensemble.cfg(1), "--votes-only"],
                          [self.ensemble.cfg(2), "--http", f"127.0.0.1:{self.ensemble.client[1]}"]):
            ended = node(*arguments)
            self.assertEqual(ended.returncode, 3)
            self.assertIn(f"can't listen on 127.0.0.1:{self.ensemble.client[1]}: Address already in use",
                          ended.stderr)

    def test_pages_where_zoo_cfg_wants_them(self):
        metrics, admin, option = ensemble.free_ports(3)
        with open(self.ensemble.cfg(1), "a", encoding="utf-8") as cfg:
            cfg.write("metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\n"
                      f"metricsProvider.httpHost=127.0.0.1\nmetricsProvider.httpPort={metrics}\n"
                      f"admin.enableServer=true\nadmin.serverAddress=127.0.0.1\nadmin.serverPort={admin}\n")
        self.ensemble.start_node(1, options=["--http", f"127.0.0.1:{option}"])
        ensemble.until(lambda: self.ensemble.mode(1) is not None, lambda: "server 1 listens")
        for port in (metrics, admin, option):
            answer = ensemble.ask(port, b"GET /metrics HTTP/1.0\r\n\r\n")
            self.assertIn(b'conclave_server_info{sid="1",type="participant"} 1\n', answer)
            answer = ensemble.ask(port, b"GET /status HTTP/1.0\r\n\r\n")
            self.assertEqual(json.loads(answer.partition(b"\r\n\r\n")[2])["state"], "LOOKING")


if __name__ == "__main__":
    unittest.main(verbosity=2)
