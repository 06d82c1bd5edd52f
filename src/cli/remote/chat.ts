import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import type { ChatMessage, Usage } from '@modelyard/sdk';
import { Fault } from '../../contract/errors.ts';
import { paint, printable } from '../terminal.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

interface ChatFlags {
  readonly model?: string;
  readonly system: string;
  readonly temperature?: string;
  readonly maxTokens?: string;
  readonly json?: boolean;
}

const HELP = `
In the chat: /clear forgets what was said, /model NAME changes the model, /exit or Ctrl-D ends it;
Ctrl-C stops an answer that is being written.

Examples:
  modelyard chat
  modelyard chat "Name three colours." --model smollm2-135m-instruct
  echo "Summarise: …" | modelyard chat`;

/** `modelyard chat [QUESTION]` */
export function addChat(program: Command): void {
  remoteOptions(program.command('chat'))
    .description('talk to a model in the terminal')
    .argument('[question...]', 'ask this one thing and end')
    .option('--model <name>', 'the model; otherwise the first that chats')
    .option('--system <text>', 'what the model is told beforehand', 'You are a helpful assistant.')
    .option('--temperature <number>', '0 to 2')
    .option('--max-tokens <number>', 'longest answer')
    .addHelpText('after', HELP)
    .action(withSession(chat));
}

async function chat(session: Session, words: readonly string[], flags: ChatFlags): Promise<void> {
  const talk = new Talk(session, flags.model ?? (await firstChatModel(session)), flags);
  const question = words.length > 0 ? words.join(' ') : process.stdin.isTTY ? undefined : await readAll();
  if (question === undefined) return converse(talk);
  const { text, usage } = await talk.ask(question, flags.json ? () => undefined : (piece) => process.stdout.write(printable(piece)));
  process.stdout.write(flags.json ? `${JSON.stringify({ model: talk.model, answer: text, usage }, null, 2)}\n` : '\n');
}

async function firstChatModel({ api }: Session): Promise<string> {
  const [deployments, models] = await Promise.all([api.get('/api/v1/deployments'), api.get('/api/v1/models')]);
  const chats = new Set(models.data.filter(({ versions }) => versions[0]?.manifest.task === 'chat').map(({ name }) => name));
  const found = deployments.data.find(({ model, revisions }) => chats.has(model) && revisions.some(({ state }) => state === 'ready'));
  if (!found) throw new Fault('not_found', 'no_chat_model', 'No model that chats is running; see "modelyard ps" and "modelyard deploy".');
  return found.name;
}

async function readAll(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}

/** One conversation: what was said so far, and how to go on. */
class Talk {
  readonly #session: Session;
  readonly #flags: ChatFlags;
  #messages: ChatMessage[];
  model: string;

  constructor(session: Session, model: string, flags: ChatFlags) {
    this.#session = session;
    this.#flags = flags;
    this.model = model;
    this.#messages = this.#beginning();
  }

  clear(): void {
    this.#messages = this.#beginning();
  }

  /** Sends a question; a question whose answer was stopped or failed is forgotten. */
  async ask(question: string, onPiece: (piece: string) => void, signal?: AbortSignal): Promise<{ text: string; usage: Usage | undefined }> {
    const { temperature, maxTokens } = this.#flags;
    const messages: ChatMessage[] = [...this.#messages, { role: 'user', content: question }];
    const request = {
      model: this.model,
      messages,
      ...(temperature !== undefined && { temperature: Number(temperature) }),
      ...(maxTokens !== undefined && { max_tokens: Number(maxTokens) }),
    };
    const pieces = this.#session.api.inference.chat(request, signal);
    let text = '';
    let next = await pieces.next();
    for (; !next.done; next = await pieces.next()) {
      text += next.value;
      onPiece(next.value);
    }
    this.#messages = [...messages, { role: 'assistant', content: text }];
    return { text, usage: next.value };
  }

  #beginning(): ChatMessage[] {
    return this.#flags.system === '' ? [] : [{ role: 'system', content: this.#flags.system }];
  }
}

async function converse(talk: Talk): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, historySize: 200 });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  process.stdout.write(`${paint('bold', talk.model)} ${paint('dim', '· /clear /model NAME /exit · Ctrl-C stops an answer')}\n`);
  while (!ended.signal.aborted) {
    const line = await lines.question(paint(['bold', 'cyan'], '\n› '), { signal: ended.signal }).catch(() => '/exit');
    const question = line.trim();
    if (question === '/exit') break;
    if (question === '/clear') talk.clear();
    else if (question.startsWith('/model ')) talk.model = question.slice('/model '.length).trim();
    else if (question.startsWith('/')) process.stdout.write(paint('dim', 'There are /clear, /model NAME and /exit.\n'));
    else if (question !== '') await answer(talk, question, lines);
  }
  lines.close();
}

async function answer(talk: Talk, question: string, lines: ReturnType<typeof createInterface>): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  lines.on('SIGINT', onInterrupt);
  const started = systemClock.monotonic();
  try {
    const { usage } = await talk.ask(question, (piece) => process.stdout.write(printable(piece)), stop.signal);
    const seconds = (systemClock.monotonic() - started) / 1000;
    if (usage) process.stdout.write(paint('dim', `\n  ${usage.completion_tokens} tokens, ${(usage.completion_tokens / seconds).toFixed(0)}/s`));
  } catch (error) {
    process.stdout.write(stop.signal.aborted ? paint('dim', ' (stopped)') : paint('red', printable((error as Error).message)));
  } finally {
    lines.off('SIGINT', onInterrupt);
  }
  process.stdout.write('\n');
}
