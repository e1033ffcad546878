"""A made-up map of loopback and documentation addresses, so that the demo has places and carriers."""
