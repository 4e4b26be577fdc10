"""Which tests notice a mutant: each test's reach is recorded once, and a mutant meets only the tests that reach it."""

import dataclasses
import os
import pathlib
import pickle
import re
import resource
import subprocess
import tempfile

MEMORY_BYTES_MAX = 4 << 30
# How much longer than without a mutant a test may take.
LIMIT_FACTOR, LIMIT_EXTRA_S = 5, 2
# Rounds of tests, by what one of them takes at most.
ROUND_LIMITS_S = (0.03, 0.2, 1.0)
FAILED = re.compile(r"^\[  FAILED  \] ([^\s,]+)", re.MULTILINE)
# The same cases in each run, and a tenth of those that the tests have by themselves. That there is a counterexample is
# enough: it need not be made small.
PROPERTIES = "seed=20260701 max_success=10 noshrink=1"


@dataclasses.dataclass(frozen=True)
class Program:
    path: str                     # below the folder of what was built
    arguments: tuple[str, ...] = ()  # of a program that is one test; {root} is the folder of the sources
    cases: bool = True            # GoogleTest's, each a test by itself
    without: str = ""             # and not these, as --gtest_filter has them


@dataclasses.dataclass
class Case:
    program: Program
    name: str
    seconds: float = 0
    reached: bytes = b""


ALIVE = ("survived", "not-reached")


@dataclasses.dataclass(frozen=True)
class Outcome:
    fate: str       # killed, crashed, timed-out, survived, not-reached
    by: str = ""    # program and test


class Runner:
    def __init__(self, built, tree, limit_extra_s=LIMIT_EXTRA_S):
        self.limit_extra_s = limit_extra_s
        self.built, self.tree = pathlib.Path(built), pathlib.Path(tree)
        self.cases = []

    def record(self, programs, memory):
        """Lists the tests and runs each by itself. Returns those that fail without any mutant, with their output. What
        a program did is remembered in the folder `memory` until it is built anew."""
        failing = []
        memory.mkdir(parents=True, exist_ok=True)
        for program in programs:
            built = (self.built / program.path).stat().st_mtime_ns
            path = memory / pathlib.PurePath(program.path).name
            known = pickle.loads(path.read_bytes()) if path.exists() else None
            if not known or known[:2] != (built, program):
                cases = [Case(program, name) for name in self._names(program)]
                wrong = [(f"{program.path} {case.name}", output) for case in cases if (output := self._record(case))]
                failing += wrong
                known = (built, program, cases)
                if not wrong:
                    path.write_bytes(pickle.dumps(known))
            self.cases += known[2]
        self.cases.sort(key=lambda case: case.seconds)
        return failing

    def _record(self, case):
        """What it prints if it fails."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "reached")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = self._run(case.program, [case], {"CONCLAVE_MUTANTS_REACHED": str(path)}, None)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            case.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            case.reached = path.read_bytes() if path.exists() else b""
        return None if done.returncode == 0 else done.stdout[-1500:] or f"exit code {done.returncode}"

    def rounds(self):
        """The tests in rounds: all mutants meet the quick ones first, those that are left the slower ones."""
        rest = list(self.cases)
        for limit in (*ROUND_LIMITS_S, float("inf")):
            quick = [case for case in rest if case.seconds <= limit]
            rest = rest[len(quick):]
            if quick:
                yield quick

    def judge(self, number, cases):
        """Runs those of the tests that reach this mutant, until one fails."""
        meeting = [case for case in cases if number < len(case.reached) and case.reached[number]]
        for batch in self._batches(meeting):
            seconds = sum(case.seconds for case in batch)
            limit_s = round(LIMIT_FACTOR * seconds) + self.limit_extra_s
            program = batch[0].program
            done = self._run(program, batch, {"CONCLAVE_MUTANT": str(number)}, limit_s)
            if done.returncode == 0:
                continue
            name = pathlib.PurePath(program.path).name
            if done.returncode in (-24, -9):  # SIGXCPU, or killed
                return Outcome("timed-out", name)
            found = FAILED.search(done.stdout)
            case = found[1] if found else batch[0].name if len(batch) == 1 else ""
            by = f"{name} {case}".strip()
            return Outcome("crashed" if done.returncode < 0 else "killed", by)
        return Outcome("survived" if meeting else "not-reached")

    def _batches(self, cases):
        """Quick tests of one program share a process."""
        quick = [case for case in cases if case.seconds <= ROUND_LIMITS_S[0]]
        for program in dict.fromkeys(case.program for case in quick):
            yield [case for case in quick if case.program == program]
        for case in cases[len(quick):]:
            yield [case]

    def _names(self, program):
        if not program.cases:
            return [""]
        done = subprocess.run([self.built / program.path, "--gtest_list_tests", f"--gtest_filter=*-{program.without}"],
                              cwd=self.tree, check=True, capture_output=True, text=True)
        names, suite = [], ""
        for line in done.stdout.splitlines():
            line = line.split("#")[0].rstrip()
            if line.endswith(".") and not line.startswith(" "):
                suite = line
            elif line.startswith("  "):
                names.append(suite + line.strip())
        return names

    def _run(self, program, cases, environment, limit_s):
        command = [str(self.built / program.path), *(part.format(root=self.tree) for part in program.arguments)]
        if program.cases:
            command += ["--gtest_fail_fast", "--gtest_brief=1",
                        "--gtest_filter=" + ":".join(case.name for case in cases)]

        def limits():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
            if limit_s is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 1))

        # Processor time is what is limited, which another program's hunger does not change; the clock is for those
        # that sleep.
        wall_s = None if limit_s is None else 20 * limit_s
        try:
            return subprocess.run(command, cwd=self.tree, env={**os.environ, "RC_PARAMS": PROPERTIES, **environment},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  encoding="utf-8", errors="replace", preexec_fn=limits, timeout=wall_s, check=False)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, -9, stdout=str(late.stdout or ""))
