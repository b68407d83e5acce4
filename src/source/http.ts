import { EulabError } from '../errors.ts';
import type { Fetching } from './source.ts';

/** Nothing came from a site at all; `reason` is a phrase such as "connection refused". */
export class Unreachable extends EulabError {
  readonly reason: string;

  constructor(url: string, reason: string, cause: unknown) {
    super(`${url}: ${reason}`, {
      hint: proxyHint() ?? 'is the network up? A local tarball or folder is taken as well',
      check: 'sources',
      cause,
    });
    this.reason = reason;
  }
}

/** A site answered, and the answer is no; `code` is the HTTP status. */
export class Refused extends EulabError {
  readonly code: number;

  constructor(url: string, code: number) {
    super(`${url}: HTTP status ${code}${code === 404 ? ' (there is no such file)' : ''}`, {
      hint: code === 404 ? 'check the version, and the URL of the mirror' : 'try again later, or another mirror',
    });
    this.code = code;
  }
}

/** The head of a reply, and its body as it comes. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** @throws EulabError when the body ends before its announced length, or nothing comes for the idle limit. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The reply to one GET, redirects followed.
 *
 * @throws Unreachable when no reply comes; Refused when its status is 400 or more, but for those in `accept`.
 */
export async function get(
  url: string,
  { limits, signal }: Pick<Fetching, 'limits' | 'signal'>,
  { headers = {}, accept = [] }: { readonly headers?: Record<string, string>; readonly accept?: readonly number[] } = {},
): Promise<Reply> {
  signal?.throwIfAborted();
  const watch = new AbortController();
  let timer = setTimeout(() => watch.abort(), limits.connectMs);
  try {
    const response = await fetch(url, {
      // Compressed on the way it would not be the file whose checksum is known, nor could it be resumed.
      headers: { 'accept-encoding': 'identity', ...headers },
      signal: signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]),
    });
    clearTimeout(timer);
    if (!response.ok && !accept.includes(response.status)) {
      await response.body?.cancel();
      throw new Refused(url, response.status);
    }
    const rearm = () => {
      clearTimeout(timer);
      timer = setTimeout(() => watch.abort(), limits.idleMs);
    };
    return { status: response.status, headers: response.headers, body: watched(response, rearm, () => clearTimeout(timer)) };
  } catch (error) {
    clearTimeout(timer);
    signal?.throwIfAborted();
    if (error instanceof Refused) throw error;
    const reason = watch.signal.aborted ? `no answer in ${limits.connectMs / 1000} s` : reasonOf(error);
    throw new Unreachable(url, reason, error);
  }
}

/**
 * A small text file.
 *
 * @throws as `get`; EulabError when it is cut short or larger than 16 MiB.
 */
export async function getText(url: string, fetching: Pick<Fetching, 'limits' | 'signal'>): Promise<string> {
  const reply = await get(url, fetching);
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of reply.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > 2 ** 24) throw new EulabError(`${url} is larger than 16 MiB, which no such list is`);
    }
  } catch (error) {
    fetching.signal?.throwIfAborted();
    if (error instanceof EulabError) throw error;
    throw new EulabError(`${url}: the connection was cut`, { hint: 'run it again', cause: error });
  }
  return text + decoder.decode();
}

async function* watched(response: Response, rearm: () => void, disarm: () => void): AsyncGenerator<Uint8Array> {
  try {
    rearm();
    for await (const chunk of response.body ?? []) {
      disarm();
      yield chunk as Uint8Array;
      rearm();
    }
  } finally {
    disarm();
  }
}

const reasons: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'DNS does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'no such host name in DNS',
  ETIMEDOUT: 'connecting took too long',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_SOCKET: 'the connection was cut',
};

/** Why fetch failed: it says only "fetch failed" and keeps the reason as its cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause ? String(cause.code) : '';
  return reasons[code] ?? (cause.message || code || 'no connection');
}

function proxyHint(): string | undefined {
  const set = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find((name) => process.env[name]);
  if (set === undefined || process.env['NODE_USE_ENV_PROXY'] === '1') return undefined;
  return `${set} is set, and Node follows it only since 22.21 and with NODE_USE_ENV_PROXY=1; or fetch the tarball yourself and name the file`;
}
