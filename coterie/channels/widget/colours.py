"""From the one colour that a workspace chooses to all that the widget paints with it, readable on light and on dark."""

import re

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
# WCAG AA, with a little room for rounding: for words.
ENOUGH = 4.55
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# What links and frames stand on, light and dark: the bubbles of the widget's style.
_PAPER, _NIGHT = (243, 238, 241), (46, 39, 44)
_NIGHT_SHEET = (28, 24, 27)
Rgb = tuple[int, int, int]


def is_colour(text: str) -> bool:
    """Whether this is a colour such as `#85326f`."""
    return _HEX.fullmatch(text) is not None


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of two colours, 1 to 21, as WCAG counts it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def palette(colour: str) -> dict[str, dict[str, str]]:
    """`light` and `dark`: `fill` for buttons and the visitor's bubbles, `on` for words on it, `press` for it under the
    pointer, `ink` for links and frames.
    """
    chosen = _rgb(colour)
    return {"light": _painted(chosen, _PAPER, _BLACK), "dark": _painted(_visible(chosen), _NIGHT, _WHITE)}


def _painted(fill: Rgb, ground: Rgb, away: Rgb) -> dict[str, str]:
    on = max((_WHITE, _BLACK), key=lambda words: contrast(words, fill))
    press = _mixed(fill, _BLACK if on == _WHITE else _WHITE, 0.14)
    ink = next(ink for step in range(21) if contrast(ink := _mixed(fill, away, step / 20), ground) >= ENOUGH)
    return {name: _hex(value) for name, value in (("fill", fill), ("on", on), ("press", press), ("ink", ink))}


def _visible(fill: Rgb) -> Rgb:
    """The colour, lighter if it would drown in the dark: 1.5 is what a bubble needs to be seen."""
    return next(found for step in range(21) if contrast(found := _mixed(fill, _WHITE, step / 20), _NIGHT_SHEET) >= 1.5)


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _rgb(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
