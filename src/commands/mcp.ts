import { Command, Option } from 'commander';
import { confinement } from '../mcp/confine.ts';
import { serve } from '../mcp/server.ts';
import { collect } from '../option-parsers.ts';
import { plainReport } from '../ui.ts';
import type { Context } from './context.ts';

/** `eulab mcp`: the Model Context Protocol on stdin and stdout. */
export function mcp(context: Context) {
  return new Command('mcp')
    .description(
      'Serve the Model Context Protocol on stdin and stdout, for programs that write code: tools to build kernel and ramdisk, to boot\n' +
        'and run commands, for machines that go on running, their consoles, the network, and doctor. It works in the workspace that it\n' +
        'is started in: files get into a guest from there, and from the folders of --allow, alone. It ends with its client, and with it\n' +
        'every machine that it has started.',
    )
    .addOption(
      new Option('--allow <folder>', 'a folder whose files may go into guests too, such as /boot (repeatable)').argParser(
        collect,
      ),
    )
    .addHelpText('after', examples)
    .action(async ({ allow }, command) => {
      const { root } = context.workspace();
      const { config } = command.optsWithGlobals() as { readonly config?: string };
      const files = config === undefined ? [] : [`--config=${config}`];
      const own = [process.execPath, process.argv[1] ?? '', `--directory=${root}`, ...files] as const;
      if (process.stdin.isTTY)
        plainReport(context.manner)({ kind: 'note', text: 'a client is to talk to this; see eulab mcp --help' });
      await serve({ own, place: confinement(root, allow ?? []), signal: context.signal });
      context.signal.throwIfAborted();
    });
}

const examples = `
Examples:
  eulab mcp                                  called by a client, which talks to it
  eulab mcp --allow /boot
  npx @modelcontextprotocol/inspector eulab -C ~/lab mcp

For a client that reads .mcp.json:
  { "mcpServers": { "eulab": { "command": "eulab", "args": ["mcp"] } } }`;
