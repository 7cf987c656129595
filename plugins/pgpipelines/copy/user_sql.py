"""The user's own SQL: a WHERE condition for a table, and a query that is read in a table's place.

Such a text stands between parentheses in our own statements, and the driver would send several statements at
once, so a text is taken only if it can't leave its parentheses. A scanner that knows the lexical rules of
PostgreSQL 14 to 18 tells what is quoted or commented from the rest. In the rest, every bracket is closed in order,
none is closed that was not opened, and no semicolon stands; nothing quoted is left open. What the servers would read
differently is refused: by version (a quote right behind a number), and by standard_conforming_strings, which a query
could turn off behind our back (a backslash before the closing quote of a plain text).

What a text does is not looked into, and no words are searched for: it runs in a READ ONLY transaction, with what
the connection's role may read and no more.

The text stays as it is written; a % means nothing special in it. The same rules hold in any encoding of the server
except JOHAB, where bytes of other characters can look like ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pgpipelines.errors import ConfigurationError, one_line
from pgpipelines.templates import Sql, escaped

BRACKETS = {"(": ")", "[": "]"}
CLOSING = frozenset(BRACKETS.values())
QUERY_WORDS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
CHARACTERS_TO_SHOW = 40

# Beyond ASCII, PostgreSQL takes every character for a letter. Said by what is none, which is compiled far faster.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_LETTER_DIGIT_OR_DOLLAR = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\n\r\f\v]+|--[^\n\r]*")
_WORD = re.compile(rf"{_LETTER}{_LETTER_DIGIT_OR_DOLLAR}*")
_NUMBER = re.compile(rf"[0-9]{_LETTER_OR_DIGIT}*")
_DOLLAR_QUOTE = re.compile(rf"\$(?:{_LETTER}{_LETTER_OR_DIGIT}*)?\$")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_TO_QUOTE = re.compile(r"[^']*'")
_TO_DOUBLE_QUOTE = re.compile(r'[^"]*"')
_TO_QUOTE_BY_BACKSLASHES = re.compile(r"[^\\']*(?:\\.[^\\']*)*'", re.DOTALL)


class _Token(NamedTuple):
    start: int
    text: str


def condition(text: str) -> Sql:
    """Take a text as the condition after WHERE: the condition, empty where the text says nothing.

    Callers write `condition(text) or None`. Raises ConfigurationError for what is not one condition.
    """
    text = _stripped(text)
    tokens = list(_tokens(text))
    if not tokens:
        return Sql("")
    if tokens[0].text.upper() == "WHERE":
        raise _refused(text, tokens[0].start, "the word WHERE", "write the condition alone")
    _require_contained(text, tokens)
    return escaped(text)


def query(text: str) -> Sql:
    """Take a text as the query to read: the query, without the semicolon at its end, empty where it says nothing.

    Callers write `query(text) or None`. Raises ConfigurationError for what is not one query.
    """
    text = _stripped(text)
    tokens = list(_tokens(text))
    if tokens and tokens[-1].text == ";":
        text = text[: tokens.pop().start]
    if not tokens:
        return Sql("")
    first = next((token for token in tokens if token.text != "("), tokens[0])
    if first.text.upper() not in QUERY_WORDS:
        raise _refused(text, first.start, "another beginning than SELECT, WITH, VALUES or TABLE", "write a query")
    _require_contained(text, tokens)
    return escaped(text)


def place(text: str, position: int) -> str:
    """Say where in a text a position (counted from 0) is, and what stands there."""
    line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
    rest = one_line(text[position : position + CHARACTERS_TO_SHOW])
    return f"line {line}, column {column}" + (f": {rest}" if rest else "")


def _require_contained(text: str, tokens: list[_Token]) -> None:
    """Raise ConfigurationError where what is not quoted would end the parentheses around it, or the statement."""
    open_brackets: list[_Token] = []
    for token in tokens:
        if token.text == ";":
            raise _refused(text, token.start, "a semicolon", "write one condition or query; quote a ; that is a value")
        if token.text in BRACKETS:
            open_brackets.append(token)
        elif token.text in CLOSING and (not open_brackets or BRACKETS[open_brackets.pop().text] != token.text):
            raise _refused(text, token.start, f"a {token.text} that closes nothing", "balance the parentheses")
    if open_brackets:
        last = open_brackets[-1]
        raise _refused(text, last.start, f"a {last.text} that is not closed", "balance the parentheses")


def _stripped(text: str) -> str:
    """The text without blanks around it. Raises ConfigurationError for characters that no server takes."""
    impossible = _IMPOSSIBLE.search(text)
    if impossible:
        raise _refused(text[: impossible.start()], impossible.start(), f"the character {impossible[0]!a}", "remove it")
    return text.strip()


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a text into words, numbers, quoted texts and single characters, without blanks and comments."""
    start = 0
    while start < len(text):
        blank = _BLANK.match(text, start)
        if blank:
            start = blank.end()
        elif text.startswith("/*", start):
            start = _after_comment(text, start)
        else:
            end = _after_token(text, start)
            yield _Token(start, text[start:end])
            start = end


