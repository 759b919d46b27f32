"""Runs a row: all contestants in turn, again and again, so that what else the machine does meets all of them."""

import statistics
from dataclasses import asdict, dataclass

from .loads import sync
from .processes import Failed


@dataclass
class Run:
    """A contestant in one round: per second, microseconds of processor time each, bytes at the peak, milliseconds."""

    rate: float
    processor: float
    peak: int
    p50: float
    p99: float


@dataclass
class Middle:
    """The median of some runs, with the least and the most."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(numbers):
        return Middle(statistics.median(numbers), min(numbers), max(numbers))


class Result:
    """Of a row: the runs of each contestant, and why others have none."""

    def __init__(self, row):
        self.row, self.runs, self.faults = row, {}, {}

    def base(self):
        """Whom the others are compared with: the first that ran."""
        return next((name for name in self.row.contestants if name in self.runs), None)

    def pingora(self):
        """The pass-through, where it ran."""
        return next((name for name in self.runs if name.split()[0] == "pingora"), None)

    def rate(self, name):
        return Middle.of([run.rate for run in self.runs[name]])

    def ratio(self, name, to=None):
        """To another, or to the base, round by round."""
        pairs = zip(self.runs[name], self.runs[to or self.base()], strict=True)
        return Middle.of([own.rate / other.rate for own, other in pairs])

    def middle(self, name, field):
        return statistics.median(getattr(run, field) for run in self.runs[name])

    def as_json(self):
        runs = {name: [asdict(run) for run in runs] for name, runs in self.runs.items()}
        named = {"row": self.row.name, "what": self.row.what, "scene": self.row.scene, "unit": self.row.load.unit}
        return {**named, "runs": runs, "faults": self.faults}


class Rounds:
    """Runs rows with the scenes' contestants."""

    def __init__(self, folder, rounds, seconds):
        self._folder, self._rounds, self._seconds = folder, rounds, seconds
        self._warm = set()

    def measure(self, row, scene):
        result = Result(row)
        if lack := row.load.missing():
            result.faults = {name: f"missing: {lack}" for name in row.contestants}
            return result
        if row.fresh:
            scene.close()
        ready = self._ready(row, scene, result)
        for _ in range(min(self._rounds, row.most)):
            for name, (contestant, words) in list(ready.items()):
                try:
                    result.runs.setdefault(name, []).append(self._run(row, contestant, words))
                except Failed as fault:
                    result.faults[name] = str(fault)
                    result.runs.pop(name, None)
                    del ready[name]
        return result

    def _ready(self, row, scene, result):
        """Contestants that run, and the words of the loader for each."""
        ready = {}
        for name in row.contestants:
            if lack := scene.missing(name):
                result.faults[name] = f"missing: {lack}"
                continue
            try:
                contestant = scene.get(name)
                ready[name] = contestant, row.load.prepare(self._folder, contestant.host)
                self._warm_up(row.load, *ready[name])
            except (Failed, OSError) as fault:
                result.faults[name] = str(fault)
                ready.pop(name, None)
        return ready

    def _warm_up(self, load, contestant, words):
        """The first run of a contestant does not count."""
        if contestant.name not in self._warm and load.unit == "requests/s":
            self._warm.add(contestant.name)
            load.run(words, 1)

    def _run(self, row, contestant, words):
        sync()
        process = contestant.process
        process.forget_peak()
        before = process.processor_seconds()
        outcome = row.load.run(words, max(self._seconds, row.seconds))
        used = process.processor_seconds() - before
        if outcome.fault:
            raise Failed(outcome.fault)
        each = used / outcome.requests * 1e6
        return Run(outcome.requests / outcome.seconds, each, process.peak_bytes(), outcome.p50, outcome.p99)
