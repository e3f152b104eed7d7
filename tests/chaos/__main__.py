"""`python -m tests.chaos`: kills, faults, hangs, documents, hostile things, races, rights, with figures.

python -m tests.chaos kills                         every call of every verb, before and after (an hour)
python -m tests.chaos kills --verb destroy --sample 5 --seed 3
python -m tests.chaos kills --once                  before or after every call
python -m tests.chaos faults
python -m tests.chaos hostile
python -m tests.chaos hangs --verb plan                  every command while a region hangs
python -m tests.chaos documents                     JSON of every command while a region is down
python -m tests.chaos races --sample 20 --load
python -m tests.chaos rights                        every verb without each action of its policy (an hour)
python -m tests.chaos rights --verb doctor --sample 3
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.chaos.documents import AGAIN, documents
from tests.chaos.faults import FAULTS, faults
from tests.chaos.ground import cpu, prepared
from tests.chaos.hangs import hangs
from tests.chaos.hostile import PLANTS, hostile
from tests.chaos.kills import kills
from tests.chaos.races import races
from tests.chaos.rights import SWEPT, guarded, rights
from tests.chaos.verbs import COMMANDS, VERBS


def main() -> int:
    """Run what is asked for; 1 when something that is expected to hold did not."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the sandbox ends with its block
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    started, spent = time.monotonic(), cpu()
    make = guarded if asked.what == "rights" else prepared
    with tempfile.TemporaryDirectory(prefix="chaos-") as home, make(Path(home)) as ground:
        if asked.what == "rights":
            found: Iterable[Any] = rights(ground, asked.verb or list(SWEPT), sample=asked.sample, seed=seed)
        elif asked.what == "kills":
            found = kills(ground, asked.verb or list(VERBS), sample=asked.sample, seed=seed, once=asked.once)
        elif asked.what == "faults":
            names = asked.verb or ["first-deploy", "update", "destroy", *(COMMANDS.keys() - VERBS.keys())]
            found = faults(ground, names, asked.fault or list(FAULTS), seed)
        elif asked.what == "hangs":
            found = hangs(ground, asked.verb or list(COMMANDS))
        elif asked.what == "documents":
            found = documents(ground, asked.verb or list(AGAIN))
        elif asked.what == "hostile":
            found = hostile(ground, list(PLANTS))
        else:
            found = races(ground, sample=asked.sample or 20, seed=seed, load=asked.load)
        failed = _tell(found)
    sys.stdout.write(f"{time.monotonic() - started:.0f} s, {cpu() - spent:.0f} s of CPU, seed {seed}\n")
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", choices=["kills", "faults", "hangs", "documents", "hostile", "races", "rights"])
    parser.add_argument("--verb", action="append", choices=sorted({*VERBS, *SWEPT, *AGAIN}))
    parser.add_argument("--fault", action="append", choices=list(FAULTS))
    parser.add_argument("--sample", type=int, help="so many of each verb, or so many races")
    parser.add_argument("--once", action="store_true", help="kills: before or after each call, not both")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--load", action="store_true", help="races: users ask all the time; none may see a failure")
    return parser.parse_args()


def _tell(found: Iterable[Any]) -> bool:
    """Each as it comes, then the figures; whether anything that is expected to hold did not."""
    good: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    known: Counter[str] = Counter()
    failed = False
    for one in found:
        known[one.verb] += bool(getattr(one, "known", ()))
        sys.stdout.write(f"{one}\n")
        sys.stdout.flush()
        (bad if one.faults else good)[one.verb] += 1
        failed |= bool(one.faults)
    for name in sorted(good | bad):
        beside = f", {known[name]} with a known difference" if known[name] else ""
        sys.stdout.write(f"{name:<28}{good[name]:>5} held {bad[name]:>5} not{beside}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
