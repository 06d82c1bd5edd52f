import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/**
 * A webhook's secret: made of the home's signing key and what the secret is for, so that no table holds it.
 * The form is that of Standard Webhooks: `whsec_` and base64 of 32 bytes.
 */
export function webhookSecret(signingKey: Buffer, purpose: string): string {
  return `${SECRET_PREFIX}${createHmac('sha256', signingKey).update(`webhook:${purpose}`).digest('base64')}`;
}

/**
 * Headers of a signed webhook: HMAC-SHA256 over `id.timestamp.body`, base64 behind `v1,`; the timestamp is in seconds since 1970.
 * Source: the Standard Webhooks specification, so that its libraries verify it.
 */
export function signedHeaders(secret: string, { id, body, nowMs }: { readonly id: string; readonly body: string; readonly nowMs: number }): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
