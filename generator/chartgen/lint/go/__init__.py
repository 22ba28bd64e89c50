"""How Go reads YAML, JSON, addresses, versions and quantities, where Python differs."""
