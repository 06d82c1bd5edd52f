"""What the model needs, what it is given, and why."""

import time

from control import Modelyard, until
from define_model import Examples
from deploy_model import NAME, ready_replicas
from load import Caller, under_load
from page import mib, say, table

# What is expected to be called, rows a second.
DEMAND = 500
CLIENTS = 24


def schedule_and_allocate_resources(modelyard: Modelyard, examples: Examples) -> None:
    """Shows what is allocated for a demand and why, and calls until a second engine comes."""
    needs = modelyard.get(f"/api/v1/models/{NAME}/estimate", callsPerSecond=DEMAND)
    lines = [(line["what"], mib(line["bytes"]), line["arithmetic"]) for line in needs["lines"]]
    say(table(["a replica needs", "memory", "computed as"], lines))
    roofline, demand = needs["throughput"], needs["demand"]
    say(
        f"altogether {mib(needs['memoryBytes'])}; by the roofline at most "
        f"{roofline['rowsPerSecond']:,.0f} rows/s, bound by {roofline['boundBy']}"
    )
    say(
        f"{DEMAND} rows a second are {demand['concurrency']:.2f} calls at a time (Little's law): "
        f"{demand['replicas']} replica"
    )
    [chances] = Caller(modelyard).infer(examples.inputs[:1])
    say(
        f"one call by OIP: class {chances.argmax()}, probability {chances.max():.3f} "
        f"(true class {examples.labels[0]})"
    )
    call_until_second_engine(modelyard, examples)
    say_events(modelyard)


def call_until_second_engine(modelyard: Modelyard, examples: Examples) -> None:
    """More calls at once than one engine is there for."""

    def has_come() -> bool:
        return len(ready_replicas(modelyard)) > 1

    load = under_load(modelyard, examples, CLIENTS, lambda: until(has_come))
    say(
        f"{CLIENTS} clients at once: {load.calls_per_second:,.0f} calls/s, {load.failed} failed, "
        "and a second engine has come. Every decision with its reason:"
    )


def say_events(modelyard: Modelyard, limit: int = 12) -> None:
    """The newest decisions on this deployment, with their reasons."""
    time.sleep(0.3)  # they are written a moment after they happened
    events = modelyard.get("/api/v1/events", deployment=NAME, limit=limit)["data"]
    rows = [(event["replica"][-6:] or "–", event["state"], event["reason"]) for event in events]
    say(table(["engine", "is", "because"], rows))
