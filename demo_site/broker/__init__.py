"""The toy broker: cash, positions, quotes, orders, pages and a JSON API. AuthShield guards it from outside."""
