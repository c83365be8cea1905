"""Random edits and random changes, for tests of what must hold for all of them."""

import math
import random
from collections.abc import Callable

from app.document.document import Document
from app.document.edit import Edit, Marker
from engine.delivery import Delivery
from engine.patch import Patch
from engine.remix import Region, Remix


def gain(rng: random.Random) -> float:
    return rng.choice([0.0, -18, -math.inf, 12, rng.uniform(-60, 12)])


def region(rng: random.Random) -> Region:
    start = rng.uniform(0, 9)
    return Region(start, start + rng.uniform(1e-4, 5), gain(rng), gain(rng), rng.choice([0, 0.05, rng.random()]))


def patch(rng: random.Random) -> Patch:
    start = rng.uniform(0, 9)
    return Patch(start, start + rng.uniform(1e-4, 5), rng.choice(["tiny", "/models/my model.safetensors"]))


def delivery(rng: random.Random) -> Delivery:
    return Delivery(rng.choice([None, -16.0, rng.uniform(-70, 0)]), rng.choice([None, -1, rng.uniform(-20, 0)]))


def edit(rng: random.Random) -> Edit:
    """An edit with a few of everything."""
    return Edit(
        Remix(gain(rng), gain(rng), tuple(region(rng) for _ in range(rng.randrange(4)))),
        tuple(
            Marker(rng.uniform(0, 10), rng.choice(["", "Äußerung", 'a "b"\n\\', "🎙"])) for _ in range(rng.randrange(4))
        ),
        tuple(patch(rng) for _ in range(rng.randrange(3))),
        rng.choice(["", "tiny"]),
        delivery(rng),
    )


def change(document: Document, rng: random.Random) -> None:
    """Do one random thing that a user can do, other than undo, redo and save."""
    now = document.edit
    possible: list[Callable[[], object]] = [
        lambda: document.set_gain(rng.choice(["speech", "noise"]), gain(rng)),
        lambda: document.set_remix(edit(rng).remix, "Preset"),
        lambda: document.add_region(region(rng)),
        lambda: document.add_marker(rng.uniform(-1, 11), "here"),
        lambda: document.set_delivery(delivery(rng)),
        lambda: document.set_model(rng.choice(["", "tiny", "other"])),
        lambda: document.add_patch(patch(rng)),
        lambda: document.apply("Anything", edit(rng), rng.choice(["", "a", "b"])),
    ]
    if regions := now.remix.regions:
        possible.append(lambda: document.change_region(rng.randrange(len(regions)), region(rng)))
        possible.append(lambda: document.remove_region(rng.randrange(len(regions))))
    if now.markers:
        possible.append(lambda: document.rename_marker(rng.randrange(len(now.markers)), rng.choice(["there", "here"])))
        possible.append(lambda: document.move_marker(rng.randrange(len(now.markers)), rng.uniform(-1, 11)))
        possible.append(lambda: document.remove_marker(rng.randrange(len(now.markers))))
    if now.patches:
        possible.append(lambda: document.remove_patch(rng.randrange(len(now.patches))))
    rng.choice(possible)()
