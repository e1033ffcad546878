"""What a label counts is what the request had weighed: the steps come back from the facts as they are kept."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from authshield.judge.evidence.signs import SIGNS
from authshield.judge.evidence.weigh import scales, steps
from authshield.judge.evidence.weights import WEIGHED, shipped
from authshield.learn.recorded import steps_of
from authshield.record import redact
from authshield.record.facts import FactsEncoder
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import BY_NAME, MISSING
from authshield.vocabulary.features import FactValue

READ = sorted({name for sign in SIGNS for name in sign.facts} & set(BY_NAME))
WORDS = {"network.kind": ["residential", "hosting", "anonymizer", ""], "order.side": ["buy", "sell", ""]}
WORDS["device.proof"] = ["valid", "invalid", ""]


def values(name: str) -> st.SearchStrategy[FactValue]:
    """Values that a fact may have."""
    match BY_NAME[name].type:
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(0, 10**12)
        case "double":
            return st.floats(-10, 1e6)
        case _:
            return st.sampled_from(WORDS.get(name, [""]))


FACTS = st.fixed_dictionaries({name: values(name) for name in READ}).map(lambda told: {**MISSING, **told})


@given(FACTS, st.sampled_from(sorted(WEIGHED)))
def test_the_steps_come_back_from_ledger_and_journal_exactly(facts: dict[str, FactValue], kind: Kind) -> None:
    """To the last digit, whatever was left out because it was at its default."""
    weighed = steps(facts, scales(shipped(), {})[kind])
    assert steps_of(kind.value, json.loads(FactsEncoder().encode(facts.items()))) == weighed
    assert steps_of(kind.value, json.loads(json.dumps(redact.facts(facts)))) == weighed
