"""Shard: a dataset folder -> TFRecord shards and the manifest that describes them.

*List → each → write.* ``plan`` lists the shards and who is in them, ``making`` makes one of them,
``operation`` collects them and writes the manifest last. The unit of work is one planned shard, so
its bytes depend on the plan alone: not on the executor, the number of workers or an interruption.
"""

from __future__ import annotations

from segdata.sharding.operation import Sharding, shard
from segdata.sharding.plan import PlannedShard, ShardPlan, ShardRequest, plan_shards

__all__ = ["PlannedShard", "ShardPlan", "ShardRequest", "Sharding", "plan_shards", "shard"]
