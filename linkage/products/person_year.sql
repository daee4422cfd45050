-- One row per person of the spine and calendar year, from the first to the last year with any pay, and only from
-- the year of birth on. The first and the last year are as long as the suppliers' reference period lets them be.
WITH period AS (
    SELECT (SELECT min(pay_period) FROM hmrc_pay) AS first_day,
           greatest((SELECT last_day(max(pay_period)) FROM hmrc_pay), (SELECT max(issued_date) FROM nhs_fitnotes),
                    (SELECT max(admission_date) FROM nhs_episodes), (SELECT max(end_date) FROM dwp_spells)) AS last_day
), years AS (
    SELECT y.year, greatest(make_date(y.year, 1, 1), first_day) AS opens,
           least(make_date(y.year, 12, 31), last_day) AS closes
    FROM period, (SELECT unnest(range(year(first_day), year(last_day) + 1)) AS year FROM period) y
), grid AS (
    SELECT p.spine_id, y.year, y.closes, coalesce(p.sex, 'U') AS sex, p.year_of_birth
    FROM spine_people p JOIN years y ON coalesce(p.year_of_birth, 0) <= y.year
), claimed AS (
    SELECT s.spine_id, y.year, greatest(s.start_date, y.opens) AS first_day,
           least(coalesce(s.end_date, y.closes), y.closes) AS last_day, s.weekly_award
    FROM dwp_spells s JOIN years y ON s.start_date <= y.closes AND coalesce(s.end_date, y.closes) >= y.opens
), claimed_so_far AS (
    -- Spells of different benefits overlap: a day counts once.
    SELECT *, max(last_day) OVER (PARTITION BY spine_id, year ORDER BY first_day, last_day
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered FROM claimed
), benefit AS (
    SELECT spine_id, year,
           sum(greatest(0, last_day - greatest(first_day, coalesce(covered + 1, first_day)) + 1)) AS benefit_days,
           sum(weekly_award / 7.0 * (last_day - first_day + 1)) / 100 AS benefit_award
    FROM claimed_so_far GROUP BY spine_id, year
), noted AS (
    SELECT n.spine_id, y.year, greatest(n.from_date, y.opens) AS first_day, least(n.to_date, y.closes) AS last_day
    FROM nhs_fitnotes n JOIN years y ON n.from_date <= y.closes AND n.to_date >= y.opens
), noted_so_far AS (
    SELECT *, max(last_day) OVER (PARTITION BY spine_id, year ORDER BY first_day, last_day
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered FROM noted
), fit_notes AS (
    SELECT spine_id, year,
           sum(greatest(0, last_day - greatest(first_day, coalesce(covered + 1, first_day)) + 1)) AS fit_note_days
    FROM noted_so_far GROUP BY spine_id, year
), pay AS (
    SELECT spine_id, year(pay_period) AS year, count(DISTINCT pay_period) FILTER (taxable_pay > 0) AS months_employed,
           sum(taxable_pay) / 100 AS pay
    FROM hmrc_pay GROUP BY ALL
), hospital AS (
    SELECT spine_id, year(admission_date) AS year, count(DISTINCT spell_id) AS admissions
    FROM nhs_episodes GROUP BY ALL
), lived AS (
    SELECT s.spine_id, s.start_date, any_value(a.region) AS region
    FROM dwp_spells s JOIN local_authorities a ON a.code = s.la_code GROUP BY s.spine_id, s.start_date
), worked AS (
    SELECT e.spine_id, e.start_date, any_value(r.label) AS region
    FROM hmrc_employments e JOIN regions r ON r.code = e.region_of_work GROUP BY e.spine_id, e.start_date
), placed AS (
    SELECT g.spine_id, g.year, coalesce(l.region, w.region) AS region
    FROM grid g ASOF LEFT JOIN lived l ON l.spine_id = g.spine_id AND l.start_date <= g.closes
    ASOF LEFT JOIN worked w ON w.spine_id = g.spine_id AND w.start_date <= g.closes
)
SELECT g.spine_id, g.year::INTEGER AS year, g.sex, g.year_of_birth,
       CASE WHEN g.year_of_birth IS NULL THEN 'Not known'
            WHEN g.year - g.year_of_birth < 16 THEN '0-15' WHEN g.year - g.year_of_birth < 25 THEN '16-24'
            WHEN g.year - g.year_of_birth < 35 THEN '25-34' WHEN g.year - g.year_of_birth < 45 THEN '35-44'
            WHEN g.year - g.year_of_birth < 55 THEN '45-54' WHEN g.year - g.year_of_birth < 65 THEN '55-64'
            ELSE '65+' END AS age_band,
       coalesce(p.region, 'Not known') AS region,
       coalesce(b.benefit_days, 0)::INTEGER AS benefit_days,
       round(coalesce(b.benefit_award, 0), 2)::DOUBLE AS benefit_award,
       (coalesce(b.benefit_days, 0) > 0)::INTEGER AS on_benefit,
       (coalesce(m.months_employed, 0) > 0)::INTEGER AS employed,
       coalesce(m.months_employed, 0)::INTEGER AS months_employed,
       round(coalesce(m.pay, 0), 2)::DOUBLE AS pay,
       coalesce(h.admissions, 0)::INTEGER AS admissions,
       coalesce(f.fit_note_days, 0)::INTEGER AS fit_note_days,
       (coalesce(f.fit_note_days, 0) > 0)::INTEGER AS any_fit_note
FROM grid g
LEFT JOIN placed p ON p.spine_id = g.spine_id AND p.year = g.year
LEFT JOIN benefit b ON b.spine_id = g.spine_id AND b.year = g.year
LEFT JOIN fit_notes f ON f.spine_id = g.spine_id AND f.year = g.year
LEFT JOIN pay m ON m.spine_id = g.spine_id AND m.year = g.year
LEFT JOIN hospital h ON h.spine_id = g.spine_id AND h.year = g.year
