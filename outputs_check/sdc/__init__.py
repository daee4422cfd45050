"""Statistical disclosure control as a pure library: values in, values out."""
