"""Rows on their way to others than the database: log lines and OpenTelemetry; it does not know how calls are metered.

What each needs is imported when a setting asks for it: see `llmobs.telemetry.sinks`.
"""
