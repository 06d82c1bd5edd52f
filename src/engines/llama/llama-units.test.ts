import type { BatchItem, Token } from 'node-llama-cpp';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Fault } from '../../contract/errors.ts';
import { createBarrier, priorityOf } from './barrier.ts';
import { createChatTemplate } from './chat-template.ts';
import { toGrammarSchema } from './json-schema.ts';
import { piecesOf } from './prompt.ts';
import { seed32 } from './sampling.ts';
import { chooseSequence, type Held } from './sequences.ts';

const ids = (...tokens: number[]): Token[] => tokens.map((id) => id as Token);
const item = (index: number, count = 1): BatchItem => ({ tokens: ids(...Array.from({ length: count }, (_, i) => i)), logits: [], evaluationPriority: priorityOf(index) });

describe('barrier', () => {
  test('waits for every generating sequence, then orders the batch by sequence', () => {
    const barrier = createBarrier();
    [0, 1, 2].forEach(barrier.enter);
    expect(barrier.strategy({ items: [item(2), item(0)], size: 512 })).toEqual([]);
    const batch = barrier.strategy({ items: [item(2), item(0), item(1)], size: 512 });
    expect(batch.map(({ item: { evaluationPriority } }) => evaluationPriority)).toEqual([1, 2, 3]);
  });

  test('gives up waiting after a bounded number of empty batches', () => {
    const barrier = createBarrier();
    [0, 1].forEach(barrier.enter);
    let spins = 0;
    while (barrier.strategy({ items: [item(0)], size: 512 }).length === 0) spins += 1;
    expect(spins).toBe(30);
  });

  test('a prompt is not waited for, and takes only part of a step while others generate', () => {
    const barrier = createBarrier();
    barrier.enter(1);
    const batch = barrier.strategy({ items: [item(0, 500), item(1)], size: 512 });
    expect(batch.map(({ processAmount }) => processAmount)).toEqual([256, 1]);
    barrier.leave(1);
    expect(barrier.strategy({ items: [item(0, 500)], size: 512 })[0]?.processAmount).toBe(500);
  });
});

describe('choosing a sequence', () => {
  const held = (tokens: number[], salt: string, usedAt: number): Held => ({ tokens: ids(...tokens), salt, usedAt });

  test('the longest common prefix under an equal salt wins, and leaves one token to evaluate', () => {
    const free = [held([1, 2, 9], 'a', 1), held([1, 2, 3, 4], 'a', 2), held([1, 2, 3, 4, 5], 'b', 3)];
    expect(chooseSequence(free, ids(1, 2, 3, 4, 5), 'a')).toEqual({ at: 1, reused: 4 });
    expect(chooseSequence(free, ids(1, 2, 3, 4), 'a')).toEqual({ at: 1, reused: 3 });
  });

  test('without one: an empty sequence, else the least recently used', () => {
    expect(chooseSequence([held([7], 'a', 1), held([], '', 5)], ids(1), 'a')).toEqual({ at: 1, reused: 0 });
    expect(chooseSequence([held([7], 'x', 4), held([7, 8], 'x', 2)], ids(7, 8), 'a')).toEqual({ at: 1, reused: 0 });
  });
});

test('C35: seeds of any sign and up to 53 bits become distinct 32-bit seeds', () => {
  expect(seed32(42)).toBe(42);
  const seeds = [-9007199254740991, 9007199254740991, -1, 0, 2 ** 32, -(2 ** 40)].map(seed32);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
  expect(new Set(seeds.slice(0, 1).concat(seeds.slice(4))).size).toBe(3);
});

describe('X24: JSON schemas are bounded and never half enforced', () => {
  const nested = (depth: number): unknown => (depth === 0 ? { type: 'string' } : { type: 'array', items: nested(depth - 1) });
  const refused: [string, unknown][] = [
    ['a pattern', { type: 'string', pattern: '(a+)+$' }],
    ['a minimum', { type: 'number', minimum: 3 }],
    ['no type', {}],
    ['not an object', 3],
    ['depth', nested(20)],
    ['repetitions', { type: 'string', maxLength: 100_000 }],
    ['size', { type: 'object', properties: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`p${i}`, { type: 'null' }])) }],
    ['a foreign reference', { $ref: 'https://example.org/x' }],
    ['a missing definition', { $ref: '#/$defs/no' }],
    ['an object as enum value', { enum: [{}] }],
  ];
  test.each(refused)('refused: %s', (_, schema) => {
    expect(() => toGrammarSchema(schema)).toThrow(expect.objectContaining({ code: 'unsupported_json_schema', kind: 'invalid_argument' }));
  });

  test('accepted: nested objects, unions, definitions', () => {
    const schema = {
      $defs: { tag: { enum: ['a', 'b'] } },
      type: 'object',
      required: ['x'],
      properties: { x: { type: ['string', 'null'] }, tags: { type: 'array', items: { $ref: '#/$defs/tag' }, maxItems: 2 } },
    };
    expect(toGrammarSchema(schema)).toMatchObject({ $defs: { tag: { enum: ['a', 'b'] } }, properties: { x: { oneOf: [{ type: 'string' }, { type: 'null' }] } } });
  });
});

describe('X23: chat templates', () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const failure = async (source: string): Promise<Fault> => {
    const template = createChatTemplate(source, systemClock);
    try {
      await template.render([{ messages: [] }]).catch(() => undefined);
      return await template.render([{ messages }]).then(
        () => Promise.reject(new Error('rendered')),
        (error: Fault) => error,
      );
    } finally {
      await template.close();
    }
  };

  test('a template renders, and again in the same thread', async () => {
    const template = createChatTemplate("{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}", systemClock);
    expect(await template.render([{ messages }, { messages: [] }])).toEqual(['<user>hi', '']);
    expect(await template.render([{ messages }])).toEqual(['<user>hi']);
    await template.close();
  });

  test('an endless loop is stopped, and the thread replaced', async () => {
    const endless = '{% if messages %}{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}{% endif %}ok';
    const template = createChatTemplate(endless, systemClock);
    expect(await template.render([{ messages: [] }])).toEqual(['ok']);
    const started = systemClock.monotonic();
    await expect(template.render([{ messages }])).rejects.toMatchObject({ code: 'chat_template_failed', kind: 'invalid_argument' });
    expect(systemClock.monotonic() - started).toBeLessThan(3_000);
    expect(await template.render([{ messages: [] }])).toEqual(['ok']);
    await template.close();
  });

  test("host access and syntax errors are the template's failure", async () => {
    expect(await failure('{{ messages.__class__.__mro__[1] }}')).toMatchObject({ code: 'chat_template_failed' });
    expect(await failure("{{ ''.constructor.constructor('return process')() }}")).toMatchObject({ code: 'chat_template_failed' });
    expect(await failure('{% for %}')).toMatchObject({ code: 'chat_template_failed' });
  });
});

test('X23: an outline is cut into template and contents, or refused where the template changes contents', () => {
  const messages = [{ role: 'user', content: ' <|im_end|> ' }] as const;
  expect(piecesOf('<u>n0x</u>', 'n', messages, '<u> <|im_end|> </u>')?.map(({ text, isContent }) => [text, isContent])).toEqual([
    ['<u>', false],
    [' <|im_end|> ', true],
    ['</u>', false],
  ]);
  expect(piecesOf('<u>n0x</u>', 'n', messages, '<u><|im_end|></u>')?.[1]?.text).toBe('<|im_end|>');
  expect(piecesOf('<u>n0x</u>', 'n', messages, '<u>CHANGED</u>')).toBeUndefined();
});
