"""How British identifiers are written: what every zone looks for, in words that Python's `re` and RE2 share.

Rulebook, "Identifiers"; HMRC NIM39110 (national insurance numbers); NHS Data Dictionary (NHS numbers).
No pattern takes longer than a fixed number of steps for each character, whatever the text.
"""

NINO = "[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2}"
"""Without its suffix, which many files leave out."""
NINO_SUFFIX = " ?[A-D]"
NINO_NEVER_ISSUED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
POSTCODE = "[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2}"
EMAIL = r"[^@\s]{1,64}@[^@\s]{1,255}\.[A-Za-z]{2,63}"
IDENTIFYING_NAMES = frozenset({
    "nino", "ni_number", "national_insurance_number", "nhs_number", "nhsno", "forename", "first_name",
    "given_name", "surname", "last_name", "family_name", "name", "full_name", "previous_surname",
    "maiden_name", "date_of_birth", "dob", "birth_date", "postcode", "post_code", "address",
    "address_line_1", "address_line_2", "email", "e_mail", "telephone", "phone", "mobile",
})  # fmt: skip
"""Names of columns that hold identifiers, in lower case with underscores."""
