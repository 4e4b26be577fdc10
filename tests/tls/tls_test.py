#!/usr/bin/env python3
"""Nodes as processes that speak TLS among each other, those that are not let in, and settings that are wrong.

usage: tls_test.py NODE [unittest arguments]
"""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "interop")]
import certificates
import ensemble

BAD_INPUT = 4
OPTIONS = ["--finalize-wait", "50"]
PATIENCE_S = 60


class Three(ensemble.Ensemble):
    """Three nodes; `lines`: what their files say of TLS, by sid or the same for all."""

    def __init__(self, lines, host="127.0.0.1"):
        self.lines, self.called = lines, host
        super().__init__(NODE, {1, 2, 3}, OPTIONS, size=3)

    def host(self, sid):
        return self.called

    def lines_of(self, sid):
        return self.lines[sid] if isinstance(self.lines, dict) else self.lines

    def start_again(self, sid, lines):
        self.kill(sid)
        self.lines = lines
        self.configure(sid)
        self.start(sid)

    def wait_all(self):
        """Until all that run agree. Returns the leader, which may be anybody: one may have started late."""
        return self.wait(self.settled, "all follow one", PATIENCE_S)

    def wait_agreed(self, leader, *among):
        """These follow the leader in an established epoch."""
        def so():
            servers = [self.running[sid] for sid in among]
            return all(server.serving and server.leader == leader for server in servers)
        self.wait(so, f"{among} follow {leader}", PATIENCE_S)

    def wait_said(self, sid, text):
        self.wait(lambda: any(text in line for line in self.running[sid].said), f"server {sid} says '{text}'",
                  PATIENCE_S)

    def wait_anybody_said(self, text):
        """Whoever starts last need not call: it is called."""
        self.wait(lambda: any(text in line for server in self.running.values() for line in server.said),
                  f"anybody says '{text}'", PATIENCE_S)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="conclave-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.ours, cls.strange = (certificates.Authority(cls.folder, name) for name in ("ours", "strange"))
        cls.good = cls.ours.issue("good")
        cls.of_strangers = cls.strange.issue("of-strangers")

    def lines(self, *more, key_store=None):
        return certificates.settings(key_store or self.good, self.ours.trust, *more)

    # --- elections ---------------------------------------------------------------------------------------------------

    def test_they_elect_and_elect_again(self):
        with Three(self.lines()) as three:
            three.start()
            first = three.wait_all()
            three.wait_anybody_said("SSL handshake complete with")
            self.assertFalse([line for server in three.running.values() for line in server.said if "would not" in line])
            three.kill(first)
            second = three.wait_all()
            self.assertNotEqual(second, first)
            three.start(first)
            self.assertEqual(three.wait_all(), second)

    def test_by_the_name_that_is_called(self):
        with Three(self.lines(key_store=self.ours.issue("named", ["DNS:localhost"])), host="localhost") as three:
            three.start()
            three.wait_all()

    def test_with_a_password(self):
        secret = self.folder / "password"
        secret.write_text("open sesame\n", encoding="ascii")
        locked = self.ours.issue("locked", password="open sesame")
        lines = {sid: self.lines(key_store=locked) for sid in (1, 2, 3)}
        lines[1].append("ssl.quorum.keyStore.password=open sesame")
        lines[2].append(f"ssl.quorum.keyStore.passwordPath={secret}")
        lines[3] += ["ssl.quorum.keyStore.password=other", f"ssl.quorum.keyStore.passwordPath={secret}"]
        with Three(lines) as three:
            three.start()
            three.wait_all()

    def test_who_has_joined_before_may_be_for_another_host(self):
        elsewhere = self.ours.issue("caller", ["DNS:elsewhere.example"])
        lenient = self.lines("ssl.quorum.clientHostnameVerification=false")
        with Three({1: lenient, 2: lenient, 3: self.lines(key_store=elsewhere)}) as three:
            three.start(1, 2)
            three.wait_agreed(2, 1, 2)
            three.start(3)  # it calls, and nobody has to call it
            three.wait_agreed(2, 1, 2, 3)

    def test_the_common_name_where_there_is_no_other(self):
        with Three(self.lines(key_store=self.ours.issue("127.0.0.1", hosts=()))) as three:
            three.start()
            three.wait_all()

    def test_the_next_address_where_one_does_not_answer(self):
        with Three(self.lines("cnxTimeout=300")) as three, socket.create_server(("127.0.0.1", 0)) as silent:
            two = f"server.2=127.0.0.1:{three.quorum[2]}:"
            for sid in three.sids:
                path = three.folder / f"{sid}.cfg"
                told = two.replace("127.0.0.1", "localhost")
                first = f"{two}{silent.getsockname()[1]}|" if sid == 3 else "server.2="
                text = path.read_text(encoding="utf-8").replace(two, first + told.removeprefix("server.2="))
                path.write_text(text, encoding="utf-8")
            three.start(2, 3)  # 3 has to call 2, and is told of no other address than that name
            three.wait_all()

    def stays_out(self, third, said, of_third=None):
        """1 and 2 elect, without 3, whose certificate or way to speak is not good."""
        with Three({1: self.lines(), 2: self.lines(), 3: third}) as three:
            three.start()
            three.wait_agreed(2, 1, 2)
            three.wait_said(2, said)
            if of_third:
                three.wait_said(3, of_third)
            self.assertEqual(three.running[3].state, "LOOKING")
            self.assertEqual(three.settled(), None)

    def test_whoever_speaks_no_tls_stays_out(self):
        self.stays_out([], "a connection to the election port is closed: wrong version number")

    def test_whom_nobody_trusts_stays_out(self):
        self.stays_out(self.lines(key_store=self.of_strangers),
                       "a connection to the election port is closed: unable to get local issuer certificate",
                       "this server's certificate would not be taken by servers with its trust store: unable to get")

    def test_whoever_trusts_others_stays_out(self):
        lines = certificates.settings(self.good, self.strange.trust)
        self.stays_out(lines, "a connection to the election port is closed: ",
                       "Cannot open channel to 2 at election address")

    def test_a_certificate_for_another_host_stays_out(self):
        lines = self.lines(key_store=self.ours.issue("elsewhere", ["IP:192.0.2.1", "DNS:elsewhere.example"]))
        self.stays_out(lines, "the certificate is not for 127.0.0.1")

    def test_an_address_that_is_written_as_a_name_stays_out(self):
        self.stays_out(self.lines(key_store=self.ours.issue("127.0.0.1", ["DNS:127.0.0.1"])),
                       "the certificate is not for 127.0.0.1")

    def test_a_name_that_nobody_may_look_up_stays_out(self):
        named = self.ours.issue("by-name", ["DNS:localhost"])
        strict = self.lines("ssl.quorum.allowReverseDnsLookup=false")
        with Three({1: strict, 2: strict, 3: self.lines(key_store=named)}) as three:
            three.start()
            three.wait_agreed(2, 1, 2)
            three.wait_said(2, "the certificate is not for 127.0.0.1")

    def test_a_certificate_that_has_ended_stays_out(self):
        self.stays_out(self.lines(key_store=self.ours.issue("ended", days=-1)),
                       "a connection to the election port is closed: certificate has expired",
                       "this server's certificate would not be taken by servers with its trust store: certificate has")

    def test_for_another_host_where_that_does_not_matter(self):
        elsewhere = self.ours.issue("anywhere", ["DNS:elsewhere.example"])
        with Three(self.lines("ssl.quorum.hostnameVerification=false", key_store=elsewhere)) as three:
            three.start()
            three.wait_all()

    def test_one_after_the_other_goes_over_to_tls(self):
        # ZooKeeper's way to upgrade an ensemble that runs: takes both, speaks TLS, takes nothing else.
        both, speaks = ["portUnification=true", "sslQuorum=false"], ["portUnification=true"]
        stages = [[], self.lines(*both), self.lines(*speaks), self.lines()]
        with Three(stages[0]) as three:
            three.start()
            three.wait_all()
            for stage in stages[1:]:
                for sid in three.sids:
                    three.start_again(sid, stage)
                    three.wait_all()
            three.wait_anybody_said("SSL handshake complete with")

    def test_files_that_change_are_read_again(self):
        changing = self.folder / "changing.pem"
        shutil.copy(self.of_strangers, changing)
        third = self.lines("sslQuorumReloadCertFiles=true", key_store=changing)
        with Three({1: self.lines(), 2: self.lines(), 3: third}) as three:
            three.start()
            three.wait_agreed(2, 1, 2)
            three.wait_said(2, "unable to get local issuer certificate")
            changing.write_text("nothing that could be used", encoding="ascii")
            three.wait_said(3, "is used as it was: ")
            new = self.folder / "new.pem"
            shutil.copy(self.good, new)
            new.rename(changing)
            three.wait_agreed(2, 1, 2, 3)
            three.wait_said(3, "is used as it is now")

    # --- a client of its own -----------------------------------------------------------------------------------------

    def call(self, port, key_store=None, version=None):
        """The protocol and suite that a server takes from a client, or why it takes none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.ours.trust)
        if key_store:
            context.load_cert_chain(key_store)
        context.minimum_version = context.maximum_version = version or ssl.TLSVersion.TLSv1_2
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as plain:
                with context.wrap_socket(plain) as secure:
                    return secure.version(), secure.cipher()[0]
        except (ssl.SSLError, ConnectionError) as error:
            return str(error)

    def test_clients_without_a_certificate(self):
        lines = {1: self.lines(), 2: self.lines("ssl.quorum.clientAuth=want"),
                 3: self.lines("ssl.quorum.clientAuth=none")}
        with Three(lines) as three:
            three.start()
            three.wait_all()
            self.assertRegex(self.call(three.election[1]), "(?i)handshake failure|certificate.required")
            self.assertEqual(self.call(three.election[1], self.good)[0], "TLSv1.2")
            self.assertEqual(self.call(three.election[2])[0], "TLSv1.2")
            self.assertRegex(self.call(three.election[2], self.of_strangers), "(?i)unknown ca")
            self.assertEqual(self.call(three.election[3])[0], "TLSv1.2")
            self.assertEqual(self.call(three.election[3], self.of_strangers)[0], "TLSv1.2")

    def test_versions_and_cipher_suites(self):
        lines = {1: self.lines("ssl.quorum.protocol=TLSv1.3"), 2: self.lines("ssl.quorum.enabledProtocols=TLSv1.2"),
                 3: self.lines("ssl.quorum.ciphersuites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")}
        newest = ssl.TLSVersion.TLSv1_3
        with Three(lines) as three:
            three.start()
            three.wait_all()
            self.assertEqual(self.call(three.election[1], self.good)[0], "TLSv1.2")
            self.assertEqual(self.call(three.election[1], self.good, newest)[0], "TLSv1.3")
            for sid in (2, 3):
                self.assertRegex(self.call(three.election[sid], self.good, newest), "(?i)protocol version")
            self.assertEqual(self.call(three.election[3], self.good), ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"))
        with Three(self.lines("ssl.quorum.ciphersuites=TLS_AES_128_GCM_SHA256")) as three:
            three.start()
            three.wait_all()
            self.assertRegex(self.call(three.election[1], self.good), "(?i)protocol version")
            self.assertEqual(self.call(three.election[1], self.good, newest), ("TLSv1.3", "TLS_AES_128_GCM_SHA256"))

    # --- wrong settings ----------------------------------------------------------------------------------------------

    def refused(self, *lines):
        cfg = self.folder / "wrong.cfg"
        cfg.write_text("\n".join(["tickTime=500", "initLimit=20", "syncLimit=6", "server.1=127.0.0.1:1:2",
                                  "server.2=127.0.0.1:3:4", *lines]) + "\n", encoding="utf-8")
        done = subprocess.run([NODE, str(cfg), "--sid", "1", "--votes-only", "--log", "off"], capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual((done.returncode, done.stdout), (BAD_INPUT, ""), done.stderr)
        return done.stderr

    def test_wrong_settings(self):
        empty, no_key, other_key = (self.folder / name for name in ("empty.pem", "no-key.pem", "other-key.pem"))
        empty.touch()
        shutil.copy(self.ours.trust, no_key)
        other_key.write_text((self.folder / "of-strangers.key").read_text("ascii") +
                             (self.folder / "good.crt").read_text("ascii"), encoding="ascii")
        locked = self.ours.issue("shut", password="right")
        whole = self.lines()
        location, trusts = whole[1:3]

        def with_key_store(path, *more):
            return ["sslQuorum=true", f"ssl.quorum.keyStore.location={path}", trusts, *more]

        cases = [
            (["sslQuorum=maybe"], ["wrong.cfg:6", "sslQuorum", "'maybe'", "true or false"]),
            (["sslQuorum=true"], ["ssl.quorum.keyStore.location", "found nothing", "a PEM file"]),
            (["portUnification=true"], ["ssl.quorum.keyStore.location", "found nothing"]),
            (["sslQuorum=true", location], ["ssl.quorum.trustStore.location", "found nothing"]),
            (with_key_store("/nowhere/a.pem"), ["/nowhere/a.pem", "No such file"]),
            (with_key_store(self.folder / "a.jks"), ["a.jks", "expected a name that ends in .pem"]),
            ([*whole, "ssl.quorum.keyStore.type=JKS"], ["keyStore.type", "'JKS'", "expected PEM"]),
            (with_key_store(empty), [str(empty), "found nothing in it"]),
            (with_key_store(no_key), [str(no_key), "found no private key"]),
            (with_key_store(other_key), ["found a key that can't be used", "mismatch"]),
            (with_key_store(locked), ["found an encrypted key, and no password"]),
            (with_key_store(locked, "ssl.quorum.keyStore.password=wrong"),
             [str(locked), "found an encrypted key that the password does not open"]),
            ([*whole, "ssl.quorum.keyStore.passwordPath=/nowhere/p"],
             ["wrong.cfg: ssl.quorum.keyStore.passwordPath", "/nowhere/p", "No such file"]),
            (["sslQuorum=true", location, f"ssl.quorum.trustStore.location={self.folder / 'good.key'}",
              "ssl.quorum.trustStore.type=PEM"], ["good.key", "found no certificate"]),
            ([*whole, "ssl.quorum.clientAuth=perhaps"], ["clientAuth", "'perhaps'", "need, want or none"]),
            ([*whole, "ssl.quorum.hostnameVerification=ture"], ["hostnameVerification", "'ture'", "true or false"]),
            ([*whole, "ssl.quorum.enabledProtocols=TLSv1.2,SSLv3"], ["enabledProtocols", "'SSLv3'", "TLSv1.3"]),
            ([*whole, "ssl.quorum.ciphersuites=TLS_NOTHING"], ["wrong.cfg: ssl.quorum.ciphersuites", "'TLS_NOTHING'"]),
            ([*whole, "ssl.quorum.protocol=TLSv1.2", "ssl.quorum.ciphersuites=TLS_AES_128_GCM_SHA256"],
             ["ciphersuites", "TLS_AES_128_GCM_SHA256", "a version of TLS that is enabled"]),
            ([*whole, "ssl.quorum.enabledProtocols=TLSv1.3",
              "ssl.quorum.ciphersuites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
             ["ciphersuites", "a version of TLS that is enabled"]),
            ([*whole, "ssl.quorum.allowReverseDnsLookup=1"], ["allowReverseDnsLookup", "'1'", "true or false"]),
            ([*whole, "ssl.quorum.clientHostnameVerification=no"], ["clientHostnameVerification", "'no'"]),
            ([*whole, "ssl.quorum.crl=true"], ["ssl.quorum.crl", "revoked"]),
            ([*whole, "ssl.quorum.ocsp=true"], ["ssl.quorum.ocsp", "revoked"]),
            ([*whole, "ssl.quorum.context.supplier.class=a.B"], ["context.supplier.class", "'a.B'"]),
        ]
        for lines, words in cases:
            with self.subTest(lines=lines[-1]):
                told = self.refused(*lines)
                for word in words:
                    self.assertIn(word, told)
                self.assertEqual(told.count("\n"), 1, told)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: tls_test.py NODE [unittest arguments]")
    NODE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
