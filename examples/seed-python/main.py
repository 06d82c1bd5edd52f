"""The article's program, for real, with Keras and tritonclient."""

import os
import time

from control import Modelyard
from define_model import define_model, make_examples
from deploy_model import NAME, deploy_model
from monitor import monitor_and_maintain
from page import say, title
from schedule import schedule_and_allocate_resources


def main() -> None:
    """Goes through the steps against the server that MODELYARD_URL and MODELYARD_API_KEY name."""
    started = time.perf_counter()
    modelyard = Modelyard(os.environ["MODELYARD_URL"].rstrip("/"), os.environ["MODELYARD_API_KEY"])

    title("1. Define the model")
    model = define_model(make_examples(4_000, seed=11), epochs=6)
    say(
        f"1000 → 128 relu → 10 softmax: {model.network.count_params():,} parameters, "
        f"trained on 4,000 noisy examples to a loss of {model.loss:.3f}"
    )

    title("2. Deploy the model")
    deploy_model(modelyard, model)
    say(f"{NAME} is published and answers at {modelyard.url}/v2/models/{NAME}/infer")

    unseen = make_examples(2_000, seed=12)
    title("3. Schedule and allocate resources")
    schedule_and_allocate_resources(modelyard, unseen)

    title("4. Monitor and maintain")
    monitor_and_maintain(modelyard, model, unseen)
    title(f"Done in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
