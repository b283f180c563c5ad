"""Hidden tests over evidence, and what they need: bounds, loops by their events, networks on images held out."""
