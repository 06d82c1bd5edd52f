import { decimalOf } from './arithmetic.ts';
import type { PriceChange } from './evidence.ts';
import { type Market, RATES, type Terms } from './market.ts';
import { type Asked, request } from './request.ts';

/** What is changed, after which part of the kills. A price that rises comes to who accepts it, one that falls to all at once. */
const STEPS = [
  { after: 0.2, does: (changes: Changes) => changes.reprice(1.5, [0]) },
  { after: 0.35, does: (changes: Changes) => changes.rotate() },
  { after: 0.5, does: (changes: Changes) => changes.reprice(0.8, []) },
  { after: 0.65, does: (changes: Changes) => changes.rotate() },
  { after: 0.8, does: (changes: Changes) => changes.reprice(1.3, [1, 2]) },
] as const;
const OVERLAP_SECONDS = 1;

interface Standing {
  readonly price?: { readonly version: string };
}

/** Changes prices and keys between kills, while calls go on, and notes when each contract came to which price. */
export class Changes {
  readonly #url: string;
  readonly #terms: Terms | undefined;
  readonly #noted: PriceChange[];
  readonly #stands: Map<string, string>;
  #keyId: string;
  #done = 0;
  prices = 0;
  rotations = 0;

  constructor(url: string, { terms, changes }: Market) {
    this.#url = url;
    this.#terms = terms;
    this.#noted = [...changes];
    this.#stands = new Map(changes.map(({ subscription, version }) => [subscription, version]));
    this.#keyId = terms?.rotated.keyId ?? '';
  }

  /** Of each contract the oldest first. */
  get noted(): readonly PriceChange[] {
    return this.#noted;
  }

  /** Does what is due once this part of the kills is over. */
  async due(part: number): Promise<void> {
    for (let step = STEPS[this.#done]; this.#terms && step && step.after <= part; step = STEPS[this.#done]) {
      this.#done++;
      await step.does(this);
    }
  }

  /** So many times the first rates; these contracts accept. */
  async reprice(times: number, accepting: readonly number[]): Promise<void> {
    const { seller, plan, contracts } = this.#part();
    const rates = Object.fromEntries(Object.entries(RATES).map(([unit, rate]) => [unit, decimalOf(BigInt(Math.round(Number(rate) * times * 1e6)))]));
    const from = Date.now();
    await this.#ask(`/plans/${plan}/price`, seller, { method: 'PUT', body: { rates } });
    await this.#note(from);
    for (const at of accepting) {
      const contract = contracts[at];
      if (!contract) throw new Error(`there is no contract ${at}`);
      const orderedAt = Date.now();
      await this.#ask(`/subscriptions/${contract.subscription}/accept`, contract.key, { body: {} });
      await this.#note(orderedAt);
    }
    this.prices++;
  }

  /** Gives the key a successor; it goes on for a moment. */
  async rotate(): Promise<void> {
    const { rotated, contracts } = this.#part();
    const made = (await this.#ask(`/keys/${this.#keyId}/rotate`, contracts[1]?.key ?? '', { body: { overlapSeconds: OVERLAP_SECONDS } })) as {
      key: string;
      details: { id: string };
    };
    rotated.buyer.key = made.key;
    this.#keyId = made.details.id;
    this.rotations++;
  }

  /** Looks which contracts have come to another price since `from`. */
  async #note(from: number): Promise<void> {
    for (const { subscription, key } of this.#part().contracts) {
      const version = ((await this.#ask(`/subscriptions/${subscription}`, key)) as Standing).price?.version ?? '';
      if (this.#stands.get(subscription) === version) continue;
      this.#stands.set(subscription, version);
      this.#noted.push({ subscription, version, from, until: Date.now() });
    }
  }

  #part(): Terms {
    if (!this.#terms) throw new Error('nothing is sold');
    return this.#terms;
  }

  async #ask(path: string, key: string, asked: Asked = {}): Promise<unknown> {
    const answer = await request(`${this.#url}/api/v1${path}`, key, asked);
    if (answer === undefined) throw new Error(`${path} was refused`);
    return answer;
  }
}
