import { Fault } from '../../contract/errors.ts';
import type { GatewayRun, Leasing } from './leasing.ts';
import type { Lease, LeaseOrder } from './ports.ts';

/** The gateway of this process: what it leases by (`LeaseSource` of the data plane), once it is registered. */
export class OwnGateway {
  readonly name: string;
  readonly #leasing: Leasing;
  #run: GatewayRun | undefined;

  /** @param name the same after a restart, and no other gateway's on the same database */
  constructor(leasing: Leasing, name: string) {
    this.#leasing = leasing;
    this.name = name;
  }

  /** Undefined until it is registered. */
  get run(): GatewayRun | undefined {
    return this.#run;
  }

  /** Begins a run, before the first lease and before what earlier ones have left is posted. */
  async register(): Promise<void> {
    this.#run = await this.#leasing.registerGateway(this.name);
  }

  async lease(order: LeaseOrder): Promise<Lease> {
    if (!this.#run) throw new Fault('unavailable', 'gateway_starting', 'The server is starting.', { retryAfterSeconds: 1 });
    return this.#leasing.lease(this.#run, order);
  }

  giveBack(lease: string): Promise<void> {
    return this.#leasing.giveBack(lease);
  }
}
