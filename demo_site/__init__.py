"""The demo brokerage: a toy broker guarded by AuthShield."""
