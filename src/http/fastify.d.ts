import type { Scope, CallerEntry } from '../contract/feeds.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key needs for this route. A route without one is refused at start: deny by default. */
    scope?: Scope | 'public';
  }
  interface FastifyRequest {
    /** Who calls; set by the one authentication hook before a handler runs. */
    caller: CallerEntry;
  }
}
