import { EulabError, status } from '../errors.ts';
import type { Call, Called } from './child.ts';
import type { Work } from './tool.ts';

/** Runs a verb that writes a document to stdout, and gives that document. @throws EulabError as the verb had it. */
export async function documentOf(
  call: Call,
  { children, signal, onEvent }: Pick<Work, 'children' | 'signal' | 'onEvent'>,
): Promise<object> {
  const called = await children.run({ ...call, onEvent }, signal);
  const { text } = called.stdout;
  // Some statuses tell of what was found.
  if (/^\s*[[{]/.test(text)) return JSON.parse(text) as object;
  throw failureOf(called);
}

/** The error of a call that did not do what it was to do. Pure. */
export function failureOf({ end, stderr, status: code }: Called): EulabError {
  const { message, hint, details } = end?.error ?? { message: stderr.text.trim(), hint: null, details: [] };
  return new EulabError(message || `eulab ended with ${code}`, {
    hint: hint ?? undefined,
    details: [...details],
    exitCode: code || status.failed,
  });
}
