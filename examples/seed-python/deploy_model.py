"""Publishes a model and deploys it."""

from typing import Any

from control import Modelyard, until
from define_model import DefinedModel

NAME = "seed-keras"


def publish_model(modelyard: Modelyard, model: DefinedModel) -> int:
    """Uploads the file by its digest and makes a version of it. Returns the version's number."""
    files = [{"path": "model.onnx", "digest": modelyard.upload(model.onnx)}]
    body = {"name": NAME, "files": files, "licence": "MIT", "batching": {"maxBatchSize": 32}}
    return int(modelyard.post("/api/v1/models", body)["number"])


def deploy_model(modelyard: Modelyard, model: DefinedModel) -> None:
    """Publishes and deploys with one engine, two under load. Returns when it answers."""
    version = publish_model(modelyard, model)
    scale = {"minReplicas": 1, "maxReplicas": 2, "targetConcurrency": 1, "threads": 1}
    modelyard.post("/api/v1/deployments", {"model": f"{NAME}:{version}", **scale})

    def answers() -> bool:
        revisions = modelyard.get(f"/api/v1/deployments/{NAME}")["revisions"]
        ready = [revision["version"] for revision in revisions if revision["state"] == "ready"]
        return ready == [version]  # where the server knew the name already, the old one has gone

    until(answers)


def ready_replicas(modelyard: Modelyard) -> list[dict[str, Any]]:
    """The engines that take calls."""
    revisions = modelyard.get(f"/api/v1/deployments/{NAME}")["revisions"]
    return [
        replica
        for revision in revisions
        for replica in revision["replicas"]
        if replica["state"] == "ready"
    ]
