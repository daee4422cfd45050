-- NHS number: ten digits, modulus 11 with weights 10 to 2, the last digit the check (NHS Data Dictionary).
CREATE OR REPLACE MACRO nhs_number_valid(v) AS
    CASE WHEN regexp_full_match(v, '[0-9]{10}') THEN (11 - list_sum(list_transform(range(1, 10), lambda i: (11 - i) * TRY_CAST(substr(v, i, 1) AS INTEGER))) % 11) % 11
        = TRY_CAST(substr(v, 10, 1) AS INTEGER) ELSE false END;

-- Verhoeff: the product in the dihedral group of order ten of the permuted digits, from the last, is nought.
CREATE OR REPLACE MACRO dihedral(a, b) AS
    CASE WHEN a < 5 AND b < 5 THEN (a + b) % 5
         WHEN a < 5 THEN 5 + (a + b) % 5
         WHEN b < 5 THEN 5 + (a - b + 5) % 5
         ELSE (a - b + 5) % 5 END;

CREATE OR REPLACE MACRO verhoeff_permuted(place, digit) AS
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
     [8, 9, 1, 6, 0, 4, 3, 5, 2, 7], [9, 4, 5, 3, 1, 2, 6, 8, 7, 0], [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
     [2, 7, 9, 3, 8, 0, 6, 4, 1, 5], [7, 0, 4, 6, 9, 1, 3, 2, 5, 8]][place % 8 + 1][digit + 1];

CREATE OR REPLACE MACRO verhoeff_valid(v) AS
    CASE WHEN regexp_full_match(v, '[1-9][0-9]{5,17}') THEN list_reduce(
        list_transform(range(0, len(v)),
            lambda i: verhoeff_permuted(i, TRY_CAST(substr(v, len(v) - i, 1) AS INTEGER))),
        lambda a, b: dihedral(a, b)) = 0 ELSE false END;
