import { Option } from 'commander';
import { grouped } from './grouped.ts';

/** What stands below this heading is of the call, and no file says it. */
export const mannerHeading = 'Messages:';

/** How a call speaks: options of every verb, beside the table of settings in config.ts. */
export const mannerSettings = grouped(mannerHeading, {
  quiet: () => new Option('-q, --quiet', 'warnings and errors only').env('EULAB_QUIET'),
  verbose: () => new Option('-v, --verbose', 'say more: what the programs print, the phases of a boot').env('EULAB_VERBOSE'),
  events: () =>
    new Option('--events <file>', 'what happens, for programs: a JSON document a line, to a file, fd:N, or stdout (-)'),
  debug: () => new Option('--debug', 'show stack traces and the programs that failed'),
});
