import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type McpClient, mcpClient } from '../client.ts';
import { expectDocument } from '../documents.ts';
import { ended, folder, started } from '../eulab.ts';

const here = folder();
const work = join(here.path, 'work');
const allowed = join(here.path, 'allowed');
let server: McpClient;

beforeAll(async () => {
  for (const path of [work, allowed]) mkdirSync(path);
  copyFileSync('/bin/busybox', join(work, 'busybox'));
  writeFileSync(join(work, 'note'), 'hello\n');
  writeFileSync(join(allowed, 'other'), 'hello\n');
  symlinkSync('/etc/passwd', join(work, 'link'));
  server = await mcpClient(work, { env: { EULAB_CACHE: join(here.path, 'cache') }, args: ['--allow', allowed] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  here[Symbol.dispose]();
});

test('each tool says what it takes and what it gives', async () => {
  const { tools } = await server.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...['build_kernel', 'build_ramdisk', 'boot_and_run', 'machine_start', 'machine_exec', 'machine_console', 'machine_list'],
    ...['machine_stop', 'kernels', 'doctor', 'net_status', 'ramdisk_explain'],
  ]);
  for (const { name, title, description, inputSchema, outputSchema } of tools) {
    expect([name, typeof title, (description ?? '').length > 40]).toEqual([name, 'string', true]);
    expect([name, inputSchema['additionalProperties'], outputSchema?.type]).toEqual([name, false, 'object']);
  }
  expect(server.client.getInstructions()).toContain('boot_and_run');
  expect(tools.find(({ name }) => name === 'kernels')?.annotations?.readOnlyHint).toBe(true);
});

const ramdisk = { busybox: 'busybox', engine: 'host', add: ['note:/note'] };

test('a build tells its steps, and is not done twice', async () => {
  const told: string[] = [];
  const first = await server.call('build_ramdisk', ramdisk, { onprogress: (message) => told.push(message) });
  expectDocument('build', first.document);
  expect(first.document).toMatchObject({ built: true, product: 'ramdisk', folder: join(work, 'artifacts') });
  expect(JSON.parse(first.text)).toEqual(first.document);
  expect(told.some((message) => message.startsWith('packing'))).toBe(true);
  expect((await server.call('build_ramdisk', ramdisk)).document).toMatchObject({ built: false });
  const { document } = await server.call('ramdisk_explain');
  expectDocument('image', document);
  expect(document).toMatchObject({ warnings: [], microcodeOnly: false });
});

test('what only looks gives the documents of the verbs', async () => {
  const [kernels, doctor, network, machines] = await Promise.all([
    server.call('kernels'),
    server.call('doctor', { checks: ['cache', 'artifacts'] }),
    server.call('net_status', { bridge: 'eulabmcp0' }),
    server.call('machine_list'),
  ]);
  expect(kernels?.document).toEqual({ kernels: [] });
  expectDocument('doctor', doctor?.document);
  expect(doctor?.document.checks).toHaveLength(2);
  expectDocument('network', network?.document);
  expect(network?.document).toMatchObject({ bridge: 'eulabmcp0', state: 'absent' });
  expect(machines?.document).toEqual({ machines: [] });
});

test.each<[string, string, Record<string, unknown>, string]>([
  [
    'a path outside',
    'boot_and_run',
    { command: ['true'], add: ['/etc/shadow:/s'] },
    '/etc/shadow: lies outside of the workspace',
  ],
  ['a path that leads out', 'build_ramdisk', { overlay: ['..'] }, '..: lies outside of the workspace'],
  ['a link that leads out', 'ramdisk_explain', { file: 'link' }, 'link: lies outside of the workspace'],
  ['a pattern outside', 'build_ramdisk', { add: ['/etc/*:/e/'] }, '/etc/*: lies outside of the workspace'],
  ['a pattern that leads out', 'build_ramdisk', { add: ['n*/../../x:/e/'] }, 'there is .. behind a pattern'],
  ['a path that is none', 'build_ramdisk', { busybox: 'no-such' }, 'no-such: there is no such file or folder'],
  ['a source outside', 'build_kernel', { source: '/usr/src' }, '/usr/src: lies outside of the workspace'],
  [
    'a kernel that is not there',
    'boot_and_run',
    { command: ['true'] },
    'bzImage does not exist\nhint: make it: eulab build kernel',
  ],
  ['a machine of nobody', 'machine_exec', { name: 'vm1', command: ['true'] }, 'no machine of this server is named vm1'],
])('%s is refused in words: %s', async (_what, name, input, message) => {
  const answer = await server.call(name, input);
  expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining(message)]);
});

test.each<[string, string, Record<string, unknown>, string]>([
  ['an option that is none', 'boot_and_run', { command: ['true'], qemu: '/bin/sh' }, 'qemu'],
  ['no command', 'boot_and_run', { command: [] }, 'command: has no word'],
  ['a disk that is a path', 'boot_and_run', { command: ['true'], disk: ['/dev/sda'] }, 'disk.0: is no disk of the workspace'],
  ['an option in a bridge', 'net_status', { bridge: '--fix' }, 'bridge: '],
  ['an option in a check', 'doctor', { checks: ['--fix', '--yes'] }, 'checks.0'],
  ['a tap of the host', 'machine_start', { net: ['tap'] }, 'net.0: is none of'],
  ['a tool that is none', 'shell', {}, 'there is no tool shell'],
])('%s is no call: %s', async (_what, name, input, message) => {
  await expect(server.call(name, input)).rejects.toThrow(message);
});

test('a folder that is allowed is as good as the workspace', async () => {
  const { isError, text, document } = await server.call('build_ramdisk', { ...ramdisk, add: [`${allowed}/oth*:/o/`] });
  expect([isError, isError ? text : '']).toEqual([false, '']);
  expect(document).toMatchObject({ built: true });
});

test('it ends with its client: a closed stdin is its end, and a good one', async () => {
  const child = started(['-C', work, 'mcp']);
  const over = ended(child);
  child.stdin?.end();
  expect(await over).toMatchObject({ status: 0, stderr: '' });
});

test('a folder that is not there cannot be allowed', async () => {
  const child = started(['-C', work, 'mcp', '--allow', '/no/such']);
  child.stdin?.end();
  expect(await ended(child)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--allow /no/such: there is no such folder'),
  });
});
