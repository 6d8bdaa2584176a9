-- The names of runs, traces and customers that look most like the variable `wanted`.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE wanted = 'acmee'" < scripts/trace_near.sql
WITH names AS (
    SELECT 'run' AS kind, run AS name FROM selected WHERE run IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT 'customer', customer FROM selected WHERE customer IS NOT NULL GROUP BY ALL
    UNION ALL
    -- Nobody misspells an id of 32 random digits in another way.
    SELECT 'trace', trace_id FROM selected
    WHERE starts_with(trace_id, left(lower(getvariable('wanted')), 6)) AND length(getvariable('wanted')) >= 6
    GROUP BY ALL
)

SELECT kind, name
FROM names
WHERE kind = 'trace' OR coalesce(jaro_winkler_similarity(name, getvariable('wanted')), 1) > 0.7 -- less is no likeness
ORDER BY jaro_winkler_similarity(name, getvariable('wanted')) DESC, name DESC
LIMIT 5;
