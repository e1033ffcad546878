"""Containment: cases, and the steps that stop a hijacked session. Each step may be repeated."""
