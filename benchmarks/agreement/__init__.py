"""How often the lint says of a chart what the device's own lint said."""
