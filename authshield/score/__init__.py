"""The late look at a session, after its orders. Must not decide a live request."""
