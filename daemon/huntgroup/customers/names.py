"""Names as people write them: which words are in one, when it is none, and when two may be one person's.

Text of others is never a name for what it says alone: a number, an address, or a word that stands for nobody
("Unknown", "Guest 3", "Wireless Caller") names nobody.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from huntgroup.numbering import forms, public_number
from huntgroup.plain import clean

NAME_MOST = 200
"""Characters of a name that are compared."""
_NOBODY_WORDS = """
anonymous anonym anonyme anonyma anonymer anonimo anonima anonim anonimowy anonimowa anonymni anoniem anonymt
unknown unidentified unbekannt unbekannter unbekannte inconnu inconnue desconocido desconocida desconhecido desconhecida
sconosciuto sconosciuta nieznany nieznana nieznane neznamy neznama neznamo nepoznat nepoznato onbekend okand ukendt
ukjent tuntematon ismeretlen necunoscut necunoscuta bilinmeyen nezinamas nezinams tundmatu
private privat prive privado privada privato privata prywatny prywatna prywatne soukrome yksityinen ozel
withheld restricted unavailable blocked hidden suppressed unlisted unterdruckt masque oculto oculta nascosto
zastrzezony zastrzezona zastrzezone ukryty ukryta skryte skryty verborgen skjult salainen rejtett ascuns gizli
not no nie non nicht available provided given id out of area toll free service dostepny
number numer nummer numero nr no cislo szam numara telefon telephone phone tel caller callers call calling dzwoniacy
anrufer appelant llamada chiamante wireless cellular cell mobile
guest gast gosc invite invitee invitado invitada ospite convidado host vendeg musafir misafir gjest
visitor besucher besucherin visiteur visiteuse visitante visitatore odwiedzajacy navstevnik bezoeker besoker latogato
user users utilisateur usuario utente benutzer uzytkownik gebruiker kullanici anvandare
customer client clients cliente kunde kundin klient klientka klant kund zakaznik musteri ugyfel
name imie nazwisko nom nombre nome vorname nachname first last
n a na none null nil undefined void empty brak keine keiner kein aucun aucune ninguno ninguna nessuno nenhum
test testing noname nobody somebody someone niemand nikt asterisk pbx payphone pay
spam scam likely potential fraud telemarketer robocall
аноним анонимный анонимно неизвестный неизвестно неизвестен неизвестна неизвестная невідомо невідомий невідома скрыт
скрытый скрыто частный приватный номер абонент гость гостья посетитель клиент клієнт гість пользователь користувач имя
нет
αγνωστος αγνωστη ανωνυμος αποκρυψη επισκεπτης πελατης
匿名 不明 未知 非通知 通知不可能 表示圏外 公衆電話 访客 訪客 游客 遊客 客户 客戶 用户 用戶 ゲスト
익명 알수없음 방문자 손님 발신번호표시제한
مجهول غير معروف خاص محجوب زائر ضيف
אנונימי לא ידוע חסוי אורח
"""
_WITH_MARK = re.compile(r"LATIN SMALL LETTER (?:DOTLESS |LONG |TURNED )?([A-Z])(?: WITH .*)?")
_TWO_LETTERS = re.compile(r"LATIN SMALL (?:LETTER|LIGATURE) ([A-Z]{2})(?: WITH .*)?")
_OWN_LETTERS = {"ð": "d", "þ": "th", "ŋ": "ng", "ə": "e", "ĸ": "k"}
"""Letters whose names in Unicode do not say what is written in their place."""
_IN_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"}
"""What German and Nordic people write where a keyboard lacks the letter, besides leaving the mark out."""
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_NUMBER_AT_END = re.compile(r"[(+]{0,2}[0-9][0-9 ()./-]*$")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def words_of(name: str) -> frozenset[str]:
    """A name as the words that it has, in any order, without case and marks; empty when it is no name at all."""
    return frozenset(_bare(word) for word in _words(name))


def is_name(text: str) -> bool:
    """Whether this names somebody."""
    return bool(_words(text))


def read_name(text: str) -> str:
    """A name as one plain line; empty when it names nobody."""
    name = clean(text)
    return name if is_name(name) else ""


def agree(one: str, other: str) -> bool:
    """Whether two names may be one person's: every word of the shorter is in the longer, or begins one there.

    Who gives no name contradicts nobody. ``Jan Kowalski`` and ``J. Kowalski`` agree, as do ``Müller`` with ``Mueller``
    and ``Muller``; he and ``Maria Kowalska`` do not.
    """
    mine, theirs = _words(one), _words(other)
    if not mine or not theirs:
        return True
    few, many = sorted(([_spellings(each) for each in mine], [_spellings(each) for each in theirs]), key=len)
    if _is_within(few, many):
        return True
    return not _joined(few).isdisjoint(_joined(many))  # O'Brien and OBrien; scripts that part no words


def named(text: str, number: str, country: str, prefixes: Iterable[str] = ()) -> str:
    """The name that a PBX gives with a call from this number; empty when it is only the number, or a label with it.

    ``prefixes`` are the labels that the PBX may put in front, as FreePBX's *CID name prefix*; the longest is taken off.
    """
    name = clean(text)
    labels = [each for each in map(clean, prefixes) if each and _begins(name, each)]
    name = name.removeprefix(max(labels, key=len, default="")).strip()
    found = _NUMBER_AT_END.search(name)
    if found is None:
        return name
    label, digits = name[: found.start()].rstrip(), _digits(found[0])
    known = public_number(number, country)
    is_theirs = digits == _digits(number) or (known is not None and digits in map(_digits, forms(known, country)))
    if not is_theirs or (label and known is None and not label.endswith(":")):
        return name
    return ""


def _begins(name: str, label: str) -> bool:
    """Whether this label is in front, and not only the beginning of a word: *VIP* is not in front of *Vipond*."""
    rest = name[len(label) :]
    return name.startswith(label) and not (label[-1].isalnum() and rest[:1].isalnum())


def _words(name: str) -> tuple[str, ...]:
    """The words of a name, each once; none when it is an address, or all of them stand for nobody."""
    text = unicodedata.normalize("NFKC", clean(name)[:NAME_MOST]).casefold()
    if _ADDRESS.fullmatch(text.strip("<>\"' ")):
        return ()
    if text.isascii():
        parted = _NO_LETTERS.sub(" ", text)
    else:
        parted = "".join(sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in text)
    words = [each for each in parted.split() if each.isalpha() or _is_word(each)]
    return () if all(_letters(_bare(each)) in NOBODY for each in words) else tuple(dict.fromkeys(words))


def _is_word(text: str) -> bool:
    """A number with a letter at most is none: what some networks send for no name is ``V`` and fifteen digits."""
    letters = len(_letters(text))
    return letters > 1 or (letters == 1 and len(text) == 1)


def _letters(word: str) -> str:
    return "".join(each for each in word if not each.isdigit())


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(each)) for each in text if each.isdigit())


def _bare(word: str) -> str:
    """Without marks, and with each letter that is a Latin one with something more as the plain one."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(_bare_letter(each) for each in decomposed if not unicodedata.combining(each))


