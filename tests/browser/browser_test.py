"""The page of a run as its readers meet it, in Chromium: what is drawn, what the keys do, whether it can be read.

usage: browser_test.py PROGRAM SAMPLE_PAGES [unittest arguments], in the project's folder

SAMPLE_PAGES writes pages of random runs, and says what has to be seen on them.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import chromium

PROGRAM = os.path.abspath(sys.argv.pop(1))
SAMPLE_PAGES = os.path.abspath(sys.argv.pop(1))
WIDE = (1280, 900)
PHONE = (375, 760)
NARROW = (320, 640)

# Gives the texts on the page that can't be told from what is behind them: contrast below 4.5 (WCAG 2, AA).
FAINT = """
  const luminance = color => {
    const part = color.map(value => value / 255)
      .map(value => value <= .03928 ? value / 12.92 : Math.pow((value + .055) / 1.055, 2.4));
    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
  };
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (let node = element; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const faint = [];
  let seen = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || ["SCRIPT", "STYLE", "TITLE"].includes(element.tagName.toUpperCase())) continue;
    if (element.disabled || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const inside = element.tagName === "text";
    let paper = behind(element);
    const ring = element.previousElementSibling;
    if (inside && ring && ring.classList.contains("ring")) paper = parse(getComputedStyle(ring).fill);
    const pair = [luminance(parse(inside ? style.fill : style.color)), luminance(paper)];
    const ratio = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    ++seen;
    if (ratio < 4.5) faint.push(element.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return [seen, faint];
"""

# Gives the texts that stick out of the window, or of the box that cuts them off without saying so.
OUTSIDE = """
  const outside = [];
  for (const element of document.querySelectorAll("h1, h2, h3, p, li, td, th, dt, dd, button, output, text, small")) {
    for (const box of element.getClientRects()) {
      if (box.width && (box.left < -1 || box.right > innerWidth + 1)) {
        outside.push(element.textContent.trim().slice(0, 40) + " " + box.left.toFixed(0) + ".." + box.right.toFixed(0));
      }
    }
  }
  return outside;
"""

# The arrows as they are drawn: step, and the two ends in pixels of the picture.
ARROWS = """
  return [...document.querySelectorAll("svg.lanes g[data-step] g.message line")].map(line => ({
    step: Number(line.closest("[data-step]").dataset.step),
    x1: line.x1.baseVal.value, y1: line.y1.baseVal.value, x2: line.x2.baseVal.value, y2: line.y2.baseVal.value}));
"""


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        path = pathlib.Path(cls.folder.name)
        done = subprocess.run([SAMPLE_PAGES, cls.folder.name], capture_output=True, check=True)
        cls.samples = json.loads(done.stdout)
        done = subprocess.run([PROGRAM, "check", "examples/three-voters.cfg", "--show", "single-leading", "--json",
                               "--html", str(path / "checked.html")], capture_output=True, check=True)
        cls.run_told = json.loads(done.stdout)["runs"][0]
        cls.browser = chromium.start(path / "profile")
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.command("Emulation.setScriptExecutionDisabled", value=False)
        self.show_as("light")
        self.size(WIDE)

    def command(self, name, **arguments):
        return self.browser.execute_cdp_cmd(name, arguments)

    def show_as(self, scheme, media=""):
        self.command("Emulation.setEmulatedMedia", media=media,
                     features=[{"name": "prefers-color-scheme", "value": scheme}])

    def size(self, size):
        chromium.resize(self.browser, *size)

    def open(self, name, step=None):
        address = pathlib.Path(self.folder.name, name + ".html").as_uri()
        self.browser.get("about:blank")
        for log in ("browser", "performance"):
            self.browser.get_log(log)
        self.browser.get(address + ("" if step is None else f"#step-{step}"))

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def all(self, css):
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def press(self, key):
        self.browser.find_element(By.TAG_NAME, "body").send_keys(key)

    def shown(self):
        """The one step whose words and table can be seen."""
        visible = [article for article in self.all(".panel article") if article.is_displayed()]
        self.assertEqual(len(visible), 1)
        return visible[0].text

    def all_names(self):
        return [*self.samples, "checked"]

    # --- what is drawn ---

    def test_lanes_are_servers_and_arrows_messages(self):
        for name, facts in self.samples.items():
            with self.subTest(page=name):
                self.open(name)
                self.assertEqual(len(self.all("svg.lanes g[data-lane]")), facts["lanes"])
                self.assertEqual(len(self.all(".heads li")), facts["lanes"])
                self.assertEqual(len(self.all("svg.lanes g.message")), facts["heard"])
                self.assertEqual(len(self.all("svg.lanes g.lost")), facts["lost"])
                self.assertEqual(len(self.all("svg.lanes text.note.fails")), facts["crashes"])
                self.assertEqual(len(self.all(".rows li")), facts["steps"] + 1)
                self.assertEqual(len(self.all(".panel article")), facts["steps"] + 1)
                self.assertEqual([arrow for arrow in self.script(ARROWS) if arrow["y1"] >= arrow["y2"]], [])

    def test_arrows_lead_from_who_said_to_who_heard(self):
        self.open("checked")
        heard = {step["step"]: step for step in self.run_told["steps"] if step.get("peer") is not None}
        arrows = self.script(ARROWS)
        self.assertEqual(sorted(heard), [arrow["step"] for arrow in arrows])
        ids = [server["id"] for server in self.run_told["steps"][0]["servers"]]
        width = self.script("return document.querySelector('svg.lanes').getBoundingClientRect().width")
        rows = [row.rect for row in self.all(".rows li")]
        top = rows[0]["y"]
        for arrow in arrows:
            step = heard[arrow["step"]]
            for x, server in ((arrow["x1"], step["peer"]), (arrow["x2"], step["server"])):
                self.assertAlmostEqual(x, (ids.index(server) + .5) * width / len(ids), delta=.5)
            row = rows[arrow["step"]]
            self.assertAlmostEqual(arrow["y2"], row["y"] + row["height"] / 2 - top, delta=1)

    def test_the_failed_clause_is_there(self):
        for name, facts in {**self.samples, "checked": {"clause": self.run_told["clause"]}}.items():
            with self.subTest(page=name):
                self.open(name)
                head = self.browser.find_element(By.CSS_SELECTOR, "header .failed")
                self.assertTrue(head.is_displayed())
                self.assertIn(facts["clause"], head.text)
                self.script("document.querySelector('.rows li:last-child a').click()")
                self.assertIn(facts["clause"], self.shown())

    # --- what it asks for, and what it takes for markup ---

    def test_no_error_and_no_request(self):
        for name in self.all_names():
            with self.subTest(page=name):
                self.open(name)
                self.press(Keys.ARROW_RIGHT)
                self.assertEqual(self.browser.get_log("browser"), [])
                requests = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
                asked = [request["params"]["request"]["url"] for request in requests
                         if request["method"] == "Network.requestWillBeSent"]
                self.assertEqual([url for url in asked if not url.startswith(("file:", "data:"))], [])
                self.assertEqual(len([url for url in asked if url.startswith("file:")]), 1)

    def test_names_are_taken_as_text(self):
        for name in self.samples:
            self.open(name)
            self.assertIsNone(self.script("return window.escaped === undefined ? null : window.escaped"))
            self.assertEqual(len(self.all("script")), 1)
            self.assertEqual(len(self.all(".failed b")), 3 - 1)  # its own, in the head and at the last step
            self.assertIn("<script>window.escaped", self.browser.find_element(By.CSS_SELECTOR, ".foot dl").text)

    # --- stepping ---

    def test_arrow_keys_step(self):
        self.open("checked")
        last = self.run_told["length"]
        first = self.shown()
        self.assertIn("At the start", first)
        self.press(Keys.ARROW_LEFT)
        self.assertEqual(self.shown(), first)
        texts = [first]
        for number in range(1, last + 1):
            self.press(Keys.ARROW_RIGHT)
            text = self.shown()
            self.assertNotIn(text, texts)
            self.assertIn(self.run_told["steps"][number]["text"], text)
            self.assertEqual(self.browser.find_element(By.ID, "where").text, f"step {number} of {last}")
            current = self.all(".rows a[aria-current=step]")
            self.assertEqual([link.get_attribute("href").rsplit("#")[-1] for link in current], [f"step-{number}"])
            texts.append(text)
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.shown(), texts[-1])
        self.press(Keys.ARROW_LEFT)
        self.assertEqual(self.shown(), texts[-2])

    def test_rows_buttons_and_addresses_step_too(self):
        self.open("checked", step=4)
        self.assertIn("Step 4:", self.shown())
        self.browser.find_element(By.ID, "on").click()
        self.assertIn("Step 5:", self.shown())
        self.browser.find_element(By.ID, "back").click()
        self.assertIn("Step 4:", self.shown())
        self.all(".rows a .no")[7].click()
        self.assertIn("Step 7:", self.shown())
        self.browser.switch_to.active_element.send_keys(Keys.ARROW_UP)
        self.assertIn("Step 6:", self.shown())
        self.browser.switch_to.active_element.send_keys(Keys.END)
        self.assertIn(f"Step {self.run_told['length']}:", self.shown())
        self.assertTrue(self.browser.current_url.endswith(f"#step-{self.run_told['length']}"))

    def test_the_table_tells_what_changed(self):
        self.open("checked")
        for step in self.run_told["steps"][1:]:
            self.press(Keys.ARROW_RIGHT)
            rows = self.all(".panel article.shown .states tbody tr")
            self.assertEqual(len(rows), len(step["servers"]))
            acting = self.all(".panel article.shown .states tr.acts th")
            self.assertEqual([cell.text for cell in acting], [str(step["server"])])
            changed = self.all(".panel article.shown .states td.new")
            self.assertEqual(bool(changed), bool(step["changes"]))
            for row, server in zip(rows, step["servers"]):
                state = {"up": server.get("state"), "not started": "not started", "down": "crashed"}[server["life"]]
                self.assertIn(state, row.text)

    def test_the_chosen_step_can_be_seen(self):
        for size in (WIDE, PHONE):
            self.size(size)
            self.open("nine")
            self.press(Keys.ARROW_RIGHT * 60)
            seen = self.script("""
                const row = document.querySelector(".rows a[aria-current]").getBoundingClientRect();
                const hit = document.elementFromPoint(row.left + 8, row.top + row.height / 2);
                return Boolean(hit && hit.closest(".rows a[aria-current]"));""")
            self.assertTrue(seen, size)

    def test_where_the_claim_fails_can_be_seen_with_the_last_step(self):
        for size in (WIDE, PHONE):
            self.size(size)
            self.open("checked")
            self.press(Keys.ARROW_RIGHT * 20)
            marks, hidden = self.script("""
                const panel = document.querySelector(".panel");
                const over = getComputedStyle(panel).position === "fixed";
                const bottom = over ? panel.getBoundingClientRect().top : innerHeight;
                const boxes = [...document.querySelectorAll(".lanes .concern")].map(it => it.getBoundingClientRect());
                return [boxes.length, boxes.filter(box => box.top < 0 || box.bottom > bottom).length];""")
            self.assertEqual((marks, hidden), (2, 0), size)

    # --- reading ---

    def test_contrast_in_the_light_and_in_the_dark(self):
        for scheme, dark in (("light", False), ("dark", True)):
            self.show_as(scheme)
            for name in self.all_names():
                with self.subTest(page=name, scheme=scheme):
                    self.open(name, step=3)
                    paper = self.script("return getComputedStyle(document.body).backgroundColor")
                    brightness = max(int(part) for part in paper[4:-1].split(","))
                    self.assertEqual(brightness < 64, dark)
                    seen, faint = self.script(FAINT)
                    self.assertGreater(seen, 40)
                    self.assertEqual(faint, [])

    def test_no_text_beside_the_window(self):
        for size in (WIDE, PHONE, NARROW):
            self.size(size)
            for name in self.all_names():
                with self.subTest(page=name, size=size):
                    self.open(name, step=6)
                    self.assertLessEqual(self.script("return document.documentElement.scrollWidth"), size[0])
                    self.assertEqual(self.script(OUTSIDE), [])

    def test_without_a_script_everything_is_there(self):
        self.command("Emulation.setScriptExecutionDisabled", value=True)
        self.open("checked")
        articles = self.all(".panel article")
        self.assertTrue(all(article.is_displayed() for article in articles))
        self.assertEqual(len(articles), self.run_told["length"] + 1)
        self.assertFalse(self.browser.find_element(By.CSS_SELECTOR, ".panel nav").is_displayed())

    def test_on_paper_every_step_is_there(self):
        self.show_as("dark", media="print")
        self.open("checked")
        self.assertTrue(all(article.is_displayed() for article in self.all(".panel article")))
        self.assertEqual(self.script("return getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        paper = self.command("Page.printToPDF")
        self.assertGreater(len(paper["data"]), 10_000)

    def test_words_for_those_who_do_not_see_it(self):
        self.open("checked")
        picture = self.browser.find_element(By.CSS_SELECTOR, "svg.lanes")
        self.assertEqual(picture.get_attribute("role"), "img")
        self.assertIn("3 servers", picture.get_attribute("aria-label"))
        tree = self.command("Accessibility.getFullAXTree")["nodes"]
        named = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]}
        for wanted in (("heading", "At most one server is LEADING in a round."), ("button", "one step on"),
                       ("button", "one step back"), ("list", "the steps"), ("list", "servers")):
            self.assertIn(wanted, named)
        # Also where the words have no room beside the picture.
        self.assertEqual(self.script("return document.documentElement.lang"), "en")

    def test_text_can_be_selected(self):
        self.open("checked")
        for css in ("h1", "svg.lanes text.said", ".panel article.shown h3"):
            selected = self.script("""
                const range = document.createRange();
                range.selectNodeContents(document.querySelector(arguments[0]));
                getSelection().removeAllRanges();
                getSelection().addRange(range);
                return [getSelection().toString(), getComputedStyle(document.querySelector(arguments[0])).userSelect];
                """, css)
            self.assertTrue(selected[0].strip())
            self.assertNotEqual(selected[1], "none")


if __name__ == "__main__":
    unittest.main()
