import { connect } from 'node:net';
import { once } from 'node:events';
import { derivedKey, seal, unseal } from '../base/seal.ts';
import { Fault } from '../contract/errors.ts';
import type { ForeignAddress } from '../contract/feeds.ts';
import type { ForeignServers } from '../data-plane/ports.ts';
import type { Egress } from '../egress/egress.ts';

/** What credentials of other people's servers are sealed by: the home's own secret, and the origin that they are for. */
export class Credentials {
  readonly #key: Buffer;

  constructor(signingKey: Buffer) {
    this.#key = derivedKey(signingKey, 'credentials of foreign servers');
  }

  /** @param url of the server: its origin is the only one that the credential can be opened for */
  seal(credential: string, url: string): string {
    return seal(this.#key, credential, originOf(url));
  }

  /** @throws Fault `credential_unreadable` when it was sealed by another home, or for another origin */
  open(sealed: string, url: string): string {
    const credential = unseal(this.#key, sealed, originOf(url));
    if (credential !== undefined) return credential;
    throw new Fault('bad_upstream', 'credential_unreadable', 'The credential of the server behind this model can not be opened here; its operator has to set it again.');
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** Servers that we have started are on this machine; all others are reached through `egress/`. */
export function foreignServers(egress: Egress, credentials: Credentials): ForeignServers {
  return {
    async connect({ url, isOurs }) {
      if (!isOurs) return egress.connect(url, 'operator');
      const { hostname, port } = new URL(url);
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, 'connect');
      return socket;
    },
    credential: ({ sealed, url }: ForeignAddress) => (sealed === undefined ? undefined : credentials.open(sealed, url)),
  };
}
