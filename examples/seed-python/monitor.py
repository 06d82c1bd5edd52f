"""How the deployment is repaired and the model replaced by a better one, and what that costs."""

import os
import signal

from control import Modelyard, until
from define_model import DefinedModel, Examples, define_model, make_examples
from deploy_model import NAME, publish_model, ready_replicas
from load import under_load
from page import mib, say
from quality import measure_quality, say_comparison, say_quality
from schedule import say_events

CLIENTS = 4


def monitor_and_maintain(modelyard: Modelyard, model: DefinedModel, examples: Examples) -> None:
    """Shows a repair, measures the model, replaces it by a better version, and says the cost."""
    modelyard.patch(f"/api/v1/deployments/{NAME}", {"minReplicas": 2})
    until(lambda: len(ready_replicas(modelyard)) == 2)
    repair = under_load(modelyard, examples, CLIENTS, lambda: kill_and_repair(modelyard))
    say(f"an engine was killed: {repair.calls:,} calls, {repair.failed} failed. The repair:")
    say_events(modelyard, limit=3)
    before = measure_quality(modelyard, model, examples)
    say_quality(before)
    better = define_model(make_examples(8_000, seed=13), epochs=6)
    rollout = under_load(modelyard, examples, CLIENTS, lambda: roll_out(modelyard, better))
    say(f"a better version took over: {rollout.calls:,} calls, {rollout.failed} failed")
    say_events(modelyard, limit=8)
    say_comparison(modelyard, before, measure_quality(modelyard, better, examples))
    say_performance(modelyard)
    say_cost(modelyard)


def kill_and_repair(modelyard: Modelyard) -> None:
    """Kills one of the engines as a crash would, and waits until another stands in its place."""
    victim, *others = ready_replicas(modelyard)
    if "pid" not in victim:
        raise RuntimeError("the engines do not run on this machine: none can be killed")
    os.kill(victim["pid"], signal.SIGKILL)

    def is_repaired() -> bool:
        now = {replica["id"] for replica in ready_replicas(modelyard)}
        return victim["id"] not in now and len(now) == 1 + len(others)

    until(is_repaired)


def roll_out(modelyard: Modelyard, model: DefinedModel) -> None:
    """Gives a new version a fifth of the calls first, and all when that went well."""
    path = f"/api/v1/deployments/{NAME}/rollouts"
    canary = {"steps": [20], "checks": 2, "checkSeconds": 1}
    modelyard.post(path, {"model": f"{NAME}:{publish_model(modelyard, model)}", "canary": canary})
    until(lambda: modelyard.get(path)["data"][0]["state"] != "running")
    newest = modelyard.get(path)["data"][0]
    if newest["state"] != "done":
        raise RuntimeError(f"the rollout was taken back: {newest['reason']}")


def say_performance(modelyard: Modelyard) -> None:
    """How it answers, and what memory the engines take."""
    rows = modelyard.get("/api/v1/figures")["data"]
    figures = next(row for row in rows if row["deployment"] == NAME)
    say(
        f"the last minute: {figures['callsPerSecond']:,.0f} calls/s, "
        f"{figures['failedShare']:.1%} failed, "
        f"latency p50 {figures['p50Ms']:.1f} ms, p99 {figures['p99Ms']:.1f} ms"
    )
    for replica in ready_replicas(modelyard):
        used = replica.get("usage", {}).get("memoryBytes")
        say(f"engine {replica['id'][-6:]}: {mib(used)} in memory of {mib(replica['memoryBytes'])}")


def say_cost(modelyard: Modelyard) -> None:
    """What the model has cost so far, and where that comes from."""
    costs = modelyard.get("/api/v1/costs", by="model")
    cost = next(row for row in costs["data"] if row["group"] == NAME)

    def money(micros: int | None) -> str:
        return f"{(micros or 0) / 1e6:.6f} {costs['currency']}"

    say(
        f"it has cost {money(cost['totalMicros'])}: compute {money(cost['computeMicros'])}, "
        f"its share of idle machines {money(cost['idleMicros'])}"
    )
    say(
        f"per 1,000 calls: {money(cost['perThousandCallsMicros'])} "
        f"({len(costs['defaultRates'])} rates are defaults; modelyard.yaml sets them)"
    )
