"""Thousands of disputes in one process: virtual time, a lossy network, members that cheat.

Whatever decides anything is the protocol's own code: the draw, the pools, the tree, the salts, the
turns. Models are the signatures (`arithmetic`), the contracts (`court`, on `rounds` and `docket`),
the network (`events`) and what `node.peers` and `node.dispute` do with them (`gossip` on `ears`,
`member`). A run is a function of its seed.
"""
