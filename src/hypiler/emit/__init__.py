"""From checked models to text, one module a target; pure functions."""
