"""What the model is worth, measured on examples that it has not seen."""

from typing import Any

import numpy as np

from control import Modelyard
from define_model import CLASSES, DefinedModel, Examples
from deploy_model import NAME
from load import Caller
from page import say, table

ROWS_PER_CALL = 32
Report = dict[str, Any]


def measure_quality(modelyard: Modelyard, model: DefinedModel, examples: Examples) -> Report:
    """Calls the model with every example, and has the answers measured."""
    caller = Caller(modelyard)
    parts = range(0, len(examples.labels), ROWS_PER_CALL)
    probabilities = np.concatenate(
        [caller.infer(examples.inputs[start : start + ROWS_PER_CALL]) for start in parts]
    )
    difference = np.abs(probabilities - model.network.predict(examples.inputs, verbose=0)).max()
    say(f"what is served differs from what Keras computes here by at most {difference:.1e}")
    measured = {
        "task": "classification",
        "actual": examples.labels.tolist(),
        "predicted": probabilities.argmax(axis=1).tolist(),
        "scores": {"classes": list(range(CLASSES)), "rows": probabilities.tolist()},
    }
    report: Report = modelyard.post("/api/v1/evaluations", {"model": NAME, "examples": measured})
    return report


def say_quality(report: Report) -> None:
    """Accuracy, precision, recall, F1 and the confusion matrix."""
    value = {name: metric["value"] for name, metric in report["metrics"].items()}
    interval = report["metrics"]["accuracy"]["interval"]
    say(
        f"accuracy {value['accuracy']:.4f} on {report['examples']} examples that it has not seen "
        f"(95 %: {interval['low']:.4f} to {interval['high']:.4f})"
    )
    say(
        f"precision {value['precision_macro']:.4f}, recall {value['recall_macro']:.4f}, "
        f"F1 {value['f1_macro']:.4f} (means over the classes)"
    )
    confusion = report["confusion"]
    labels = [str(label) for label in confusion["labels"]]
    counted = zip(labels, confusion["counts"], report["classes"], strict=True)
    rows = [[label, *counts, f"{of_class['recall']:.2f}"] for label, counts, of_class in counted]
    say(table(["true \\ said", *labels, "recall"], rows))


def say_comparison(modelyard: Modelyard, before: Report, after: Report) -> None:
    """Which of two reports on the same examples is better, and whether that could be chance."""
    path = f"/api/v1/evaluations/{after['id']}/compare"
    compared = modelyard.get(path, **{"with": before["id"]})
    was, now = (report["metrics"]["accuracy"]["value"] for report in (before, after))
    say(
        f"accuracy {was:.4f} → {now:.4f}; a difference as large comes by chance "
        f"with p = {compared['p']:.2g} (McNemar)"
    )
