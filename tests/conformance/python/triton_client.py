"""The unmodified tritonclient over HTTP: health, metadata, index, binary infer of bytes and of tensors. Prints JSON."""

import json
import os
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

image_path = sys.argv[1]
client = triton.InferenceServerClient(os.environ["MODELYARD_URL"].removeprefix("http://"))
headers = {"Authorization": "Bearer " + os.environ["MODELYARD_KEY"]}


def infer(model, name, blobs):
    tensor = triton.InferInput(name, [len(blobs)], "BYTES")
    tensor.set_data_from_numpy(np.array(blobs, dtype=object))
    return client.infer(model, [tensor], headers=headers, request_id="42")


with open(image_path, "rb") as file:
    ocr = infer("ppocr-v4-rec", client.get_model_metadata("ppocr-v4-rec", headers=headers)["inputs"][0]["name"], [file.read()])
magika_meta = client.get_model_metadata("magika", headers=headers)
magika = infer("magika", magika_meta["inputs"][0]["name"], [b"#!/usr/bin/env python3\nimport os\nprint(os.getcwd())\n" * 20])
try:
    client.get_model_metadata("nope", headers=headers)
    unknown = "found"
except InferenceServerException as error:
    unknown = error.status()


def texts(result):
    out = {}
    for output in result.get_response()["outputs"]:
        values = result.as_numpy(output["name"]).flatten().tolist()
        out[output["name"]] = [value.decode() if isinstance(value, bytes) else value for value in values]
    return out


print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model_ready": client.is_model_ready("magika", headers=headers),
            "server": client.get_server_metadata(headers=headers),
            "index": sorted(row["name"] for row in client.get_model_repository_index(headers=headers)),
            "ocr": texts(ocr),
            "magika": texts(magika),
            "id": ocr.get_response()["id"],
            "unknown": unknown,
        }
    )
)
