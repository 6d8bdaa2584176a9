"""What goes wrong in made-up traffic, and what a policy refuses: tables; it does not know how often."""

# class -> status, error type; each as often as it happens among eight.
FAILURES: dict[str, list[tuple[int | None, str]]] = {
    "transient": [
        *[(429, "rate_limit_exceeded")] * 4,
        *[(529, "overloaded_error")] * 2,
        (503, "server_error"),
        (None, "connection_error"),
    ],
    "user": [
        *[(400, "invalid_request_error")] * 3,
        *[(400, "context_length_exceeded")] * 2,
        (401, "invalid_api_key"),
        (404, "model_not_found"),
        (400, "content_filter"),
    ],
    "system": [*[(500, "api_error")] * 5, *[(500, "server_error")] * 3],
}
# fate -> policy, status, error type, class, what the caller was told; each as often as it happens. {host} stands there.
REFUSALS: dict[str, list[tuple[str, int, str, str, str]]] = {
    "refused": [
        *[("budget:free tier", 429, "budget_exceeded", "user", "The budget free tier of 50 USD a day is used up.")] * 4,
        *[("rate_limit:each customer", 429, "rate_limit_exceeded", "transient", "More than 60 requests in a minute.")]
        * 3,
    ],
    "left_alone": [("breaker:{host}", 503, "provider_unavailable", "transient", "{host} failed too often.")],
}
