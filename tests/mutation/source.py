"""C++ as far as mutations need it: tokens, functions, statements, expressions.

It reads code as clang-format leaves it: a binary operator has white space on both sides, the bracket of a template's
arguments has none before it. A compiler judges what comes of it, so a wrong guess costs a mutant and never the result.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<directive>^[ ]*\#(?:\\\n|[^\n])*)"""
    r"""|(?P<text>R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')"""
    r"""|(?P<number>\d[\w']*(?:\.\d+)?)"""
    r"""|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<mark><=>|<<=|(?<=\s)>>=?|->|\+\+|--|<<|<=|(?<=\s)>=|==|!=|&&|\|\||[-+*/%&|^]=|::|\.\.\.|.)""",
    re.DOTALL | re.MULTILINE)

OPENING = {"(": ")", "[": "]", "{": "}"}
# From the loosest to the tightest.
PRECEDENCE = [
    ["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="], ["?"], ["||"], ["&&"], ["|"], ["^"], ["&"],
    ["==", "!="], ["<", ">", "<=", ">="], ["<=>"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"],
]
RANK = {operator: rank for rank, row in enumerate(PRECEDENCE) for operator in row}
NO_CALL = {"if", "while", "for", "switch", "return", "sizeof", "decltype", "noexcept", "alignof", "assert", "template"}
DECLARATION = re.compile(
    r"(?:const\s+)?(?!(?:return|delete|throw|co_return)\b)[\w:]+(?:<.*>)?(?:::\w+)*\s*[&*]*\s+[&*]*"
    r"(?:\w+|\[[^\]]*\])\s*$", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


class Source:
    """The tokens of one file, with its brackets matched."""

    def __init__(self, text):
        self.text = text
        self.tokens = [Token(found.lastgroup, found.group(), found.start(), found.end())
                       for found in TOKEN.finditer(text) if found.lastgroup not in ("space", "directive")]
        self.match = self._match_brackets()

    def _match_brackets(self):
        match, stack = {}, []
        for at, token in enumerate(self.tokens):
            if token.text in OPENING and token.kind == "mark":
                stack.append((OPENING[token.text], at))
            elif token.text == "<" and self._opens_template(at):
                stack.append((">", at))
            elif token.kind == "mark" and stack and token.text == stack[-1][0]:
                if token.text != ">" or not self.spaced(at):
                    match[stack.pop()[1]] = at
            elif token.kind == "mark" and token.text in ")]}":
                raise ValueError(f"line {self.line_of(at)}: found {token.text} that closes nothing")
        if stack:
            raise ValueError(f"line {self.line_of(stack[-1][1])}: found a bracket that is never closed")
        return match

    def _opens_template(self, at):
        if at == 0:
            return False
        before = self.tokens[at - 1]
        if before.text == "template":
            return True
        return before.kind == "name" and before.end == self.tokens[at].start and before.text != "operator"

    def spaced(self, at):
        """Is there white space on both sides, as around a binary operator?"""
        token = self.tokens[at]
        return self.text[token.start - 1].isspace() and self.text[token.end:token.end + 1].isspace()

    def line_of(self, at):
        return self.text.count("\n", 0, self.tokens[at].start) + 1

    def flat(self, begin, end):
        """The code of the tokens [begin, end) on one line and without comments."""
        parts = []
        for at in range(begin, end):
            if at > begin and self.tokens[at - 1].end != self.tokens[at].start:
                parts.append(" ")
            parts.append(self.tokens[at].text)
        return "".join(parts)

    def top_level(self, begin, end):
        """The indices of [begin, end) outside of brackets; an opening bracket stands for all of its pair."""
        at = begin
        while at < end:
            yield at
            at = self.match.get(at, at) + 1

    def split(self, begin, end, separator):
        """[begin, end) cut at each top-level `separator`, as pairs of indices."""
        first = begin
        for at in self.top_level(begin, end):
            if self.tokens[at].text == separator:
                yield first, at
                first = at + 1
        yield first, end

    def find(self, begin, end, text):
        """The first top-level token that is `text`, or None."""
        return next((at for at in self.top_level(begin, end) if self.tokens[at].text == text), None)


@dataclasses.dataclass(frozen=True)
class Function:
    """A function with a body, or a type whose members have initial values (then `returns` is None)."""
    name: str
    returns: str | None
    body: tuple[int, int]


def enumerators_of(source):
    """Name of an enumeration -> its enumerators, in order; one that only counts the others is left out."""
    found = {}
    tokens = source.tokens
    for at, token in enumerate(tokens):
        if token.text != "enum" or tokens[at + 1].text not in ("class", "struct"):
            continue
        opening = source.find(at, len(tokens), "{")
        if opening is None or source.find(at, opening, ";") is not None:
            continue
        parts = source.split(opening + 1, source.match[opening], ",")
        names = [tokens[first].text for first, last in parts if first < last]
        found[tokens[at + 2].text] = [name for name in names if not name.endswith("count_")]
    return found


def functions_of(source):
    """All functions with a body, and all initial values of members as functions without a result."""
    found = []
    _scan(source, 0, len(source.tokens), (), False, found)
    return found


def _scan(source, begin, end, path, in_type, found):
    head, at = begin, begin
    tokens = source.tokens
    while at < end:
        text = tokens[at].text
        if text == ";":
            if in_type:
                _initial_value(source, head, at, path, found)
            head = at + 1
        elif text == ":" and at == head + 1 and tokens[head].text in ("public", "private", "protected"):
            head = at + 1
        elif text == "{":
            kind = _kind(source, head, at)
            close = source.match[at]
            if kind == "scope":
                _scan(source, at + 1, close, path, False, found)
            elif kind == "type":
                name = next(tokens[i + 1].text for i in source.top_level(head, at)
                            if tokens[i].text in ("class", "struct", "union"))
                _scan(source, at + 1, close, path + (name,), True, found)
            elif kind == "function":
                found.append(_function(source, head, at, path))
            if kind in ("scope", "function"):
                head = close + 1
            at = close
        elif at in source.match:
            at = source.match[at]
        at += 1


def _kind(source, head, brace):
    words = [source.tokens[at].text for at in source.top_level(head, brace)]
    while words[:1] == ["template"]:
        words = words[2:]
    if "namespace" in words or words[:1] == ["extern"]:
        return "scope"
    assigns = any(word == "=" and before != "operator" for before, word in zip([""] + words, words))
    if "enum" in words or assigns:
        return "value"
    if "(" not in words:
        return "type" if {"class", "struct", "union"} & set(words) else "value"
    # A brace right behind a member's name, after the colon of a constructor, is that member's initial value.
    if ":" in words and source.tokens[brace - 1].kind == "name":
        return "value"
    return "function"


def _function(source, head, brace, path):
    tops = list(source.top_level(head, brace))
    words = [source.tokens[at].text for at in tops]
    while words[:1] == ["template"]:
        tops, words = tops[2:], words[2:]
    parameters = words.index("(")
    if words[parameters - 1] == "operator":  # operator()
        parameters = words.index("(", parameters + 1)
    name_at = parameters - 1
    if "operator" in words[:parameters]:
        name_at = words.index("operator")
    while name_at >= 2 and words[name_at - 1] == "::":
        name_at -= 2
    opening = tops[parameters]
    name = source.flat(tops[name_at], source.match[opening] + 1)
    skipped = {"static", "constexpr", "inline", "friend", "explicit", "virtual", "[", "nodiscard"}
    result = [word for word in words[:name_at] if word not in skipped]
    returns = " ".join(result)
    if words[:2] == ["auto"]:
        returns = "auto"
    return Function("::".join(path + (name,)), returns, (brace, source.match[brace]))


def _initial_value(source, head, end, path, found):
    words = [source.tokens[at].text for at in source.top_level(head, end)]
    if {"using", "static", "friend", "constexpr", "typedef", "("} & set(words):
        return
    equals = source.find(head, end, "=")
    brace = source.find(head, end, "{")
    if equals is not None:
        found.append(Function("::".join(path), None, (equals, end)))
    elif brace is not None and source.match[brace] == end - 1:
        found.append(Function("::".join(path), None, (brace, end - 1)))
