"""The rules of the gate, one family per file. Each has an id, a source and a sentence."""
