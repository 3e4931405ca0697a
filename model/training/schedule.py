"""The learning rate of each step (original: train_utils.get_model_learning_rate)."""

from __future__ import annotations

from model.config import OptimizerSettings


def learning_rate(step: int, steps: int, settings: OptimizerSettings) -> float:
    """Poly or stepwise decay behind a constant slow start.

    Args:
        step: steps already taken, 0 at the first.
        steps: steps of the whole run.
    """
    if step < settings.slow_start_steps:
        return settings.slow_start_learning_rate
    taken = step - settings.slow_start_steps
    if settings.learning_policy == "step":
        falls = taken // settings.learning_rate_decay_step
        return float(settings.base_learning_rate * settings.learning_rate_decay_factor**falls)
    decay_steps = settings.decay_steps or max(1, steps - settings.slow_start_steps)
    progress = min(1.0, taken / decay_steps)
    span = settings.base_learning_rate - settings.end_learning_rate
    return float(span * (1 - progress) ** settings.learning_power + settings.end_learning_rate)
