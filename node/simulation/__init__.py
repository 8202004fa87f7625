"""Thousands of disputes in one process: virtual time, a lossy network, members that cheat.

Whatever decides anything is the protocol's own code: the draw, the pools, the tree, the salts, the
turns. Models are the signatures (`arithmetic`), the contracts (`court`), the network (`events`) and
what `node.peers` and `node.dispute` do with them (`gossip`, `member`). A run is a function of its
seed.
"""
