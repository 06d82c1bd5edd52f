import { connect } from 'node:net';
import { Agent, fetch, type Response } from 'undici';
import type { Buyer } from '../chaos/money/exchange.ts';

const PAUSE_MS = 60;
const SLOW_READ_MS = 1_500;

export interface TrafficOptions {
  readonly url: string;
  readonly operatorKey: string;
  readonly buyers: readonly Buyer[];
  readonly random: () => number;
}

/** Everything that clients do, well and badly, by several at once. */
export class Traffic {
  /** How many of each kind were done, and what came of them: `stream 200`. */
  readonly counts = new Map<string, number>();
  readonly #options: TrafficOptions;
  readonly #running: Promise<void>[] = [];
  /** The clients' connections: when they are gone, none of these is open. */
  readonly #agent = new Agent();
  #stopping = false;
  #calls = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  start(clients: number): void {
    for (let i = 0; i < clients; i++) this.#running.push(this.#client());
  }

  async runFor(ms: number, clients: number): Promise<void> {
    this.start(clients);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await this.stop();
  }

  /** Every client ends what it does. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
    await this.#agent.destroy();
  }

  async #client(): Promise<void> {
    const { random } = this.#options;
    const acts = Object.entries(this.#acts());
    while (!this.#stopping) {
      const [name, act] = acts[Math.floor(random() * acts.length)] ?? ['', () => Promise.resolve('')];
      const outcome = await act().catch(() => 'cut');
      const kind = `${name} ${outcome}`;
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, random() * PAUSE_MS));
    }
  }

  #acts(): Record<string, () => Promise<string>> {
    return {
      chat: () => this.#call(this.#buyer('chat'), 'some words [[tokens:20]]'),
      stream: () => this.#call(this.#buyer('chat'), 'some words [[tokens:40]] [[delay-ms:2]]', { stream: true }),
      cancel: () => this.#leave(),
      slow: () => this.#readSlowly(),
      embeddings: () => this.#call(this.#buyer('embeddings'), ''),
      tensor: () => this.#call(this.#buyer('tensor'), ''),
      error: () => this.#call(this.#buyer('chat'), 'two words [[error:500]]'),
      wrong: () => this.#wrong(),
      repeat: () => this.#repeat(),
      control: () => this.#control(),
      half: () => this.#half(),
    };
  }

  #buyer(kind: Buyer['kind']): Buyer {
    const all = this.#options.buyers.filter((buyer) => buyer.kind === kind);
    const buyer = all[Math.floor(this.#options.random() * all.length)];
    if (!buyer) throw new Error(`nobody calls ${kind}`);
    return buyer;
  }

  async #call(buyer: Buyer, text: string, more: { readonly stream?: boolean; readonly id?: string } = {}): Promise<string> {
    const response = await this.#send(pathOf(buyer), { key: buyer.key, body: bodyOf(buyer, text, more.stream ?? false), ...(more.id !== undefined && { id: more.id }) });
    const answer = await response.text();
    if (response.status !== 200) return String(response.status);
    return !more.stream || answer.endsWith('[DONE]\n\n') ? '200' : 'broken';
  }

  #send(path: string, { key, body, id, signal }: { readonly key: string; readonly body?: string; readonly id?: string; readonly signal?: AbortSignal }): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...(id !== undefined && { 'idempotency-key': id }) };
    return fetch(this.#options.url + path, {
      dispatcher: this.#agent,
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  }

  /** Leaves a stream, or a call before its answer. */
  async #leave(): Promise<string> {
    const buyer = this.#buyer('chat');
    const leave = new AbortController();
    const after = this.#options.random() * 60;
    setTimeout(() => leave.abort(), after);
    const response = await this.#send(pathOf(buyer), { key: buyer.key, body: bodyOf(buyer, 'a b c [[tokens:100]] [[delay-ms:5]]', after > 20), signal: leave.signal });
    await response.text();
    return String(response.status);
  }

  /** Asks for a long stream, does not read it for a while, then reads it or leaves. */
  #readSlowly(): Promise<string> {
    const { url, random } = this.#options;
    const buyer = this.#buyer('chat');
    const body = bodyOf(buyer, `${'long '.repeat(200)}[[tokens:3000]]`, true);
    const leaves = random() < 0.5;
    return new Promise((resolve) => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
      let read = '';
      socket.on('error', () => resolve('cut'));
      socket.on('close', () => resolve(leaves ? 'left' : read.includes('[DONE]') ? 'read' : 'ended'));
      socket.write(
        `POST ${pathOf(buyer)} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer ${buyer.key}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      setTimeout(() => {
        if (leaves) socket.destroy();
        else socket.on('data', (chunk: Buffer) => (read = (read + chunk.toString('latin1')).slice(-200)));
      }, random() * SLOW_READ_MS);
    });
  }

  async #wrong(): Promise<string> {
    const buyer = this.#buyer('chat');
    const wrongs = [
      () => this.#send('/v1/chat/completions', { key: buyer.key, body: '{"model":"' }),
      () => this.#send('/v1/chat/completions', { key: buyer.key, body: '{"model":"nobody/nothing","messages":[{"role":"user","content":"x"}]}' }),
      () => this.#send('/v1/chat/completions', { key: 'my_nobody', body: 'x'.repeat(50_000) }),
      () => this.#send('/v2/models/%2e%2e/infer', { key: buyer.key, body: '{}' }),
      () => this.#send('/api/v1/listings/none', { key: buyer.key }),
    ];
    const response = await wrongs[Math.floor(this.#options.random() * wrongs.length)]?.();
    await response?.arrayBuffer();
    return String(response?.status);
  }

  /** The same call three times, twice of them at once. */
  async #repeat(): Promise<string> {
    const buyer = this.#buyer('chat');
    const id = `soak-${this.#calls++}`;
    const once = () => this.#call(buyer, 'again [[tokens:10]]', { id });
    return [...(await Promise.all([once(), once()])), await once()].toSorted().join(',');
  }

  async #control(): Promise<string> {
    const { operatorKey, random } = this.#options;
    const paths = ['/api/v1/usage', '/api/v1/deployments', '/metrics', '/api/v1/gateways', '/api/v1/ledger/check', '/v1/models', '/api/v1/figures', '/api/v1/events?limit=20'];
    const response = await this.#send(paths[Math.floor(random() * paths.length)] ?? '/', { key: operatorKey });
    await response.arrayBuffer();
    return String(response.status);
  }

  /** Half a request, and then nobody. */
  #half(): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ port: Number(new URL(this.#options.url).port), host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve('left'));
      socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${this.#options.operatorKey}\r\ncontent-length: 1000\r\n\r\n{"mod`);
      setTimeout(() => (this.#options.random() < 0.5 ? socket.destroy() : socket.resetAndDestroy()), 50);
    });
  }
}

function pathOf({ kind, model }: Buyer): string {
  if (kind === 'tensor') return `/v2/models/${encodeURIComponent(model)}/infer`;
  return kind === 'chat' ? '/v1/chat/completions' : '/v1/embeddings';
}

function bodyOf({ kind, model }: Buyer, text: string, stream: boolean): string {
  if (kind === 'tensor') return JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
  if (kind === 'embeddings') return JSON.stringify({ model, input: ['one', 'two'] });
  return JSON.stringify({ model, messages: [{ role: 'user', content: text }], max_tokens: 3_000, ...(stream && { stream, stream_options: { include_usage: true } }) });
}
