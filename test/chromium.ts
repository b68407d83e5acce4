import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { folder } from './eulab.ts';

/** A page that headless Chromium shows. */
export interface Page extends AsyncDisposable {
  /** What an expression gives in the page, as JSON carries it. */
  evaluate<Result>(expression: string): Promise<Result>;
  /** The addresses that it asked for, its own left out. */
  readonly requests: readonly string[];
  /** What it wrote to its console, and errors. */
  readonly said: readonly string[];
}

// Without these, Chromium asks its maker's hosts at every start, and a root without user namespaces has no sandbox.
const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'];
const offline = ['--disable-background-networking', '--disable-sync'];

/**
 * Opens a file in headless Chromium and waits until it is loaded.
 *
 * Spoken to by the DevTools protocol over a pipe: messages of JSON, each ended by a NUL, on the descriptors 3 and 4.
 *
 * @see https://chromedevtools.github.io/devtools-protocol
 */
export async function open(file: string): Promise<Page> {
  const profile = folder();
  const args = [...quiet, ...offline, `--user-data-dir=${profile.path}`, '--remote-debugging-pipe'];
  const child = spawn('chromium', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const url = pathToFileURL(file).href;
  const [requests, said]: [string[], string[]] = [[], []];
  const events = new Map<string, (params: Params) => void>([
    ['Network.requestWillBeSent', ({ request }) => void (request?.url === url || requests.push(request?.url ?? ''))],
    ['Runtime.consoleAPICalled', (params) => void said.push(JSON.stringify(params))],
    ['Runtime.exceptionThrown', (params) => void said.push(JSON.stringify(params))],
    ['Log.entryAdded', (params) => void said.push(JSON.stringify(params))],
  ]);
  const exited = once(child, 'exit').catch(() => undefined);
  const call = conversation(child, events);
  // Chromium's other processes write to the profile until it closes by itself.
  const close = async () => {
    await call('Browser.close', {}).catch(() => child.kill('SIGKILL'));
    await exited;
    profile[Symbol.dispose]();
  };
  try {
    const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await call(`${domain}.enable`, {}, sessionId);
    const loaded = new Promise<void>((resolve) => events.set('Page.loadEventFired', () => resolve()));
    await call('Page.navigate', { url }, sessionId);
    await loaded;
    return {
      requests,
      said,
      evaluate: async (expression) => {
        const { result, exceptionDetails } = await call('Runtime.evaluate', { expression, returnByValue: true }, sessionId);
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
        return result.value;
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the protocol's messages have as many shapes as it has methods
type Params = any;

/** Sends a method and gives its result; events go to their listeners. */
function conversation(child: ChildProcess, events: ReadonlyMap<string, (params: Params) => void>) {
  const [input, output] = [child.stdio[3] as Duplex, child.stdio[4] as Readable];
  const waiting = new Map<number, { resolve(result: Params): void; reject(error: Error): void }>();
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const messages = (rest + chunk).split('\0');
    rest = messages.pop() ?? '';
    for (const { id, method, params, result, error } of messages.map((message) => JSON.parse(message))) {
      if (id === undefined) events.get(method)?.(params);
      else if (error === undefined) waiting.get(id)?.resolve(result);
      else waiting.get(id)?.reject(new Error(JSON.stringify(error)));
    }
  });
  let over: Error | undefined;
  const gone = (why: string) => () => {
    over = new Error(`chromium ${why}`);
    for (const { reject } of waiting.values()) reject(over);
  };
  input.on('error', () => undefined);
  child.once('exit', gone('ended'));
  child.once('error', gone('cannot be started'));
  let last = 0;
  return (method: string, params: object, sessionId?: string) =>
    new Promise<Params>((resolve, reject) => {
      if (over !== undefined) return reject(over);
      last += 1;
      waiting.set(last, { resolve, reject });
      input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}
