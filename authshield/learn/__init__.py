"""What is learnt from what turned out to be fraud: labels, counts, calibration, thresholds, drift and weights."""
