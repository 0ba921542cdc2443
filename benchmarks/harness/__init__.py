"""What benchmarks share: functions timed in turn, the recipes' scripts, random images."""
