import type { EventStream } from './event-stream.ts';
import { elapsed, progressText } from './progress.ts';
import type { Event, Report } from './report.ts';

export { size } from './progress.ts';

/** How much a call says, and to whom. */
export interface Manner {
  /** Warnings and errors only. */
  readonly quiet: boolean;
  /** What the programs print, too. */
  readonly verbose: boolean;
  /** Where the same goes as events, for programs. */
  readonly events: EventStream | undefined;
}

/** Shows the events of long work on stderr: a spinner on a terminal, plain lines elsewhere. */
export interface Ui {
  readonly report: Report;
  /** Writes a line of another program's to a stream that may be the same terminal. */
  readonly print: (line: string, stream: NodeJS.WritableStream) => void;
  /** Leaves the terminal alone, for another program, until the next event. */
  readonly rest: () => void;
}

const plainEveryMs = 5000;

/**
 * Shows work while it goes on. With a terminal, the current step spins with its progress; without, each step is a line and its
 * progress one more every few seconds. At the end the last step is marked: done, or failed when the work throws.
 *
 * Honours NO_COLOR and FORCE_COLOR through chalk. Never for a time when a child owns the terminal (sudo, QEMU).
 */
export async function shown<Out>(manner: Manner, work: (ui: Ui) => Promise<Out>): Promise<Out> {
  const display = await shower(manner);
  const { events } = manner;
  const report: Report = (event) => {
    events?.report(event);
    display.report(event);
  };
  try {
    const out = await work({ report, print: display.print, rest: display.rest });
    events?.settle('done');
    return out;
  } catch (error) {
    events?.settle('failed');
    display.fail();
    throw error;
  } finally {
    display.end();
  }
}

/** Shows what needs no spinner, such as the notes of a boot, with nothing loaded for it. */
export function plainReport({ quiet, verbose, events }: Manner): Report {
  const say = (line: string) => void process.stderr.write(`eulab: ${line}\n`);
  return (event) => {
    events?.report(event);
    if (event.kind === 'warning') {
      say(`warning: ${event.text}`);
      if (event.hint !== undefined) process.stderr.write(`  hint: ${event.hint}\n`);
    } else if (event.kind === 'note' && !quiet) say(event.text);
    else if (event.kind === 'phase' && verbose) say(`${event.phase} after ${(event.atMs / 1000).toFixed(2)} s`);
  };
}

async function shower({ quiet, verbose }: Manner) {
  // A terminal of no width, as script(1) without one makes it, would have ora clear lines for ever.
  const spins = process.stderr.isTTY === true && process.stderr.columns > 0 && !verbose && !quiet;
  // Loading it takes as long as all else of a verb that has nothing to do.
  const [chalk, ora] = await Promise.all([colours('stderr'), spins ? import('ora') : undefined]);
  const spinner = ora?.default({
    stream: process.stderr,
    isEnabled: true,
    discardStdin: false,
    ...(chalk.level === 0 ? { color: false as const } : {}),
  });
  let step = '';
  let startedMs = 0;
  let shownMs = 0;
  let latest: Extract<Event, { kind: 'progress' }> | undefined;
  const spin = () => {
    if (latest === undefined || spinner === undefined) return;
    // The spinner and a space are before it; a line that is full would be two.
    const width = Math.max(process.stderr.columns - step.length - 4, 0);
    spinner.text = `${step} ${chalk.dim(progressText({ ...latest, elapsedMs: Date.now() - startedMs }, width))}`;
  };
  // One object may take long, and the time goes on.
  const clock = spinner === undefined ? undefined : setInterval(spin, 1000).unref();

  const print = (line: string, stream: NodeJS.WritableStream) => {
    const spinning = spinner?.isSpinning === true;
    if (spinning) spinner.clear();
    stream.write(`${line}\n`);
    if (spinning) spinner.render();
  };
  const say = (line: string) => print(line, process.stderr);
  const finish = (symbol = chalk.green('✔')) => {
    if (step === '') return;
    const took = elapsed(Date.now() - startedMs);
    spinner?.stopAndPersist({ symbol, text: `${step} ${chalk.dim(took)}` });
    step = '';
    latest = undefined;
  };
  const show: { readonly [Kind in Event['kind']]?: (event: Extract<Event, { kind: Kind }>) => void } = {
    step: ({ text }) => {
      finish();
      step = text;
      startedMs = shownMs = Date.now();
      if (spinner !== undefined) spinner.start(text);
      else if (!quiet) say(`eulab: ${text}`);
    },
    progress: (event) => {
      latest = event;
      if (spinner !== undefined) spin();
      else if (!quiet && Date.now() - shownMs >= plainEveryMs) {
        shownMs = Date.now();
        say(`eulab: ${step}: ${progressText({ ...event, elapsedMs: shownMs - startedMs })}`);
      }
    },
    line: ({ text }) => {
      if (verbose) say(text);
    },
    note: ({ text }) => {
      if (!quiet) say(`eulab: ${text}`);
    },
    warning: ({ text, hint }) => {
      say(`${chalk.yellow('eulab: warning:')} ${text}`);
      if (hint !== undefined) say(`  ${chalk.dim('hint:')} ${hint}`);
    },
  };
  return {
    report: (event: Event) => (show[event.kind] as ((event: Event) => void) | undefined)?.(event),
    print,
    fail: () => finish(chalk.red('✖')),
    rest: () => {
      finish();
      spinner?.stop();
    },
    end: () => {
      clearInterval(clock);
      if (spinner?.isSpinning) finish();
      spinner?.stop();
    },
  };
}

/** What is told of an error; `check` is the line of `eulab doctor` that says more. */
interface Failure {
  readonly message: string;
  readonly details: readonly string[];
  readonly hint: string | undefined;
  readonly check?: string | undefined;
}

/** The lines that end a failed run: what is wrong, what proves it, and what to do. */
export async function failure(error: Failure): Promise<string> {
  const chalk = await colours('stderr');
  const lines = [`${chalk.red('eulab:')} ${error.message}`, ...error.details.map((line) => `  ${chalk.dim('|')} ${line}`)];
  if (error.hint !== undefined) lines.push(`  ${chalk.dim('hint:')} ${error.hint}`);
  if (error.check !== undefined) lines.push(`  ${chalk.dim('more:')} eulab doctor ${error.check}`);
  return `${lines.join('\n')}\n`;
}

/** Words in colours for what goes to stdout; plain where that is no terminal, by the same rules as on stderr. */
export async function painter(): Promise<(colour: Colour, text: string) => string> {
  const paint = await colours('stdout');
  return (colour, text) => paint[colour](text);
}

type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

/** Words in colours, or as they are. */
type Colours = Readonly<Record<Colour, (text: string) => string>> & { readonly level: number };

const plain = (text: string) => text;
const colourless: Colours = { level: 0, green: plain, yellow: plain, red: plain, dim: plain, bold: plain };

/** Colours for a stream; none when NO_COLOR is set, of which chalk does not know. FORCE_COLOR wins. @see https://no-color.org */
async function colours(stream: 'stdout' | 'stderr'): Promise<Colours> {
  // What goes to no terminal has none, and needs nothing loaded to say so.
  if ((process[stream].isTTY !== true || process.env['NO_COLOR']) && !process.env['FORCE_COLOR']) return colourless;
  const { Chalk, default: forStdout, chalkStderr } = await import('chalk');
  return new Chalk({ level: (stream === 'stdout' ? forStdout : chalkStderr).level });
}
