"""The table of the audit: what it says, what is left out, and that ten thousand files are no burden."""

import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.training.audit_table import BLEED, EXCLUDE, FAR_DB, FILE, FOUND, NEAR_DB, PLAY, AuditTable
from tests.app.window.accessible import unnamed
from trainer.audit import distance
from trainer.audit.findings import corpus_findings
from trainer.audit.measures import Measures
from trainer.audit.result import CorpusAudit, FileAudit

RATE = 16000

ROOM = ["a room rings along, which the model would learn as part of voices", "sounds fade over 0.9 s"]
NOISE = ["noise under the speech, which the model would learn as part of voices", "8 dB below it"]


def result(**changes: Any) -> dict[str, Any]:
    corpora = {role: {"folder": f"/{role}", "hours": 2.0, "hours_kept": 1.8, "files": 3} for role in ("noisy", "clean")}
    whole = {"grade": "ok", "verdict": "Good to train on.", "findings": [], "corpora": corpora}
    return whole | {"distance_db": 3.25, "distance_words": "alike"} | changes


ROWS = [
    ["noisy", "a.wav", "ok", [], 65.0, False],
    ["noisy", "b.wav", "leave out", [["cannot be read; mend it", ""]], None, False],
    ["noisy", "c.wav", "ok", [], 5.0, False],
    ["clean", "d.wav", "look", [ROOM], 5.0, True],
    ["clean", "e.wav", "leave out", [NOISE], 5.0, True],
    ["clean", "f.wav", "ok", [], 5.0, False],
]


@pytest.fixture
def table(qtbot: QtBot) -> AuditTable:
    """A table with six files."""
    made = AuditTable()
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show_audit(ROWS, result())
    made.show()
    return made


def names(table: AuditTable, column: int = FILE) -> list[str]:
    """What a column shows."""
    return [table.model.index(row, column).data() for row in range(table.model.rowCount())]


def out(table: AuditTable) -> list[str]:
    return [str(path) for path, _ in table.excluded]


def test_the_gravest_come_first_in_plain_words(table: AuditTable) -> None:
    assert names(table)[:3] == ["b.wav", "e.wav", "d.wav"]
    assert names(table, FOUND)[2].startswith("A room rings along") and "0.9 s" in names(table, FOUND)[2]
    assert names(table, FOUND)[-1] == "fine"


def test_what_the_audit_leaves_out_is_left_out(table: AuditTable) -> None:
    assert out(table) == ["/noisy/b.wav", "/clean/e.wav"]
    assert table.excluded[1][1] == f"{NOISE[0]} ({NOISE[1]})"


def test_not_where_little_would_be_left(table: AuditTable) -> None:
    corpora = {role: corpus | {"hours_kept": 0.5} for role, corpus in result()["corpora"].items()}
    table.show_audit(ROWS, result(corpora=corpora))
    assert out(table) == ["/noisy/b.wav"]  # this one cannot be read


def test_the_traffic_light_asks_and_excludes(table: AuditTable, qtbot: QtBot) -> None:
    assert table.light.grade == "look"
    assert table.light.text.text() == (
        "Clean folder: 2 of 3 files have room noise. Training on them makes results worse: exclude them?"
    )
    qtbot.mouseClick(table.light.button, Qt.MouseButton.LeftButton)
    assert out(table) == ["/noisy/b.wav", "/clean/d.wav", "/clean/e.wav"] and table.light.grade == "ok"
    qtbot.mouseClick(table.light.button, Qt.MouseButton.LeftButton)
    assert out(table) == ["/noisy/b.wav"] and "exclude them?" in table.light.text.text()


def test_the_traffic_light_is_red(table: AuditTable) -> None:
    table.show_audit(ROWS, result(grade="stop", verdict="Do not train on this yet. They are swapped."))
    assert table.light.grade == "stop" and table.light.text.text() == "Do not train on this yet. They are swapped."
    table.show_audit(ROWS, result())
    table.model.exclude([row for row in table.model.rows if row.role == "clean"], True)
    assert table.light.grade == "stop" and "clean folder" in table.light.text.text()
    assert table.without_files() == "clean"


def test_other_findings(table: AuditTable) -> None:
    found = [["look", "The noisy folder is small."], ["ok", "It mixes rates."]]
    table.show_audit([row for row in ROWS if not row[-1]], result(grade="look", findings=found))
    assert table.light.grade == "look" and table.light.text.text() == "The noisy folder is small."
    assert "mixes rates" in table.light.toolTip() and table.light.button.isHidden()


