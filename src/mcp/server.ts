import { once } from 'node:events';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { jsonSchema } from '../documents/schema.ts';
import { EulabError } from '../errors.ts';
import { version } from '../version.ts';
import { bootTools } from './boot-tools.ts';
import { buildTools } from './build-tools.ts';
import { Children } from './child.ts';
import type { Confinement } from './confine.ts';
import { lookTools } from './look-tools.ts';
import { Machines } from './machines.ts';
import { progressOf } from './progress.ts';
import type { Output, Tool, Work } from './tool.ts';

/** All tools, by name. */
const tools: ReadonlyMap<string, Tool> = new Map([...buildTools, ...bootTools, ...lookTools].map((one) => [one.name, one]));

const instructions =
  'eulab builds Linux kernels and initramfs and boots them in QEMU. Build with build_kernel and build_ramdisk (nothing is done when nothing ' +
  'has changed), then test with boot_and_run: files of the workspace get into the guest with add, SRC:DST. For several commands in one ' +
  'machine: machine_start, machine_exec, machine_console, machine_stop. When something does not work: doctor.';

/** What the server is for. */
export interface Wish {
  /** The call of eulab, with what every call has in common. */
  readonly own: readonly [string, ...string[]];
  readonly place: Confinement;
  readonly signal: AbortSignal;
}

/**
 * Serves a client of the Model Context Protocol on stdin and stdout until it goes away, or the signal; nothing that it has started
 * runs any more when this settles.
 *
 * Each tool is a call of eulab by itself, in a process of its own: the protocol has stdout for itself, a call is ended without the
 * others, its status is its own, and a tool can do nothing that the verb could not.
 */
export async function serve({ own, place, signal }: Wish): Promise<void> {
  const server = new Server({ name: 'eulab', version: version() }, { capabilities: { tools: {} }, instructions });
  const children = new Children(own, place.root);
  const machines = new Machines();
  server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: [...tools.values()].map(described) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { progressToken } = extra._meta ?? {};
    const tell = progressOf((params) => {
      if (progressToken === undefined) return;
      const told = { method: 'notifications/progress', params: { progressToken, ...params } } as const;
      // Whoever has gone away need not know.
      extra.sendNotification(told).catch(() => undefined);
    });
    return await called(params.name, params.arguments ?? {}, { children, machines, place, signal: extra.signal, onEvent: tell });
  });
  const gone = new Promise<void>((settle) => {
    server.onclose = settle;
    for (const event of ['end', 'close'] as const) process.stdin.once(event, () => settle());
    process.stdout.once('error', () => settle());
  });
  await server.connect(new StdioServerTransport());
  await Promise.race([gone, aborted(signal)]);
  await children.stopAll();
  await server.close();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A tool, as the client is told of it. */
function described({ name, title, description, input, output, reads }: Tool) {
  const { $schema: _, ...inputSchema } = toJsonSchema(input, { errorMode: 'ignore', typeMode: 'input' });
  return {
    name,
    title,
    description,
    inputSchema: inputSchema as { type: 'object' },
    outputSchema: outputSchema(output) as { type: 'object' },
    annotations: {
      readOnlyHint: reads,
      destructiveHint: false,
      openWorldHint: name === 'build_kernel' || name === 'build_ramdisk',
    },
  };
}

/** The published schema, without its id: two tools may give the same. */
function outputSchema({ document, below }: Output) {
  const { $schema: _, $id, ...schema } = jsonSchema(document);
  if (below === undefined) return { ...schema, $comment: $id };
  return {
    type: 'object',
    properties: { [below]: { ...schema, $comment: $id } },
    required: [below],
    additionalProperties: false,
  };
}

async function called(name: string, given: unknown, work: Work) {
  const wanted = tools.get(name);
  if (wanted === undefined) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${name}`);
  const input = v.safeParse(wanted.input, given);
  if (!input.success) {
    const told = input.issues.map((issue) => `${v.getDotPath(issue) ?? 'the arguments'}: ${issue.message}`);
    throw new McpError(ErrorCode.InvalidParams, told.join('; '));
  }
  try {
    const document = await wanted.run(input.output as never, work);
    return { content: [text(JSON.stringify(document))], structuredContent: document as Record<string, unknown> };
  } catch (error) {
    if (!(error instanceof EulabError)) throw error;
    const { message, hint, details } = error;
    const lines = [message, ...details.map((line) => `  | ${line}`), ...(hint === undefined ? [] : [`hint: ${hint}`])];
    return { content: [text(lines.join('\n'))], isError: true };
  }
}

function text(words: string) {
  return { type: 'text' as const, text: words };
}
