"""Where people are told: one module for each sort of channel, one class in it."""
