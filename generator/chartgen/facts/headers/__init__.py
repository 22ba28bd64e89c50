"""Readers of what the files of a model say about themselves, without their weights.

Every header is taken for hostile: sizes, counts and depths are bounded before
anything is kept, and what is truncated or absurd is a fault in words.
"""
