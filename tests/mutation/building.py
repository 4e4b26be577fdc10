"""A copy of the sources with all mutants in it, built; mutants that the compiler refuses are found out and left out."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import equivalent
import operators
import schema

ROOT = pathlib.Path(__file__).resolve().parents[2]
# With assertions, of this project and of the standard library: what is out of bounds is noticed.
FLAGS = "-O0 -w -D_GLIBCXX_ASSERTIONS -fconstexpr-ops-limit=1000000000 -fconstexpr-loop-limit=10000000"
CODE = (".hpp", ".cpp")
ERROR = re.compile(r"^\S+?:\d+:\d+: (?:fatal )?error: ")


class Failure(Exception):
    """What went wrong, in words for whoever has started the program."""


def files_of(folders, root=ROOT):
    return sorted(path.relative_to(root).as_posix() for folder in folders for path in (root / folder).rglob("*")
                  if path.suffix in CODE)


def all_mutants(folders, root=ROOT):
    """Numbered from 1, in the order of files and places."""
    files = files_of(folders, root)
    if not files:
        raise Failure(f"{', '.join(map(str, folders))}: found no C++ files; expected some below {root}")
    texts = {file: (root / file).read_text(encoding="utf-8") for file in files}
    enumerators = operators.known_enumerators(texts.values())
    found = [mutant for file in files for mutant in operators.mutants_of(file, texts[file], enumerators)]
    return dict(enumerate(found, 1)), texts


def write_if_new(path, text):
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy_sources(tree, changed):
    """The project's files but those that are changed, and not what lies around. Keeps the times, so that only what is
    new gets built."""
    kept = set()
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name not in ("build", ".git", "__pycache__", ".cache")]
        for name in names:
            source = pathlib.Path(folder, name)
            relative = source.relative_to(ROOT).as_posix()
            kept.add(relative)
            target = tree / relative
            if relative in changed or target.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in list(tree.rglob("*")):
        if path.is_file() and path.relative_to(tree).as_posix() not in kept | changed:
            path.unlink()


def refused_by(output, folder):
    """The mutants whose lines the errors name; of an error elsewhere, those where it has been instantiated. `folder`:
    where the compiler ran."""
    found, context = set(), []
    for line in output.splitlines():
        if ERROR.match(line):
            places = [line, *reversed(context)]
            found |= next((numbers for numbers in (_numbers_at(place, folder) for place in places) if numbers), set())
            context = []
        elif "required from" in line:
            context.append(line.strip())
        elif line.startswith("["):
            context = []
    return found


def _numbers_at(place, folder):
    named = re.match(r"(\S+?):(\d+):", place)
    path = (folder / named[1]).resolve() if named else None
    if path is None or not path.is_file():
        return set()
    return set(schema.numbers_at(path.read_text(encoding="utf-8").splitlines()[int(named[2]) - 1]))


class Build:
    """Below `folder`: tree/, the sources with the mutants; made/, what is built of them; refused.json."""

    def __init__(self, folder, folders, say):
        self.folder, self.say = pathlib.Path(folder), say
        self.tree, self.made = self.folder / "tree", self.folder / "made"
        self.mutants, self.texts = all_mutants(folders)
        self.refused = set()

    def prepare(self, targets, probes):
        """Builds the targets; `probes` are objects that show early whether the compiler takes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._recall_refused()
        changed = set(self.texts) | {f"model/include/{schema.HEADER}"}
        copy_sources(self.tree, changed)
        self._write_mutants()
        self._configure()
        for goals in ([probe] for probe in probes):
            self._build(goals)
        self._build(targets)
        self._remember_refused()

    def compiles(self, mutant, test):
        """Does the test compile with this mutant, where constant expressions are computed with it, too?"""
        with tempfile.TemporaryDirectory() as folder:
            include = ROOT / mutant.file[:mutant.file.index("include") + len("include")]
            changed = pathlib.Path(folder) / (ROOT / mutant.file).relative_to(include)
            changed.parent.mkdir(parents=True)
            changed.write_text(operators.mutated(self.texts[mutant.file], mutant), encoding="utf-8")
            command = ["g++", "-std=c++20", "-w", "-fsyntax-only", f"-I{folder}", f"-I{include}", ROOT / test]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _write_mutants(self):
        for file, text in self.texts.items():
            numbered = [(number, mutant) for number, mutant in self.mutants.items()
                        if mutant.file == file and number not in self.refused]
            write_if_new(self.tree / file, schema.rewrite(text, numbered))
        write_if_new(self.tree / "model/include" / schema.HEADER, schema.header(len(self.mutants) + 1))

    def _configure(self):
        if (self.made / "build.ninja").exists():
            return
        command = ["cmake", "-S", self.tree, "-B", self.made, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                   f"-DCMAKE_CXX_FLAGS_DEBUG={FLAGS}", "-DCONCLAVE_WERROR=OFF", "-DCONCLAVE_TESTS=ON",
                   "-DCMAKE_CXX_COMPILER=g++"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"configuring {self.made} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _build(self, goals):
        """Again and again, each time without the mutants that the compiler has refused."""
        while True:
            self.say(f"building {' '.join(goals)}")
            jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
            done = subprocess.run(["ninja", "-C", self.made, "-k", "0", "-j", jobs, *goals],
                                  capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return
            (self.folder / "build.log").write_text(done.stdout + done.stderr, encoding="utf-8")
            refused = refused_by(done.stdout, self.made) - self.refused
            if not refused:
                raise Failure(f"building failed, and not for a mutant: see {self.folder / 'build.log'}")
            self.say(f"the compiler refuses {len(refused)} mutants")
            self.refused |= refused
            self._remember_refused()
            self._write_mutants()

    # By name, each with the text of its function's file: what has not changed is refused again.
    def _names(self):
        digests = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in self.texts.items()}
        return {number: f"{digests[mutant.file]} {equivalent.key_of(mutant)}"
                for number, mutant in self.mutants.items()}

    def _recall_refused(self):
        path = self.folder / "refused.json"
        if path.exists():
            known = set(json.loads(path.read_text(encoding="utf-8")))
            self.refused = {number for number, name in self._names().items() if name in known}

    def _remember_refused(self):
        names = self._names()
        path = self.folder / "refused.json"
        path.write_text(json.dumps(sorted(names[number] for number in self.refused), indent=1), encoding="utf-8")
