"""The gate's answer for one file while it is being worked out; nothing blocked keeps bytes to release."""

from __future__ import annotations

from dataclasses import replace

from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined
from outputs_check.gate.result import Finding, OutputResult
from outputs_check.gate.verdict import Verdict


def drafted(
    output: Output, examined: Examined, findings: list[Finding], submitted: bytes | None
) -> OutputResult:
    """The answer after the examination."""
    verdict = Verdict.worst(finding.verdict for finding in findings)
    return OutputResult(
        file=output.file,
        verdict=verdict,
        evidence=examined.evidence,
        findings=tuple(findings),
        canonical=None if verdict is Verdict.BLOCK else examined.canonical,
        title=output.title,
        media_type=examined.media_type,
        submitted=submitted,
    )


def with_findings(draft: OutputResult, findings: list[Finding]) -> OutputResult:
    """The answer after more was found."""
    verdict = Verdict.worst([draft.verdict, *(finding.verdict for finding in findings)])
    return replace(
        draft,
        verdict=verdict,
        findings=(*draft.findings, *findings),
        canonical=None if verdict is Verdict.BLOCK else draft.canonical,
    )
