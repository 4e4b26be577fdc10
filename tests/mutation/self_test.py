#!/usr/bin/env python3
"""Does the mutation tool make the mutants that it should, and can it tell those that are noticed from the others?"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import building
import equivalent
import operators
import running
import schema

SAMPLE = """\
#pragma once
// A comment with a < b.
#include <cassert>

namespace conclave {

enum class Light { red, amber, green };

struct Car {
  int speed = 3;
};

class Crossing {
 public:
  constexpr explicit Crossing(int cars) : cars_{cars} {}
  constexpr bool busy(int limit) const {
    assert(limit > 0);
    return cars_ >= limit && limit != 0;
  }
  constexpr void arrive() { ++cars_; }

 private:
  int cars_ = 0;
};

constexpr int distance(int from, int to) {
  if (from > to) return distance(to, from);
  int steps = 0;
  while (from < to) {
    ++steps;
    ++from;
  }
  return steps;
}

constexpr int largest(int left, int right) { return left < right ? right : left; }
constexpr const char* text_of(const char* text) { return text; }
constexpr Light next(Light light) { return light == Light::red ? Light::green : Light::red; }
constexpr int unused(int number) { return number + 1; }
constexpr int share(int whole, const int* parts) { return parts == nullptr ? whole : whole / *parts; }
static_assert(distance(2, 5) == 3);

}  // namespace conclave
"""

TEST = """\
#include "sample.hpp"

using namespace conclave;

