"""Names for searching: one key for the ways in which one name is written.

A clerk types `Benaissa`, `Ben Aïssa` or `بن عيسى` and means one person. Each word becomes a skeleton of consonants,
after Latin spellings of Arabic sounds were folded (`ou`/`w`, `kh`/`k`, `dj`/`j`…) and Arabic letters were written with
the same skeleton. Particles (`Ben`, `Abd el`, `El`) are joined to what follows, or dropped. Order does not matter. What
that costs in precision is measured in docs/retention.md. Searching ranks by likeness afterwards.
"""

import re
import unicodedata
from difflib import SequenceMatcher

_ARABIC = {
    "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ٱ": "a", "ى": "a", "ء": "", "ئ": "y", "ؤ": "w", "ة": "", "ع": "a",
    "ب": "b", "پ": "p", "ت": "t", "ث": "t", "ج": "j", "چ": "j", "ح": "h", "خ": "k", "د": "d", "ذ": "d", "ر": "r",
    "ز": "z", "ژ": "j", "س": "s", "ش": "x", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "غ": "g", "ف": "f", "ڤ": "v",
    "ق": "k", "ڨ": "g", "ك": "k", "ک": "k", "گ": "g", "ڭ": "g", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w",
    "ي": "y", "ی": "y", "ـ": "",
}  # fmt: skip
# Longest first. Sounds that French, English and Spanish spellings of one name write differently.
_FOLDS = [
    ("tch", "x"), ("sch", "x"), ("ch", "x"), ("sh", "x"), ("dj", "j"), ("dg", "j"), ("kh", "k"), ("gh", "g"),
    ("th", "t"), ("dh", "d"), ("ph", "f"), ("gu", "g"), ("qu", "k"), ("ou", "w"), ("oo", "w"), ("ck", "k"),
    ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"), ("q", "k"), ("v", "f"), ("p", "b"),
]  # fmt: skip
_SPECIAL = str.maketrans({"ß": "ss", "æ": "e", "œ": "e", "ø": "o", "đ": "d", "ð": "d", "þ": "t", "ł": "l", "ı": "i"})
_ARTICLES = frozenset(
    {
        "el",
        "al",
        "ul",
        "er",
        "ar",
        "es",
        "as",
        "en",
        "ed",
        "ez",
        "et",
        "ال",
        "ould",
        "uld",
        "de",
        "da",
        "di",
        "du",
        "la",
        "le",
    }
)
_PREFIXES = frozenset(
    {
        "ben",
        "bin",
        "ibn",
        "bn",
        "bou",
        "bu",
        "abu",
        "abou",
        "abd",
        "abdel",
        "abdal",
        "abdul",
        "بن",
        "ابن",
        "بو",
        "ابو",
        "أبو",
        "عبد",
    }
)
_SUFFIXES = frozenset({"eddine", "eddin", "uddin", "ddine", "dine", "din", "الدين"})
_VOWELS = frozenset("aeiouwy")


def words(name: str) -> list[str]:
    """The words of a name without accents and points, lower case."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_SPECIAL))
    # Hamza and madda are marks on their letter after NFKD: NFC keeps them together, vowel points go.
    marked = "".join(c for c in plain if not unicodedata.combining(c) or c in "\u0653\u0654\u0655")
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", marked))


def skeleton(word: str) -> str:
    """Consonants of one word; a vowel counts only where the word begins with one."""
    arabic = any(c in _ARABIC for c in word)
    if arabic:
        text = word[2:] if word.startswith("ال") and len(word) > 4 else word
        text = "".join(_ARABIC.get(c, c) for c in text)
    else:
        text = word
        for spelled, sound in _FOLDS:
            text = text.replace(spelled, sound)
    first, rest = text[:1], text[1:]
    # W and Y open a syllable at the beginning (Walid, Yacine); before a consonant Latin writes vowels so (Oumar, Ytto).
    opening = first if first not in _VOWELS or (first in "wy" and (arabic or rest[:1] in _VOWELS)) else "a"
    kept = opening + "".join(c for c in rest if c not in _VOWELS)
    kept = re.sub(r"(.)\1+", r"\1", kept)
    return kept[:-1] if len(kept) > 2 and kept.endswith("h") else kept


def alternatives(name: str) -> list[set[str]]:
    """One set of keys for each word of a name: a stored name answers where it shares a key of every set."""
    found: list[set[str]] = []
    pending = ""
    for word in words(name):
        if word in _SUFFIXES and found:
            found[-1] = {key + "dn" for key in found[-1]}
        elif word in _ARTICLES:
            continue
        elif word in _PREFIXES:
            pending += "abd" if word.startswith("abd") else word
        else:
            found.append(_variants(pending, word))
            pending = ""
    if pending:
        found.append({skeleton(pending)})
    return [kept for keys_of_word in found if (kept := {key for key in keys_of_word if key})]


def _variants(prefix: str, word: str) -> set[str]:
    """A word that swallowed its article (`Elamrani`) is found with and without it."""
    kept = {_joined(prefix, word)}
    if not prefix and len(word) > 5 and word[:2] in ("el", "al"):
        kept.add(_joined("", word[2:]))
    return kept


def keys(name: str) -> set[str]:
    """All search keys of a name."""
    return set().union(*alternatives(name))


def _joined(prefix: str, word: str) -> str:
    """`Abd el Kader`, `Abdelkader` and `عبد القادر` have one key; the article between is assimilated or not."""
    if prefix:
        return _servant(skeleton(prefix) + _inner(skeleton(word)))
    return _servant(skeleton(word))


def _inner(kept: str) -> str:
    return kept[1:] if kept.startswith("a") and len(kept) > 1 else kept


def _servant(kept: str) -> str:
    """In names with Abd- the article's L comes and goes with the letter that follows (Abderrahmane, Abdelrahman)."""
    if kept.startswith("abd") and len(kept) > 4:
        return "abd" + kept[3:].removeprefix("l")
    return re.sub(r"(.)\1+", r"\1", kept)


def likeness(asked: str, held: str) -> float:
    """How alike two names are, 0 to 1, whatever the order of their words."""

    def form(name: str) -> str:
        latin = ("".join(_ARABIC.get(c, c) for c in word) for word in words(name) if word not in _ARTICLES)
        return " ".join(sorted(latin))

    return SequenceMatcher(None, form(asked), form(held)).ratio()
