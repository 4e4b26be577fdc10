"""The cases of `tidy.py --self-test`: what each rule must find, and what it must leave alone."""

# Put together, so that tidy.py does not find them in this file.
NOTE = "TO" + "DO"
HOME = "/ho" + "me/someone/zoo.cfg"
TAB = chr(9)

LONG_BODY = "  ++x;\n" * 69

# (what it shows, path, text, line, rule)
FOUND = [
    ("a long line of C++", "model/src/a.cpp", "int a;\n// " + "x" * 118 + "\n", 2, "columns"),
    ("a long line of CMake", "CMakeLists.txt", "# " + "x" * 119 + "\n", 1, "columns"),
    ("a long line of a script without an extension", "start", "#!/bin/sh\n# " + "x" * 119 + "\n", 2, "columns"),
    ("a long line of prose", "docs/a.md", "word " * 25 + "end\n", 1, "columns"),
    ("a long file", "impl/src/a.cpp", "int a;\n" * 501, 501, "file-length"),
    ("a long function", "spec/src/a.cpp", "int b;\nvoid f(int x) {\n" + LONG_BODY + "}\n", 2, "function-length"),
    ("a long member", "impl/src/a.hpp",
     "class A {\n public:\n  void f(int x) const {\n" + LONG_BODY + "  }\n};\n", 3, "function-length"),
    ("a long constructor with braced members", "impl/src/a.cpp",
     "A::A(int x)\n    : a_{x}, b_(1), c_{2} {\n" + LONG_BODY + "}\n", 1, "function-length"),
    ("a long operator", "impl/src/a.cpp",
     "bool operator==(A a, A b) {\n" + LONG_BODY + "}\n", 1, "function-length"),
    ("a long template in a namespace", "impl/src/a.cpp",
     "namespace a {\ntemplate <class T = int>\nstd::vector<T> f(T x) {\n" + LONG_BODY + "}\n}\n", 2, "function-length"),
    ("a brace too many", "impl/src/a.cpp", "void f() {\n}\n}\n", 3, "braces"),
    ("a brace that is not closed", "impl/src/a.cpp", "void f() {\n", 2, "braces"),
    ("a note", "docs/a.md", f"{NOTE}: write this\n", 1, "leftover"),
    ("a note in C++", "tests/a.cpp", f"// {NOTE}(me)\n", 1, "leftover"),
    ("debugging in the model", "model/src/a.cpp", "void f() { std::cout << 1; }\n", 1, "printing"),
    ("debugging in the claims", "spec/src/a.cpp", 'void f() { printf("x"); }\n', 1, "printing"),
    ("a space at the end", "README.md", "one \n", 1, "trailing-space"),
    ("a carriage return", "README.md", "one\r\n", 1, "trailing-space"),
    ("a tab", "tests/a.py", f"if True:\n{TAB}pass\n", 2, "tab"),
    ("no last newline", "README.md", "one", 1, "final-newline"),
    ("an empty last line", "README.md", "one\n\n", 2, "final-newline"),
    ("a home", "docs/a.md", f"see {HOME}\n", 1, "machine-path"),
    ("a home in data", "tests/data/a.log", f"config={HOME}\n", 1, "machine-path"),
    ("the model on the claims", "model/src/a.cpp", '#include "conclave/spec/a.hpp"\n', 1, "room"),
    ("the model on a library", "model/src/a.cpp", "#include <fmt/format.h>\n", 1, "room"),
    ("the model on the system", "model/src/a.cpp", "#include <unistd.h>\n", 1, "room"),
    ("the model on a file of another room", "model/src/a.cpp", '#include "../../spec/b.hpp"\n', 1, "room"),
    ("the claims on the checker", "spec/src/a.cpp", '#include "conclave/checker/a.hpp"\n', 1, "room"),
    ("the checker's program on the network", "checker/program/src/a.cpp",
     '#include "conclave/node/a.hpp"\n', 1, "room"),
    ("the explorer on the election", "checker/include/conclave/checker/a.hpp",
     '#include "conclave/model/a.hpp"\n', 1, "room"),
    ("the explorer's headers on the claims", "checker/include/conclave/checker/a.hpp",
     '#include "conclave/spec/a.hpp"\n', 1, "room"),
    ("the node on the checker", "impl/src/a.cpp", "#include <conclave/checker/a.hpp>\n", 1, "room"),
    ("the model with a clock", "model/src/a.cpp", "#include <chrono>\n", 1, "impure"),
]

