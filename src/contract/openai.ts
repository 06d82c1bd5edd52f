import { type Static, Type } from 'typebox';

/**
 * Request bodies of the OpenAI API as far as Modelyard honours them. Objects are closed: a parameter that is not listed is
 * refused by name, never accepted and ignored. `null` stands for "not given", as in OpenAI's own schema.
 */
const nullable = <const T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const closed = { additionalProperties: false } as const;

const Stop = nullable(Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { maxItems: 4 })]));
const StreamOptions = nullable(Type.Object({ include_usage: Type.Optional(Type.Boolean()), include_obfuscation: Type.Optional(Type.Literal(false)) }, closed));
const LogitBias = nullable(Type.Record(Type.String({ pattern: '^[0-9]+$' }), Type.Number({ minimum: -100, maximum: 100 })));

const Sampling = {
  temperature: nullable(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: nullable(Type.Number({ minimum: 0, maximum: 1 })),
  frequency_penalty: nullable(Type.Number({ minimum: -2, maximum: 2 })),
  presence_penalty: nullable(Type.Number({ minimum: -2, maximum: 2 })),
  logit_bias: LogitBias,
  n: nullable(Type.Integer({ minimum: 1, maximum: 128 })),
  seed: nullable(Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })),
  stop: Stop,
  stream: nullable(Type.Boolean()),
  stream_options: StreamOptions,
};

/** Labels of the caller's own; they change nothing about an answer. */
const Labels = {
  user: nullable(Type.String({ maxLength: 512 })),
  metadata: nullable(Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), { maxProperties: 16 })),
  safety_identifier: nullable(Type.String({ maxLength: 512 })),
  prompt_cache_key: nullable(Type.String({ maxLength: 512 })),
};

const Model = Type.String({ minLength: 1, maxLength: 512 });
const TokensMax = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const TextPart = Type.Object({ type: Type.Literal('text'), text: Type.String() }, closed);
const Content = Type.Union([Type.String(), Type.Array(TextPart, { minItems: 1 })]);

const ToolCall = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 256 }),
    type: Type.Literal('function'),
    function: Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }), arguments: Type.String() }, closed),
    // Some clients send a streamed call back as they have put it together.
    index: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

const Message = Type.Object(
  {
    role: Type.Enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: Type.Optional(Type.Union([Content, Type.Null()])),
    tool_calls: nullable(Type.Array(ToolCall, { maxItems: 128 })),
    tool_call_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    name: Type.Optional(Type.String({ maxLength: 64 })),
    refusal: Type.Optional(Type.Null()),
  },
  closed,
);

const FUNCTION_NAME = '^[a-zA-Z0-9_-]{1,64}$';
const Tool = Type.Object(
  {
    type: Type.Literal('function'),
    function: Type.Object(
      {
        name: Type.String({ pattern: FUNCTION_NAME }),
        description: Type.Optional(Type.String()),
        parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        strict: nullable(Type.Boolean()),
      },
      closed,
    ),
  },
  closed,
);
const ToolChoice = Type.Union([
  Type.Enum(['none', 'auto', 'required']),
  Type.Object({ type: Type.Literal('function'), function: Type.Object({ name: Type.String({ pattern: FUNCTION_NAME }) }, closed) }, closed),
]);

const ResponseFormat = Type.Union([
  Type.Object({ type: Type.Literal('text') }, closed),
  Type.Object({ type: Type.Literal('json_object') }, closed),
  Type.Object(
    {
      type: Type.Literal('json_schema'),
      json_schema: Type.Object(
        {
          name: Type.String({ pattern: '^[a-zA-Z0-9_-]{1,64}$' }),
          description: Type.Optional(Type.String()),
          schema: Type.Record(Type.String(), Type.Unknown()),
          strict: nullable(Type.Boolean()),
        },
        closed,
      ),
    },
    closed,
  ),
]);

export const ChatRequest = Type.Object(
  {
    model: Model,
    messages: Type.Array(Message, { minItems: 1 }),
    ...Sampling,
    ...Labels,
    max_tokens: nullable(TokensMax),
    max_completion_tokens: nullable(TokensMax),
    logprobs: nullable(Type.Boolean()),
    top_logprobs: nullable(Type.Integer({ minimum: 0, maximum: 20 })),
    response_format: nullable(ResponseFormat),
    tools: nullable(Type.Array(Tool, { minItems: 1, maxItems: 128 })),
    tool_choice: nullable(ToolChoice),
    parallel_tool_calls: nullable(Type.Boolean()),
    modalities: nullable(Type.Array(Type.Literal('text'), { maxItems: 1 })),
    service_tier: nullable(Type.Enum(['auto', 'default'])),
    store: nullable(Type.Literal(false)),
  },
  closed,
);
export type ChatRequest = Static<typeof ChatRequest>;

const TokenIds = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 });
export const CompletionRequest = Type.Object(
  {
    model: Model,
    prompt: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1, maxItems: 128 }), TokenIds, Type.Array(TokenIds, { minItems: 1, maxItems: 128 })]),
    ...Sampling,
    user: Labels.user,
    max_tokens: nullable(TokensMax),
    echo: nullable(Type.Boolean()),
    logprobs: nullable(Type.Integer({ minimum: 0, maximum: 5 })),
    best_of: nullable(Type.Literal(1)),
  },
  closed,
);
export type CompletionRequest = Static<typeof CompletionRequest>;

const Input = Type.String({ minLength: 1 });
export const EmbeddingRequest = Type.Object(
  {
    model: Model,
    input: Type.Union([Input, Type.Array(Input, { minItems: 1, maxItems: 2048 }), TokenIds, Type.Array(TokenIds, { minItems: 1, maxItems: 2048 })]),
    encoding_format: nullable(Type.Enum(['float', 'base64'])),
    dimensions: nullable(Type.Integer({ minimum: 1 })),
    user: Labels.user,
  },
  closed,
);
export type EmbeddingRequest = Static<typeof EmbeddingRequest>;
