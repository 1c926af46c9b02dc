"""Random small records, dense enough that tickets compete."""

from hypothesis import strategies as st

from tests.verifier.build import Line, Record, slot, ticket

DAYS = ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2028-02-29"]
TIMES = [0, 540, 555, 570, 600, 615, 1439]
quotas = st.sampled_from(["ordinary", "ordinary", "urgent"])


@st.composite
def slot_lists(draw: st.DrawFn) -> list[Line]:
    places = st.tuples(st.sampled_from(DAYS), st.sampled_from(TIMES), st.integers(1, 3), quotas)
    numbers = draw(st.lists(st.integers(1, 10**6), unique=True, max_size=25))
    return [slot(number, *draw(places)) for number in numbers]


@st.composite
def ticket_lists(draw: st.DrawFn) -> list[Line]:
    lines = []
    for number in range(draw(st.integers(0, 12))):
        days, hours = [draw(st.sampled_from(DAYS)) for _ in "ab"], [draw(st.sampled_from(TIMES)) for _ in "ab"]
        if draw(st.integers(0, 9)):  # one in ten may accept nothing
            days.sort()
            hours.sort()
        lines.append(
            ticket(
                number,
                size=draw(st.sampled_from([1, 1, 1, 2, 2, 3, 4])),
                lost=draw(st.sampled_from([0, 0, 1, 2, 11, 12, 13, 2**53 - 1])),
                quota=draw(quotas),
                first_day=days[0],
                last_day=days[1],
                earliest=hours[0],
                latest=hours[1],
                weekdays=draw(st.one_of(st.just(127), st.integers(0, 127))),
            )
        )
    return lines


@st.composite
def records(draw: st.DrawFn) -> Record:
    adjacent_minutes = draw(st.sampled_from([0, 14, 15, 30, 60, 2000]))
    source = draw(st.sampled_from(["drand", "demonstration"]))
    return Record(draw(slot_lists()), draw(ticket_lists()), adjacent_minutes, source)
