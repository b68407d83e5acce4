import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundled } from '../bundled.ts';
import { type McpClient, mcpClient } from '../client.ts';
import { expectDocument } from '../documents.ts';
import { bundle, ended, folder, leftWith, processesWith, root, startedProgram } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const here = folder();
const env = { EULAB_ACCEL: 'tcg', XDG_RUNTIME_DIR: here.path };
let server: McpClient;

beforeAll(async () => {
  server = await mcpClient(root, { env });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  here[Symbol.dispose]();
});

test('what was built is not built again', async () => {
  const { document, text } = await server.call('build_kernel');
  expect(document, text).toMatchObject({ built: false, product: 'kernel' });
  const { kernels } = (await server.call('kernels')).document;
  expectDocument('kernels', kernels);
  expect(kernels.filter(({ used }: { used: boolean }) => used)).toHaveLength(1);
});

test('a command in a guest: files, input, output, bytes, status', async () => {
  const told: string[] = [];
  const line = 'cat; cat /in/hello.c | wc -l; echo "$WORD" >&2; head -c 5 /bin/busybox >&2; seq 1 20000 | tail -n +9990; exit 42';
  const { document } = await server.call(
    'boot_and_run',
    {
      command: ['sh', '-c', line],
      stdin: 'first\n',
      env: { WORD: 'two words' },
      add: ['test/fixtures/hello/hello.c:/in/'],
      maxOutputBytes: 2048,
    },
    { onprogress: (message) => told.push(message) },
  );
  expectDocument('tool-boot', document);
  expect(document).toMatchObject({
    status: 42,
    stdoutEncoding: 'utf8',
    truncated: true,
    outcome: { status: 42, diagnosis: null },
  });
  expect(document.stdout).toMatch(/^first\n24\n9990\n[\s\S]*bytes are left out[\s\S]*\n20000\n$/);
  expect(document.stderr).toBe('two words\n\x7fELF\x02');
  expect(told.map((message) => message.replace(/ (after|:).*/, ''))).toEqual(
    expect.arrayContaining(['firmware', 'kernel', 'init', 'command']),
  );
});

test('bytes that are no text come in base64', async () => {
  const { document } = await server.call('boot_and_run', { command: ['head', '-c', '20', '/bin/busybox'] });
  expect(document).toMatchObject({ status: 0, stdoutEncoding: 'base64', stdoutBytes: 20, stderr: '' });
  expect(Buffer.from(document.stdout, 'base64').subarray(0, 4).toString('latin1')).toBe('\x7fELF');
});

test('a boot that fails has its diagnosis; a command that takes too long has 124', async () => {
  const [failed, late] = await Promise.all([
    server.call('boot_and_run', { command: ['true'], append: ['rdinit=/sbin/none'] }),
    server.call('boot_and_run', { command: ['sleep', '600'], timeoutSeconds: 10 }),
  ]);
  for (const { document } of [failed, late]) expectDocument('tool-boot', document);
  expect(failed?.document).toMatchObject({
    status: 255,
    outcome: { status: 255, diagnosis: { name: 'init-not-in-initramfs', proof: expect.any(Array) } },
  });
  expect(late?.document.status).toBe(124);
});

test('a machine that goes on running: commands, its console, its end', async () => {
  const mark = 'mark=mcp-machine';
  const { document: started, text } = await server.call('machine_start', { name: 'kept', append: [mark] });
  expectDocument('tool-start', started);
  expect(started, text).toMatchObject({ name: 'kept' });

  const [one, late] = await Promise.all([
    server.call('machine_exec', {
      name: 'kept',
      command: ['sh', '-c', 'cat; echo >/dev/kmsg said by the test; exit 3'],
      stdin: 'in',
    }),
    server.call('machine_exec', { name: 'kept', command: ['sleep', '600'], timeoutSeconds: 2 }),
  ]);
  for (const { document } of [one, late]) expectDocument('tool-exec', document);
  expect([one?.document.status, one?.document.stdout, late?.document.status]).toEqual([3, 'in', 124]);

  const { document: console } = await server.call('machine_console', { name: 'kept', lines: 50 });
  expectDocument('tool-console', console);
  expect(console.text).toContain('said by the test');
  expect((await server.call('machine_console', { name: 'kept', lines: 20_000 })).document.text).toContain('Linux version');

  const { machines } = (await server.call('machine_list')).document;
  expectDocument('machines', machines);
  expect(machines).toMatchObject([{ name: 'kept', console: started.console }]);
  expect((await server.call('machine_stop', { name: 'kept' })).document).toEqual({ machines: [] });
  expect(await leftWith(mark)).toEqual([]);
});

test('a call that is taken back ends its machine', async () => {
  const mark = 'mark=mcp-cancelled';
  const cancel = new AbortController();
  const onprogress = (message: string) => {
    if (message.startsWith('command')) cancel.abort();
  };
  const call = server.call('boot_and_run', { command: ['sleep', '600'], append: [mark] }, { signal: cancel.signal, onprogress });
  await expect(call).rejects.toThrow('aborted');
  expect(await leftWith(mark)).toEqual([]);
  // It goes on serving.
  expect((await server.call('machine_list')).document).toEqual({ machines: [] });
});

test('a server that is killed leaves no machine', async () => {
  const mark = 'mark=mcp-killed';
  const other = await mcpClient(root, { env });
  expect((await other.call('machine_start', { append: [mark] })).isError).toBe(false);
  process.kill(other.pid, 'SIGKILL');
  expect(await leftWith(mark)).toEqual([]);
  await other[Symbol.asyncDispose]();
});

/** A client that starts a machine, says so, and waits. */
const lingering = (mark: string) => `
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
const client = new Client({ name: 'lingering', version: '1.0.0' });
const args = ${JSON.stringify([bundle, '-C', root, 'mcp'])};
await client.connect(new StdioClientTransport({ command: process.execPath, args, env: process.env }));
await client.callTool({ name: 'machine_start', arguments: { append: [${JSON.stringify(mark)}] } });
process.stdout.write('started');
`;

test('a client that is killed takes server and machines with it', async () => {
  const mark = 'mark=mcp-orphan';
  const file = join(here.path, 'lingering.mjs');
  await bundled({ text: lingering(mark) }, file);
  const client = startedProgram(process.execPath, [file], { env });
  const over = ended(client);
  if (client.stdout !== null) await once(client.stdout, 'data');
  expect(processesWith(mark).length).toBeGreaterThan(0);
  client.kill('SIGKILL');
  await over;
  expect(await leftWith(mark)).toEqual([]);
});
