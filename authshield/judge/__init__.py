"""Judging: a pure function from what was measured to what is decided. No Django, Redis, clock or settings."""

from authshield.judge.cel import diagnose
from authshield.judge.compiled import Ruleset
from authshield.judge.compiler import compile_ruleset
from authshield.judge.demand import Demand, resolve
from authshield.judge.judge import judge
from authshield.judge.learning import Learning, learning, proof_of
from authshield.judge.scan import Problem

__all__ = [
    "Demand",
    "Learning",
    "Problem",
    "Ruleset",
    "compile_ruleset",
    "diagnose",
    "judge",
    "learning",
    "proof_of",
    "resolve",
]
