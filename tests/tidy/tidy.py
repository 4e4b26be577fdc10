#!/usr/bin/env python3
"""Keeps the sources honest: prints file:line for everything that breaks a rule of the house, and fails.

usage: tidy.py [--self-test]

--self-test proves that every rule can fail, and that it leaves alone what it should.
"""

import os
import re
import subprocess
import sys

COLUMNS_MAX = 120
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

KINDS = {
    ".h": "cpp", ".hpp": "cpp", ".cpp": "cpp", ".cc": "cpp", ".cmake": "cmake", ".sh": "shell", ".bash": "shell",
    ".md": "markdown", ".py": "python", ".json": "data", ".yml": "data", ".yaml": "data", ".cfg": "data",
}
NAMES = {"CMakeLists.txt": "cmake", ".clang-format": "data", ".clang-tidy": "data", ".gitignore": "data"}

# What the files of a room may include of the project, by the word after conclave/. The first folder that
# matches counts. A room also includes its own files.
ROOMS = [
    ("model", {"model"}),
    ("spec", {"model", "spec"}),
    ("checker/include", {"checker"}),
    ("checker/program", {"model", "spec", "checker", "check", "config", "record", "logs"}),
    ("impl/config", {"model", "config"}),
    ("impl/wire", {"model", "config", "wire"}),
    ("impl/record", {"model", "record"}),
    ("impl/logs", {"model", "logs"}),
    ("impl/node", {"model", "config", "wire", "record", "node"}),
    ("impl", {"model", "config", "wire", "record", "node", "tls", "status"}),
]
# Rooms that take nothing from outside the project but the standard library.
STANDARD_ONLY = {"model"}

STANDARD_HEADERS = set("""
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes
    climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg
    cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution expected filesystem
    format forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator
    latch limits list locale map memory memory_resource mutex new numbers numeric optional ostream queue random
    ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept
    stop_token streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex
    typeinfo unordered_map unordered_set utility valarray variant vector version
    """.split())
# The parts of it that would bring input and output, a clock, threads or chance into the model.
IMPURE_HEADERS = set("""
    atomic barrier chrono condition_variable csignal cstdio ctime execution filesystem fstream future iostream latch
    mutex random semaphore shared_mutex stop_token syncstream thread
    """.split())

