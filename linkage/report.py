"""The page a custodian reads: why a delivery was accepted or refused, and each check that ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from linkage.examine import Examination
from linkage.manifest import Manifest
from linkage.validation.run import Check

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Subject:
    """What the page is about."""

    delivery_id: str
    accepted: bool
    received_at: str
    manifest: Manifest | None


def page(subject: Subject, found: Examination) -> str:
    """The report as one self-contained HTML page: no script, nothing fetched."""
    word = "Accepted" if subject.accepted else "Refused and quarantined"
    parts = [
        f"<h1>{escape(subject.delivery_id)}</h1>",
        f'<p class="verdict {"good" if subject.accepted else "bad"}">{word}</p>',
        _summary(subject, found),
        _reasons(found),
        _facts(subject, found),
        _checks("What is not as it should be", [check for check in found.checks if not check.passed]),
        _checks("What is as it should be", [check for check in found.checks if check.passed]),
        _files(subject.manifest),
        _source(found),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(subject.delivery_id)}: {word.lower()}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _summary(subject: Subject, found: Examination) -> str:
    ran, failed = len(found.checks), sum(not check.passed for check in found.checks)
    if subject.accepted:
        return f"<p>{found.rows:,} rows went on to linkage or preparation. All {ran} checks passed.</p>"
    told = f" Of {ran} checks, {failed} failed." if ran else ""
    return (
        f"<p>Nothing of this delivery goes further; the files stay in quarantine.{told} "
        "Ask the supplier for a corrected delivery.</p>"
    )


def _reasons(found: Examination) -> str:
    if not found.faults:
        return ""
    items = "".join(f"<li>{escape(_sentence(fault))}</li>" for fault in found.faults)
    return f"<h2>Why</h2><ul>{items}</ul>"


def _sentence(fault: str) -> str:
    return fault[:1].upper() + fault[1:]


def _facts(subject: Subject, found: Examination) -> str:
    facts = [("Received", subject.received_at)]
    if subject.manifest:
        manifest = subject.manifest
        facts = [
            ("Supplier and table", f"{manifest.supplier}: {manifest.table} ({manifest.route} route)"),
            ("Reference period", f"{manifest.period_start} to {manifest.period_end}"),
            ("Sent", f"{manifest.sent_at:%Y-%m-%d %H:%M} UTC by {manifest.sent_by}"),
            *facts,
            ("Rows in the manifest", f"{manifest.rows:,}"),
        ]
    if found.dropped:
        facts.append(("Rows of people who opted out, dropped", f"{found.dropped:,}"))
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in facts)
    return f'<h2>Delivery</h2><table class="facts">{rows}</table>'


def _checks(title: str, checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    rows = "".join(
        f"<tr><td>{escape(check.text)}</td><td class=number>{check.unexpected:,}</td>"
        f"<td class=number>{_share(check)}</td><td>{_examples(check)}</td></tr>"
        for check in checks
    )
    return (
        f"<h2>{title}</h2><table><thead><tr><th>Check</th><th>Rows against it</th><th>Share</th>"
        f"<th>Examples</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _share(check: Check) -> str:
    if not check.unexpected or not check.rows:
        return ""
    share = check.unexpected / check.rows
    return f"{share:.2%}" if share >= 0.0001 else "under 0.01%"


def _examples(check: Check) -> str:
    return "<br>".join(escape(example[:120]) for example in check.examples) if not check.passed else ""


def _files(manifest: Manifest | None) -> str:
    if manifest is None:
        return ""
    rows = "".join(
        f"<tr><td>{escape(file.name)}</td><td class=number>{file.rows:,}</td>"
        f"<td><code>{file.sha256}</code></td></tr>"
        for file in manifest.files
    )
    return (
        f"<h2>Files</h2><table><thead><tr><th>File</th><th>Rows</th><th>SHA-256</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _source(found: Examination) -> str:
    if found.validation is None:
        return ""
    version = escape(str(found.validation.result["meta"]["great_expectations_version"]))
    return f"<p>Checked with Great Expectations {version}; its own result is beside this page, as .json.</p>"
