"""Calls by the Open Inference Protocol, through the unmodified tritonclient."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np
import tritonclient.http as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from control import Modelyard
from define_model import Examples
from deploy_model import NAME

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """What a number of clients have seen."""

    calls: int
    failed: int
    calls_per_second: float


class Caller:
    """One connection to the deployment. Not for more than one thread."""

    def __init__(self, modelyard: Modelyard) -> None:
        scheme, _, address = modelyard.url.partition("://")
        self.headers = modelyard.headers
        self.client = triton.InferenceServerClient(address, ssl=scheme == "https")

    def infer(self, rows: Floats) -> Floats:
        """Returns the probabilities, row by row."""
        inputs = triton.InferInput("inputs", rows.shape, "FP32")
        inputs.set_data_from_numpy(rows)
        result = self.client.infer(NAME, [inputs], headers=self.headers)
        [output] = result.get_response()["outputs"]
        return np.asarray(result.as_numpy(output["name"]), np.float32)


def under_load(
    modelyard: Modelyard, examples: Examples, clients: int, work: Callable[[], None]
) -> Outcome:
    """Clients that call, one call after the other each, until `work` is done."""
    done = Event()

    def call(row: Floats) -> tuple[int, int]:
        caller, calls, failed = Caller(modelyard), 0, 0
        while not done.is_set():
            calls += 1
            try:
                caller.infer(row)
            except InferenceServerException:
                failed += 1
        return calls, failed

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        callers = [pool.submit(call, row[np.newaxis]) for row in examples.inputs[:clients]]
        try:
            work()
        finally:
            done.set()
    counts = [caller.result() for caller in callers]
    calls, failed = sum(count[0] for count in counts), sum(count[1] for count in counts)
    return Outcome(calls, failed, calls / (time.perf_counter() - started))
