"""The one view state: zoom, scroll, playhead, selection, lanes."""

import json
import math
import random

import pytest

from app.document.view import SMALLEST, ViewState


@pytest.fixture
def view() -> ViewState:
    return ViewState(100.0)


def emitted(view: ViewState) -> list[str]:
    """What the view emits from now on."""
    heard: list[str] = []
    view.changed.connect(heard.append)
    return heard


@pytest.mark.parametrize("seconds", [100.0, 10800.0, 0.3, 0.001])
def test_no_movement_leaves_the_recording_or_gets_too_close(seconds: float) -> None:
    rng, view = random.Random(0), ViewState(seconds)
    for _ in range(2000):
        match rng.randrange(4):
            case 0:
                view.zoom(math.exp(rng.gauss(0, 2)), rng.choice([None, rng.uniform(0, seconds)]))
            case 1:
                view.scroll(rng.gauss(0, 1) * seconds)
            case 2:
                view.show(rng.uniform(-1, 2) * seconds, rng.uniform(-1, 2) * seconds)
            case 3:
                view.move_playhead(rng.uniform(-1, 2) * seconds)
        assert 0 <= view.start < view.end <= seconds
        assert view.end - view.start >= min(SMALLEST, seconds) * (1 - 1e-9)
        assert 0 <= view.playhead <= seconds
    view.fit()
    assert (view.start, view.end) == (0, seconds)


def test_zoom_keeps_the_anchor_where_it_is(view: ViewState) -> None:
    view.show(20, 60)
    for factor in (2.0, 1.3, 0.7, 8.0):
        x = view.x_of(35, 1600)
        view.zoom(factor, 35)
        assert view.x_of(35, 1600) == pytest.approx(x)
    assert view.end - view.start == pytest.approx(40 / (2 * 1.3 * 0.7 * 8))


def test_zoom_without_an_anchor_keeps_the_playhead_or_the_middle(view: ViewState) -> None:
    view.show(20, 60)
    view.move_playhead(30)
    view.zoom(2)
    assert view.x_of(30, 100) == pytest.approx(25)
    view.show(40, 60)
    view.zoom(2)
    assert (view.start, view.end) == pytest.approx((45, 55))


def test_pixels_and_seconds_are_inverse(view: ViewState) -> None:
    view.show(10, 30)
    assert view.seconds_at(0, 800) == 10 and view.seconds_at(800, 800) == 30 and view.x_of(20, 800) == 400
    assert view.seconds_at(view.x_of(17.3, 800), 800) == pytest.approx(17.3)
    assert view.seconds_at(-40, 800) == 9


def test_scrolling_keeps_the_length_at_the_edges(view: ViewState) -> None:
    view.show(10, 30)
    view.scroll(-15)
    assert (view.start, view.end) == (0, 20)
    view.scroll(1000)
    assert (view.start, view.end) == (80, 100)


def test_too_short_a_stretch_is_widened_around_its_middle(view: ViewState) -> None:
    view.show(5, 5)
    assert (view.start, view.end) == pytest.approx((5 - SMALLEST / 2, 5 + SMALLEST / 2))


def test_following_turns_the_page_when_the_playhead_leaves(view: ViewState) -> None:
    view.show(0, 10)
    heard = emitted(view)
    view.move_playhead(9.9)
    view.move_playhead(10.1)
    assert heard == ["playhead", "playhead", "range"]
    assert view.end - view.start == pytest.approx(10) and view.x_of(10.1, 100) == pytest.approx(5)
    view.move_playhead(3)  # a loop goes back
    assert view.start <= 3 <= view.end


def test_the_user_may_look_elsewhere_while_it_plays(view: ViewState) -> None:
    view.show(0, 10)
    view.show(50, 60)
    view.move_playhead(1)
    assert view.start == 50
    view.reveal_playhead()
    assert view.start <= 1 <= view.end
    view.following = False
    view.move_playhead(99)
    assert view.end < 99


def test_selection_is_normalised_and_inside(view: ViewState) -> None:
    view.select(30, 20)
    assert view.selection == (20, 30)
    view.select(-5, 200)
    assert view.selection == (0, 100)
    view.select(7, 7)
    assert view.selection is None
    view.select(40, 50)
    view.zoom_to_selection()
    assert (view.start, view.end) == (40, 50)
    view.clear_selection()
    view.zoom_to_selection()
    assert (view.start, view.end) == (40, 50)


def test_solo_is_one_lane_and_mute_any(view: ViewState) -> None:
    view.toggle_solo("speech")
    view.toggle_solo("noise")
    assert view.solo == "noise"
    view.toggle_solo("noise")
    view.toggle_mute("speech")
    view.toggle_mute("noise")
    view.toggle_mute("speech")
    assert view.solo is None and view.muted == {"noise"}
    with pytest.raises(ValueError, match="music"):
        view.toggle_solo("music")


def test_only_real_changes_are_emitted(view: ViewState) -> None:
    heard = emitted(view)
    for _ in range(2):
        view.show(10, 20)
        view.move_playhead(15)
        view.cursor = 12
        view.select(11, 12)
        view.axis = "log"
        view.colours = "magma"
        view.set_contrast(-90, -10)
        view.following = False
    assert heard == ["range", "playhead", "cursor", "selection", "axis", "colours", "colours", "following"]
    del heard[:]
    view.toggle_mute("noise")
    view.toggle_solo("noise")
    view.cursor = None
    view.clear_selection()
    assert heard == ["lanes", "lanes", "cursor", "selection"]
    assert (view.floor_db, view.ceiling_db) == (-90, -10)


def test_observers_see_the_new_state(view: ViewState) -> None:
    seen: list[float] = []
    view.changed.connect(lambda what: seen.append(view.start))
    view.show(10, 20)
    assert seen == [10]


def test_impossible_values_are_refused(view: ViewState) -> None:
    with pytest.raises(ValueError, match="contrast"):
        view.set_contrast(-20, -20)
    with pytest.raises(ValueError, match="axis"):
        view.axis = "bark"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValueError, match="colours"):
        view.colours = "mud"
    with pytest.raises(ValueError, match="show"):
        view.show(math.nan, 3)
    with pytest.raises(ValueError, match="view of"):
        ViewState(0)


def test_a_view_comes_back_from_its_data(view: ViewState) -> None:
    view.show(10, 20)
    view.move_playhead(12)
    view.select(13, 14)
    other = ViewState(100)
    other.restore(json.loads(json.dumps(view.data())))
    assert other.data() == view.data() == {"start": 10, "end": 20, "playhead": 12, "selection": [13, 14]}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"start": "x", "end": None, "playhead": [], "selection": 7},
        {"start": math.nan, "end": 3, "playhead": math.inf, "selection": [1, 2, 3]},
        {"start": 10**400, "end": 10**401, "playhead": 10**400, "selection": [None, 2]},
    ],
)
def test_a_senseless_view_is_passed_over(view: ViewState, data: dict) -> None:
    before = view.data()
    view.restore(data)
    assert view.data() == before
