"""The pages and the JSON API, a file an area."""
