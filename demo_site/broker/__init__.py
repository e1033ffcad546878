"""The toy broker: cash, positions, quotes, orders, pages, a JSON API. AuthShield guards it from outside."""
