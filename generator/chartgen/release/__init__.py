"""What changed, which version, what to say: from specs to a catalog.

`chartgen.release.build` is the whole way, `chartgen.release.memory` what spares it
when nothing changed. Nothing is imported here, so that asking the memory stays cheap.
"""
