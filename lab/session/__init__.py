"""What a notebook imports: the catalogue, the extract, a cluster, and the way to the gate."""
