"""`make bench`: AuthShield beside its peers on one small site. Must not tune anything that it measures."""
