"""The unmodified OpenAI client: chat, stream, embeddings, errors. Prints what it saw as JSON."""

import json
import os

import openai

client = openai.OpenAI(base_url=os.environ["MODELYARD_URL"] + "/v1", api_key=os.environ["MODELYARD_KEY"])
messages = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the capital of France?"},
]
chat = client.chat.completions.create(model="smollm2-135m-instruct", messages=messages, temperature=0, max_tokens=20)
stream = client.chat.completions.create(
    model="smollm2-135m-instruct", messages=messages, temperature=0, max_tokens=20, stream=True, stream_options={"include_usage": True}
)
chunks = list(stream)
embedding = client.embeddings.create(model="all-minilm-l6-v2", input="a sunny day")
try:
    client.chat.completions.create(model="nope", messages=messages)
    unknown = "answered"
except openai.NotFoundError as error:
    unknown = error.code
print(
    json.dumps(
        {
            "chat": chat.choices[0].message.content,
            "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
            "usage": chunks[-1].usage.completion_tokens,
            "dimensions": len(embedding.data[0].embedding),
            "models": [model.id for model in client.models.list()],
            "unknown": unknown,
        }
    )
)
