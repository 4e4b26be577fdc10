#!/usr/bin/python3
"""Takes the picture in docs/reading-a-run.md anew: docs/pictures/single-leading.png, of the page beside it.

usage: screenshot.py [ADDRESS_END [SIZE [FILE]]], in the project's folder. ADDRESS_END is #step-9, SIZE 1280x690.
./conclave test --step browser installs what it needs, for the Python of Debian.
"""
import pathlib
import sys
import tempfile

import chromium


def main():
    end = sys.argv[1] if len(sys.argv) > 1 else "#step-9"
    width, height = (sys.argv[2] if len(sys.argv) > 2 else "1280x690").split("x")
    picture = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else "docs/pictures/single-leading.png").resolve()
    page = pathlib.Path("docs/pictures/single-leading.html").resolve().as_uri() + end
    with tempfile.TemporaryDirectory() as profile:
        browser = chromium.start(profile)
        try:
            chromium.resize(browser, int(width), int(height))
            browser.get(page)
            picture.write_bytes(browser.get_screenshot_as_png())
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