int main() {
  int parts = 2;
  Crossing crossing(2);
  crossing.arrive();
  const bool fine = distance(2, 5) == 3 && distance(7, 4) == 3 && largest(1, 2) == 2 && largest(2, 1) == 2 &&
                    crossing.busy(3) && !crossing.busy(4) && next(Light::red) == Light::green && Car{}.speed == 3 &&
                    share(6, &parts) == 3 && share(6, nullptr) == 6 && text_of("a")[0] == 'a';
  return fine ? 0 : 1;
}
"""


def mutants_of(text):
    return operators.mutants_of("sample.hpp", text, operators.known_enumerators([text]))


def changes(text, function=None):
    return {(mutant.operator, mutant.was, mutant.now) for mutant in mutants_of(text)
            if function is None or mutant.function.startswith(function)}


class Mutants(unittest.TestCase):
    def test_each_operator_in_a_function(self):
        self.assertEqual(changes(SAMPLE, "Crossing::busy"), {
            ("result", "cars_ >= limit && limit != 0", "true"),
            ("result", "cars_ >= limit && limit != 0", "false"),
            ("logic", "cars_ >= limit && limit != 0", "(cars_ >= limit) || (limit != 0)"),
            ("logic", "cars_ >= limit && limit != 0", "cars_ >= limit"),
            ("logic", "cars_ >= limit && limit != 0", "limit != 0"),
            ("relation", "cars_ >= limit", "cars_ > limit"), ("relation", "cars_ >= limit", "cars_ <= limit"),
            ("relation", "limit != 0", "limit == 0"), ("constant", "0", "1")})
        self.assertEqual(changes(SAMPLE, "distance"), {
            ("condition", "from > to", "true"), ("condition", "from > to", "false"),
            ("relation", "from > to", "from >= to"), ("relation", "from > to", "from < to"),
            ("argument", "to, from", "from, to"), ("constant", "0", "1"), ("condition", "from < to", "false"),
            ("relation", "from < to", "from <= to"), ("relation", "from < to", "from > to"),
            ("statement", "++steps;", ""), ("arithmetic", "++steps", "--steps"), ("statement", "++from;", ""),
            ("arithmetic", "++from", "--from")})
        self.assertEqual(changes(SAMPLE, "next"), {
            ("condition", "light == Light::red", "true"), ("condition", "light == Light::red", "false"),
            ("relation", "light == Light::red", "light != Light::red"),
            ("relation", "light == Light::red", "light <= Light::red"),
            ("relation", "light == Light::red", "light >= Light::red"),
            ("enumerator", "Light::red", "Light::amber"), ("enumerator", "Light::green", "Light::red")})
        self.assertEqual(changes(SAMPLE, "text_of"), {("result", "text", "nullptr")})
        self.assertEqual(changes(SAMPLE, "Car"), {("constant", "3", "4"), ("constant", "3", "2")})

    def test_void_functions_and_lambdas(self):
        text = "void f(int a) {\n  const auto g = [&](int b) { h(a, b); };\n  if (!a) return h(a, 1);\n  a += 2;\n}\n"
        self.assertEqual(changes(text), {
            ("statement", "h(a, b);", ""), ("argument", "a, b", "b, a"), ("condition", "!a", "true"),
            ("condition", "!a", "false"), ("logic", "!a", "a"), ("statement", "return h(a, 1);", ""),
            ("argument", "a, 1", "1, a"), ("constant", "1", "2"), ("constant", "1", "0"), ("statement", "a += 2;", ""),
            ("arithmetic", "a += 2", "a -= 2"), ("constant", "2", "3"), ("constant", "2", "1")})

    def test_what_is_left_alone(self):
        left_alone = ("// 1 < 2\n#define A 1\nstatic_assert(1 < 2);\nconstexpr int a = 1;\nenum class B { c = 1 };\n"
                      "template <int N>\nstruct D;\nvoid f() {\n  assert(1 < 2);\n  static_assert(2 > 1);\n"
                      "  constexpr int b = 3;\n  const D<4> d;\n  const char* text = \"1 < 2\";\n}\n")
        self.assertEqual(changes(left_alone), set())

    def test_what_has_no_meaning_is_not_counted(self):
        pointless = {(mutant.was, mutant.now) for mutant in mutants_of(SAMPLE) if mutant.pointless}
        self.assertEqual(pointless, {("0", "1"), ("light == Light::red", "light <= Light::red")})
        self.assertEqual([mutant.now for mutant in mutants_of(SAMPLE) if mutant.pointless and mutant.was == "0"], ["1"])

    def test_one_mutant_in_a_file(self):
        text = "void f(int a, int b) {\n  g(a, b);\n  return h(b);\n}\n"
        made = {operators.mutated(text, mutant).split("\n", 1)[1].replace("\n", "") for mutant in mutants_of(text)}
        self.assertEqual(made, {"  ;  return h(b);}", "  g(b, a);  return h(b);}", "  g(a, b);  return;}"})

    def test_a_name_stays_where_lines_are_added(self):
        keys = [equivalent.key_of(mutant) for mutant in mutants_of(SAMPLE)]
        moved = [equivalent.key_of(mutant) for mutant in mutants_of(SAMPLE.replace("\nclass", "\n// More.\n\nclass"))]
        self.assertEqual(keys, moved)
        self.assertEqual(len(keys), len(set(keys)))

    def test_brackets_that_do_not_match(self):
        with self.assertRaisesRegex(ValueError, "line 2: found a bracket that is never closed"):
            mutants_of("int a;\nvoid f() {\n")


class Fates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.mutants = dict(enumerate(mutants_of(SAMPLE), 1))
        (cls.path / "sample_test.cpp").write_text(TEST, encoding="utf-8")
        header = cls.path / schema.HEADER
        header.parent.mkdir(parents=True)
        header.write_text(schema.header(len(cls.mutants) + 1), encoding="utf-8")
        cls.first = cls.compile(set())
        cls.refused = building.refused_by(cls.first.stderr, cls.path)
        cls.second = cls.compile(cls.refused)
        cls.runner = running.Runner(cls.path, cls.path, limit_extra_s=1)
        cls.failing = cls.runner.record([running.Program("sample_test", (), False)], cls.path / "reached")
        cls.outcomes = {number: cls.runner.judge(number, cls.runner.cases)
                        for number in cls.mutants if number not in cls.refused}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def compile(cls, refused):
        numbered = [(number, mutant) for number, mutant in cls.mutants.items() if number not in refused]
        (cls.path / "sample.hpp").write_text(schema.rewrite(SAMPLE, numbered), encoding="utf-8")
        return subprocess.run(["g++", "-std=c++20", "-w", "-I.", "sample_test.cpp", "-o", "sample_test"], cwd=cls.path,
                              capture_output=True, text=True, check=False)

    def fate(self, operator, was, now):
        number = next(number for number, mutant in self.mutants.items()
                      if (mutant.operator, mutant.was, mutant.now) == (operator, was, now))
        return self.outcomes[number].fate if number in self.outcomes else "refused"

    def test_the_compiler_says_which_it_refuses(self):
        self.assertNotEqual(self.first.returncode, 0)
        self.assertEqual({str(self.mutants[number]).split(": ", 1)[1] for number in self.refused},
                         {"relation in share: parts == nullptr  ->  parts <= nullptr",
                          "relation in share: parts == nullptr  ->  parts >= nullptr"})
        self.assertEqual(self.second.returncode, 0, self.second.stderr)

    def test_without_a_mutant_the_test_passes(self):
        self.assertEqual(self.failing, [])

    def test_what_is_noticed(self):
        self.assertEqual(self.fate("condition", "from > to", "true"), "crashed")  # endless recursion
        self.assertEqual(self.fate("condition", "from > to", "false"), "killed")
        self.assertEqual(self.fate("statement", "++steps;", ""), "killed")
        self.assertEqual(self.fate("statement", "++from;", ""), "timed-out")
        self.assertEqual(self.fate("result", "text", "nullptr"), "crashed")
        self.assertEqual(self.fate("constant", "3", "4"), "killed")

    def test_what_is_not(self):
        self.assertEqual(self.fate("relation", "left < right", "left <= right"), "survived")  # there is no difference
        self.assertEqual(self.fate("relation", "limit != 0", "limit == 0"), "killed")
        self.assertEqual(self.fate("logic", "cars_ >= limit && limit != 0", "cars_ >= limit"), "survived")  # no test
        self.assertEqual(self.fate("arithmetic", "number + 1", "number - 1"), "not-reached")

    def test_the_list_is_held_to_what_is_so(self):
        keys = {str(mutant.was) + " -> " + mutant.now: equivalent.key_of(mutant) for mutant in self.mutants.values()}
        same, noticed = keys["left < right -> left <= right"], keys["++steps; -> "]
        gone = "sample.hpp | nobody | relation | a < b -> a <= b"
        wrong = list(equivalent.disagreements(self.mutants, self.outcomes, {same: "", noticed: "", gone: ""}))
        self.assertFalse([line for line in wrong if same in line])
        self.assertIn(f"equivalent.toml: killed by sample_test, so not equivalent: {noticed}", wrong)
        self.assertIn(f"equivalent.toml: there is no such mutant (any more): {gone}", wrong)
        self.assertIn(f"not-reached: {keys['number + 1 -> number - 1']}", wrong)


if __name__ == "__main__":
    unittest.main()
