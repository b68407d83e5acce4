import { CommanderError, type CommandUnknownOpts } from 'commander';
import type { Said } from '../configuration/check.ts';
import { EulabError, status } from '../errors.ts';
import { failure } from '../ui.ts';
import type { Tree } from './refused.ts';

/** Tells the user what went wrong and returns the exit status for it. `given` is what came from files of settings. */
export async function explain(error: unknown, debug: boolean, given: readonly Said[], tree: Tree): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return status.usage;
    const { command } = error as CommanderError & { readonly command?: CommandUnknownOpts };
    const { refused } = await import('./refused.ts');
    process.stderr.write(await failure({ ...(await refused(error, command, tree)), details: [] }));
    return status.usage;
  }
  if (error instanceof EulabError) {
    const details = given.length > 0 && error.exitCode === status.usage ? await origins(given, error) : [];
    const { message, hint, check } = error;
    process.stderr.write(await failure({ message, hint, check, details: [...error.details, ...details] }));
    if (debug) process.stderr.write(`${error.stack ?? ''}\n${error.cause === undefined ? '' : `caused by: ${error.cause}\n`}`);
    return error.exitCode;
  }
  process.stderr.write(
    await failure({ message: 'this is a bug of eulab; please report it with these lines', details: [], hint: undefined }),
  );
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return status.failed;
}

async function origins(given: readonly Said[], error: EulabError): Promise<string[]> {
  const { traced } = await import('../configuration/configuration.ts');
  return traced(given, error.message);
}
