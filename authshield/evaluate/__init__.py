"""How good is it? Labelled files replayed, beside baselines, and measured. Must not influence what decides."""
