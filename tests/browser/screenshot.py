#!/usr/bin/env python3
"""Takes the picture in docs/reading-a-run.md anew: docs/pictures/single-leading.png, of the page beside it.

usage: screenshot.py [ADDRESS_END [SIZE [FILE]]], in the project's folder. ADDRESS_END is #step-9, SIZE 1280x690.
./conclave test --step browser installs what it needs.
"""
import os
import pathlib
import subprocess
import sys
import tempfile


def main():
    end = sys.argv[1] if len(sys.argv) > 1 else "#step-9"
    width, height = (sys.argv[2] if len(sys.argv) > 2 else "1280x690").split("x")
    picture = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else "docs/pictures/single-leading.png").resolve()
    page = pathlib.Path("docs/pictures/single-leading.html").resolve().as_uri() + end
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(["chromium", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                        "--hide-scrollbars", *(["--no-sandbox"] if os.geteuid() == 0 else []),
                        f"--user-data-dir={profile}", f"--window-size={width},{height}", f"--screenshot={picture}",
                        page], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
