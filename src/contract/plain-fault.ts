import { Fault, toFault, type FaultKind } from './errors.ts';

/** A Fault as plain values, for the way between threads: a class would lose its fields there. */
export interface PlainFault {
  readonly kind: FaultKind;
  readonly code: string;
  readonly message: string;
  readonly param: string | undefined;
  readonly cause: string | undefined;
}

export function plainFault(error: unknown): PlainFault {
  const { kind, code, message, param, cause } = toFault(error);
  return { kind, code, message, param, cause: cause === undefined ? undefined : String(cause) };
}

export function revive({ kind, code, message, param, cause }: PlainFault): Fault {
  return new Fault(kind, code, message, { ...(param !== undefined && { param }), ...(cause !== undefined && { cause }) });
}