# (what it shows, path, text)
CLEAN = [
    ("a line of 120 columns", "model/src/a.cpp", "// " + "x" * 117 + "\n"),
    ("columns are characters, not bytes", "docs/a.md", "\u00e9" * 120 + "\n"),
    ("a table", "docs/a.md", "| " + "x" * 140 + " |\n"),
    ("a link", "docs/a.md", "[a](https://example.org/" + "x" * 140 + ")\n"),
    ("long data", "tests/a.json", '"' + "x" * 140 + '"\n'),
    ("500 lines", "impl/src/a.cpp", "int a;\n" * 500),
    ("a function of 70 lines", "spec/src/a.cpp", "void f(int x) {\n" + LONG_BODY[7:] + "}\n"),
    ("two functions", "spec/src/a.cpp", ("void f(int x) {\n" + "  ++x;\n" * 40 + "}\n") * 2),
    ("a long class", "impl/src/a.hpp", "class A {\n" + "  int a_;\n" * 80 + "};\n"),
    ("a long namespace", "impl/src/a.hpp", "namespace a::b {\n" + "int a();\n" * 80 + "}\n"),
    ("a long table", "impl/src/a.cpp", "constexpr int a[] = {\n" + "    1,\n" * 80 + "};\n"),
    ("a long enumeration", "impl/src/a.cpp", "enum class A : int {\n" + "  a,\n" * 80 + "};\n"),
    ("braces in literals and comments", "impl/src/a.cpp",
     'auto a = "{"; // {\nauto b = \'{\'; /* { */\nauto c = R"x({ " )x";\nint d = 1\'000\'000;\n'),
    ("braces in directives", "impl/src/a.cpp", "#define A { \\\n  {\nint a;\n"),
    ("braces in parentheses", "impl/src/a.cpp", "void f(A a = {1}, B b = B{2}) {\n}\n"),
    ("a word that only begins like a note", "docs/a.md", NOTE + "S, mktemp a.XXXX" + "XX\n"),
    ("printing where it belongs", "checker/program/a.cpp", "void f() { std::cout << 1; }\n"),
    ("anything goes in recorded data", "tests/data/a.log", f"a{TAB}b  \r\n{NOTE}"),
    ("paths that only look alike", "docs/a.md",
     "https://example.org/ho" + "me/, $X/ho" + "me/, ../ro" + "ot/ a/wo" + "rk/\n"),
    ("the model on itself", "model/src/a.cpp",
     '#include "conclave/model/vote.hpp"\n#include "b.hpp"\n#include <vector>\n'),
    ("the claims on the model", "spec/src/a.cpp", '#include "conclave/model/vote.hpp"\n'),
    ("the program on the claims", "checker/program/a.cpp", '#include "conclave/spec/a.hpp"\n'),
    ("the node on the configuration", "impl/src/a.cpp", '#include "conclave/config/a.hpp"\n#include <asio.hpp>\n'),
    ("the node on the configuration, as one file", "impl/src/a.cpp", '#include "conclave/config.hpp"\n'),
    ("tests on everything", "tests/a.cpp", '#include "conclave/spec/a.hpp"\n#include <gtest/gtest.h>\n'),
]

# (text, the functions that are in it as (first line, lines))
MEASURED = [
    ("void f() {}\nint g(int a,\n      int b) {\n  return a;\n}\n", [(1, 1), (2, 4)]),
    ("struct A {\n  A() : a{1}, b{f(2)} {}\n  int a = {};\n  auto g() const -> int {\n    return 1;\n  }\n};\n",
     [(2, 1), (4, 3)]),
    ("auto f = [](int a) {\n  return a;\n};\nint g() {\n  if (a) {\n  }\n  return 1;\n}\n", [(4, 5)]),
    ("TEST(A, b) {\n  X x{1};\n}\n", [(1, 3)]),
    ("template <class T>\nconcept A = requires(T t) {\n  t.a();\n};\nextern \"C\" {\nvoid f() {\n}\n}\n", [(6, 2)]),
    ("A::A() noexcept : B<int>{1},\n    c_{[] { return 1 == 2; }()} {\n}\n", [(1, 3)]),
    ("bool operator<=>(A, A) { return 1; }\nA operator\"\"_a(char) { return {}; }\nint operator()(int) { return 1; }\n",
     [(1, 1), (2, 1), (3, 1)]),
]


def run(check_file, functions_of, rules):
    """Returns one line for each case that does not come out as it should."""
    failures = []
    exists = {"model/src/b.hpp", "spec/b.hpp"}.__contains__
    for name, path, text, line, rule in FOUND:
        found = [(at, what) for at, what, _ in check_file(path, text, exists)]
        if found != [(line, rule)]:
            failures.append(f"{name}: expected {rule} in line {line}, found {found}")
    for name, path, text in CLEAN:
        found = check_file(path, text, exists)
        if found:
            failures.append(f"{name}: expected nothing, found {found}")
    for text, expected in MEASURED:
        measured = [(first, count) for first, count, _ in functions_of(text)]
        if measured != expected:
            failures.append(f"functions of {text!r}: expected {expected}, measured {measured}")
    for rule in set(rules) - {case[4] for case in FOUND}:
        failures.append(f"no case shows that {rule} can fail")
    return failures
