import { type Check, EulabError, Interrupted } from '../errors.ts';
import type { Report } from '../report.ts';
import { bootChecks } from './boot-checks.ts';
import { buildChecks } from './build-checks.ts';
import { type Asker, type Finding, helpFor, weighed } from './finding.ts';
import type { Examination, Host, Lack } from './host.ts';
import { moreChecks } from './more-checks.ts';
import { networkChecks } from './network-checks.ts';
import { askerOf } from './user.ts';

/** All that is looked at, in the order in which it is told. */
export const examinations: readonly Examination[] = [...bootChecks, ...buildChecks, ...networkChecks, ...moreChecks];

/**
 * Looks at what is named, or at everything, side by side; what keeps the CPUs busy runs one after the other, because whether KVM
 * works is told by how long a guest takes.
 *
 * @throws Interrupted when a signal came; nothing else for what is wrong with the host.
 */
export async function examine(names: readonly Check[], host: Host, report: Report): Promise<Finding[]> {
  const wanted = examinations.filter(({ name }) => names.length === 0 || names.includes(name));
  const asker = askerOf(host.env);
  let done = 0;
  const one = async (examination: Examination) => {
    const finding = await look(examination, host, asker);
    done += 1;
    report({ kind: 'progress', done, total: wanted.length, unit: 'checks' });
    return finding;
  };
  const found = new Map<Check, Finding>();
  const [first, ...others] = wanted.filter(({ alone }) => alone === true);
  if (first !== undefined) found.set(first.name, await one(first));
  const inTurn = async () => {
    for (const examination of others) found.set(examination.name, await one(examination));
  };
  const beside = wanted.filter(({ alone }) => alone !== true).map(async (each) => void found.set(each.name, await one(each)));
  await Promise.all([inTurn(), ...beside]);
  return weighed(wanted.flatMap(({ name }) => found.get(name) ?? []));
}

async function look(examination: Examination, host: Host, asker: Asker): Promise<Finding> {
  const { name, group, costs, bad } = examination;
  const startedMs = performance.now();
  const seen = await examination.look(host).catch((error: unknown) => lackOf(error, host));
  const tookMs = Math.round(performance.now() - startedMs);
  if (typeof seen === 'string') return { name, group, state: 'ok', found: seen, costs: null, remedy: null, hint: null, tookMs };
  const { state = bad, found, hint } = seen;
  const help = helpFor(seen.remedy, hint, asker);
  return { name, group, state, found, costs: seen.costs ?? costs, ...help, tookMs };
}

function lackOf(error: unknown, { signal }: Host): Lack {
  signal.throwIfAborted();
  if (!(error instanceof EulabError) || error instanceof Interrupted) throw error;
  const { message, remedy, hint } = error;
  return { found: message, ...(remedy === undefined ? {} : { remedy }), ...(hint === undefined ? {} : { hint }) };
}
