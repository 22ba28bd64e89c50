"""Families of architectures: what a configuration or a GGUF file says of a model's layers.

Each module reads one family from both formats; `registry` says which reads what.
"""
