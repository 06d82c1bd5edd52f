import type { IncomingHttpHeaders } from 'node:http';
import type { DeploymentRoute } from '../../contract/feeds.ts';
import type { ModelFigures } from '../../telemetry/model-stats.ts';
import type { DecodedRequest, FaultEncoder, RequiredScope } from '../call.ts';

/** What a client may ask for: one row of the fixed route table. */
export type InferenceRoute = InferRoute | AnswerRoute;

interface RouteBase {
  readonly method: 'GET' | 'POST';
  /** Path parameters when the path is this route's; each was decoded once. */
  match(path: string): PathParams | undefined;
  readonly operation: string;
  readonly scope: RequiredScope;
  readonly faults: FaultEncoder;
}

/** Goes down the whole request path. */
export interface InferRoute extends RouteBase {
  readonly kind: 'infer';
  decode(body: Buffer, params: PathParams, headers: IncomingHttpHeaders): DecodedRequest;
}

/** Answered by the gateway itself, from what it knows. */
export interface AnswerRoute extends RouteBase {
  readonly kind: 'answer';
  answer(question: Question): Answer | Promise<Answer>;
}

export interface PathParams {
  readonly model?: string;
  readonly version?: string;
}

/** What an answer may be made of: all of it is the caller's own to see. */
export interface Question {
  readonly params: PathParams;
  /** The request's body; empty where it has none. */
  body(): Promise<Buffer>;
  /** The deployments that the caller may call, sorted by name; none on a public route. */
  visible(): readonly DeploymentRoute[];
  /** Those of them that are the caller's own, or anybody's for an operator. */
  owned(): readonly DeploymentRoute[];
  /** What this gateway's calls of a model version have come to. */
  figures(deployment: string, version: number): ModelFigures;
  /** Orders a model of the caller's loaded, or taken away, and waits until it is. */
  load(name: string): Promise<void>;
  unload(name: string): Promise<void>;
  /** Whether this gateway takes calls. */
  readonly ready: boolean;
  /** Whether its thread is on time. */
  readonly live: boolean;
  readonly version: string;
  /** This server is to be taken for NVIDIA's. */
  readonly asTriton: boolean;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
}

/** A route with a path of its own. */
export function exactly(path: string): (candidate: string) => PathParams | undefined {
  return (candidate) => (candidate === path ? {} : undefined);
}

/** Decodes one path piece once; what can't be decoded is no name. */
export function decodeOnce(piece: string): string | undefined {
  try {
    return decodeURIComponent(piece);
  } catch {
    return undefined;
  }
}
