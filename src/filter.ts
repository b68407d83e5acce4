import { pipeline } from 'node:stream/promises';
import { type Command, show } from './command.ts';
import { CommandError, EulabError } from './errors.ts';
import { start } from './exec.ts';

/**
 * What a program makes of its standard input, in pieces as they come.
 *
 * @throws CommandError at the end when its status is not 0, with the first line that it said; EulabError (3) when there is no such program.
 */
export async function* filtered(
  command: Command,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { file } = command;
  const child = await start(command, ['pipe', 'pipe', 'pipe']);
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new EulabError(`${file} was started without pipes`);
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  // A program that ends early closes its input; its status says more than that. What the source throws, says more than either.
  let broken: { readonly error: unknown } | undefined;
  const fed = pipeline(
    watched(source, (error) => (broken = { error })),
    stdin,
  ).catch(() => undefined);
  try {
    yield* stdout;
    await fed;
    const code = await ended;
    if (broken !== undefined) throw (broken as { readonly error: unknown }).error;
    const line = said.trim().split('\n')[0] ?? '';
    const message = line === '' ? `${file} ended with status ${code}` : line;
    if (code !== 0) throw new CommandError(message, { shown: show(command), code: code ?? undefined, stderr: said });
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

async function* watched(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  fail: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    fail(error);
    throw error;
  }
}
