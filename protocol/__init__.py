"""The rules of Assay (SPEC.md): what is hashed, signed, gossiped and counted."""
