-- One row per person of the spine. Region: where the newest benefit spell puts her, else where she last worked.
WITH lived AS (
    SELECT s.spine_id, arg_max(a.region, s.start_date) AS region
    FROM dwp_spells s JOIN local_authorities a ON a.code = s.la_code GROUP BY s.spine_id
), worked AS (
    SELECT e.spine_id, arg_max(r.label, e.start_date) AS region
    FROM hmrc_employments e JOIN regions r ON r.code = e.region_of_work GROUP BY e.spine_id
)
SELECT p.spine_id, p.year_of_birth, coalesce(p.sex, 'U') AS sex,
       coalesce(lived.region, worked.region, 'Not known') AS region
FROM spine_people p LEFT JOIN lived USING (spine_id) LEFT JOIN worked USING (spine_id)
