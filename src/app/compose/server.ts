import { VERSION } from '../../contract/version.ts';
import type { Clock } from '../../base/clock.ts';
import { type ControlOptions, createControl } from '../../http/control.ts';
import { createExposure } from '../../http/exposure.ts';
import { createListener } from '../../http/listener.ts';
import type { Pressure } from '../../http/pressure.ts';
import { readCertificate } from '../certificate.ts';
import type { Config } from '../config.ts';
import type { Readiness } from '../readiness.ts';
import type { Modelyard } from './modelyard.ts';

export interface ServerParts extends Pick<Modelyard, 'plane' | 'events' | 'metrics'> {
  readonly clock: Clock;
  readonly config: Pick<Config, 'exposure' | 'sockets'>;
  readonly pressure: Pressure;
  ready(): Readiness;
}

/** The one server of a process, a gateway's or a whole Modelyard's: inference routes by the data plane, all else by the control API, of which `api` is what it has. */
export async function composeServer({ plane, events, metrics, clock, config, pressure, ready }: ServerParts, api: Pick<ControlOptions, 'audit' | 'domains' | 'withoutApi'>) {
  const exposure = createExposure(config.exposure);
  const certificate = config.exposure.tls && (await readCertificate(config.exposure.tls));
  return createControl({
    ...api,
    clock,
    authenticate: plane.authenticate,
    exposure,
    version: VERSION,
    operations: { ready, live: () => !pressure.shedding, metrics },
    failed: (fault) => events.callRefused('control', fault),
    createServer: (handler) =>
      createListener(
        { clock, inference: plane.inference, exposure, certificate, sockets: config.sockets, pressure, turnedAway: (fault) => events.callRefused('listener', fault) },
        handler,
      ),
  });
}
