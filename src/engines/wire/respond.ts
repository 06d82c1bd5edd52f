import type { ServerResponse } from 'node:http';
import { Fault, toFault } from '../../contract/errors.ts';
import type { Generation, Piece, TextEngine, TokenLogprob } from '../engine.ts';
import { cutFault, errorObject, sendFault, sendJson, usageObject } from './answer.ts';
import { runChoices, type Choice } from './choices.ts';
import type { WireContext } from './context.ts';
import { createEventStream } from './event-stream.ts';

/** What a generating dialect says; `chat.ts` and `completions.ts` each have one. */
export interface Voice {
  /** The fields that every frame and the whole answer begin with, but for `object`. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly chunkObject: string;
  readonly object: string;
  /** Frames' choices before a choice's first piece. */
  open(choice: Choice): readonly unknown[];
  piece(choice: Choice, piece: Piece): readonly unknown[];
  close(choice: Choice, finish: Generation['finish']): readonly unknown[];
  /** A choice of the whole answer. */
  whole(choice: Choice, answer: { text: string; tokens: readonly TokenLogprob[]; finish: Generation['finish'] }): unknown;
}

export interface Call {
  readonly choices: readonly Choice[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly voice: Voice;
}

export function respond(engine: TextEngine, call: Call, response: ServerResponse, context: WireContext): Promise<void> {
  return call.stream ? respondStreaming(engine, call, response, context) : respondWhole(engine, call, response, context);
}

async function respondStreaming(engine: TextEngine, { choices, includeUsage, voice }: Call, response: ServerResponse, context: WireContext): Promise<void> {
  const stream = createEventStream(response);
  const opened = new Set<number>();
  const say = (choice: unknown): void => stream.data({ ...voice.head, object: voice.chunkObject, choices: [choice], ...(includeUsage && { usage: null }) });
  const open = (choice: Choice): void => {
    if (opened.has(choice.index)) return;
    opened.add(choice.index);
    voice.open(choice).forEach(say);
  };
  const events = {
    piece(choice: Choice, piece: Piece) {
      open(choice);
      voice.piece(choice, piece).forEach(say);
    },
    done(choice: Choice, { finish }: Generation) {
      open(choice);
      voice.close(choice, finish).forEach(say);
    },
  };
  let result;
  try {
    result = await runChoices(engine, choices, events, context.signal);
  } catch (error) {
    if (!stream.isOpen) throw error;
    context.report(error);
    stream.fail(errorObject(toFault(error)));
    return;
  }
  if (!result.isCancelled) {
    if (includeUsage) stream.data({ ...voice.head, object: voice.chunkObject, choices: [], usage: usageObject(result.usage) });
    stream.done(result.usage);
  } else if (!stream.isOpen) sendFault(response, cutFault(context), result.usage);
  else if (context.signal.reason instanceof Fault) stream.fail(errorObject(context.signal.reason), result.usage);
  else stream.cut(result.usage);
}

async function respondWhole(engine: TextEngine, { choices, voice }: Call, response: ServerResponse, context: WireContext): Promise<void> {
  const answers = choices.map(() => ({ text: '', tokens: [] as TokenLogprob[], finish: 'stop' as Generation['finish'] }));
  const { usage, isCancelled } = await runChoices(
    engine,
    choices,
    {
      piece(choice, piece) {
        const answer = answers[choice.index];
        if (answer === undefined) return;
        answer.text += piece.text;
        answer.tokens.push(...(piece.tokens ?? []));
      },
      done(choice, { finish }) {
        const answer = answers[choice.index];
        if (answer !== undefined) answer.finish = finish;
      },
    },
    context.signal,
  );
  if (isCancelled) {
    sendFault(response, cutFault(context), usage);
    return;
  }
  const whole = choices.map((choice, i) => voice.whole(choice, answers[i] ?? { text: '', tokens: [], finish: 'stop' }));
  sendJson(response, 200, { ...voice.head, object: voice.object, choices: whole, usage: usageObject(usage) }, usage);
}
