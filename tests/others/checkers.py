"""Runs other people's checkers, Spin, Rumur and TLC, on models in their languages.

Each gives a Run, or raises Missing where it is not installed and Failed where it did not come to its end.
"""
import collections
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # ctest's SKIP_RETURN_CODE of these tests
RUN_SECONDS_MAX = 900


class Missing(Exception):
    pass


class Failed(Exception):
    pass


class Broken(Failed):
    """A claim that the model itself makes does not hold: the text is its name."""


@dataclasses.dataclass
class Run:
    states: int
    steps: int
    seconds: float  # of the run alone, without generating and compiling
    bytes_max: int  # the most that it had resident
    output: str


def skip(why):
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(SKIPPED)


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Missing(f"no {tool} here; Debian's package of that name has it")


def call(*command, folder, stdin=None):
    done = subprocess.run([str(word) for word in command], cwd=folder, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=RUN_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode} of {' '.join(map(str, command))}\n{done.stdout[-2000:]}")
    return done.stdout


def measured(command, folder, good=(0,)):
    """Gives (output, seconds, most bytes resident). The parallel modes have processes: all are waited for. An exit
    status that is not one of the good ones is a failure."""
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=output,
                                   stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode not in good:
        raise Failed(f"exit status {process.returncode} of {' '.join(map(str, command))}\n{text[-2000:]}")
    return text, seconds, usage.ru_maxrss * 1024


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise Failed(f"no {pattern!r} in\n{text[-2000:]}")
    return int(found.group(1))


class Spin:
    """A Promela model, generated and compiled once. `defines`: what its preprocessor gets; `flags`: what pan.c gets."""

    # Every state counted: no partial order reduction. -w: slots of the hash table, a power of two.
    ALWAYS = ("-w", "-DSAFETY", "-DNOREDUCE")

    def __init__(self, folder, model, defines, flags=("-O2",)):
        need("spin", "cc")
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        (self.folder / "model.pml").write_text(model, encoding="utf-8")
        said = call("spin", *(f"-D{name}={value}" for name, value in defines.items()), "-a", "model.pml",
                    folder=self.folder)
        if "rror" in said:
            raise Failed(said)
        call("cc", *self.ALWAYS, *flags, "-o", "pan", "pan.c", folder=self.folder)

    def run(self, *options, depth=None, depth_max=100_000, slots_log2=16):
        """With a depth the search ends there (breadth first only), and that is no failure. Memory is taken for
        depth_max and for the slots whether or not they are used."""
        limit = f"-m{depth_max if depth is None else depth}"
        output, seconds, most = measured(["./pan", limit, f"-w{slots_log2}", *options], self.folder)
        incomplete = re.search("max search depth too small|Search not completed", output)
        if number(r"errors: (\d+)", output) != 0 or (incomplete and depth is None):
            raise Failed(output)
        steps = number(r"(\d+) transitions", output)
        return Run(number(r"(\d+) states, stored", output), steps, seconds, most, output)


class Rumur:
    """A Murphi model with other numbers in its `const` lines."""

    # The generated code wants an instruction that compares and swaps 16 bytes.
    ALWAYS = ("-w", "-mcx16")

    def __init__(self, folder, model, constants, flags=("-O2",), options=()):
        need("rumur", "cc")
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        for name, value in constants.items():
            model, count = re.subn(rf"(?m)^const {name}: \d+;", f"const {name}: {value};", model)
            if count != 1:
                raise Failed(f"const {name}: found {count} times, expected once")
        (self.folder / "model.m").write_text(model, encoding="utf-8")
        # A system that can stand still is no error here.
        call("rumur", "--deadlock-detection", "off", *options, "--output", "model.c", "model.m", folder=self.folder)
        call("cc", *self.ALWAYS, *flags, "-o", "verifier", "model.c", "-lpthread", folder=self.folder)

    def run(self):
        output, seconds, most = measured(["./verifier"], self.folder)
        # Its progress has rules fired as well: only the last line has both numbers side by side.
        steps = number(r"\d+ states, (\d+) rules fired", output)
        return Run(number(r"(\d+) states, \d+ rules fired", output), steps, seconds, most, output)


class Tlc:
    """A TLA+ module with other numbers in its `CONSTANTS`, as TLC's configuration file has them.

    TLC is the jar that the environment variable TLA2TOOLS_JAR names, or else the command tlc.
    """

    VIOLATED = 12  # its exit status

    def __init__(self, folder, name, module, config, constants):
        self.command = self.found()
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        for constant, value in constants.items():
            config, count = re.subn(rf"(?m)^  {constant} = .*$", f"  {constant} = {value}", config)
            if count != 1:
                raise Failed(f"{constant}: found {count} times in the configuration, expected once")
        (self.folder / f"{name}.tla").write_text(module, encoding="utf-8")
        (self.folder / f"{name}.cfg").write_text(config, encoding="utf-8")

    @staticmethod
    def found():
        jar = os.environ.get("TLA2TOOLS_JAR")
        if jar is None:
            if shutil.which("tlc") is None:
                raise Missing("no tlc here, and TLA2TOOLS_JAR names no jar; Debian has no package of it")
            return ["tlc"]
        if not pathlib.Path(jar).is_file():
            raise Failed(f"TLA2TOOLS_JAR: found no file {jar}; expected the TLA+ tools, tla2tools.jar")
        if shutil.which("java") is None:
            raise Missing("no java here; Debian's package default-jre-headless has it")
        return ["java", "-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC"]

    def run(self, levels=False):
        """Gives (the run, the states of each level or None). A level is counted as TLC comes to each of its states."""
        config = self.folder / f"{self.name}.cfg"
        name = self.name
        if levels:
            name = "Levels"
            (self.folder / "Levels.tla").write_text(
                f"---- MODULE Levels ----\nEXTENDS {self.name}, TLC\n"
                'ShowsItsLevel == PrintT(<<"level", TLCGet("level")>>)\n====\n', encoding="utf-8")
            (self.folder / "Levels.cfg").write_text(
                config.read_text(encoding="utf-8") + "INVARIANT ShowsItsLevel\n", encoding="utf-8")
        # With several workers a state may be met first at the end of a longer run.
        workers = "1" if levels else "auto"
        output, seconds, most = measured([*self.command, "-workers", workers, name], self.folder,
                                         (0, self.VIOLATED))
        if broken := re.search(r"(?:Invariant|Action property) (\w+) is violated", output):
            raise Broken(broken[1])
        if "No error has been found" not in output:
            raise Failed(output[-2000:])
        run = Run(number(r"(\d+) distinct states found, 0 states left", output),
                  number(r"(\d+) states generated", output), seconds, most, output)
        if not levels:
            return run, None
        counts = collections.Counter(int(level) for level in re.findall(r'(?m)^<<"level", (\d+)>>$', output))
        return run, [counts[level] for level in sorted(counts)]
