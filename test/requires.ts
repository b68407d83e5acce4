import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'vitest';

/** A test of vitest, as `test(name, body, timeoutMs)`. */
export type Case = (name: string, body: (context: TestContext) => unknown, timeoutMs?: number) => void;

/**
 * `test`, when this machine has what the test needs; else one that is skipped and says what is missing, and that fails
 * under CI=true, where everything has to be there.
 *
 * A need is a program on PATH, a path such as /dev/kvm, or `root`.
 */
export function requires(...needs: readonly string[]): Case {
  const missing = needs.filter((need) => !present(need));
  if (missing.length === 0) return (name, body, timeoutMs) => void test(name, body, timeoutMs);
  const why = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') {
    return (name) =>
      void test(name, () => {
        throw new Error(`${why}, which a machine with CI=true must have`);
      });
  }
  return (name) => void test(name, ({ skip }) => skip(why));
}

/** Whether this machine has all of it. */
export function has(...needs: readonly string[]): boolean {
  return needs.every(present);
}

function present(need: string): boolean {
  if (need === 'root') return process.getuid?.() === 0;
  if (need.startsWith('/')) return existsSync(need);
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => executable(join(folder, need)));
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
