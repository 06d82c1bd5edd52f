"""All that the unmodified tritonclient can ask of OIP REST and its binary extension, of models that echo. Prints JSON; a failed assertion ends it."""

import gzip
import json
import os
import zlib

import ml_dtypes
import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, deserialize_bytes_tensor, serialize_byte_tensor

KEY = {"Authorization": "Bearer " + os.environ["MODELYARD_KEY"]}
client = triton.InferenceServerClient(os.environ["MODELYARD_URL"].removeprefix("http://"), concurrency=4)
DTYPES = {
    "BOOL": np.bool_, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BYTES": np.object_, "BF16": ml_dtypes.bfloat16,
}  # fmt: skip
seen = {}


def headers(**more):
    # tritonclient adds its own to the dictionary that it is given.
    return {**KEY, **more}


def refusal(call, *arguments, **named):
    try:
        call(*arguments, headers=headers(), **named)
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
    raise AssertionError(f"{call.__name__} {arguments} was not refused")


def sample(datatype, rows=3):
    if datatype == "BYTES":
        return np.array([b"a\0b", "héllo".encode(), b""][:rows], dtype=np.object_)
    if datatype == "BOOL":
        return np.array([True, False, True][:rows])
    if datatype in ("BF16", "FP16", "FP32", "FP64"):
        return np.array([1.5, -2.0, np.inf][:rows], dtype=DTYPES[datatype])
    limits = np.iinfo(DTYPES[datatype])
    return np.array([limits.min, limits.max, 7][:rows], dtype=DTYPES[datatype])


def tensor(datatype, values, name="x", binary=True):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def echoed(datatype, values, binary_in=True, binary_out=True, **more):
    wanted = [triton.InferRequestedOutput("y", binary_data=binary_out)]
    return client.infer("echo-" + datatype.lower(), [tensor(datatype, values, binary=binary_in)], outputs=wanted, headers=headers(), **more)


# Health and metadata
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready("echo-fp32", headers=headers()) and client.is_model_ready("echo-fp32", "1", headers=headers())
assert not client.is_model_ready("nope", headers=headers()) and not client.is_model_ready("echo-fp32", "9", headers=headers())
seen["server"] = client.get_server_metadata(headers=headers())
seen["metadata"] = client.get_model_metadata("echo-fp32", model_version="1", headers=headers(), query_params={"a": "b", "list": [1, 2]})
seen["config"] = client.get_model_config("echo-fp32", headers=headers())
assert client.get_model_config("echo-fp32", model_version="1", headers=headers()) == seen["config"]
seen["index"] = sorted(row["name"] for row in client.get_model_repository_index(headers=headers()))

# Every datatype, in and out, as binary and as JSON, compressed and not
for datatype in DTYPES:
    values = sample(datatype)
    for binary in (True, False):
        if not binary and datatype in ("FP16", "BF16"):
            continue
        finite = values if binary else sample(datatype, 2)
        if not binary and datatype == "BYTES":
            # A JSON string holds text, so only what is UTF-8 comes back as it was.
            finite = np.array(["héllo".encode(), b"a"], dtype=np.object_)
        for algorithm in (None, "gzip", "deflate"):
            result = echoed(datatype, finite, binary, binary, request_compression_algorithm=algorithm, response_compression_algorithm=algorithm)
            output = result.as_numpy("y")
            if datatype == "BYTES" and not binary:
                output = np.array([part.encode() if isinstance(part, str) else part for part in output], dtype=np.object_)
            np.testing.assert_array_equal(output, finite, err_msg=f"{datatype} binary={binary} {algorithm}")
    empty = values[:0].reshape(0)
    assert echoed(datatype, empty).as_numpy("y").shape == (0,), datatype

# Answers that are large enough to be compressed
large = np.arange(100_000, dtype=np.float32)
for algorithm in ("gzip", "deflate"):
    for binary in (True, False):
        result = echoed("FP32", large, binary, binary, request_compression_algorithm=algorithm, response_compression_algorithm=algorithm)
        np.testing.assert_array_equal(result.as_numpy("y"), large)
blobs = np.array([os.urandom(50_000), b"z" * 50_000], dtype=np.object_)
result = echoed("BYTES", blobs, request_compression_algorithm="deflate", response_compression_algorithm="gzip")
assert list(result.as_numpy("y")) == list(blobs)

