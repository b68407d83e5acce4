import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { bundle } from './eulab.ts';

/** The answer to a call of a tool. */
export interface Answer {
  readonly isError: boolean;
  /** What it says in words. */
  readonly text: string;
  // Its shape is what the tests are about.
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it
  readonly document: any;
}

/** A client of `eulab mcp`, the official one: it judges each document by the schema that the server gave for the tool. */
export interface McpClient extends AsyncDisposable {
  readonly pid: number;
  readonly client: Client;
  call(
    name: string,
    input?: Record<string, unknown>,
    how?: { signal?: AbortSignal; onprogress?: (told: string) => void },
  ): Promise<Answer>;
}

/** Starts `eulab mcp` in a workspace, and talks to it. */
export async function mcpClient(
  workspace: string,
  { env = {}, args = [] }: { readonly env?: Record<string, string>; readonly args?: readonly string[] } = {},
): Promise<McpClient> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bundle, '-C', workspace, 'mcp', ...args],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', EULAB_CONFIG: 'none', ...env },
    stderr: 'ignore',
  });
  await client.connect(transport);
  // It then knows the schemas.
  await client.listTools();
  return {
    pid: transport.pid ?? 0,
    client,
    call: async (name, input = {}, { signal, onprogress } = {}) => {
      const answer = await client.callTool({ name, arguments: input }, undefined, {
        timeout: 600_000,
        ...(signal === undefined ? {} : { signal }),
        onprogress: ({ message = '' }) => onprogress?.(message),
      });
      const [content] = answer.content as { readonly text: string }[];
      return { isError: answer.isError === true, text: content?.text ?? '', document: answer.structuredContent };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
