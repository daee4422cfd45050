"""Rows of payload tables that tests vary."""

from datetime import date
from typing import Any


def spell(
    key: str, record: str, start: date, end: date | None, award: int, benefit: str, la_code: str = "E08000003"
) -> dict[str, Any]:
    return {
        "spell_id": key,
        "record_id": record,
        "benefit": benefit,
        "start_date": start,
        "end_date": end,
        "claim_type": "NEW",
        "la_code": la_code,
        "jcp_district": "JC01",
        "weekly_award": award,
        "sanctions": 0,
        "lone_parent": "N",
        "disability_indicator": "N",
        "end_reason": "WORK" if end else None,
    }


def pay(employment: str, month: date, pence: int, correction: str = "N") -> dict[str, Any]:
    return {
        "employment_id": employment,
        "pay_period": month,
        "taxable_pay": pence,
        "tax": 0,
        "ni_category": "A",
        "hours_band": "D",
        "is_correction": correction,
    }
