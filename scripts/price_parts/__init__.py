"""The answers of prices.py: what a model costs, what lacks a price, how old the prices are, what a refresh brings."""
