import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { type ForeignAnswer, type FakeForeignUpstream, fakeForeignUpstream, pause, readEvents, said, usageOf } from './support.ts';

/** What other people's servers send, by a fake of one. */
let modelyard: Harness;
let upstream: FakeForeignUpstream;
let answer: ForeignAnswer = () => undefined;
let calls = 0;
beforeAll(async () => {
  modelyard = await startHarness();
  upstream = await fakeForeignUpstream(modelyard, 'foreign', (request, response) => answer(request, response));
});
afterAll(async () => {
  await modelyard.stop();
  await upstream[Symbol.asyncDispose]();
});

const chunk = (content: string, more = '') =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]${more}}\n\n`;
const ROLE = 'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n';
const events = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
const stream = async (by: ForeignAnswer) => {
  answer = by;
  calls++;
  const response = await modelyard.call('/v1/chat/completions', { body: chatBody('foreign', 'x', { stream: true }) });
  return { status: response.status, text: await response.text() };
};
const whole = async (status: number, body: string, headers: Record<string, string> = {}) => {
  answer = (_request, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  calls++;
  return modelyard.call('/v1/chat/completions', { body: chatBody('foreign', 'x') });
};
const lastRow = async () => (await usageOf(modelyard, 'foreign', calls))[0];

test('M12: without usage, frames that carry text are counted and the row is flagged', async () => {
  const { text } = await stream((_request, response) => void events(response).end(`${ROLE}${chunk('a')}${chunk(' b')}${chunk(' c')}data: [DONE]\n\n`));
  expect(said(readEvents(text).chunks)).toBe('a b c');
  expect(await lastRow()).toMatchObject({ status: 'ok', completionTokens: 3, estimated: true });
  expect((await lastRow())?.promptTokens).toBeGreaterThan(0);
});

test('M13: an upstream that can not stop a call is read to its usage after its client has left, and by that it is billed', async () => {
  upstream.cancelStatus = 501;
  const ended = Promise.withResolvers<boolean>();
  answer = async (_request, response) => {
    events(response).write(ROLE + chunk('a'));
    // Longer than one that can be stopped would have.
    await pause(1_500);
    response.once('close', () => ended.resolve(response.writableFinished));
    response.end(`${chunk(' b')}${chunk(' c')}data: {"id":"c","choices":[],"usage":{"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}}\n\ndata: [DONE]\n\n`);
  };
  calls++;
  const leave = new AbortController();
  const left = await modelyard.call('/v1/chat/completions', { body: chatBody('foreign', 'x', { stream: true }), signal: leave.signal });
  await left.body?.getReader().read();
  leave.abort();
  expect(await lastRow()).toMatchObject({ status: 'cancelled', promptTokens: 7, completionTokens: 3, estimated: false });
  expect(await ended.promise).toBe(true);
  upstream.cancelStatus = 404;
});

test('M15: a usage chunk is exact, zero stays zero; usage null is estimated and flagged', async () => {
  const usage = (value: string) => `data: {"id":"c","choices":[],"usage":${value}}\n\n`;
  await stream(
    (_request, response) => void events(response).end(`${chunk('a', ',"usage":null')}${usage('{"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}')}data: [DONE]\n\n`),
  );
  expect(await lastRow()).toMatchObject({ promptTokens: 7, completionTokens: 5, estimated: false });
  await whole(200, '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}');
  expect(await lastRow()).toMatchObject({ promptTokens: 0, completionTokens: 0, estimated: false });
  await whole(200, `{"choices":[{"message":{"content":"${'x'.repeat(400)}"}}],"usage":null}`);
  expect(await lastRow()).toMatchObject({ estimated: true });
  expect((await lastRow())?.completionTokens).toBeGreaterThan(90);
});

test('M16 M17: an error in the stream is no completion, and with nothing before it the call is free', async () => {
  for (const error of [
    'data: {"error":{"message":"error error error","type":"x","param":null,"code":"y"}}\n\n',
    'event: error\ndata: {"content":"error text"}\n\n',
    'data:{ "error" : {"message":"m"}}\n\n',
  ]) {
    await stream((_request, response) => void events(response).end(ROLE + error));
    expect(await lastRow(), error).toMatchObject({ status: 'failed', promptTokens: 0, completionTokens: 0 });
    await stream((_request, response) => void events(response).end(ROLE + chunk('a') + error));
    expect(await lastRow(), error).toMatchObject({ status: 'failed', completionTokens: 1, estimated: true });
  }
});

