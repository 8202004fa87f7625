"""What a false accuser does to have an innocent model convicted, with that model at hand.

In paper mode it works (`forge_paper`). In sound mode the liar may craft evidence as cleverly
(`forged_evidence`), but the message is drawn only afterwards, and hits stay chance.
"""
