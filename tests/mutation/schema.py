"""All mutants in one program: each place that a mutant changes asks, at run time, whether it is that mutant's turn.

Where a constant expression is computed the code is as it was, so that whatever compiles without mutants compiles here.
Each alternative stands on a line of its own: a compiler that refuses it says which one it is.
"""

import re

HEADER = "conclave/model/mutant.hpp"

HEADER_TEXT = """\
// Which mutant runs: the number in the environment's CONCLAVE_MUTANT; 0 is none of them. With CONCLAVE_MUTANTS_REACHED
// a file gets a byte for each mutant, 1 where its code was reached.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <type_traits>

namespace conclave::mutation {

inline constexpr int numbers = %d;

struct Choice {
  int number = 0;
  volatile unsigned char* reached = nullptr;

  Choice() {
    if (const char* text = std::getenv("CONCLAVE_MUTANT")) number = std::atoi(text);
    const char* path = std::getenv("CONCLAVE_MUTANTS_REACHED");
    if (path == nullptr) return;
    const int file = ::open(path, O_RDWR | O_CREAT, 0666);
    if (file < 0 || ::ftruncate(file, numbers) != 0) std::abort();
    void* memory = ::mmap(nullptr, numbers, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) std::abort();
    reached = static_cast<unsigned char*>(memory);
    ::close(file);
  }
};
inline Choice choice;

inline bool chosen(int number) {
  if (choice.reached != nullptr) choice.reached[number] = 1;
  return choice.number == number;
}
constexpr bool is(int number) { return std::is_constant_evaluated() ? false : chosen(number); }

}  // namespace conclave::mutation
"""

TRUTHS = {"relation", "logic", "condition"}
NUMBER = re.compile(r"mutation::is\((\d+)\)|/\*mutant (\d+)\*/")


def header(numbers):
    """`numbers`: the highest number of a mutant, and one."""
    return HEADER_TEXT % numbers


class _Node:
    def __init__(self, start, end, form):
        self.start, self.end, self.form = start, end, form
        self.alternatives, self.truth = [], False


def rewrite(text, numbered):
    """The file with the mutants in it. `numbered`: (number, mutant) of this file."""
    nodes = {}
    for number, mutant in numbered:
        for start, end, now in mutant.edits:
            node = nodes.setdefault((start, end, mutant.form), _Node(start, end, mutant.form))
            node.alternatives.append((number, now))
            node.truth |= mutant.operator in TRUTHS or mutant.operator == "result" and now in ("true", "false")
    # The outer first; of two that are equally long the statement.
    order = sorted(nodes.values(), key=lambda node: (node.start, -node.end, node.form == "expression"))
    made, rest = _render(text, 0, len(text), order, 0)
    if rest != len(order):
        raise ValueError(f"two mutants overlap at offset {order[rest].start}")
    include = f'#include "{HEADER}"\n'
    if made.count("#pragma once\n") == 1:
        return made.replace("#pragma once\n", "#pragma once\n" + include)
    return include + made


def _render(text, start, end, order, at):
    parts, place = [], start
    while at < len(order) and order[at].end <= end:
        node = order[at]
        parts.append(text[place:node.start])
        inner, at = _render(text, node.start, node.end, order, at + 1)
        parts.append(_wrap(node, inner))
        place = node.end
    parts.append(text[place:end])
    return "".join(parts), at


def _wrap(node, inner):
    if node.form in ("statement", "call"):
        asked = " && ".join(f"!mutation::is({number})" for number, _ in node.alternatives)
        if node.form == "call":
            call = inner.strip().removeprefix("return")
            return f"{{ if ({asked}) {{\n{call} }} return; }}"
        return f"{{ if ({asked}) {{\n{inner} }} }}"
    cast = "bool" if node.truth else ""
    parts = [f"mutation::is({number}) ?\n{cast}({now}) /*mutant {number}*/\n" for number, now in node.alternatives]
    return f"({': '.join(parts)}: {cast}({inner}))"


def numbers_at(line):
    """The mutants that a line of a rewritten file has something of."""
    return [int(first or second) for first, second in NUMBER.findall(line)]
