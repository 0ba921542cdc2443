"""Shared parts of benchmarks: functions timed in turn, the recipes of scripts, random images."""
