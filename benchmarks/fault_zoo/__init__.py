"""Faults that people have, injected one at a time, and sound things that look suspicious.

``sources`` are real and rendered pictures, ``patients`` data sets in memory; the other modules say
what breaks. ``zoo`` lists all cases, ``judging`` asks the doctor and the baselines.
"""
