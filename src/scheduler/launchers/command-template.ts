import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const Text = Type.String({ minLength: 1, maxLength: 4_096 });

/**
 * A server that the operator lets publishers choose by its name. `command` is run as it stands, without a shell; in its parts stand `{host}` and `{port}` where it is to
 * listen, `{file}` and `{folder}` for the version's weights file and the folder of all its files, `{token}` for the secret that it is to ask for, `{threads}`, `{model}`.
 */
export const CommandTemplate = Type.Object(
  {
    command: Type.Array(Text, { minItems: 1, maxItems: 256 }),
    dialect: Type.Enum(['openai', 'oip']),
    /** Answered with 200 once it is ready. */
    health: Type.Optional(Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: 512 })),
    /** Calls that it takes at once. */
    slots: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** What it calls the model; the version's own name unless told otherwise. */
    model: Type.Optional(Text),
    /** Beside PATH, HOME and the like: nothing else of our environment reaches it. */
    environment: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }), Type.String({ maxLength: 4_096 }))),
    /** What a replica needs beside the weights. */
    memoryMib: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_777_216 })),
    /** It is given up when it is not ready by then. */
    loadSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    /** It is ended when `health` is not answered with 200 for so long while it serves. Absent: never; many servers do not answer while they compute. */
    silentSeconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 86_400 })),
    /** Tensors go as binary data. */
    binary: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CommandTemplate = Static<typeof CommandTemplate>;

/** Section `engines` of the operator's file: templates by their names. */
export const EnginesSection = Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }), CommandTemplate, { maxProperties: 256 });
export type EnginesSection = Static<typeof EnginesSection>;

export const HEALTH_PATH = { openai: '/health', oip: '/v2/health/ready' } as const;

const PLACEHOLDER = /\{(host|port|file|folder|token|threads|model)\}/g;
export type Filling = Readonly<Record<'host' | 'port' | 'file' | 'folder' | 'token' | 'threads' | 'model', string>>;

/** Each part of the command with its placeholders filled: a part stays one argument, whatever is put into it. */
export function fill(parts: readonly string[], filling: Filling): string[] {
  return parts.map((part) => part.replaceAll(PLACEHOLDER, (_whole, name: keyof Filling) => filling[name]));
}

/** Whether the server asks for the secret that we give it. */
export function asksToken({ command, environment = {} }: CommandTemplate): boolean {
  return [...command, ...Object.values(environment)].some((part) => part.includes('{token}'));
}
