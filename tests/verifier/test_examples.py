"""The records that are handed to outsiders."""

import re
from pathlib import Path

import pytest

from tests.verifier.command import PROGRAM, run

EXAMPLES = sorted((PROGRAM.parent / "examples").glob("*.txt"))


def test_there_is_an_example():
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_right_and_no_longer_so_when_a_place_is_taken_away(example: Path, tmp_path: Path):
    done = run(example)
    assert (done.returncode, done.stderr) == (0, "")
    winner = re.search(r'"slots":\[(\d+)\],"ticket":"(\w+)"', example.read_text())
    assert winner
    assert f"(slot {winner[1]})" in run(example, "--ticket", winner[2]).stdout
    forged = example.read_text().replace(winner[0], f'"slots":[],"ticket":"{winner[2]}"')
    (tmp_path / "forged").write_text(forged)
    done = run(tmp_path / "forged")
    assert done.returncode == 1
    assert f"ticket {winner[2]} is said to take slots [], it should take [{winner[1]}]" in done.stderr
