"""Measurements of every registered scheme: what removes it, who forges it, whom it accuses.

Library functions that return records, JSON objects; `assay bench` is their command line, and
`tables` runs all of it. A suite knows no scheme by name: what one needs is in `cases.py`.
"""
