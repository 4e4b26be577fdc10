"""Keys and certificates for servers that speak TLS, made by the program openssl (OpenSSL 3)."""

import pathlib
import subprocess


def _openssl(*words, folder):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class Authority:
    """Signs certificates. `trust` is the PEM file that those who trust it are given."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = pathlib.Path(folder), name
        self.trust = self.folder / f"{name}.pem"
        self.issued = 0
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "3650", "-subj", f"/CN={name}",
                 "-keyout", f"{name}.key", "-out", self.trust.name, folder=folder)

    def issue(self, name, hosts=("IP:127.0.0.1",), password=None, days=3650):
        """Returns a PEM file with a key and its certificate, which is for `hosts`, as X.509 has alternative names."""
        self.issued += 1
        request, extensions, key, signed = (f"{name}.{ending}" for ending in ("csr", "ext", "key", "crt"))
        locked = ["-passout", f"pass:{password}"] if password else ["-noenc"]
        _openssl("req", "-new", "-newkey", "rsa:2048", *locked, "-subj", f"/CN={name}", "-keyout", key, "-out", request,
                 folder=self.folder)
        alternatives = f"subjectAltName={','.join(hosts)}\n" if hosts else ""
        (self.folder / extensions).write_text(alternatives, encoding="ascii")
        _openssl("x509", "-req", "-in", request, "-CA", self.trust.name, "-CAkey", f"{self.name}.key", "-days",
                 str(days), "-set_serial", str(self.issued), "-extfile", extensions, "-out", signed, folder=self.folder)
        pem = self.folder / f"{name}.pem"
        pem.write_text((self.folder / key).read_text("ascii") + (self.folder / signed).read_text("ascii"), "ascii")
        return pem


def settings(key_store, trust_store, *more):
    """Lines of a zoo.cfg."""
    return ["sslQuorum=true", f"ssl.quorum.keyStore.location={key_store}",
            f"ssl.quorum.trustStore.location={trust_store}", *more]