def test_many_findings(table: AuditTable) -> None:
    found = [["look", "Of the clean files, noise leaks into 30 %."], *(["look", f"Point {n}."] for n in range(4))]
    table.show_audit([row for row in ROWS if not row[-1]], result(grade="look", findings=found))
    assert table.light.text.text().splitlines() == ["Point 0.", "Point 1.", "2 points more, in the tip of this line."]
    assert "Point 3." in table.light.toolTip()


def test_how_the_finding_on_room_noise_begins() -> None:
    measures = Measures(5, RATE, 1, -20, -20, -1, 0, 8000, 0.8, 12, -20, None, 0, 0, 0)
    files = tuple(FileAudit(f"{n}.wav", "look", (), measures) for n in range(4))
    corpus = CorpusAudit("clean", "/c", 2, 2, 0, {}, {}, {}, {}, (), files)
    assert corpus_findings(corpus)[0].words.startswith(BLEED)


@pytest.mark.parametrize(
    ("measured", "begins"),
    [(3.25, "In domain"), (6.0, "Partly out of domain"), (9.1, "Out of domain"), (None, "How alike")],
)
def test_the_domain_in_two_sentences(table: AuditTable, measured: float | None, begins: str) -> None:
    table.show_audit(ROWS, result(distance_db=measured))
    words = table.distance.text()
    assert words.startswith(begins) and words.count(". ") == 1 and words.endswith(".")
    assert measured is None or f"{measured:.1f} dB" in words


def test_the_bounds_are_the_audits() -> None:
    assert (NEAR_DB, FAR_DB) == (distance._NEAR, distance._FAR)


def test_a_click_excludes_and_a_click_plays(table: AuditTable, qtbot: QtBot) -> None:
    view, played = table.view, list[Path]()
    table.play_requested.connect(played.append)

    def click(row: int, column: int) -> None:
        place = view.visualRect(table.model.index(row, column)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click(2, EXCLUDE)
    assert "/clean/d.wav" in out(table)
    click(2, EXCLUDE)
    assert "/clean/d.wav" not in out(table) and played == []
    click(2, PLAY)
    assert played == [Path("/clean/d.wav")]


def test_the_same_by_keys(table: AuditTable, qtbot: QtBot) -> None:
    played: list[Path] = []
    table.play_requested.connect(played.append)
    table.view.setFocus()
    table.view.selectRow(2)
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert "/clean/d.wav" in out(table)
    qtbot.keyClick(table.view, Qt.Key.Key_Return)
    assert played == [Path("/clean/d.wav")]
    table.view.selectAll()
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert len(out(table)) == 6
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert not out(table)


def test_filters(table: AuditTable, qtbot: QtBot) -> None:
    table.folder.setCurrentIndex(table.folder.findData("clean"))
    assert names(table) == ["e.wav", "d.wav", "f.wav"]
    qtbot.mouseClick(table.found_only, Qt.MouseButton.LeftButton)
    assert names(table) == ["e.wav", "d.wav"]
    table.view.sortByColumn(FILE, Qt.SortOrder.AscendingOrder)
    assert names(table) == ["d.wav", "e.wav"]
    assert table.summary.text() == "6 files, 2 left out"


def test_ten_thousand_files(table: AuditTable, qtbot: QtBot) -> None:
    rows = [["noisy", f"{number}.wav", "look" if number % 3 else "ok", [ROOM], 5.0, False] for number in range(10_000)]
    taken: list[float] = []

    def timed(what: Any) -> None:
        started = time.thread_time()  # of this thread alone: other work does not count
        what()
        taken.append(time.thread_time() - started)

    timed(lambda: table.show_audit(rows, result()))
    timed(lambda: table.view.sortByColumn(FILE, Qt.SortOrder.DescendingOrder))
    timed(lambda: table.view.grab())
    timed(lambda: table.model.exclude(table.model.rows[:5000], True))
    timed(lambda: table.view.verticalScrollBar().setValue(9000))
    timed(lambda: table.view.grab())
    assert table.model.rowCount() == 10_000 and max(taken) < 0.5, taken  # 0.04 s where nothing else runs


def test_everything_has_a_name(table: AuditTable) -> None:
    assert unnamed(table) == []
