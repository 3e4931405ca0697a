import json

import pytest

from model.config import OptimizerSettings
from model.training.schedule import learning_rate


def test_poly_rates_are_the_original_s(shared):
    text = (shared / "parity" / "loss" / "loss_expected.json").read_text()
    tables = json.loads(text)["learning_rates"]
    assert len(tables) == 5
    for table in tables.values():
        args = table["args"]
        settings = OptimizerSettings(
            base_learning_rate=args["base_learning_rate"],
            learning_policy=args["learning_policy"],
            learning_power=args["learning_power"],
            learning_rate_decay_step=args["learning_rate_decay_step"],
            learning_rate_decay_factor=args["learning_rate_decay_factor"],
            decay_steps=int(args.get("decay_steps", 0)),
            slow_start_steps=args["slow_start_step"],
            slow_start_learning_rate=args["slow_start_learning_rate"],
            end_learning_rate=args.get("end_learning_rate", 0.0),
        )
        for step, expected in table["lr"].items():
            rate = learning_rate(int(step), args["training_number_of_steps"], settings)
            # Theirs is float32, where (1 - 29999/30000)^0.9 keeps three digits.
            assert rate == pytest.approx(expected, rel=3e-6, abs=1e-9), step


def test_the_rate_starts_slowly_jumps_and_ends_at_the_end():
    settings = OptimizerSettings(
        base_learning_rate=0.1,
        slow_start_steps=5,
        slow_start_learning_rate=0.001,
        end_learning_rate=0.01,
    )
    rates = [learning_rate(step, 25, settings) for step in (0, 4, 5, 15, 25, 99)]
    assert rates[:3] == [0.001, 0.001, pytest.approx(0.1)]
    assert rates[3] == pytest.approx(0.09 * 0.5**0.9 + 0.01)
    assert rates[4:] == [pytest.approx(0.01)] * 2
