"""The objects that real Helm renders, and the rules on them."""