@lru_cache(maxsize=4096)
def _bare_letter(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in _OWN_LETTERS:
        return _OWN_LETTERS[letter]
    name = unicodedata.name(letter, "")
    found = _WITH_MARK.fullmatch(name) or _TWO_LETTERS.fullmatch(name)
    return found[1].lower() if found else letter


def _spellings(word: str) -> frozenset[str]:
    """How a word is written by who has all its letters, and by who has not."""
    if word.isascii():
        return frozenset((word,))
    composed = unicodedata.normalize("NFC", word)
    return frozenset({_bare(composed), _bare("".join(_IN_TWO.get(each, each) for each in composed))})


def _is_within(few: Sequence[frozenset[str]], many: Sequence[frozenset[str]]) -> bool:
    return all(any(_is_one(word, each) for each in many) for word in few)


def _is_one(word: frozenset[str], other: frozenset[str]) -> bool:
    """The same word, or one is the initial of the other."""
    if not word.isdisjoint(other):
        return True
    return any(min(len(one), len(two)) == 1 and one[0] == two[0] for one in word for two in other)


def _joined(words: Sequence[frozenset[str]]) -> frozenset[str]:
    """All words as one, in each spelling."""
    return frozenset({"".join(map(min, words)), "".join(map(max, words))})


NOBODY = frozenset(_bare(each) for each in _NOBODY_WORDS.split())
"""Words that stand for nobody. A name all of whose words are here is none; *John Guest* is one."""
