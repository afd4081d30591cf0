"""Random choices for one input, and a vocabulary of hostile texts and values."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

TEXTS: tuple[str, ...] = (
    *("", " ", "\t", "0", "-1", "null", "true", "NaN", "(null)", "<unknown>", "s", "h", "i", "t"),
    *("\r\n", "\r\n\r\n", "\n", "\r", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\ufffe"),
    *("\u202e", "\u2066", "\u200d", "\u0301", "\u0661\u0662\u0663", "\U0001f98a", "İ", "ß", "ﬁ", "Ⅷ", "\u3000"),
    *(
        "a/b",
        "+",
        "#",
        "$SYS",
        "..",
        "/",
        "\\",
        "'",
        '"',
        "`",
        "%s",
        "%0d%0a",
        "{0}",
        "${EXTEN}",
        "$[1]",
        "&",
        ";",
        ",",
    ),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "<script>", "javascript:alert(1)", "' OR 1=1 --", "\r\nAction: Hangup"),
    *("1e400", "9" * 25, "0x7fffffffffffffff", "1970-01-01", "99999-01-01", "*11", "+48600700800", "customer-1"),
    *("jan@example.org", "Zażółć", "x" * 300, "Ĳ" * 300, "a" * 9_000, "😀" * 3_000),
)
NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 255, 256, 65_535, 65_536, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63)),
    *(2**64, 10**30, 10**400, -(10**400), 0.0, -0.0, 0.1, 1.5, 1e-320, 1e300, -1e300),
)
NOT_NUMBERS = (float("nan"), float("inf"), float("-inf"))
SURROGATES = ("\ud800", "\udfff", "a\udc80b", "\udcff")
RANGES = ((0x20, 0x7E), (0x20, 0x7E), (0x00, 0x1F), (0x80, 0x2FF), (0x600, 0x6FF), (0x2000, 0x206F), (0x4E00, 0x9FFF))


class Dice(random.Random):
    """The random choices of one input."""

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self.random() < share

    def one_of(self, *choices: T) -> T:
        """One of the arguments."""
        return choices[int(self.random() * len(choices))]

    def pick(self, choices: Sequence[T]) -> T:
        """One item of a sequence."""
        return choices[int(self.random() * len(choices))]

    def below(self, end: int) -> int:
        """A whole number from 0 to ``end`` - 1; faster than ``randrange``."""
        return int(self.random() * end)

    # -- texts ----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """A hostile text, without lone surrogates."""
        kind = self.random()
        if kind < 0.5:
            return self.pick(TEXTS)
        if kind < 0.75:
            return "".join(self.pick(TEXTS)[:20] for _ in range(1 + self.below(4)))
        begin, end = self.pick(RANGES)
        return "".join(chr(begin + self.below(end - begin + 1)) for _ in range(self.below(12)))

    def value(self, depth: int = 0) -> Any:
        """A hostile JSON value, sometimes a number that JSON does not have or a lone surrogate."""
        kind = self.random()
        if kind < 0.8:
            return self._scalar(kind / 0.8)
        if depth > 2:
            return self.one_of([], {})
        size = self.below(4)
        if kind < 0.9:
            return [self.value(depth + 1) for _ in range(size)]
        return {self.text()[:40]: self.value(depth + 1) for _ in range(size)}

    def _scalar(self, kind: float) -> Any:
        if kind < 0.45:
            return self.text()
        if kind < 0.7:
            return self.pick(NUMBERS)
        return self.one_of(None, True, False, *NOT_NUMBERS, *SURROGATES)

    # -- mutations -----------------------------------------------------------------------------------

    def spoilt(self, data: Any) -> Any:
        """A copy of JSON data with one change: a value replaced, removed or doubled, or a key added or renamed."""
        if self.chance(0.15) or not isinstance(data, dict | list) or not data:
            return self.value()
        if isinstance(data, list):
            items = list(data)
            place = self.below(len(items))
            change = self.below(4)
            if change == 0:
                del items[place]
            elif change == 1:
                items.insert(place, items[place])
            else:
                items[place] = self.spoilt(items[place])
            return items
        table = dict(data)
        name = self.pick(list(table))
        change = self.below(6)
        if change == 0:
            del table[name]
        elif change == 1:
            table[self.one_of("extra", "Type", "ID", "__proto__", "", "type", "id", self.text()[:20])] = self.value()
        elif change == 2:
            table[name.swapcase()] = table.pop(name)
        else:
            table[name] = self.spoilt(table[name])
        return table

    def written(self, data: Any) -> bytes:
        """JSON data as bytes: mostly valid UTF-8, sometimes in another encoding."""
        kind = self.random()
        if kind < 0.8:
            return json.dumps(data).encode()
        try:
            text = json.dumps(data, ensure_ascii=False, indent=self.one_of(None, None, 1))
            if kind < 0.9:
                return text.encode("utf-8", "surrogatepass")
            return text.encode(self.one_of("utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1250"), "replace")
        except ValueError:
            return b""

    def mutated(self, data: bytes, tokens: Sequence[bytes], most: int = 4) -> bytes:
        """Bytes with up to ``most`` mutations: cut, doubled, moved, replaced, or with a token inserted."""
        for _ in range(1 + self.below(most)):
            data = self.pick(_MUTATIONS)(self, data, tokens)
        return data


def _cut(dice: Dice, data: bytes, _tokens: Sequence[bytes]) -> bytes:
    return data[: dice.below(len(data) + 1)]


def _without(dice: Dice, data: bytes, _tokens: Sequence[bytes]) -> bytes:
    begin = dice.below(len(data) + 1)
    return data[:begin] + data[begin + 1 + dice.below(20) :]


def _doubled(dice: Dice, data: bytes, _tokens: Sequence[bytes]) -> bytes:
    begin = dice.below(len(data) + 1)
    end = begin + 1 + dice.below(60)
    return data[:end] + data[begin:end] * (1 + dice.below(3)) + data[end:]


def _put_in(dice: Dice, data: bytes, tokens: Sequence[bytes]) -> bytes:
    at = dice.below(len(data) + 1)
    return data[:at] + dice.pick(tokens) + data[at:]


def _replaced(dice: Dice, data: bytes, tokens: Sequence[bytes]) -> bytes:
    at = dice.below(len(data) + 1)
    return data[:at] + dice.pick(tokens) + data[at + 1 + dice.below(8) :]


def _flipped(dice: Dice, data: bytes, _tokens: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = dice.below(len(data))
    return data[:at] + bytes((dice.below(256),)) + data[at + 1 :]


def _line_moved(dice: Dice, data: bytes, _tokens: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    line = lines[dice.below(len(lines))]
    if dice.chance(0.5):
        lines.remove(line)
    lines.insert(dice.below(len(lines) + 1), line)
    return b"".join(lines)


_MUTATIONS: tuple[Callable[[Dice, bytes, Sequence[bytes]], bytes], ...] = (
    *(_cut, _without, _doubled, _put_in, _put_in, _replaced, _replaced, _flipped, _line_moved),
)

TOKENS: tuple[bytes, ...] = (
    *(each.encode() for each in TEXTS if len(each) < 40 and each),
    *(b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\\ud800", b"\\u0000", b"{", b"}", b"[", b"]", b":"),
    *(b"[" * 2_000, b'{"a":' * 2_000, b"1e9999", b"-Infinity", b"9" * 5_000, b'"', b"/*"),
)
"""Inserted into bytes of any format."""
