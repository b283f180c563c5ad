"""pa4_convnet at full profile: this grader against nbgrader, and how near both come to the training steps alone.

.venv/bin/python benchmarks/full.py --keep /tmp/full   # about an hour on two idle cores; goes on where it was ended

Four right submissions in four styles. Both sides run the same cells: those that grading skips are left out of nbgrader's
notebook too. A course cannot leave them out, so nbgrader is also given whole notebooks, `--whole` of them. The floor is the
same training loop in a process of its own, without notebook, checks or grader, on images that are in memory already; two
epochs of it, and the others as long.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import courses
import graders
import measure

from autograder.assignment import Profile, load
from autograder.datasets.data import training_set
from autograder.notebooks.notebook import items
from autograder.sandbox.box import MALLOC

ASSIGNMENT = "pa4_convnet"
STYLES = ["right_reference", "right_functional", "right_other_names", "right_with_warnings"]
IMAGES = 60_000
CELL_SECONDS = 7200
BARE_EPOCHS = 2
AIM = 1.8


def bare_training(epochs: int, images: int, batch_size: int, threads: int, device: str) -> float:
    """Seconds of the training steps of pa4_convnet's reference: float32 images (N, 1, 28, 28), SGD, cross-entropy."""
    import time

    import torch
    from torch import nn

    from autograder import own_files

    reference = own_files.module(measure.HIDDEN / ASSIGNMENT / "reference.py")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pixels, labels = training_set("mnist")
    inputs, labels = reference.normalised(pixels[:images]).to(device), labels[:images].to(device)
    net = reference.convnet().to(device)
    optimizer, loss_function = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), nn.CrossEntropyLoss()
    begun = time.perf_counter()
    for _ in range(epochs):
        for chosen in torch.randperm(images, device=device).chunk(-(-images // batch_size)):
            optimizer.zero_grad()
            loss_function(net(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def floor(chosen: argparse.Namespace, at_once: int, cores: int) -> dict[str, Any]:
    """Seconds that the training steps of all submissions take, ``at_once`` processes sharing the cores."""
    epochs, images = chosen.epochs or 10, chosen.images or IMAGES
    ran = min(epochs, BARE_EPOCHS)
    threads = max(1, cores // at_once)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import full; "
        f"print(full.bare_training({ran}, {images}, {chosen.batch_size}, {threads}, {chosen.device!r}))"
    )
    command = [sys.executable, "-c", code, str(measure.FOLDER)]
    together = [sys.executable, "-c", TOGETHER, str(at_once), json.dumps(command)]
    own = {"PYTHONPATH": str(measure.ROOT), "GLIBC_TUNABLES": MALLOC}
    done = measure.run(together, measure.ROOT, measure.environment(**own), chosen.limit)
    if done.status != 0:
        raise RuntimeError(done.text[-2000:])
    each = [round(float(line) * epochs / ran, 2) for line in done.text.split()]
    rounds = -(-chosen.submissions // at_once)
    return {"at_once": at_once, "threads": threads, "epochs_run": ran, "one_training": each, "all": max(each) * rounds}


TOGETHER = """
import json, subprocess, sys
command = json.loads(sys.argv[2])
running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(int(sys.argv[1]))]
print(*(process.communicate()[0].split()[-1] for process in running))
sys.exit(max(process.returncode for process in running))
"""


def compare(name: str, chosen: argparse.Namespace, at_once: Sequence[int]) -> dict[str, Any]:
    """Grade by both sides, part by part, and conclude."""
    settings = {key: getattr(chosen, key) for key in ("submissions", "epochs", "images", "jobs", "device")}
    result = measure.Parts(name, settings, chosen.fresh)
    published = load(measure.HIDDEN / ASSIGNMENT).profile("full")
    small = {"num_epochs": chosen.epochs, "num_train_images": chosen.images}
    parameters = {**published.parameters, **{key: value for key, value in small.items() if value}}
    profile = published.model_copy(update={"parameters": parameters})
    with measure.scratch(chosen.keep) as folder:
        exercise = courses.existing(folder / "course", ASSIGNMENT, profile)
        shorten(folder / "course", profile)
        points = {item.id: item.max_points for item in items(exercise.release) if not item.manual}
        submissions = courses.numbered(exercise, STYLES, chosen.submissions)

        def ours() -> dict[str, Any]:
            courses.hand_in(folder / "ours", exercise, exercise.release, submissions)
            more = ["--jobs", str(chosen.jobs), "--fresh"]
            return told(graders.ours(exercise.root, ASSIGNMENT, folder / "ours", profile="full", device=chosen.device,
                                     limit=chosen.limit, more=more), chosen.submissions)  # fmt: skip

        def nbgrader(whole: int) -> dict[str, Any]:
            root = folder / ("nbgrader-whole" if whole else "nbgrader")
            release = courses.nbgrader_course(root, exercise, CELL_SECONDS, bool(whole))
            handed = dict(list(submissions.items())[: whole or None])
            courses.hand_in(root / "submitted", exercise, release, handed)
            return told(graders.nbgrader(root, ASSIGNMENT, root / "submitted", chosen.limit), len(handed))

        def told(graded: graders.Graded, handed: int) -> dict[str, Any]:
            if len(graded.scores) < handed:
                raise RuntimeError(f"{len(graded.scores)} of {handed} graded: {graded.text[-3000:]}")
            return {"seconds": round(graded.seconds, 2), "passed": graders.passed(graded.scores, points)}

        cores = len(os.sched_getaffinity(0))
        bare = [result.get(f"bare training, {count} at once", partial(floor, chosen, count, cores)) for count in at_once]
        own = result.get("autograder", ours)
        theirs = result.get("nbgrader", partial(nbgrader, 0))
        whole = result.get(f"nbgrader, {chosen.whole} whole", partial(nbgrader, chosen.whole)) if chosen.whole else None
    lost = {
        side: {
            student: sorted(set(points) - set(passed))
            for student, passed in found["passed"].items()
            if len(passed) < len(points)
        }
        for side, found in (("autograder", own), ("nbgrader", theirs))
    }
    least = min(part["all"] for part in bare)
    found = {
        "seconds": {"autograder": own["seconds"], "nbgrader": theirs["seconds"], "bare training": least},
        "submissions_an_hour": {
            "autograder": round(3600 * chosen.submissions / own["seconds"], 1),
            "nbgrader": round(3600 * chosen.submissions / theirs["seconds"], 1),
        },
        "throughput_ratio": measure.ratio(theirs["seconds"], own["seconds"]),
        "share_of_bare_training": round(least / own["seconds"], 3),
        "verdicts_equal": own["passed"] == theirs["passed"],
        "items_without_full_points": lost,
        "runs": 1,
    }
    if whole is not None:
        each = {"autograder": own["seconds"] / chosen.submissions, "nbgrader": whole["seconds"] / chosen.whole}
        found["whole_notebooks"] = {
            "seconds_each": {side: round(seconds, 1) for side, seconds in each.items()},
            "throughput_ratio": measure.ratio(each["nbgrader"], each["autograder"]),
        }
    result.conclude(**found)
    return found


def shorten(root: Path, profile: Profile) -> None:
    """Give the copied assignment's profile ``full`` the parameters of a trial."""
    path = root / "autograder" / "assignments" / ASSIGNMENT / "assignment.toml"
    text = path.read_text(encoding="utf-8")
    if profile.parameters and "[profiles.full]\nparameters" not in text:
        values = ", ".join(f"{name} = {value}" for name, value in profile.parameters.items())
        path.write_text(text.replace("[profiles.full]", f"[profiles.full]\nparameters = {{ {values} }}"), encoding="utf-8")


def options(about: str) -> argparse.ArgumentParser:
    """The options that `full.py` and `gpu.py` have in common."""
    parser = measure.arguments(about)
    parser.set_defaults(limit=4 * 3600.0, batch_size=256)
    parser.add_argument("--epochs", type=int, help="fewer than published, for a trial")
    parser.add_argument("--images", type=int, help="fewer than published, for a trial")
    parser.add_argument("--keep", type=Path, help="folder for courses and submissions, kept")
    parser.add_argument(
        "--whole", type=int, default=1, help="how many nbgrader also grades with the cells that grading here skips"
    )
    return parser


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--submissions", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    chosen.device = "cpu"
    found = compare("full" if not (chosen.epochs or chosen.images) else "full-trial", chosen, (1, chosen.jobs))
    print(f"throughput {found['throughput_ratio']} times nbgrader's (aim {AIM}), verdicts equal: {found['verdicts_equal']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
