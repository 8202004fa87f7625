"""The verifier node, the commands of all roles, and a network on one machine."""
