import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { RevisionRoute } from '../../contract/feeds.ts';
import type { Work } from '../call.ts';

/** Engines that an input may end, running there alone, before it is refused. */
const CRASHES_MAX = 2;
/** How long an input is refused, and how long its first crash is remembered. */
const TTL_MS = 3_600_000;
/** Inputs that are remembered; the oldest goes. */
const INPUTS_MAX = 10_000;

interface Suspect {
  crashes: number;
  /** Monotonic milliseconds. */
  until: number;
}

/**
 * Inputs that end engines: an input that has done so twice, alone each time so that it and nothing beside it is to blame, is refused for an hour (S18).
 * One that is answered meanwhile is not to blame: its engine was ended by something else, and a text that many send would be refused for it.
 */
export class Quarantine {
  readonly #clock: Clock;
  readonly #suspects = new Map<string, Suspect>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An engine was lost while it computed this and nothing else. Returns whether it is refused from now on. */
  crashed(revision: RevisionRoute, work: Work): boolean {
    const key = fingerprint(revision, work);
    const suspect = this.#find(key) ?? { crashes: 0, until: 0 };
    suspect.crashes++;
    suspect.until = this.#clock.monotonic() + TTL_MS;
    this.#suspects.delete(key);
    this.#suspects.set(key, suspect);
    if (this.#suspects.size > INPUTS_MAX) this.#suspects.delete(this.#suspects.keys().next().value ?? '');
    return suspect.crashes >= CRASHES_MAX;
  }

  /** An engine has computed this to its end. */
  answered(revision: RevisionRoute, work: Work): void {
    if (this.#suspects.size > 0) this.#suspects.delete(fingerprint(revision, work));
  }

  /** Why this is refused; undefined: it is not. As long as no engine was lost to an input, nothing is looked at. */
  refusal(revision: RevisionRoute, work: Work): Fault | undefined {
    if (this.#suspects.size === 0) return undefined;
    const suspect = this.#find(fingerprint(revision, work));
    if (!suspect || suspect.crashes < CRASHES_MAX) return undefined;
    const seconds = Math.ceil((suspect.until - this.#clock.monotonic()) / 1_000);
    return new Fault(
      'unprocessable',
      'quarantined',
      `This input has ended the engine of "${revision.model}" ${suspect.crashes} times; it is refused for another ${seconds} s. Other inputs are served.`,
      {
        retryAfterSeconds: seconds,
      },
    );
  }

  #find(key: string): Suspect | undefined {
    const suspect = this.#suspects.get(key);
    if (!suspect || suspect.until > this.#clock.monotonic()) return suspect;
    this.#suspects.delete(key);
    return undefined;
  }
}

/** Each is asked for before it is sent and after it was answered. */
const DIGESTS = new WeakMap<Work, string>();

/** What an engine is given, and the model version that computes it; nothing of who asks. */
function fingerprint({ model, version }: RevisionRoute, work: Work): string {
  let digest = DIGESTS.get(work);
  if (digest === undefined) DIGESTS.set(work, (digest = digestOf(work)));
  return `${model}:${version}\n${digest}`;
}

function digestOf(work: Work): string {
  const hash = createHash('sha256');
  if (work.kind === 'forward') return hash.update(work.path).update(work.body).digest('base64');
  for (const { name, datatype, shape, data } of work.request.inputs) hash.update(JSON.stringify([name, datatype, shape, data.length])).update(data);
  return hash.digest('base64');
}