# Default outputs, the id, the version, parameters, scheduling, query parameters
fp32 = sample("FP32")
result = client.infer("echo-fp32", [tensor("FP32", fp32)], headers=headers(), model_version="1", request_id="mine-é", priority=2, timeout=5_000_000, parameters={"note": "x", "n": 1}, query_params={"q": 1})
np.testing.assert_array_equal(result.as_numpy("y"), fp32)
assert result.get_response()["id"] == "mine-é" and result.get_response()["model_version"] == "1"
assert result.get_output("y")["datatype"] == "FP32" and result.get_output("nothing") is None and result.as_numpy("nothing") is None

# A body made and an answer read by the client's own tools; and a body of nothing but data
body, json_size = triton.InferenceServerClient.generate_request_body([tensor("FP32", fp32)], request_id="made")
response = client._post("v2/models/echo-fp32/infer", body, headers(**{"Inference-Header-Content-Length": json_size}), None)
header = response.get("Inference-Header-Content-Length")
result = triton.InferenceServerClient.parse_response_body(response.read(), header_length=int(header))
np.testing.assert_array_equal(result.as_numpy("y"), fp32)
for compress, coding in ((gzip.compress, "gzip"), (zlib.compress, "deflate")):
    response = client._post("v2/models/echo-fp32/infer", compress(fp32.tobytes()), headers(**{"Inference-Header-Content-Length": 0, "Content-Encoding": coding}), None)
    raw = response.read()
    assert np.frombuffer(raw[int(response.get("Inference-Header-Content-Length")) :], dtype=np.float32).tolist() == fp32.tolist()
assert list(deserialize_bytes_tensor(serialize_byte_tensor(blobs).item())) == list(blobs)

# Several inputs and outputs, by order and by name
two = [tensor("FP32", fp32, "a"), tensor("INT32", sample("INT32"), "b")]
result = client.infer("pair", two, headers=headers(), outputs=[triton.InferRequestedOutput("yb"), triton.InferRequestedOutput("ya", binary_data=False)])
assert [output["name"] for output in result.get_response()["outputs"]] == ["yb", "ya"]
np.testing.assert_array_equal(result.as_numpy("yb"), sample("INT32"))

# Many at once
waiting = [client.async_infer("echo-int64", [tensor("INT64", np.array([n], dtype=np.int64))], headers=headers(), request_compression_algorithm="gzip") for n in range(20)]
assert [request.get_result().as_numpy("y")[0] for request in waiting] == list(range(20))

# What is refused, and how
seen["refused"] = {
    "unknown": refusal(client.get_model_metadata, "nope"),
    "version": refusal(client.infer, "echo-fp32", [tensor("FP32", fp32)], model_version="9"),
    "datatype": refusal(client.infer, "echo-fp32", [tensor("INT32", sample("INT32"))]),
    "missing": refusal(client.infer, "pair", two[:1]),
    "output": refusal(client.infer, "echo-fp32", [tensor("FP32", fp32)], outputs=[triton.InferRequestedOutput("z")]),
    "classes": refusal(client.infer, "echo-fp32", [tensor("FP32", fp32)], outputs=[triton.InferRequestedOutput("y", class_count=2)]),
    "sequence": refusal(client.infer, "echo-fp32", [tensor("FP32", fp32)], sequence_id=7, sequence_start=True),
    "timeout": refusal(client.infer, "slow", [tensor("FP32", fp32)], timeout=30_000),
    "trace": refusal(client.get_trace_settings),
    "log": refusal(client.get_log_settings),
    "shared": refusal(client.get_system_shared_memory_status),
    "cuda": refusal(client.get_cuda_shared_memory_status),
    "load": refusal(client.load_model, "nope"),
    "override": refusal(client.load_model, "echo-fp32", config="{}"),
    "name": refusal(client.load_model, "../../etc/passwd"),
}

# Statistics
before = client.get_inference_statistics("pair", headers=headers())["model_stats"][0]
for _ in range(3):
    client.infer("pair", two, headers=headers())
after = client.get_inference_statistics("pair", "1", headers=headers())["model_stats"][0]
seen["grown"] = [after["inference_count"] - before["inference_count"], after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"]]
seen["all"] = sorted(row["name"] for row in client.get_inference_statistics(headers=headers())["model_stats"])

# Unloading and loading
client.unload_model("unloaded", headers=headers(), unload_dependents=True)
assert not client.is_model_ready("unloaded", headers=headers())
seen["unloaded"] = refusal(client.get_model_metadata, "unloaded")
client.load_model("unloaded", headers=headers())
assert client.is_model_ready("unloaded", headers=headers())
seen["loaded"] = client.infer("unloaded", [tensor("FP32", fp32)], headers=headers()).as_numpy("y").tolist()[:2]

print(json.dumps(seen))