# Put together here, so that this file does not find itself.
LEFTOVER = re.compile(r"\b(%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]))
MACHINE_PATH = re.compile(r"(?<![\w.\-/}])/(?:%s)/" % "|".join(["work", "root", "home"]))
PRINTING = re.compile(r"\bstd::(?:cout|cerr|clog)\b|\b(?:printf|fprintf|puts)\s*\(")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
MARKDOWN_LINK = re.compile(r"\]\(|https?://|^\s*\[[^\]]+\]:")

RULES = {
    "columns": f"over {COLUMNS_MAX} columns",
    "file-length": f"over {FILE_LINES_MAX} lines",
    "function-length": f"over {FUNCTION_LINES_MAX} lines",
    "braces": "braces that do not balance, so that functions can't be measured",
    "leftover": "a note to oneself",
    "printing": "printing from a room that must not",
    "trailing-space": "white space at the end of a line",
    "tab": "a tab",
    "final-newline": "no newline, or an empty line, at the end of the file",
    "machine-path": "the absolute path of some machine",
    "room": "an include that the rooms forbid",
    "impure": "a standard header with input, output, clocks, threads or chance",
}


def kind_of(path, text):
    name = os.path.basename(path)
    extension = os.path.splitext(name)[1]
    if name in NAMES:
        return NAMES[name]
    if extension in KINDS:
        return KINDS[extension]
    first = text.split("\n", 1)[0]
    if first.startswith("#!"):
        return "python" if "python" in first else "shell"
    return "other"


# ---- what is looked at line by line ----

def check_lines(path, kind, lines):
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield number, "machine-path", ""
        if kind == "other":
            continue
        if kind != "data" and len(line) > COLUMNS_MAX and not is_excused(kind, line):
            yield number, "columns", f"{len(line)}"
        if line != line.rstrip():
            yield number, "trailing-space", ""
        if "\t" in line:
            yield number, "tab", ""
        found = LEFTOVER.search(line)
        if found:
            yield number, "leftover", found.group()
        if kind == "cpp" and path.split("/")[0] in ("model", "spec") and PRINTING.search(line):
            yield number, "printing", ""


def is_excused(kind, line):
    return kind == "markdown" and (line.lstrip().startswith("|") or MARKDOWN_LINK.search(line) is not None)


def check_whole(kind, text, lines):
    if kind == "other":
        return
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield len(lines), "final-newline", ""
    if kind == "cpp" and len(lines) > FILE_LINES_MAX:
        yield len(lines), "file-length", f"{len(lines)}"


# ---- includes ----

def check_includes(path, lines, exists):
    room, allowed = next(((room, allowed) for room, allowed in ROOMS if path.startswith(room + "/")), (None, None))
    if room is None:
        return
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quoted, name = found.group(1) == '"', found.group(2)
        if name.startswith("conclave/"):
            if os.path.splitext(name.split("/")[1])[0] not in allowed:
                yield number, "room", f"{room} may not include {name}"
        elif quoted:
            target = os.path.normpath(os.path.join(os.path.dirname(path), name))
            if not (target.startswith(room.split("/")[0] + "/") and exists(target)):
                yield number, "room", f"{name} is no file of this room"
        elif room in STANDARD_ONLY and name not in STANDARD_HEADERS:
            yield number, "room", f"{room} takes the standard library alone, not {name}"
        elif room in STANDARD_ONLY and name in IMPURE_HEADERS:
            yield number, "impure", name


# ---- lengths of functions ----

BLANKED = re.compile(
    r"""(?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")"""
    r"""|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'"""
    r"""|^[ ]*\#(?:\\\n|[^\n])*""", re.DOTALL | re.MULTILINE)
SCOPE = re.compile(r"(?:inline\s+)?namespace\b|extern\b\s*$")
TYPE = re.compile(r"(?:^|\s)(?:class|struct|union|enum)\b")
ACCESS = re.compile(r"(?:public|private|protected)\s*$")


def without_template_heads(head):
    """Drops `template <...>` with everything between its angle brackets."""
    while True:
        found = re.search(r"\btemplate\s*<", head)
        if not found:
            return head
        depth, at = 1, found.end()
        while depth and at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[:found.start()] + head[at:]


def outside_parentheses(head):
    depth, kept = 0, []
    for character in head:
        if character == "(":
            depth += 1
            kept.append("(" if depth == 1 else "")
        elif character == ")":
            depth -= 1
            kept.append(")" if depth == 0 else "")
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def scope_of(head):
    """What the brace after `head` opens, outside of functions: scope, type, function, initializer or other."""
    head = " ".join(outside_parentheses(without_template_heads(head)).split())
    if SCOPE.match(head):
        return "scope"
    if TYPE.search(head.split("(")[0]):
        return "type"
    plain = re.sub(r"\boperator\s*[^\s\w(]+", "operator", head)
    while re.search(r"\{[^{}]*\}", plain):
        plain = re.sub(r"\{[^{}]*\}", "}", plain)
    if "(" not in plain or "=" in plain:
        return "other"
    # A brace right behind a member's name, after the colon of a constructor, is that member's initial value.
    if re.search(r"\).*(?<!:):(?!:)", plain) and re.search(r"[\w>]$", plain):
        return "initializer"
    return "function"


def functions_of(text):
    """Yields (first line, number of lines, head) of each function at namespace or class scope.

    Comments, literals and directives are blanked first; then braces are counted, and what stands before an opening
    one tells what it opens. REQUIRES: code that a compiler accepts. Raises ValueError where braces do not balance.
    """
    blank = BLANKED.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    stack, parentheses = [], 0
    head_start, line = None, 1
    for at, character in enumerate(blank):
        if character == "\n":
            line += 1
            continue
        inside = stack and stack[-1][0] in ("function", "other")
        if not inside and head_start is None and not character.isspace() and character not in ";}":
            head_start = (at, line)
        if not inside and character in "()":
            parentheses += 1 if character == "(" else -1
        if character == "{":
            if inside or parentheses:
                stack.append(("other", None, None))
                continue
            start = head_start or (at, line)
            kind = scope_of(blank[start[0]:at])
            stack.append(("other" if kind == "initializer" else kind, start, kind))
            if kind in ("scope", "type"):
                head_start = None
        elif character == "}":
            if not stack:
                raise ValueError(line)
            _, start, kind = stack.pop()
            if kind == "function":
                yield start[1], line - start[1] + 1, " ".join(text[start[0]:at].split("{")[0].split())[:60]
            # After an initial value the head goes on; after anything else the next one begins.
            if kind not in ("initializer", None):
                head_start = None
        elif character == ";" and not inside and not parentheses:
            head_start = None
        elif character == ":" and head_start and ACCESS.fullmatch(blank, head_start[0], at):
            head_start = None
    if stack:
        raise ValueError(line)


def check_functions(text):
    try:
        for first, count, head in functions_of(text):
            if count > FUNCTION_LINES_MAX:
                yield first, "function-length", f"{count}: {head}"
    except ValueError as error:
        yield error.args[0], "braces", ""


# ---- putting it together ----

def check_file(path, text, exists):
    kind = kind_of(path, text)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    findings = list(check_lines(path, kind, lines)) + list(check_whole(kind, text, lines))
    if kind == "cpp":
        findings += list(check_includes(path, lines, exists)) + list(check_functions(text))
    return sorted(findings)


def list_files():
    command = ["git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard", "--deduplicate"]
    if os.path.exists(os.path.join(ROOT, ".git")):
        listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        names = os.fsdecode(listed).split("\0")
    else:
        # A source archive: everything in it is meant to be there, save what was built.
        names = []
        for folder, subfolders, files in os.walk(ROOT):
            subfolders[:] = [name for name in subfolders if name not in ("build", "__pycache__")]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    paths = {name: os.path.join(ROOT, name) for name in names if name}
    return sorted(name for name, path in paths.items() if os.path.isfile(path) and not os.path.islink(path))


def read_text(path):
    """The text of a file, or None of one that holds no text."""
    with open(path, "rb") as file:
        content = file.read()
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def check_project():
    files = list_files()
    known = set(files)
    count = 0
    for path in files:
        text = read_text(os.path.join(ROOT, path))
        if text is None:
            continue
        for line, rule, detail in check_file(path, text, known.__contains__):
            print(f"{path}:{line}: {rule}: {RULES[rule]}" + (f" ({detail})" if detail else ""))
            count += 1
    for room, _ in ROOMS:
        if not any(path.startswith(room + "/") for path in files):
            print(f"tests/tidy/tidy.py: {room} is no folder of the project, so nothing is asked of it")
            count += 1
    print(f"tidy: {len(files)} files, {count} findings")
    # An empty list means that the question was wrong, not that all is well.
    return 0 if files and count == 0 else 1


def self_test():
    # Beside this file, and imported only here: it is as long as the rules themselves.
    sys.dont_write_bytecode = True
    import tidy_cases
    failures = tidy_cases.run(check_file, functions_of, RULES)
    for failure in failures:
        print(failure)
    print(f"tidy self-test: {len(failures)} failures")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    return check_project()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
