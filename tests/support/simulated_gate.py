"""A gate whose answers a test chooses, so that the review can be tested without any data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from outputs_check.gate.result import Finding, OutputResult, Result
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.review.station import Checked, Release

PROJECT = "work-health"
TABLE = b"region,F,M\nNorth,120,130\nSouth,140,150\n"
Submit = Callable[..., str]


@dataclass
class SimulatedGate:
    """A gate that judges a file by its name (block…, review…, else PASS) and rebuilds it unchanged."""

    extract: str = "extract-1"
    appetite: str = "a" * 64
    project: str = ""
    blocked: set[str] = field(default_factory=set)
    remembered: list[str] = field(default_factory=list)
    error: Exception | None = None

    def check(self, files: Path, project: str) -> Checked:
        if self.error is not None:
            raise self.error
        outputs = tuple(self._judge(path) for path in sorted(files.iterdir()))
        return Checked(Result(outputs, self.project or project, self.appetite, 2), self.extract)

    def release(self, files: Path, project: str, release: Release) -> Checked:
        checked = self.check(files, project)
        now = {output.file: output.sha256 for output in checked.result.outputs}
        if all(now.get(file) == digest for file, digest in release.approved.items()):
            self.remembered = sorted({*self.remembered, *release.approved})
        return checked

    def _judge(self, path: Path) -> OutputResult:
        data, image = path.read_bytes(), path.suffix == ".png"
        kind = "image/png" if image else "text/csv"
        if path.name.startswith("block") or path.name in self.blocked:
            finding = Finding(
                "threshold.people",
                Verdict.BLOCK,
                "2 cells rest on fewer than 10 people",
                ("region=North, sex=F", "region=North, sex=M"),
                "RULEBOOK, Units and appetites",
                "merge North with North East",
                ((1, 1), (1, 2)),
            )
            return OutputResult(path.name, Verdict.BLOCK, Evidence.A, (finding,), None, "", kind, data)
        if path.name.startswith("review"):
            finding = Finding("image.source", Verdict.REVIEW, "a person must look at the picture")
            return OutputResult(path.name, Verdict.REVIEW, Evidence.D, (finding,), data, "", kind, data)
        return OutputResult(path.name, Verdict.PASS, Evidence.A, (), data, "A table", kind, data)