test('S28 S7: a stream that ends or breaks without [DONE] ends with an error event, and is not begun again', async () => {
  const before = upstream.received.length;
  for (const end of [(response: ServerResponse) => void response.end(), (response: ServerResponse) => void response.destroy()]) {
    const { status, text } = await stream(async (_request, response) => {
      events(response).write(chunk('a'));
      await pause(20);
      end(response);
    });
    expect(status).toBe(200);
    const { frames, chunks } = readEvents(text);
    expect(said(chunks)).toBe('a');
    expect(chunks.at(-1)?.error?.code).toBe('engine_crashed');
    expect(frames).not.toContain('data: [DONE]');
    expect(await lastRow()).toMatchObject({ status: 'failed', completionTokens: 1 });
  }
  expect(upstream.received.length - before).toBe(2);
});

test('S27 C36: CRLF, no space after data:, comments and characters cut between writes are passed on whole', async () => {
  const crlf = `: ping\r\n\r\n${chunk('żółw 🐢').replaceAll('\n', '\r\n')}data:[DONE]\r\n\r\n`;
  const { text } = await stream(async (_request, response) => {
    events(response);
    for (const byte of Buffer.from(crlf)) {
      response.write(Buffer.of(byte));
      if (byte > 127) await pause(1);
    }
    response.end();
  });
  expect(text).toContain('żółw 🐢');
  expect(text).toContain(': ping');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(await lastRow()).toMatchObject({ status: 'ok', completionTokens: 1 });
});

test('S27: an endless line ends in an error, with a bounded buffer', async () => {
  const { text } = await stream(async (_request, response) => {
    events(response);
    for (let i = 0; i < 64 && !response.destroyed; i++) {
      response.write(Buffer.alloc(65_536, 'x'));
      await pause(1);
    }
  });
  expect(text).toMatch(/^data: \{"error":/);
  expect(text.length).toBeLessThan(1_000);
  expect(await lastRow()).toMatchObject({ status: 'failed', completionTokens: 0 });
});

test("S8: an engine's 4xx is passed on with its words and never tried again; its 5xx keeps its words to itself", async () => {
  for (const status of [400, 404, 422, 429]) {
    const before = upstream.received.length;
    const response = await whole(status, '{"error":{"message":"too long","code":"context_length_exceeded","param":"messages"}}', { 'retry-after': '1' });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: 'too long', code: 'context_length_exceeded', param: 'messages' } });
    expect(response.headers.get('retry-after')).toBe('1');
    expect(upstream.received.length - before).toBe(1);
  }
  for (const status of [401, 403, 500, 502]) {
    const response = await whole(status, '{"error":{"message":"key sk-123 at /srv/model failed"}}');
    expect(response.status).toBe(502);
    expect(await response.text()).not.toMatch(/sk-123|srv/);
  }
  expect(await lastRow()).toMatchObject({ status: 'failed', httpStatus: 502, completionTokens: 0 });
});

test('a 503 is offered again, three times in all, then answered with Retry-After', async () => {
  const before = upstream.received.length;
  const response = await whole(503, '{"error":"full"}');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(upstream.received.length - before).toBe(3);
});

test('the upstream is told neither who calls nor with which key', async () => {
  await whole(200, '{"usage":{"prompt_tokens":1,"completion_tokens":1}}');
  const sent = JSON.stringify(upstream.received.at(-1));
  expect(sent).not.toContain(modelyard.key);
  expect(upstream.received.at(-1)?.headers).not.toHaveProperty('authorization');
});

test('S6: an upstream that answers nothing but 503 is sent at most a fifth more calls than were made, and no call more than three times', async () => {
  const before = upstream.received.length;
  const CALLS = 100;
  for (let index = 0; index < CALLS; index++) expect((await whole(503, '{"error":"full"}')).status).toBe(503);
  // The reserve of a quiet deployment is spent once.
  expect(upstream.received.length - before).toBeLessThanOrEqual(CALLS * 1.2 + 10);
});
