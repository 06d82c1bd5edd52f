import type { Clock } from '../../base/clock.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { visibleDeployments } from '../../data-plane/resolve/resolve.ts';
import { InnerCalls } from '../inner-calls.ts';
import type { ControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';

/** Calls that this server makes itself; what they need is there once all is joined. */
export function composeInnerCalls(clock: Clock, joined: () => { readonly control: ControlPlane; readonly plane: DataPlane }): InnerCalls {
  const all: Pick<CallerEntry, 'orgId' | 'orgName' | 'scopes'> = { orgId: '', orgName: '', scopes: ['operator'] };
  return new InnerCalls({
    clock,
    entryOf: (keyId) => joined().control.entitlements.byKeyId(keyId),
    find: (hash) => joined().control.entitlements.find(hash),
    visible: (caller) => visibleDeployments(caller, joined().plane.routes),
    revisions: (deployment) => joined().control.deployments.get(all, deployment).revisions,
    inference: (...call) => joined().plane.inference(...call),
  });
}
