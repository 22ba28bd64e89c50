"""The manifest: decoded as the device decodes it, and the rules that need no rendering."""
