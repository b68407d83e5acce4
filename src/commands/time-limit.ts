import { EulabError, status } from '../errors.ts';

/** The signal, or one that the time limit aborts first. */
export function limited(signal: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  if (timeoutMs === undefined) return signal;
  const limit = new AbortController();
  const reason = new EulabError(`the time limit of ${timeoutMs / 1000} s is over`, { exitCode: status.timeout });
  setTimeout(() => limit.abort(reason), timeoutMs).unref();
  return AbortSignal.any([signal, limit.signal]);
}
