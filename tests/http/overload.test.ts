import { expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { gauge, pause, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
/** An engine that can do 40 calls a second, and a line in front of it as long as 1.6 s of its work. */
const SLOTS = 4;
const HOLD_MS = 100;
const PER_SECOND = (SLOTS * 1_000) / HOLD_MS;
const QUEUE = 64;
const QUEUE_MS = (QUEUE / PER_SECOND) * 1_000;
/** Fake time goes on in such steps: no call is measured more exactly. */
const STEP_MS = 25;
/** Turns of the event loop in which all that is due has happened, disk and sockets included: each hundredth takes a millisecond. */
const TURNS_MAX = 500_000;

/** A call as its client sees it; times of the fake clock, `status` 0 while it has no answer. */
interface Call {
  readonly sentAt: number;
  status: number;
  retryAfter: string | null;
  endedAt: number;
}

const served = (calls: readonly Call[]) => calls.filter(({ status }) => status === 200);
const refused = (calls: readonly Call[]) => calls.filter(({ status }) => status !== 200 && status !== 0);
const took = (calls: readonly Call[]) => calls.map(({ sentAt, endedAt }) => endedAt - sentAt).toSorted((a, b) => a - b);
const p99 = (calls: readonly Call[]) => took(calls)[Math.ceil(calls.length * 0.99) - 1] ?? Number.NaN;
const sentFrom = (calls: readonly Call[], from: number) => calls.filter(({ sentAt }) => sentAt >= from);

/** Sends calls at a rate of the fake clock, which goes on only when everybody has done what is due. */
class Load {
  readonly calls: Call[] = [];
  readonly #modelyard: Harness;
  readonly #clock: FakeClock;
  readonly #sent: Promise<void>[] = [];
  #open = 0;

  constructor(modelyard: Harness, clock: FakeClock) {
    this.#modelyard = modelyard;
    this.#clock = clock;
  }

  /** Offers so many calls a second for so long. Returns those that were sent in this time, and how many ended well in it. */
  async offer(perSecond: number, seconds: number): Promise<{ sent: Call[]; goodput: number }> {
    const since = this.#clock.monotonic();
    const before = this.calls.length;
    for (let step = 1; step <= (seconds * 1_000) / STEP_MS; step++) {
      const due = before + Math.floor((step * STEP_MS * perSecond) / 1_000);
      while (this.calls.length < due) this.#sent.push(this.#send());
      await this.#settle();
      await this.#clock.advance(STEP_MS);
      await this.#settle();
    }
    return { sent: this.calls.slice(before), goodput: served(this.calls).filter(({ endedAt }) => endedAt > since).length };
  }

  /** Who is too many has been told so, and no slot is free while somebody waits. */
  async #settle(): Promise<void> {
    const { launcher } = this.#modelyard;
    for (let turn = 0; this.#open > SLOTS + QUEUE || launcher.running !== Math.min(SLOTS, this.#open); turn++) {
      if (turn > TURNS_MAX) throw new Error(`${this.#open} calls are open, of which ${launcher.running} run; the engine takes ${SLOTS}, the line ${QUEUE}`);
      await (turn % 100 === 99 ? pause(1) : new Promise((resolve) => setImmediate(resolve)));
    }
  }

  ended(): Promise<unknown> {
    return Promise.all(this.#sent);
  }

  async #send(): Promise<void> {
    const call: Call = { sentAt: this.#clock.monotonic(), status: 0, retryAfter: null, endedAt: Number.NaN };
    this.calls.push(call);
    this.#open++;
    const answer = await this.#modelyard.call(CHAT, { body: chatBody('busy', 'x') });
    await answer.arrayBuffer();
    this.#open--;
    Object.assign(call, { status: answer.status, retryAfter: answer.headers.get('retry-after'), endedAt: this.#clock.monotonic() });
  }
}

test(
  'S2: three times the load for a minute: the engine is kept busy, who is accepted waits no longer than the line is, others are refused at once; five seconds later all is as before',
  { timeout: 180_000 },
  async () => {
    const clock = new FakeClock();
    const modelyard = await startHarness({ clock, config: { queueMax: QUEUE } });
    modelyard.launcher.clock = clock;
    await whileAdvancing(clock, modelyard.deployEcho('busy', { slots: SLOTS, delayMs: HOLD_MS }));
    await whileAdvancing(clock, modelyard.deployEcho('idle'));
    const load = new Load(modelyard, clock);

    const before = await load.offer(PER_SECOND / 2, 5);
    expect(refused(before.sent)).toEqual([]);
    const unloaded = p99(served(before.sent));
    expect(unloaded).toBeGreaterThanOrEqual(HOLD_MS);

    const overload = await load.offer(PER_SECOND * 3, 60);
    expect(overload.sent).toHaveLength(PER_SECOND * 3 * 60);
    expect(overload.goodput).toBeGreaterThanOrEqual(0.9 * PER_SECOND * 60);
    // The last step's calls came before its slots were free.
    const waiting = await gauge(modelyard, 'waiting', 'busy');
    expect(waiting).toBeLessThanOrEqual(QUEUE);
    expect(waiting).toBeGreaterThanOrEqual(QUEUE - SLOTS);
    // Another model's calls wait for none of this.
    const at = clock.monotonic();
    expect([(await modelyard.call(CHAT, { body: chatBody('idle', 'x') })).status, clock.monotonic()]).toEqual([200, at]);
    const told = refused(overload.sent);
    expect(told.length).toBeGreaterThan(PER_SECOND * 60);
    expect(new Set(told.map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(new Set(['503 1']));
    expect(took(told).at(-1)).toBe(0);

    const again = await load.offer(PER_SECOND, 10);
    const accepted = served(overload.sent);
    expect(accepted.length + told.length).toBe(overload.sent.length);
    expect(p99(accepted)).toBeLessThanOrEqual(2 * unloaded + QUEUE_MS);
    // The line is as long as before, for as many come as go: nobody is refused.
    expect(refused(sentFrom(again.sent, clock.monotonic() - 5_000))).toEqual([]);
    expect(again.goodput).toBeGreaterThanOrEqual(0.95 * PER_SECOND * 10);

    const after = await load.offer(PER_SECOND / 2, 10);
    expect(refused(after.sent)).toEqual([]);
    await whileAdvancing(clock, load.ended());
    const recovered = sentFrom(after.sent, (after.sent[0]?.sentAt ?? Number.NaN) + 5_000);
    expect(served(recovered)).toHaveLength(recovered.length);
    expect(p99(recovered)).toBeLessThanOrEqual(unloaded + STEP_MS);
    process.stdout.write(
      `of ${overload.sent.length} calls in a minute, three times what the engine can do, ${overload.goodput} ended well, ${told.length} were refused; p99 ${p99(accepted)} ms, ${unloaded} ms without load; at what the engine can do ${refused(again.sent).length} were refused; at half of it, after five seconds, p99 ${p99(recovered)} ms\n`,
    );
    await whileAdvancing(clock, modelyard.stop());
  },
);
