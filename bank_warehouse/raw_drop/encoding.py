"""Choose the encoding of a text file that is not UTF-8, or refuse the file.

A cell fits an encoding if its text in this encoding looks like words: no control characters, no
symbols inside words, no accented letter after a digit, no accented capital after a small letter,
and words in one language or script.

For a UTF-8 file, only two things are checked: whether cells were misread before the file was saved,
and whether it is declared to have another encoding.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from bank_warehouse.numbers import count
from bank_warehouse.raw_drop.errors import DropError

SETTING = "BANK_RAW_ENCODING"
AUTO = "auto"

# In order of preference among encodings that give the same text for every cell.
_ONE_BYTE = (
    *("cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1254", "mac_roman", "cp850"),
    *("cp1251", "koi8-r", "cp1253"),
)
_MORE_BYTES = ("cp932", "gb18030", "big5", "euc_kr", "euc_jp")
NAMES = {
    "cp1252": "Windows-1252 (Latin-1)",
    "iso8859-15": "Latin-9",
    "cp1250": "Windows-1250",
    "iso8859-2": "Latin-2",
    "cp1254": "Windows-1254",
    "mac_roman": "Mac Roman",
    "cp850": "DOS 850",
    "cp1251": "Windows-1251",
    "koi8-r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp932": "Shift-JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
    "euc_jp": "EUC-JP",
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
}
"""The encodings that may be declared, and their usual names."""

_LANGUAGES = tuple(
    map(
        frozenset,
        (
            *("àâæçéèêëîïôœùûüÿ", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìíîòóùú", "àçèéíïòóúü"),
            *("äöüßé", "áéíóúëïöüèê", "åäöéáàü", "æøåéäöü", "åäöšž", "áéíóúýðþæö", "äöõüšž"),
            *("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž"),
            *("ăâîșşțţ", "çğıi\u0307öşüâîû", "ąčęėįšųūž", "āčēģīķļņšūž"),
        ),
    )
)
# The script of a word, from the Unicode names of its letters.
_SCRIPTS = (
    *(("CYRILLIC",), ("GREEK",), ("HANGUL",)),
    ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC"),
)
# Symbols that may begin or end a word, and apostrophes that may also be inside one.
_AROUND = "\u00a0«»‹›“”„‘’‚…–—°ºª®™·¿¡€£§&\u3000、。・ー々"
_APOSTROPHE = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,2}’(?=[^\W\d_])|’(?=[A-ZÀ-Þ])|’(?=s\b)")
_WORD = re.compile(r"[^\s\-'./()+,;|]+")

_MOST_CELLS = 20_000
_MOST_SAMPLE = 256 * 1024
_MOST_SHOWN = 5
_MOST_COMPARED = 2000
_READ_BYTES = 1024 * 1024
# How much larger the share of fitting cells must be for one encoding to be better than another.
# Comparisons with cp1252 use fractions or multiples of it.
_MARGIN = 0.1
_FITS = 0.95
# The detector's measure of chaos is 0 for correct text, and 0.1 or more for misread text.
_CHAOS = 0.08
# In a two-byte encoding, about one cell in fifty is valid UTF-8 by chance. A share above this limit
# is more than chance.
_CHANCE = 0.1


@dataclass(frozen=True)
class Decision:
    """The encoding of a file: a name that Python knows, and a warning, which may be empty."""

    encoding: str
    warning: str


def declared_encoding() -> str | None:
    """Return the declared encoding; None if it is worked out for each file.

    Raises:
        DropError: the setting names no known encoding.
    """
    text = os.environ.get(SETTING, "").strip()
    problem = check_encoding(text) if text else None
    if problem:
        raise DropError(f"{SETTING}: {problem}")
    return _known(text) if text and text.lower() != AUTO else None


def check_encoding(text: str) -> str | None:
    """Return what is wrong with the name of an encoding, or None."""
    if text.lower() == AUTO or _known(text):
        return None
    return f"{text!r} is not a known encoding. Use {AUTO} or one of {', '.join(NAMES)}."


def _known(text: str) -> str | None:
    import codecs

    try:
        wanted = codecs.lookup(text).name
    except LookupError:
        return None
    aliases = {"iso8859-1": "cp1252", "shift_jis": "cp932", "gbk": "gb18030", "gb2312": "gb18030"}
    wanted = aliases.get(wanted, wanted)
    return next((name for name in NAMES if codecs.lookup(name).name == wanted), None)


def decide(
    path: Path, relative: str, start: int, separator: str, lines_before: int, *, has_mark: bool
) -> Decision:
    """Return the encoding of a file with bytes that are not UTF-8.

    Args:
        path: the file, unpacked.
        relative: its name in messages.
        start: bytes to skip.
        separator: one character.
        lines_before: number of lines in the delivered file above the first line of `path`.
        has_mark: whether a byte-order mark says that it is UTF-8.

    Raises:
        DropError: several encodings are possible, or none.
    """
    cells = _cells_beyond_ascii(path, start, separator, lines_before)
    foreign = {cell: line for cell, line in cells.items() if not _is_utf8(cell)}
    proper = [cell for cell in cells if cell not in foreign and _is_likely(cell.decode())]
    if not foreign:  # the invalid bytes are in overlong lines or below the lines examined
        return Decision("utf-8", "")
    few = _shown_lines(foreign.values())
    if has_mark or declared_encoding() == "utf-8":
        return Decision("utf-8", f"{few}: bytes that are not UTF-8; these rows are quarantined.")
    scores, alone = _scores(list(foreign))
    best = max(scores, key=lambda name: scores[name], default=None)
    if proper and (best not in _MORE_BYTES or len(proper) > _CHANCE * len(cells)):
        other = next(iter(foreign)).decode("cp1252", "replace")
        return Decision(
            "utf-8",
            f"two encodings in one file: {proper[0].decode()!r} is UTF-8, but the bytes in {few}, "
            f"such as {other!r}, are not. Rows that are not UTF-8 are quarantined as invalid "
            "bytes. Save the whole file in UTF-8.",
        )
    if best is None or scores[best] < _FITS:
        raise DropError(_refusal(relative, foreign, list(scores), few))
    if "cp1252" in scores and scores["cp1252"] >= scores[best] - _MARGIN / 2:
        chosen = "cp1252"
        # An encoding is closer than cp1252 if it puts clearly more cells into a single language.
        closer = [n for n in scores if alone[n] >= max(_FITS, alone[chosen] + _MARGIN / 4)]
        rivals = closer or ([best] if scores[chosen] < _FITS else [])
        if len(closer) == 1 and alone[closer[0]] >= alone[chosen] + 2 * _MARGIN:
            chosen, rivals = closer[0], []
    else:
        chosen = best
        rivals = [n for n in scores if n != best and scores[n] > scores[best] - _MARGIN]
    if rivals:
        raise DropError(_refusal(relative, foreign, [chosen, *rivals], few))
    text = next(iter(foreign)).decode(chosen)
    return Decision(
        chosen,
        f"not UTF-8: read as {NAMES[chosen]}, so {_line_of(foreign)} holds {text!r}. If that "
        f"is wrong, save the file as UTF-8, or name its encoding in {SETTING}.",
    )


def misread_warning(path: Path, start: int, separator: str) -> str:
    """Return a warning about UTF-8 cells that were misread as another encoding and saved again.

    The warning is empty if there are no such cells. The cells are read unchanged.
    """
    found = 0
    shown = ""
    for cell in _cells_beyond_ascii(path, start, separator, 0):
        text = cell.decode("utf-8", "replace")
        was = _before_misreading(text, ("cp1252", "latin-1"))
        if was is not None:
            found += 1
            shown = shown or f"{text!r} for {was!r}"
    if not found:
        return ""
    return (
        f"{count(found, 'cell')} {'was' if found == 1 else 'were'} misread and saved again before "
        f"delivery, such as {shown}. Nothing is changed here. Export the file again as UTF-8."
    )


def refuse_utf8(path: Path, relative: str, separator: str, encoding: str) -> None:
    """Refuse a UTF-8 file that is declared to be in another encoding.

    Args:
        path: the file, rewritten from the declared encoding.
        relative: its name in messages.
        separator: one character.
        encoding: the declared encoding.

    Raises:
        DropError: every non-ASCII cell was UTF-8 when delivered.
    """
    texts = [cell.decode() for cell in _cells_beyond_ascii(path, 0, separator, 0)]
    before = [_before_misreading(text, (encoding,)) for text in texts]
    if texts and all(before):
        raise DropError(
            f"{relative}: {SETTING} says {encoding}, but the file is in UTF-8: {before[0]!r} would "
            f"be read as {texts[0]!r}. Unset {SETTING}, and convert files in {encoding} to UTF-8."
        )


def _before_misreading(text: str, encodings: Iterable[str]) -> str | None:
    for encoding in encodings:
        try:
            was = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if was != text and _is_likely(was):
            return was
    return None


def _cells_beyond_ascii(
    path: Path, start: int, separator: str, lines_before: int
) -> dict[bytes, int]:
    """Return the distinct cells with non-ASCII bytes, each with its first line number."""
    mark = re.escape(separator.encode())
    pattern = re.compile(rb"[^\r\n\"%b]*[\x80-\xff][^\r\n\"%b]*" % (mark, mark))
    cells: dict[bytes, int] = {}
    number = lines_before
    rest = b""
    with path.open("rb") as file:
        file.seek(start)
        is_last = False
        while len(cells) < _MOST_CELLS and not is_last:
            block = file.read(_READ_BYTES)
            is_last = len(block) < _READ_BYTES
            block = rest + block
            cut = block.rfind(b"\n") + 1 or block.rfind(b"\r") + 1
            if is_last:
                cut = len(block)
            block, rest = block[:cut], block[cut:][:_READ_BYTES]
            lines = block.splitlines()
            if not block.isascii():
                for place, line in enumerate(lines, start=number + 1):
                    if not line.isascii():
                        for found in pattern.findall(line):
                            cells.setdefault(found.strip(), place)
            number += len(lines)
    return cells


def _scores(cells: list[bytes]) -> tuple[dict[str, float], dict[str, float]]:
    """Return two shares for each encoding: the cells that fit it, and those in a single language.

    If several encodings give the same text for every cell, only the first is included.
    """
    texts: dict[str, tuple[str, ...]] = {}
    for name in (*_ONE_BYTE, *_detected(cells)):
        try:
            decoded = tuple(cell.decode(name) for cell in cells)
        except UnicodeDecodeError:
            continue
        if decoded not in texts.values():
            texts[name] = decoded
    scores: dict[str, float] = {}
    alone: dict[str, float] = {}
    for name, decoded in texts.items():
        fitting = [text for text in decoded if _fits(text)]
        letters = [{c for c in text.lower() if c.isalpha() and not c.isascii()} for text in fitting]
        # Symbols alone do not prove an unusual encoding.
        if not fitting or (name != "cp1252" and not any(letters)):
            continue
        scores[name] = len(fitting) / len(decoded)
        most = max(sum(found <= known for found in letters) for known in _LANGUAGES)
        alone[name] = most / len(decoded)
    return scores, alone


def _detected(cells: list[bytes]) -> list[str]:
    """Return the multi-byte encodings that the detector finds nearly as likely as the best one."""
    # Imported late, because UTF-8 files do not need it.
    from charset_normalizer import from_bytes

    sample = b"\n".join(cells)[:_MOST_SAMPLE]
    sample = sample[: sample.rfind(b"\n")] if len(sample) == _MOST_SAMPLE else sample
    matches = list(from_bytes(sample, cp_isolation=[*_ONE_BYTE, *_MORE_BYTES]))
    least = min((match.chaos for match in matches), default=0.0)
    return [
        match.encoding
        for match in matches
        if match.encoding in _MORE_BYTES and match.chaos <= least + _CHAOS
    ]


def _fits(text: str) -> bool:
    if any(unicodedata.category(letter) in ("Cc", "Cn", "Co", "Cs") for letter in text):
        return False
    plain = _APOSTROPHE.sub(lambda found: found[0].replace("’", ""), text)
    return all(map(_fits_word, _WORD.findall(plain)))


def _fits_word(word: str) -> bool:
    inner = word.strip(_AROUND)
    if inner.isascii():
        return True
    if not all(letter.isalpha() or letter.isascii() or letter in "・ー々" for letter in inner):
        return False
    beyond = [letter for letter in inner if not letter.isascii()]
    if any(_is_of(beyond, script) for script in _SCRIPTS):
        is_usual = inner in (inner.upper(), inner.lower(), inner[0] + inner[1:].lower())
        return is_usual and len(beyond) == sum(letter.isalpha() for letter in inner)
    if any(
        ((a.islower() and b.isupper()) or a.isdigit()) and b in beyond for a, b in pairwise(inner)
    ):
        return False
    lowered = set("".join(beyond).lower())
    return any(lowered <= language for language in _LANGUAGES)


def _is_of(letters: Iterable[str], script: tuple[str, ...]) -> bool:
    return all(unicodedata.name(letter, "").startswith(script) for letter in letters)


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_likely(text: str) -> bool:
    """Return whether all non-ASCII characters are usual letters or symbols."""
    return all(
        letter.isascii()
        or "\u00a0" <= letter <= "\u024f"
        or "\u2010" <= letter <= "\u2044"
        or letter in "€™\u3000"
        or any(_is_of(letter, script) for script in _SCRIPTS)
        for letter in text
    )


def _shown_lines(lines: Iterable[int]) -> str:
    listed = sorted(set(lines))
    more = f" and {len(listed) - _MOST_SHOWN} more" if len(listed) > _MOST_SHOWN else ""
    shown = ", ".join(map(str, listed[:_MOST_SHOWN]))
    return f"line{'s' if len(listed) > 1 else ''} {shown}{more}"


def _line_of(cells: dict[bytes, int]) -> str:
    return f"line {next(iter(cells.values()))}"


def _refusal(relative: str, cells: dict[bytes, int], names: list[str], few: str) -> str:
    # The best example is the cell that the encodings read in the largest number of ways.
    cell = max(
        islice(cells, _MOST_COMPARED),
        key=lambda cell: len({cell.decode(name, "replace") for name in names}),
    )
    readings = [f"{name}: {cell.decode(name, 'replace')!r}" for name in names]
    could = (
        f"It could be {'; '.join(readings)}"
        if readings
        else (f"It fits no known encoding: {cell!r}")
    )
    return (
        f"{relative}, {few}: not UTF-8, and the bytes do not say which encoding it is. {could}. "
        f"Save the file as UTF-8, or name the encoding in {SETTING} (with utf-8, these rows are "
        "quarantined)."
    )
