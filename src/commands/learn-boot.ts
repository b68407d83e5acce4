import { Readable, Writable } from 'node:stream';
import { markCache } from '../artifacts/cache.ts';
import { logFile } from '../boot/console.ts';
import { BootError } from '../boot/diagnose/diagnose.ts';
import type { Course } from '../boot/outcome.ts';
import { runCommand } from '../boot/run.ts';
import type { Booting, Seen } from '../learn/trial.ts';
import { inspect, plan } from './boot.ts';
import { claimer } from './boot-machine.ts';
import { described } from './boot-options.ts';
import type { Context } from './context.ts';
import { guestCommand } from './guest-command.ts';

/** A machine of a lab's that has not come to its end by then is ended. */
const mostMs = 20_000;

/**
 * Boots as `eulab boot` does with these options, and says what the machine did: a machine that fails is an answer. Files of settings
 * say nothing here: a lab is the same for everybody.
 *
 * @throws EulabError for options that cannot be, files that are not there, a host that is not ready.
 */
export async function bootFor(context: Context, { options: words, command = ['true'], onStub }: Booting): Promise<Seen> {
  // What a variable of the environment says wrongly is told by the error.
  const asked = described()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  asked.parse([...words], { from: 'user' });
  const options = asked.opts();
  const inspection = await inspect(command, options);
  const { machine } = await plan(context, command, options, inspection);
  const { cache } = context.workspace();
  await markCache(cache);
  const heard = { stdout: kept(), stderr: kept() };
  let folder = '';
  const { claim: claimOne } = await claimer(context, command, options);
  const claim = async () => {
    const claimed = await claimOne();
    folder = claimed.folder;
    return claimed;
  };
  // Said once QEMU listens: how gdb comes in.
  heard.stderr.onText = (text) => {
    if (text.includes('target remote')) onStub?.(`${folder}/gdb`);
  };
  let course: Course | undefined;
  const none = { passSignal: () => nothing, resized: () => nothing };
  const run = runCommand({
    ...{ machine, inspection, claim, log: logFile(cache), events: none, signal: context.signal },
    command: guestCommand(command, options, context.env),
    streams: { stdin: Readable.from([]), stdout: heard.stdout.stream, stderr: heard.stderr.stream },
    timeoutMs: options.timeout ?? mostMs,
    timed: false,
    limits: options.limit ?? {},
    onEnd: (seen) => {
      course = seen;
    },
  });
  const end = await run.then(
    (code) => ({ status: code, diagnosis: undefined }),
    (error: unknown) => {
      if (error instanceof BootError) return { status: undefined, diagnosis: error.diagnosis };
      throw error;
    },
  );
  const [stdout, stderr] = [heard.stdout.text(), heard.stderr.text()];
  return { ...end, stdout, stderr, console: course?.lines.map(({ text }) => text) ?? [] };
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/** A stream that keeps what is written to it. */
function kept() {
  const chunks: Buffer[] = [];
  const sink: { stream: Writable; text: () => string; onText?: (text: string) => void } = {
    stream: new Writable({
      write: (chunk, _encoding, done) => {
        chunks.push(Buffer.from(chunk));
        sink.onText?.(String(chunk));
        done();
      },
    }),
    text: () => Buffer.concat(chunks).toString(),
  };
  return sink;
}
