"""Whatever colour a workspace chooses, words stay readable."""

from hypothesis import given
from hypothesis import strategies as st

from coterie.channels.widget.colours import _NIGHT, _PAPER, _rgb, contrast, palette


@given(st.integers(0, 0xFFFFFF))
def test_words_are_readable_on_the_colour_and_in_it(number):
    colours = palette(f"#{number:06x}")
    for mode, ground in (("light", _PAPER), ("dark", _NIGHT)):
        painted = {name: _rgb(value) for name, value in colours[mode].items()}
        assert contrast(painted["on"], painted["fill"]) >= 4.5
        assert contrast(painted["ink"], ground) >= 4.5


def test_the_contrast_of_black_and_white_is_twenty_one():
    assert round(contrast((0, 0, 0), (255, 255, 255)), 6) == 21


def test_the_colour_itself_is_kept():
    assert palette("#85326f")["light"]["fill"] == "#85326f"
