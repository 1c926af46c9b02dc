"""Each attack is shown working against the bare package (the control), then failing here."""

from __future__ import annotations

import io
import random  # noqa: TID251 - the attack is on this generator
import string
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from captcha import views as bare_views
from captcha.conf import settings as bare_settings
from captcha.fields import CaptchaField
from captcha.helpers import random_char_challenge
from captcha.models import CaptchaStore
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from PIL import Image

from antibot.challenges.captcha import Binding, Solved, issue, picture_of, solve, sound_of
from antibot.domain import picture
from antibot.domain.stream import Stream
from antibot.models import NetworkRange
from tests.antibot.conftest import digits_of, letters_of
from tests.antibot.racing import SlowDeletes, at_once

MINE = Binding(b"s" * 32, "apply", "dz-alg/visa")
LIFE = timedelta(minutes=5)


def _png(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("L").tobytes()


def _bare(text: str, key: str) -> Image.Image:
    """What anybody with the package draws from a public key and a guessed text."""
    random.seed(key)
    return Image.open(io.BytesIO(bare_views._captcha_image(CaptchaStore(challenge=text), 1).content)).convert("L")


def _misfit(known: str, letter: str, key: str, target: Image.Image) -> float:
    """How badly the strokes of one more letter, turned as the key says, lie on dark points of the target."""
    drawn, before = _bare(known + letter, key), _bare(known, key) if known else None
    left = before.width - 1 if before else 0
    box = (left, 4, min(drawn.width, target.width), min(drawn.height, target.height))
    strokes, seen = drawn.crop(box).tobytes(), target.crop(box).tobytes()
    dark = [there for here, there in zip(strokes, seen, strict=True) if here < 90]
    light = [there for here, there in zip(strokes, seen, strict=True) if here > 200]
    return sum(dark) / max(1, len(dark)) - sum(light) / max(1, len(light))


def _solve_bare(key: str, target: Image.Image, monkeypatch: pytest.MonkeyPatch) -> str:
    """Guess letter by letter without noise, then let the noise confirm: the right text is drawn pixel by pixel."""
    with monkeypatch.context() as quiet:
        quiet.setattr(bare_settings, "CAPTCHA_NOISE_FUNCTIONS", ())
        texts = [""]
        for _ in range(bare_settings.CAPTCHA_LENGTH):
            ranked = [
                (_misfit(text, letter, key, target), text + letter)
                for text in texts
                for letter in string.ascii_uppercase
            ]
            texts = [text for _, text in sorted(ranked)[:12]]
    return next((text for text in texts if _bare(text, key).tobytes() == target.tobytes()), "")


@pytest.mark.django_db
def test_control_bare_pictures_are_drawn_again_from_their_key(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotation and noise follow from the key in the form, so the right guess is exact to the pixel."""
    solved = 0
    for _ in range(6):  # letter by letter it is not always the right guess; one success shows the hole
        key = CaptchaStore.generate_key()
        truth = CaptchaStore.objects.get(hashkey=key).challenge
        target = Image.open(io.BytesIO(bare_views.captcha_image(rf.get("/"), key).content)).convert("L")
        solved += _solve_bare(key, target, monkeypatch) == truth
        if solved:
            break
    random.seed()
    assert solved >= 1


@pytest.mark.django_db
def test_our_pictures_cannot_be_drawn_again_from_public_values() -> None:
    """Even somebody who knows the letters does not reproduce a single picture of 300 without the secret."""
    now = timezone.now()
    font = bare_settings.CAPTCHA_FONT_PATH
    same = 0
    for index in range(300):
        key = issue(MINE, hard=index % 2 == 1, life=LIFE, now=now)
        drawn = picture_of(key, now)
        assert drawn is not None
        guess = picture.draw(letters_of(key), Stream(b"", key), font, hard=index % 2 == 1)
        same += _png(drawn) == _png(guess)
    assert same == 0


@pytest.mark.django_db
def test_asking_again_gives_the_same_bytes() -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    assert picture_of(key, now) == picture_of(key, now)
    assert sound_of(key, "ar", now) == sound_of(key, "ar", now)
    assert sound_of(key, "ar", now) != sound_of(key, "fr", now)
    assert sound_of(key, "de", now) is None


@pytest.mark.django_db
def test_challenges_cannot_be_predicted_from_the_process_generator() -> None:
    """Control: the package draws letters from the global generator, which its own image view reseeds."""
    predicted = ours = 0
    now = timezone.now()
    for index in range(300):
        random.seed(index)
        expected = random_char_challenge()[0]
        random.seed(index)
        bare = CaptchaStore.objects.get(hashkey=CaptchaStore.generate_key("captcha.helpers.random_char_challenge"))
        predicted += bare.challenge == expected
        random.seed(index)
        wanted = "".join(random.choice(picture.LETTERS) for _ in range(picture.LENGTH))
        random.seed(index)
        ours += letters_of(issue(MINE, hard=False, life=LIFE, now=now)) == wanted
    random.seed()
    assert predicted == 300
    assert ours == 0


@pytest.mark.django_db
def test_drawing_touches_no_process_generator() -> None:
    random.seed(7)
    before = random.getstate()
    now = timezone.now()
    key = issue(MINE, hard=True, life=LIFE, now=now)
    picture_of(key, now)
    sound_of(key, "en", now)
    assert random.getstate() == before
    random.seed()


def _bare_accepts(key: str, letters: str) -> bool:
    with connection.execute_wrapper(SlowDeletes(0.25)):
        try:
            CaptchaField().clean([key, letters])
        except ValidationError:
            return False
    return True


def _ours_accepts(key: str, letters: str) -> bool:
    with connection.execute_wrapper(SlowDeletes()):
        return solve(key, letters, MINE, timezone.now()) is Solved.RIGHT


@pytest.mark.django_db(transaction=True)
def test_parallel_replays_of_one_solution() -> None:
    """Control: the package checks, then deletes; on a database that takes its time several posts are accepted."""
    twice = 0
    for _ in range(3):
        key = CaptchaStore.generate_key()
        answer = CaptchaStore.objects.get(hashkey=key).response
        twice += sum(result is True for result in at_once(lambda _n, k=key, a=answer: _bare_accepts(k, a))) > 1
    assert twice > 0
    for _ in range(20):
        key = issue(MINE, hard=False, life=LIFE, now=timezone.now())
        letters = letters_of(key)
        accepted = at_once(lambda _n, k=key, a=letters: _ours_accepts(k, a))
        assert sum(result is True for result in accepted) == 1, accepted


@pytest.mark.django_db
def test_one_answer_a_challenge() -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    letters = letters_of(key)
    assert solve(key, "ZZZZZ", MINE, now) is Solved.WRONG
    assert solve(key, letters, MINE, now) is Solved.GONE


@pytest.mark.django_db
def test_a_challenge_ends_after_its_minutes() -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    assert picture_of(key, now + LIFE) is None
    assert solve(key, letters_of(key), MINE, now + LIFE) is Solved.GONE


@pytest.mark.django_db
@pytest.mark.parametrize("bad", ["", "x", "0" * 40, "\x00" * 40, "é" * 40, "1" + "f" * 39, "0" * 4000])
def test_malformed_keys_are_refused(bad: str) -> None:
    now = timezone.now()
    assert solve(bad, "ABCDE", MINE, now) is Solved.FOREIGN
    assert picture_of(bad, now) is None
    assert sound_of(bad, "fr", now) is None


@pytest.mark.django_db
def test_another_session_does_not_use_up_my_challenge() -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    assert solve(key, letters_of(key), Binding(b"x" * 32, "apply", "dz-alg/visa"), now) is Solved.FOREIGN
    assert solve(key, digits_of(key), MINE, now) is Solved.RIGHT


@pytest.mark.django_db
def test_test_mode_and_double_size_do_not_exist(client: Client) -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    assert client.get(f"/antibot/captcha/{key}/image").status_code == 200
    assert client.get(f"/antibot/captcha/{key}/image@2x").status_code == 404
    assert client.get(f"/captcha/image/{key}/").status_code == 404
    assert solve(key, "passed", MINE, now) is Solved.WRONG


@pytest.mark.django_db
@time_machine.travel(datetime(2027, 3, 7, 12, tzinfo=UTC), tick=False)
def test_pictures_sounds_and_refreshes_are_capped(client: Client) -> None:
    now = timezone.now()
    key = issue(MINE, hard=False, life=LIFE, now=now)
    sounds = [client.get(f"/antibot/captcha/{key}/audio/fr").status_code for _ in range(22)]
    assert sounds.count(200) == 20
    assert sounds[-1] == 429
    values = {"purpose": "apply", "scope": "dz-alg/visa"}
    told = [client.post("/antibot/captcha/refresh", values, headers={"Accept": "application/json"}) for _ in range(62)]
    assert [answer.status_code for answer in told].count(200) == 60
    assert told[-1]["Retry-After"]
    bad = client.post("/antibot/captcha/refresh", {"purpose": "evil"}, headers={"Accept": "application/json"})
    assert bad.status_code == 400


@pytest.mark.django_db
def test_fetching_pictures_is_capped_and_a_shared_network_may_fetch_more(client: Client) -> None:
    with time_machine.travel(datetime(2027, 3, 7, 12, tzinfo=UTC), tick=False) as clock:
        path = f"/antibot/captcha/{issue(MINE, hard=False, life=LIFE, now=timezone.now())}/image"
        told = [client.get(path, REMOTE_ADDR="198.51.100.7") for _ in range(61)]
        assert [answer.status_code for answer in told] == [200] * 60 + [429]
        assert told[-1]["Retry-After"] == "60"
        NetworkRange.objects.create(network="198.51.100.0/24", kind="shared")
        assert client.get(path, REMOTE_ADDR="198.51.100.7").status_code == 200
        NetworkRange.objects.all().delete()
        clock.shift(timedelta(seconds=60))
        assert client.get(path, REMOTE_ADDR="198.51.100.7").status_code == 200
