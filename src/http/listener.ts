import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { Fault, toFault } from '../contract/errors.ts';
import type { FaultEncoder } from '../data-plane/call.ts';
import type { InferenceHandler } from './inference.ts';
import type { Exposure } from './exposure.ts';
import { ConnectionLimit } from './connections.ts';
import { HttpExchange, pathOf } from './exchange.ts';
import { refuseForm } from './media.ts';
import { sendFault } from './sink.ts';
import { faultsOf, isInferencePath, matchRoute } from '../data-plane/protocols/table.ts';
import { watchReader } from './slow-reader.ts';
import { isHealthPath, overloadedFault, type Pressure } from './pressure.ts';

const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const HEADER_BYTES_MAX = 16_384;
/** So often node:http looks for requests that take too long: by so much they may be late. */
const CHECK_EVERY_MS = 1_000;

/** What a client may take of this server without giving anything (S25, S29). */
export interface SocketLimits {
  /** Connections that are served at once. */
  readonly connectionsMax: number;
  /** A request's head is here so long after its first byte, or the connection's start. */
  readonly headersTimeoutMs: number;
  /** The whole request. */
  readonly requestTimeoutMs: number;
  /** A reader who takes nothing for so long is cut off. */
  readonly stallMs: number;
}

export interface ListenerOptions {
  readonly clock: Clock;
  readonly inference: InferenceHandler;
  readonly exposure: Exposure;
  /** Absent: plain http. */
  readonly certificate?: Certificate | undefined;
  readonly pressure: Pick<Pressure, 'shedding'>;
  readonly sockets: SocketLimits;
  /** Told of each request that is turned away because the server has too much to do: no call has come of it that would be counted. */
  turnedAway(fault: Fault): void;
}

/** PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes the one server: inference routes by the fixed table, all else by `control` (fastify's own handler). */
export function createListener({ clock, inference, exposure, certificate, pressure, sockets, turnedAway }: ListenerOptions, control: RequestListener): Server {
  const { stallMs, headersTimeoutMs: headersTimeout, requestTimeoutMs: requestTimeout } = sockets;
  const parts = { clock, exposure, stallMs };
  const connections = new ConnectionLimit(sockets.connectionsMax);
  /** Why a request is not served just now, however right it is. */
  const busyFault = ({ socket }: IncomingMessage, path: string): Fault | undefined => {
    const fault = connections.refuse(socket) ?? (pressure.shedding ? overloadedFault() : undefined);
    return fault && !isHealthPath(path) ? fault : undefined;
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    let exchange: HttpExchange | undefined;
    response.on('close', () => {
      exchange?.closed();
      // A connection that stays open after its last answer would hold up a server that is stopping.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    const path = pathOf(request);
    const fault = exposure.refuse(request);
    if (fault) return sendFault(response, fault, faultsOf(path), clock);
    const busy = busyFault(request, path);
    if (busy) {
      turnedAway(busy);
      return sendBusy(response, busy, faultsOf(path), clock);
    }
    if (!isInferencePath(path)) {
      watchReader(response, clock, stallMs);
      return control(request, response);
    }
    const matched = matchRoute(request.method ?? 'GET', path);
    if ('fault' in matched) return sendFault(response, matched.fault, matched.faults, clock);
    const form = refuseForm(request);
    if (form) return sendFault(response, form, matched.route.faults, clock);
    exchange = new HttpExchange(request, response, parts);
    inference(matched.route, matched.params, exchange).catch((error: unknown) => exchange?.reply(matched.route.faults).fail(toFault(error)));
  };
  const options = {
    headersTimeout,
    requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    noDelay: true,
  };
  // Of what is used of a server, node:https' has all that node:http's has.
  const server = certificate
    ? (createSecureServer({ ...options, ...certificate, minVersion: 'TLSv1.2', handshakeTimeout: headersTimeout }, handle) as unknown as Server)
    : createServer(options, handle);
  connections.watch(server);
  // With `Expect: 100-continue` an inference body is only sent once its key has been seen; fastify waits for a body that was asked for.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    if (!isInferencePath(path) && !busyFault(request, path)) response.writeContinue();
    handle(request, response);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => sendFault(response, UNEXPECTED, faultsOf(pathOf(request)), clock));
  server.on('connect', refuseTunnel);
  server.on('clientError', refuseUnreadable);
  return server;
}

/** The connection goes too: what can't be served is not waited for. */
function sendBusy(response: ServerResponse, fault: Fault, faults: FaultEncoder, clock: Clock): void {
  response.shouldKeepAlive = false;
  sendFault(response, fault, faults, clock);
}

const UNEXPECTED = new Fault('invalid_argument', 'unsupported_expectation', 'The header "Expect" has a value that is not accepted; send "100-continue" or leave it out.');

const UNREADABLE: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', `The request's headers are longer than ${HEADER_BYTES_MAX} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request did not arrive in time.'],
};

type Refusal = readonly [status: string, code: string, message: string];

/** What is not HTTP never becomes a request; it still gets an answer in JSON. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
  else refuse(socket, UNREADABLE[error.code ?? ''] ?? ['400 Bad Request', 'malformed_request', 'The request is not valid HTTP.']);
}

function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  // The server has let go of this socket, and with it of its errors.
  socket.on('error', () => undefined);
  refuse(socket, ['405 Method Not Allowed', 'method_not_allowed', 'This server is no proxy: CONNECT is not accepted.']);
}

function refuse(socket: Duplex, [status, code, message]: Refusal): void {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Starts listening. @throws Fault `port_in_use`, with what to do, when somebody else has the port */
export function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Fault('unavailable', 'port_in_use', `Port ${port} on ${host} is taken by another program; stop that one or choose another with --port.`);
  if (error.code === 'EACCES') return new Fault('permission_denied', 'port_not_allowed', `Port ${port} needs more rights than this user has; choose one above 1023 with --port.`);
  return error;
}
