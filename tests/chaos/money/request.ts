const TRIES_MAX = 100;
const RETRY_MS = 100;

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
}

/** Until it is answered: servers come and go. Undefined: it was refused. */
export async function request(url: string, key: string, { method, body }: Asked = {}): Promise<unknown> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await fetch(url, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
      const text = await response.text();
      if (response.ok) return text === '' ? {} : JSON.parse(text);
      if (response.status < 500 && !text.includes('receipt_pending')) return undefined;
    } catch {
      // Nobody is there just now.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  throw new Error(`${url} was not answered`);
}
