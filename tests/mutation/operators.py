"""The mutations: what is changed, and where. Each is one small mistake that somebody could have made."""

import dataclasses
import re

from source import DECLARATION, NO_CALL, RANK, Source, enumerators_of, functions_of

# What each does is told in docs/mutations.md.
OPERATORS = ("relation", "logic", "condition", "arithmetic", "constant", "enumerator", "statement", "argument",
             "result")

RELATIONS = {"<": ("<=", ">"), ">": (">=", "<"), "<=": ("<", ">="), ">=": (">", "<="), "==": ("!=", "<=", ">="),
             "!=": ("==",)}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
STEPS = {"++": "--", "--": "++"}
NUMBER = re.compile(r"(0[xX][0-9a-fA-F']+|[0-9']+)([uUlL]*)\Z")


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    operator: str
    was: str
    now: str
    nth: int       # of those in the same function that are alike, from 1
    line: int
    form: str      # expression; statement: it is left out; call: of `return call();` only the call is left out
    edits: tuple[tuple[int, int, str], ...]  # offsets in the file, and what stands there instead
    pointless: bool = False  # it changes what has no meaning, and is made, but not counted

    @property
    def key(self):
        return (self.file, self.function, self.operator, self.was, self.now, self.nth)

    def __str__(self):
        function = self.function.split("(")[0]
        return f"{self.file}:{self.line}: {self.operator} in {function}: {self.was}  ->  {self.now or '(nothing)'}"


def mutants_of(path, text, enumerators):
    """All mutants of one file, in the order of their places. `enumerators`: of all files that it may use."""
    source = Source(text)
    walker = _Walker(source, enumerators)
    for function in functions_of(source):
        walker.function(function)
    # In the order of their places, and what is replaced by the same as elsewhere is counted.
    made, seen = [], {}
    for operator, was, now, function, form, edits in sorted(walker.found, key=lambda found: found[-1][0][:2]):
        key = (function, operator, was, now)
        seen[key] = seen.get(key, 0) + 1
        line = text.count("\n", 0, edits[0][0]) + 1
        pointless = is_pointless(operator, was, now, function, enumerators)
        made.append(Mutant(path, function, operator, was, now, seen[key], line, form, edits, pointless))
    return made


def mutated(text, mutant):
    """The file with this one mutant in it."""
    for start, end, now in sorted(mutant.edits, reverse=True):
        if mutant.form == "statement":
            now = ";"
        elif mutant.form == "call":
            now = "return;"
        text = text[:start] + now + text[end:]
    return text


def is_pointless(operator, was, now, function, enumerators):
    """The initial 0 or enumerator of a member is what a struct of mere values has to have, and is written over before
    anybody looks. And nothing is below the first enumerator, or above the last."""
    if "(" not in function:
        return operator == "enumerator" or was == "0"
    compared = re.search(r" == (?:\w+::)?(\w+)::(\w+)\Z", was)
    names = enumerators.get(compared[1], ()) if operator == "relation" and compared else ()
    return bool(names) and (" <= " in now and compared[2] == names[0] or " >= " in now and compared[2] == names[-1])


def known_enumerators(texts):
    found = {}
    for text in texts:
        found.update(enumerators_of(Source(text)))
    return found


