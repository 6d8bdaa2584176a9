-- When the newest call of the whole database was, for reports that find none in their period.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/newest.sql
SELECT max(started_at) AS newest_at FROM calls;