def _after_comment(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _refused(text, start, "a comment that is not closed", "close each /* by */; they nest")


def _after_token(text: str, start: int) -> int:
    if text[start] == '"':
        return _after_quotes(text, start, start + 1, _TO_DOUBLE_QUOTE)
    if text[start] == "'":
        return _after_plain_text(text, start)
    if text[start] == "$":
        return _after_dollar_quotes(text, start)
    word = _WORD.match(text, start)
    if word:
        # Of the prefixes of a text (B, E, N, U&, X), only E changes where it ends.
        escapes = word[0] in {"e", "E"} and text.startswith("'", word.end())
        return _after_escaped_text(text, start) if escapes else word.end()
    number = _NUMBER.match(text, start)
    if number is None:
        return start + 1
    if text.startswith(("'", "$"), number.end()):
        raise _refused(text, start, "a number that runs into a quote", "put a blank between the two")
    return number.end()


def _after_quotes(text: str, start: int, inside: int, to_end: re.Pattern[str]) -> int:
    """The end of a quoted text. A doubled quote reads as an end and a new start, which comes to the same."""
    found = to_end.match(text, inside)
    if found is None:
        raise _refused(text, start, "a quote that is not closed", "close it, or double a quote that is part of a text")
    return found.end()


def _after_plain_text(text: str, start: int) -> int:
    end = _after_quotes(text, start, start + 1, _TO_QUOTE)
    by_backslashes = _TO_QUOTE_BY_BACKSLASHES.match(text, start + 1)
    if by_backslashes is None or by_backslashes.end() != end:
        raise _refused(text, start, "a backslash before a quote", r"write E'...' and double the backslashes: E'\\'")
    return end


def _after_escaped_text(text: str, start: int) -> int:
    """The end of E'...', which goes on behind a doubled quote, and behind line feeds where another quote opens."""
    end = _after_quotes(text, start, start + 2, _TO_QUOTE_BY_BACKSLASHES)
    while (inside := _where_text_goes_on(text, end)) is not None:
        end = _after_quotes(text, start, inside, _TO_QUOTE_BY_BACKSLASHES)
    return end


def _where_text_goes_on(text: str, end: int) -> int | None:
    position, between = end, ""
    while blank := _BLANK.match(text, position):
        position, between = blank.end(), between + blank[0]
    goes_on = text.startswith("'", position) and (not between or "\n" in between or "\r" in between)
    return position + 1 if goes_on else None


def _after_dollar_quotes(text: str, start: int) -> int:
    opening = _DOLLAR_QUOTE.match(text, start)
    if opening is None:
        raise _refused(text, start, "a $ that opens no quote", "write the value itself: there are no parameters here")
    closing = text.find(opening[0], opening.end())
    if closing < 0:
        raise _refused(text, start, f"a {opening[0]} that is not closed", f"close it by {opening[0]}")
    return closing + len(opening[0])


def _refused(text: str, position: int, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"the SQL has {what}, at {place(text, position)}", remedy)