class _Walker:
    def __init__(self, source, enumerators):
        self.source, self.enumerators = source, enumerators
        self.found = []
        self.where, self.returns = "", ""

    # ---- what is found ----

    def text(self, at):
        return self.source.tokens[at].text

    def span(self, begin, end):
        return self.source.tokens[begin].start, self.source.tokens[end - 1].end

    def add(self, operator, begin, end, now, form="expression"):
        was = self.source.flat(begin, end)
        edits = ((*self.span(begin, end), now),)
        known = any(found[4:] == (form, edits) for found in self.found)
        if was != now and not known:
            self.found.append((operator, was, now, self.where, form, edits))

    # ---- statements ----

    def function(self, function):
        self.where, self.returns = function.name, function.returns
        begin, end = function.body
        if function.returns is not None:
            self.block(begin)
        elif self.text(begin) == "{":
            self.arguments(begin, swaps=False)
        else:
            self.expression(begin + 1, end)

    def block(self, brace):
        at = brace + 1
        while at < self.source.match[brace]:
            at = self.statement(at)

    def statement(self, at):
        """Looks at the statement that begins there; returns where the next one does."""
        text, match = self.text(at), self.source.match
        if text == "{":
            self.block(at)
            return match[at] + 1
        if text == "if":
            return self.if_statement(at)
        if text == "for":
            self.for_head(at + 1)
            return self.statement(match[at + 1] + 1)
        if text == "while":
            self.condition(at + 2, match[at + 1], ("false",))
            return self.statement(match[at + 1] + 1)
        if text == "switch":
            self.expression(at + 2, match[at + 1])
            return self.statement(match[at + 1] + 1)
        if text in ("case", "default"):
            return self.source.find(at, len(self.source.tokens), ":") + 1
        end = self.source.find(at, len(self.source.tokens), ";")
        if text in ("break", "continue"):
            self.add("statement", at, end + 1, "", "statement")
        elif text == "return":
            self.return_statement(at, end)
        elif text not in ("static_assert", "using", "typedef", "static", "constexpr", "assert", ";"):
            self.plain_statement(at, end)
        return end + 1

    def if_statement(self, at):
        group = at + 1
        compile_time = self.text(group) == "constexpr"
        if compile_time:
            group += 1
        begin, end = group + 1, self.source.match[group]
        semicolon = self.source.find(begin, end, ";")
        if semicolon is not None:
            self.plain_statement(begin, semicolon)
            begin = semicolon + 1
        if not compile_time:
            declares = self.source.find(begin, end, "=")
            if declares is not None:
                self.expression(declares + 1, end)
            else:
                self.condition(begin, end, ("true", "false"))
        after = self.statement(self.source.match[group] + 1)
        if after < len(self.source.tokens) and self.text(after) == "else":
            after = self.statement(after + 1)
        return after

    def for_head(self, group):
        begin, end = group + 1, self.source.match[group]
        parts = list(self.source.split(begin, end, ";"))
        if len(parts) == 1:
            colon = self.source.find(begin, end, ":")
            self.expression(colon + 1, end)
            return
        if parts[0][0] < parts[0][1]:
            self.plain_statement(*parts[0], droppable=False)
        self.condition(*parts[1], ("false",))
        for first, last in self.source.split(*parts[2], ","):
            self.expression(first, last)

    def condition(self, begin, end, values):
        if begin == end:
            return
        for value in values:
            self.add("condition", begin, end, value)
        self.expression(begin, end)

    def return_statement(self, at, end):
        if at + 1 == end:
            return
        if self.returns == "void":
            self.add("statement", at, end + 1, "", "call")
        elif self.returns == "bool":
            self.add("result", at + 1, end, "true")
            self.add("result", at + 1, end, "false")
        elif self.returns.endswith("*"):
            self.add("result", at + 1, end, "nullptr")
        self.expression(at + 1, end)

    def plain_statement(self, begin, end, droppable=True):
        """A declaration or an expression; `end` is its semicolon."""
        initial = next((at for at in self.source.top_level(begin, end) if self.text(at) in ("=", "(", "{")
                        or self.text(at) == "[" and self.text(at - 1) != "auto"), end)
        if DECLARATION.match(self.source.text[self.source.tokens[begin].start:self.source.tokens[initial].start]):
            if initial == end:
                return
            if self.text(initial) == "=":
                self.expression(initial + 1, end)
            else:
                self.arguments(initial)
            return
        if droppable:
            self.add("statement", begin, end + 1, "", "statement")
        self.expression(begin, end)

    # ---- expressions ----

    def expression(self, begin, end):
        if begin >= end:
            return
        operator = self.loosest(begin, end)
        if operator is None:
            self.operand(begin, end)
            return
        text = self.text(operator)
        if text == "?":
            colon = self.source.find(operator, end, ":")
            self.condition(begin, operator, ("true", "false"))
            self.expression(operator + 1, colon)
            self.expression(colon + 1, end)
            return
        left, right = self.source.flat(begin, operator), self.source.flat(operator + 1, end)
        if text in RELATIONS:
            for other in RELATIONS[text]:
                self.add("relation", begin, end, f"{left} {other} {right}")
        elif text in ("&&", "||"):
            other = "||" if text == "&&" else "&&"
            self.add("logic", begin, end, f"({left}) {other} ({right})")
            self.add("logic", begin, end, left)
            self.add("logic", begin, end, right)
        elif text in ARITHMETIC or text in ASSIGNMENTS:
            other = ARITHMETIC.get(text) or ASSIGNMENTS[text]
            self.add("arithmetic", begin, end, f"{left} {other} {right}")
        self.expression(begin, operator)
        self.expression(operator + 1, end)

    def loosest(self, begin, end):
        """The binary operator that is evaluated last."""
        best = None
        for at in self.source.top_level(begin, end):
            text = self.text(at)
            if at == begin or text not in RANK or self.source.tokens[at].kind != "mark" or not self.source.spaced(at):
                continue
            if best is None or RANK[text] < RANK[self.text(best)]:
                best = at
            elif RANK[text] == RANK[self.text(best)] and RANK[text] > 1:
                best = at
        return best

    def operand(self, begin, end):
        text = self.text(begin)
        negative = text == "-" and end == begin + 2 and self.source.tokens[begin + 1].kind == "number"
        if text == "!":
            self.add("logic", begin, end, self.source.flat(begin + 1, end))
        elif text in STEPS:
            self.add("arithmetic", begin, end, STEPS[text] + self.source.flat(begin + 1, end))
        elif negative:
            self.add("constant", begin, end, f"-({self.text(begin + 1)} + 1)")
            self.add("constant", begin, end, f"-({self.text(begin + 1)} - 1)")
            return
        elif text == "-":
            self.add("arithmetic", begin, end, self.source.flat(begin + 1, end))
        if self.text(end - 1) in STEPS:
            self.add("arithmetic", begin, end, self.source.flat(begin, end - 1) + STEPS[self.text(end - 1)])
        at = begin
        while at < end:
            at = self.atom(begin, at, end)

    def atom(self, begin, at, end):
        token = self.source.tokens[at]
        if token.text == "[" and (at == begin or self.text(at - 1) in ("!", "*", "&", "-")):
            return self.lambda_function(at, end)
        if token.text == "[":
            self.expression(at + 1, self.source.match[at])
        elif token.text == "(" and at > begin and self.text(at - 1) in NO_CALL:
            pass  # what is in it is never computed
        elif token.text in ("(", "{"):
            called = at > begin and (self.source.tokens[at - 1].kind == "name" or self.text(at - 1) in (">", ")", "]"))
            if called or token.text == "{":
                self.arguments(at)
            else:
                self.expression(at + 1, self.source.match[at])
        elif token.kind == "number":
            self.number(at)
        elif token.text in ("true", "false"):
            self.add("constant", at, at + 1, "false" if token.text == "true" else "true")
        elif token.text in self.enumerators and at + 2 < end and self.text(at + 1) == "::":
            self.enumerator(at)
            return at + 3
        return self.source.match.get(at, at) + 1

    def lambda_function(self, at, end):
        body = self.source.find(at, end, "{")
        if body is None:
            return end
        outer, self.returns = self.returns, "auto"
        self.block(body)
        self.returns = outer
        return self.source.match[body] + 1

    def arguments(self, bracket, swaps=True):
        begin, end = bracket + 1, self.source.match[bracket]
        parts = [part for part in self.source.split(begin, end, ",") if part[0] < part[1]]
        for (first, last), (second, limit) in zip(parts, parts[1:]) if swaps else ():
            left, right = self.source.flat(first, last), self.source.flat(second, limit)
            if left == right or self.text(first) in "[{" or self.text(second) in "[{":
                continue
            edits = ((*self.span(first, last), right), (*self.span(second, limit), left))
            self.found.append(("argument", f"{left}, {right}", f"{right}, {left}", self.where, "expression", edits))
        for first, last in parts:
            self.expression(first, last)

    def number(self, at):
        found = NUMBER.match(self.text(at))
        if not found:
            return
        value, suffix = int(found[1].replace("'", ""), 0), found[2]
        self.add("constant", at, at + 1, f"{value + 1}{suffix}")
        if value > 0:
            self.add("constant", at, at + 1, f"{value - 1}{suffix}")

    def enumerator(self, at):
        names = self.enumerators[self.text(at)]
        name = self.text(at + 2)
        if name in names and len(names) > 1:
            other = names[(names.index(name) + 1) % len(names)]
            self.add("enumerator", at, at + 3, f"{self.text(at)}::{other}")
