"""What is left out while a picture is drawn changes nothing of it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from antibot.challenges.captcha import font_path
from antibot.domain import picture
from antibot.domain.stream import Stream

TEXTS = ["ABCDE", "WWWWW", "XYVUT", "LMNHJ"]


def _drawn(number: int) -> bytes:
    return picture.draw(TEXTS[number % 4], Stream(b"secret", str(number)), font_path(), hard=number % 3 == 0)


def test_the_file_is_a_whole_png_in_grey() -> None:
    for number in range(20):
        data = _drawn(number)
        Image.open(io.BytesIO(data)).verify()  # lengths and checksums of all chunks
        image = Image.open(io.BytesIO(data))
        image.load()
        assert (image.mode, image.size) == ("L", (picture.WIDTH, picture.HEIGHT))
        assert len(data) < 7000


def test_the_file_holds_what_was_drawn_line_by_line() -> None:
    noise = Image.frombytes("L", (260, 90), Stream(b"secret", "noise").take(260 * 90))
    assert Image.open(io.BytesIO(picture._png(noise))).tobytes() == noise.tobytes()


@pytest.mark.parametrize("number", range(12))
def test_cells_that_are_left_out_are_white(number: int) -> None:
    image, ink = picture._letters(TEXTS[number % 4], Stream(b"secret", str(number)), font_path())
    everything = (0, 0, picture.WIDTH, picture.HEIGHT)
    clipped = picture._warped(image, ink, Stream(b"secret", f"w{number}"))
    assert clipped.tobytes() == picture._warped(image, everything, Stream(b"secret", f"w{number}")).tobytes()


def test_threads_draw_what_one_draws_alone() -> None:
    picture._tile.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(_drawn, range(48)))
    picture._tile.cache_clear()
    assert together == [_drawn(number) for number in range(48)]


def test_a_quad_is_bent_as_pillow_bends_it() -> None:
    noise = Image.frombytes("L", (260, 90), Stream(b"secret", "noise").take(260 * 90))
    nw, sw, se, ne = (3.25, -1.5), (1.0, 88.5), (255.5, 91.75), (262.0, 2.5)
    whole = (0, 0, 260, 90)
    theirs = noise.transform(
        noise.size, Image.Transform.QUAD, (*nw, *sw, *se, *ne), Image.Resampling.BILINEAR, fillcolor=255
    )
    ours = Image.new("L", noise.size, 255)
    ours.im.transform(
        whole, noise.im, Image.Transform.QUAD, picture._quad(whole, nw, sw, se, ne), Image.Resampling.BILINEAR, 0
    )
    assert ours.tobytes() == theirs.tobytes()
